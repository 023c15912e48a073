"""Chips and colours: told apart where they repeat, seen on any ground, and texts on them are read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from app.commands.coloring import Shade
from app.ui import theme
from app.ui.chips import RING, paint_chip
from app.ui.dialogs.color_dialog import ColorDialog


@pytest.fixture(params=["dark", "light"])
def tokens(request: pytest.FixtureRequest, qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[theme.Theme]:
    monkeypatch.setattr(theme, "_current", theme.THEMES[request.param])
    yield theme.current()


def painted(shade: Shade) -> QImage:
    """A chip from (10, 10) to (20, 20) on the ground of lists."""
    picture = QImage(30, 30, QImage.Format.Format_RGB32)
    picture.fill(QColor(theme.current().surface_1))
    painter = QPainter(picture)
    paint_chip(painter, QRectF(10, 10, 10, 10), shade)
    painter.end()
    return picture


def test_a_colour_that_came_before_has_a_ring(tokens: theme.Theme) -> None:
    ground, color = QColor(tokens.surface_1), tokens.object_color(3)
    first, again = painted(3), painted(15)
    assert first.pixelColor(15, 15) == again.pixelColor(15, 15) == color
    ring = (15, 10 - int(RING))
    assert first.pixelColor(*ring) == ground and again.pixelColor(*ring) == color
    assert again.pixelColor(15, 9) == ground, "there is a gap between chip and ring"


def test_a_colour_that_the_ground_swallows_has_a_border(tokens: theme.Theme) -> None:
    border = QColor(tokens.text_2)
    assert painted(tokens.surface_1).pixelColor(15, 10) == border
    for place in range(12):
        assert painted(place).pixelColor(15, 10) == tokens.object_color(place)


def test_every_colour_of_the_palette_stands_on_lists_and_lanes(tokens: theme.Theme) -> None:
    for ground in (tokens.surface_1, tokens.lane):
        assert min(theme.contrast(color, ground) for color in tokens.object_colors) >= 3
    assert min(theme.contrast(theme.text_on(QColor(color)), color) for color in tokens.object_colors) >= 4.5


def test_the_picker_says_which_colours_are_hard_to_see(qtbot, tokens: theme.Theme) -> None:
    home = QWidget()
    qtbot.addWidget(home)
    dialog = ColorDialog(tokens.object_color(2), home, "Colour of dog")
    assert dialog.remark.text() == ""
    dialog.setCurrentColor(QColor(tokens.surface_1))
    assert dialog.remark.text() == "Hard to see on lists and lanes (1.0 : 1). It gets a border there."
    dialog.setCurrentColor(QColor("#777777"))
    assert dialog.remark.text() == ""


def test_contrast_is_that_of_wcag() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#0B5CAD", "#FFFFFF") == pytest.approx(6.7, abs=0.05)
