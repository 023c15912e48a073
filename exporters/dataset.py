"""What an exporter sees: clips, categories, tracks, masks as run lengths. Everything is asked for one frame at a time.

Conventions of the whole room: a `position` is the 0-based place in the exported sequence, a source frame the
0-based place in the clip it came from; sizes are (height, width); masks cover the full frame, row 0 on top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

State = Literal["visible", "absent", "occluded", "unknown"]
Rle = Mapping[str, Any]
"""COCO run lengths of a full frame: {"size": [height, width], "counts": str | bytes}, column by column."""


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of thing. Ids are 1 or more; 0 is background everywhere."""

    id: int
    name: str
    supercategory: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """One object followed through one clip. `id` is 1 or more; a larger `z_order` lies nearer to the viewer."""

    id: int
    name: str
    category_id: int | None = None
    z_order: int = 0


@dataclass(frozen=True, slots=True)
class MaskRecord:
    """What is known of one track on one frame.

    `state` says why there are no pixels, or that they are part of a covered thing; a record with pixels is always
    exported with them. `iou` in [0, 1] is the model's own estimate, `score` its occlusion logit (above 0: present).
    `is_crowd`: several things labelled as one. `said` is what attributes say of the track there, by their names.
    """

    rle: Rle | None
    state: State = "visible"
    origin: str = "manual"
    iou: float = 1.0
    score: float = 10.0
    is_verified: bool = False
    is_crowd: bool = False
    said: Mapping[str, str | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Info:
    """Who made the data set, with what, and what others may do with it. Empty strings where nobody said."""

    description: str = ""
    url: str = ""
    version: str = "1.0"
    contributor: str = ""
    date: str = ""
    """The day of the snapshot, YYYY/MM/DD.

    The only date inside a data set, so that two exports of one snapshot agree.
    """
    licence_name: str = ""
    licence_url: str = ""
    app: str = "Masklet Studio"
    app_version: str = ""
    model: str = ""
    snapshot_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """A place in the clip that a person has marked, by source frame and its time in seconds; the note may be empty."""

    frame: int
    time: float
    note: str = ""


class ClipView(Protocol):
    """One clip as an exporter sees it; nothing in it may change while an export runs."""

    @property
    def name(self) -> str: ...
    @property
    def frame_count(self) -> int:
        """Number of exported positions."""

    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def fps(self) -> float: ...
    @property
    def source_frames(self) -> Sequence[int]:
        """The source frame of every position, rising."""

    @property
    def times(self) -> Sequence[float]:
        """The presentation time of every position in seconds."""

    @property
    def tracks(self) -> Sequence[Track]: ...
    @property
    def markers(self) -> Sequence[Marker]:
        """All markers of the clip, rising, also those on frames that are not exported."""

    def mask(self, track_id: int, position: int) -> MaskRecord | None:
        """What is known of a track there; None: nobody looked."""

    def image(self, position: int) -> np.ndarray:
        """The picture, uint8 RGB, height x width x 3."""

    def jpeg(self, position: int) -> bytes | None:
        """The JPEG file that this very picture was decoded from, if there is one; None otherwise."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Clips with a common list of categories."""

    clips: Sequence[ClipView]
    categories: Sequence[Category] = ()
    info: Info = Info()

    @property
    def frame_count(self) -> int:
        """Exported frames of all clips together."""
        return sum(clip.frame_count for clip in self.clips)


@dataclass(frozen=True, slots=True)
class StoredClip:
    """A ClipView over plain values: what the readers give back.

    `pictures` opens the picture of a position when asked.
    """

    name: str
    frame_count: int
    height: int
    width: int
    fps: float = 0.0
    source_frames: Sequence[int] = ()
    times: Sequence[float] = ()
    tracks: Sequence[Track] = ()
    markers: Sequence[Marker] = ()
    masks: Mapping[tuple[int, int], MaskRecord] = field(default_factory=dict)
    """By (track id, position)."""
    pictures: Callable[[int], np.ndarray] | None = None

    def mask(self, track_id: int, position: int) -> MaskRecord | None:
        return self.masks.get((track_id, position))

    def image(self, position: int) -> np.ndarray:
        """The picture, uint8 RGB, height x width x 3; a LookupError where the data set has none."""
        if self.pictures is None:
            raise LookupError(f"the data set holds no pictures of {self.name}")
        return self.pictures(position)

    def jpeg(self, position: int) -> bytes | None:
        return None
