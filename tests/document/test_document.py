"""The document changes only by steps: each gives its inverse, says what it touched, refuses contradictions whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.document.document import Change, Document, DocumentError, DocumentView
from app.document.masks import MaskCode
from app.document.steps import SetCategory, SetClip, SetMasks, SetObject, SetOrder, SetPrompt, SetReviews, Step
from app.document.values import Box, Category, Clip, FrameMask, Point, Prompt, Review, TrackedObject

Square = Callable[..., FrameMask]
Everything = Callable[[DocumentView], tuple[Any, ...]]
CLICK = Prompt((Point(3, 4),))


@pytest.fixture
def filled(document: Document, square: Square) -> Document:
    """The three objects with a category, prompts, masks and reviews."""
    document.apply(SetCategory(1, Category(1, "animal")))
    document.apply(SetCategory(2, Category(2, "toy")))
    document.apply(SetObject(1, replace(document.objects[1], category_id=1)))
    document.apply(SetPrompt((1, 5), CLICK))
    document.apply(SetMasks({(1, 5): square(1, 1), (2, 5): square(2, 2), (1, 9): square(3, 3)}))
    document.apply(SetReviews({(1, 5): Review.VERIFIED}))
    return document


def steps(square: Square) -> list[tuple[Step, Change]]:
    dog = TrackedObject(1, "old dog", category_id=2)
    clip = Clip("elsewhere/park.mp4", "park.mp4", 60, 24, 32, 25.0)
    cell, cells = frozenset({(1, 5)}), frozenset({(1, 5), (3, 0)})
    return [
        (SetClip(clip), Change(clip=True)),
        (SetObject(1, dog), Change(objects=frozenset({1}))),
        (SetObject(9, TrackedObject(9, "new")), Change(objects=frozenset({9}))),
        (SetObject(9, TrackedObject(9, "new"), 1), Change(objects=frozenset({9}))),
        (SetObject(3, None), Change(objects=frozenset({3}))),
        (SetObject(8, None), Change(objects=frozenset({8}))),
        (SetCategory(2, None), Change(categories=True)),
        (SetCategory(3, Category(3, "plant"), 0), Change(categories=True)),
        (SetCategory(1, Category(1, "beast")), Change(categories=True)),
        (SetOrder((3, 1, 2)), Change(objects=frozenset({1, 2, 3}))),
        (SetPrompt((1, 5), Prompt(box=Box(1, 1, 5, 5))), Change(cells=cell, prompts=True)),
        (SetPrompt((1, 5), None), Change(cells=cell, prompts=True)),
        (SetPrompt((1, 5), Prompt()), Change(cells=cell, prompts=True)),
        (SetMasks({(1, 5): None, (3, 0): square(0, 0)}), Change(cells=cells, masks=True)),
        (SetReviews({(1, 5): None, (3, 0): Review.VERIFIED}), Change(cells=cells, reviews=True)),
        (SetReviews({(1, 5): Review.UNSEEN}), Change(cells=cell, reviews=True)),
    ]


@pytest.mark.parametrize("number", range(16))
def test_a_step_tells_once_what_it_touched_and_its_inverse_takes_it_back(
    filled: Document, square: Square, everything: Everything, number: int
) -> None:
    step, change = steps(square)[number]
    told: list[Change] = []
    filled.changed.connect(told.append)
    before = everything(filled)[:6]
    inverse = filled.apply(step)
    assert told == [change]
    after = everything(filled)[:6]
    assert (after == before) == (step == SetObject(8, None))
    again = filled.apply(inverse)
    assert everything(filled)[:6] == before
    filled.apply(again)
    assert everything(filled)[:6] == after


def refused(square: Square) -> list[tuple[Step, str]]:
    small = FrameMask(MaskCode.empty(5, 5))
    return [
        (SetClip(Clip("a", "other.mp4", 60, 12, 32, 25.0)), "other.mp4 has 60 frames of 32 x 12 pixels"),
        (SetObject(1, TrackedObject(2, "wrong")), "Object 2 cannot stand"),
        (SetObject(0, TrackedObject(0, "wrong")), "Object 0 cannot stand"),
        (SetObject(4, TrackedObject(4, "new", category_id=7)), "no category 7"),
        (SetObject(1, None), "dog still has masks, prompts, reviews or attributes"),
        (SetCategory(1, Category(2, "wrong")), "Category 2 cannot stand"),
        (SetCategory(1, None), "animal is still the category"),
        (SetOrder((1, 2)), "does not name each"),
        (SetOrder((1, 2, 2)), "does not name each"),
        (SetPrompt((4, 0), CLICK), "no object 4"),
        (SetPrompt((1, 60), CLICK), "no frame 60"),
        (SetPrompt((1, 0), Prompt(mask=MaskCode.empty(5, 5))), "does not fit park.mp4"),
        (SetMasks({(1, 0): square(0, 0), (1, -1): square(0, 0)}), "no frame -1"),
        (SetMasks({(1, 0): square(0, 0), (4, 1): square(0, 0)}), "no object 4"),
        (SetMasks({(1, 0): square(0, 0), (1, 1): small}), "A mask of 5 x 5 pixels does not fit"),
        (SetReviews({(1, 0): Review.VERIFIED, (4, 1): Review.VERIFIED}), "no object 4"),
    ]


@pytest.mark.parametrize("number", range(16))
def test_a_contradiction_is_refused_and_nothing_is_changed(
    filled: Document, square: Square, everything: Everything, number: int
) -> None:
    step, words = refused(square)[number]
    told: list[Change] = []
    filled.changed.connect(told.append)
    before = everything(filled)
    with pytest.raises(DocumentError, match=words):
        filled.apply(step)
    assert everything(filled) == before and not told


def test_a_clip_of_another_size_is_taken_while_nothing_depends_on_it(document: Document) -> None:
    other = Clip("b.mp4", "b.mp4", 9, 10, 12, 30.0)
    document.apply(SetClip(other))
    assert document.clip == other


def test_ids_are_never_given_twice(document: Document) -> None:
    inverse = document.apply(SetObject(7, TrackedObject(7, "late")))
    document.apply(inverse)
    assert document.next_object_id == 8 and 7 not in document.objects
    assert document.next_category_id == 1


def test_the_order_of_objects_comes_back_with_a_deleted_one(document: Document) -> None:
    inverse = document.apply(SetObject(2, None))
    assert list(document.objects) == [1, 3]
    document.apply(inverse)
    assert list(document.objects) == [1, 2, 3]


def test_one_objects_cells_are_found_without_the_others(filled: Document, square: Square) -> None:
    assert set(filled.masks_of(1)) == {5, 9} and set(filled.prompts_of(1)) == {5} and set(filled.reviews_of(1)) == {5}
    assert filled.masks_of(3) == {} and filled.prompts_of(77) == {}
    assert filled.frames_with_masks(1) == [5, 9] and filled.frames_with_prompts(1) == [5]
    assert filled.masks_at(5) == {1: square(1, 1), 2: square(2, 2)} and filled.prompts_at(5) == {1: CLICK}
    assert filled.cells_of(1) == {(1, 5), (1, 9)}
    assert filled.is_verified((1, 5)) and not filled.is_verified((1, 9))


def test_the_flat_view_is_a_mapping_like_any_other(filled: Document, square: Square) -> None:
    assert len(filled.masks) == 3 and set(filled.masks) == {(1, 5), (1, 9), (2, 5)}
    assert filled.masks[(2, 5)] == square(2, 2) and filled.masks.get((3, 5)) is None
    assert (1, 5) in filled.masks and (1, 6) not in filled.masks and "dog" not in filled.masks
    with pytest.raises(KeyError):
        filled.masks[(2, 6)]
    assert dict(filled.prompts) == {(1, 5): CLICK}


def test_views_live_but_cannot_be_written(filled: Document) -> None:
    objects, masks = filled.objects, filled.masks_of(1)
    filled.apply(SetOrder((3, 2, 1)))
    filled.apply(SetMasks({(1, 9): None}))
    assert list(objects) == [3, 2, 1] and set(masks) == {5}
    with pytest.raises(TypeError):
        objects[4] = TrackedObject(4, "by the back door")  # type: ignore[index]
    with pytest.raises(TypeError):
        masks[3] = None  # type: ignore[index]


def test_a_snapshot_stays_while_the_document_goes_on(filled: Document, everything: Everything) -> None:
    snapshot, before = filled.snapshot(), everything(filled)
    filled.apply(SetReviews({(1, 5): None}))
    filled.apply(SetMasks({(1, 5): None, (1, 9): None}))
    filled.apply(SetPrompt((1, 5), None))
    filled.apply(SetObject(1, None))
    filled.apply(SetOrder((3, 2)))
    assert everything(snapshot) == before and everything(filled) != before
    assert not hasattr(snapshot, "apply")


def test_revisions_count_what_a_person_did_and_nothing_else(document: Document, square: Square) -> None:
    cell = (1, 4)
    assert document.revision(cell) == 0
    document.apply(SetMasks({cell: square(1, 1)}))
    assert document.revision(cell) == 0
    back = document.apply(SetMasks({cell: square(2, 2)}, by_person=True))
    assert document.revision(cell) == 1 and document.revision((1, 5)) == 0
    moment = document.clock
    document.apply(SetPrompt(cell, CLICK))
    document.apply(SetReviews({cell: Review.VERIFIED}))
    document.apply(back)
    assert document.revision(cell) == 4
    assert document.touched_since(cell, moment) and not document.touched_since((1, 5), moment)


def test_changes_made_together_are_told_once(document: Document, square: Square) -> None:
    told: list[Change] = []
    document.changed.connect(told.append)
    with document.gathered():
        document.apply(SetPrompt((1, 3), CLICK))
        with document.gathered():
            document.apply(SetMasks({(2, 4): square(1, 1)}))
        assert told == []
    assert told == [Change(cells=frozenset({(1, 3), (2, 4)}), prompts=True, masks=True)]
