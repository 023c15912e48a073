"""Labelled pictures and clips: files, and what is read from them and checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from sam2_core.evaluation.metrics import Mask
from sam2_core.training.picture_files import opened
from sam2_core.training.pictures import IndexMap, Picture, read_picture
from sam2_core.training.sources import DataError

Read = TypeVar("Read")
VOID = 255
"""In a clip's map the mark of pixels that are nobody's, unless it is the map's only number."""


@dataclass(frozen=True)
class LabelledPicture:
    """A picture and its index map: PNG, 0 is background or unknown, other values are the numbers of objects."""

    source: str
    name: str
    image: Path
    index_map: Path


@dataclass(frozen=True)
class ClipFiles:
    """Where a clip lies: its frames in order and the maps of those that are annotated, the first frame among them."""

    source: str
    name: str
    frames: tuple[Path, ...]
    maps: Mapping[int, Path]
    is_davis: bool = False


class Clip(Sequence[npt.NDArray[np.uint8]]):
    """A labelled clip as a sequence of uint8 RGB frames, read one at a time.

    Attributes:
        reading_seconds: time spent on reading files so far, to be left out of the time of what is measured.
    """

    def __init__(self, files: ClipFiles) -> None:
        self.files = files
        self.reading_seconds = 0.0

    @property
    def source(self) -> str:
        """Where the clip comes from; means are taken over sources."""
        return self.files.source

    @property
    def name(self) -> str:
        """The clip's own name."""
        return self.files.name

    def __len__(self) -> int:
        return len(self.files.frames)

    def __getitem__(self, frame):  # type: ignore[no-untyped-def]
        return self._timed(read_picture, self.files.frames[frame])

    @property
    def annotated(self) -> list[int]:
        """Frames with a map, ascending; 0 is the first."""
        return sorted(self.files.maps)

    def truth(self, frame: int) -> IndexMap:
        """The map of an annotated frame; for any other a KeyError."""
        return self._timed(open_index_map, self.files.maps[frame])

    @cached_property
    def object_ids(self) -> list[int]:
        """Objects of the first frame, which are those that are followed."""
        numbers = [int(number) for number in np.unique(self.truth(0)) if number > 0]
        return [number for number in numbers if number != VOID] or numbers

    def shortened(self, frames: int) -> Clip:
        """The first frames alone."""
        files = self.files
        maps = {frame: path for frame, path in files.maps.items() if frame < frames}
        return Clip(ClipFiles(files.source, files.name, files.frames[:frames], maps, files.is_davis))

    def _timed(self, read: Callable[[Path], Read], path: Path) -> Read:
        began = time.perf_counter()
        found = read(path)
        self.reading_seconds += time.perf_counter() - began
        return found


def open_index_map(path: Path) -> IndexMap:
    """int32 H x W of object numbers; DataError if the file is no PNG of indices."""
    with opened(path) as image:
        if image.mode not in ("P", "L", "1", "I", "I;16"):
            raise DataError(
                f"{path} is a colour picture ({image.mode}); an index map is a palette or grey PNG whose values are "
                "the numbers of the objects."
            )
        return np.asarray(image).astype(np.int32)


def open_labelled(still: LabelledPicture) -> tuple[Picture, IndexMap]:
    """Picture and map of a still; DataError if they differ in size."""
    picture, index_map = read_picture(still.image), open_index_map(still.index_map)
    check_size(index_map, picture.shape[:2], still.index_map)
    return picture, index_map


def check_size(mask: IndexMap | Mask, size: tuple[int, ...], path: Path) -> None:
    """DataError unless a map is as large as its picture, (height, width) = `size`."""
    if mask.shape != size:
        raise DataError(
            f"{path} is {mask.shape[1]} x {mask.shape[0]} pixels and its picture {size[1]} x {size[0]}; "
            "a map must be as large as its picture."
        )
