"""What a request to propagate comes to for one object: stretches of frames, each with a source and a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from app.document.document import DocumentView
from app.document.values import Origin
from app.inference.anchors import anchors_of, name_of
from app.inference.gaps import Direction, Gap, gaps_between


@dataclass(frozen=True)
class Stretch:
    """Frames of one object that follow one another in one direction.

    `frames` will be written, in running order. `lead_in` lies between `source`, the anchor that the run starts from,
    and the first of them: an engine that does not remember those frames computes them again, and nothing writes them.
    """

    object_id: int
    source: int
    frames: range
    lead_in: range
    reason: str

    @property
    def is_reverse(self) -> bool:
        """Whether it runs towards the start of the clip."""
        return self.frames.step < 0


@dataclass(frozen=True)
class Request:
    """What was asked for; `window` is the range of frames, both ends in it."""

    document: DocumentView
    window: range
    direction: Direction
    stop_at_locks: bool = False
    only_missing: bool = False
    stride: int = 1

    def stretches(self, object_id: int, gaps: Sequence[Gap]) -> Iterator[Stretch]:
        """The stretches of one object, forward ones first, each way in running order."""
        if self.direction != "backward":
            yield from self._one_way(object_id, [(gap, gap.forward(self.direction)) for gap in gaps])
        if self.direction != "forward":
            yield from self._one_way(object_id, [(gap, gap.backward(self.direction)) for gap in reversed(gaps)])

    def is_complete(self, object_id: int, gaps: Sequence[Gap]) -> bool:
        """Whether nothing is left to run only because every frame has a mask, or a prompt that gives it one."""
        if self.document.objects[object_id].is_frozen:
            return False
        everything = replace(self, only_missing=False)
        is_kept = self.only_missing and any(everything.stretches(object_id, gaps))
        return is_kept or not any(frame in self.window for gap in gaps for frame in gap.frames)

    def _one_way(self, object_id: int, runs: Sequence[tuple[Gap, range]]) -> Iterator[Stretch]:
        has_started = False
        for gap, whole in runs:
            run = _every(self.stride, whole)
            source = gap.left if run.step > 0 else gap.right
            if not run or source is None:
                continue
            if has_started and self.stop_at_locks and self.direction in ("forward", "backward") and source.is_lock:
                return
            for frames in self._wanted(object_id, run):
                has_started = True
                lead_in = range(run.start, frames.start, run.step)
                yield Stretch(object_id, source.frame, frames, lead_in, _reason(gap, run, frames))

    def _wanted(self, object_id: int, run: range) -> list[range]:
        inside = _within(run, self.window)
        if not self.only_missing:
            return [inside] if inside else []
        masks = self.document.masks_of(object_id)
        frames = [frame for frame in inside if frame not in masks or masks[frame].origin is Origin.DRAFT]
        pieces = []
        for _, numbered in groupby(enumerate(frames), key=lambda item: item[1] - item[0] * run.step):
            piece = [frame for _, frame in numbered]
            pieces.append(range(piece[0], piece[-1] + run.step, run.step))
        return pieces

    def why_nothing(self, object_id: int, gaps: Sequence[Gap]) -> str:
        """A sentence or two about an object that has nothing to run, and what to do about it."""
        name = name_of(self.document, object_id)
        anchors = anchors_of(self.document, object_id)
        window = range(max(self.window.start, 0), min(self.window.stop, self.document.clip.frame_count))
        where = f"{window[0]}–{window[-1]}" if len(window) > 1 else f"{window[0]}"
        if self.document.objects[object_id].is_frozen:
            return f"{name} is frozen: take its padlock off first."
        if not anchors:
            return f"{name} has no prompts: click on it on one frame first."
        if not any(anchor.is_visible for anchor in anchors):
            if self.document.excluded_of(object_id):
                return f"{name} has no frame to learn from: let one of the excluded ones condition runs again."
            return f"{name} is absent wherever a person looked: click on it on a frame that shows it."
        inside = [anchor for anchor in anchors if anchor.frame in window]
        if len(inside) == len(window):
            kinds = " or ".join(dict.fromkeys(anchor.kind for anchor in inside))
            what = f"Every frame of {name} in {where}" if len(window) > 1 else f"Frame {where} of {name}"
            return f"{what} is {kinds}: choose another range, or take some of that back."
        cut = self.cut_in_the_way(object_id)
        if cut is not None:
            return f"A cut before frame {cut} keeps {name} out of {where}: pass the cut, or click on {name} behind it."
        runs = [frames for gap in gaps for frames in (gap.forward(self.direction), gap.backward(self.direction))]
        reached = {frame for frames in runs for frame in _within(frames, window)}
        if reached - self.document.masks_of(object_id).keys():
            return f"A draft leaves out every frame of {name} in {where} that has no mask yet: propagate instead."
        if reached:
            return f"Every frame of {name} in {where} has a mask already."
        nearest = min(anchors, key=lambda anchor: min(abs(anchor.frame - window[0]), abs(anchor.frame - window[-1])))
        return (
            f"{name} has no frame to run {self.direction} from in {where} (the nearest is {nearest.words}): "
            "propagate the other way, or both ways."
        )

    def cut_in_the_way(self, object_id: int) -> int | None:
        """The cut without which the object could be followed into the window, if that is all that is in the way."""
        whole = gaps_between(anchors_of(self.document, object_id), self.document.clip.frame_count)
        stretch = next(self.stretches(object_id, whole), None)
        if stretch is None or self.document.objects[object_id].is_frozen:
            return None
        low, high = sorted((stretch.source, stretch.frames[0]))
        between = [cut for cut in self.document.cuts if low < cut <= high]
        return None if not between else between[-1] if stretch.is_reverse else between[0]


def _every(stride: int, frames: range) -> range:
    """Of frames that follow one another those whose number `stride` divides."""
    start = frames.start + (-frames.start % stride if frames.step > 0 else -(frames.start % stride))
    return range(start, frames.stop, frames.step * stride)


def _within(run: range, window: range) -> range:
    """The part of a run that lies in the window."""
    if run.step > 0:
        skipped, ahead = window.start - run.start, window.stop - 1 - run.start
    else:
        skipped, ahead = run.start - (window.stop - 1), run.start - window.start
    stride = abs(run.step)
    return run[max(0, -(-skipped // stride)) : max(0, ahead // stride + 1)]


def _reason(gap: Gap, run: range, frames: range) -> str:
    """Such as "forward from the prompt on frame 0 to the verified frame 40"; `run`: what runs this way in the gap."""
    if run.step > 0:
        way, source, goal, ending, far = "forward", gap.left, gap.right, "to the end of the clip", gap.frames[-1]
        cut = gap.frames.stop if gap.ends_with_cut else None
    else:
        way, source, goal, ending, far = "backward", gap.right, gap.left, "to the start of the clip", gap.frames[0]
        cut = gap.frames.start if gap.begins_with_cut else None
    if frames[-1] != run[-1]:
        target = f"to frame {frames[-1]}"
    elif abs(run[-1] - far) >= abs(run.step) and goal is not None:
        target = f"until it meets the run from {goal.words}"
    else:
        target = f"to {goal.words}" if goal is not None else f"to the cut before frame {cut}" if cut else ending
    going_on = "" if frames.start == run.start else f", going on at frame {frames.start},"
    assert source is not None
    return f"{way} from {source.words}{going_on} {target}"
