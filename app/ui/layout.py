"""Where the window's parts lie, which of them are shown, and how they fold when there is little room."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.ui import theme
from app.ui.right_panel import RightPanel

FOLDS_BELOW = 1180
LOW_WINDOW, LOW_TIMELINE = 760, 190


class WindowLayout:
    """Top bar, then tools, picture and right panel side by side, then the timeline, then the status line."""

    def __init__(
        self,
        *,
        top_bar: QWidget,
        rail: QWidget,
        welcome: QWidget,
        canvas: QWidget,
        right: RightPanel,
        timeline: QWidget,
        status: QWidget,
    ) -> None:
        self._round_it, self._right = (top_bar, status), right
        self._of_project = (rail, right, timeline)
        self._welcome, self._canvas = welcome, canvas
        self._is_open = False
        self.picture = QStackedWidget()
        self.picture.addWidget(welcome)
        self.picture.addWidget(canvas)
        upper = QWidget()
        row = QHBoxLayout(upper)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(rail)
        row.addWidget(self.picture, 1)
        row.addWidget(right)
        self._splitter = self._split(upper, timeline)
        self._timeline_height = theme.TIMELINE_HEIGHT
        self.body = QWidget()
        """All of it: the window's central widget."""
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(top_bar)
        column.addWidget(self._splitter, 1)
        column.addWidget(status)

    def _split(self, upper: QWidget, timeline: QWidget) -> QSplitter:
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setHandleWidth(3)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(upper)
        splitter.addWidget(timeline)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 0)
        splitter.splitterMoved.connect(self._note_timeline_height)
        return splitter

    def _note_timeline_height(self) -> None:
        self._timeline_height = self._splitter.sizes()[1]

    def show_project(self, is_open: bool) -> None:
        """The canvas and what belongs to a project, or the welcome."""
        self._is_open = is_open
        self.picture.setCurrentWidget(self._canvas if is_open else self._welcome)
        for part in self._of_project:
            part.setVisible(is_open)

    def show_canvas_only(self, is_alone: bool) -> None:
        """Hide everything round the picture, or bring it back."""
        for part in self._of_project:
            part.setVisible(self._is_open and not is_alone)
        for part in self._round_it:
            part.setVisible(not is_alone)

    def fold(self, width: int, height: int) -> None:
        """A small window: the right panel becomes icons, the timeline keeps a lane and the transport."""
        self._right.set_room(width >= FOLDS_BELOW)
        wanted = self._timeline_height
        if height < LOW_WINDOW:
            wanted = min(wanted, LOW_TIMELINE)
        room = self._splitter.height()
        self._splitter.setSizes([max(room - wanted, 1), wanted])
