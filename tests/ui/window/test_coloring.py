"""View > Colour by: objects in colours of their own or of their categories, wherever they are shown, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor

from app.commands.coloring import ORIGIN_SHADES
from app.commands.masks import set_mask
from app.commands.objects import new_category, new_object, set_category_color, set_object_category
from app.commands.review import verify_cells
from app.document.steps import SetMasks
from app.document.values import FrameMask, Origin
from app.ui import theme
from app.ui.panels.object_list import ShadeRole
from app.ui.timeline.lane_painter import BAR_HEIGHT, BAR_TOP
from app.ui.timeline.ruler import HEADER_WIDTH
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


def words(window: MainWindow, frame: int) -> str:
    """What the first lane says of a frame."""
    return window.timeline.lanes.words_at(HEADER_WIDTH + window.timeline.axis.center_of(frame), BAR_TOP)


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


def test_masks_are_told_apart_by_who_made_them_on_picture_and_lanes(three: MainWindow) -> None:
    document, lanes = three.desk.document, three.timeline.lanes
    assert document is not None
    code = document.masks[1, 0].code
    document.apply(SetMasks({(1, frame): FrameMask(code, origin=Origin.PROPAGATED) for frame in range(1, 16)}))
    document.apply(SetMasks({(2, 0): FrameMask(code, origin=Origin.IMPORTED)}))
    three.desk.actions["color_by_origin"].trigger()
    by_hand, run, imported = (ORIGIN_SHADES[origin] for origin in (Origin.MANUAL, Origin.PROPAGATED, Origin.IMPORTED))
    assert tints(three) == [rgb(theme.picture_color(place)) for place in (by_hand, imported, by_hand)]
    assert [chip(three, row) for row in range(3)] == [theme.current().object_color(place) for place in range(3)]
    assert "; made by hand" in words(three, 0) and words(three, 8).endswith("not looked at; from a run")
    verify_cells(three.desk.project, [(1, frame) for frame in range(16)])
    picture, middle = lanes.grab().toImage(), BAR_TOP + BAR_HEIGHT - 2
    bar = [picture.pixelColor(HEADER_WIDTH + round(three.timeline.axis.x_of(frame)) + 12, middle) for frame in (0, 8)]
    assert bar == [theme.current().object_color(place) for place in (by_hand, run)]
    three.desk.actions["color_by_object"].trigger()
    assert tints(three)[0] == rgb(theme.picture_color(0)) and "from a run" not in words(three, 8)


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
