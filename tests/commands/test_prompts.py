"""Prompts: points, boxes and masks on one cell, each command one step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.commands.errors import CommandError
from app.commands.masks import accept_prompt_mask, set_mask
from app.commands.objects import set_object_frozen
from app.commands.prompts import (
    add_point,
    choose_candidate,
    clear_object_prompts,
    clear_prompts,
    delete_point,
    flip_point,
    move_point,
    replace_prompt,
    set_box,
    set_mask_prompt,
)
from app.commands.review import verify_cells
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.values import Box, FrameMask, Origin, Point, Prompt

CELL = (1, 3)
SquareCode = Callable[..., MaskCode]


def prompt(project: Project) -> Prompt | None:
    return project.document.prompts.get(CELL)


def test_points_are_added_moved_flipped_and_deleted(project: Project) -> None:
    add_point(project, *CELL, 1, 2)
    add_point(project, *CELL, 32, 24, is_positive=False)
    assert prompt(project) == Prompt((Point(1, 2), Point(32, 24, False)))
    move_point(project, *CELL, 1, 5.5, 6)
    flip_point(project, *CELL, 0)
    assert prompt(project) == Prompt((Point(1, 2, False), Point(5.5, 6, False)))
    delete_point(project, *CELL, 0)
    assert prompt(project) == Prompt((Point(5.5, 6, False),))
    assert project.history.names[0] == [
        "Add point, dog, frame 3",
        "Add negative point, dog, frame 3",
        "Move point, dog, frame 3",
        "Flip point, dog, frame 3",
        "Delete point, dog, frame 3",
    ]
    for _ in range(5):
        project.history.undo()
    assert prompt(project) is None


def test_a_box_may_be_drawn_in_any_direction_and_is_cut_at_the_picture(project: Project) -> None:
    add_point(project, *CELL, 1, 2)
    set_box(project, *CELL, Box(40, 30, 10, -5))
    assert prompt(project) == Prompt((Point(1, 2),), Box(10, 0, 32, 24))
    set_box(project, *CELL, None)
    assert prompt(project) == Prompt((Point(1, 2),))
    for box in (Box(5, 5, 5.5, 9), Box(40, 1, 50, 9)):
        with pytest.raises(CommandError, match="less than a pixel"):
            set_box(project, *CELL, box)
    for side in (float("nan"), float("inf")):
        with pytest.raises(CommandError, match="four numbers"):
            set_box(project, *CELL, Box(1, 1, side, 9))


def test_a_mask_prompt_takes_the_place_of_points_and_box(project: Project, square: SquareCode) -> None:
    add_point(project, *CELL, 1, 2)
    set_mask_prompt(project, *CELL, square(2, 2).to_array())
    assert prompt(project) == Prompt(mask=square(2, 2))
    with pytest.raises(CommandError, match="5 x 4 pixels; the picture has 32 x 24"):
        set_mask_prompt(project, *CELL, np.ones((4, 5), bool))
    with pytest.raises(CommandError, match="The mask is empty"):
        set_mask_prompt(project, *CELL, MaskCode.empty(24, 32))
    assert prompt(project) == Prompt(mask=square(2, 2))


@pytest.mark.parametrize(("x", "y"), [(-0.1, 3), (33, 3), (3, 24.1), (float("nan"), 3), (3, float("inf"))])
def test_a_point_lies_in_the_picture(project: Project, x: float, y: float) -> None:
    add_point(project, *CELL, 1, 2)
    for deed in (lambda: add_point(project, *CELL, x, y), lambda: move_point(project, *CELL, 0, x, y)):
        with pytest.raises(CommandError, match="lies outside the picture, which is 32 x 24 pixels"):
            deed()
    with pytest.raises(CommandError):
        replace_prompt(project, *CELL, Prompt((Point(x, y),)))
    assert prompt(project) == Prompt((Point(1, 2),))


def test_what_is_not_there_is_said(project: Project) -> None:
    with pytest.raises(CommandError, match="dog, frame 3 has no prompt"):
        delete_point(project, *CELL, 0)
    add_point(project, *CELL, 1, 2)
    for deed in (flip_point, delete_point):
        with pytest.raises(CommandError, match="has 1 point; there is no point 1"):
            deed(project, *CELL, 1)
    with pytest.raises(CommandError, match=r"There is no frame 30\. The clip has frames 0 to 29"):
        add_point(project, 1, 30, 1, 1)
    with pytest.raises(CommandError, match="There is no object 7"):
        add_point(project, 7, 3, 1, 1)


def test_a_frozen_object_takes_no_prompt(project: Project, square: SquareCode) -> None:
    add_point(project, *CELL, 1, 2)
    set_object_frozen(project, 1, True)
    for deed in (
        lambda: add_point(project, *CELL, 1, 2),
        lambda: clear_prompts(project, *CELL),
        lambda: clear_object_prompts(project, 1),
        lambda: set_mask_prompt(project, *CELL, square(1, 1)),
        lambda: choose_candidate(project, *CELL, 0, FrameMask(square(1, 1))),
    ):
        with pytest.raises(CommandError, match="dog is frozen"):
            deed()
    assert prompt(project) == Prompt((Point(1, 2),))


def test_a_candidate_is_chosen_with_its_mask_and_forgotten_at_the_next_click(
    project: Project, square: SquareCode
) -> None:
    add_point(project, *CELL, 1, 2)
    mask = FrameMask(square(1, 1), 0.7, 3.0)
    choose_candidate(project, *CELL, 1, mask)
    assert prompt(project) == Prompt((Point(1, 2),), candidate=1)
    assert project.document.masks[CELL] == FrameMask(square(1, 1), 0.7, 3.0, Origin.PROMPTED)
    assert project.history.undo_name == "Candidate 2, dog, frame 3"
    add_point(project, *CELL, 3, 4)
    assert prompt(project) == Prompt((Point(1, 2), Point(3, 4)))
    project.history.undo()
    project.history.undo()
    assert prompt(project) == Prompt((Point(1, 2),)) and CELL not in project.document.masks
    with pytest.raises(CommandError, match="counted from 0"):
        choose_candidate(project, *CELL, -1, mask)


def test_with_the_last_prompt_goes_the_mask_that_answered_it(project: Project, square: SquareCode) -> None:
    add_point(project, *CELL, 1, 2)
    accept_prompt_mask(project, CELL, FrameMask(square(1, 1)), project.document.revision(CELL))
    delete_point(project, *CELL, 0)
    assert CELL not in project.document.masks and prompt(project) is None
    project.history.undo()
    assert project.document.masks[CELL].code == square(1, 1) and prompt(project) == Prompt((Point(1, 2),))


def test_clearing_prompts_keeps_a_mask_that_was_drawn_or_verified(project: Project, square: SquareCode) -> None:
    add_point(project, *CELL, 1, 2)
    set_box(project, *CELL, Box(1, 1, 5, 5))
    set_mask(project, *CELL, square(1, 1))
    assert clear_prompts(project, *CELL) == 2
    assert project.document.masks[CELL].code == square(1, 1)
    assert project.history.undo_name == "Clear 2 prompts, dog, frame 3"
    assert clear_prompts(project, *CELL) == 0
    add_point(project, 1, 5, 1, 2)
    accept_prompt_mask(project, (1, 5), FrameMask(square(1, 1)), project.document.revision((1, 5)))
    verify_cells(project, [(1, 5)])
    clear_prompts(project, 1, 5)
    assert (1, 5) in project.document.masks and project.document.is_verified((1, 5))


def test_an_objects_prompts_are_cleared_on_every_frame_at_once(project: Project, square: SquareCode) -> None:
    add_point(project, 1, 3, 1, 2)
    add_point(project, 1, 9, 1, 2)
    set_mask_prompt(project, 2, 9, square(1, 1))
    assert clear_object_prompts(project, 1) == 2
    assert set(project.document.prompts) == {(2, 9)}
    assert project.history.undo() == "Clear 2 prompts, dog"
    assert len(project.document.prompts) == 3


def test_a_new_prompt_unlocks_a_verified_cell(project: Project, square: SquareCode) -> None:
    set_mask(project, *CELL, square(1, 1))
    verify_cells(project, [CELL])
    add_point(project, *CELL, 1, 2)
    assert not project.document.is_verified(CELL)
    assert accept_prompt_mask(project, CELL, FrameMask(square(9, 9)), project.document.revision(CELL))
    project.history.undo()
    assert project.document.is_verified(CELL) and project.document.masks[CELL].code == square(1, 1)


def test_a_prompt_is_replaced_whole_and_the_same_one_is_no_step(project: Project) -> None:
    add_point(project, *CELL, 1, 2)
    wanted = Prompt((Point(3, 4, False),), Box(1, 1, 9, 9))
    replace_prompt(project, *CELL, wanted)
    replace_prompt(project, *CELL, wanted)
    assert prompt(project) == wanted and len(project.history.names[0]) == 2
