"""Which models this computer has: the built-in one, official files in their folders, and any file that is named.

Listing looks at file names and at the cards of fine-tuned models only; what a file really holds is told when it is
loaded (`sam2_core.checkpoint`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

FOLDERS_VARIABLE = "MASKLET_CHECKPOINTS"
"""Further folders with weight files, separated as in PATH."""
BUILT_IN_NAME = "built-in"
BUILT_IN_PATH = Path(__file__).resolve().parents[2] / "resources" / "checkpoints" / "built_in.pt"
FINE_TUNED = "fine-tuned"
_SUFFIXES = (".pt", ".pth")


class CheckpointNotFound(Exception):
    """No such model is here; the message says which there are and where files go."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A weight file. The command line takes its `name`; `kind` is "built-in", "official", "fine-tuned" or "file"."""

    name: str
    title: str
    path: Path
    kind: str


@dataclass(frozen=True, slots=True)
class OfficialFile:
    """A file that Meta published under Apache-2.0: what it is, its size, and where it is served."""

    name: str
    title: str
    file: str
    bytes: int

    @property
    def address(self) -> str:
        """Where the authors serve it. Nothing in the program fetches it by itself."""
        folder = "072824" if self.name.startswith("2.0") else "092824"
        return f"https://dl.fbaipublicfiles.com/segment_anything_2/{folder}/{self.file}"


OFFICIAL = (
    OfficialFile("2.1_tiny", "SAM 2.1 tiny", "sam2.1_hiera_tiny.pt", 156_008_466),
    OfficialFile("2.1_small", "SAM 2.1 small", "sam2.1_hiera_small.pt", 184_416_285),
    OfficialFile("2.1_base_plus", "SAM 2.1 base+", "sam2.1_hiera_base_plus.pt", 323_606_802),
    OfficialFile("2.1_large", "SAM 2.1 large", "sam2.1_hiera_large.pt", 898_083_611),
    OfficialFile("2.0_tiny", "SAM 2 tiny", "sam2_hiera_tiny.pt", 155_906_050),
    OfficialFile("2.0_small", "SAM 2 small", "sam2_hiera_small.pt", 184_309_650),
    OfficialFile("2.0_base_plus", "SAM 2 base+", "sam2_hiera_base_plus.pt", 323_493_298),
    OfficialFile("2.0_large", "SAM 2 large", "sam2_hiera_large.pt", 897_952_466),
)


def checkpoint_folder() -> Path:
    """Where a person puts weight files; it need not exist yet."""
    return user_data_path("masklet-studio", appauthor=False) / "checkpoints"


def checkpoint_folders() -> list[Path]:
    """All folders that are looked through: the person's, then those of MASKLET_CHECKPOINTS."""
    more = os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    return [checkpoint_folder(), *(Path(folder).expanduser() for folder in more if folder)]


def catalogue() -> list[Checkpoint]:
    """Every model that is here: built-in, official ones from small to large, fine-tuned ones, other files by name."""
    found = {checkpoint.name: checkpoint for checkpoint in reversed(list(_in_folders()))}
    official = [found[file.name] for file in OFFICIAL if file.name in found]
    others = [one for one in found.values() if one.kind in (FINE_TUNED, "file")]
    others.sort(key=lambda one: (one.kind != FINE_TUNED, one.name))
    built_in = Checkpoint(BUILT_IN_NAME, "Built-in model", BUILT_IN_PATH, "built-in")
    return [*([built_in] if BUILT_IN_PATH.is_file() else []), *official, *others]


def find_checkpoint(name_or_path: str | Path = BUILT_IN_NAME) -> Checkpoint:
    """The model of that name, or the file at that path. Raises CheckpointNotFound."""
    here = catalogue()
    wanted = str(name_or_path)
    for checkpoint in here:
        if wanted == checkpoint.name or Path(wanted).name == wanted == checkpoint.path.name:
            return checkpoint
    path = Path(wanted).expanduser()
    if path.is_file():
        return checkpoint_at(path.absolute())
    raise CheckpointNotFound(_why_not(wanted, path, here))


def _in_folders() -> Iterator[Checkpoint]:
    for folder in checkpoint_folders():
        try:
            files = sorted(folder.iterdir())
        except OSError:
            continue
        yield from (checkpoint_at(file.absolute()) for file in files if file.suffix in _SUFFIXES and file.is_file())


def checkpoint_at(path: Path) -> Checkpoint:
    """The model in this file, named by the file's name."""
    if path == BUILT_IN_PATH:
        return Checkpoint(BUILT_IN_NAME, "Built-in model", path, "built-in")
    for official in OFFICIAL:
        if path.name == official.file:
            return Checkpoint(official.name, official.title, path, "official")
    title = _fine_tuned_title(path)
    if title is not None:
        return Checkpoint(path.stem, title, path, FINE_TUNED)
    return Checkpoint(path.stem, path.stem, path, "file")


def _fine_tuned_title(path: Path) -> str | None:
    """What the card beside a fine-tuned model calls it; None where there is no such card."""
    try:
        card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return str(card["title"]) if card["kind"] == FINE_TUNED else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _why_not(wanted: str, path: Path, here: list[Checkpoint]) -> str:
    if path.is_dir():
        return f"{path} is a folder: name a weight file in it, or put the folder into {FOLDERS_VARIABLE}."
    for official in OFFICIAL:
        if wanted in (official.name, official.file):
            return (
                f"{official.title} is not on this computer: put {official.file} from {official.address} "
                f"({official.bytes / 1e6:.0f} MB) into {checkpoint_folder()}."
            )
    if os.sep in wanted or path.suffix in _SUFFIXES:
        return f"There is no weight file {path}."
    names = ", ".join(checkpoint.name for checkpoint in here) or "none"
    return f"There is no model “{wanted}”. Here are: {names}. A path to a weight file will do as well."
