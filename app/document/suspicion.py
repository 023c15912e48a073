"""Suspicion: how likely is each cell wrong, and why, in words.

Each sign looks at numbers that are known without decoding a mask: area and box, the model's own scores, and which
frames have a mask at all. A sign gives a value from 0 (nothing to say) to 1 with a reason; signs add up as
independent witnesses do, and the strongest one speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.document.document import DocumentView
from app.document.values import Cell, Origin

Floats = NDArray[np.float64]

THRESHOLD = 0.25
"""Below this a cell is not worth a person's look."""

NEIGHBOURS = 4
"""How many masks on either side say what is usual for an object."""

DRAFT_STEPS = 8
"""A draft leaves out fewer frames than this between two masks."""
ENDS = "ends"
"""The sign of the frame on which the two runs of a repair differ most: it stands before everything else."""
GAP_SUSPICION = 0.4
VANISHED, VANISHED_SUSPICION = "vanished", 0.35
UNSURE_IOU = 0.75
UNSURE_SCORE = 3.0
SHARED_FROM = 0.7


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A cell that may be wrong: how likely (0 to 1) and why, as the person is told; `sign` names what speaks."""

    cell: Cell
    value: float
    reason: str
    sign: str = ""


@dataclass(frozen=True, slots=True)
class _Lane:
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
class _Sign:
    """One witness over a whole lane: its name, values 0 to 1, and the sentence for a place in it."""

    name: str
    values: Floats
    words: Callable[[int], str]


def suspicious_cells(document: DocumentView) -> list[Suspicion]:
    """The cells that a person should look at, most suspicious first; verified cells are never among them.

    A sign that a person has dismissed on a cell says nothing there.

    A pure function of the document; a snapshot may be looked through on any thread.
    """
    lanes = [lane for object_id in document.objects if (lane := _lane(document, object_id)) is not None]
    shared = _shared_places(document, lanes)
    found = [suspicion for lane in lanes for suspicion in _look(document, lane, shared[lane.object_id])]
    found += [suspicion for lane in lanes for suspicion in _vanished(document, lane)]
    disputed = {one.cell: one for object_id in document.objects for one in _disputed(document, object_id)}
    found = [*disputed.values(), *(suspicion for suspicion in found if suspicion.cell not in disputed)]
    return sorted(found, key=lambda suspicion: (-suspicion.value, suspicion.sign != ENDS, suspicion.cell))


def _disputed(document: DocumentView, object_id: int) -> Iterator[Suspicion]:
    """Where the two runs of a repair never agreed, the frame on which they differ most: a click there helps most."""
    prompts = document.prompts_of(object_id)
    for frame, mask in document.masks_of(object_id).items():
        cell = (object_id, frame)
        is_said = frame in prompts or document.is_verified(cell) or ENDS in document.dismissed.get(cell, ())
        if mask.agreement < 1 and not is_said:
            reason = f"the runs from both ends share {100 * mask.agreement:.0f} % of their masks"
            yield Suspicion(cell, 1.0, reason, ENDS)


def _lane(document: DocumentView, object_id: int) -> _Lane | None:
    masks = dict(document.masks_of(object_id).items())
    frames = sorted(masks)
    shown = [frame for frame in frames if not masks[frame].is_absent]
    if not shown:
        return None
    measures = np.array([masks[frame].code.measures for frame in shown], np.float64)
    verified = document.reviews_of(object_id)
    prompts = document.prompts_of(object_id)
    given = (Origin.MANUAL, Origin.IMPORTED)
    return _Lane(
        object_id,
        np.array(shown, np.int64),
        measures[:, 0],
        measures[:, 1:],
        np.array([masks[frame].iou for frame in shown], np.float64),
        np.array([masks[frame].score for frame in shown], np.float64),
        np.array([masks[frame].origin in given for frame in shown], np.bool_),
        np.array([frame in verified for frame in shown], np.bool_),
        np.array([masks[frame].origin is Origin.DRAFT for frame in shown], np.bool_),
        np.array([frame for frame in frames if masks[frame].is_absent], np.int64),
        np.array([frame in prompts for frame in shown], np.bool_),
    )


def _look(document: DocumentView, lane: _Lane, shared: _Sign) -> Iterator[Suspicion]:
    signs = [_area(lane), _jump(lane), _unsure_mask(lane), _unsure_presence(lane), _spread(lane), _gap(lane), shared]
    values = np.stack([sign.values for sign in signs])
    # What a person drew or brought in was not computed: the model's scores and the motion say nothing against it.
    values[:, lane.is_given] = 0.0
    for number, sign in enumerate(signs):
        values[number, np.isin(lane.frames, _dismissed(document, lane.object_id, sign.name))] = 0.0
    total = 1.0 - np.prod(1.0 - values, axis=0)
    loudest = values.argmax(axis=0)
    for place in np.flatnonzero((total >= THRESHOLD) & ~lane.is_verified):
        sign = signs[loudest[place]]
        cell = (lane.object_id, int(lane.frames[place]))
        yield Suspicion(cell, round(float(total[place]), 4), sign.words(int(place)), sign.name)


def _dismissed(document: DocumentView, object_id: int, sign: str) -> list[int]:
    return [frame for frame, signs in document.dismissed_of(object_id).items() if sign in signs]


def _vanished(document: DocumentView, lane: _Lane) -> Iterator[Suspicion]:
    """Computed absences right after a mask that was well inside the picture: things rarely dissolve."""
    clip, last_shown = document.clip, {int(frame): place for place, frame in enumerate(lane.frames)}
    masks = document.masks_of(lane.object_id)
    for frame in lane.absent.tolist():
        cell = (lane.object_id, frame)
        mask = masks[frame]
        steps = DRAFT_STEPS if mask.origin is Origin.DRAFT else 1
        before = next((other for other in range(frame - 1, frame - 1 - steps, -1) if other in masks), None)
        place = None if before is None else last_shown.get(before)
        if (
            place is None
            or not mask.is_computed
            or document.is_verified(cell)
            or VANISHED in document.dismissed.get(cell, ())
        ):
            continue
        x0, y0, x1, y1 = lane.boxes[place]
        if x0 > 1 and y0 > 1 and x1 < clip.width - 1 and y1 < clip.height - 1:
            yield Suspicion(cell, VANISHED_SUSPICION, "vanished inside the picture", VANISHED)


def _area(lane: _Lane) -> _Sign:
    """The mask is far larger or smaller than the object's masks around it."""
    ratio = lane.area / _usual(lane.area)
    values = _ramp(np.abs(np.log(ratio)), np.log(1.6), np.log(4.0))
    return _Sign(
        "area", values, lambda place: f"area × {ratio[place]:.1f}" if ratio[place] >= 1 else _shrunk(ratio[place])
    )


