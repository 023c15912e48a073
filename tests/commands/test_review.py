"""A person's word on cells: verified, taken back, absent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.commands.errors import CommandError
from app.commands.objects import set_object_frozen
from app.commands.prompts import add_point
from app.commands.review import (
    dismiss,
    exclude_from_runs,
    mark_absent,
    take_dismissal_back,
    unverify,
    verify_cells,
)
from app.document.project import Project
from app.document.values import Origin

Propagated = Callable[..., None]


def test_cells_with_masks_are_verified_and_the_others_left_out(project: Project, propagated: Propagated) -> None:
    propagated(1, range(5))
    assert verify_cells(project, [(1, frame) for frame in range(10)] + [(1, 2)]) == 5
    assert set(project.document.reviews) == {(1, frame) for frame in range(5)}
    assert project.history.undo_name == "Verify 5 masks, dog"
    assert verify_cells(project, [(1, 2)]) == 0
    assert project.history.undo() == "Verify 5 masks, dog"
    assert not project.document.reviews


def test_there_must_be_something_to_verify(project: Project) -> None:
    with pytest.raises(CommandError, match="There is no mask to verify here"):
        verify_cells(project, [(1, 3)])
    with pytest.raises(CommandError, match="There is no object 8"):
        verify_cells(project, [(8, 3)])
    with pytest.raises(CommandError, match="There is no frame 30"):
        verify_cells(project, [(1, 30)])


def test_verification_is_taken_back(project: Project, propagated: Propagated) -> None:
    propagated(1, range(5))
    propagated(2, range(5))
    verify_cells(project, [(1, 1), (2, 1)])
    assert project.history.undo_name == "Verify 2 masks"
    assert unverify(project, [(1, 1), (1, 2)]) == 1
    assert set(project.document.reviews) == {(2, 1)} and project.history.undo_name == "Unverify dog, frame 1"
    assert unverify(project, [(1, 1)]) == 0


def test_absent_takes_the_mask_and_the_prompts_and_can_be_verified(project: Project, propagated: Propagated) -> None:
    propagated(1, range(5))
    add_point(project, 1, 3, 1, 1)
    before = dict(project.document.masks), dict(project.document.prompts)
    assert mark_absent(project, [(1, frame) for frame in range(3, 7)]) == 4
    document = project.document
    assert [document.masks[(1, frame)].is_absent for frame in range(7)] == [False] * 3 + [True] * 4
    absent = document.masks[(1, 6)]
    assert absent.origin is Origin.MANUAL and absent.score < 0 and not document.prompts
    assert verify_cells(project, [(1, 6)]) == 1
    assert mark_absent(project, [(1, 6), (1, 5)]) == 0
    assert mark_absent(project, [(1, 5)], verify=True) == 0 and document.is_verified((1, 5))
    project.history.undo()
    project.history.undo()
    assert project.history.undo() == "Absent, 4 frames, dog"
    assert before == (dict(document.masks), dict(document.prompts))


def test_a_frozen_object_is_not_reviewed(project: Project, propagated: Propagated) -> None:
    propagated(1, range(5))
    verify_cells(project, [(1, 1)])
    set_object_frozen(project, 1, True)
    for deed in (verify_cells, unverify, mark_absent):
        with pytest.raises(CommandError, match="dog is frozen"):
            deed(project, [(1, 1)])


def test_a_false_alarm_is_dismissed_without_verifying_and_taken_back(project: Project, propagated: Propagated) -> None:
    propagated(1, range(5))
    cells = [(1, 2), (1, 3)]
    assert dismiss(project, cells, "area") == 2 and dismiss(project, cells, "area") == 0
    assert dismiss(project, [(1, 3)], "gap") == 1
    assert project.document.dismissed[1, 3] == {"area", "gap"} and not project.document.reviews
    project.history.undo()
    assert project.document.dismissed[1, 3] == {"area"} and project.history.undo_cells == set(cells)
    assert take_dismissal_back(project, [*cells, (1, 4)]) == 2
    assert not project.document.dismissed
    assert project.history.undo() == "Suspect again, 2 frames, dog"


def test_a_cell_is_kept_from_conditioning_and_let_again(project: Project, propagated: Propagated) -> None:
    propagated(1, range(5))
    assert exclude_from_runs(project, [(1, 2)], True) == 1 and exclude_from_runs(project, [(1, 2)], True) == 0
    assert set(project.document.excluded) == {(1, 2)}
    assert exclude_from_runs(project, [(1, 2)], False) == 1
    project.history.undo()
    assert set(project.document.excluded) == {(1, 2)}
    set_object_frozen(project, 1, True)
    with pytest.raises(CommandError, match="frozen"):
        exclude_from_runs(project, [(1, 2)], False)
