"""`masklet-studio demo` without a window: the bundled clip, followed and exported into a folder."""

from __future__ import annotations

from pathlib import Path

from app.cli.checks import Request
from app.cli.errors import EXIT_OK, EnvironmentMissing, UsageError
from app.cli.propagate import propagate

CLIPS = Path(__file__).resolve().parents[2] / "resources" / "clips"
FOLDER = "masklet-demo"


def demo_files() -> tuple[Path, Path]:
    """The bundled clip and its prompts. Raises EnvironmentMissing."""
    clip, prompts = CLIPS / "demo.mp4", CLIPS / "demo.json"
    for file in (clip, prompts):
        if not file.is_file():
            raise EnvironmentMissing(f"{file} is missing, so this installation is incomplete: install it again.")
    return clip, prompts


def make_demo(clip: Path, prompts: Path, out: Path | None) -> int:
    """Follow the objects of the demo and leave all kinds of results in a folder; gives the exit code."""
    folder = _made_folder(out)
    print(f"The results go to {folder}")
    code = propagate(
        Request(
            clip=clip,
            prompts=prompts,
            exports=(f"coco:{folder / 'coco'}", f"davis:{folder / 'davis'}"),
            overlay=folder / "overlay.mp4",
            project=folder / "demo.masklet",
        )
    )
    if code == EXIT_OK:
        print(f"See {folder / 'overlay.mp4'}, or open the project: masklet-studio {folder / 'demo.masklet'}")
    return code


def _made_folder(out: Path | None) -> Path:
    """The folder for the results: the given one, which must be empty, or a new one here."""
    folder = Path(FOLDER) if out is None else out
    number = 2
    while out is None and folder.exists():
        folder = Path(f"{FOLDER}-{number}")
        number += 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be made into a folder ({error.strerror}): name another with --out."
        ) from None
    if not is_empty:
        raise UsageError(f"{folder} is not empty: name another folder with --out.")
    return folder