def _shrunk(ratio: float) -> str:
    return f"area ÷ {1 / ratio:.1f}"


def _jump(lane: _Lane) -> _Sign:
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

    return _Sign("jump", values, words)


def _unsure_mask(lane: _Lane) -> _Sign:
    """The model itself expects its mask to be poor."""
    values = 0.9 * _ramp(UNSURE_IOU - lane.iou, 0.0, 0.5)
    return _Sign(
        "mask", values, lambda place: f"the model is unsure of this mask (predicted IoU {lane.iou[place]:.2f})"
    )


def _unsure_presence(lane: _Lane) -> _Sign:
    """The model nearly said that the object is not there."""
    values = 0.8 * _ramp(UNSURE_SCORE - lane.score, 0.0, UNSURE_SCORE)
    return _Sign(
        "presence", values, lambda place: f"the model is unsure whether it is there (score {lane.score[place]:.1f})"
    )


def _spread(lane: _Lane) -> _Sign:
    """The mask fills far less of its box than usual: it fell into pieces, or a piece lies far away."""
    filled = lane.area / np.maximum(lane.width * lane.height, 1.0)
    ratio = filled / _usual(filled)
    values = 0.8 * _ramp(-np.log(np.maximum(ratio, 1e-6)), np.log(1.7), np.log(4.0))
    return _Sign("pieces", values, lambda place: f"in pieces: it fills {100 * filled[place]:.0f} % of its box")


def _gap(lane: _Lane) -> _Sign:
    """The first frame after one on which the object was absent, or for which nothing was computed."""
    missing = np.zeros(len(lane.frames), np.int64)
    missing[1:] = np.diff(lane.frames) - 1
    # What a draft leaves out is no gap: only where it found nothing there is one.
    absent = np.diff(np.searchsorted(lane.absent, lane.frames))
    missing[1:] = np.where(lane.is_draft[1:], np.minimum(absent, missing[1:]), missing[1:])
    values = np.where((missing > 0) & ~lane.has_prompts, GAP_SUSPICION, 0.0)
    return _Sign("gap", values, lambda place: f"first frame after a gap of {missing[place]}")


def _shared_places(document: DocumentView, lanes: list[_Lane]) -> dict[int, _Sign]:
    """Two objects on the same frame whose boxes and areas nearly agree: probably one thing with two names."""
    values = {lane.object_id: np.zeros(len(lane.frames)) for lane in lanes}
    others = {lane.object_id: np.zeros(len(lane.frames), np.int64) for lane in lanes}
    for number, one in enumerate(lanes):
        for two in lanes[number + 1 :]:
            _, mine, theirs = np.intersect1d(one.frames, two.frames, assume_unique=True, return_indices=True)
            if not mine.size:
                continue
            share = _box_iou(one.boxes[mine], two.boxes[theirs])
            sizes = np.minimum(one.area[mine], two.area[theirs]) / np.maximum(one.area[mine], two.area[theirs])
            found = _ramp(share * sizes, SHARED_FROM, 0.95)
            for lane, places, other in ((one, mine, two), (two, theirs, one)):
                larger = found > values[lane.object_id][places]
                values[lane.object_id][places[larger]] = found[larger]
                others[lane.object_id][places[larger]] = other.object_id
    names = {object_id: thing.name for object_id, thing in document.objects.items()}
    return {object_id: _Sign("shared", values[object_id], _sharing(names, others[object_id])) for object_id in values}


def _sharing(names: dict[int, str], others: NDArray[np.int64]) -> Callable[[int], str]:
    return lambda place: f"in the same place as {names[int(others[place])]}"


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
