"""Runs put in line, to be done one after the other while somebody works elsewhere or sleeps."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.ui.canvas.words import counted, object_name, span_words
from app.ui.desk import Desk
from app.ui.panels.line_panel import LinePanel
from app.ui.projects import Projects
from app.ui.run_line import RunLine
from app.ui.verbs import Verbs
from app.ui.verbs.propagating import objects_of_a_run
from app.ui.waiting_runs import WaitingRun, WaitingRuns


class LiningUp(QObject):
    """What is put in line is what Ctrl+T would do: both ways, in the range."""

    changed = Signal()
    """The line is longer or shorter, or goes on, or has stopped."""

    def __init__(self, desk: Desk, projects: Projects, waiting: WaitingRuns, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._projects = desk, projects
        self.line = RunLine(desk, projects, waiting, window)
        self.panel = LinePanel(self.line, window)
        self.line.changed.connect(self.changed)
        waiting.changed.connect(self.changed)

    @property
    def can_run(self) -> bool:
        """Whether runs wait, and the line stands still."""
        return not self.line.is_on and bool(self.line.waiting.runs)

    @property
    def words(self) -> str:
        """Such as "3 in line"; "" if no run is."""
        count = len(self.line.waiting.runs)
        return "" if not count else f"{count:,} in line, running" if self.line.is_on else f"{count:,} in line"

    def verbs(self) -> Verbs:
        return {
            "line_up": lambda: self._line_up(self._desk.selected_objects),
            "line_up_all": lambda: self._line_up(objects_of_a_run(self._desk)),
            "show_line": self.show,
            "run_line": self.line.start,
        }

    def show(self) -> None:
        """The line, beside the work."""
        self.panel.show()
        self.panel.activateWindow()

    def _line_up(self, object_ids: Sequence[int]) -> None:
        desk, path = self._desk, self._projects.path
        document, source, tracking = desk.document, desk.source, desk.tracking
        if document is None or source is None or not object_ids:
            return
        if path is None:
            desk.notice.emit("This work has no file to come back to. Save a copy first (Ctrl+Shift+S).", "warning")
            return
        first, last = desk.range
        who = object_name(document, object_ids[0]) if len(object_ids) == 1 else counted(len(object_ids), "object")
        words = f"{who}, both ways, {span_words(first, last)}"
        run = WaitingRun(str(path), str(source.path), words, tuple(object_ids), first, last)
        if not self.line.waiting.add(run):
            desk.notice.emit(f"That stands in line already: {words}.", "info")
            return
        if tracking is not None and tracking.is_running:
            self.line.start(here_only=True)
            desk.notice.emit(f"In line behind the run that is open: {words}.", "info")
        else:
            desk.offered.emit(f"In line: {words}.", "run_line")
