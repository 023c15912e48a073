"""The key pointer: a cross on the picture that arrows move and Enter clicks with, for hands that use no mouse."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen

from app.ui.canvas.pointing import Pointing
from app.ui.canvas.zoom import ZoomView
from app.ui.desk import Desk
from app.ui.tools.tool import Button

FAR, NEAR = 8, 1
"""Logical pixels of the screen that an arrow moves it, without and with Shift."""
MARGIN = 24
"""So far from the edge of the view it stays; the picture moves instead."""
ARM, GAP = 12, 3
_WAYS = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_DEEDS = {
    "select": "Enter: select · Shift+Enter: menu",
    "point": "Enter: add · Shift+Enter: take away",
    "box": "Enter: corner · Shift+Enter: take away",
    "lasso": "Enter: corner, on the first: close · Shift+Enter: take the last corner back",
}
"""What Enter does with each tool that can be used this way; painting needs a pointer."""


class KeyPointer(QObject):
    """While it is on, the arrows are its own, and so is Enter; Esc leaves it. It never leaves the frame."""

    changed = Signal()
    """It was turned on or off."""

    def __init__(self, view: ZoomView, pointing: Pointing, desk: Desk) -> None:
        super().__init__(view)
        self._view, self._pointing, self._desk = view, pointing, desk
        desk.project_changed.connect(self.leave)

    @property
    def is_on(self) -> bool:
        return self._pointing.cross is not None

    def toggle(self) -> None:
        """Turn it on, in the middle of what is seen of the frame, or off."""
        if self.leave():
            return
        self._view.setFocus()
        self._pointing.move_cross(self._view.seen_rect().center())
        self.changed.emit()

    def leave(self) -> bool:
        """Turn it off; False if it was off."""
        if not self.is_on:
            return False
        self._pointing.move_cross(None)
        self.changed.emit()
        return True

    def is_key(self, key: int) -> bool:
        """Whether this key is its own now."""
        return self.is_on and (key in _WAYS or key in _ENTER)

    def take_key(self, key: int, *, is_shift: bool) -> None:
        """Move by an arrow, or click with Enter; with Shift: finely, and with the right button."""
        cross = self._pointing.cross
        if cross is None:
            return
        if key in _ENTER:
            if self._desk.tool in _DEEDS:
                self._pointing.click_at(cross, Button.RIGHT if is_shift else Button.LEFT)
            else:
                self._desk.notice.emit(self._needs_pointer(), "info")
            return
        height, width = self._view.picture_size()
        place = cross + _WAYS[Qt.Key(key)] * (NEAR if is_shift else FAR) / self._view.view_scale
        # The last pixel still belongs to the frame, its right edge does not.
        place.setX(min(max(place.x(), 0.0), width - 0.5))
        place.setY(min(max(place.y(), 0.0), height - 0.5))
        self._bring_into_view(place)
        self._pointing.move_cross(place)

    def hint(self) -> str:
        """What the keys do now."""
        deed = _DEEDS.get(self._desk.tool, self._needs_pointer())
        return f"Arrows: move the cross, with Shift by 1 px · {deed} · Esc: leave"

    def _needs_pointer(self) -> str:
        tool = "eraser" if self._desk.tool == "eraser" else "brush"
        return f"The {tool} needs a mouse or pen; Points (Q), Box (W) and Lasso (G) do not"

    def _bring_into_view(self, place: QPointF) -> None:
        room = self._view.viewport().rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        at = self._view.from_frame(place)
        inside = QPointF(min(max(at.x(), room.left()), room.right()), min(max(at.y(), room.top()), room.bottom()))
        if not self._view.is_fitted:
            self._view.pan((inside - at).toPoint())

    def draw(self, painter: QPainter) -> None:
        """The cross, light in a dark rim, open in the middle so that the pixel meant is seen."""
        if self._pointing.cross is None:
            return
        at = self._view.from_frame(self._pointing.cross)
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for color, width in ((QColor(0, 0, 0, 190), 4.0), (QColor(255, 255, 255), 1.5)):
            painter.setPen(QPen(color, width))
            for way in _WAYS.values():
                painter.drawLine(at + way * GAP, at + way * ARM)
        painter.restore()
