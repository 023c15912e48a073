"""Masks: results taken in or dropped, and what a person draws, deletes and pastes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.commands.errors import CommandError
from app.commands.masks import (
    AcceptReport,
    accept_masks,
    accept_prompt_mask,
    copy_mask,
    delete_masks,
    paint_mask,
    paste_mask,
    paste_masks,
    set_mask,
)
from app.commands.objects import delete_objects, set_object_frozen
from app.commands.prompts import add_point
from app.commands.review import mark_absent, verify_cells
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.values import FrameMask, Origin

SquareCode = Callable[..., MaskCode]
CELL = (1, 3)


def test_a_run_writes_what_nobody_touched(project: Project, square: SquareCode) -> None:
    document, run = project.document, project.history.begin("Propagate")
    revisions = {
        (object_id, frame): document.revision((object_id, frame)) for object_id in (1, 2) for frame in range(8)
    }
    add_point(project, 1, 0, 3, 3)
    mark_absent(project, [(1, 1)])
    set_mask(project, 1, 2, square(0, 0))
    verify_cells(project, [(1, 2)])
    set_mask(project, 1, 3, square(0, 0))
    project.history.undo()
    set_object_frozen(project, 2, True)
    mask = FrameMask(square(5, 5), 0.8, 4.0)
    report = accept_masks(project, run, [(cell, mask, revision) for cell, revision in revisions.items()])
    assert report == AcceptReport(accepted=4, dropped=12)
    assert {cell for cell, held in document.masks.items() if held == mask} == {(1, frame) for frame in range(4, 8)}


def test_prompted_verified_and_drawn_cells_are_spared_even_when_nothing_changed_since(
    project: Project, square: SquareCode
) -> None:
    add_point(project, 1, 0, 3, 3)
    set_mask(project, 1, 1, square(0, 0))
    verify_cells(project, [(1, 1)])
    set_mask(project, 1, 2, square(3, 3))
    run = project.history.begin("Propagate")
    late = [((1, frame), FrameMask(square(9, 9)), project.document.revision((1, frame))) for frame in range(4)]
    assert accept_masks(project, run, late) == AcceptReport(1, 3)
    masks = project.document.masks_of(1)
    assert set(masks) == {1, 2, 3} and masks[1].code == square(0, 0) and masks[2].code == square(3, 3)


def test_results_for_objects_that_are_gone_and_runs_that_are_closed_are_dropped(
    project: Project, square: SquareCode
) -> None:
    run = project.history.begin("Propagate")
    delete_objects(project, [2])
    mask = FrameMask(square(1, 1))
    assert accept_masks(project, run, [((1, 3), mask, 0), ((2, 3), mask, 0)]) == AcceptReport(1, 1)
    project.history.undo()
    project.history.undo()
    assert accept_masks(project, run, [((1, 3), mask, 0)]) == AcceptReport(0, 1)
    assert accept_masks(project, run, []) == AcceptReport(0, 0)
    assert not project.document.masks


def test_one_undo_takes_back_a_click_and_the_mask_that_answered_it(project: Project, square: SquareCode) -> None:
    document = project.document
    set_mask(project, *CELL, square(0, 0))
    add_point(project, *CELL, 3, 3)
    assert accept_prompt_mask(project, CELL, FrameMask(square(5, 5), 0.9, 2.0), document.revision(CELL))
    assert document.masks[CELL] == FrameMask(square(5, 5), 0.9, 2.0, Origin.PROMPTED)
    assert project.history.undo() == "Add point, dog, frame 3"
    assert document.masks[CELL].code == square(0, 0) and not document.prompts
    project.history.redo()
    assert document.masks[CELL].code == square(5, 5) and CELL in document.prompts


def test_an_answer_to_an_older_click_is_dropped(project: Project, square: SquareCode) -> None:
    add_point(project, *CELL, 3, 3)
    first = project.document.revision(CELL)
    add_point(project, *CELL, 4, 4)
    assert not accept_prompt_mask(project, CELL, FrameMask(square(5, 5)), first)
    assert accept_prompt_mask(project, CELL, FrameMask(square(6, 6)), project.document.revision(CELL))
    project.history.undo()
    assert not accept_prompt_mask(project, CELL, FrameMask(square(7, 7)), first)
    assert not project.document.masks


@pytest.mark.parametrize("obstacle", ["frozen", "gone", "verified"])
def test_an_answer_to_a_cell_that_may_not_be_written_is_dropped(
    project: Project, square: SquareCode, obstacle: str
) -> None:
    add_point(project, *CELL, 3, 3)
    if obstacle == "frozen":
        set_object_frozen(project, 1, True)
    elif obstacle == "gone":
        delete_objects(project, [1])
    else:
        set_mask(project, *CELL, square(0, 0))
        verify_cells(project, [CELL])
    before = dict(project.document.masks)
    assert not accept_prompt_mask(project, CELL, FrameMask(square(5, 5)), project.document.revision(CELL))
    assert dict(project.document.masks) == before


def test_an_answer_without_its_click_in_the_history_is_a_step_of_its_own(project: Project, square: SquareCode) -> None:
    add_point(project, *CELL, 3, 3)
    again = Project(project.document)
    assert accept_prompt_mask(again, CELL, FrameMask(square(5, 5)), again.document.revision(CELL))
    assert again.history.undo() == "Mask, dog, frame 3"
    assert not again.document.masks and again.document.prompts


def test_strokes_add_and_take_away_one_step_each(project: Project, square: SquareCode) -> None:
    paint_mask(project, *CELL, square(2, 2).to_array())
    paint_mask(project, *CELL, square(6, 2))
    paint_mask(project, *CELL, square(2, 2, side=2), erase=True)
    mask = project.document.masks[CELL]
    assert mask.code.area == 60 - 4 and mask.origin is Origin.MANUAL
    assert project.history.names[0] == ["Paint, dog, frame 3", "Paint, dog, frame 3", "Erase, dog, frame 3"]
    paint_mask(project, *CELL, square(6, 2))
    assert len(project.history.names[0]) == 3, "a stroke that changes nothing is no step"
    project.history.undo()
    assert project.document.masks[CELL].code.area == 60


def test_erasing_where_nothing_is_does_nothing(project: Project, square: SquareCode) -> None:
    paint_mask(project, *CELL, square(2, 2), erase=True)
    assert not project.document.masks and not project.history.can_undo


def test_a_mask_of_another_size_or_place_is_refused(project: Project, square: SquareCode) -> None:
    for deed in (set_mask, paint_mask):
        with pytest.raises(CommandError, match="5 x 4 pixels; the picture has 32 x 24"):
            deed(project, *CELL, np.ones((4, 5), bool))
        with pytest.raises(CommandError, match="There is no frame 30"):
            deed(project, 1, 30, square(1, 1))
    set_object_frozen(project, 1, True)
    for deed in (set_mask, paint_mask, paste_mask):
        with pytest.raises(CommandError, match="dog is frozen"):
            deed(project, *CELL, square(1, 1))


def test_a_mask_is_copied_and_pasted_on_one_frame_or_many(project: Project, square: SquareCode) -> None:
    set_mask(project, *CELL, square(4, 4))
    code = copy_mask(project, *CELL)
    paste_mask(project, 2, 5, code)
    assert project.document.masks[(2, 5)].code == square(4, 4)
    assert paste_masks(project, 2, range(3, 9), code) == 5
    assert project.history.undo() == "Paste, 5 masks, cat"
    assert project.document.frames_with_masks(2) == [5]
    mark_absent(project, [(1, 7)])
    for frame in (7, 8):
        with pytest.raises(CommandError, match=f"There is no mask to copy on frame {frame}"):
            copy_mask(project, 1, frame)


def test_masks_are_deleted_on_a_frame_in_a_range_and_everywhere(
    project: Project, propagated: Callable[..., None]
) -> None:
    propagated(1, range(20))
    propagated(2, range(10))
    add_point(project, 1, 3, 1, 1)
    verify_cells(project, [(1, 4)])
    document = project.document
    assert delete_masks(project, [1], 4, 4) == 1 and not document.is_verified((1, 4))
    assert project.history.undo_name == "Delete dog, frame 4"
    assert delete_masks(project, [1, 2], 8) == 14
    assert project.history.undo_name == "Delete 14 masks"
    assert delete_masks(project, [1]) == 7 and document.frames_with_masks(1) == []
    assert set(document.prompts) == {(1, 3)}
    assert delete_masks(project, [1]) == 0
    for _ in range(3):
        project.history.undo()
    assert len(document.masks) == 30 and document.is_verified((1, 4))
