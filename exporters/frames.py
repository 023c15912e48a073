"""Pictures of a clip as file contents. Never `cv2.imwrite`: it answers True on a full disk."""

from __future__ import annotations

import numpy as np

from exporters.dataset import ClipView
from exporters.errors import ExportError
from exporters.opencv import cv2

_COLOUR_PROFILE = b"ICC_PROFILE\x00"


def encoded_frame(clip: ClipView, position: int, kind: str, quality: int, size: tuple[int, int] | None = None) -> bytes:
    """The picture of a position as a JPEG or PNG file; `kind` is "jpg" or "png", `size` (height, width) if it is to
    shrink.

    A frame that was a JPEG file of that size already keeps its pixels: only what the file tells about places,
    people and cameras is cut out.
    """
    height, width = size or (clip.height, clip.width)
    if kind == "jpg":
        original = clip.jpeg(position)
        if original is not None:
            clean = without_metadata(original, height, width)
            if clean is not None:
                return clean
    picture = np.asarray(_picture(clip, position))
    if picture.shape != (clip.height, clip.width, 3) or picture.dtype != np.uint8:
        raise ExportError(
            f"Frame {clip.source_frames[position]} of {clip.name} is {_shape(picture)}, but the masks were drawn on "
            f"{clip.width} x {clip.height} pixels. Open the clip that belongs to this project, then export again."
        )
    if (height, width) != picture.shape[:2]:
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
    turned = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    if kind == "png":
        done, coded = cv2.imencode(".png", turned, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    else:
        done, coded = cv2.imencode(".jpg", turned, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ExportError(f"Frame {clip.source_frames[position]} of {clip.name} could not be encoded as {kind}.")
    return bytes(coded.tobytes())


def _picture(clip: ClipView, position: int) -> np.ndarray:
    try:
        return clip.image(position)
    except (OSError, LookupError) as error:
        raise ExportError(
            f"Frame {clip.source_frames[position]} of {clip.name} cannot be read: {error}. Check that the clip is "
            "still in its place, or export without pictures."
        ) from error


def _shape(picture: np.ndarray) -> str:
    if picture.ndim == 3 and picture.dtype == np.uint8 and picture.shape[2] == 3:
        return f"{picture.shape[1]} x {picture.shape[0]} pixels"
    return f"an array of shape {picture.shape} and type {picture.dtype}"


def without_metadata(jpeg: bytes, height: int, width: int) -> bytes | None:
    """The same picture without EXIF, comments, thumbnails and trailing data; the coded pixels are untouched.

    None where that is not possible: another size, not 8-bit three-channel, turned by its orientation tag, or damaged.
    """
    if jpeg[:2] != b"\xff\xd8":
        return None
    kept, place, fits = [jpeg[:2]], 2, False
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        marker = jpeg[place + 1]
        if marker == 0xD9:
            break
        end = place + 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
        body = jpeg[place + 4 : end]
        if marker in (0xC0, 0xC1, 0xC2):
            fits = body[:6] == bytes((8, *height.to_bytes(2, "big"), *width.to_bytes(2, "big"), 3))
        elif marker == 0xE1 and body[:6] == b"Exif\x00\x00" and _orientation(body[6:]) != 1:
            return None
        if marker == 0xDA:
            end = _end_of_scan(jpeg, end)
        if not _tells_tales(marker, body):
            kept.append(jpeg[place:end])
        place = end
    if not fits or jpeg[place : place + 2] != b"\xff\xd9":
        return None
    return b"".join([*kept, b"\xff\xd9"])


def _tells_tales(marker: int, body: bytes) -> bool:
    """Whether a JPEG segment is about the picture's story rather than its pixels."""
    if marker == 0xFE:
        return True
    is_application = 0xE1 <= marker <= 0xEF
    is_needed = marker == 0xEE or (marker == 0xE2 and body.startswith(_COLOUR_PROFILE))
    return is_application and not is_needed


def _end_of_scan(jpeg: bytes, start: int) -> int:
    """Where the coded pixels that begin at `start` end: the next marker that is neither stuffing nor a restart."""
    place = jpeg.find(b"\xff", start)
    while 0 <= place < len(jpeg) - 1:
        following = jpeg[place + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return place
        place = jpeg.find(b"\xff", place + 2)
    return len(jpeg)


def _orientation(tiff: bytes) -> int:
    """The orientation of an EXIF block, 1 where it has none, 0 where the block makes no sense."""
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None:
        return 0

    def number(place: int, size: int) -> int:
        return int.from_bytes(tiff[place : place + size], "little" if order == "little" else "big")

    directory = number(4, 4)
    for entry in range(number(directory, 2)):
        place = directory + 2 + 12 * entry
        if place + 12 > len(tiff):
            return 0
        if number(place, 2) == 0x0112:
            return number(place + 8, 2)
    return 1
