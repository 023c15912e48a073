"""Edits by hand in the window: a box that looks again inside only, and the offer to carry an edit on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from app.commands.masks import set_mask
from app.commands.objects import new_object, set_object_frozen
from app.document.values import Origin
from app.ui.window import MainWindow


def square(x: int = 20) -> np.ndarray:
    mask = np.zeros((72, 96), bool)
    mask[20:50, x : x + 30] = True
    return mask


@pytest.fixture
def worked(qtbot: QtBot, opened: MainWindow) -> MainWindow:
    """dog with a mask of its own on frame 0, selected; the model ready."""
    new_object(opened.desk.project, "dog")
    set_mask(opened.desk.project, 1, 0, square())
    opened.desk.select(1)
    qtbot.waitUntil(lambda: opened.desk.tracking.status.state == "ready", timeout=30_000)
    return opened


def drag(qtbot: QtBot, window: MainWindow, *places: tuple[float, float]) -> None:
    """Press at the first place of the frame, move over the others, let go at the last."""
    canvas = window.canvas
    points = [canvas.mapFromScene(QPointF(*place)) for place in places]
    qtbot.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=points[0])
    for point in points[1:]:
        qtbot.mouseMove(canvas.viewport(), point)
    qtbot.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=points[-1])


def test_a_box_looks_again_inside_and_the_rest_stays(qtbot: QtBot, worked: MainWindow) -> None:
    desk = worked.desk
    desk.actions["only_inside"].trigger()
    assert desk.tool == "box" and worked.rail.inside.isVisible() and worked.rail.inside.isChecked()
    before = desk.document.masks[(1, 0)].code.to_array()
    steps = len(desk.project.history.names[0])
    drag(qtbot, worked, (10, 10), (30, 40), (40, 60))
    assert worked.canvas.bench.awaited is not None and worked.canvas.tool.marks()
    qtbot.waitUntil(lambda: worked.canvas.bench.awaited is None, timeout=20_000)
    mask = desk.document.masks[(1, 0)]
    after = mask.code.to_array()
    inside = np.zeros_like(before)
    inside[9:61, 9:41] = True
    assert np.array_equal(after[~inside], before[~inside])
    assert not np.array_equal(after, before) and mask.origin is Origin.MANUAL
    assert (1, 0) not in desk.document.prompts
    assert desk.project.history.names[0][steps:] == ["Segment inside the box, dog, frame 0"]
    desk.actions["undo"].trigger()
    assert np.array_equal(desk.document.masks[(1, 0)].code.to_array(), before)


def test_an_answer_that_comes_after_another_edit_is_dropped(qtbot: QtBot, worked: MainWindow) -> None:
    desk = worked.desk
    desk.actions["only_inside"].trigger()
    drag(qtbot, worked, (10, 10), (30, 40), (40, 60))
    set_mask(desk.project, 1, 0, square(50))
    qtbot.waitUntil(lambda: worked.canvas.bench.awaited is None, timeout=20_000)
    assert np.array_equal(desk.document.masks[(1, 0)].code.to_array(), square(50))


def test_going_elsewhere_calls_it_off(qtbot: QtBot, worked: MainWindow) -> None:
    desk = worked.desk
    desk.actions["only_inside"].trigger()
    drag(qtbot, worked, (10, 10), (30, 40), (40, 60))
    desk.set_frame(3)
    qtbot.waitUntil(worked.frames.is_shown)
    assert worked.canvas.bench.awaited is None
    desk.set_frame(0)
    qtbot.waitUntil(worked.frames.is_shown)
    assert worked.canvas.bench.awaited is None and worked.canvas.tool.marks() == ()
    assert np.array_equal(desk.document.masks[(1, 0)].code.to_array(), square())


def test_without_a_mask_or_the_switch_a_box_is_a_prompt(qtbot: QtBot, worked: MainWindow) -> None:
    desk = worked.desk
    desk.actions["only_inside"].trigger()
    desk.set_frame(5)
    qtbot.waitUntil(worked.frames.is_shown)
    drag(qtbot, worked, (10, 10), (30, 40), (40, 60))
    assert desk.document.prompts[(1, 5)].box is not None
    desk.actions["only_inside"].trigger()
    desk.set_frame(0)
    qtbot.waitUntil(worked.frames.is_shown)
    drag(qtbot, worked, (10, 10), (30, 40), (40, 60))
    assert desk.document.prompts[(1, 0)].box is not None


def test_frozen_objects_are_not_looked_at_again(qtbot: QtBot, worked: MainWindow) -> None:
    set_object_frozen(worked.desk.project, 1, True)
    worked.desk.actions["only_inside"].trigger()
    drag(qtbot, worked, (10, 10), (30, 40), (40, 60))
    assert worked.canvas.bench.awaited is None
    assert worked.notices.texts[-1] == "dog is frozen. Take the padlock off to change it."


def test_a_box_whose_object_was_frozen_meanwhile_changes_and_offers_nothing(qtbot: QtBot, worked: MainWindow) -> None:
    desk = worked.desk
    desk.actions["only_inside"].trigger()
    before = desk.document.masks[(1, 0)]
    drag(qtbot, worked, (10, 10), (30, 40), (40, 60))
    set_object_frozen(desk.project, 1, True)
    qtbot.waitUntil(lambda: worked.canvas.bench.awaited is None, timeout=20_000)
    assert worked.notices.texts[-1] == "dog is frozen. Take the padlock off to change it."
    assert desk.document.masks[(1, 0)] == before and not worked.canvas.edit_offer.isVisible()


def test_an_edit_offers_to_be_carried_on_and_a_click_does_it(qtbot: QtBot, worked: MainWindow) -> None:
    desk, offer = worked.desk, worked.canvas.edit_offer
    assert not offer.isVisible()
    desk.set_tool("brush")
    drag(qtbot, worked, (60, 30), (70, 30))
    assert offer.isVisible()
    picture = worked.canvas.picture_rect()
    assert picture.toRect().contains(offer.geometry())
    with qtbot.waitSignal(desk.tracking.run_finished, timeout=60_000):
        qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
        assert not offer.isVisible()
    assert len(desk.document.masks_of(1)) == 16 and desk.document.masks[(1, 0)].origin is Origin.MANUAL


def test_the_offer_goes_with_the_edit_and_with_the_frame(qtbot: QtBot, worked: MainWindow) -> None:
    desk, offer = worked.desk, worked.canvas.edit_offer
    desk.set_frame(2)
    qtbot.waitUntil(worked.frames.is_shown)
    desk.set_tool("brush")
    drag(qtbot, worked, (60, 30), (70, 30))
    assert offer.isVisible()
    desk.actions["undo"].trigger()
    assert not offer.isVisible()
    desk.actions["redo"].trigger()
    assert offer.isVisible()
    desk.set_frame(3)
    qtbot.waitUntil(worked.frames.is_shown)
    assert not offer.isVisible()


def test_an_edit_is_not_offered_any_more_once_its_project_was_closed(
    qtbot: QtBot, worked: MainWindow, clip: Path, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    desk, offer = worked.desk, worked.canvas.edit_offer
    desk.set_tool("brush")
    drag(qtbot, worked, (60, 30), (70, 30))
    assert offer.isVisible()
    worked.projects.close()
    open_clip(worked, clip)
    desk.select(1)
    assert desk.document.masks[(1, 0)].origin is Origin.MANUAL and not offer.isVisible()


def test_size_and_mode_of_the_brush_stand_in_the_rail(worked: MainWindow) -> None:
    rail, desk = worked.rail, worked.desk
    desk.set_tool("brush")
    assert rail.size_box.isVisible() and rail.size_box.text() == "24" and rail._mode.text() == "paint"
    desk.actions["brush_bigger"].trigger()
    assert rail.size_box.text() == "26"
    desk.set_tool("eraser")
    assert rail._mode.text() == "erase" and not rail.inside.isVisible()
    desk.set_tool("box")
    assert rail.inside.isVisible() and not rail.size_box.isVisible()
