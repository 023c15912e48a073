"""What is said of objects: on which frames it holds, and that the document never contradicts itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.document.attribute_steps import SetAttribute, SetOverlaps, SetTag
from app.document.attributes import CROWD, TRUNCATED, Attribute, AttributeKind, Stretch, Tag
from app.document.document import Change, Document, DocumentError, DocumentView
from app.document.steps import SetObject

FRAMES = 12
POSE = Attribute(1, "pose", AttributeKind.CHOICE, ("stands", "runs"))
values = st.sampled_from([None, "a", "b"])
saying = st.tuples(values, st.integers(0, FRAMES - 1), st.integers(0, FRAMES - 1))


@given(values, st.lists(saying, max_size=8))
def test_what_was_said_last_of_a_frame_holds(
    everywhere: str | None, sayings: list[tuple[str | None, int, int]]
) -> None:
    tag, truth = Tag(everywhere), [everywhere] * FRAMES
    for value, one, other in sayings:
        first, last = sorted((one, other))
        tag = tag.said(value, first, last)
        truth[first : last + 1] = [everywhere if value is None else value] * (last + 1 - first)
    assert [tag.at(frame) for frame in range(FRAMES)] == truth
    for before, after in zip(tag.stretches, tag.stretches[1:], strict=False):
        assert before.last < after.first
        assert before.last + 1 < after.first or before.value != after.value
    assert all(stretch.value != everywhere for stretch in tag.stretches)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (AttributeKind.TEXT, "any", 1.0),
        (AttributeKind.CHOICE, "runs", "swims"),
        (AttributeKind.NUMBER, 2.5, True),
        (AttributeKind.NUMBER, -1.0, float("nan")),
        (AttributeKind.YES_NO, False, "no"),
    ],
)
def test_values_fit_their_kind(kind: AttributeKind, good: object, bad: object) -> None:
    attribute = Attribute(1, "x", kind, ("stands", "runs"))
    assert attribute.fits(good) and not attribute.fits(bad)


def test_every_step_gives_the_step_that_takes_it_back(
    document: Document, everything: Callable[[DocumentView], tuple[Any, ...]]
) -> None:
    told: list[Change] = []
    document.changed.connect(told.append)
    states, inverses = [], []
    for step in (
        SetAttribute(1, POSE),
        SetTag((2, 1), Tag("stands", (Stretch(4, 8, "runs"),))),
        SetTag((2, CROWD), Tag(True)),
        SetTag((2, 1), Tag()),
        SetAttribute(1, None),
        SetOverlaps(are_allowed=False),
    ):
        states.append(everything(document)[:-2])
        inverses.append(document.apply(step))
    assert not document.allows_overlaps and document.tags_of(2) == {CROWD: Tag(True)}
    assert told[1].tags == {(2, 1)} and told[1].objects == {2} and told[-1].overlaps
    snapshot = document.snapshot()
    for inverse in reversed(inverses):
        document.apply(inverse)
        assert everything(document)[:-2] == states.pop()
    assert snapshot.tags_of(2) == {CROWD: Tag(True)} and not snapshot.allows_overlaps


def test_nothing_is_said_that_makes_no_sense(document: Document) -> None:
    document.apply(SetAttribute(1, POSE))
    document.apply(SetTag((1, 1), Tag("runs")))
    for step, why in (
        (SetTag((9, 1), Tag("runs")), "no object 9"),
        (SetTag((1, 7), Tag("runs")), "no attribute 7"),
        (SetTag((1, 1), Tag("swims")), "pose cannot say"),
        (SetTag((1, TRUNCATED), Tag("yes")), "truncated cannot say"),
        (SetTag((1, 1), Tag(None, (Stretch(50, 60, "runs"),))), "frames 50 to 60"),
        (SetTag((1, 1), Tag(None, (Stretch(5, 9, "runs"), Stretch(9, 12, "stands")))), "frames 9 to 12"),
        (SetAttribute(1, None), "still says something"),
        (SetAttribute(1, Attribute(1, "pose", AttributeKind.CHOICE, ("stands",))), "could not say any more"),
        (SetAttribute(2, POSE), "cannot stand in the place"),
        (SetObject(1, None), "attributes; clear them first"),
    ):
        with pytest.raises(DocumentError, match=why):
            document.apply(step)
    assert document.tags[(1, 1)] == Tag("runs") and document.attributes == {1: POSE}


def test_an_attribute_may_lose_a_choice_that_nobody_made(document: Document) -> None:
    document.apply(SetAttribute(1, POSE))
    document.apply(SetTag((1, 1), Tag("runs")))
    document.apply(SetAttribute(1, Attribute(1, "gait", AttributeKind.CHOICE, ("runs",))))
    assert document.attributes[1].name == "gait" and document.next_attribute_id == 2
