"""Lasso and polygon: closing, replacing, adding, taking away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from app.ui.canvas.bench import CanvasBench
from app.ui.tools.lasso import LassoTool, fill
from app.ui.tools.tool import Button, PathMark


def mask(bench: CanvasBench) -> np.ndarray:
    found = bench.mask()
    assert found is not None
    return found


def test_a_free_hand_loop_replaces_the_mask(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    hand(LassoTool(bench)).drag((40, 5), (60, 5), (60, 25), (40, 25))
    assert mask(bench)[10, 50]
    assert not mask(bench)[20, 5]


def test_clicks_make_a_polygon_that_a_click_on_the_first_corner_closes(
    bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    tool = LassoTool(bench)
    moves = hand(tool)
    before = mask(bench)
    for corner in ((40, 5), (60, 5), (60, 25)):
        moves.click(*corner)
    tool.hover(moves.at(50, 30))
    assert tool.marks() == (PathMark(((40, 5), (60, 5), (60, 25), (50, 30)), False, True),)
    assert (mask(bench) == before).all()
    moves.click(41, 6)
    assert mask(bench)[10, 55] and not mask(bench)[24, 42]
    assert tool.marks() == ()


def test_a_double_click_closes_and_the_right_button_takes_a_corner_back(
    bench: CanvasBench, hand: Callable[..., Any]
) -> None:
    tool = LassoTool(bench)
    moves = hand(tool)
    for corner in ((40, 5), (60, 5), (30, 45)):
        moves.click(*corner)
    moves.click(0, 0, Button.RIGHT)
    moves.click(60, 25)
    moves.double_click(40, 25)
    assert mask(bench)[15, 50]
    assert not mask(bench)[40, 32]


def test_shift_adds_and_ctrl_takes_away(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    moves = hand(LassoTool(bench))
    moves.drag((40, 5), (60, 5), (60, 25), (40, 25), shift=True)
    assert mask(bench)[10, 50] and mask(bench)[20, 5]
    moves.drag((2, 12), (14, 12), (14, 28), (2, 28), ctrl=True)
    assert mask(bench)[10, 50] and not mask(bench)[20, 8]


def test_enter_closes_backspace_takes_back_and_esc_drops(bench: CanvasBench, hand: Callable[..., Any]) -> None:
    tool = LassoTool(bench)
    moves = hand(tool)
    moves.click(40, 5)
    moves.click(60, 5)
    assert not tool.finish()
    moves.click(60, 25)
    moves.click(0, 40)
    assert tool.take_back()
    assert tool.finish()
    assert mask(bench)[10, 55]
    moves.click(1, 1)
    assert tool.cancel()
    assert not tool.cancel()


def test_a_filled_square_covers_its_pixels() -> None:
    area = fill((20, 20), [(5.5, 5.5), (14.5, 5.5), (14.5, 14.5), (5.5, 14.5)])
    assert area[5:15, 5:15].all()
    assert area.sum() == 100
