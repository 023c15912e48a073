"""What can be learned from projects: their verified masks, object by object."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app.document.masks import MaskCode
from app.document.project import Project, ProjectError
from app.inference.finetuning.errors import FinetuneError


@dataclass(frozen=True)
class ClipTruth:
    """The truth of one project.

    Attributes:
        project: the project file.
        name: its name without the ending.
        clip: where its clip lies.
        size: height and width in pixels.
        names: names of the objects, by id.
        masks: the masks that count, by object and 0-based frame; an empty code says that the object is absent.
    """

    project: Path
    name: str
    clip: Path
    size: tuple[int, int]
    names: dict[int, str]
    masks: dict[int, dict[int, MaskCode]]

    @property
    def frames(self) -> list[int]:
        """Frames on which anything is known."""
        return sorted({frame for masks in self.masks.values() for frame in masks})

    @property
    def count(self) -> int:
        """Number of masks."""
        return sum(len(masks) for masks in self.masks.values())


def read_truth(project: Path, *, only_verified: bool = True) -> ClipTruth:
    """The masks of a project that a person verified; without `only_verified` all of them.

    Raises:
        FinetuneError: there are none.
        ProjectError: the file cannot be read.
    """
    with _opened(project) as opened:
        document = opened.document
        masks = {
            number: {
                frame: mask.code
                for frame, mask in sorted(document.masks_of(number).items())
                if not only_verified or document.is_verified((number, frame))
            }
            for number in document.objects
        }
        # Objects that are nowhere to be seen teach nothing.
        masks = {number: found for number, found in masks.items() if any(not code.is_empty for code in found.values())}
        names = {number: document.objects[number].name for number in masks}
        clip, has_masks = document.clip, bool(document.masks)
        for found in masks.values():
            for code in found.values():
                _ = code.counts  # Fetched now, while the file is open.
    if not masks:
        more = ", or add --unverified to learn from masks that nobody looked at" if has_masks and only_verified else ""
        kind = "verified masks" if only_verified else "masks"
        raise FinetuneError(
            f"{project} has no {kind} to learn from: look through its frames and verify what is right{more}."
        )
    return ClipTruth(project, project.stem, Path(clip.path), (clip.height, clip.width), names, masks)


@contextmanager
def _opened(path: Path) -> Iterator[Project]:
    """A project to look at, untouched: of an older kind of file a copy is opened, which may be brought up to date."""
    try:
        project = Project.open(path, read_only=True)
    except ProjectError as refusal:
        with TemporaryDirectory() as folder:
            copy = Path(folder) / path.name
            try:
                shutil.copyfile(path, copy)
                project = Project.open(copy)
            except (ProjectError, OSError):
                raise refusal from None
            with closing(project):
                yield project
        return
    with closing(project):
        yield project


def digest_of(truths: Sequence[ClipTruth]) -> str:
    """Tells whether the same masks are meant as another time."""
    digest = hashlib.sha256()
    for truth in truths:
        digest.update(f"{truth.project.resolve()}\n{truth.clip}\n".encode())
        for number, masks in sorted(truth.masks.items()):
            for frame, code in sorted(masks.items()):
                digest.update(f"{number} {frame} ".encode() + code.counts)
    return digest.hexdigest()
