"""Brush and eraser: what is painted, and that one stroke is one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.document.values import Origin
from app.ui.canvas.bench import CanvasBench
from app.ui.desk import Desk
from app.ui.tools.brush import BrushSize, BrushTool, EraserTool, draw_line
from app.ui.tools.tool import Button, CircleMark


def mask(bench: CanvasBench) -> np.ndarray:
    found = bench.mask()
    assert found is not None
    return found


def test_a_stroke_is_added_to_the_mask_as_one_step_by_hand(
    desk: Desk, bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    assert desk.project is not None
    before = mask(bench)
    hand(BrushTool(bench, BrushSize(6))).drag((40, 40), (45, 40), (50, 40))
    after = mask(bench)
    assert after[40, 40:50].all()
    assert (after & before == before).all()
    assert desk.project.document.masks[1, 0].origin is Origin.MANUAL
    desk.project.history.undo()
    assert (mask(bench) == before).all()


def test_the_right_button_erases_with_the_brush_and_paints_with_the_eraser(
    bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    hand(BrushTool(bench, BrushSize(4))).drag((2, 20), (18, 20), button=Button.RIGHT)
    assert not mask(bench)[20, 2:18].any()
    eraser = hand(EraserTool(bench, BrushSize(4)))
    eraser.drag((2, 20), (18, 20), button=Button.RIGHT)
    assert mask(bench)[20, 2:18].all()
    eraser.drag((2, 20), (18, 20))
    assert not mask(bench)[20, 2:18].any()


def test_the_stroke_is_seen_while_it_is_drawn_and_esc_takes_it_away(
    bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    tool = BrushTool(bench, BrushSize(6))
    moves = hand(tool)
    before = mask(bench)
    tool.press(moves.at(50, 40, Button.LEFT))
    assert bench.stroke is not None and bench.stroke[40, 50]
    assert tool.cancel()
    assert bench.stroke is None
    tool.release(moves.at(50, 40, Button.LEFT))
    assert (mask(bench) == before).all()


def test_shift_draws_a_straight_line_from_the_last_dab(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    moves = hand(BrushTool(bench, BrushSize(4)))
    moves.click(34, 44)
    moves.click(60, 44, shift=True)
    assert mask(bench)[44, 34:60].all()


def test_painting_with_nothing_selected_makes_an_object(
    desk: Desk, bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    desk.select(None)
    hand(BrushTool(bench, BrushSize(4))).click(30, 30)
    assert desk.selected_object not in (None, 1, 2)
    assert mask(bench).any()


def test_erasing_with_nothing_selected_makes_no_object(
    desk: Desk, bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    assert desk.project is not None
    desk.select(None)
    hand(EraserTool(bench, BrushSize(4))).click(30, 30)
    assert set(desk.project.document.objects) == {1, 2}


@pytest.mark.parametrize("selected", [2, None])
def test_a_dab_beside_the_picture_says_nothing_of_any_object(
    bench: CanvasBench, desk: Desk, hand: Callable[..., Any], selected: int | None
) -> None:
    project = desk.project
    assert project is not None
    desk.select(selected)
    hand(BrushTool(bench)).click(-40, -40)
    assert (2, 0) not in project.document.masks, "an empty mask would say that it is absent"
    assert not project.history.can_undo and bench.stroke is None


def test_a_stroke_that_changes_nothing_is_no_edit(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    edits: list[bool] = []
    bench.edited.connect(lambda: edits.append(True))
    for _ in range(2):
        hand(BrushTool(bench)).click(50, 40)
    assert len(edits) == 1


def test_the_size_stays_between_one_and_five_hundred_pixels() -> None:
    size = BrushSize(24)
    size.change(-200)
    assert size.diameter == 1
    size.change(1)
    assert size.diameter == 2
    size.change(200)
    assert size.diameter == 500


def test_brush_and_eraser_share_their_size_and_show_it(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    size = BrushSize(10)
    brush, eraser = BrushTool(bench, size), EraserTool(bench, size)
    assert brush.wheel(1)
    eraser.hover(hand(eraser).at(20, 20))
    assert eraser.marks() == (CircleMark(20, 20, size.diameter / 2, True),)
    assert size.diameter == 11


@pytest.mark.parametrize("diameter", [1, 2, 5, 9, 24])
def test_a_line_is_as_wide_as_the_brush(diameter: int) -> None:
    painted = np.zeros((80, 120), np.uint8)
    draw_line(painted, (20.5, 40.5), (90.5, 40.5), diameter, 1)
    assert abs(int(painted[:, 55].sum()) - diameter) <= 1
    assert painted[40, 20:91].all()
