"""What a model is told of neighbours: where they are, and nothing that would speak against the person's own points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.document.document import Document
from app.document.masks import MaskCode
from app.document.neighbours import MOST, innermost, neighbour_points
from app.document.steps import SetMasks, SetObject, SetPrompt
from app.document.values import Box, FrameMask, Point, Prompt, TrackedObject

Square = Callable[..., FrameMask]
CELL = (1, 5)
CLICK = Prompt((Point(6, 8),))


@pytest.fixture
def beside(document: Document, square: Square) -> Document:
    """dog (1), which keeps off, at 3–9; cat (2) at 7–13 with two points of its own; ball (3) far away."""
    document.apply(SetObject(1, replace(document.objects[1], keeps_off=True)))
    document.apply(SetMasks({CELL: square(3, 5), (2, 5): square(7, 5), (3, 5): square(24, 16)}))
    document.apply(SetPrompt((2, 5), Prompt((Point(11, 7), Point(2, 2, is_positive=False)))))
    return document


def test_points_of_a_neighbour_count_against_the_object(beside: Document) -> None:
    assert neighbour_points(beside, CELL, CLICK) == (Point(11, 7, is_positive=False),)


def test_nothing_is_told_unless_the_object_asks_for_it(beside: Document) -> None:
    assert neighbour_points(beside, (2, 5), CLICK) == ()
    beside.apply(SetObject(1, replace(beside.objects[1], keeps_off=False)))
    assert neighbour_points(beside, CELL, CLICK) == ()
    assert neighbour_points(beside, (9, 5), CLICK) == ()


def test_a_neighbour_without_points_there_is_told_by_its_innermost_place(beside: Document, square: Square) -> None:
    beside.apply(SetPrompt((2, 5), None))
    (point,) = neighbour_points(beside, CELL, CLICK)
    assert not point.is_positive and 9 <= point.x < 13 and 5 <= point.y < 11
    beside.apply(SetMasks({(2, 5): square(3, 5)}))
    assert neighbour_points(beside, CELL, CLICK) == ()


def test_a_first_click_has_neighbours_too(beside: Document) -> None:
    beside.apply(SetMasks({CELL: None}))
    assert neighbour_points(beside, CELL, CLICK) == (Point(11, 7, is_positive=False),)
    assert neighbour_points(beside, CELL, Prompt((Point(23, 18),)))[0].x > 24
    assert neighbour_points(beside, CELL, Prompt(box=Box(1, 1, 30, 20)))[-1].x > 20


def test_what_the_person_said_is_never_contradicted(beside: Document) -> None:
    assert neighbour_points(beside, CELL, Prompt((Point(6, 8), Point(11.5, 7.5)))) == ()
    mask = beside.masks[CELL].code
    assert neighbour_points(beside, CELL, Prompt(mask=mask)) == ()
    assert neighbour_points(beside, CELL, Prompt()) == ()


def test_the_nearest_are_told_where_there_are_many(beside: Document) -> None:
    points = tuple(Point(8.0 + place, 7.0) for place in range(10))
    beside.apply(SetPrompt((2, 5), Prompt(points)))
    told = neighbour_points(beside, CELL, Prompt((Point(4, 8),)))
    assert len(told) == MOST and max(point.x for point in told) == 13


def test_another_frame_has_other_neighbours(beside: Document) -> None:
    assert neighbour_points(beside, (1, 6), CLICK) == ()


@given(st.integers(0, 2**32 - 1), st.floats(0.2, 0.95))
def test_the_innermost_place_lies_in_the_mask(seed: int, share: float) -> None:
    pixels = np.random.default_rng(seed).random((12, 17)) < share
    if pixels.any():
        point = innermost(MaskCode.from_array(pixels))
        assert pixels[int(point.y), int(point.x)]


def test_the_innermost_place_of_a_disc_is_its_middle() -> None:
    rows, columns = np.mgrid[:40, :60]
    disc = (columns - 30) ** 2 + (rows - 18) ** 2 < 15**2
    point = innermost(MaskCode.from_array(disc))
    assert abs(point.x - 30) <= 1.5 and abs(point.y - 18) <= 1.5


def test_an_object_that_keeps_off_stays_so_in_the_list(document: Document) -> None:
    document.apply(SetObject(1, TrackedObject(1, "dog", keeps_off=True)))
    assert document.snapshot().objects[1].keeps_off
