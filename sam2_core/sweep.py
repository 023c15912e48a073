"""What is kept of an object on the frames that were tracked, and for how long.

A sweep is one uninterrupted run over frames that follow one another in one direction. It keeps what the next frame
may look at and forgets the rest, so that its size does not depend on the length of the clip. It either goes on where
a run stood, exactly, or starts anew from the prompted frames: a result never depends on what happened to be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from sam2_core.memory_bank import MemoryPolicy


@dataclass
class FrameOutput:
    """What the model said about one object on one frame.

    Attributes:
        low_res: (1, 1, S / 4, S / 4) logits of the mask, small holes filled, or (1, 1, S, S) where a part of the frame
            was looked at closer; None once it is of no more use.
        pointer: (1, C) object pointer.
        ious: (1, k) estimated IoU of each mask that was predicted.
        score: (1, 1) object score logit.
        iou: the estimate of the chosen mask, 0 to 1.
        presence: the object score as a number; above 0 the object is there.
        is_prompted: whether the mask answers a person's prompts.
        memory: (1, Cm, h, w) spatial memory; None before it is first needed, and once it is of no more use.
    """

    low_res: Tensor | None
    pointer: Tensor
    ious: Tensor
    score: Tensor
    iou: float
    presence: float
    is_prompted: bool
    memory: Tensor | None = None

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor that is held."""
        for tensor in (self.low_res, self.pointer, self.ious, self.score, self.memory):
            if tensor is not None:
                yield tensor


class Track(Protocol):
    """Results on frames without prompts, as a session needs them."""

    outputs: dict[int, FrameOutput]

    def goes_on_at(self, frame: int, revision: int) -> bool:
        """Whether a run that begins at `frame` would look at all that an uninterrupted one had seen."""
        ...

    def enter(self, frame: int, revision: int) -> None:
        """Make ready for `frame`: what remains in `outputs` may be looked at."""
        ...

    def leave(self, frame: int, output: FrameOutput | None) -> None:
        """The frame is done; `output` is None where it has prompts, or could not be computed."""
        ...


class Sweep:
    """The bounded kind.

    Args:
        policy: says how far back a frame may look.
        reverse: whether it runs towards the start of the clip.
    """

    def __init__(self, policy: MemoryPolicy, *, reverse: bool) -> None:
        self.outputs: dict[int, FrameOutput] = {}
        self._policy = policy
        self._sign = -1 if reverse else 1
        self._empty: set[int] = set()
        self._start: int | None = None
        self._head = 0
        self._revision = 0

    def goes_on_at(self, frame: int, revision: int) -> bool:
        """See `Track`: everything that `frame` may look at is still here, and was made under the same prompts."""
        start, previous = self._start, frame - self._sign
        if start is None or revision != self._revision or not self._is_between(start, previous, self._head):
            return False
        for back in range(1, max(self._policy.pointer_reach, self._policy.map_reach) + 1):
            place = frame - back * self._sign
            if not self._is_between(start, place, self._head):
                break
            if place in self._empty:
                continue
            output = self.outputs.get(place)
            if output is None or (back <= self._policy.map_reach and output.memory is None):
                return False
        return True

    def enter(self, frame: int, revision: int) -> None:
        """See `Track`: go on if that is possible exactly, else start anew at this frame."""
        if self.goes_on_at(frame, revision):
            self._head = frame - self._sign
            for place in [place for place in self.outputs if self._distance(frame, place) <= 0]:
                del self.outputs[place]
            self._empty = {place for place in self._empty if self._distance(frame, place) > 0}
        else:
            self.outputs.clear()
            self._empty.clear()
            self._start, self._head, self._revision = frame, frame - self._sign, revision

    def leave(self, frame: int, output: FrameOutput | None) -> None:
        """See `Track`: forget what lies out of reach. One frame more than needed stays, to do the last frame again."""
        self._head = frame
        if output is None:
            self._empty.add(frame)
        else:
            self.outputs[frame] = output
        reach = max(self._policy.pointer_reach, self._policy.map_reach)
        for place, kept in list(self.outputs.items()):
            distance = self._distance(frame, place)
            if distance > self._policy.map_reach:
                kept.memory = kept.low_res = None
            if distance > reach:
                del self.outputs[place]
        self._empty = {place for place in self._empty if self._distance(frame, place) <= reach}

    def _distance(self, frame: int, place: int) -> int:
        return (frame - place) * self._sign

    def _is_between(self, first: int, place: int, last: int) -> bool:
        return self._distance(place, first) >= 0 and self._distance(last, place) >= 0


class Archive:
    """The kind that keeps every result for good and looks at all of them, whatever prompts or direction made them."""

    def __init__(self) -> None:
        self.outputs: dict[int, FrameOutput] = {}

    def goes_on_at(self, frame: int, revision: int) -> bool:
        """See `Track`: nothing is ever given up."""
        return True

    def enter(self, frame: int, revision: int) -> None:
        """See `Track`: nothing is ever outdated."""

    def leave(self, frame: int, output: FrameOutput | None) -> None:
        """See `Track`."""
        if output is not None:
            self.outputs[frame] = output
