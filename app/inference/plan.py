"""Which frames of which objects must run, in which order, and why. Pure: it reads a document and computes no mask.

Every object is followed outward from its own anchors: frames whose mask a person gave, drew, brought along or verified.
An anchor is a barrier (no run writes it) and, where the object is visible on it, a memory that conditions the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.document.document import DocumentView
from app.document.values import Cell
from app.inference.anchors import Anchor, anchors_of, name_of
from app.inference.gaps import Direction, gaps_between
from app.inference.stretches import Request, Stretch

__all__ = ["Direction", "Plan", "PlanError", "Step", "Stretch", "make_plan", "span_around"]

PROMPTS_ALWAYS_USED = 8
"""An object with at most so many prompted frames is conditioned by all of them, as in SAM 2; otherwise by near ones."""
ANCHORS_BEFORE, ANCHORS_AFTER = 2, 1
"""So many anchors on either side of the frames that run condition them."""
NOTES_SHOWN = 3


class PlanError(Exception):
    """There is nothing to propagate; the message says why, and what now.

    `is_complete` is true where that is because every frame that can run has a mask already, `is_at_cut` where a cut is
    in the way.
    """

    def __init__(self, message: str, *, is_complete: bool = False, is_at_cut: bool = False) -> None:
        super().__init__(message)
        self.is_complete = is_complete
        self.is_at_cut = is_at_cut


@dataclass(frozen=True)
class Step:
    """One frame of a sweep through the clip, with every stretch that passes it: to write it, or on its lead-in."""

    frame: int
    is_reverse: bool
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Meeting:
    """Frames that are run from both ends, all of them each way, to be joined where the two agree."""

    forward: Stretch
    backward: Stretch

    @property
    def object_id(self) -> int:
        """Whose frames they are."""
        return self.forward.object_id

    @property
    def frames(self) -> range:
        """The frames, ascending."""
        return self.forward.frames


@dataclass(frozen=True)
class Plan:
    """What a run will do. `conditioning` gives, per object, the frames that the model is told beforehand."""

    stretches: tuple[Stretch, ...]
    conditioning: Mapping[int, tuple[int, ...]]
    summary: str
    """One line, such as "96 frames of red ball, forward"."""
    notes: tuple[str, ...] = ()
    """A sentence for each object that was asked for and has nothing to run."""
    cuts: tuple[int, ...] = ()
    """Shot cuts (first frames of shots) that end a stretch of it, ascending."""
    stride: int = 1
    """It computes every so many frames; more than 1 makes it a draft."""

    @property
    def object_ids(self) -> tuple[int, ...]:
        """The objects that run, in the order in which they were asked for."""
        return tuple(dict.fromkeys(stretch.object_id for stretch in self.stretches))

    @cached_property
    def cells(self) -> frozenset[Cell]:
        """Every cell that the run writes."""
        return frozenset((stretch.object_id, frame) for stretch in self.stretches for frame in stretch.frames)

    @cached_property
    def meetings(self) -> tuple[Meeting, ...]:
        """The spans that are run from both ends."""
        up = {(one.object_id, one.frames[0]): one for one in self.stretches if not one.is_reverse}
        down = sorted((one for one in self.stretches if one.is_reverse), key=lambda one: one.frames[-1])
        found = ((up.get((one.object_id, one.frames[-1])), one) for one in down)
        return tuple(Meeting(forward, backward) for forward, backward in found if forward is not None)

    @property
    def deed(self) -> tuple[str, str]:
        """What the run is called before and while it is done: ("Propagate", "Propagating")."""
        if self.is_draft:
            return "Draft", "Drafting"
        return ("Repair", "Repairing") if self.meetings else ("Propagate", "Propagating")

    @property
    def is_draft(self) -> bool:
        """Whether its masks are to find trouble with, until a full run replaces them."""
        return self.stride > 1

    def __getstate__(self) -> dict[str, object]:
        """Cells are many and follow from the rest: a copy in another process makes its own when it needs them."""
        return {name: value for name, value in self.__dict__.items() if name != "cells"}

    def steps(self) -> Iterator[Step]:
        """The frames in running order: one meeting after the other, then all the rest."""
        paired: set[Stretch] = set()
        for meeting in self.meetings:
            yield from _in_turns((meeting.forward, meeting.backward))
            paired |= {meeting.forward, meeting.backward}
        yield from _in_turns([stretch for stretch in self.stretches if stretch not in paired])


def make_plan(
    document: DocumentView,
    object_ids: Sequence[int],
    first: int,
    last: int,
    direction: Direction = "both",
    *,
    stop_at_locks: bool = False,
    only_missing: bool = False,
    passed_cuts: Collection[int] = (),
    stride: int = 1,
) -> Plan:
    """Plan to follow objects through the frames `first` to `last`, both included.

    Forward and backward run from every anchor to the next one; both ways, two anchors share the frames between them and
    meet in the middle; a repair runs all of these from either anchor, if both show the object (`Plan.meetings`).
    With `stop_at_locks` an object's run ends at the first verified, hand-made or imported frame that it meets (forward
    and backward only). With `only_missing` frames that have a mask already are kept, but for drafts. With a `stride`
    above 1 it is a draft: of the frames without a mask it computes those whose number the stride divides.
    No run goes from one shot into another, except through `passed_cuts`.
    Raises PlanError where no frame is left to write.
    """
    _check(document, object_ids, first, last)
    window = range(first, last + 1)
    request = Request(document, window, direction, stop_at_locks, only_missing or stride > 1, stride)
    cuts = [cut for cut in document.cuts if cut not in passed_cuts]
    stretches: list[Stretch] = []
    conditioning: dict[int, tuple[int, ...]] = {}
    notes: list[str] = []
    barriers: set[int] = set()
    is_complete = is_at_cut = False
    for object_id in dict.fromkeys(object_ids):
        anchors = anchors_of(document, object_id)
        gaps = gaps_between(anchors, document.clip.frame_count, cuts)
        found = [] if document.objects[object_id].is_frozen else list(request.stretches(object_id, gaps))
        if not found:
            notes.append(request.why_nothing(object_id, gaps))
            is_complete |= request.is_complete(object_id, gaps)
            is_at_cut |= request.cut_in_the_way(object_id) is not None
            continue
        stretches += found
        barriers |= _barriers(found, cuts, window, {anchor.frame for anchor in anchors})
        running = [gap.frames for gap in gaps if any(stretch.frames[0] in gap.frames for stretch in found)]
        conditioning[object_id] = _conditioning(anchors, running)
    if not stretches:
        count = len(notes) - NOTES_SHOWN
        more = f" So it is with {count} more object{'s' if count > 1 else ''}." if count > 0 else ""
        raise PlanError(
            f"Nothing to propagate. {' '.join(notes[:NOTES_SHOWN])}{more}", is_complete=is_complete, is_at_cut=is_at_cut
        )
    summary = _summary(document, stretches)
    return Plan(tuple(stretches), conditioning, summary, tuple(notes), tuple(sorted(barriers)), stride)


def span_around(document: DocumentView, object_id: int, frame: int) -> tuple[int, int]:
    """The frames (first, last) that a change of this frame can reach: up to the neighbouring anchors and shot cuts."""
    others = [anchor.frame for anchor in anchors_of(document, object_id) if anchor.frame != frame]
    begins = [*(other + 1 for other in others if other < frame), *(cut for cut in document.cuts if cut <= frame)]
    ends = [other - 1 for other in (*others, *document.cuts) if other > frame]
    return max(begins, default=0), min(ends, default=document.clip.frame_count - 1)


def _barriers(stretches: Sequence[Stretch], cuts: Sequence[int], window: range, anchors: Collection[int]) -> set[int]:
    """The cuts that end these stretches where nothing else does: not the window, and no anchor right behind the cut."""
    found = set()
    for stretch in stretches:
        last, stride = stretch.frames[-1], abs(stretch.frames.step)
        ends = range(last - stride + 1, last + 1) if stretch.is_reverse else range(last + 1, last + stride + 1)
        for cut in (cut for cut in cuts if cut in ends):
            beyond = cut - stretch.is_reverse
            if beyond in window and beyond not in anchors:
                found.add(cut)
    return found


def _check(document: DocumentView, object_ids: Sequence[int], first: int, last: int) -> None:
    if not object_ids:
        raise PlanError("Nothing to propagate. No object is chosen: choose one, or make one by clicking on it.")
    for object_id in object_ids:
        if object_id not in document.objects:
            raise PlanError(f"Nothing to propagate. There is no object {object_id}: choose one that the list shows.")
    end = document.clip.frame_count - 1
    if last < first or first > end or last < 0:
        raise PlanError(
            f"Nothing to propagate. {first}–{last} holds no frame of this clip, whose frames are 0–{end}: "
            "choose another range."
        )


def _conditioning(anchors: Sequence[Anchor], running: Sequence[range]) -> tuple[int, ...]:
    """The frames that condition runs in the gaps `running`, ascending."""
    seen = [anchor for anchor in anchors if anchor.is_visible]
    prompted = [anchor.frame for anchor in seen if anchor.kind == "prompted"]
    chosen = set(prompted if len(prompted) <= PROMPTS_ALWAYS_USED else prompted[:1])
    frames = [anchor.frame for anchor in seen]
    for gap in running:
        chosen |= set([frame for frame in frames if frame < gap.start][-ANCHORS_BEFORE:])
        chosen |= set([frame for frame in frames if frame >= gap.stop][:ANCHORS_AFTER])
    return tuple(sorted(chosen))


def _summary(document: DocumentView, stretches: Sequence[Stretch]) -> str:
    names = [name_of(document, object_id) for object_id in dict.fromkeys(stretch.object_id for stretch in stretches)]
    who = names[0] if len(names) == 1 else f"{len(names)} objects"
    count = len({(stretch.object_id, frame) for stretch in stretches for frame in stretch.frames})
    what = f"{count:,} frame{'s' if count != 1 else ''}" if len(names) == 1 else f"{count:,} masks"
    ways = {stretch.is_reverse for stretch in stretches}
    if sum(len(stretch.frames) for stretch in stretches) > count:
        return f"{what} of {who}, from both ends"
    way = "both ways" if len(ways) == 2 else "backward" if ways == {True} else "forward"
    return f"{what} of {who}, {way}"


def _in_turns(stretches: Sequence[Stretch]) -> Iterator[Step]:
    """A sweep up and a sweep down take turns, so that near frames come first."""
    sweeps = [_sweep(stretches, is_reverse) for is_reverse in (False, True)]
    while sweeps:
        for sweep in list(sweeps):
            step = next(sweep, None)
            if step is None:
                sweeps.remove(sweep)
            else:
                yield step


def _sweep(stretches: Sequence[Stretch], is_reverse: bool) -> Iterator[Step]:
    """The steps of one direction: from each frame to the next that any stretch passes."""
    mine = [stretch for stretch in stretches if stretch.is_reverse == is_reverse]
    step = mine[0].frames.step if mine else 1
    waiting = deque(sorted(enumerate(mine), key=lambda item: item[1].lead_in.start * step))
    active: list[tuple[int, Stretch]] = []
    frame = 0
    while waiting or active:
        if not active:
            frame = waiting[0][1].lead_in.start
        while waiting and waiting[0][1].lead_in.start == frame:
            active = sorted([*active, waiting.popleft()], key=lambda item: item[0])
        yield Step(frame, is_reverse, tuple(stretch for _, stretch in active))
        active = [item for item in active if item[1].frames[-1] != frame]
        frame += step
