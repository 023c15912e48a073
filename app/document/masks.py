"""MaskCode: a mask as COCO run lengths, and what can be asked of it without decoding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from app.document import runs as run_lengths
from app.document.geometry import Box
from app.document.runs import MAX_PIXELS, MaskError

__all__ = ["CountsSource", "MaskCode", "MaskError"]

Measures = tuple[int, int, int, int, int]
"""Area, then the box x0, y0, x1, y1 (zeros when empty)."""


class CountsSource(Protocol):
    """Where the run lengths of masks lie while nobody needs them (a project file)."""

    def read_counts(self, code: MaskCode, key: int) -> bytes: ...


class MaskCode:
    """A mask of height x width pixels as COCO compressed run lengths. Immutable; equal pixels give equal codes.

    A code read from a project file fetches its `counts` when they are first needed and may give them back to the file
    (`let_go`); nobody outside the store sees a difference, except that reading may then raise the store's error.
    The constructor trusts its arguments; `from_rle` checks.
    """

    __slots__ = ("__weakref__", "_counts", "_measures", "_place", "height", "width")

    height: int
    width: int
    _counts: bytes | None
    _measures: Measures | None
    _place: tuple[CountsSource, int] | None  # in one value, since other threads read it while the store sets it

    def __init__(self, height: int, width: int, counts: bytes, measures: Measures | None = None) -> None:
        _set(self, "height", height)
        _set(self, "width", width)
        _set(self, "_counts", counts)
        _set(self, "_measures", measures)
        _set(self, "_place", None)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a mask code cannot change ({name})")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a mask code cannot change ({name})")

    # Making one

    @classmethod
    def from_array(cls, mask: NDArray[Any]) -> MaskCode:
        """The code of an H x W array; what is not zero is the object. Raises MaskError for another shape."""
        if mask.ndim != 2 or not 0 < mask.size <= MAX_PIXELS:
            raise MaskError(f"A mask has two dimensions and 1 to {MAX_PIXELS} pixels; this one is {mask.shape}.")
        pixels = mask if mask.dtype == np.bool_ else mask != 0
        runs, area, box = run_lengths.runs_of(pixels)
        return cls(mask.shape[0], mask.shape[1], run_lengths.compress(runs), (area, *box))

    @classmethod
    def from_rle(cls, rle: Mapping[str, Any]) -> MaskCode:
        """The code of {"size": [h, w], "counts": text, bytes or a list of runs}, checked and made canonical.

        Raises MaskError when the runs do not add up to the picture or are no runs at all.
        """
        try:
            height, width = (int(side) for side in rle["size"])
            counts = rle["counts"]
        except (KeyError, TypeError, ValueError):
            raise MaskError('Run lengths come as {"size": [height, width], "counts": ...}.') from None
        _check_size(height, width)
        if isinstance(counts, str):
            counts = counts.encode("ascii", "replace")
        if isinstance(counts, bytes):
            runs = run_lengths.decompress(counts, height * width)
        else:
            runs = _listed_runs(counts, height * width)
        runs = run_lengths.canonical(runs)
        area, box = run_lengths.measure(runs, height)
        return cls(height, width, run_lengths.compress(runs), (area, *box))

    @classmethod
    def empty(cls, height: int, width: int) -> MaskCode:
        """The code without a pixel: the object is absent."""
        _check_size(height, width)
        return cls(height, width, run_lengths.compress(np.array([height * width], np.int64)), (0, 0, 0, 0, 0))

    @classmethod
    def resting(cls, height: int, width: int, measures: Measures, source: CountsSource, key: int) -> MaskCode:
        """A code whose counts stay where they are until asked for."""
        code = cls.__new__(cls)
        _set(code, "height", height)
        _set(code, "width", width)
        _set(code, "_counts", None)
        _set(code, "_measures", measures)
        _set(code, "_place", (source, key))
        return code

    # Asking

    @property
    def counts(self) -> bytes:
        """COCO compressed run lengths of the whole frame."""
        counts = self._counts
        if counts is None:
            assert self._place is not None
            source, key = self._place
            counts = source.read_counts(self, key)
        return counts

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)"""
        return self.height, self.width

    @property
    def area(self) -> int:
        """Number of pixels that are set."""
        return self.measures[0]

    @property
    def box(self) -> Box | None:
        """The smallest box around the pixels, None when there are none."""
        area, x0, y0, x1, y1 = self.measures
        return Box(x0, y0, x1, y1) if area else None

    @property
    def is_empty(self) -> bool:
        return self.measures[0] == 0

    @property
    def measures(self) -> Measures:
        """Area and box in one; computed once."""
        if self._measures is None:
            area, box = run_lengths.measure(self._runs(), self.height)
            _set(self, "_measures", (area, *box))
        assert self._measures is not None
        return self._measures

    def to_array(self) -> NDArray[np.bool_]:
        """The pixels, H x W bool; the caller owns them."""
        array = np.zeros(self.size, np.bool_)
        area, x0, y0, x1, y1 = self.measures
        if area:
            array[y0:y1, x0:x1] = self.crop()
        return array

    def crop(self) -> NDArray[np.bool_]:
        """The pixels inside `box` only, bool; 0 x 0 when empty. Costs what the box is wide, not the picture."""
        area, *box = self.measures
        if not area:
            return np.zeros((0, 0), np.bool_)
        return run_lengths.fill(self._runs(), self.height, (box[0], box[1], box[2], box[3]))

    def to_rle(self) -> dict[str, Any]:
        """{"size": [h, w], "counts": text}, ready for JSON and for pycocotools."""
        return {"size": [self.height, self.width], "counts": self.counts.decode("ascii")}

    def iou(self, other: MaskCode) -> float:
        """Shared over united pixels, 0 to 1; two empty masks agree (1)."""
        self._check_same_size(other)
        if self.is_empty and other.is_empty:
            return 1.0
        if not self._boxes_meet(other):
            return 0.0
        return float(coco.iou([self._pair()], [other._pair()], [False])[0, 0])

    def intersection_area(self, other: MaskCode) -> int:
        """Number of shared pixels."""
        self._check_same_size(other)
        if not self._boxes_meet(other):
            return 0
        return int(coco.area(coco.merge([self._pair(), other._pair()], intersect=True)))

    # Combining

    def union(self, other: MaskCode) -> MaskCode:
        """Pixels of either."""
        self._check_same_size(other)
        if other.is_empty or self.is_empty:
            return self if other.is_empty else other
        return self._merged(other, intersect=False)

    def intersection(self, other: MaskCode) -> MaskCode:
        """Pixels of both."""
        self._check_same_size(other)
        if not self._boxes_meet(other):
            return MaskCode.empty(self.height, self.width)
        return self._merged(other, intersect=True)

    def minus(self, other: MaskCode) -> MaskCode:
        """Pixels of this mask that the other has not."""
        self._check_same_size(other)
        if not self._boxes_meet(other):
            return self
        return self._merged(other.complement(), intersect=True)

    def complement(self) -> MaskCode:
        """All other pixels of the picture."""
        runs = self._runs()
        flipped = runs[1:] if runs[0] == 0 else np.concatenate(([0], runs))
        return MaskCode(self.height, self.width, run_lengths.compress(flipped))

    # Being a value

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, MaskCode):
            return NotImplemented
        return self.size == other.size and self.measures == other.measures and self.counts == other.counts

    def __hash__(self) -> int:
        return hash((self.height, self.width, self.measures))

    def __repr__(self) -> str:
        return f"MaskCode({self.height} x {self.width}, area {self.area})"

    def __reduce__(self) -> tuple[Any, ...]:
        return MaskCode, (self.height, self.width, self.counts, self.measures)

    # The store's side

    def key_in(self, source: CountsSource) -> int | None:
        """Under which key the counts lie in that source, None when they do not."""
        place = self._place
        return place[1] if place is not None and place[0] is source else None

    def keep_in(self, source: CountsSource, key: int) -> None:
        """Remember that the source holds the counts under this key."""
        _set(self, "_place", (source, key))

    def hold(self, counts: bytes) -> None:
        """Keep the counts in memory; they must be what the source holds."""
        _set(self, "_counts", counts)

    def let_go(self) -> None:
        """Give the memory of the counts back; they are read from the source when needed again."""
        if self._place is not None:
            _set(self, "_counts", None)

    # Inside

    def _runs(self) -> run_lengths.Runs:
        return run_lengths.decompress(self.counts, self.height * self.width)

    def _pair(self) -> dict[str, Any]:
        return {"size": [self.height, self.width], "counts": self.counts}

    def _merged(self, other: MaskCode, *, intersect: bool) -> MaskCode:
        merged = coco.merge([self._pair(), other._pair()], intersect=intersect)
        return MaskCode.from_rle(merged)

    def _boxes_meet(self, other: MaskCode) -> bool:
        mine, theirs = self.box, other.box
        return mine is not None and theirs is not None and mine.intersection(theirs) > 0

    def _check_same_size(self, other: MaskCode) -> None:
        if self.size != other.size:
            raise MaskError(f"Masks of {self.size} and {other.size} (height, width) cannot be compared.")


_set = object.__setattr__


def _check_size(height: int, width: int) -> None:
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise MaskError(f"A mask cannot be {height} x {width} pixels; it has 1 to {MAX_PIXELS}.")


def _listed_runs(counts: Any, pixels: int) -> run_lengths.Runs:
    if not isinstance(counts, Sequence) or not all(type(run) is int and 0 <= run <= pixels for run in counts):
        raise MaskError("A mask's run lengths are text or a list of whole numbers from 0 to the picture's pixels.")
    runs = np.array(counts, np.int64)
    run_lengths.check_runs(runs, pixels)
    return runs
