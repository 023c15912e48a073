"""The frames between two neighbouring anchors of an object, and which of them run forward and which backward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from app.inference.anchors import Anchor

Direction = Literal["forward", "backward", "both", "repair"]
"""Both ways share the frames between two anchors; a repair runs them all from either end."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames of one shot without an anchor, with the anchors at both ends; None: the clip or the shot ends there."""

    frames: range
    left: Anchor | None
    right: Anchor | None
    is_seen_before: bool
    """Whether the object is visible on `left` or on any anchor before it, so that a run knows what to look for."""
    is_seen_after: bool
    begins_with_cut: bool = False
    """Whether a cut keeps runs from coming in from the left; `left` is None then."""
    ends_with_cut: bool = False

    def forward(self, direction: Direction) -> range:
        """The frames that run forward from `left`, ascending; empty where none do."""
        if direction == "backward" or not self.is_seen_before:
            return range(0)
        is_whole = direction == "forward" or (direction == "repair" and self._is_between_sights)
        return self.frames if is_whole else range(self.frames.start, self._meeting_point())

    def backward(self, direction: Direction) -> range:
        """The frames that run backward from `right`, descending; empty where none do."""
        if direction == "forward" or not self.is_seen_after:
            return range(0)
        is_whole = direction == "backward" or (direction == "repair" and self._is_between_sights)
        start = self.frames.start if is_whole else self._meeting_point()
        return range(self.frames.stop - 1, start - 1, -1)

    @property
    def _is_between_sights(self) -> bool:
        return self.left is not None and self.right is not None and self.left.is_visible and self.right.is_visible

    def _meeting_point(self) -> int:
        """Both ways: the first frame of the backward half. An absent end runs nothing if the other shows the object."""
        if not (self.is_seen_before and self.is_seen_after):
            return self.frames.stop if self.is_seen_before else self.frames.start
        assert self.left is not None and self.right is not None
        if self.left.is_visible != self.right.is_visible:
            return self.frames.stop if self.left.is_visible else self.frames.start
        return self.frames.start + (len(self.frames) + 1) // 2


def gaps_between(anchors: Sequence[Anchor], frame_count: int, cuts: Sequence[int] = ()) -> list[Gap]:
    """The gaps of an object in a clip of `frame_count` frames, in order; `anchors` ascend. Neighbours leave no gap.

    `cuts` are the first frames of shots that no run may enter from the shot before, or leave to it.
    """
    first_seen = next((anchor.frame for anchor in anchors if anchor.is_visible), frame_count)
    last_seen = next((anchor.frame for anchor in reversed(anchors) if anchor.is_visible), -1)
    gaps = []
    for left, right in zip([None, *anchors], [*anchors, None], strict=True):
        start, stop = 0 if left is None else left.frame + 1, frame_count if right is None else right.frame
        if start >= stop:
            continue
        inside = [cut for cut in cuts if start <= cut <= stop]
        for first, end in pairwise([start, *inside, stop]):
            begins_with_cut, ends_with_cut = first in inside, end in inside
            near = None if begins_with_cut else left
            far = None if ends_with_cut else right
            if first < end:
                gaps.append(
                    Gap(
                        range(first, end),
                        near,
                        far,
                        is_seen_before=near is not None and first_seen <= near.frame,
                        is_seen_after=far is not None and last_seen >= far.frame,
                        begins_with_cut=begins_with_cut,
                        ends_with_cut=ends_with_cut,
                    )
                )
    return gaps
