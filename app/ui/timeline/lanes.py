"""The lanes: one row per object that shows every frame's state; click to go there and select."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui import theme
from app.ui.desk import Desk
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.axis_marks import paint_cuts, paint_markers
from app.ui.timeline.lane_cells import LaneCells
from app.ui.timeline.lane_painter import BAR_HEIGHT, BAR_TOP, paint_lane, paint_plan, paint_suspicions
from app.ui.timeline.lane_places import cell_words, diamond_near, peak_near
from app.ui.timeline.ruler import HEADER_WIDTH, turn_time

if TYPE_CHECKING:
    from app.document.document import Change
    from app.document.values import TrackedObject
    from app.ui.timeline.hover_card import HoverCard

LANE_HEIGHT = 26
CURVE_HEIGHT = 42
FINEST_STRIDE = 4
"""Every n-th frame is told from the others where it comes at most every so many pixels."""
DRAG_FROM = 4
"""A press that moves less is a click."""


class Lanes(QWidget):
    """All lanes below each other, names on the left. The selected lane leaves room for the score curve under it."""

    menu_requested = Signal(QPoint, int)
    """A place of the screen and the object whose lane it is on; the desk looks at the frame already."""

    def __init__(self, desk: Desk, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._axis = desk, axis
        self._lanes: frozenset[int] = frozenset()
        self._cells: dict[int, LaneCells] = {}
        """Of the lanes that somebody has looked at: of two hundred objects most are never scrolled to."""
        self._suspicions: dict[int, dict[int, float]] = {}
        self._reasons: Mapping[tuple[int, int], str] = {}
        self.card: HoverCard | None = None
        self._pressed: QPointF | None = None
        self._is_spanning = False
        self.setMouseTracking(True)
        self._pictures: dict[int, QPixmap] = {}
        """What is painted of each lane, made when it is seen: everything but the playhead, which moves too often."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAccessibleName("Lanes")
        desk.project_changed.connect(self._rebuild)
        desk.document_changed.connect(self._on_change)
        desk.frame_changed.connect(self._on_frame)
        desk.selection_changed.connect(self._relayout)
        desk.plan_changed.connect(self._repaint)
        desk.range_changed.connect(self._repaint)
        desk.stride_changed.connect(self._repaint)
        axis.changed.connect(self._repaint)
        theme.on_change().changed.connect(self._repaint)
        self._last_x = 0.0
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
        top = 0
        for other in self._objects():
            if other.id == object_id:
                return top
            top += self._height_of(other.id)
        return None

    def _objects(self) -> list[TrackedObject]:
        document = self._desk.document
        return [] if document is None else list(document.objects.values())

    def _height_of(self, object_id: int) -> int:
        return LANE_HEIGHT + (CURVE_HEIGHT if object_id == self._desk.selected_object else 0)

    def _rebuild(self) -> None:
        document = self._desk.document
        self._lanes = frozenset() if document is None else frozenset(document.objects)
        self._cells = {}
        self._suspicions = {}
        self._relayout()

    def _on_change(self, change: Change) -> None:
        document = self._desk.document
        if document is None:
            return
        if self._lanes != document.objects.keys():
            self._lanes = frozenset(document.objects)
            for object_id in self._cells.keys() - self._lanes:
                del self._cells[object_id]
            self._relayout()
        frames: dict[int, list[int]] = {}
        for object_id, frame in change.cells:
            frames.setdefault(object_id, []).append(frame)
        for object_id, changed in frames.items():
            if object_id in self._cells:
                self._cells[object_id].update(document, object_id, changed)
        if change.cuts or change.markers:
            self.update()
        if change.objects:
            self._repaint()
        for object_id in frames:
            self._repaint_lane(object_id)

    def _relayout(self) -> None:
        height = sum(self._height_of(item.id) for item in self._objects())
        self.setFixedHeight(max(height, LANE_HEIGHT))
        self.updateGeometry()
        self._repaint()

    def _repaint(self) -> None:
        self._pictures.clear()
        self.update()

    def _repaint_lane(self, object_id: int) -> None:
        self._pictures.pop(object_id, None)
        top = self.top_of(object_id)
        if top is not None:
            self.update(0, top, self.width(), self._height_of(object_id))

    def _on_frame(self) -> None:
        x = HEADER_WIDTH + self._axis.center_of(self._desk.frame)
        for place in (self._last_x, x):
            self.update(round(place) - 2, 0, 5, self.height())
        self._last_x = x

    def sizeHint(self) -> QSize:
        return QSize(600, self.height())

    # --- painting ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._pictures.clear()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only the lanes that are seen, and of those only what has changed is drawn anew."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.current().surface_0))
        top, edges = 0, None
        for item in self._objects():
            height = self._height_of(item.id)
            if top < event.rect().bottom() + 1 and top + height > event.rect().top():
                if item.id not in self._pictures:
                    edges = self._edges() if edges is None else edges
                    self._pictures[item.id] = self._draw(item, edges)
                painter.drawPixmap(0, top, self._pictures[item.id])
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

    def _draw(self, item: TrackedObject, edges: np.ndarray) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(self.width() * ratio), round(self._height_of(item.id) * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(theme.current().surface_0))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_lane(painter, item, edges)
        painter.end()
        return picture

    def _edges(self) -> np.ndarray:
        columns = np.arange(self._axis.width, dtype=np.float64)
        frames = np.floor(self._axis.left + columns / self._axis.scale).astype(np.int64)
        return np.asarray(frames[frames < self._axis.frame_count])

    def _draw_lane(self, painter: QPainter, item: TrackedObject, edges: np.ndarray) -> None:
        tokens = theme.current()
        is_selected = item.id in self._desk.selected_objects
        height = self._height_of(item.id)
        if is_selected:
            painter.fillRect(QRectF(0, 0, self.width(), height), QColor(tokens.surface_1))
        color = tokens.object_color(item.color)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(12, (LANE_HEIGHT - 9) / 2, 9, 9), 2, 2)
        painter.setPen(QColor(tokens.text_1 if is_selected else tokens.text_2))
        painter.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY))
        space = QRectF(28, 0, HEADER_WIDTH - 36, LANE_HEIGHT)
        name = painter.fontMetrics().elidedText(item.name, Qt.TextElideMode.ElideRight, int(space.width()))
        painter.drawText(space, Qt.AlignmentFlag.AlignVCenter, name)
        cells = self.cells_of(item.id)
        if cells is None or not len(edges):
            return
        painter.save()
        painter.setClipRect(QRectF(HEADER_WIDTH - 8, 0, self._axis.width + 16, height))
        painter.translate(HEADER_WIDTH, BAR_TOP)
        paint_lane(painter, cells, self._axis, edges, color)
        paint_plan(painter, self._desk.planned, item.id, self._axis, color)
        paint_suspicions(painter, self._suspicions.get(item.id, {}), self._axis)
        painter.restore()
        self._dim_between_worked(painter)
        self._dim_outside_range(painter)

    def _dim_between_worked(self, painter: QPainter) -> None:
        """Where only every n-th frame is worked on the others stand back, as far as they can be told apart."""
        stride, scale = self._desk.stride, self._axis.scale
        if stride == 1 or stride * scale < FINEST_STRIDE:
            return
        veil = QColor(theme.current().surface_0)
        veil.setAlphaF(0.55)
        seen = self._axis.visible()
        for frame in range(seen.start // stride * stride, seen.stop, stride):
            x0, x1 = self._axis.x_of(frame + 1), self._axis.x_of(min(frame + stride, self._axis.frame_count))
            left = max(0.0, x0)
            painter.fillRect(QRectF(HEADER_WIDTH + left, BAR_TOP, max(0.0, x1 - left), BAR_HEIGHT + 2), veil)

    def _dim_outside_range(self, painter: QPainter) -> None:
        if self._desk.range_in is None and self._desk.range_out is None:
            return
        first, last = self._desk.range
        veil = QColor(theme.current().surface_0)
        veil.setAlphaF(0.6)
        x0, x1 = self._axis.x_of(first), self._axis.x_of(last + 1)
        painter.fillRect(QRectF(HEADER_WIDTH, 0, max(0.0, x0), LANE_HEIGHT), veil)
        painter.fillRect(QRectF(HEADER_WIDTH + x1, 0, max(0.0, self._axis.width - x1), LANE_HEIGHT), veil)

    # --- mouse and words ---

    def object_at(self, y: float) -> int | None:
        """The object whose lane is at this height, or None below the last."""
        top = 0
        for item in self._objects():
            top += self._height_of(item.id)
            if y < top:
                return item.id
        return None

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
        zoom = self._desk.actions.get("zoom_object")
        if zoom is not None and event.position().x() >= HEADER_WIDTH:
            zoom.trigger()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
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
        return "" if cells is None else cell_words(document, cells, object_id, frame, reason)
