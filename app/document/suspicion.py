"""Suspicion: how likely is each cell wrong, and why, in words.

Each sign looks at numbers that are known without decoding a mask: area and box, the model's own scores, and which
frames have a mask at all. A sign gives a value from 0 (nothing to say) to 1 with a reason; signs add up as
independent witnesses do, and the strongest one speaks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from app.document.document import DocumentView
from app.document.suspicion_signs import OWN_SIGNS, Lane, Shared, Sign, lane_of, shared_place
from app.document.values import DRAFT_STEPS, Cell, Origin

THRESHOLD = 0.25
"""Below this a cell is not worth a person's look."""
ENDS = "ends"
"""The sign of the frame on which the two runs of a repair differ most: it stands before everything else."""
VANISHED, VANISHED_SUSPICION = "vanished", 0.35


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A cell that may be wrong: how likely (0 to 1) and why, as the person is told; `sign` names what speaks."""

    cell: Cell
    value: float
    reason: str
    sign: str = ""


def suspicious_cells(document: DocumentView) -> list[Suspicion]:
    """The cells that a person should look at, most suspicious first; verified cells are never among them.

    A sign that a person has dismissed on a cell says nothing there.

    A pure function of the document; a snapshot may be looked through on any thread.
    """
    return SuspicionBook().look(document)


class SuspicionBook:
    """What was found so far, by object, so that a change costs a look at the objects that it touched alone."""

    def __init__(self) -> None:
        self._lanes: dict[int, Lane] = {}
        self._signs: dict[int, list[Sign]] = {}
        self._shared: dict[tuple[int, int], Shared] = {}
        self._found: dict[int, list[Suspicion]] = {}

    def look(self, document: DocumentView, changed: Collection[int] | None = None) -> list[Suspicion]:
        """As `suspicious_cells`. `changed` names the objects that may have changed since the look before; None: all."""
        stale = set(document.objects if changed is None else changed) | (document.objects.keys() - self._found.keys())
        gone = self._found.keys() - document.objects.keys()
        for object_id in stale | gone:
            self._lanes.pop(object_id, None)
            self._found.pop(object_id, None)
        near = {
            other for pair in self._shared if not stale.isdisjoint(pair) or not gone.isdisjoint(pair) for other in pair
        }
        self._shared = {
            pair: shared for pair, shared in self._shared.items() if stale.isdisjoint(pair) and gone.isdisjoint(pair)
        }
        for object_id in stale & document.objects.keys():
            lane = lane_of(document, object_id)
            if lane is not None:
                self._lanes[object_id] = lane
                self._signs[object_id] = [sign(lane) for sign in OWN_SIGNS]
        near |= self._compare(stale)
        for object_id in (stale | near) & document.objects.keys():
            self._found[object_id] = self._look_at(document, object_id)
        found = [suspicion for object_id in document.objects for suspicion in self._found[object_id]]
        return sorted(found, key=lambda suspicion: (-suspicion.value, suspicion.sign != ENDS, suspicion.cell))

    def _compare(self, stale: Collection[int]) -> set[int]:
        """Look for shared places between these objects and all others; gives the objects that share one."""
        sharing: set[int] = set()
        order = list(self._lanes)
        for number, one in enumerate(order):
            for two in order[number + 1 :]:
                if one not in stale and two not in stale:
                    continue
                shared = shared_place(self._lanes[one], self._lanes[two])
                if shared is not None:
                    self._shared[one, two] = shared
                    sharing |= {one, two}
        return sharing

    def _look_at(self, document: DocumentView, object_id: int) -> list[Suspicion]:
        lane = self._lanes.get(object_id)
        if lane is None:
            return []
        signs = [*self._signs[object_id], self._sharing_of(document, lane)]
        disputed = {one.cell: one for one in _disputed(document, lane)}
        found = (*_look(document, lane, signs), *_vanished(document, lane))
        return [*disputed.values(), *(suspicion for suspicion in found if suspicion.cell not in disputed)]

    def _sharing_of(self, document: DocumentView, lane: Lane) -> Sign:
        """Two objects on the same frame whose boxes and areas nearly agree: probably one thing with two names."""
        values = np.zeros(len(lane.frames))
        others = np.zeros(len(lane.frames), np.int64)
        order = {object_id: place for place, object_id in enumerate(document.objects)}
        pairs = [pair for pair in self._shared if lane.object_id in pair]
        for pair in sorted(pairs, key=lambda pair: sorted(order[object_id] for object_id in pair)):
            shared = self._shared[pair]
            is_first = pair[0] == lane.object_id
            places = shared.mine if is_first else shared.theirs
            larger = shared.values > values[places]
            values[places[larger]] = shared.values[larger]
            others[places[larger]] = pair[1] if is_first else pair[0]
        names = {other: document.objects[other].name for other in set(others.tolist()) if other}
        return Sign("shared", values, lambda place: f"in the same place as {names[int(others[place])]}")


def _disputed(document: DocumentView, lane: Lane) -> Iterator[Suspicion]:
    """Where the two runs of a repair never agreed, the frame on which they differ most: a click there helps most."""
    prompts = document.prompts_of(lane.object_id)
    for frame, agreement in lane.disputed:
        cell = (lane.object_id, frame)
        is_said = frame in prompts or document.is_verified(cell) or ENDS in document.dismissed.get(cell, ())
        if not is_said:
            reason = f"runs from both ends share {100 * agreement:.0f} %"
            yield Suspicion(cell, 1.0, reason, ENDS)


def _look(document: DocumentView, lane: Lane, signs: list[Sign]) -> Iterator[Suspicion]:
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


def _vanished(document: DocumentView, lane: Lane) -> Iterator[Suspicion]:
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
