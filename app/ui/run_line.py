"""Works through the runs that wait in line, from clip to clip, while nobody else needs the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from app.inference.plan import Plan, PlanError, make_plan
from app.ui.canvas.words import counted
from app.ui.desk import Desk
from app.ui.projects import Projects
from app.ui.waiting_runs import WaitingRun, WaitingRuns

if TYPE_CHECKING:
    from app.jobs.reports import RunEnd

REST_SECONDS = 20
"""No clip is taken away from somebody who has used mouse or keys in this time."""
_TOUCHES = (QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride, QEvent.Type.Wheel)


class RunLine(QObject):
    """One run after the other; each is an ordinary run of the project on the desk, so that a click still goes first.

    The runs of the clip on the desk come first, for they need no other to be opened. Esc, or any run that a person
    starts meanwhile, stops the line; what was not done keeps its place.
    """

    changed = Signal()
    """It goes on, has stopped, or works at another run."""

    def __init__(self, desk: Desk, projects: Projects, waiting: WaitingRuns, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._projects, self.waiting = desk, projects, waiting
        self.is_on = False
        self.current: WaitingRun | None = None
        """The run that is open, or whose clip is being opened."""
        self._plan: Plan | None = None
        self._is_here_only = False
        self._done = 0
        self._since_touch = QElapsedTimer()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._go_on)
        desk.project_changed.connect(self._take_project)
        projects.opening_changed.connect(self._take_opening)

    def start(self, *, here_only: bool = False) -> None:
        """Begin with the head of the line; with `here_only` it ends when the clip on the desk has no more runs."""
        if self.is_on:
            self._is_here_only = self._is_here_only and here_only
            return
        self.is_on, self._is_here_only, self._done = True, here_only, 0
        if not here_only:
            self.waiting.forget_faults()
            self._since_touch.invalidate()  # who starts it has just let go of the window
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self)
        self.changed.emit()
        self._later.start(0)

    def stop(self) -> None:
        """Go no further; the run that is open is stopped too."""
        tracking = self._desk.tracking
        is_open = self._plan is not None and tracking is not None and tracking.plan is self._plan
        self._end("")
        if is_open and tracking is not None:
            tracking.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _TOUCHES:
            self._since_touch.start()
        return False

    def _go_on(self) -> None:
        """Begin the next run, if there is one and nothing is in its way."""
        tracking = self._desk.tracking
        if not self.is_on or self.current is not None or self._projects.is_opening:
            return
        if tracking is not None and tracking.is_running:
            return  # its end comes back here
        here = "" if self._projects.path is None else str(self._projects.path)
        ready = [run for run in self.waiting.runs if not run.fault]
        mine = [run for run in ready if run.project == here]
        if mine:
            self._begin(mine[0])
        elif not ready or self._is_here_only:
            self._end(self._summary())
        elif self._is_in_use:
            self._later.start(1000)
        else:
            self._open(ready[0])

    @property
    def _is_in_use(self) -> bool:
        """Whether somebody works or watches, or a question about the clip on the desk stands open."""
        is_held = self._desk.is_playing or QApplication.mouseButtons() != Qt.MouseButton.NoButton
        is_fresh = self._since_touch.isValid() and not self._since_touch.hasExpired(1000 * REST_SECONDS)
        return is_fresh or is_held or QApplication.activeModalWidget() is not None

    def _open(self, run: WaitingRun) -> None:
        if not Path(run.project).is_file() or not Path(run.clip).exists():
            missing = run.project if not Path(run.project).is_file() else run.clip
            self._fail(run, f"{missing} is not where it was: open the clip once to show where it is now.")
            return
        self.current = run
        self.changed.emit()
        self._projects.open_project(Path(run.project))

    def _take_opening(self, name: str) -> None:
        """Something was opened, or could not be: then the clip on the desk is still another one."""
        run = self.current
        if not name and run is not None and self._plan is None:
            QTimer.singleShot(0, self, lambda: self._look_at(run))

    def _look_at(self, run: WaitingRun) -> None:
        if self.current is not run or self._plan is not None:
            return
        self.current = None
        if self._projects.is_opening:
            self._end(self._stopped)  # somebody has chosen another clip in the meantime
        elif str(self._projects.path) != run.project:
            self._fail(run, f"{run.place} could not be opened.")
        else:
            self._later.start(0)

    def _begin(self, run: WaitingRun) -> None:
        document, tracking = self._desk.document, self._desk.tracking
        if document is None or tracking is None:
            self._fail(run, "There is no model to run: choose one.")
            return
        ids = [object_id for object_id in run.object_ids if object_id in document.objects]
        if not ids:
            self._fail(run, "The objects of this run are gone: take it out of the line.")
            return
        window = range(run.first, run.last + 1)
        goes_on = run.has_begun and any(frame not in document.masks_of(one) for one in ids for frame in window)
        try:
            plan = make_plan(document, ids, run.first, run.last, run.direction, only_missing=goes_on, stride=run.stride)
        except PlanError as error:
            if error.is_complete:
                self._finish(run)
            else:
                self._fail(run, str(error))
            return
        self.current, self._plan = run, plan
        self.waiting.note(run)
        tracking.start_run(plan)
        self.changed.emit()

    def _take_project(self) -> None:
        if self._desk.tracking is not None:
            self._desk.tracking.run_finished.connect(self._take_end)
        if not self.is_on:
            return
        if self._plan is not None or (self.current is None and self._desk.source is None):
            self._end(self._stopped)  # somebody took the clip away
        elif self.current is None:
            self._later.start(0)

    def _take_end(self, end: RunEnd) -> None:
        if not self.is_on:
            return
        run = self.current
        if run is None or self._plan is None:
            self._later.start(0)  # somebody's own run
            return
        self.current = self._plan = None
        if end.cancelled:
            self._end(self._stopped)
        elif end.error:
            self._fail(run, end.error)
        else:
            self._finish(run)

    def _finish(self, run: WaitingRun) -> None:
        self._done += 1
        self.waiting.remove(run)
        self._later.start(0)

    def _fail(self, run: WaitingRun, fault: str) -> None:
        self.current = None
        self.waiting.note(run, fault)
        self._later.start(0)

    @property
    def _stopped(self) -> str:
        return f"The line was stopped; {counted(len(self.waiting.runs), 'run')} in it."

    def _summary(self) -> str:
        failed = sum(1 for run in self.waiting.runs if run.fault)
        done = f"{counted(self._done, 'run')} of the line done"
        if failed:
            return f"{done}; {counted(failed, 'run')} could not be done, the line says why."
        return f"{done}." if self._done else ""

    def _end(self, said: str) -> None:
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        self._later.stop()
        self.is_on, self.current, self._plan = False, None, None
        if said:
            self._desk.notice.emit(said, "good")
        self.changed.emit()
