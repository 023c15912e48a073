"""Whole masklets: ended, joined, split and swapped with everything on them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from app.commands.errors import CommandError
from app.commands.masklets import Conflict, conflicting_frames, end_track, join_masklets, split_masklet, swap_masklets
from app.commands.masks import set_mask
from app.commands.objects import new_category, set_object_category, set_object_frozen
from app.commands.prompts import add_point
from app.commands.review import mark_absent, verify_cells
from app.document.attribute_steps import SetTag
from app.document.attributes import CROWD, TRUNCATED, Stretch, Tag
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
        (Conflict.NEWEST, 36, Origin.PROPAGATED, {(1, 3), (1, 4)}),
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


@pytest.mark.parametrize("conflict", list(Conflict))
def test_an_absence_gives_way_to_a_mask_when_joined(
    project: Project, propagated: Propagated, conflict: Conflict
) -> None:
    propagated(1, range(3))
    mark_absent(project, [(2, 1), (1, 2)])
    propagated(2, range(2, 3))
    assert conflicting_frames(project, 1, 2) == []
    join_masklets(project, 1, 2, conflict)
    assert not any(mask.is_absent for mask in project.document.masks.values())


def test_only_frames_with_different_masks_need_a_choice(project: Project, propagated: Propagated) -> None:
    propagated(1, range(6), x=3)
    propagated(2, range(2, 4), x=3)
    propagated(2, range(4, 9), x=7)
    assert conflicting_frames(project, 1, 2) == [4, 5] == conflicting_frames(project, 2, 1)


def test_the_newest_mask_of_every_frame_is_kept(project: Project, square: SquareCode) -> None:
    for object_id, frame, x in ((2, 0, 7), (1, 0, 3), (1, 1, 3), (2, 1, 7)):
        set_mask(project, object_id, frame, square(x, 4))
        time.sleep(0.002)
    verify_cells(project, [(1, 0), (1, 1)])
    join_masklets(project, 1, 2, Conflict.NEWEST)
    masks = project.document.masks_of(1)
    assert [masks[frame].code.measures[1] for frame in (0, 1)] == [3, 7]
    assert set(project.document.reviews) == {(1, 0)}


def test_a_prompt_stays_with_the_mask_that_answered_it(project: Project, propagated: Propagated) -> None:
    propagated(1, range(3), x=3)
    propagated(2, range(3), x=7)
    add_point(project, 1, 1, 4, 5)
    add_point(project, 2, 2, 8, 5)
    join_masklets(project, 1, 2, Conflict.SECOND)
    assert set(project.document.prompts) == {(1, 2)}


def test_attributes_go_along_with_masklets(project: Project, propagated: Propagated) -> None:
    propagated(1, range(10))
    propagated(2, range(20, 25))
    first, second = Tag(True, (Stretch(2, 3, False),)), Tag(None, (Stretch(20, 22, True),))
    for key, tag in (((1, CROWD), first), ((2, CROWD), Tag(False)), ((2, TRUNCATED), second)):
        project.document.apply(SetTag(key, tag))
    before = dict(project.document.tags)
    part = split_masklet(project, 1, 5)
    assert project.document.tags_of(part.id) == {CROWD: first}
    project.history.undo()
    join_masklets(project, 1, 2)
    assert project.document.tags_of(1) == {CROWD: first, TRUNCATED: second} and not project.document.tags_of(2)
    project.history.undo()
    assert dict(project.document.tags) == before


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


def test_what_is_said_of_a_stretch_is_swapped_with_the_masks(project: Project, propagated: Propagated) -> None:
    propagated(1, range(10))
    propagated(2, range(10), x=9)
    tags = {
        (1, CROWD): Tag(True),
        (1, TRUNCATED): Tag(None, (Stretch(2, 6, True),)),
        (2, TRUNCATED): Tag(None, (Stretch(8, 9, True),)),
    }
    for key, tag in tags.items():
        project.document.apply(SetTag(key, tag))
    swap_masklets(project, 1, 2, 5)
    assert dict(project.document.tags) == {
        (1, CROWD): Tag(True),
        (1, TRUNCATED): Tag(None, (Stretch(2, 4, True), Stretch(8, 9, True))),
        (2, TRUNCATED): Tag(None, (Stretch(5, 6, True),)),
    }
    project.history.undo()
    assert dict(project.document.tags) == tags


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
