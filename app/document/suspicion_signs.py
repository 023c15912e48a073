"""The witnesses of suspicion: what an object's masks, in numbers, say against one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.document.document import DocumentView
from app.document.values import DRAFT_STEPS, Origin

Floats = NDArray[np.float64]

NEIGHBOURS = 4
"""How many masks on either side say what is usual for an object."""

GAP_SUSPICION = 0.4
UNSURE_IOU = 0.75
UNSURE_SCORE = 3.0
SHARED_FROM = 0.7


@dataclass(frozen=True, slots=True)
class Lane:
    """One object's masks in frame order: frames that show it (`frames` and what belongs to them) and absent ones."""

    object_id: int
    frames: NDArray[np.int64]
    area: Floats
    boxes: Floats  # N x 4: x0, y0, x1, y1
    iou: Floats
    score: Floats
    is_given: NDArray[np.bool_]  # a person's own work or answer, not a run's
    is_verified: NDArray[np.bool_]
    is_draft: NDArray[np.bool_]  # made by a run that left frames out
    absent: NDArray[np.int64]
    has_prompts: NDArray[np.bool_]
    disputed: list[tuple[int, float]]
    """Frames on which the runs of a repair never agreed, and how much their masks share."""

    @property
    def reach(self) -> Floats:
        """x0, y0, x1, y1 of all places where the object ever is."""
        return np.concatenate((self.boxes[:, :2].min(axis=0), self.boxes[:, 2:].max(axis=0)))

    @property
    def width(self) -> Floats:
        return self.boxes[:, 2] - self.boxes[:, 0]

    @property
    def height(self) -> Floats:
        return self.boxes[:, 3] - self.boxes[:, 1]

    @property
    def centers(self) -> Floats:
        """N x 2: x, y"""
        return (self.boxes[:, :2] + self.boxes[:, 2:]) / 2


@dataclass(frozen=True, slots=True)
class Shared:
    """Where in the lanes of two objects their masks are in the same place, and how much so, 0 to 1."""

    mine: NDArray[np.int64]
    theirs: NDArray[np.int64]
    values: Floats


@dataclass(frozen=True, slots=True)
class Sign:
    """One witness over a whole lane: its name, values 0 to 1, and the sentence for a place in it."""

    name: str
    values: Floats
    words: Callable[[int], str]


def lane_of(document: DocumentView, object_id: int) -> Lane | None:
    numbers = document.mask_numbers(object_id)
    is_shown = numbers.area > 0
    if not is_shown.any():
        return None
    frames = numbers.frames[is_shown]
    return Lane(
        object_id,
        frames,
        numbers.area[is_shown],
        numbers.boxes[is_shown],
        numbers.iou[is_shown],
        numbers.score[is_shown],
        numbers.made_by(Origin.MANUAL, Origin.IMPORTED)[is_shown],
        np.isin(frames, list(document.reviews_of(object_id))),
        numbers.made_by(Origin.DRAFT)[is_shown],
        numbers.frames[~is_shown],
        np.isin(frames, list(document.prompts_of(object_id))),
        [
            (int(numbers.frames[place]), float(numbers.agreement[place]))
            for place in np.flatnonzero(numbers.agreement < 1)
        ],
    )


def _area(lane: Lane) -> Sign:
    """The mask is far larger or smaller than the object's masks around it."""
    ratio = lane.area / _usual(lane.area)
    values = _ramp(np.abs(np.log(ratio)), np.log(1.6), np.log(4.0))
    return Sign(
        "area", values, lambda place: f"area × {ratio[place]:.1f}" if ratio[place] >= 1 else _shrunk(ratio[place])
    )


def _shrunk(ratio: float) -> str:
    return f"area ÷ {1 / ratio:.1f}"


def _jump(lane: Lane) -> Sign:
    """The mask moved further than the object's size and its motion until then explain."""
    centers, frames = lane.centers, lane.frames
    distance, excess = np.zeros(len(frames)), np.zeros(len(frames))
    if len(frames) > 1:
        steps = np.diff(frames)[:, None]
        speed = np.diff(centers, axis=0) / steps
        before = np.vstack((np.zeros((1, 2)), speed[:-1]))
        unexplained = np.minimum(np.linalg.norm(speed - before, axis=1), np.linalg.norm(speed, axis=1))
        # Back where it was two masks ago: the mask between was the wrong one, not this.
        back = np.linalg.norm(centers[2:] - centers[:-2], axis=1)
        unexplained[1:] = np.minimum(unexplained[1:], back)
        size = np.sqrt(np.maximum(_usual(lane.width) * _usual(lane.height), 1.0))[1:]
        distance[1:] = np.linalg.norm(np.diff(centers, axis=0), axis=1)
        is_next = (steps[:, 0] == 1) | (lane.is_draft[1:] & (steps[:, 0] <= DRAFT_STEPS))
        excess[1:] = np.where(is_next, steps[:, 0] * unexplained / size, 0.0)
    values = _ramp(excess, 0.35, 1.2)

    def words(place: int) -> str:
        passed = int(frames[place] - frames[place - 1])
        return f"jumped {distance[place]:.0f} px in {'one frame' if passed == 1 else f'{passed} frames'}"

    return Sign("jump", values, words)


