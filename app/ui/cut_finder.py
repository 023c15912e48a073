"""Shot cuts of the open clip, looked for in the background once, and told to the document as they are found."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Generator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from app.commands.marks import note_found_cuts
from app.jobs.background import run_in_background
from app.media.cuts import CutSearch, find_cuts
from app.ui.canvas.words import counted
from app.ui.desk import Desk

if TYPE_CHECKING:
    from app.document.project import Project
    from app.jobs.job import Job
    from app.media.source import FrameSource

SETTING = "cuts_searched"
"""How many frames of the clip have been looked through, kept with the project."""
REST_MS = 1500
"""Opening a clip and its first click come first."""
NICENESS = 10


class CutFinder(QObject):
    """One for the window. A search that is cut short by closing the project goes on when it is opened again."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._project: Project | None = None
        self._job: Job | None = None
        self._done = 0
        self._found = 0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._start)
        desk.project_changed.connect(self._take_project)

    @property
    def is_searching(self) -> bool:
        """Whether a search is on its way, or about to start."""
        return self._job is not None or self._rest.isActive()

    def _take_project(self) -> None:
        self._give_up()
        self._project = self._desk.project
        self._done, self._found = self._frames_done(), 0
        if self._project is not None and self._done < self._desk.frame_count:
            self._rest.start()

    def _frames_done(self) -> int:
        done = None if self._project is None else self._project.recall(SETTING)
        return done if isinstance(done, int) else 0

    def _give_up(self) -> None:
        self._rest.stop()
        if self._job is not None and self._project is not None:
            self._job.cancel()
            self._project.remember(SETTING, self._done)
        self._job = None

    def _start(self) -> None:
        source, start = self._desk.source, self._done
        if source is None:
            return
        self._job = run_in_background(lambda: _quietly(source, start), "Looking for shot cuts")
        self._job.progress.connect(self._take)
        self._job.finished.connect(self._finish)
        self._job.failed.connect(self._fail)

    @Slot(object)
    def _take(self, step: CutSearch) -> None:
        if self.sender() is self._job and self._project is not None:
            self._note(self._project, step.found)
            self._done = step.done

    @Slot(object)
    def _finish(self, cuts: tuple[int, ...]) -> None:
        project = self._project
        if self.sender() is not self._job or project is None:
            return
        self._job = None
        self._note(project, cuts)
        project.remember(SETTING, self._desk.frame_count)
        if self._found:
            self._desk.notice.emit(f"{counted(self._found, 'shot cut')} found. Every run stops at a cut.", "info")

    def _note(self, project: Project, cuts: tuple[int, ...]) -> None:
        """Take in what is new; a cut that a person has removed since it was found stays away."""
        note_found_cuts(project, cuts[self._found :])
        self._found = max(self._found, len(cuts))

    @Slot()
    def _fail(self) -> None:
        """The clip cannot be read any more, which whoever shows its frames will say; the next opening tries again."""
        if self.sender() is self._job:
            self._job = None


def _quietly(source: FrameSource, start: int) -> Generator[CutSearch, None, tuple[int, ...]]:
    """The search, behind everything else that wants to compute, where a thread can have a rank of its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    return (yield from find_cuts(source, start))
