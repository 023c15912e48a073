"""The view goes with the selected object from frame to frame."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.ui.window import MainWindow


@pytest.fixture
def walking(qtbot, opened: MainWindow) -> MainWindow:
    """One object whose mask goes right by three pixels a frame and grows, with a gap on frame 5."""
    project = opened.desk.project
    new_object(project, "dog")
    for frame in (0, 1, 2, 3, 4, 6):
        mask = np.zeros((72, 96), bool)
        mask[20 : 30 + frame, 8 + 3 * frame : 28 + 4 * frame] = True
        set_mask(project, 1, frame, mask)
    opened.desk.select(1)
    return opened


def go(qtbot, window: MainWindow, frame: int) -> tuple[float, float, float]:
    """x, y of the mask's middle, from the middle of the view, and its longer side, all in pixels of the screen."""
    window.desk.set_frame(frame)
    qtbot.waitUntil(window.frames.is_shown)
    x0, y0, x1, y1 = window.canvas.labels.box_of(1)
    middle = window.canvas.viewportTransform().map(QPointF((x0 + x1) / 2, (y0 + y1) / 2))
    room = window.canvas.viewport().rect().center()
    return middle.x() - room.x(), middle.y() - room.y(), max(x1 - x0, y1 - y0) * window.canvas.view_scale


def test_the_object_stays_in_the_middle_and_as_large_and_a_hand_on_the_zoom_is_kept(qtbot, walking) -> None:
    canvas, action = walking.canvas, walking.desk.actions["follow_object"]
    action.trigger()
    assert action.isChecked() and not canvas.is_fitted
    sizes = []
    for frame in (1, 2, 4):
        x, y, size = go(qtbot, walking, frame)
        assert abs(x) <= 2 and abs(y) <= 2
        sizes.append(size)
    assert sizes == pytest.approx([sizes[0]] * 3)
    canvas.zoom(1.5)
    x, y, size = go(qtbot, walking, 6)
    assert abs(x) <= 2 and abs(y) <= 2 and size == pytest.approx(1.5 * sizes[0])


def test_without_a_mask_the_view_stays_and_switched_off_it_follows_nothing(qtbot, walking) -> None:
    canvas, action = walking.canvas, walking.desk.actions["follow_object"]
    action.trigger()
    go(qtbot, walking, 4)
    view = (canvas.view_scale, canvas.center)
    walking.desk.set_frame(5)
    qtbot.waitUntil(walking.frames.is_shown)
    assert (canvas.view_scale, canvas.center) == view
    action.trigger()
    go(qtbot, walking, 1)
    assert not action.isChecked() and (canvas.view_scale, canvas.center) == view
