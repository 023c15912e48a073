"""The point tool: clicks, drags, flips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.ui.canvas.bench import CanvasBench
from app.ui.desk import Desk
from app.ui.tools.point import PointTool
from app.ui.tools.tool import Button, PointMark


def signs(bench: CanvasBench) -> list[bool]:
    return [point.is_positive for point in bench.prompt.points]


def test_left_adds_and_right_or_ctrl_takes_away(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    moves = hand(PointTool(bench))
    moves.click(30, 20)
    moves.click(40, 40, Button.RIGHT)
    moves.click(50, 10, ctrl=True)
    assert signs(bench) == [True, True, False, False]
    assert (bench.prompt.points[2].x, bench.prompt.points[2].y) == (40, 40)


def test_a_press_that_moves_four_pixels_on_empty_ground_does_nothing(
    bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    hand(PointTool(bench)).drag((30, 20), (33, 20))
    assert len(bench.prompt.points) == 1


def test_a_click_beside_the_picture_adds_nothing(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(PointTool(bench)).click(-3, 20)
    assert len(bench.prompt.points) == 1


def test_a_click_on_a_point_selects_it_and_delete_removes_it(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    tool = PointTool(bench)
    hand(tool).click(11, 21)
    assert tool.selected_points == (0,)
    assert len(bench.prompt.points) == 1
    assert tool.delete()
    assert bench.prompt.is_empty
    assert not tool.delete()


def test_dragging_a_point_is_one_step_and_shows_it_on_its_way(
    desk: Desk, bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    assert desk.project is not None
    tool = PointTool(bench)
    moves = hand(tool)
    tool.press(moves.at(10, 20, Button.LEFT))
    tool.move(moves.at(20, 25, Button.LEFT))
    tool.move(moves.at(200, 30, Button.LEFT))
    assert tool.marks() == (PointMark(0, 64.0, 30),)
    assert bench.prompt.points[0].x == 10
    tool.release(moves.at(200, 30, Button.LEFT))
    assert (bench.prompt.points[0].x, bench.prompt.points[0].y) == (64, 30)
    assert tool.marks() == ()
    desk.project.history.undo()
    assert bench.prompt.points[0].x == 10


def test_esc_puts_a_dragged_point_back(desk: Desk, bench: CanvasBench, hand: Callable[..., Any]) -> None:
    tool = PointTool(bench)
    moves = hand(tool)
    tool.press(moves.at(10, 20, Button.LEFT))
    tool.move(moves.at(30, 25, Button.LEFT))
    assert tool.cancel()
    tool.release(moves.at(30, 25, Button.LEFT))
    assert bench.prompt.points[0].x == 10
    assert not tool.cancel()


def test_a_double_click_flips_a_point_that_was_there(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(PointTool(bench)).double_click(10, 20)
    assert signs(bench) == [False]


def test_a_double_click_on_empty_ground_adds_one_positive_point(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(PointTool(bench)).double_click(40, 30)
    assert signs(bench) == [True, True]


def test_a_click_with_nothing_selected_makes_an_object_and_one_undo_takes_both_back(
    desk: Desk, bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    assert desk.project is not None
    desk.select(None)
    hand(PointTool(bench)).click(40, 30)
    made = desk.selected_object
    assert made is not None and made not in (1, 2)
    assert signs(bench) == [True]
    desk.project.history.undo()
    assert made not in desk.project.document.objects
    assert desk.selected_object is None


def test_taking_away_with_nothing_selected_says_so(desk: Desk, bench: CanvasBench, hand: Callable[..., Any]) -> None:
    said: list[str] = []
    desk.notice.connect(lambda text, kind: said.append(text))
    desk.select(None)
    hand(PointTool(bench)).click(40, 30, Button.RIGHT)
    assert len(said) == 1
    assert desk.selected_object is None


def test_a_frozen_object_refuses_with_a_sentence(desk: Desk, bench: CanvasBench, hand: Callable[..., Any]) -> None:
    from app.commands.objects import set_object_frozen

    assert desk.project is not None
    said: list[str] = []
    desk.notice.connect(lambda text, kind: said.append(text))
    set_object_frozen(desk.project, 1, True)
    hand(PointTool(bench)).click(40, 30)
    assert signs(bench) == [True]
    assert "frozen" in said[0]


def test_backspace_takes_the_last_prompt_away(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(PointTool(bench)).click(40, 30, Button.RIGHT)
    bench.take_back_prompt()
    assert signs(bench) == [True]
    bench.take_back_prompt()
    assert bench.prompt.is_empty


def test_only_the_left_button_drags_a_point(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    tool = PointTool(bench)
    hand(tool).drag((10, 20), (30, 30), button=Button.RIGHT)
    assert [(point.x, point.y) for point in bench.prompt.points] == [(10, 20)]
    assert tool.selected_points == (0,)
