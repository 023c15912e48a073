"""One open video stream that gives its decoded frames in the order in which they are shown."""

import contextlib
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import av
import av.error
import av.logging
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from app.media.index import PacketTimes
from app.media.source import ClipError

# FFmpeg must not write to the standard error stream. Only None does this safely: with any level, even PANIC, PyAV
# hands messages of decoder threads to Python, and closing a file while such a thread waits for Python never ends.
av.logging.set_level(None)

# What PyAV raises on damaged data. EOFError is among FFmpegError's kinds, not an end we can miss.
DECODING_ERRORS = (av.error.FFmpegError, OSError, ValueError, IndexError, MemoryError)
# Demuxers that open text or that follow addresses written in a file.
_REFUSED_FORMATS = {"tty", "hls", "concat", "dash", "sdp", "rtsp", "webm_dash_manifest", "lrc", "ffmetadata"}
_MAX_THREADS = 4
_PROBES = 32


class StreamDecoder:
    """Reads the main video stream of a file forward, from the start or from a key packet.

    `next_frame` skips what cannot be decoded; callers see from the times what is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._container = _open_container(path)
        try:
            self.stream = _main_video_stream(self._container, path)
        except ClipError:
            self._container.close()
            raise
        self._use_threads()
        self._packets: Iterator[Packet[VideoStream]] | None = None
        self._waiting: deque[VideoFrame] = deque()
        # Time of the key packet at each place in the file, as `packets` saw it.
        self._key_places: dict[int, int] = {}

    def packets(self) -> Iterator[PacketTimes]:
        """The times of all packets in file order, from where the file stands; decodes nothing."""
        is_vp8 = self.stream.codec_context.name == "vp8"
        with contextlib.suppress(*DECODING_ERRORS):
            for packet in self._container.demux(self.stream):
                if packet.size > 0 and not (is_vp8 and _is_hidden_vp8(packet)):
                    if packet.is_keyframe and packet.pts is not None and packet.pos is not None and packet.pos >= 0:
                        self._key_places[packet.pos] = packet.pts
                    yield PacketTimes(packet.pts, packet.dts, packet.is_keyframe, packet.is_discard)

    def next_frame(self) -> VideoFrame | None:
        """The next frame to show, or None at the end of the file."""
        if self._packets is None:
            self._packets = iter(self._container.demux(self.stream))
        while not self._waiting:
            try:
                packet = next(self._packets)
            except StopIteration:
                return None
            except DECODING_ERRORS:
                # Unreadable from here on: what the decoder still holds is given out, then the end is reached.
                self._packets = iter(())
                self._drain()
                continue
            with contextlib.suppress(*DECODING_ERRORS):
                self._waiting.extend(packet.decode())
        return self._waiting.popleft()

    def frames(self) -> Iterator[VideoFrame]:
        """All frames from here to the end."""
        while (frame := self.next_frame()) is not None:
            yield frame

    def key_frame_now(self) -> VideoFrame | None:
        """The frame of the first key packet from here, decoded alone; the position is lost, so seek afterwards."""
        context = self.stream.codec_context
        frames: list[VideoFrame] = []
        with contextlib.suppress(*DECODING_ERRORS):
            for packet in self._container.demux(self.stream):
                if packet.is_keyframe or packet.size == 0:
                    frames += packet.decode()
                    if packet.size > 0:
                        frames += context.decode(None)
                    break
        return frames[0] if frames else None

    def seek(self, ticks: int) -> bool:
        """Go to the last key packet at or before `ticks`, as far as the container can; False if it cannot."""
        self._waiting.clear()
        self._packets = None
        try:
            self._container.seek(ticks, stream=self.stream, backward=True)
        except DECODING_ERRORS:
            return False
        return True

    def keeps_times_when_seeking(self) -> bool:
        """Whether packets have the same times after seeking as they had in `packets`.

        AVI files store no times: packets are counted from the start, or by the file's table after seeking, and the two
        differ where a packet is lost.
        """
        times = sorted(self._key_places.values())
        if "avi" not in self._container.format.name:
            return True
        for ticks in times[:: max(1, len(times) // _PROBES)] + times[-1:]:
            if self.seek(ticks):
                with contextlib.suppress(StopIteration, *DECODING_ERRORS):
                    packet = next(iter(self._container.demux(self.stream)))
                    if packet.pos is not None and self._key_places.get(packet.pos, packet.pts) != packet.pts:
                        return False
        return True

    def rewind(self) -> None:
        """Start over from the very beginning, in a way that works for every container: open the file again."""
        self.close()
        self._container = _open_container(self.path)
        self.stream = _main_video_stream(self._container, self.path)
        self._use_threads()

    def close(self) -> None:
        """Close the file; may be called again."""
        self._waiting = deque()
        self._packets = None
        self._container.close()

    def _use_threads(self) -> None:
        self.stream.thread_type = "AUTO"
        self.stream.thread_count = min(_MAX_THREADS, os.cpu_count() or 1)

    def _drain(self) -> None:
        with contextlib.suppress(*DECODING_ERRORS):
            self._waiting.extend(self.stream.codec_context.decode(None))


def _open_container(path: Path) -> InputContainer:
    # "file:" keeps names such as "take:2.mp4" from being read as an address; nothing but files may be opened.
    try:
        container = av.open(f"file:{path}", mode="r", options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except DECODING_ERRORS as error:
        raise ClipError(
            f"{path.name} in {path.parent} is not a video that can be read ({_reason(error)}); "
            "check that it plays elsewhere, or copy it again from where it came."
        ) from error
    if set(container.format.name.split(",")) & _REFUSED_FORMATS:
        container.close()
        raise ClipError(f"{path.name} in {path.parent} is text, not a video; choose another file.")
    return container


def _main_video_stream(container: InputContainer, path: Path) -> VideoStream:
    pictures = [stream for stream in container.streams.video if not _is_cover(stream)]
    if not pictures:
        what = "sound but no pictures" if container.streams.audio else "no pictures"
        raise ClipError(f"{path.name} in {path.parent} holds {what}; choose a video file.")
    best = container.streams.best("video")
    stream = best if isinstance(best, VideoStream) and best in pictures else pictures[0]
    if stream.codec_context is None or not stream.codec_context.is_decoder:
        raise ClipError(
            f"The pictures of {path.name} in {path.parent} are packed in a way that this program does not know; "
            "convert it to MP4 with H.264 first."
        )
    return stream


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _is_hidden_vp8(packet: "Packet[VideoStream]") -> bool:
    """VP8 stores reference pictures that are never shown in packets of their own; bit 4 of the first byte says so."""
    return not memoryview(packet)[0] & 0x10


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text[0].lower() + text[1:]
