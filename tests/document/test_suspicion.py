"""Planted errors are found, with the right words; good work is left in peace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.document.document import Document
from app.document.marks import SetDismissed
from app.document.masks import MaskCode
from app.document.steps import SetMasks, SetObject, SetPrompt, SetReviews
from app.document.suspicion import Suspicion, SuspicionBook, suspicious_cells
from app.document.values import Clip, FrameMask, Origin, Point, Prompt, Review, TrackedObject

HEIGHT, WIDTH, FRAMES = 120, 200, 40
Plant = Callable[[int, FrameMask | None], None]


def ball(x: float, y: float = 60, radius: float = 12, **values: object) -> FrameMask:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    pixels = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
    return FrameMask(MaskCode.from_array(pixels), **values)  # type: ignore[arg-type]


def usual(frame: int, **values: object) -> FrameMask:
    """A ball that rolls to the right and breathes a little."""
    return ball(30 + 3 * frame, radius=12 + 0.5 * np.sin(frame), **values)


@pytest.fixture
def rolling() -> Document:
    document = Document(Clip("a.mp4", "a.mp4", FRAMES, HEIGHT, WIDTH, 25.0))
    document.apply(SetObject(1, TrackedObject(1, "ball")))
    document.apply(SetMasks({(1, frame): usual(frame) for frame in range(FRAMES)}))
    return document


@pytest.fixture
def plant(rolling: Document) -> Plant:
    return lambda frame, mask: rolling.apply(SetMasks({(1, frame): mask})) and None


def found_in(document: Document) -> dict[int, Suspicion]:
    return {suspicion.cell[1]: suspicion for suspicion in suspicious_cells(document)}


def test_a_steady_masklet_is_not_suspicious(rolling: Document) -> None:
    assert suspicious_cells(rolling) == []


def test_an_area_that_jumps_is_named_with_its_factor(rolling: Document, plant: Plant) -> None:
    plant(20, ball(90, radius=36))
    found = found_in(rolling)
    assert list(found) == [20]
    assert found[20].reason.startswith("area × ") and float(found[20].reason[7:]) == pytest.approx(9, abs=1.5)
    assert found[20].value > 0.9


def test_an_area_that_shrinks_is_named_with_its_divisor(rolling: Document, plant: Plant) -> None:
    plant(20, ball(90, radius=5))
    assert found_in(rolling)[20].reason.startswith("area ÷ ")


def test_a_centre_that_jumps_is_named_with_its_distance_and_the_way_back_is_not(
    rolling: Document, plant: Plant
) -> None:
    plant(20, ball(90, y=20))
    found = found_in(rolling)
    assert list(found) == [20]
    assert found[20].reason == "jumped 40 px in one frame"


def test_a_masklet_that_moves_to_another_thing_is_found_where_it_left(rolling: Document, plant: Plant) -> None:
    for frame in range(25, FRAMES):
        plant(frame, ball(30 + 3 * frame, y=100))
    assert list(found_in(rolling)) == [25]


def test_a_fast_steady_motion_is_no_jump() -> None:
    document = Document(Clip("a.mp4", "a.mp4", 10, HEIGHT, WIDTH, 25.0))
    document.apply(SetObject(1, TrackedObject(1, "ball")))
    document.apply(SetMasks({(1, frame): ball(20 + 16 * frame, radius=9) for frame in range(10)}))
    assert set(found_in(document)) <= {1}


@pytest.mark.parametrize(("values", "words"), [({"iou": 0.3}, "predicted IoU 0.30"), ({"score": 0.4}, "score 0.4")])
def test_the_models_own_doubt_is_said(rolling: Document, plant: Plant, values: dict[str, float], words: str) -> None:
    plant(20, usual(20, **values))
    assert words in found_in(rolling)[20].reason


def test_a_mask_in_pieces_is_found(rolling: Document, plant: Plant) -> None:
    crumbs = ball(90).code.union(ball(20, y=20, radius=3).code).union(ball(180, y=100, radius=3).code)
    plant(20, FrameMask(crumbs))
    assert found_in(rolling)[20].reason.startswith("in pieces: it fills 3 % of its box")


def test_the_first_frame_after_a_gap_is_always_looked_at(rolling: Document, plant: Plant) -> None:
    absent = FrameMask(MaskCode.empty(HEIGHT, WIDTH), origin=Origin.MANUAL)
    plant(20, absent)
    plant(21, None)
    assert found_in(rolling)[22].reason == "first frame after a gap of 2"
    rolling.apply(SetPrompt((1, 22), Prompt((Point(96, 60),))))
    assert 22 not in found_in(rolling)


def test_a_thing_that_dissolves_in_the_middle_of_the_picture_is_suspicious(rolling: Document, plant: Plant) -> None:
    plant(20, FrameMask(MaskCode.empty(HEIGHT, WIDTH)))
    assert found_in(rolling)[20].reason == "vanished inside the picture"


def test_two_objects_in_the_same_place_name_each_other(rolling: Document) -> None:
    rolling.apply(SetObject(2, TrackedObject(2, "cat")))
    rolling.apply(SetMasks({(2, frame): ball(30 + 3 * frame, y=100) for frame in range(FRAMES)}))
    assert suspicious_cells(rolling) == []
    rolling.apply(SetMasks({(2, 20): usual(20)}))
    reasons = {suspicion.cell: suspicion.reason for suspicion in suspicious_cells(rolling)}
    assert reasons[(1, 20)] == "in the same place as cat"
    assert (2, 20) in reasons


def test_what_a_person_verified_or_made_is_not_suspicious(rolling: Document, plant: Plant) -> None:
    plant(10, ball(60, radius=40))
    plant(20, ball(90, radius=40, origin=Origin.MANUAL))
    assert set(found_in(rolling)) == {10}
    rolling.apply(SetReviews({(1, 10): Review.VERIFIED}))
    assert found_in(rolling) == {}


def test_the_worst_comes_first_and_values_stay_between_0_and_1(rolling: Document, plant: Plant) -> None:
    plant(10, usual(10, iou=0.55))
    plant(20, ball(160, y=20, radius=40, iou=0.1, score=-3.0))
    found = suspicious_cells(rolling)
    assert found[0].cell == (1, 20)
    assert all(0 < suspicion.value <= 1 for suspicion in found)
    assert [suspicion.value for suspicion in found] == sorted((s.value for s in found), reverse=True)


def test_scores_that_are_no_numbers_say_nothing(rolling: Document, plant: Plant) -> None:
    plant(20, usual(20, iou=float("nan"), score=float("nan")))
    assert suspicious_cells(rolling) == []


def test_a_snapshot_is_looked_through_like_the_document(rolling: Document, plant: Plant) -> None:
    plant(20, ball(90, radius=36))
    assert suspicious_cells(rolling.snapshot()) == suspicious_cells(rolling)


def test_a_dismissed_sign_is_silent_and_the_others_still_speak(rolling: Document, plant: Plant) -> None:
    plant(20, ball(150, y=20, radius=36, iou=0.3))
    plant(30, None)
    plant(30, FrameMask(MaskCode.empty(HEIGHT, WIDTH)))
    signs = []
    while 20 in (found := found_in(rolling)):
        signs.append(found[20].sign)
        rolling.apply(SetDismissed({(1, 20): frozenset(signs)}))
        assert len(signs) < 10
    assert {"area", "jump", "mask"} <= set(signs)
    assert found_in(rolling)[30].sign == "vanished"
    rolling.apply(SetDismissed({(1, 30): frozenset({"vanished"})}))
    assert 30 not in found_in(rolling)


def test_where_the_ends_of_a_repair_never_agreed_stands_first_until_a_person_has_spoken(
    rolling: Document, plant: Plant
) -> None:
    plant(8, ball(150, radius=40))
    plant(20, usual(20, agreement=0.4))
    first = suspicious_cells(rolling)[0]
    assert first.cell == (1, 20) and first.value == 1.0
    assert first.reason == "runs from both ends share 40 %"
    rolling.apply(SetReviews({(1, 20): Review.VERIFIED}))
    assert 20 not in found_in(rolling)
    rolling.apply(SetReviews({(1, 20): None}))
    rolling.apply(SetPrompt((1, 20), Prompt((Point(90, 60),))))
    assert 20 not in found_in(rolling)


def test_the_frames_that_a_draft_leaves_out_are_no_gap(rolling: Document) -> None:
    rolling.apply(SetMasks({(1, frame): None for frame in range(1, FRAMES, 2)}))
    rolling.apply(SetMasks({(1, frame): usual(frame, origin=Origin.DRAFT) for frame in range(0, FRAMES, 2)}))
    assert suspicious_cells(rolling) == []


def test_a_draft_shows_where_an_object_jumps_vanishes_and_comes_back(rolling: Document) -> None:
    rolling.apply(SetMasks({(1, frame): None for frame in range(1, FRAMES, 2)}))
    empty = FrameMask(MaskCode.empty(HEIGHT, WIDTH), origin=Origin.DRAFT)
    masks = {(1, frame): usual(frame, origin=Origin.DRAFT) for frame in range(0, FRAMES, 2)}
    masks |= {(1, frame): empty for frame in (10, 12)}
    masks |= {(1, frame): ball(30 + 3 * frame, y=20, origin=Origin.DRAFT) for frame in range(26, FRAMES, 2)}
    rolling.apply(SetMasks(masks))
    found = found_in(rolling)
    assert found[10].reason == "vanished inside the picture"
    assert found[14].reason == "first frame after a gap of 2"
    assert found[26].reason.endswith(" px in 2 frames")
    assert set(found) == {10, 14, 26}


def test_a_second_look_at_what_has_changed_finds_what_a_look_at_everything_finds(rolling: Document) -> None:
    rng = np.random.default_rng(5)
    book = SuspicionBook()
    assert book.look(rolling) == suspicious_cells(rolling)
    for number in range(2, 6):
        rolling.apply(SetObject(number, TrackedObject(number, f"thing {number}")))
    for turn in range(40):
        number, frame = int(rng.integers(1, 6)), int(rng.integers(0, FRAMES))
        kind = turn % 5
        if kind == 4:
            cells: dict[tuple[int, int], FrameMask | None] = {(number, other): None for other in range(FRAMES)}
        elif kind == 3:
            cells = {(number, frame): FrameMask(MaskCode.empty(HEIGHT, WIDTH))}
        else:
            there = range(frame, min(FRAMES, frame + 9))
            cells = {(number, other): ball(30 + 3 * other, radius=12 + 3 * kind, score=4 * kind) for other in there}
        rolling.apply(SetMasks(cells))
        if turn % 7 == 0:
            rolling.apply(SetObject(number, TrackedObject(number, f"renamed {turn}")))
        assert book.look(rolling.snapshot(), {number}) == suspicious_cells(rolling)
    for other in range(FRAMES):
        rolling.apply(SetMasks({(2, other): None}))
    rolling.apply(SetObject(2, None))
    assert book.look(rolling, {2}) == suspicious_cells(rolling)
