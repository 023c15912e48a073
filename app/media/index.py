"""Which frame has which presentation time, and where decoding of it has to start. Pure; knows no files.

A frame's number is its place among the presentation times of all packets that are shown. Packets before the start
of an edit list are flagged "discard" by the container: they are decoded, as others may refer to them, and not counted.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class PacketTimes(NamedTuple):
    """What the index needs to know of one packet, in ticks of the stream's time base."""

    pts: int | None
    dts: int | None
    is_key: bool
    is_discard: bool = False


class UnusableTimes(Exception):
    """The packets do not say when they are shown, or start over midway, so frames cannot be found by time."""


@dataclass(frozen=True, eq=False)
class FrameIndex:
    """The frames of one video stream.

    `pts`: int64, one per frame, never falling. `key_pts`, `key_dts`: int64, one per key packet, by rising pts.
    `time_base`: seconds per tick.
    """

    pts: NDArray[np.int64]
    key_pts: NDArray[np.int64]
    key_dts: NDArray[np.int64]
    time_base: Fraction

    @property
    def frame_count(self) -> int:
        return len(self.pts)

    def times(self) -> tuple[float, ...]:
        """Seconds from the first frame, one per frame."""
        if self.frame_count == 0:
            return ()
        return tuple(((self.pts - self.pts[0]) * float(self.time_base)).tolist())

    def occurrence(self, frame: int) -> int:
        """How many earlier frames carry the very same time: 0 for nearly all."""
        return frame - bisect_left(self.pts, self.pts[frame])

    def shares_its_time(self, frame: int) -> bool:
        """Whether another frame carries the same time."""
        first = bisect_left(self.pts, self.pts[frame])
        return bisect_right(self.pts, self.pts[frame]) - first > 1

    def frame_at(self, pts: int, occurrence: int = 0) -> int | None:
        """The number of the frame with this time, or None if there is none."""
        frame = bisect_left(self.pts, pts) + occurrence
        return frame if frame < self.frame_count and self.pts[frame] == pts else None

    def start_key(self, frame: int) -> int:
        """The key packet (a place in `key_pts`) from which `frame` is decoded; -1 if only the file's start will do.

        Never a key that is shown later: the leading pictures of an open group of pictures stand before their key.
        A frame that shares its time needs a key shown strictly earlier, so that occurrences are counted from the
        first.
        """
        want = self.pts[frame]
        find = bisect_left if self.shares_its_time(frame) else bisect_right
        return find(self.key_pts, want) - 1

    def nearest_key_frame(self, frame: int) -> int | None:
        """The last frame at or before `frame` that is a key frame, or None."""
        for key in range(bisect_right(self.key_pts, self.pts[frame]) - 1, -1, -1):
            found = self.frame_at(int(self.key_pts[key]))
            if found is not None:
                return found
        return None

    def is_uneven(self) -> bool:
        """Whether frames stay for clearly different times, beyond the rounding of the container's clock."""
        if self.frame_count < 3:
            return False
        stays = np.diff(self.pts)
        return int(stays.max() - stays.min()) > max(2.0, 0.02 * float(np.median(stays)))

    def average_rate(self) -> float | None:
        """Frames per second between the first and the last frame, or None if that says nothing."""
        if self.frame_count < 2 or self.pts[-1] <= self.pts[0]:
            return None
        return (self.frame_count - 1) / (int(self.pts[-1] - self.pts[0]) * float(self.time_base))


def build_index(packets: Iterable[PacketTimes], time_base: Fraction) -> FrameIndex:
    """The index of a stream from its packets in file order.

    UnusableTimes if a shown packet has no pts, or if decoding times fall back, as in recordings that were joined end
    to end.
    """
    shown: list[int] = []
    keys: list[tuple[int, int]] = []
    latest_dts: int | None = None
    for packet in packets:
        if packet.dts is not None:
            if latest_dts is not None and packet.dts < latest_dts:
                raise UnusableTimes
            latest_dts = packet.dts
        if packet.pts is None:
            if not packet.is_discard:
                raise UnusableTimes
            continue
        if not packet.is_discard:
            shown.append(packet.pts)
        if packet.is_key:
            keys.append((packet.pts, packet.pts if packet.dts is None else packet.dts))
    keys.sort()
    return FrameIndex(
        pts=np.array(sorted(shown), dtype=np.int64),
        key_pts=np.array([pts for pts, _ in keys], dtype=np.int64),
        key_dts=np.array([dts for _, dts in keys], dtype=np.int64),
        time_base=time_base,
    )


def is_one_picture_per_packet(frames: FrameIndex, decoded: Sequence[int]) -> bool:
    """Whether the first decoded pictures, given by their times, are the index's frames one by one.

    False for interlaced recordings that keep the two fields of a picture in packets of their own: then every
    second time is missing. Single gaps are damage, and do not count. UnusableTimes if decoding gives times that the
    packets do not have, or gives them out of order, as AVI files with packed B-frames do.
    """
    if any(frames.frame_at(pts) is None for pts in decoded) or list(decoded) != sorted(decoded):
        raise UnusableTimes
    steps = np.diff(np.searchsorted(frames.pts, np.unique(np.array(decoded, dtype=np.int64))))
    return not (len(steps) >= 3 and np.count_nonzero(steps == 2) > 0.7 * len(steps))


def index_of_decoded(frames: FrameIndex, decoded: Iterable[int]) -> FrameIndex:
    """The index of the pictures that decoding really gave, by their times, with the key packets of `frames`."""
    return FrameIndex(np.array(sorted(decoded), dtype=np.int64), frames.key_pts, frames.key_dts, frames.time_base)
