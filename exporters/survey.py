"""One pass over all masks before anything is written: are they sound, how many are there, and what is known where."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from exporters import rle
from exporters.dataset import ClipView, Dataset, State, Track
from exporters.errors import ExportError
from exporters.format import Progress

_STEP = 64


@dataclass(slots=True)
class Survey:
    """What a snapshot holds.

    `states` lists, per object, the spans of source frames (both ends included) without pixels.
    """

    masks: int = 0
    verified: int = 0
    occluded: int = 0
    unknown: int = 0
    states: list[dict[str, Any]] = field(default_factory=list)
    sha256: str = ""


def survey(dataset: Dataset) -> Generator[Progress, None, Survey]:
    """Check every mask and count; an ExportError names the first thing that no format could hold."""
    found = Survey()
    digest = hashlib.sha256()
    digest.update(repr([(c.id, c.name, c.supercategory) for c in dataset.categories]).encode())
    _refuse_bad_categories(dataset)
    for clip in dataset.clips:
        _refuse_bad_clip(clip)
        digest.update(repr((clip.name, clip.height, clip.width, clip.fps, list(clip.source_frames))).encode())
        spans = {track.id: _Spans() for track in clip.tracks}
        for position in range(clip.frame_count):
            if position % _STEP == 0:
                yield Progress(position, clip.frame_count, "Checking masks")
            for track in clip.tracks:
                state = _look(clip, track, position, found, digest)
                spans[track.id].add(state, clip.source_frames[position])
        for track in clip.tracks:
            digest.update(repr((track.id, track.name, track.category_id, track.z_order)).encode())
            found.states.append({"clip": clip.name, "object": track.id, "name": track.name, **spans[track.id].found})
    found.sha256 = digest.hexdigest()
    return found


def _look(clip: ClipView, track: Track, position: int, found: Survey, digest: Any) -> State:
    record = clip.mask(track.id, position)
    if record is None:
        found.unknown += 1
        return "unknown"
    state: State = record.state
    counts = ""
    if record.rle is not None:
        rle.check(clip, track, position, record)
        counts = rle.counts_text(record.rle)
    digest.update(f"{track.id} {position} {state} {record.origin} {record.iou!r} {record.score!r} ".encode())
    digest.update(f"{record.is_verified} {record.is_crowd} {sorted(record.said.items())} {counts}\n".encode())
    if record.rle is not None and rle.area(record.rle):
        found.masks += 1
        found.verified += record.is_verified
        return "visible"
    if state == "occluded":
        found.occluded += 1
    elif state == "unknown":
        found.unknown += 1
    else:
        state = "absent"
    return state


class _Spans:
    """Runs of frames in one state; visible ones are not kept."""

    def __init__(self) -> None:
        self.found: dict[str, list[list[int]]] = {"absent": [], "occluded": [], "unknown": []}
        self._state: State = "visible"

    def add(self, state: State, frame: int) -> None:
        if state != "visible":
            if state == self._state:
                self.found[state][-1][1] = frame
            else:
                self.found[state].append([frame, frame])
        self._state = state


def _refuse_bad_categories(dataset: Dataset) -> None:
    ids = [category.id for category in dataset.categories]
    if len(set(ids)) != len(ids) or any(number < 1 for number in ids):
        raise ExportError(f"Categories need different numbers from 1 up, and these have {ids}. Number them anew.")


def _refuse_bad_clip(clip: ClipView) -> None:
    if clip.frame_count < 1 or clip.height < 1 or clip.width < 1:
        raise ExportError(f"{clip.name} has no frames to export. Choose a range that holds some.")
    if len(clip.source_frames) != clip.frame_count or len(clip.times) != clip.frame_count:
        raise ExportError(
            f"{clip.name} has {clip.frame_count} frames, {len(clip.source_frames)} frame numbers and {len(clip.times)} "
            "times; they must be equally many. Open the clip again and repeat the export."
        )
    ids = [track.id for track in clip.tracks]
    if len(set(ids)) != len(ids) or any(not 1 <= number < 2**31 for number in ids):
        raise ExportError(f"The objects of {clip.name} need different numbers from 1 up, and these have {sorted(ids)}.")
