"""Where two runs through the same frames, one from either end, become one. Works on masks while both go on.

The first run that comes to a frame has its mask shown; the second is compared with it there. The span is joined as soon
as both agree. Where they never do, it is joined where they differ least, and the frame where they differ most is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.inference.engine import CellResult, Joint
from app.inference.plan import Meeting, Plan

AGREEMENT, AGREEING_FRAMES = 0.9, 3
"""Runs agree where their masks have this IoU on so many frames in a row."""
HELD_BYTES = 64 << 20
"""Of a span, run lengths of so many bytes are held at most; the runs are compared only as far as they are."""


class Joining:
    """One span of one object."""

    def __init__(self, meeting: Meeting, held_bytes: int = HELD_BYTES) -> None:
        self.object_id = meeting.object_id
        self.frames = meeting.frames
        self.is_settled = False
        self.joint: Joint | None = None
        """What came of it, once it is settled; None where nothing could be compared."""
        self._wanted = min(AGREEING_FRAMES, len(self.frames))
        self._most_bytes = held_bytes
        self._bytes = 0
        self._first: dict[int, CellResult] = {}
        """The masks that are shown, of whichever run came first."""
        self._second: dict[int, CellResult] = {}
        """The other run's, where both have been."""
        self._fronts = [self.frames.start - 1, self.frames.stop]
        """The last frames that the run up and the run down came to."""
        self._crossing: int | None = None
        """The first frame that the run down came to first, once the two have met."""
        self._shares: dict[int, float] = {}
        """IoU of both masks where they were compared."""

    def take(self, frame: int, result: CellResult | None, *, is_reverse: bool) -> list[CellResult]:
        """A run has come to its next frame, with a mask unless the frame is damaged; gives what is to be shown now."""
        has_met = frame <= self._fronts[0] if is_reverse else frame >= self._fronts[1]
        self._fronts[is_reverse] = frame
        held = self._second if has_met else self._first
        if result is not None:
            held[frame] = result
            self._bytes += len(result.mask.counts)
        if not has_met:
            while self._bytes > self._most_bytes // 2 and len(held) > 1:
                self._bytes -= len(held.pop(next(iter(held))).mask.counts)  # the furthest from where they will meet
            return [] if result is None else [result]
        if self._crossing is None:
            self._crossing = frame + 1 if is_reverse else frame
        if result is not None and frame in self._first:
            self._shares[frame] = result.mask.iou(self._first[frame].mask)
            middle = self._agreed_from(frame, 1 if is_reverse else -1)
            if middle is not None:
                return self._settle(middle, is_agreed=True)
        is_through = self._fronts == [self.frames[-1], self.frames[0]]
        if is_through or self._bytes > self._most_bytes:
            return self._settle(self._best_middle(), is_agreed=False)
        return []

    @property
    def spared(self) -> int:
        """Frames that the two runs need not come to any more."""
        return self.frames[-1] - self._fronts[0] + self._fronts[1] - self.frames[0] if self.is_settled else 0

    def _windows(self) -> list[range]:
        """Every so many frames in a row on which both runs were compared."""
        starts = [range(frame, frame + self._wanted) for frame in sorted(self._shares)]
        return [window for window in starts if all(frame in self._shares for frame in window)]

    def _agreed_from(self, frame: int, step: int) -> int | None:
        """The middle of the frames at `frame`, in the direction of `step`, if both runs agree on all of them."""
        window = [frame + step * number for number in range(self._wanted)]
        agrees = all(self._shares.get(one, 0.0) >= AGREEMENT for one in window)
        return sorted(window)[self._wanted // 2] if agrees else None

    def _best_middle(self) -> int | None:
        """The middle of the frames on which the runs differ least; near the middle of the span where that is equal."""
        if not self._shares:
            return None
        windows = self._windows() or [range(frame, frame + 1) for frame in self._shares]
        best = max(windows, key=lambda window: (min(self._shares[frame] for frame in window), -self._off(window)))
        return best[len(best) // 2]

    def _worst(self) -> int:
        """The frame on which the runs differ most; in the middle of them where that is equal."""
        least = min(self._shares.values())
        alike = [frame for frame, share in sorted(self._shares.items()) if share <= least + 0.01]
        return alike[len(alike) // 2]

    def _off(self, window: Sequence[int]) -> float:
        return abs(sum(window) / len(window) - (self.frames[0] + self.frames[-1]) / 2)

    def _settle(self, middle: int | None, *, is_agreed: bool) -> list[CellResult]:
        """Join: the run up holds up to `middle`, the run down behind it. Gives the masks that are other than shown."""
        self.is_settled = True
        crossing, first, second = self._crossing, self._first, self._second
        self._first, self._second = {}, {}
        if middle is None or crossing is None:
            return []
        other = range(crossing, middle + 1) if middle >= crossing else range(middle + 1, crossing)
        chosen = {frame: second[frame] for frame in other if frame in second}
        worst, share = middle, 1.0
        if not is_agreed:
            worst = self._worst()
            share = self._shares[worst]
            chosen[worst] = replace(chosen.get(worst, first.get(worst, second[worst])), agreement=share)
        self.joint = Joint(self.object_id, self.frames[0], self.frames[-1], middle, is_agreed, worst, share)
        return [chosen[frame] for frame in sorted(chosen)]


class Joinings:
    """All spans of a plan that are run from both ends; everything else passes through untouched."""

    def __init__(self, plan: Plan) -> None:
        self._open = [Joining(meeting) for meeting in plan.meetings]

    def still_wanted(self, frame: int, object_ids: Sequence[int]) -> tuple[int, ...]:
        """Of these objects those that no settled span spares this frame."""
        return tuple(one for one in object_ids if (found := self._of(one, frame)) is None or not found.is_settled)

    def take(
        self, frame: int, object_ids: Sequence[int], results: Sequence[CellResult], *, is_reverse: bool
    ) -> tuple[tuple[CellResult, ...], tuple[Joint, ...]]:
        """A step is done for these objects; gives what is to be shown of it, and the spans that it settled."""
        by_object = {result.object_id: result for result in results}
        shown: list[CellResult] = []
        joints: list[Joint] = []
        for object_id in object_ids:
            joining, result = self._of(object_id, frame), by_object.get(object_id)
            if joining is None:
                shown += [] if result is None else [result]
                continue
            shown += joining.take(frame, result, is_reverse=is_reverse)
            if joining.joint is not None:
                joints.append(joining.joint)
        return tuple(shown), tuple(joints)

    @property
    def spared(self) -> int:
        """Steps of the plan that are not needed any more."""
        return sum(one.spared for one in self._open)

    def _of(self, object_id: int, frame: int) -> Joining | None:
        return next((one for one in self._open if one.object_id == object_id and frame in one.frames), None)
