"""Masks of COCO annotations: polygons and run lengths, painted into index maps.

pycocotools turns polygons into run lengths; the runs are opened here, because its own decoder believes the lengths that
it is given and warns of a coming end under NumPy 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sam2_core.training.library import DataError


@dataclass(frozen=True)
class CocoMap:
    """Some annotations of one picture as an index map; later ones lie in front.

    Attributes:
        place: how to name the picture in a message.
        size: height and width.
        objects: number in the map and segmentation, as it stands in the file.
    """

    place: str
    size: tuple[int, int]
    objects: tuple[tuple[int, Any], ...]

    def read(self) -> npt.NDArray[np.int32]:
        """H x W object numbers.

        Raises:
            DataError: a segmentation is damaged or does not fit the picture.
        """
        painted = np.zeros(self.size, np.int32)
        for index, (number, _) in enumerate(self.objects):
            painted[self.mask(index)] = number
        return painted

    def mask(self, index: int) -> npt.NDArray[np.bool_]:
        """One of the masks, H x W, whatever lies in front of it; DataError as in `read`."""
        try:
            return mask_of(self.objects[index][1], self.size)
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise DataError(f"{self.place}: the mask of an object is damaged ({error}); mend the file.") from error


def mask_of(segmentation: Any, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """A segmentation as bool H x W: polygons, compressed run lengths, or run lengths as plain numbers.

    Raises:
        ValueError: it is damaged or of another size.
    """
    height, width = size
    if isinstance(segmentation, Sequence) and not isinstance(segmentation, str):
        segmentation = _outlined(segmentation, height, width)
    if not isinstance(segmentation, Mapping):
        raise ValueError("it is neither polygons nor run lengths")
    if [int(side) for side in segmentation["size"]] != [height, width]:
        raise ValueError(f"it is for {segmentation['size']} pixels, the picture has {[height, width]}")
    counts = segmentation["counts"]
    lengths = np.asarray(counts, np.int64) if isinstance(counts, list) else _runs(counts)
    if not lengths.size or lengths.min() < 0 or lengths.max() > height * width or lengths.sum() != height * width:
        raise ValueError("its runs do not fill the picture")
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(width, height).T


def _outlined(polygons: Sequence[Any], height: int, width: int) -> Mapping[str, Any]:
    """Polygons as one compressed code."""
    import pycocotools.mask

    usable = [[float(value) for value in polygon] for polygon in polygons if len(polygon) >= 6]
    if not usable:
        raise ValueError("no polygon has three corners")
    merged: Mapping[str, Any] = pycocotools.mask.merge(pycocotools.mask.frPyObjects(usable, height, width))
    return merged


def _runs(counts: str | bytes) -> npt.NDArray[np.int64]:
    """Lengths of compressed runs: groups of five bits, lowest first; from the fourth on differences to two before."""
    text = counts if isinstance(counts, bytes) else counts.encode("ascii")
    codes = np.frombuffer(text, dtype=np.uint8).astype(np.int64) - 48
    if codes.size == 0 or codes.min() < 0 or codes.max() > 63 or codes[-1] >= 32:
        raise ValueError("its counts are not COCO run lengths")
    ends = np.flatnonzero(codes < 32)
    starts = np.concatenate(([0], ends[:-1] + 1))
    if (ends - starts).max() > 6:
        raise ValueError("its counts hold a number that no picture needs")
    shifts = 5 * (np.arange(codes.size) - np.repeat(starts, ends - starts + 1))
    values = np.add.reduceat((codes & 31) << shifts, starts)
    values -= ((codes[ends] >> 4) & 1) << (5 * (ends - starts + 1))
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values
