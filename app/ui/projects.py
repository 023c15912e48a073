"""Opening and closing: from a clip or a project file to a desk with something on it, and back where one left."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.document.project import SUFFIX, Project, ProjectError, ProjectInUse
from app.document.values import Clip
from app.jobs.background import run_in_background
from app.jobs.job import Job
from app.jobs.tracking import Tracking
from app.media.clip import FrameSource, open_clip
from app.ui.desk import Desk
from app.ui.places import Places

_NAMES_TRIED = 1000


class ClipMissing(Exception):
    """The clip of a project is not where it was; the message says so."""


class WrongClip(Exception):
    """A clip that is not the one that the project was made with; the message says why."""


@dataclass
class _Opened:
    """What came of opening something on a background thread."""

    source: FrameSource
    project: Project | None = None
    note: str = ""

    def drop(self) -> None:
        self.source.close()
        if self.project is not None:
            self.project.close()


class Projects(QObject):
    """Opens clips and projects without holding up the window, and closes what is open. One at a time."""

    opened = Signal(str)
    """A project is on the desk; a sentence says where its file is, or why it has none."""
    closing = Signal()
    """The project is about to leave the desk: note where the person is."""
    opening_changed = Signal(str)
    """The name of what is being opened, "" when nothing is."""
    clip_missing = Signal(str, str)
    """A project file whose clip is not where it was, and the sentence: the person may show where it is."""
    problem_changed = Signal(str)
    """Why steps are not on the disk, "" when all are."""

    def __init__(
        self,
        desk: Desk,
        places: Places,
        make_tracking: Callable[[Project, Path], Tracking | None],
        parent: QObject | None = None,
        *,
        folder: Path | None = None,
    ) -> None:
        """`make_tracking` sets the model to work for a project; `folder` is where new project files are put."""
        super().__init__(parent)
        self._desk, self._places, self._make_tracking = desk, places, make_tracking
        self._folder = folder
        self._job: Job | None = None

    @property
    def path(self) -> Path | None:
        """The file of the project that is open."""
        return None if self._desk.project is None else self._desk.project.path

    @property
    def is_kept(self) -> bool:
        """Whether the open project's steps go into a file."""
        project = self._desk.project
        return project is not None and project.store is not None and not project.store.is_read_only

    @property
    def is_opening(self) -> bool:
        """Whether something is being opened."""
        return self._job is not None

    # --- opening ---

    def open_anything(self, path: Path) -> None:
        """Open a project file, a video, a picture or a folder of images; what cannot be opened becomes a notice."""
        if path.suffix.lower() == SUFFIX:
            self.open_project(path)
        else:
            self.open_clip(path)

    def open_clip(self, path: Path) -> None:
        """Open a clip with its project: the one that it was worked on with before, else a new one."""
        path = path.absolute()
        known = self._places.project_of(path)
        if known is not None:
            self.open_project(known)
        else:
            self._open(path.name, lambda: _Opened(open_clip(path)))

    def open_project(self, path: Path, clip: Path | None = None) -> None:
        """Open a project file, with its clip where it says or at `clip`."""
        path = path.absolute()
        if path == self.path:
            return

        def miss(error: BaseException) -> None:
            self.clip_missing.emit(str(path), str(error))

        self._open(path.name, lambda: _read_project(path, clip), on_missing=miss)

    def _open(
        self,
        name: str,
        work: Callable[[], _Opened],
        on_missing: Callable[[BaseException], None] = lambda error: None,
    ) -> None:
        """Work on a background thread, then show what came of it. A newer wish to open something replaces this one."""
        self._give_up_opening()

        def steps() -> Generator[Any, None, _Opened | ClipMissing]:
            yield from ()
            try:
                return work()
            except ClipMissing as error:
                return error

        def finish(found: _Opened | ClipMissing) -> None:
            if self._job is not job:
                if isinstance(found, _Opened):
                    found.drop()
                return
            self._end_job()
            if isinstance(found, ClipMissing):
                on_missing(found)
            else:
                self._show(found)

        def fail(sentence: str) -> None:
            if self._job is job:
                self._end_job()
                self._desk.notice.emit(sentence, "error")

        job = run_in_background(steps, f"Opening {name}")
        self._job = job
        job.finished.connect(finish)
        job.failed.connect(fail)
        self.opening_changed.emit(name)

    def _end_job(self) -> None:
        self._job = None
        self.opening_changed.emit("")

    def _give_up_opening(self) -> None:
        if self._job is not None:
            self._end_job()

    def _show(self, found: _Opened) -> None:
        if not self.close():
            found.drop()
            return
        project, note = found.project, found.note
        if project is None:
            project, note = self._new_project(found.source)
        if project.store is not None:
            project.store.problem_changed.connect(self._tell_problem)
            self._places.note_open(project.store.path, found.source.path)
        self._desk.show_project(project, found.source, self._make_tracking(project, found.source.path))
        self.opened.emit(note)

    def _new_project(self, source: FrameSource) -> tuple[Project, str]:
        """A project in the documents folder, else beside the clip, else in memory; and a sentence about it."""
        said = ""
        for folder in (self._projects_folder(), source.path.parent):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                path = _free_name(folder, source.name)
                return Project.create(path, clip_of(source)), f"Every step is saved in {path}."
            except (OSError, ProjectError) as error:
                said = str(error)
        note = f"No project file could be made, so this work is in memory only: {said} Save a copy to keep it."
        return Project.new(clip_of(source)), note

    def _projects_folder(self) -> Path:
        if self._folder is not None:
            return self._folder
        from platformdirs import user_documents_path

        return user_documents_path() / "Masklet Studio"

    def _tell_problem(self, sentence: str) -> None:
        self.problem_changed.emit(sentence)  # from the writer's thread; Qt queues it

    # --- saving and closing ---

    def save_copy(self, path: Path) -> None:
        """Write a copy of the project; the open one stays the one that is worked on."""
        project = self._desk.project
        if project is None:
            return
        target = path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX)

        def save() -> bool:
            project.save_copy(target)
            return True

        if self._desk.attempt(save):
            self._desk.notice.emit(f"Saved a copy as {target}.", "good")

    def save_now(self) -> None:
        """Wait until everything is on the disk, and say where."""
        project = self._desk.project
        store = None if project is None else project.store
        if store is None or store.is_read_only:
            self._desk.notice.emit("This work has no file to go to. Save a copy to keep it (Ctrl+Shift+S).", "warning")
            return

        def save() -> bool:
            store.save()
            return True

        if self._desk.attempt(save):
            self._desk.notice.emit(f"Everything is saved in {store.path}.", "good")

    def close(self, *, may_lose: Callable[[str], bool] = lambda sentence: False) -> bool:
        """Take the project off the desk: the run is stopped, the model's process ends, everything is on the disk.

        If something cannot be written, `may_lose` is asked with the sentence; unless it agrees nothing is closed.
        """
        self._give_up_opening()
        project = self._desk.project
        if project is None:
            return True
        self.closing.emit()
        tracking, source, store = self._desk.tracking, self._desk.source, project.store
        if store is not None and not store.is_read_only:
            try:
                store.flush()
            except ProjectError as error:
                if not may_lose(str(error)):
                    self._desk.notice.emit(str(error), "error")
                    return False
        if tracking is not None:
            tracking.close()
        self._desk.show_project(None)
        if tracking is not None:
            tracking.deleteLater()
        if store is not None:
            store.problem_changed.disconnect(self._tell_problem)
            try:
                project.close()
            except ProjectError:
                store.abandon()  # the person agreed to lose it
        if source is not None:
            source.close()
        return True


