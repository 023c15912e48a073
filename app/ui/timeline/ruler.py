"""The ruler: frame numbers, the range between in and out, the playhead. Click or drag to scrub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.ui import theme
from app.ui.desk import Desk
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.axis_marks import paint_cuts, paint_flags, paint_markers

if TYPE_CHECKING:
    from app.document.document import Change

HEIGHT = 26
HEADER_WIDTH = 172
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
CLEAR_BETWEEN_LABELS = 70


def labelled_step(scale: float) -> int:
    """Frames between two labels, so that they stand clear of each other at `scale` pixels per frame."""
    return next((step for step in STEPS if step * scale >= CLEAR_BETWEEN_LABELS), STEPS[-1])


class Ruler(QWidget):
    """Frame numbers over the lanes; the strip of width HEADER_WIDTH on the left is empty, as above the names."""

    def __init__(self, desk: Desk, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._axis = desk, axis
        self._range_start: int | None = None
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Ruler")
        self.setAccessibleDescription("Frames of the clip; click to go to one")
        for signal in (axis.changed, desk.frame_changed, desk.range_changed, theme.on_change().changed):
            signal.connect(self.update)
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
            self._paint_ticks(painter)
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

    def _paint_ticks(self, painter: QPainter) -> None:
        tokens = theme.current()
        step = labelled_step(self._axis.scale)
        minor = max(1, step // 5)
        frames = self._axis.visible()
        first = frames.start - frames.start % minor
        for frame in range(first, frames.stop, minor):
            x = self._axis.center_of(frame)
            is_major = frame % step == 0
            painter.setPen(QColor(tokens.text_3 if is_major else tokens.surface_3))
            painter.drawLine(QPointF(x, HEIGHT - (6 if is_major else 4)), QPointF(x, HEIGHT - 1))
            text = f"{frame:,}"
            if is_major and x + 4 + painter.fontMetrics().horizontalAdvance(text) <= self._axis.width:
                painter.drawText(QRectF(x + 4, 0, 80, HEIGHT - 6), Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_playhead(self, painter: QPainter, tokens: theme.Theme) -> None:
        x = self._axis.center_of(self._desk.frame)
        text = f"{self._desk.frame:,}"
        width = painter.fontMetrics().horizontalAdvance(text) + 14
        left = max(0.0, min(x - width / 2, self._axis.width - width))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.text_1))
        painter.drawPolygon(QPolygonF([QPointF(x - 4, 19), QPointF(x + 4, 19), QPointF(x, HEIGHT)]))
        painter.drawRoundedRect(QRectF(left, 2, width, 18), 4, 4)
        painter.setPen(QColor(tokens.surface_0))
        painter.drawText(QRectF(left, 2, width, 18), Qt.AlignmentFlag.AlignCenter, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or self._desk.source is None:
            return
        frame = self._frame_of(event)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._range_start = frame
            self._desk.set_range(frame, frame)
        else:
            self._desk.set_frame(frame)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton or self._desk.source is None:
            return
        frame = self._frame_of(event)
        if self._range_start is not None:
            self._desk.set_range(min(frame, self._range_start), max(frame, self._range_start))
        else:
            self._desk.set_frame(frame)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._range_start = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """On the handles of the range a double click clears it."""
        if abs(event.position().y() - HEIGHT) < 10:
            self._desk.set_range(None, None)

    def wheelEvent(self, event: QWheelEvent) -> None:
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