def _unsure_mask(lane: Lane) -> Sign:
    """The model itself expects its mask to be poor."""
    values = 0.9 * _ramp(UNSURE_IOU - lane.iou, 0.0, 0.5)
    return Sign("mask", values, lambda place: f"model unsure (predicted IoU {lane.iou[place]:.2f})")


def _unsure_presence(lane: Lane) -> Sign:
    """The model nearly said that the object is not there."""
    values = 0.8 * _ramp(UNSURE_SCORE - lane.score, 0.0, UNSURE_SCORE)
    return Sign("presence", values, lambda place: f"model unsure it is there (score {lane.score[place]:.1f})")


def _spread(lane: Lane) -> Sign:
    """The mask fills far less of its box than usual: it fell into pieces, or a piece lies far away."""
    filled = lane.area / np.maximum(lane.width * lane.height, 1.0)
    ratio = filled / _usual(filled)
    values = 0.8 * _ramp(-np.log(np.maximum(ratio, 1e-6)), np.log(1.7), np.log(4.0))
    return Sign("pieces", values, lambda place: f"in pieces: it fills {100 * filled[place]:.0f} % of its box")


def _gap(lane: Lane) -> Sign:
    """The first frame after one on which the object was absent, or for which nothing was computed."""
    missing = np.zeros(len(lane.frames), np.int64)
    missing[1:] = np.diff(lane.frames) - 1
    # What a draft leaves out is no gap: only where it found nothing there is one.
    absent = np.diff(np.searchsorted(lane.absent, lane.frames))
    missing[1:] = np.where(lane.is_draft[1:], np.minimum(absent, missing[1:]), missing[1:])
    values = np.where((missing > 0) & ~lane.has_prompts, GAP_SUSPICION, 0.0)
    return Sign("gap", values, lambda place: f"first frame after a gap of {missing[place]}")


def shared_place(one: Lane, two: Lane) -> Shared | None:
    """Where two objects' boxes and areas nearly agree; None where they never do."""
    if (one.reach[2:] <= two.reach[:2]).any() or (two.reach[2:] <= one.reach[:2]).any():
        return None
    if np.array_equal(one.frames, two.frames):
        mine = theirs = np.arange(len(one.frames))
    else:
        _, mine, theirs = np.intersect1d(one.frames, two.frames, assume_unique=True, return_indices=True)
    share = _box_iou(one.boxes[mine], two.boxes[theirs])
    sizes = np.minimum(one.area[mine], two.area[theirs]) / np.maximum(one.area[mine], two.area[theirs])
    values = _ramp(share * sizes, SHARED_FROM, 0.95)
    is_found = values > 0
    return Shared(mine[is_found], theirs[is_found], values[is_found]) if is_found.any() else None


def _box_iou(ones: Floats, twos: Floats) -> Floats:
    sides = np.minimum(ones[:, 2:], twos[:, 2:]) - np.maximum(ones[:, :2], twos[:, :2])
    shared = np.prod(np.maximum(sides, 0.0), axis=1)
    areas = np.prod(ones[:, 2:] - ones[:, :2], axis=1) + np.prod(twos[:, 2:] - twos[:, :2], axis=1)
    result: Floats = shared / (areas - shared)
    return result


def _usual(values: Floats) -> Floats:
    """The median of the masks around each one, without itself; itself where it stands alone."""
    count = len(values)
    if count == 1:
        return values.copy()
    padded = np.concatenate((np.full(NEIGHBOURS, np.nan), values, np.full(NEIGHBOURS, np.nan)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1)
    around = np.delete(windows, NEIGHBOURS, axis=1)
    usual: Floats = np.nanmedian(around, axis=1)
    return usual


def _ramp(values: Floats, low: float, high: float) -> Floats:
    """0 up to `low`, 1 from `high`, a straight line between; what is no number says nothing."""
    ramp: Floats = np.nan_to_num(np.clip((values - low) / (high - low), 0.0, 1.0), nan=0.0)
    return ramp


OWN_SIGNS = (_area, _jump, _unsure_mask, _unsure_presence, _spread, _gap)
"""What a lane alone says."""
