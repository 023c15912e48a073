"""Overlay videos: the clip with its masks painted in, as an H.264 file that plays everywhere."""

import contextlib
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from app.media.decoder import StreamDecoder
from app.media.opencv import cv2
from app.media.source import ClipError, FrameSource, Picture

VIDEO_FORMATS = (".mp4", ".mov", ".mkv")
_FASTEST = 240.0
_NO_PICTURE = 96
# Written and labelled as BT.709, so that players show the colours that went in.
_COLOURS = ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709"]
_COLOURS += ["-color_primaries", "bt709", "-color_trc", "bt709"]


@dataclass(frozen=True)
class Overlay:
    """One object's mask on one frame, bool height x width, and its colour, RGB of 0 to 255."""

    mask: NDArray[np.bool_]
    color: tuple[int, int, int]


@dataclass(frozen=True)
class WriteProgress:
    """How many frames are written, of how many, and how many of them were damaged in the clip."""

    done: int
    total: int
    damaged: int = 0


def paint(picture: Picture, overlays: Iterable[Overlay], *, opacity: float = 0.5, outline: int = 2) -> Picture:
    """A copy of `picture` with every mask filled (`opacity` 0 to 1) and outlined (`outline` pixels, 0 for none).

    Later overlays lie on top. ValueError if a mask has another size than the picture.
    """
    painted = picture.copy()
    for overlay in overlays:
        if overlay.mask.shape != picture.shape[:2]:
            raise ValueError(f"a mask of {overlay.mask.shape} does not fit a picture of {picture.shape[:2]}")
        mask = np.ascontiguousarray(overlay.mask, dtype=np.uint8)
        color = np.array(overlay.color, dtype=np.float32)
        inside = mask.astype(bool)
        painted[inside] = np.rint(painted[inside] * (1 - opacity) + color * opacity).astype(np.uint8)
        if outline > 0:
            contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(painted, contours, -1, overlay.color, outline, cv2.LINE_AA)
    return painted


def write_overlay_video(
    path: Path,
    source: FrameSource,
    overlays_of: Callable[[int], Iterable[Overlay]],
    *,
    frames: Sequence[int] | None = None,
    opacity: float = 0.5,
    outline: int = 2,
    quality: float = 7.0,
    overwrite: bool = False,
) -> Generator[WriteProgress, None, None]:
    """Write `frames` of `source` (all, if None) with the overlays that `overlays_of(frame)` gives, at the clip's rate.

    Yields after every frame. Closing the generator stops and leaves nothing behind; the file appears under its name
    only when it is complete and has been counted. A frame that is damaged in the clip repeats the one before, so
    that the numbering stays. `quality` is 1 to 10. ClipError if the file cannot be written.
    """
    numbers = range(len(source)) if frames is None else frames
    _check_target(path, len(numbers), overwrite)
    working = path.with_name(f".{path.stem}.part{path.suffix}")
    damaged = 0
    picture: Picture = np.full((source.height, source.width, 3), _NO_PICTURE, dtype=np.uint8)
    try:
        with contextlib.closing(_start(working, source, quality)) as sink:
            for done, frame in enumerate(numbers, 1):
                try:
                    picture = source.read(frame)
                except ClipError:
                    damaged += 1
                painted = paint(picture, overlays_of(frame), opacity=opacity, outline=outline)
                sink.send(_with_even_sides(painted))
                yield WriteProgress(done, len(numbers), damaged)
        if _count(working) != len(numbers):
            raise OSError("the file came out incomplete")
        working.replace(path)
    except OSError as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ClipError(
            f"{path.name} could not be written to {path.parent} ({reason}); "
            "check that the disk has room and that you may write there."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            working.unlink(missing_ok=True)


def _check_target(path: Path, count: int, overwrite: bool) -> None:
    if path.suffix.lower() not in VIDEO_FORMATS:
        raise ClipError(f"{path.name} does not say which kind of video to write; end its name in .mp4, .mov or .mkv.")
    if not path.parent.is_dir():
        raise ClipError(f"The folder {path.parent} does not exist; create it or choose another one.")
    if path.exists() and not overwrite:
        raise ClipError(f"{path.name} in {path.parent} exists already; choose another name.")
    if count == 0:
        raise ClipError("There are no frames to write; choose a range that holds at least one.")


def _start(path: Path, source: FrameSource, quality: float) -> Generator[None, Any, None]:
    sink = imageio_ffmpeg.write_frames(
        path,
        (source.width + source.width % 2, source.height + source.height % 2),
        fps=Fraction(min(source.fps, _FASTEST)).limit_denominator(1001),
        quality=quality,
        # Sides are made even here, by repeating an edge; ffmpeg would stretch the picture instead.
        macro_block_size=1,
        ffmpeg_log_level="quiet",
        output_params=[*_COLOURS, *(["-movflags", "+faststart"] if path.suffix.lower() != ".mkv" else [])],
    )
    started: Generator[None, Any, None] = sink
    started.send(None)
    return started


def _with_even_sides(picture: Picture) -> Picture:
    """4:2:0 colour needs even sides: the last row and column are repeated where they are odd."""
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(picture)


def _count(path: Path) -> int:
    """The frames in a file just written."""
    try:
        decoder = StreamDecoder(path)
    except ClipError:
        return 0
    try:
        return sum(not packet.is_discard for packet in decoder.packets())
    finally:
        decoder.close()
