"""A frozen project as exporters see it: a clip view over masks, objects and frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.commands.finishing import final_masks, finished
from app.document.attributes import CROWD, FLAGS, AttributeValue
from app.document.document import DocumentView
from app.document.masks import MaskCode
from app.document.values import FrameMask
from app.media.clip import IMAGE_SUFFIXES, VIDEO_SUFFIXES, ClipError, FrameSource
from exporters.dataset import Marker, MaskRecord, State, Track
from exporters.errors import ExportError

_JPEG_SUFFIXES = (".jpg", ".jpeg")


class ExportedClip:
    """The clip of a project as exporters see it (a ClipView)."""

    def __init__(
        self,
        document: DocumentView,
        source: FrameSource | None,
        frames: Sequence[int],
        object_ids: Sequence[int],
        only_verified: bool,
    ) -> None:
        clip = document.clip
        self.name = _stem(clip.name)
        self.frame_count = len(frames)
        self.height, self.width, self.fps = clip.height, clip.width, clip.fps
        self.source_frames = tuple(frames)
        self.tracks = _tracks(document, object_ids)
        self._document = document
        self._masks = {number: document.masks_of(number) for number in object_ids}
        self._tags = {number: document.tags_of(number) for number in object_ids}
        self._only_verified = only_verified
        self._resolved_frame: tuple[int, dict[int, MaskCode]] = (-1, {})
        self._read_from(source)

    def _read_from(self, source: FrameSource | None) -> None:
        self._source = source
        self.times = tuple(self._time_of(frame) for frame in self.source_frames)
        marked = sorted(self._document.markers.items())
        self.markers = tuple(Marker(frame, self._time_of(frame), note) for frame, note in marked)

    def _time_of(self, frame: int) -> float:
        if self._source is not None:
            return self._source.times[frame]
        return frame / self.fps if self.fps > 0 else 0.0

    def reading(self, source: FrameSource) -> ExportedClip:
        """The same clip with pictures from another source."""
        copy = object.__new__(ExportedClip)
        copy.__dict__.update(self.__dict__)
        copy._read_from(source)
        return copy

    def mask(self, track_id: int, position: int) -> MaskRecord | None:
        frame = self.source_frames[position]
        is_verified = self._document.is_verified((track_id, frame))
        if self._only_verified and not is_verified:
            return None  # asked first, so that no mask is made that nobody wants
        found: FrameMask | None = self._masks[track_id].get(frame)
        if found is None:
            return None
        code = self._final(track_id, frame, found.code)
        state: State = "absent" if found.is_absent else "occluded" if code.is_empty else "visible"
        said = self._said(track_id, frame)
        is_crowd = said.pop(FLAGS[CROWD].name, False) is True
        scores = found.iou, found.score
        return MaskRecord(code.to_rle(), state, found.origin.value, *scores, is_verified, is_crowd, said)

    def _said(self, track_id: int, frame: int) -> dict[str, AttributeValue]:
        """What is said of a track on a frame, by the attributes' names; flags only where they hold."""
        said: dict[str, AttributeValue] = {}
        for key, tag in self._tags[track_id].items():
            value = tag.at(frame)
            if value is not None and (key not in FLAGS or value):
                said[(FLAGS.get(key) or self._document.attributes[key]).name] = value
        return said

    def _final(self, track_id: int, frame: int, code: MaskCode) -> MaskCode:
        """A mask finished and, where masks do not overlap, without what others in front have; exporters ask for one
        frame after another."""
        if self._document.allows_overlaps:
            return finished(code, self._document.objects[track_id].finish)
        if self._resolved_frame[0] != frame:
            self._resolved_frame = (frame, final_masks(self._document, frame))
        return self._resolved_frame[1].get(track_id, code)

    def image(self, position: int) -> np.ndarray:
        """The picture, uint8 RGB, height x width x 3."""
        if self._source is None:
            raise LookupError("the clip is not open")
        try:
            return self._source.read(self.source_frames[position])
        except ClipError as error:
            raise ExportError(f"{error} Or export without pictures.") from error

    def jpeg(self, position: int) -> bytes | None:
        """The file of the frame, where the clip is a folder of JPEG files."""
        names = None if self._source is None else self._source.frame_names
        if self._source is None or names is None or (len(names) > 1 and names[0] == names[-1]):
            return None
        name = names[self.source_frames[position]]
        path = self._source.path / name if self._source.path.is_dir() else self._source.path
        if path.suffix.lower() not in _JPEG_SUFFIXES:
            return None
        try:
            return path.read_bytes()
        except OSError:
            return None  # reading the picture will say what is wrong


def _tracks(document: DocumentView, object_ids: Sequence[int]) -> tuple[Track, ...]:
    """The objects by id. What lies in front is told as the window shows it: by z-order, then by place in the list."""
    places = {number: place for place, number in enumerate(document.objects)}
    front = sorted(object_ids, key=lambda number: (document.objects[number].z_order, places[number]))
    ranks = {number: rank for rank, number in enumerate(front)}
    things = [document.objects[number] for number in object_ids]
    return tuple(Track(thing.id, thing.name, thing.category_id, ranks[thing.id]) for thing in things)


def _stem(name: str) -> str:
    """The name of a clip without the ending of a video or picture file."""
    path = Path(name)
    is_file = path.suffix.lower() in (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES)
    return path.stem if is_file else name
