"""Whole masklets: ended, joined, split and swapped with everything on them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.commands.errors import CommandError
from app.commands.masklets import Conflict, end_track, join_masklets, split_masklet, swap_masklets
from app.commands.objects import new_category, set_object_category, set_object_frozen
from app.commands.prompts import add_point
from app.commands.review import mark_absent, verify_cells
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.values import Origin

Propagated = Callable[..., None]
SquareCode = Callable[..., MaskCode]


def everything(project: Project) -> tuple[object, ...]:
    document = project.document
    return list(document.objects.items()), dict(document.masks), dict(document.prompts), dict(document.reviews)


def test_a_track_ends_and_no_run_crosses_the_end(project: Project, propagated: Propagated) -> None:
    propagated(1, range(20))
    add_point(project, 1, 15, 3, 3)
    verify_cells(project, [(1, 3), (1, 16)])
    before = everything(project)
    end_track(project, 1, 9)
    document = project.document
    assert document.frames_with_masks(1) == list(range(11)) and not document.prompts
    assert document.masks[(1, 10)].is_absent and set(document.reviews) == {(1, 3), (1, 10)}
    assert project.history.undo() == "End dog after frame 9"
    assert everything(project) == before
    end_track(project, 1, 29)
    assert everything(project) == before


def test_joining_moves_everything_and_one_undo_parts_them(project: Project, propagated: Propagated) -> None:
    propagated(1, range(5), x=3)
    propagated(2, range(10, 15), x=9)
    add_point(project, 2, 10, 9, 5)
    verify_cells(project, [(2, 12)])
    before = everything(project)
    join_masklets(project, 1, 2)
    document = project.document
    assert list(document.objects) == [1] and document.frames_with_masks(1) == [*range(5), *range(10, 15)]
    assert set(document.prompts) == {(1, 10)} and set(document.reviews) == {(1, 12)}
    assert project.history.undo() == "Join cat to dog"
    assert everything(project) == before


@pytest.mark.parametrize(
    ("conflict", "area", "origin", "verified"),
    [
        (Conflict.UNION, 60, Origin.MANUAL, {(1, 4)}),
        (Conflict.FIRST, 36, Origin.PROPAGATED, {(1, 3), (1, 4)}),
        (Conflict.SECOND, 36, Origin.PROPAGATED, {(1, 4), (1, 5)}),
    ],
)
def test_where_both_have_a_mask_the_choice_decides(
    project: Project,
    propagated: Propagated,
    conflict: Conflict,
    area: int,
    origin: Origin,
    verified: set[tuple[int, int]],
) -> None:
    propagated(1, range(3, 6), x=3)
    propagated(2, range(3, 6), x=7)
    verify_cells(project, [(1, 3), (1, 4), (2, 4), (2, 5)])
    join_masklets(project, 1, 2, conflict)
    mask = project.document.masks[(1, 3)]
    assert (mask.code.area, mask.origin) == (area, origin)
    assert mask.code.box is not None
    assert mask.code.box.x0 == (7 if conflict is Conflict.SECOND else 3)
    assert set(project.document.reviews) == verified


def test_an_absence_gives_way_to_a_mask_when_joined(project: Project, propagated: Propagated) -> None:
    propagated(1, range(3))
    mark_absent(project, [(2, 1), (1, 2)])
    propagated(2, range(2, 3))
    join_masklets(project, 1, 2)
    assert not any(mask.is_absent for mask in project.document.masks.values())


def test_the_part_from_here_on_becomes_an_object_of_its_own(project: Project, propagated: Propagated) -> None:
    propagated(1, range(10))
    add_point(project, 1, 7, 3, 3)
    verify_cells(project, [(1, 2), (1, 8)])
    before = everything(project)
    part = split_masklet(project, 1, 5)
    document = project.document
    assert (part.id, part.name) == (3, "dog b")
    assert document.frames_with_masks(1) == list(range(5)) and document.frames_with_masks(3) == list(range(5, 10))
    assert set(document.prompts) == {(3, 7)} and set(document.reviews) == {(1, 2), (3, 8)}
    assert project.history.undo() == "Split dog at frame 5"
    assert everything(project) == before
    set_object_category(project, 1, new_category(project, "dog").id)
    assert split_masklet(project, 1, 5).name == "dog 1"


def test_there_is_nothing_to_split_at_the_ends(project: Project, propagated: Propagated) -> None:
    propagated(1, range(3, 8))
    with pytest.raises(CommandError, match="nothing from frame 8 on to split off"):
        split_masklet(project, 1, 8)
    with pytest.raises(CommandError, match="nothing before frame 3"):
        split_masklet(project, 1, 3)


def test_identities_are_swapped_from_here_to_the_end_or_to_a_frame(project: Project, propagated: Propagated) -> None:
    propagated(1, range(10), x=3)
    propagated(2, range(8), x=9)
    add_point(project, 1, 6, 3, 3)
    verify_cells(project, [(2, 5)])
    before = everything(project)
    swap_masklets(project, 1, 2, 5)
    document = project.document

    def lefts(object_id: int) -> list[float]:
        return [document.masks_of(object_id)[frame].code.measures[1] for frame in document.frames_with_masks(object_id)]

    assert lefts(1) == [3] * 5 + [9] * 3 and lefts(2) == [9] * 5 + [3] * 5
    assert set(document.prompts) == {(2, 6)} and set(document.reviews) == {(1, 5)}
    swap_masklets(project, 1, 2, 5)
    assert everything(project) == before
    project.history.undo()
    project.history.undo()
    assert everything(project) == before
    swap_masklets(project, 1, 2, 2, 3)
    assert lefts(1) == [3, 3, 9, 9] + [3] * 6
    with pytest.raises(CommandError, match="dog and cat have nothing from frame 20 on to swap"):
        swap_masklets(project, 1, 2, 20)


def test_one_object_is_not_two(project: Project) -> None:
    with pytest.raises(CommandError, match="Joining needs two objects"):
        join_masklets(project, 1, 1)
    with pytest.raises(CommandError, match="Swapping needs two objects"):
        swap_masklets(project, 2, 2, 0)


def test_frozen_masklets_stay_as_they_are(project: Project, propagated: Propagated) -> None:
    propagated(1, range(9))
    propagated(2, range(9))
    set_object_frozen(project, 2, True)
    before = everything(project)
    for deed in (
        lambda: join_masklets(project, 1, 2),
        lambda: swap_masklets(project, 1, 2, 3),
        lambda: split_masklet(project, 2, 3),
        lambda: end_track(project, 2, 3),
    ):
        with pytest.raises(CommandError, match="cat is frozen"):
            deed()
    assert everything(project) == before
