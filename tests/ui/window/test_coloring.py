"""View > Colour by: objects in colours of their own or of their categories, wherever they are shown, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor

from app.commands.masks import set_mask
from app.commands.objects import new_category, new_object, set_category_color, set_object_category
from app.ui import theme
from app.ui.panels.object_list import ShadeRole
from app.ui.window import MainWindow


@pytest.fixture
def three(opened: MainWindow) -> MainWindow:
    """Two dogs and something without a category, each with a mask on frame 0."""
    project = opened.desk.project
    assert project is not None
    dog = new_category(project, "dog")
    mask = np.zeros((72, 96), bool)
    for number in range(3):
        made = new_object(project, f"thing {number}", dog.id if number < 2 else None)
        mask[:] = False
        mask[10:30, 30 * number : 30 * number + 20] = True
        set_mask(project, made.id, 0, mask)
    return opened


def tints(window: MainWindow) -> list[tuple[int, int, int]]:
    return [layer.color for layer in sorted(window.canvas.labels.layers, key=lambda layer: layer.object_id)]


def rgb(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()


def chip(window: MainWindow, row: int) -> QColor:
    """The colour in the header of a lane."""
    lanes = window.timeline.lanes
    top = lanes.top_of(list(window.desk.document.objects)[row])
    return QColor(lanes.grab().toImage().pixel(16, top + 10))


def test_objects_take_the_colour_of_their_category_on_canvas_lanes_and_lists(three: MainWindow) -> None:
    own = [rgb(theme.picture_color(place)) for place in range(3)]
    assert tints(three) == own
    three.desk.actions["color_by_category"].trigger()
    grey = QColor(theme.DARK.text_2)
    assert tints(three) == [own[0], own[0], rgb(grey)]
    assert chip(three, 0) == chip(three, 1) == theme.current().object_color(0)
    assert chip(three, 2) == QColor(theme.current().text_3)
    model = three.objects_panel.list.model()
    assert [model.index(row, 0).data(ShadeRole) for row in range(3)] == [0, 0, None]
    assert three.desk.actions["color_by_category"].isChecked()
    three.desk.actions["color_by_object"].trigger()
    assert tints(three) == own and chip(three, 1) == theme.current().object_color(1)


def test_a_category_that_changes_its_colour_changes_its_objects_at_once(three: MainWindow) -> None:
    project = three.desk.project
    assert project is not None
    three.desk.actions["color_by_category"].trigger()
    set_category_color(project, 1, "#102030")
    assert tints(three)[:2] == [(16, 32, 48)] * 2 and chip(three, 1) == QColor("#102030")
    set_object_category(project, 3, 1)
    assert tints(three) == [(16, 32, 48)] * 3 and chip(three, 2) == QColor("#102030")


def test_the_choice_holds_for_other_clips_and_the_next_start(
    three: MainWindow, make_window: Callable[[], MainWindow], clip: Path, open_clip: Any
) -> None:
    three.desk.actions["color_by_category"].trigger()
    three.close()
    again = make_window()
    assert again.desk.color_by == "category" and again.desk.actions["color_by_category"].isChecked()
    open_clip(again, clip)
    assert tints(again)[0] == tints(again)[1]
