"""TimelineView: transport, ruler, filmstrip, lanes and score curve, put together on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.ui import theme
from app.ui.desk import Desk
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.filmstrip import Filmstrip
from app.ui.timeline.following import Following
from app.ui.timeline.hover_card import HoverCard
from app.ui.timeline.lane_rows import CURVE_HEIGHT, LANE_HEIGHT
from app.ui.timeline.lanes import Lanes
from app.ui.timeline.ruler import HEADER_WIDTH, Ruler
from app.ui.timeline.score_curve import ScoreCurve
from app.ui.timeline.spoken_lanes import SpokenLanes
from app.ui.timeline.transport import Transport

if TYPE_CHECKING:
    from app.document.document import Change
    from app.document.suspicion import Suspicion

ZOOM_STEP = 1.5
RIGHT_MARGIN = 16


class TimelineView(QWidget):
    """The lower part of the window. It reads the desk, and changes only where the desk looks."""

    stop_requested = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.setProperty("role", "timeline")
        self.axis = TimeAxis(self)
        self.transport = Transport(desk)
        self.ruler = Ruler(desk, self.axis)
        self.filmstrip = Filmstrip(desk, self.axis)
        self.lanes = Lanes(desk, self.axis)
        self.curve = ScoreCurve(self.axis, self.lanes)
        self.spoken = SpokenLanes(desk, self.lanes)
        self.card = HoverCard(desk, self)
        self.ruler.card = self.filmstrip.card = self.lanes.card = self.card
        self.following = Following(desk, self.transport.run_card.follow, self)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.lanes)
        self._scroll = scroll
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget in (self.transport, self.ruler, self.filmstrip):
            layout.addWidget(widget)
        layout.addWidget(scroll, 1)
        self.setMinimumHeight(
            self.transport.height() + self.ruler.height() + self.filmstrip.height() + LANE_HEIGHT + CURVE_HEIGHT
        )
        self._connect()
        self._on_project()

    def _connect(self) -> None:
        desk = self._desk
        self.transport.stop_requested.connect(self.stop_requested)
        self.setFocusProxy(self.lanes)
        desk.project_changed.connect(self._on_project)
        desk.frame_changed.connect(self._on_frame)
        desk.selection_changed.connect(self._on_selection)
        desk.document_changed.connect(self._on_document)
        desk.colors_changed.connect(self._draw_curve)
        desk.timeline_zoom_requested.connect(self._on_zoom)
        desk.run_stopping.connect(self.transport.run_card.show_stopping)
        self.axis.changed.connect(self._draw_curve)
        theme.on_change().changed.connect(self._draw_curve)

    def set_actions(self, transport: list[QAction], runs: list[QAction]) -> None:
        """The actions that the transport bar shows as buttons."""
        self.transport.add_actions(transport, runs)

    def set_suspicions(self, suspicions: list[Suspicion]) -> None:
        """Which cells the lanes mark with a red notch."""
        found: dict[int, dict[int, float]] = {}
        for suspicion in suspicions:
            object_id, frame = suspicion.cell
            found.setdefault(object_id, {})[frame] = suspicion.value
        self.lanes.set_suspicions(found, {suspicion.cell: suspicion.reason for suspicion in suspicions})
        self._draw_curve()

    def _on_project(self) -> None:
        tracking = self._desk.tracking
        self.transport.run_card.hide()
        if tracking is not None:
            tracking.run_started.connect(self.transport.show_run)
            tracking.run_progress.connect(self.transport.run_card.show_progress)
            tracking.run_finished.connect(self.transport.run_card.hide)
            tracking.run_started.connect(self.lanes.marks.take_start)
            tracking.run_progress.connect(self.lanes.marks.take_progress)
            tracking.run_finished.connect(self.lanes.marks.take_end)
            tracking.prompt_pending.connect(self.transport.run_card.show_click)
        self.axis.set_frame_count(self._desk.frame_count)

    def _on_frame(self) -> None:
        if self._desk.is_playing or not self.underMouse():
            self.axis.follow(self._desk.frame)

    def _on_selection(self) -> None:
        object_id = self._desk.selected_object
        top = None if object_id is None else self.lanes.top_of(object_id)
        if top is not None:
            self._scroll.ensureVisible(0, top + LANE_HEIGHT + CURVE_HEIGHT // 2, 0, LANE_HEIGHT + CURVE_HEIGHT // 2)
            bar = self._scroll.verticalScrollBar()
            bar.setValue(min(bar.value(), top))  # where there is little room, the lane comes before its curve
        self._draw_curve()

    def _on_document(self, change: Change) -> None:
        selected = self._desk.selected_object
        if change.objects or any(object_id == selected for object_id, _ in change.cells):
            self._draw_curve()

    def _on_zoom(self, how: str) -> None:
        if how == "fit":
            self.axis.fit()
            return
        # The playhead stays where it is.
        x = self.axis.center_of(self._desk.frame)
        inside = min(max(x, 0.0), float(self.axis.width))
        self.axis.zoom(ZOOM_STEP if how == "in" else 1 / ZOOM_STEP, inside)

    def _draw_curve(self) -> None:
        object_id, document = self._desk.selected_object, self._desk.document
        top = None if object_id is None else self.lanes.top_of(object_id)
        if object_id is None or document is None or top is None:
            self.curve.hide()
            return
        self.curve.setGeometry(0, top + LANE_HEIGHT - 4, self.lanes.width(), CURVE_HEIGHT)
        color = theme.current().object_color(self._desk.shade_of(object_id))
        self.curve.show_cells(self.lanes.cells_of(object_id), color, self.lanes.suspicions_of(object_id))
        self.curve.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.axis.set_width(self.width() - HEADER_WIDTH - RIGHT_MARGIN)
        self._draw_curve()
