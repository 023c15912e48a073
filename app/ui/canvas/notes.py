"""Small notes in the corners of the canvas. They fade when the pointer is near, and never take a click."""

from __future__ import annotations

from PySide6.QtCore import Property, QPoint, QPropertyAnimation, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.ui import theme

NEAR = 60
"""The pointer is near within this many logical pixels."""
_FADED = 0.12
_BACKGROUND = QColor(20, 24, 29, 215)


class CornerNote(QWidget):
    """One line of text on a dark chip over the picture; hidden while it has no text."""

    resized = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = ""
        self._strength = 1.0
        self._fade = QPropertyAnimation(self, b"strength", self)
        self._fade.setDuration(theme.MOTION_MS)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def text(self) -> str:
        return self._text

    def set_text(self, text: str) -> None:
        """Show this, or nothing."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.resize(self.sizeHint())
            self.resized.emit()
            self.setVisible(bool(text))
            self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme.interface_font(theme.FONT_SIZE_SECONDARY))
        return QSize(metrics.horizontalAdvance(self._text) + 18, metrics.height() + 8)

    def mind_pointer(self, place: QPoint | None) -> None:
        """Fade if the pointer is near, come back when it goes."""
        is_near = place is not None and self.geometry().adjusted(-NEAR, -NEAR, NEAR, NEAR).contains(place)
        goal = _FADED if is_near else 1.0
        if goal != self._fade.endValue():
            self._fade.stop()
            self._fade.setStartValue(self._strength)
            self._fade.setEndValue(goal)
            if theme.is_motion_reduced():
                self._set_strength(goal)
            else:
                self._fade.start()

    def _get_strength(self) -> float:
        return self._strength

    def _set_strength(self, strength: float) -> None:
        self._strength = strength
        self.update()

    strength = Property(float, _get_strength, _set_strength)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(self._strength)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_BACKGROUND)
        painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS_CHIP, theme.RADIUS_CHIP)
        painter.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY))
        painter.setPen(QColor(theme.DARK.text_1))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()


class CornerNotes:
    """Upper left: what was done on this frame. Lower left: zoom. Lower right: what is being waited for."""

    def __init__(self, parent: QWidget) -> None:
        self.done = CornerNote(parent)
        self.zoom = CornerNote(parent)
        self.waiting = CornerNote(parent)
        self._parent = parent
        self._picture = QRectF(parent.rect())
        self.waiting.resized.connect(self.arrange)

    def arrange(self, picture: QRectF | None = None) -> None:
        """Put every note inside its corner of the picture as far as it is seen."""
        if picture is not None:
            self._picture = picture
        picture = self._picture
        seen = picture.intersected(QRectF(self._parent.rect())).toRect()
        gap = theme.SPACE_2
        self.done.move(seen.left() + gap, seen.top() + gap)
        self.zoom.move(seen.left() + gap, seen.bottom() - gap - self.zoom.height() + 1)
        self.waiting.move(
            seen.right() - gap - self.waiting.width() + 1, seen.bottom() - gap - self.waiting.height() + 1
        )

    def mind_pointer(self, place: QPoint | None) -> None:
        for note in (self.done, self.zoom, self.waiting):
            note.mind_pointer(place)
