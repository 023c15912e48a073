"""COCO run lengths: asked with pycocotools, checked and opened here.

pycocotools believes the lengths it is given: a string whose runs are too short for the picture decodes to memory that
nobody has written. So every mask is checked here before anything else touches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pycocotools.mask

from exporters.dataset import ClipView, MaskRecord, Rle, Track
from exporters.errors import ExportError


def encode(mask: np.ndarray) -> dict[str, Any]:
    """Run lengths of a bool or uint8 mask, height x width; `counts` is a str."""
    code = pycocotools.mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {"size": [int(code["size"][0]), int(code["size"][1])], "counts": code["counts"].decode("ascii")}


def from_runs(lengths: np.ndarray, height: int, width: int) -> dict[str, Any]:
    """Run lengths as plain numbers, background first, made canonical. They must add up to the frame."""
    values = np.arange(len(lengths)) % 2 == 1
    return encode(np.repeat(values, lengths).reshape(width, height).T)


def crop(rle: Rle) -> tuple[int, int, np.ndarray]:
    """x and y of the tight box and the pixels in it, bool. The code must have been checked and not be empty.

    Costs what the box is wide: columns beside it are never made. (pycocotools' own decoder makes the whole frame,
    and warns of a coming end under NumPy 2.)
    """
    x, y, width, height = box(rle)
    rows = int(rle["size"][0])
    ends = np.cumsum(runs(rle))
    inside = np.diff(np.clip(ends, x * rows, (x + width) * rows), prepend=x * rows)
    values = np.arange(len(ends)) % 2 == 1
    return x, y, np.repeat(values, inside).reshape(width, rows).T[y : y + height]


def decode(rle: Rle) -> np.ndarray:
    """The mask as bool, height x width. The code must have been checked."""
    mask = np.zeros([int(side) for side in rle["size"]], dtype=bool)
    if area(rle):
        x, y, pixels = crop(rle)
        mask[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
    return mask


def area(rle: Rle) -> int:
    """Number of pixels of the mask, without opening it."""
    return int(pycocotools.mask.area(_plain(rle)))


def box(rle: Rle) -> list[int]:
    """[x, y, width, height] of the tight box; a single pixel has width and height 1; an empty mask gives four zeros."""
    return [int(value) for value in pycocotools.mask.toBbox(_plain(rle))]


def counts_text(rle: Rle) -> str:
    """The compressed counts as text."""
    counts = rle["counts"]
    return counts.decode("ascii") if isinstance(counts, bytes) else str(counts)


def runs(rle: Rle) -> np.ndarray:
    """Lengths of the runs, int64, background first (0 if the first pixel is set). A ValueError says what is wrong.

    Counts are written in groups of five bits, least significant first; from the fourth on as differences to the run
    two places before.
    """
    codes = np.frombuffer(counts_text(rle).encode("ascii"), dtype=np.uint8).astype(np.int64) - 48
    if codes.size == 0 or codes.min() < 0 or codes.max() > 63:
        raise ValueError("its counts are not COCO run lengths")
    ends = np.flatnonzero(codes < 32)
    if ends.size == 0 or ends[-1] != codes.size - 1:
        raise ValueError("its counts stop in the middle of a number")
    starts = np.concatenate(([0], ends[:-1] + 1))
    groups = ends - starts + 1
    if groups.max() > 7:
        raise ValueError("its counts hold a number that no picture needs")
    shifts = 5 * (np.arange(codes.size) - np.repeat(starts, groups))
    values = np.add.reduceat((codes & 31) << shifts, starts)
    values -= ((codes[ends] >> 4) & 1) << (5 * groups)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def fills(lengths: np.ndarray, pixels: int) -> bool:
    """Whether runs add up to a frame of that many pixels. Each is bounded first: sums of huge ones wrap around."""
    return bool(lengths.size and lengths.min() >= 0 and lengths.max() <= pixels and int(lengths.sum()) == pixels)


def check(clip: ClipView, track: Track, position: int, record: MaskRecord) -> None:
    """Refuse a mask that does not fit its clip or whose runs do not fill the frame, naming the place."""
    if record.rle is None:
        return
    try:
        size = [int(value) for value in record.rle["size"]]
        if size != [clip.height, clip.width]:
            raise ValueError(f"it is {size[1]} x {size[0]} pixels, the clip {clip.width} x {clip.height}")
        lengths = runs(record.rle)
        if not fills(lengths, clip.height * clip.width) or (lengths[1:] == 0).any():
            raise ValueError("its runs do not add up to the frame")
    except (ValueError, KeyError, TypeError, IndexError, UnicodeError) as error:
        raise ExportError(
            f"The mask of {track.name} on frame {clip.source_frames[position]} of {clip.name} is damaged: {error}. "
            "Draw it again or delete it, then export again."
        ) from error


@dataclass(frozen=True, slots=True)
class Visible:
    """A track that has pixels on a frame; `area` is their number, at least 1."""

    track: Track
    record: MaskRecord
    code: Rle
    area: int


def visible(clip: ClipView, position: int) -> list[Visible]:
    """The tracks that have pixels at a position, in the clip's order. The codes must have been checked."""
    found = []
    for track in clip.tracks:
        record = clip.mask(track.id, position)
        if record is None or record.rle is None:
            continue
        pixels = area(record.rle)
        if pixels:
            found.append(Visible(track, record, record.rle, pixels))
    return found


def _plain(rle: Rle) -> dict[str, Any]:
    counts = rle["counts"]
    return {"size": list(rle["size"]), "counts": counts.encode("ascii") if isinstance(counts, str) else counts}
