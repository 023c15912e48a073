"""Random access to the frames of a video stream that is always exact, whatever the container's seeking is worth."""

from collections import deque
from collections.abc import Iterator
from enum import Enum, auto

from av.video.frame import VideoFrame

from app.media.decoder import StreamDecoder
from app.media.index import FrameIndex

# So near ahead, decoding on costs less than seeking and filling the decoder again.
_NEAR_AHEAD = 8


class _Outcome(Enum):
    FOUND = auto()
    PASSED = auto()  # frames came from before the wanted one, then from after it
    LATE = auto()  # the first frame that came was past the wanted one already


class ExactReader:
    """Finds frames by number: seeks to a key packet before the frame and decodes until its time comes.

    Whatever is decoded on the way is left in `passed`, as far as `keep_bytes` reach, for a cache to take.
    """

    def __init__(self, decoder: StreamDecoder, frames: FrameIndex, keep_bytes: int) -> None:
        self.passed: deque[tuple[int, VideoFrame]] = deque()
        self._decoder = decoder
        self._frames = frames
        self._keep_bytes = keep_bytes
        self._passed_bytes = 0
        self._undecodable: set[int] = set()
        self._seeks_by_dts = False
        # Time of the frame that came last and how many came with this time; None when the decoder stands nowhere.
        self._position: tuple[int, int] | None = None
        # From which time on frames are whole and their count is sure, since the last seek.
        self._sure_from = 0

    def find(self, frame: int) -> VideoFrame | None:
        """The decoded frame, or None if the stream is damaged there (and then at once when asked again)."""
        self.passed.clear()
        self._passed_bytes = 0
        if frame in self._undecodable:
            return None
        if self._can_continue_to(frame):
            _, decoded = self._run_to(frame)
            if decoded is not None:
                return decoded
        times_passed = 0
        for key in self._starts(frame):
            outcome, decoded = self._run_from(key, frame)
            if decoded is not None:
                return decoded
            # Passed over from here and again from further back: not a matter of where decoding began.
            times_passed += outcome is _Outcome.PASSED
            if times_passed == 2:
                break
        self._undecodable.add(frame)
        return None

    def find_key_frame(self, frame: int) -> VideoFrame | None:
        """A frame that is a key frame, decoded alone; None if this file does not give it so."""
        self.passed.clear()
        self._position = None
        key = self._frames.start_key(frame)
        if key < 0 or self._frames.shares_its_time(frame) or not self._seek(key, self._seeks_by_dts):
            return None
        decoded = self._decoder.key_frame_now()
        return decoded if decoded is not None and decoded.pts == self._frames.pts[frame] else None

    def _can_continue_to(self, frame: int) -> bool:
        if self._position is None:
            return False
        pts, occurrence = self._position
        want = int(self._frames.pts[frame])
        if (pts, occurrence) >= (want, self._frames.occurrence(frame)) or want < self._sure_from:
            return False
        if self._frames.shares_its_time(frame) and want == self._sure_from:
            return False
        key = self._frames.start_key(frame)
        is_key_behind = key < 0 or self._frames.key_pts[key] <= pts
        here = self._frames.frame_at(pts, occurrence)
        return is_key_behind or (here is not None and frame - here <= _NEAR_AHEAD)

    def _starts(self, frame: int) -> Iterator[int]:
        """Places in the list of key packets, the nearest first, then in growing steps; last -1, the file's start."""
        key, step = self._frames.start_key(frame), 1
        while key >= 0:
            yield key
            key, step = key - step, step * 2
        yield -1

    def _run_from(self, key: int, frame: int) -> tuple[_Outcome, VideoFrame | None]:
        if key < 0:
            self._decoder.rewind()
            self._stand_at(None)
            return self._run_to(frame)
        outcome, decoded = _Outcome.LATE, None
        # Containers differ in whether seeking counts in presentation or in decoding times; what works is remembered.
        for by_dts in (True,) if self._seeks_by_dts else (False, True):
            if self._seek(key, by_dts):
                outcome, decoded = self._run_to(frame)
                if outcome is not _Outcome.LATE:
                    self._seeks_by_dts = by_dts
                    break
        return outcome, decoded

    def _seek(self, key: int, by_dts: bool) -> bool:
        ticks = self._frames.key_dts if by_dts else self._frames.key_pts
        self._stand_at(key)
        return self._decoder.seek(int(ticks[key]))

    def _stand_at(self, key: int | None) -> None:
        self._position = None
        # Pictures shown before the key that was asked for may lack what they refer to.
        self._sure_from = int(self._frames.pts[0] if key is None else self._frames.key_pts[key])

    def _run_to(self, frame: int) -> tuple[_Outcome, VideoFrame | None]:
        """Decode on until `frame` has come or cannot come any more."""
        want = int(self._frames.pts[frame])
        is_first = self._position is None
        while (decoded := self._decoder.next_frame()) is not None:
            if decoded.pts is None:
                continue
            number = self._number(decoded.pts)
            if number is not None and self._is_sure(number):
                self._pass(number, decoded)
            if number == frame:
                return _Outcome.FOUND, decoded
            if decoded.pts > want:
                return (_Outcome.LATE if is_first else _Outcome.PASSED), None
            is_first = False
        self._position = None
        return (_Outcome.LATE if is_first else _Outcome.PASSED), None

    def _number(self, pts: int) -> int | None:
        """The number of the frame that came with `pts`, counting those that share a time."""
        occurrence = 0 if self._position is None or self._position[0] != pts else self._position[1] + 1
        self._position = (pts, occurrence)
        return self._frames.frame_at(pts, occurrence)

    def _is_sure(self, number: int) -> bool:
        pts = int(self._frames.pts[number])
        return pts > self._sure_from or (pts == self._sure_from and not self._frames.shares_its_time(number))

    def _pass(self, number: int, decoded: VideoFrame) -> None:
        size = frame_bytes(decoded)
        self.passed.append((number, decoded))
        self._passed_bytes += size
        while self._passed_bytes > self._keep_bytes and len(self.passed) > 1:
            _, dropped = self.passed.popleft()
            self._passed_bytes -= frame_bytes(dropped)


def frame_bytes(frame: VideoFrame) -> int:
    """Bytes that a decoded frame holds."""
    return sum(plane.buffer_size for plane in frame.planes)
