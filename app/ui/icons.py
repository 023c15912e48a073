"""Line icons of the window: SVG files of 24 by 24 in `resources/icons`, drawn in any colour at any size."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.ui import theme

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "icons"
_SIZES = (16, 20, 24)
_RATIOS = (1, 2, 3)


def names() -> list[str]:
    """Every icon there is, in order of the alphabet."""
    return sorted(path.stem for path in FOLDER.glob("*.svg"))


def paint_icon(painter: QPainter, rect: QRectF, name: str, color: QColor | str) -> None:
    """Draw an icon into a rectangle with a painter, as lines in one colour."""
    _renderer(name, QColor(color).name()).render(painter, rect)


def pixmap(name: str, size: int, color: QColor | str, ratio: float = 1.0) -> QPixmap:
    """An icon as a picture of `size` logical pixels for a screen with this device pixel ratio."""
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint_icon(painter, QRectF(0, 0, picture.width(), picture.height()), name, color)
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, color: QColor | str | None = None) -> QIcon:
    """An icon for buttons and menus in the theme's second text colour, or in `color`; white where it is switched on.

    It keeps the colours of the theme in force now: set it again on `theme.on_change().changed`.
    """
    tokens = theme.current()
    normal = QColor(color) if color is not None else QColor(tokens.text_2)
    result = QIcon()
    for mode, state, tint in (
        (QIcon.Mode.Normal, QIcon.State.Off, normal),
        (QIcon.Mode.Normal, QIcon.State.On, QColor("#FFFFFF")),
        (QIcon.Mode.Disabled, QIcon.State.Off, QColor(tokens.surface_3)),
    ):
        for size in _SIZES:
            for ratio in _RATIOS:
                result.addPixmap(pixmap(name, size, tint, ratio), mode, state)
    return result


@lru_cache(maxsize=256)
def _renderer(name: str, color: str) -> QSvgRenderer:
    text = (FOLDER / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", color)
    return QSvgRenderer(QByteArray(text.encode()))
