"""Decoded video frames to upright RGB pictures: matrix, range, rotation."""

from typing import Any

import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from app.media.source import Picture

# Matrices by number: what a stream says (AVColorSpace) to what swscale calls it. 2 is "not said", 0 is RGB.
_ITU709, _ITU601 = 1, 5
_MATRICES = {1: _ITU709, 4: 4, 5: _ITU601, 6: _ITU601, 7: 7, 9: 9, 10: 9}
_FULL_RANGE = 2


class PictureMaker:
    """Converts frames of one stream. Not to be used from two threads at once."""

    def __init__(self) -> None:
        self._full_size = VideoReformatter()
        self._small = VideoReformatter()

    def picture(self, frame: VideoFrame, height: int, width: int, *, is_thumbnail: bool = False) -> Picture:
        """`frame` as upright uint8 RGB of height x width pixels, sizes after rotation."""
        turns, is_mirrored = orientation(frame)
        coded_height, coded_width = (width, height) if turns % 2 else (height, width)
        reformatter = self._small if is_thumbnail else self._full_size
        converted = reformatter.reformat(
            frame,
            width=coded_width,
            height=coded_height,
            format="rgb24",
            src_colorspace=_matrix(frame),
            src_color_range=_range(frame),
            dst_color_range=ColorRange.JPEG,
            # Of the full-size kinds, only this one takes the short way that is fifteen times as fast.
            interpolation=Interpolation.AREA if is_thumbnail else Interpolation.BILINEAR,
            # Conversion threads get in the way of the decoder's: seven times as long with PyAV's own choice.
            threads=1,
        )
        picture = converted.to_ndarray()
        if is_mirrored:
            picture = picture[:, ::-1]
        return np.ascontiguousarray(np.rot90(picture, turns), dtype=np.uint8)


def upright_size(frame: VideoFrame) -> tuple[int, int]:
    """(height, width) of the frame as shown."""
    turns, _ = orientation(frame)
    return (frame.width, frame.height) if turns % 2 else (frame.height, frame.width)


def orientation(frame: VideoFrame) -> tuple[int, bool]:
    """Quarter turns counter-clockwise, 0 to 3, to be made after mirroring left to right if the second value is True.

    From the display matrix that cameras store. Angles other than quarter turns are rounded to the nearest.
    """
    # PyAV's type stubs describe the side data of frames as another thing than it is.
    side_data: Any = frame.side_data
    try:
        matrix = np.frombuffer(bytes(side_data[SideDataType.DISPLAYMATRIX]), dtype="<i4").astype(float)
    except KeyError:
        return 0, False
    if matrix.size < 9:
        return 0, False
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    is_mirrored = a * d - b * c < 0
    if is_mirrored:
        # Mirrored first, so the left column of the matrix (what happens to x) turns round.
        a, b = -a, -b
    angle = np.degrees(np.arctan2(-b, a))
    return round(angle / 90) % 4, is_mirrored


def _matrix(frame: VideoFrame) -> int | None:
    """The stream's own matrix; where it names none, what players take: BT.709 for HD sizes, else BT.601."""
    if frame.format.is_rgb:
        return None
    said = _MATRICES.get(int(frame.colorspace))
    if said is not None:
        return said
    return _ITU709 if frame.width >= 1280 or frame.height > 576 else _ITU601


def _range(frame: VideoFrame) -> ColorRange:
    is_full = int(frame.color_range) == _FULL_RANGE or frame.format.name.startswith("yuvj") or frame.format.is_rgb
    return ColorRange.JPEG if is_full else ColorRange.MPEG
