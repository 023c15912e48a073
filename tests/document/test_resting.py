"""Masks of an opened project rest as rows until somebody looks; nobody may notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app.document.mask_numbers import MaskNumbers
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.resting import RestingMasks
from app.document.steps import SetMasks
from app.document.values import FrameMask, Origin

Square = Callable[..., FrameMask]
FRAMES = range(3, 43)


@pytest.fixture
def masks(square: Square) -> dict[tuple[int, int], FrameMask]:
    """Objects 1 and 2 on forty frames, the second one absent on one; the third has none."""
    masks = {
        (number, frame): square(frame % 20, number, iou=frame / 100, origin=Origin.MANUAL)
        for number in (1, 2)
        for frame in FRAMES
    }
    return masks | {(2, 9): FrameMask(MaskCode.empty(24, 32))}


@pytest.fixture
def opened(project: Project, masks: dict[tuple[int, int], FrameMask], tmp_path: Path) -> Iterator[Project]:
    """A project with these masks, opened anew: nobody has looked at any."""
    project.document.apply(SetMasks(dict(masks)))
    path = tmp_path / "park.masklet"
    project.save_as(path)
    project.close()
    opened = Project.open(path)
    yield opened
    opened.close()


def test_what_rests_is_counted_found_and_listed(
    opened: Project, masks: dict[tuple[int, int], FrameMask], square: Square
) -> None:
    document = opened.document
    assert len(document.masks) == 80 and [len(document.masks_of(number)) for number in (1, 2, 3)] == [40, 40, 0]
    assert (1, 5) in document.masks and (1, 50) not in document.masks and (3, 5) not in document.masks
    assert 5 in document.masks_of(1) and 50 not in document.masks_of(1)
    assert document.masks[1, 5] == masks[1, 5] and document.masks.get((1, 50)) is None
    assert document.masks_at(9) == {1: masks[1, 9], 2: masks[2, 9]}
    assert dict(document.masks) == masks
    assert list(document.masks_of(2)) == list(FRAMES)
    assert list(document.masks_of(2).values())[6].is_absent


def test_what_rests_is_known_in_numbers_and_rests_on(opened: Project, masks: dict[tuple[int, int], FrameMask]) -> None:
    document = opened.document
    for number in (1, 2, 3):
        mine = {frame: mask for (owner, frame), mask in masks.items() if owner == number}
        found, expected = document.mask_numbers(number), MaskNumbers.of(mine)
        assert found.frames.tolist() == sorted(mine)
        for name in ("area", "boxes", "iou", "score", "agreement"):
            assert np.array_equal(getattr(found, name), getattr(expected, name)), name
        assert np.array_equal(found.made_by(Origin.MANUAL), expected.made_by(Origin.MANUAL))
    kept = document.snapshot()._state.masks.kept(1)
    assert isinstance(kept, RestingMasks) and not kept._found, "no mask was made for it"
    document.apply(SetMasks({(1, 5): None}))
    assert 5 not in document.mask_numbers(1).frames


def test_a_mask_stays_the_same_one_however_it_is_looked_at(opened: Project) -> None:
    first = opened.document.masks[1, 5]
    snapshot = opened.document.snapshot()
    assert dict(snapshot.masks_of(1).items())[5] is first
    assert opened.document.masks[1, 5] is first and opened.document.masks_of(1)[5] is first
    opened.document.apply(SetMasks({(1, 6): None}))
    assert opened.document.masks[1, 5] is first


def test_a_snapshot_keeps_what_rested_when_the_document_and_the_file_go_on(
    opened: Project, masks: dict[tuple[int, int], FrameMask], square: Square
) -> None:
    snapshot = opened.document.snapshot()
    with opened.history.transaction("Paint") as transaction:
        transaction.apply(SetMasks({(1, 5): square(0, 0, 3), (1, 6): None, (1, 50): square(1, 1)}))
    opened.flush()
    assert dict(snapshot.masks) == masks
    assert opened.document.masks[1, 5].code.area == 9 and len(opened.document.masks) == 80


def test_a_view_of_a_lane_shows_what_is_changed_after_it_was_taken(opened: Project, square: Square) -> None:
    lane = opened.document.masks_of(1)
    opened.document.apply(SetMasks({(1, 5): None, (1, 50): square(1, 1)}))
    assert 5 not in lane and lane[50].code.area == 36 and len(lane) == 40
    assert max(lane.keys()) == 50 and 5 not in dict(lane.items()) and len(lane.values()) == 40
    opened.document.apply(SetMasks({(1, frame): None for frame in list(lane)}))
    assert not lane and len(opened.document.masks) == 40


def test_what_rests_is_there_after_the_file_is_gone(opened: Project, masks: dict[tuple[int, int], FrameMask]) -> None:
    path = opened.path
    assert path is not None
    opened.close()
    path.unlink()
    assert {cell: mask.code.measures for cell, mask in opened.document.masks.items()} == {
        cell: mask.code.measures for cell, mask in masks.items()
    }


def test_changes_of_resting_lanes_are_undone_and_found_again(
    opened: Project, masks: dict[tuple[int, int], FrameMask]
) -> None:
    path = opened.path
    assert path is not None
    with opened.history.transaction("Clear") as transaction:
        transaction.apply(SetMasks({(1, frame): None for frame in FRAMES}))
    assert len(opened.document.masks) == 40
    opened.history.undo()
    assert dict(opened.document.masks) == masks
    opened.close()
    again = Project.open(path)
    assert dict(again.document.masks) == masks
    again.close()


def test_many_threads_see_the_same_masks(opened: Project, masks: dict[tuple[int, int], FrameMask]) -> None:
    snapshot = opened.document.snapshot()

    def look(number: int) -> dict[tuple[int, int], FrameMask]:
        cells = list(masks)[number:] + list(masks)[:number]
        return {cell: snapshot.masks[cell] for cell in cells} if number % 2 else dict(snapshot.masks)

    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(look, range(16)))
    assert seen[0] == masks
    assert all(other[cell] is seen[0][cell] for other in seen for cell in masks)
