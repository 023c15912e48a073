"""Which frames are learned from, and which are kept back to measure on.

The last quarter of the looked-at frames of every clip is kept back, for all of its objects together: a frame that one
object is measured on is never seen in training at all. Neighbouring frames look alike, so some frames before that part
are used for neither.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

HELD_OUT_SHARE = 0.25
LEAST_HELD_OUT = 3
"""Frames: one to begin from, and two to look at."""
LEAST_LEARNED = 4
SMALLEST_GAP, LARGEST_GAP = 5, 25
STRETCH = 24
"""Frames that stay together where there are more than can be learned from."""
LEAST_FRAMES = LEAST_LEARNED + SMALLEST_GAP + LEAST_HELD_OUT


@dataclass(frozen=True)
class Split:
    """The frames of one clip: to learn from, and kept back. Between them lie at least `gap` frames."""

    learned: tuple[int, ...]
    held_out: tuple[int, ...]
    gap: int


def split_frames(frames: Sequence[int]) -> Split:
    """Divide the looked-at frames of a clip (0-based, ascending).

    A clip with too few of them is learned from as a whole.
    """
    span = frames[-1] - frames[0] + 1
    gap = min(max(span // 20, SMALLEST_GAP), LARGEST_GAP)
    count = max(math.ceil(len(frames) * HELD_OUT_SHARE), LEAST_HELD_OUT)
    held_out = tuple(frames[-count:])
    learned = tuple(frame for frame in frames if frame < held_out[0] - gap)
    if len(frames) <= count or len(learned) < LEAST_LEARNED:
        return Split(tuple(frames), (), gap)
    return Split(learned, held_out, gap)


def spread(frames: Sequence[int], most: int) -> tuple[int, ...]:
    """At most about so many frames, in stretches that follow each other, evenly spread over all of them."""
    if len(frames) <= most:
        return tuple(frames)
    length = min(STRETCH, most)
    count = most // length
    starts = [round(place * (len(frames) - length) / max(count - 1, 1)) for place in range(count)]
    return tuple(sorted({frame for start in starts for frame in frames[start : start + length]}))