def clip_of(source: FrameSource) -> Clip:
    """The document's note of an opened clip."""
    return Clip(str(source.path), source.name, source.frame_count, source.height, source.width, source.fps)


def _read_project(path: Path, clip: Path | None) -> _Opened:
    """Open a project file and its clip; on a background thread."""
    note = f"Every step is saved in {path}."
    try:
        project = Project.open(path)
    except ProjectInUse as error:
        project = Project.open(path, read_only=True)
        note = f"Opened to look at only: {error}"
    try:
        place = clip if clip is not None else Path(project.document.clip.path)
        if not place.exists():
            raise ClipMissing(f"{place.name} is not where it was. Looked in {place.parent}.")
        source = open_clip(place)
    except BaseException:
        project.close()
        raise
    said = _difference(project.document.clip, source)
    if said:
        source.close()
        project.close()
        raise WrongClip(f"{place.name} is not the clip of {path.name}: {said} Choose another file.")
    if project.store is not None and project.store.is_read_only and not note.startswith("Opened"):
        note = f"Opened to look at only: {path} cannot be written."
    return _Opened(source, project, note)


def _difference(clip: Clip, source: FrameSource) -> str:
    """How a clip differs from what the project was made with, "" if it does not."""
    if (clip.frame_count, clip.height, clip.width) == (source.frame_count, source.height, source.width):
        return ""
    return (
        f"it has {source.frame_count:,} frames of {source.width} × {source.height}, "
        f"not {clip.frame_count:,} of {clip.width} × {clip.height}."
    )


def _free_name(folder: Path, name: str) -> Path:
    """A file name in the folder that is not taken: "park.masklet", "park 2.masklet" …"""
    for number in range(1, _NAMES_TRIED):
        path = folder / f"{name}{'' if number == 1 else f' {number}'}{SUFFIX}"
        if not path.exists():
            return path
    raise ProjectError(f"{folder} holds too many projects called {name}. Move some of them elsewhere.")
