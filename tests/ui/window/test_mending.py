"""Mending the mask in view: each verb changes what it says, in one step to undo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.commands.review import mark_absent
from app.ui.window import MainWindow


def square() -> np.ndarray:
    mask = np.zeros((72, 96), bool)
    mask[20:50, 10:50] = True
    return mask


@pytest.fixture
def draw(opened: MainWindow) -> Callable[[np.ndarray], None]:
    """draw(pixels) makes them the mask of the selected object on the frame in view."""
    project = opened.desk.project
    assert project is not None
    opened.desk.select(new_object(project, "dog").id)
    return lambda pixels: set_mask(project, 1, 0, pixels)


def mask_of(window: MainWindow, frame: int = 0) -> np.ndarray:
    assert window.desk.document is not None
    return window.desk.document.masks[1, frame].code.to_array()


def do(window: MainWindow, name: str) -> None:
    assert window.desk.actions[name].isEnabled(), name
    window.desk.actions[name].trigger()


def test_holes_are_filled_and_specks_removed(opened: MainWindow, draw: Callable[[np.ndarray], None]) -> None:
    damaged = square()
    damaged[30:35, 20:25] = False
    damaged[60:64, 70:74] = True
    draw(damaged)
    do(opened, "fill_holes")
    assert mask_of(opened)[30:35, 20:25].all()
    do(opened, "remove_specks")
    assert (mask_of(opened) == square()).all()
    do(opened, "remove_specks")
    assert "The mask has no loose piece of 100 px or less." in opened.notices.texts
    do(opened, "undo")
    do(opened, "undo")
    assert (mask_of(opened) == damaged).all()


def test_the_edge_grows_shrinks_and_is_smoothed(opened: MainWindow, draw: Callable[[np.ndarray], None]) -> None:
    draw(square())
    do(opened, "grow_mask")
    assert mask_of(opened)[19, 30] and mask_of(opened).sum() > square().sum()
    do(opened, "undo")
    do(opened, "shrink_mask")
    assert (mask_of(opened)[21:49, 11:49]).all() and mask_of(opened).sum() == 28 * 38
    do(opened, "smooth_mask")
    assert not mask_of(opened)[21, 11] and mask_of(opened)[35, 11]


@pytest.mark.parametrize(
    ("key", "held", "right", "down"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier, -1, 0),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier, 1, 0),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier, 0, -1),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier, 0, 1),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier, -10, 0),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier, 0, 10),
    ],
)
def test_arrows_with_alt_nudge_the_mask(
    qtbot,
    opened: MainWindow,
    draw: Callable[[np.ndarray], None],
    key: Qt.Key,
    held: Qt.KeyboardModifier,
    right: int,
    down: int,
) -> None:
    draw(square())
    opened.canvas.setFocus()
    qtbot.keyClick(opened.canvas, key, held)
    assert opened.desk.frame == 0
    assert (mask_of(opened) == np.roll(square(), (down, right), (0, 1))).all()


def test_a_mask_is_not_nudged_out_of_the_picture(opened: MainWindow, draw: Callable[[np.ndarray], None]) -> None:
    sliver = np.zeros((72, 96), bool)
    sliver[10:20, :5] = True
    draw(sliver)
    do(opened, "nudge_left_far")
    assert (mask_of(opened) == sliver).all()
    assert any("would leave the picture" in text for text in opened.notices.texts)


def test_an_absent_object_has_no_mask_to_mend(opened: MainWindow, draw: Callable[[np.ndarray], None]) -> None:
    assert not opened.desk.actions["grow_mask"].isEnabled()
    assert opened.desk.project is not None
    mark_absent(opened.desk.project, [(1, 0)])
    do(opened, "grow_mask")
    assert any("no mask to mend" in text for text in opened.notices.texts)


def test_masks_are_interpolated_around_the_frame_in_view(
    qtbot, opened: MainWindow, draw: Callable[[np.ndarray], None]
) -> None:
    desk = opened.desk
    assert desk.project is not None
    draw(square())
    do(opened, "interpolate")
    assert any("itself made by hand" in text for text in opened.notices.texts)
    set_mask(desk.project, 1, 4, np.roll(square(), 8, 1))
    desk.set_frame(1)
    qtbot.waitUntil(opened.frames.is_shown)
    do(opened, "interpolate")
    assert (mask_of(opened, 2) == np.roll(square(), 4, 1)).all()
    assert "Interpolated 3 masks." in opened.notices.texts
