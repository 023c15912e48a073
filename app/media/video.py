"""Video files: what is found out when one is opened, and its frames as pictures."""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from av.video.frame import VideoFrame

from app.media.cache import FrameCache
from app.media.decoder import StreamDecoder
from app.media.index import (
    FrameIndex,
    UnusableTimes,
    build_index,
    index_of_decoded,
    is_one_picture_per_packet,
)
from app.media.pixels import PictureMaker, upright_size
from app.media.repair import stored_anew, wrapped_anew
from app.media.seeking import ExactReader, frame_bytes
from app.media.source import DEFAULT_CACHE_BYTES, ClipError, OpenedClip, Picture, read_only

_FALLBACK_FPS = 25.0
# Frames decoded when a file is first opened, to see whether its packets tell the truth about them.
_LOOKED_AT = 6


@dataclass(frozen=True, eq=False)
class VideoIndex:
    """All that was found out about a video when it was first opened; pass it on to open the same file at once.

    `file` is what gets decoded: the clip itself, or a repaired copy of it. `height` and `width` are as shown.
    """

    file: Path
    frames: FrameIndex
    height: int
    width: int
    fps: float


class VideoSource(OpenedClip):
    """A video file. See `FrameSource`. Frames are kept as decoded, half the size of RGB, and converted when read."""

    def __init__(self, path: Path, *, cache_bytes: int = DEFAULT_CACHE_BYTES, index: VideoIndex | None = None) -> None:
        first: list[VideoFrame] = []
        if index is None:
            index, first = index_video(path)
        self.index = index
        frames = self.index.frames
        super().__init__(
            path,
            height=self.index.height,
            width=self.index.width,
            times=frames.times(),
            fps=self.index.fps,
            cache_bytes=cache_bytes,
            remarks=_remarks(path, self.index),
        )
        self._decoder = StreamDecoder(self.index.file)
        self._reader = ExactReader(self._decoder, frames, keep_bytes=cache_bytes // 3)
        self._decoded: FrameCache[VideoFrame] = FrameCache(cache_bytes - cache_bytes // 8)
        self._pictures: FrameCache[Picture] = FrameCache(cache_bytes // 8)
        self._maker = PictureMaker()
        for decoded in first:
            number = frames.frame_at(decoded.pts or 0)
            if number is not None and not frames.shares_its_time(number):
                self._decoded.put(number, decoded, frame_bytes(decoded))

    def cached(self, frame: int) -> bool:
        return frame in self._pictures or frame in self._decoded

    @property
    def cached_bytes(self) -> int:
        return self._pictures.used + self._decoded.used

    def reopen(self, cache_bytes: int | None = None) -> "VideoSource":
        size = self.cache_bytes if cache_bytes is None else cache_bytes
        return VideoSource(self.path, cache_bytes=size, index=self.index)

    def _read(self, frame: int) -> Picture:
        picture = self._pictures.get(frame)
        if picture is None:
            picture = read_only(self._maker.picture(self._decode(frame), self.height, self.width))
            self._pictures.put(frame, picture, picture.nbytes)
        return picture

    def _preview(self, frame: int) -> tuple[int, Picture]:
        key = self.index.frames.nearest_key_frame(frame)
        if not self.cached(frame) and key is not None and (self.cached(key) or self._decode_key(key) is not None):
            return key, self._read(key)
        return frame, self._read(frame)

    def _thumbnail(self, frame: int, height: int, width: int, exact: bool) -> Picture:
        decoded = self._decoded.get(frame)
        key = None if exact else self.index.frames.nearest_key_frame(frame)
        if decoded is None and key is not None:
            decoded = self._decoded.get(key) or self._decode_key(key)
        if decoded is None:
            decoded = self._decode(frame)
        return read_only(self._maker.picture(decoded, height, width, is_thumbnail=True))

    def _close(self) -> None:
        self._decoder.close()
        self._reader.passed.clear()
        self._decoded.clear()
        self._pictures.clear()

    def _decode(self, frame: int) -> VideoFrame:
        decoded = self._decoded.get(frame)
        if decoded is None:
            decoded = self._reader.find(frame)
            while self._reader.passed:
                number, passed = self._reader.passed.popleft()
                self._decoded.put(number, passed, frame_bytes(passed))
        if decoded is None:
            raise ClipError(
                f"Frame {frame} of {self.path.name} is damaged in the file and cannot be shown; "
                "the frames around it keep their numbers, so work on those."
            )
        return decoded

    def _decode_key(self, frame: int) -> VideoFrame | None:
        decoded = self._reader.find_key_frame(frame)
        if decoded is not None:
            self._decoded.put(frame, decoded, frame_bytes(decoded))
        return decoded


def index_video(path: Path) -> tuple[VideoIndex, list[VideoFrame]]:
    """Read all packet times of a video, and its first frames, which are given too as they will be wanted next.

    ClipError if it is no video or has no frame to show.

    A file without usable times is copied into one that has them, in the cache folder, and that copy is indexed.
    """
    attempts: tuple[Callable[[Path], Path | None], ...] = (lambda file: file, wrapped_anew, stored_anew)
    for attempt in attempts:
        file = attempt(path)
        if file is None:
            continue
        try:
            with contextlib.closing(StreamDecoder(file)) as decoder:
                return _index_of(decoder, path)
        except UnusableTimes:
            continue
        except ClipError:
            if file == path:
                raise
    raise ClipError(
        f"{path.name} in {path.parent} does not say when its frames are shown, and a repair did not help; "
        "convert it to MP4 with H.264 first."
    )


def _index_of(decoder: StreamDecoder, path: Path) -> tuple[VideoIndex, list[VideoFrame]]:
    time_base = decoder.stream.time_base
    if time_base is None:
        raise UnusableTimes
    frames = build_index(decoder.packets(), time_base)
    if not decoder.keeps_times_when_seeking():
        raise UnusableTimes
    decoder.rewind()
    first = list(islice(decoder.frames(), _LOOKED_AT)) if frames.frame_count else []
    if not first:
        raise ClipError(
            f"{path.name} in {path.parent} holds no frame that can be shown; it may be cut off, so copy it again."
        )
    if not is_one_picture_per_packet(frames, _times(first)):
        decoder.rewind()
        frames = index_of_decoded(frames, _times(decoder.frames()))
    height, width = upright_size(first[0])
    return VideoIndex(decoder.path, frames, height, width, _rate(decoder, frames)), first


def _times(decoded: Iterable[VideoFrame]) -> list[int]:
    times = []
    for frame in decoded:
        if frame.pts is None:
            raise UnusableTimes
        times.append(frame.pts)
    return times


def _rate(decoder: StreamDecoder, frames: FrameIndex) -> float:
    """Average frames per second: counted, or the container's own figure where that says the same more precisely."""
    counted = frames.average_rate()
    stated = float(decoder.stream.average_rate or 0)
    if counted is None:
        return stated if stated > 0 else _FALLBACK_FPS
    if frames.is_uneven():
        return counted
    tolerance = max(0.005, 2 / frames.frame_count)
    return stated if stated > 0 and abs(stated - counted) <= tolerance * counted else counted


def _remarks(path: Path, index: VideoIndex) -> tuple[str, ...]:
    remarks = []
    if index.file != path:
        remarks.append(
            "The file does not say reliably when its frames are shown; a repaired copy of it is read instead."
        )
    if index.frames.is_uneven():
        remarks.append("The frame rate varies; frames are counted, and times are those of the file.")
    return tuple(remarks)
