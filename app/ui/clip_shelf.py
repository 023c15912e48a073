"""How far each recent project is, with a picture of its clip: noted when it leaves the desk, for the list of clips."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QPixmap

from app.ui.desk import Desk
from app.ui.places import Places
from app.ui.suspicions import Suspicions
from app.ui.thumbnails import thumbnails_of


@dataclass(frozen=True, slots=True)
class ClipProgress:
    """What a list of clips says about one: its frames, masks, how many are verified, how many are to look at."""

    frames: int
    masks: int
    verified: int
    to_look_at: int

    @classmethod
    def from_held(cls, held: Any) -> ClipProgress | None:
        """What was noted; None where that does not fit."""
        names = ("frames", "masks", "verified", "to_look_at")
        if not isinstance(held, dict) or not all(isinstance(held.get(name), int) for name in names):
            return None
        return cls(*(held[name] for name in names))

    @property
    def words(self) -> str:
        """Such as "96 frames · 58 % verified · 3 to look at"."""
        parts = [f"{self.frames:,} frames" if self.frames != 1 else "1 frame"]
        parts.append(f"{100 * self.verified // self.masks} % verified" if self.masks else "nothing computed yet")
        if self.to_look_at:
            parts.append(f"{self.to_look_at:,} to look at")
        return " · ".join(parts)


class ClipShelf(QObject):
    """Keeps progress with `Places` and a picture of each clip in a folder beside it. One for the window."""

    def __init__(self, desk: Desk, places: Places, suspicions: Suspicions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._places, self._suspicions = desk, places, suspicions
        self._thumbnails = thumbnails_of(desk)
        self._thumbnails.ready.connect(self._keep_picture)
        desk.project_changed.connect(self._want_picture)

    @property
    def projects(self) -> list[Path]:
        """The recent projects by name: an order that does not change with every visit."""
        return sorted(self._places.recent, key=lambda path: (path.stem.casefold(), str(path)))

    def progress_of(self, project: Path) -> ClipProgress | None:
        """How far a project was when it was last seen; of the one on the desk, how far it is."""
        if self._is_open(project):
            return self._progress()
        return ClipProgress.from_held(self._places.progress.get(str(project)))

    def picture_of(self, project: Path) -> QPixmap | None:
        """A small picture of the project's clip, None until one was made."""
        picture = QPixmap(str(self._picture_path(project)))
        return None if picture.isNull() else picture

    def neighbour(self, step: int) -> Path | None:
        """The project so many places further in the list, which goes round; None where there is no other."""
        projects = self.projects
        here = next((place for place, path in enumerate(projects) if self._is_open(path)), None)
        if not projects or (here is not None and len(projects) == 1):
            return None
        return projects[0 if here is None else (here + step) % len(projects)]

    def note(self) -> None:
        """The project is about to leave the desk."""
        project, progress = self._desk.project, self._progress()
        if project is not None and project.path is not None and progress is not None:
            self._places.note_progress(project.path, asdict(progress))

    def _progress(self) -> ClipProgress | None:
        document = self._desk.document
        if document is None:
            return None
        clip = document.clip
        return ClipProgress(clip.frame_count, len(document.masks), len(document.reviews), len(self._suspicions.found))

    def _is_open(self, project: Path) -> bool:
        return self._desk.project is not None and self._desk.project.path == project

    def _want_picture(self) -> None:
        project = self._desk.project
        if project is not None and project.path is not None and not self._picture_path(project.path).is_file():
            self._thumbnails.picture(0)

    def _keep_picture(self, frame: int) -> None:
        """The first picture that comes stands for the clip, whoever asked for it."""
        project = self._desk.project
        if project is None or project.path is None:
            return
        path, picture = self._picture_path(project.path), self._thumbnails.picture(frame)
        if picture is None or path.is_file():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return  # the list does without the picture
        picture.save(str(path))

    def _picture_path(self, project: Path) -> Path:
        name = hashlib.blake2b(str(project).encode(), digest_size=12).hexdigest()
        return self._places.folder / "clips" / f"{name}.png"
