"""The lanes: one row per object that shows every frame's state; click to go there and select."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui import theme
from app.ui.desk import Desk
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.axis_marks import paint_cuts, paint_markers
from app.ui.timeline.lane_cells import LaneCells
from app.ui.timeline.lane_pictures import LanePictures
from app.ui.timeline.lane_places import cell_words, diamond_near, peak_near
from app.ui.timeline.lane_plan import will_compute
from app.ui.timeline.lane_rows import LANE_HEIGHT, LaneRows
from app.ui.timeline.playhead import Playhead
from app.ui.timeline.ruler import HEADER_WIDTH, turn_time
from app.ui.timeline.run_marks import RunMarks

if TYPE_CHECKING:
    from app.document.document import Change
    from app.ui.timeline.hover_card import HoverCard

DRAG_FROM = 4
"""A press that moves less is a click."""


class Lanes(QWidget):
    """All lanes below each other, names on the left. The selected lane leaves room for the score curve under it."""

    menu_requested = Signal(QPoint, int)
    """A place of the screen and the object whose lane it is on; the desk looks at the frame already."""
    zoom_requested = Signal()
    """Zoom to the selected object on the desk's frame."""

    def __init__(self, desk: Desk, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._axis, self._rows = desk, axis, LaneRows(desk)
        self._lanes: frozenset[int] = frozenset()
        self._cells: dict[int, LaneCells] = {}
        """Of the lanes that somebody has looked at: of two hundred objects most are never scrolled to."""
        self._suspicions: dict[int, dict[int, float]] = {}
        self._reasons: Mapping[tuple[int, int], str] = {}
        self.card: HoverCard | None = None
        self._pressed: QPointF | None = None
        self._is_spanning = False
        self.setMouseTracking(True)
        self.marks = RunMarks(self)
        self.marks.changed.connect(self._repaint_lanes)
        self._pictures = LanePictures(desk, axis, self._rows, self.cells_of, self.suspicions_of, self.marks)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAccessibleName("Lanes")
        desk.project_changed.connect(self._rebuild)
        desk.document_changed.connect(self._on_change)
        desk.document_changed.connect(self.marks.take_change)
        self._playhead = Playhead(self, axis, HEADER_WIDTH)
        desk.frame_changed.connect(self._playhead.move)
        desk.selection_changed.connect(self._relayout)
        desk.plan_changed.connect(self._repaint)
        desk.range_changed.connect(self._repaint)
        desk.stride_changed.connect(self._repaint)
        desk.colors_changed.connect(self._repaint)
        axis.changed.connect(self._repaint)
        theme.on_change().changed.connect(self._repaint)
        self._rebuild()

    # --- what is shown ---

    def cells_of(self, object_id: int) -> LaneCells | None:
        """The arrays behind a lane, or None for an object that is not there."""
        document = self._desk.document
        if document is None or object_id not in document.objects:
            return None
        if object_id not in self._cells:
            self._cells[object_id] = LaneCells.of(document, object_id)
        return self._cells[object_id]

    def set_suspicions(
        self, suspicions: dict[int, dict[int, float]], reasons: Mapping[tuple[int, int], str] | None = None
    ) -> None:
        """Red notches: per object and frame how suspicious, 0 to 1, and why, by cell."""
        before, self._suspicions = self._suspicions, suspicions
        self._reasons = {} if reasons is None else reasons
        for object_id in before.keys() | suspicions.keys():
            if before.get(object_id) != suspicions.get(object_id):
                self._repaint_lane(object_id)

    def suspicions_of(self, object_id: int) -> Mapping[int, float]:
        """How suspicious an object's masks are, by frame; only the suspicious ones."""
        return self._suspicions.get(object_id, {})

    def top_of(self, object_id: int) -> int | None:
        """Upper edge of an object's lane in this widget's pixels."""
        return self._rows.top_of(object_id)

    def _rebuild(self) -> None:
        document = self._desk.document
        self._lanes = frozenset() if document is None else frozenset(document.objects)
        self._cells = {}
        self._suspicions = {}
        self.marks.forget()
        self._pictures.forget_all()
        self._relayout()

    def _on_change(self, change: Change) -> None:
        document = self._desk.document
        if document is None:
            return
        if self._lanes != document.objects.keys():
            self._lanes = frozenset(document.objects)
            for object_id in self._cells.keys() - self._lanes:
                del self._cells[object_id]
                self._pictures.forget(object_id)
            self._relayout()
        frames: dict[int, list[int]] = {}
        for object_id, frame in change.cells:
            frames.setdefault(object_id, []).append(frame)
        for object_id, changed in frames.items():
            if object_id in self._cells:
                self._cells[object_id].update(document, object_id, changed)
        if change.cuts:
            for object_id, cells in self._cells.items():
                cells.update(document, object_id, ())
            self._pictures.forget_all()
        if change.cuts or change.markers or change.objects:
            self.update()
        for object_id in frames:
            self._repaint_lane(object_id)

    def _relayout(self) -> None:
        self.setFixedHeight(self._rows.height)
        self.updateGeometry()
        self.update()

    def _repaint(self) -> None:
        self._pictures.forget_all()
        self.update()

    def _repaint_lanes(self, object_ids: frozenset[int]) -> None:
        for object_id in object_ids:
            self._repaint_lane(object_id)

    def _repaint_lane(self, object_id: int) -> None:
        self._pictures.forget(object_id)
        top = self.top_of(object_id)
        if top is not None:
            self.update(0, top, self.width(), self._rows.height_of(object_id))

    def sizeHint(self) -> QSize:
        return QSize(600, self.height())

    # --- painting ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._pictures.forget_all()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only the lanes that are seen, and of those only what has changed is drawn anew."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.current().surface_0))
        top = 0
        for item in self._rows.objects:
            height = self._rows.height_of(item.id)
            if top < event.rect().bottom() + 1 and top + height > event.rect().top():
                picture = self._pictures.picture_of(item, self.width(), self.devicePixelRatioF())
                painter.drawPixmap(0, top, picture)
            top += height
        self._paint_marks(painter, event.rect())
        painter.end()

    def _paint_marks(self, painter: QPainter, seen: QRect) -> None:
        """Lines through all lanes: shot cuts, markers, the playhead."""
        document = self._desk.document
        if document is None or self._desk.source is None:
            return
        painter.save()
        painter.translate(HEADER_WIDTH, 0)
        paint_cuts(painter, document, self._axis, seen.top(), seen.bottom() + 1)
        paint_markers(painter, document, self._axis, seen.top(), seen.bottom() + 1)
        painter.restore()
        x = self._axis.center_of(self._desk.frame)
        if -1 <= x <= self._axis.width:
            painter.setPen(QColor(theme.current().text_1))
            painter.drawLine(QPointF(HEADER_WIDTH + x, 0), QPointF(HEADER_WIDTH + x, self.height()))

    # --- mouse and words ---

    def object_at(self, y: float) -> int | None:
        """The object whose lane is at this height, or None below the last."""
        return self._rows.object_at(y)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        object_id = self.object_at(event.position().y())
        if object_id is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        self._pressed = event.position()
        extend = bool(event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier))
        self._desk.select(object_id, extend=extend)
        self._go_to(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag_span(event.position())
        elif not event.buttons():
            self._hover(event.position())

    def _drag_span(self, place: QPointF) -> None:
        """A drag along a lane makes what it passes the range; the playhead stays where it began."""
        start = self._pressed
        if start is None or start.x() < HEADER_WIDTH or self._desk.source is None:
            return
        if self._is_spanning or abs(place.x() - start.x()) >= DRAG_FROM:
            self._is_spanning = True
            frames = sorted(self._axis.frame_at(at.x() - HEADER_WIDTH) for at in (start, place))
            self._desk.set_range(*frames)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed, self._is_spanning = None, False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go there, and zoom to the object."""
        self.mousePressEvent(event)
        if event.position().x() >= HEADER_WIDTH:
            self.zoom_requested.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Of what lies under the pointer; the menu key's is that of the selected lane, at the playhead."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._open_menu_at_playhead()
            return
        object_id = self.object_at(event.pos().y())
        if object_id is None or self._desk.source is None:
            return
        if self.card is not None:
            self.card.leave()
        if object_id not in self._desk.selected_objects:
            self._desk.select(object_id)
        is_on_lane = event.pos().x() >= HEADER_WIDTH
        frame = self.frame_at(event.pos().x(), event.pos().y()) if is_on_lane else self._desk.frame
        self._desk.set_frame(frame)
        self.menu_requested.emit(event.globalPos(), object_id)

    def _open_menu_at_playhead(self) -> None:
        selected = self._desk.selected_object
        top = None if selected is None else self.top_of(selected)
        if selected is not None and top is not None and self._desk.source is not None:
            x = min(max(self._axis.center_of(self._desk.frame), 0), self._axis.width)
            place = QPoint(HEADER_WIDTH + round(x), top + LANE_HEIGHT)
            self.menu_requested.emit(self.mapToGlobal(place), selected)

    def leaveEvent(self, event: QEvent) -> None:
        if self.card is not None:
            self.card.leave()

    def _go_to(self, event: QMouseEvent) -> None:
        place = event.position()
        if self.card is not None:
            self.card.leave()
        if place.x() >= HEADER_WIDTH and self._desk.source is not None:
            self._desk.set_frame(self.frame_at(place.x(), place.y()))

    def frame_at(self, x: float, y: float) -> int:
        """The frame under a place; near a diamond its frame, and on the curve that of the nearest peak."""
        frame = self._axis.frame_at(x - HEADER_WIDTH)
        object_id = self.object_at(y)
        if object_id is not None and y - (self.top_of(object_id) or 0) >= LANE_HEIGHT:
            return peak_near(self._axis, self.suspicions_of(object_id), x - HEADER_WIDTH)
        cells = None if object_id is None else self.cells_of(object_id)
        return frame if cells is None else diamond_near(self._axis, cells, x - HEADER_WIDTH)

    def _hover(self, place: QPointF) -> None:
        words = self.words_at(place.x(), place.y())
        if self.card is None:
            return
        if not words or place.x() > HEADER_WIDTH + self._axis.width:
            self.card.leave()
            return
        top = self.top_of(self.object_at(place.y()) or 0) or 0
        spot = self.mapToGlobal(QPoint(round(place.x()), top))
        frame = self.frame_at(place.x(), place.y())
        self.card.point(spot, frame, words.replace(f", frame {frame:,}:", ":", 1))

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn_time(self._axis, event)

    def words_at(self, x: float, y: float) -> str:
        """What the lane says at a place, in words: object, frame, state, prompts."""
        object_id = self.object_at(y)
        document = self._desk.document
        if object_id is None or document is None or x < HEADER_WIDTH:
            return ""
        frame = self.frame_at(x, y)
        is_suspicious = frame in self.suspicions_of(object_id)
        reason = self._reasons.get((object_id, frame), "") if is_suspicious else None
        cells = self.cells_of(object_id)
        is_planned = will_compute(self._desk.planned, object_id, frame, self.marks.heads)
        if cells is None:
            return ""
        is_by_origin = self._desk.color_by == "origin"
        return cell_words(document, cells, object_id, frame, reason, is_planned=is_planned, is_by_origin=is_by_origin)
