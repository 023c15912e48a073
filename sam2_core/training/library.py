"""What training draws from, as values: stills, cut-outs, backgrounds and labelled videos, each by source.

A picture without labels in it is unknown, not empty, so nothing here invents negatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from sam2_core.errors import Sam2Error


class DataError(Sam2Error):
    """A data folder is missing, empty or damaged."""


class CodedIndexMap(Protocol):
    """An index map that is not a picture file: masks in a data set's own code, painted when they are asked for."""

    def read(self) -> npt.NDArray[np.int32]:
        """H x W, 0 is unknown or background, 1…n are objects."""
        ...


@runtime_checkable
class OverlappingMasks(CodedIndexMap, Protocol):
    """Masks that may lie upon each other, as parts do upon wholes; their index map shows what lies in front."""

    def draw(self, most: int, largest_share: float, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
        """Up to `most` of the masks, K x H x W, any of them, each with what lies upon it.

        None is empty, and none fills more than `largest_share` of the picture.
        """
        ...


IndexMapSource = Path | CodedIndexMap


@dataclass(frozen=True)
class Still:
    """One picture with an index map: 0 is unknown or background, 1…n are objects."""

    source: str
    name: str
    image: Path
    index_map: IndexMapSource


@dataclass(frozen=True)
class Cutout:
    """One object with transparency, as one picture or a short moving sequence.

    Attributes:
        frames: RGBA files in order.
        boxes: x, y, width, height of each frame in the canvas.
        canvas: width and height of the canvas that all frames share; None if there is one frame.
        parts: pictures of the frames' sizes whose values number the object's parts; none where they are not known.
    """

    source: str
    name: str
    frames: tuple[Path, ...]
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    canvas: tuple[int, int] | None = None
    parts: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Background:
    """An unlabelled photograph or clip."""

    source: str
    path: Path

    @property
    def is_clip(self) -> bool:
        """Whether this is a film and not a photograph."""
        return self.path.suffix == ".mp4"


@dataclass(frozen=True)
class LabelledVideo:
    """A clip in frames; `maps` holds the index maps of the frames that are annotated."""

    source: str
    frames: tuple[Path, ...]
    maps: Mapping[int, IndexMapSource]


@dataclass(frozen=True)
class Library:
    """Everything usable of some data folders, each kind by source; videos by a name of their own."""

    stills: Mapping[str, tuple[Still, ...]] = field(default_factory=dict)
    cutouts: Mapping[str, tuple[Cutout, ...]] = field(default_factory=dict)
    backgrounds: Mapping[str, tuple[Background, ...]] = field(default_factory=dict)
    videos: Mapping[str, LabelledVideo] = field(default_factory=dict)

    @property
    def photographs(self) -> dict[str, tuple[Background, ...]]:
        """The backgrounds that are single pictures."""
        return self._backgrounds(are_films=False)

    @property
    def films(self) -> dict[str, tuple[Background, ...]]:
        """The backgrounds that move."""
        return self._backgrounds(are_films=True)

    def _backgrounds(self, *, are_films: bool) -> dict[str, tuple[Background, ...]]:
        chosen = {
            source: tuple(item for item in items if item.is_clip == are_films)
            for source, items in self.backgrounds.items()
        }
        return {source: items for source, items in chosen.items() if items}

    @property
    def sources(self) -> list[str]:
        """Names of all sources that training draws from, by kind, as they go on the card of a model."""
        videos = {video.source for video in self.videos.values()}
        kinds = {"stills": self.stills, "cutouts": self.cutouts, "backgrounds": self.backgrounds, "videos": videos}
        return [f"{kind}/{source}" for kind, sources in kinds.items() for source in sorted(sources)]

    @property
    def has_scenery(self) -> bool:
        """Whether there is anything that a moving clip can be made of."""
        return bool(self.stills or self.cutouts)
