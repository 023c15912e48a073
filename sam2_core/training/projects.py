"""Projects of the program as training data: the program itself writes them as data folders, in a process of its own.

This package knows neither project files nor the program's way of reading videos.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sam2_core.training.library import DataError
from sam2_core.training.sources import PROJECT_SUFFIX
from sam2_core.training.team import Team

_WRITER = "app.inference.finetuning"
_FOLDER = "projects"


def as_data_folders(paths: Sequence[Path], run_folder: Path, team: Team) -> list[Path]:
    """The same paths, with a data folder inside the run folder in place of every project.

    A run goes on with the masks that it began with, whatever is changed in the project meanwhile. Of several processes
    the first one on each machine writes.

    Raises:
        DataError: a project holds no verified masks or cannot be read.
    """
    folders: list[Path] = []
    for path in paths:
        if path.suffix != PROJECT_SUFFIX or not path.is_file():
            folders.append(path)
            continue
        name = f"{path.stem}-{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
        folder = run_folder / _FOLDER / name
        if team.local_rank == 0 and not folder.is_dir():
            _write(path, folder)
        folders.append(folder)
    team.wait()
    return folders


def _write(project: Path, folder: Path) -> None:
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    root = Path(__file__).resolve().parents[2]
    paths = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    ended = subprocess.run(
        [sys.executable, "-m", _WRITER, str(project), str(partial)],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        said = ended.stderr.strip().splitlines()
        raise DataError(said[-1] if said else f"{project} could not be read as training data.")
    partial.replace(folder)
