"""The box tool: a drag, two clicks, handles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.document.values import Box
from app.ui.canvas.bench import CanvasBench
from app.ui.tools.box import BoxTool, handle_places
from app.ui.tools.tool import BoxMark, Button


def test_a_drag_in_any_direction_makes_an_upright_box(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(BoxTool(bench)).drag((40, 30), (20, 20), (12, 5))
    assert bench.prompt.box == Box(12, 5, 40, 30)
    assert len(bench.prompt.points) == 1


def test_two_clicks_make_a_box_that_follows_the_pointer_between_them(
    bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    tool = BoxTool(bench)
    moves = hand(tool)
    moves.click(10, 10)
    tool.hover(moves.at(30, 20))
    assert tool.marks() == (BoxMark(Box(10, 10, 30, 20)),)
    assert bench.prompt.box is None
    moves.click(40, 25)
    assert bench.prompt.box == Box(10, 10, 40, 25)
    assert tool.marks() == ()


def test_enter_takes_the_box_as_shown_and_esc_drops_it(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    tool = BoxTool(bench)
    moves = hand(tool)
    moves.click(10, 10)
    tool.hover(moves.at(30, 20))
    assert tool.finish()
    assert bench.prompt.box == Box(10, 10, 30, 20)
    moves.click(5, 40)
    assert tool.cancel()
    assert not tool.cancel()
    assert bench.prompt.box == Box(10, 10, 30, 20)


def test_shift_makes_a_square(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(BoxTool(bench)).drag((10, 10), (30, 18), shift=True)
    assert bench.prompt.box == Box(10, 10, 18, 18)


def test_the_box_is_cut_at_the_picture(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(BoxTool(bench)).drag((-20, -20), (500, 500))
    assert bench.prompt.box == Box(0, 0, 64, 48)


@pytest.mark.parametrize(
    ("handle", "expected"),
    [(0, Box(5, 6, 40, 30)), (1, Box(10, 6, 40, 30)), (3, Box(10, 10, 5, 30)), (4, Box(10, 10, 5, 6))],
)
def test_a_handle_moves_its_own_sides_only(
    bench: CanvasBench, hand: Callable[..., Any], handle: int, expected: Box
) -> None:
    bench.set_box(Box(10, 10, 40, 30))
    start = handle_places(Box(10, 10, 40, 30))[handle]
    hand(BoxTool(bench)).drag(start, (5, 6))
    sides = sorted((expected.x0, expected.x1)), sorted((expected.y0, expected.y1))
    box = bench.prompt.box
    assert box is not None
    assert ([box.x0, box.x1], [box.y0, box.y1]) == sides


def test_a_click_on_a_handle_changes_nothing(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    bench.set_box(Box(10, 10, 40, 30))
    hand(BoxTool(bench)).click(10, 10)
    assert bench.prompt.box == Box(10, 10, 40, 30)


def test_a_right_click_is_a_negative_point(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(BoxTool(bench)).click(30, 30, Button.RIGHT)
    assert [point.is_positive for point in bench.prompt.points] == [True, False]


def test_of_two_handles_in_reach_the_nearer_one_moves(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    bench.set_box(Box(20, 20, 28, 40))
    hand(BoxTool(bench)).drag((27.5, 20), (36, 10))
    assert bench.prompt.box == Box(20, 10, 36, 40)


def test_shift_at_a_corner_s_handle_makes_a_square_and_at_a_side_moves_it_alone(
    bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    bench.set_box(Box(20, 10, 40, 20))
    hand(BoxTool(bench)).drag((20, 10), (16, 2), (10, 6), shift=True)
    assert bench.prompt.box == Box(26, 6, 40, 20)
    hand(BoxTool(bench)).drag((40, 13), (50, 30), shift=True)
    assert bench.prompt.box == Box(26, 6, 50, 20)
