"""The ruler: frame numbers, the range between in and out, the playhead. Click or drag to scrub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.ui import theme
from app.ui.desk import Desk
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.axis_marks import REACH, mark_at, paint_cuts, paint_flags, paint_markers
from app.ui.timeline.playhead import Playhead

if TYPE_CHECKING:
    from app.document.document import Change
    from app.ui.timeline.hover_card import HoverCard

HEIGHT = 26
HEADER_WIDTH = 172
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
CLEAR_BETWEEN_LABELS = 70
GRIP_HEIGHT = 12
LABEL_WIDTH = 100
"""No frame's number is wider than this, with what is round it."""


def labelled_step(scale: float) -> int:
    """Frames between two labels, so that they stand clear of each other at `scale` pixels per frame."""
    return next((step for step in STEPS if step * scale >= CLEAR_BETWEEN_LABELS), STEPS[-1])


class Ruler(QWidget):
    """Frame numbers over the lanes; the strip of width HEADER_WIDTH on the left is empty, as above the names."""

    menu_requested = Signal(QPoint, int)
    """A place of the screen, and the frame (of the mark, if there is one) that was asked about."""

    def __init__(self, desk: Desk, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._axis = desk, axis
        self._held_end: int | None = None
        """The end of the range that stays while the other one is dragged."""
        self._dragged = ""
        """Which end that is, "in" or "out"; "" while a new range is drawn."""
        self.card: HoverCard | None = None
        self.setMouseTracking(True)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Ruler")
        self.setAccessibleDescription("Frames of the clip; click to go to one")
        for signal in (axis.changed, desk.range_changed, theme.on_change().changed):
            signal.connect(self.update)
        self._playhead = Playhead(self, axis, HEADER_WIDTH, LABEL_WIDTH)
        desk.frame_changed.connect(self._playhead.move)
        desk.document_changed.connect(self._on_document)

    def _on_document(self, change: Change) -> None:
        if change.cuts or change.markers:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = theme.current()
        painter.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True))
        painter.translate(HEADER_WIDTH, 0)
        painter.setClipRect(QRectF(-1, 0, self._axis.width + 2, HEIGHT))
        if self._desk.source is not None:
            self._paint_range(painter)
            self._paint_ticks(painter, event.rect().translated(-HEADER_WIDTH, 0))
            if self._desk.document is not None:
                paint_cuts(painter, self._desk.document, self._axis, 0, HEIGHT)
                paint_markers(painter, self._desk.document, self._axis, 4, HEIGHT)
                paint_flags(painter, self._desk.document, self._axis, 2)
            self._paint_playhead(painter, tokens)
        painter.end()

    def _paint_range(self, painter: QPainter) -> None:
        if self._desk.range_in is None and self._desk.range_out is None:
            return
        first, last = self._desk.range
        accent = QColor(theme.current().accent)
        x0, x1 = self._axis.x_of(first), self._axis.x_of(last + 1)
        wash = QColor(accent)
        wash.setAlpha(50)
        painter.fillRect(QRectF(x0, HEIGHT - 5, x1 - x0, 5), wash)
        painter.setPen(QPen(accent, 2))
        painter.drawLine(QPointF(x0, HEIGHT - 9), QPointF(x0, HEIGHT))
        painter.drawLine(QPointF(x1, HEIGHT - 9), QPointF(x1, HEIGHT))

    def _paint_ticks(self, painter: QPainter, place: QRect) -> None:
        """Of this part of the axis; the number of a frame stands to its right."""
        tokens = theme.current()
        step = labelled_step(self._axis.scale)
        minor = max(1, step // 5)
        first = self._axis.frame_at(place.left() - LABEL_WIDTH)
        chip = self._chip(painter)
        for frame in range(first - first % minor, self._axis.frame_at(place.right()) + 1, minor):
            x = self._axis.center_of(frame)
            is_major = frame % step == 0
            painter.setPen(QColor(tokens.text_3 if is_major else tokens.surface_3))
            painter.drawLine(QPointF(x, HEIGHT - (6 if is_major else 4)), QPointF(x, HEIGHT - 1))
            text = f"{frame:,}"
            end = x + 4 + painter.fontMetrics().horizontalAdvance(text)
            is_free = end < chip.left() - 2 or x + 4 > chip.right() + 2
            if is_major and is_free and end <= self._axis.width:
                painter.drawText(QRectF(x + 4, 0, LABEL_WIDTH, HEIGHT - 6), Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_playhead(self, painter: QPainter, tokens: theme.Theme) -> None:
        x, chip = self._axis.center_of(self._desk.frame), self._chip(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.text_1))
        painter.drawPolygon(QPolygonF([QPointF(x - 4, 19), QPointF(x + 4, 19), QPointF(x, HEIGHT)]))
        painter.drawRoundedRect(chip, 4, 4)
        painter.setPen(QColor(tokens.surface_0))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, f"{self._desk.frame:,}")

    def _chip(self, painter: QPainter) -> QRectF:
        """Where the number of the frame in view stands, which hides no half of another."""
        width = painter.fontMetrics().horizontalAdvance(f"{self._desk.frame:,}") + 14
        x = self._axis.center_of(self._desk.frame) - width / 2
        return QRectF(max(0.0, min(x, self._axis.width - width)), 2, width, 18)

    # --- mouse ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or self._desk.source is None:
            return
        self._hide_card()
        frame = self._frame_of(event)
        grip = self._grip_at(event.position())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._held_end = frame
            self._desk.set_range(frame, frame)
        elif grip is not None:
            self._held_end = self._desk.range[0] if grip == "out" else self._desk.range[1]
            self._dragged = grip
        else:
            mark = mark_at(self._desk.document, self._axis, event.position().x() - HEADER_WIDTH)
            self._desk.set_scrubbing(True)
            self._desk.set_frame(frame if mark is None else mark.frame)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._desk.source is None:
            return
        if not event.buttons() & Qt.MouseButton.LeftButton:
            self._hover(event)
            return
        frame = self._frame_of(event)
        if self._held_end is None:
            self._desk.set_scrubbing(True)
            self._desk.set_frame(frame)
        elif self._dragged == "in":
            self._desk.set_range(min(frame, self._held_end), self._desk.range_out)
        elif self._dragged == "out":
            self._desk.set_range(self._desk.range_in, max(frame, self._held_end))
        else:
            self._desk.set_range(min(frame, self._held_end), max(frame, self._held_end))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held_end, self._dragged = None, ""
        self._desk.set_scrubbing(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """On the handles of the range a double click clears it; elsewhere it is a second click."""
        if self._grip_at(event.position()) is not None:
            self._desk.set_range(None, None)
        else:
            self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._desk.source is None or event.pos().x() < HEADER_WIDTH:
            return
        self._hide_card()
        x = event.pos().x() - HEADER_WIDTH
        mark = mark_at(self._desk.document, self._axis, x)
        frame = self._axis.frame_at(x) if mark is None else mark.frame
        self.menu_requested.emit(event.globalPos(), frame)

    def leaveEvent(self, event: QEvent) -> None:
        self._hide_card()

    def _grip_at(self, place: QPointF) -> str | None:
        """Which end of the range is under the pointer: "in", "out" or None. The handles are in the lower half."""
        if place.y() < HEIGHT - GRIP_HEIGHT:
            return None
        x = place.x() - HEADER_WIDTH
        ends = {"in": (self._desk.range_in, 0), "out": (self._desk.range_out, 1)}
        far = {
            name: abs(self._axis.x_of(frame + more) - x) for name, (frame, more) in ends.items() if frame is not None
        }
        nearest = min(far, key=lambda name: far[name], default=None)
        return nearest if nearest is not None and far[nearest] <= REACH else None

    def _hover(self, event: QMouseEvent) -> None:
        """The frame under the pointer, with its masks; on a mark, its own frame and what it says."""
        x = event.position().x() - HEADER_WIDTH
        grip = self._grip_at(event.position())
        self.setCursor(Qt.CursorShape.SizeHorCursor if grip else Qt.CursorShape.ArrowCursor)
        if self.card is None or not 0 <= x <= self._axis.width:
            self._hide_card()
            return
        mark = mark_at(self._desk.document, self._axis, x)
        frame = self._axis.frame_at(x) if mark is None else mark.frame
        top = self.mapToGlobal(QPoint(round(event.position().x()), 0))
        self.card.point(top, frame, "" if mark is None else mark.words)

    def _hide_card(self) -> None:
        if self.card is not None:
            self.card.leave()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Alt steps through the frames; a wheel with Alt held turns sideways on some systems."""
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            turned = event.angleDelta().y() or event.angleDelta().x()
            if turned:
                self._desk.set_frame(self._desk.frame - (1 if turned > 0 else -1))
            event.accept()
        else:
            turn_time(self._axis, event)

    def _frame_of(self, event: QMouseEvent) -> int:
        return self._axis.frame_at(event.position().x() - HEADER_WIDTH)


def turn_time(axis: TimeAxis, event: QWheelEvent) -> bool:
    """What a wheel means over time: Ctrl zooms at the pointer, Shift or a sideways wheel moves. False: not for us."""
    delta = event.angleDelta()
    if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        axis.zoom(1.25 ** (delta.y() / 120), event.position().x() - HEADER_WIDTH)
    elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier or abs(delta.x()) > abs(delta.y()):
        axis.scroll(-(delta.x() or delta.y()))
    else:
        event.ignore()
        return False
    event.accept()
    return True
