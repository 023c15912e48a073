"""S2 Box, minus, brush, undo by strokes. The numbers are the story's own."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.document.values import Origin

pytestmark = pytest.mark.timeout(600)


def draw_box(person: Any, balls: Any) -> None:
    """W, then a box round the red ball on frame 0."""
    x, y = balls.center("red", 0)
    person.key("W")
    person.drag((x - 42, y - 42), (x, y), (x + 42, y + 42))
    person.wait_for_answer((1, 0))


def test_s2_box_minus_brush_and_undo_by_strokes(at_balls: Any, balls: Any) -> None:
    person = at_balls
    document, window = person.document, person.window
    opened = person.state
    x, y = balls.center("red", 0)

    # 1 W, drag round the red ball: a dashed box with handles, and a mask.
    draw_box(person, balls)
    box = document.prompts[1, 0].box
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx((x - 42, y - 42, x + 42, y + 42), abs=2)
    assert document.masks[1, 0].code.to_array()[int(y), int(x)]

    # 2 Q, right click beside the ball inside the box: minus, and the mask does not contain that pixel.
    corner = (x + 37, y - 37)
    person.key("Q")
    person.click(*corner, button=Qt.MouseButton.RightButton)
    assert [point.is_positive for point in document.prompts[1, 0].points] == [False]
    person.wait_for_answer((1, 0))
    assert not person.mask(1, 0)[int(corner[1]), int(corner[0])]

    # 3 Drag the minus dot elsewhere: the mask follows on the way; one step of history.
    steps = len(person.history.names[0])
    before = document.masks[1, 0]

    def look() -> None:
        assert document.masks[1, 0] == before and document.prompts[1, 0].points[0].x == pytest.approx(corner[0], abs=2)
        person.wait(lambda: window.canvas.bench.preview.moved is not None)

    person.drag(corner, (x + 60, y + 40), (x + 110, y + 60), on_the_way=look)
    assert document.prompts[1, 0].points[0].x == pytest.approx(x + 110, abs=2)
    person.wait_for_answer((1, 0))
    assert window.canvas.bench.preview.moved is None
    assert len(person.history.names[0]) == steps + 1

    # 4 B, ] three times: the circle grows thrice; a painted bump is in the mask, which is made by hand now.
    person.key("B")
    sizes = [window.canvas.brush_size]
    for _ in range(3):
        person.key("]")
        sizes.append(window.canvas.brush_size)
    assert sizes == sorted(set(sizes))
    person.click(x, y - 60)
    assert person.mask(1, 0)[int(y - 60), int(x)]
    assert document.masks[1, 0].origin is Origin.MANUAL
    bumped = document.masks[1, 0].code

    # 5 Two more strokes; the right button erases over one of them.
    strokes = [bumped]
    person.drag((x + 60, y - 20), (x + 90, y), (x + 120, y + 10))
    strokes.append(document.masks[1, 0].code)
    person.drag((x + 60, y + 90), (x + 120, y + 90))
    strokes.append(document.masks[1, 0].code)
    assert person.mask(1, 0)[int(y + 90), int(x + 90)]
    person.drag((x + 60, y + 90), (x + 120, y + 90), button=Qt.MouseButton.RightButton)
    strokes.append(document.masks[1, 0].code)
    assert not person.mask(1, 0)[int(y + 90), int(x + 90)]
    assert all(one != other for one, other in itertools.pairwise(strokes))
    done = person.state

    # 6 Ctrl+Z twice: the eraser's stroke, then the last painted one; the first bump stays.
    person.key("Ctrl+Z")
    assert document.masks[1, 0].code == strokes[2]
    person.key("Ctrl+Z")
    assert document.masks[1, 0].code == strokes[1]
    assert person.mask(1, 0)[int(y - 60), int(x)]

    # 7 The button Undo until it is disabled: as opened. Button and key stop together.
    button = window.rail.buttons["undo"]
    while button.isEnabled():
        person.press_button(button)
    assert {**person.state, "next ids": None} == {**opened, "next ids": None}
    assert not window.desk.actions["undo"].isEnabled()
    person.key("Ctrl+Z")
    assert not document.objects

    # 8 Redo all: the same run lengths as after step 5.
    while window.rail.buttons["redo"].isEnabled():
        person.press_button(window.rail.buttons["redo"])
    assert person.state == done

    person.reopen()


def test_s2_a_dot_may_be_taken_away_by_ctrl_click(at_balls: Any, balls: Any) -> None:
    x, y = balls.center("red", 0)
    draw_box(at_balls, balls)
    at_balls.key("Q")
    at_balls.click(x + 37, y - 37, held=Qt.KeyboardModifier.ControlModifier)
    assert [point.is_positive for point in at_balls.document.prompts[1, 0].points] == [False]
    at_balls.wait_for_answer((1, 0))
