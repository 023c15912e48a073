"""The small square in an object's colour that stands beside its name, the same in every list."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from app.commands.coloring import Shade, is_repeated
from app.ui import theme

RING = 3.0
"""How far a ring goes beyond its chip, in logical pixels."""


def paint_chip(painter: QPainter, place: QRectF, shade: Shade) -> None:
    """A colour of the palette that came before has a ring round it, one that the panels' ground swallows a border."""
    color = theme.current().object_color(shade)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(place, 2, 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if theme.is_hard_to_see(color):
        painter.setPen(QPen(QColor(theme.current().text_2), 1))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
    if is_repeated(shade):
        painter.setPen(QPen(color, 1.2))
        painter.drawRoundedRect(place.adjusted(-RING, -RING, RING, RING), 4, 4)


def chip_icon(shade: Shade, size: int = 16) -> QIcon:
    """A chip for lists and menus, `size` logical pixels with the room for its ring."""
    picture = QPixmap(2 * size, 2 * size)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    margin = RING + 1 if is_repeated(shade) else 1.0
    paint_chip(painter, QRectF(0, 0, size, size).adjusted(margin, margin, -margin, -margin), shade)
    painter.end()
    return QIcon(picture)
