"""The select tool: masks under the pointer, prompts in a rectangle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from app.commands.masks import set_mask
from app.ui.canvas.bench import CanvasBench
from app.ui.desk import Desk
from app.ui.tools.select import SelectTool
from app.ui.tools.tool import BoxMark, Button


def cover(desk: Desk, object_id: int) -> None:
    assert desk.project is not None
    mask = np.zeros((48, 64), bool)
    mask[15:45, 10:50] = True
    set_mask(desk.project, object_id, 0, mask)


def test_a_click_selects_the_mask_under_it_and_again_the_next_below(
    desk: Desk, bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    cover(desk, 2)
    desk.select(None)
    moves = hand(SelectTool(bench))
    moves.click(18, 25)
    first = desk.selected_object
    moves.click(18, 25)
    second = desk.selected_object
    assert {first, second} == {1, 2}
    moves.click(18, 25)
    assert desk.selected_object == first


def test_a_click_on_nothing_selects_nothing(desk: Desk, bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(SelectTool(bench)).click(60, 2)
    assert desk.selected_object is None


def test_shift_and_ctrl_extend_the_selection(desk: Desk, bench: CanvasBench, hand: Callable[..., Any]) -> None:
    cover(desk, 2)
    hand(SelectTool(bench)).click(45, 40, shift=True)
    assert desk.selected_objects == (1, 2)
    hand(SelectTool(bench)).click(45, 40, ctrl=True)
    assert desk.selected_objects == (1,)


def test_shift_only_adds(desk: Desk, bench: CanvasBench, hand: Callable[..., Any]) -> None:
    cover(desk, 2)
    moves = hand(SelectTool(bench))
    moves.click(45, 40, shift=True)
    moves.click(45, 40, shift=True)
    assert desk.selected_objects == (1, 2)


def test_ctrl_takes_prompts_in_and_out_of_the_selection_and_shift_adds_them(
    bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    bench.add_point(40, 20, True)
    tool = SelectTool(bench)
    moves = hand(tool)
    moves.click(10, 20)
    moves.click(40, 20, ctrl=True)
    assert tool.selected_points == (0, 1)
    moves.click(10, 20, ctrl=True)
    assert tool.selected_points == (1,)
    moves.click(10, 20, shift=True)
    assert tool.selected_points == (1, 0)


def test_a_double_click_flips_a_point(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(SelectTool(bench)).double_click(10, 20)
    assert not bench.prompt.points[0].is_positive


def test_a_rectangle_selects_prompts_and_delete_removes_them(
    desk: Desk, bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    bench.add_point(20, 20, True)
    bench.add_point(60, 40, False)
    tool = SelectTool(bench)
    moves = hand(tool)
    tool.press(moves.at(1, 2, Button.LEFT))
    tool.move(moves.at(40, 30, Button.LEFT))
    assert isinstance(tool.marks()[0], BoxMark)
    tool.release(moves.at(40, 30, Button.LEFT))
    assert tool.selected_points == (0, 1)
    assert tool.delete()
    assert [(point.x, point.y) for point in bench.prompt.points] == [(60, 40)]
    assert desk.project is not None
    desk.project.history.undo()
    assert len(bench.prompt.points) == 3


def test_dragging_a_prompt_moves_it(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(SelectTool(bench)).drag((10, 20), (30, 30))
    assert (bench.prompt.points[0].x, bench.prompt.points[0].y) == (30, 30)


def test_the_right_button_asks_for_the_menu(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    asked: list[bool] = []
    bench.menu_requested.connect(lambda: asked.append(True))
    hand(SelectTool(bench)).click(10, 20, Button.RIGHT)
    assert asked == [True]
