"""What a DAVIS export decides before it writes: which objects, under which numbers, from which frame on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from exporters import rle
from exporters.dataset import ClipView, Dataset, Track
from exporters.errors import ExportError
from exporters.format import Written
from exporters.names import safe_component
from exporters.report import ExportedObject, Loss, Rename

MOST_OBJECTS = 254
"""Pixel values 1 to 254; 0 is background and 255 marks pixels that nobody judges."""
LINES = 480


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """One clip: its folder, the positions to write, and the number of every track that is written.

    `tracks` stand back to front: of two that overlap the later one keeps the pixels. `size` is (height, width) as
    written.
    """

    clip: ClipView
    folder: str
    positions: range
    numbers: dict[int, int]
    tracks: tuple[Track, ...]
    size: tuple[int, int]

    @property
    def is_resampled(self) -> bool:
        return self.size != (self.clip.height, self.clip.width)

    def shrunk(self, numbers: np.ndarray) -> np.ndarray:
        """A frame of numbers at the size to write: every new pixel takes the one its centre falls into."""
        rows = (2 * np.arange(self.size[0]) + 1) * self.clip.height // (2 * self.size[0])
        columns = (2 * np.arange(self.size[1]) + 1) * self.clip.width // (2 * self.size[1])
        return np.ascontiguousarray(numbers[rows[:, None], columns])

    def numbered(self) -> list[tuple[Track, int]]:
        """The tracks with their numbers, back to front."""
        return [(track, self.numbers[track.id]) for track in self.tracks]

    def track_of(self, number: int) -> int:
        """The id of the track that is written as `number`."""
        return next(track_id for track_id, given in self.numbers.items() if given == number)


def painted(plan: ClipPlan, position: int) -> tuple[np.ndarray, dict[int, int]]:
    """A frame of numbers in the clip's own size, uint8, and the pixels that every number had before overlaps were
    resolved.
    """
    numbers = np.zeros((plan.clip.height, plan.clip.width), dtype=np.uint8)
    seen = {item.track.id: item for item in rle.visible(plan.clip, position)}
    areas: dict[int, int] = {}
    for track, number in plan.numbered():
        if track.id in seen:
            item = seen[track.id]
            x, y, pixels = rle.crop(item.code)
            part = numbers[y : y + pixels.shape[0], x : x + pixels.shape[1]]
            np.copyto(part, np.uint8(number), where=pixels)
            areas[number] = item.area
    return numbers, areas


def make_plan(dataset: Dataset, resolution: str, late_objects: str, written: Written) -> list[ClipPlan]:
    """Plan every clip and note in `written` what that loses. ExportError where a clip does not fit the format."""
    taken: set[str] = set()
    plans = []
    for clip in dataset.clips:
        folder = safe_component(clip.name, taken)
        if folder != clip.name:
            written.renames.append(Rename(clip.name, folder))
        plans.append(_clip_plan(clip, folder, _size(clip, resolution), late_objects, written))
    _note_objects(dataset, plans, written)
    return plans


def _clip_plan(clip: ClipView, folder: str, size: tuple[int, int], late_objects: str, written: Written) -> ClipPlan:
    masks: dict[int, list[int]] = {}
    for position in range(clip.frame_count):
        for item in rle.visible(clip, position):
            masks.setdefault(item.track.id, []).append(position)
    tracks = [track for track in clip.tracks if track.id in masks]
    positions = range(clip.frame_count)
    # Numbers for the moment: who is visible first is counted in pixels that are really written.
    trial = _numbered(clip, folder, positions, tracks, masks, size)
    if late_objects == "strict":
        early = _present(trial, 0)
        late = [track for track in tracks if track.id not in early]
        tracks = [track for track in tracks if track.id in early]
        _drop_late(clip, late, tracks, masks, written)
    elif late_objects == "trim" and tracks:
        positions = range(_common_frame(trial, masks), clip.frame_count)
        lost = sum(position < positions.start for found in masks.values() for position in found)
        if positions.start:
            note = f"{clip.name} begins at frame {clip.source_frames[positions.start]}, the first with all its objects"
            written.losses.append(Loss("sequence_trimmed", masks=lost, masks_dropped=lost, note=note))
    else:
        _warn_of_late(clip, [track for track in tracks if masks[track.id][0] > 0], written)
    return _numbered(clip, folder, positions, tracks, masks, size)


def _numbered(
    clip: ClipView,
    folder: str,
    positions: range,
    tracks: list[Track],
    masks: dict[int, list[int]],
    size: tuple[int, int],
) -> ClipPlan:
    if len(tracks) > MOST_OBJECTS:
        raise ExportError(
            f"{clip.name} has {len(tracks)} objects with masks, and a DAVIS picture holds {MOST_OBJECTS}. Export "
            "fewer objects at a time, or choose COCO."
        )
    order = sorted(tracks, key=lambda track: (masks[track.id][0], track.id))
    numbers = {track.id: number for number, track in enumerate(order, 1)}
    back_to_front = tuple(sorted(tracks, key=lambda track: (track.z_order, track.id)))
    return ClipPlan(clip, folder, positions, numbers, back_to_front, size)


def _present(plan: ClipPlan, position: int) -> set[int]:
    """The ids of the tracks that have pixels as written at a position."""
    numbers, areas = painted(plan, position)
    if plan.is_resampled:
        numbers = plan.shrunk(numbers)
    return {plan.track_of(number) for number in areas if (numbers == number).any()}


def _common_frame(plan: ClipPlan, masks: dict[int, list[int]]) -> int:
    candidates = set.intersection(*(set(found) for found in masks.values()))
    for position in sorted(candidates):
        if len(_present(plan, position)) == len(masks):
            return position
    raise ExportError(
        f"No frame of {plan.clip.name} shows all of its {len(masks)} objects, so it cannot be trimmed to start "
        "with one. Keep late objects (loose) or leave them out (strict)."
    )


def _drop_late(
    clip: ClipView, late: list[Track], kept: list[Track], masks: dict[int, list[int]], written: Written
) -> None:
    if late and not kept:
        raise ExportError(
            f"No object of {clip.name} is visible on its first frame, frame {clip.source_frames[0]}, so a strict "
            "DAVIS export would be empty. Start the range later, or keep late objects (loose)."
        )
    if late:
        lost = sum(len(masks[track.id]) for track in late)
        note = f"not visible on the first frame of {clip.name}: {_names(late)}"
        written.losses.append(Loss("late_object_dropped", masks=lost, objects=len(late), masks_dropped=lost, note=note))


def _warn_of_late(clip: ClipView, late: list[Track], written: Written) -> None:
    if late:
        written.warnings.append(
            f"{_names(late)} of {clip.name} appear after the first frame: loaders for training see them, the "
            "official DAVIS evaluation does not. Trim or strict would keep to its rule."
        )


def _note_objects(dataset: Dataset, plans: Iterable[ClipPlan], written: Written) -> None:
    names = {category.id: category.name for category in dataset.categories}
    renumbered = categorised = 0
    for plan in plans:
        for track in plan.clip.tracks:
            number = plan.numbers.get(track.id)
            category = names.get(track.category_id or 0, "")
            written.objects.append(ExportedObject(plan.folder, track.id, track.name, category, number))
            renumbered += number not in (None, track.id)
            categorised += number is not None and bool(category)
    if renumbered:
        note = "objects are numbered by their first frame; the object map tells which is which"
        written.losses.append(Loss("id_renumbered", objects=renumbered, note=note))
    if categorised:
        note = "DAVIS has no categories; the object map keeps them"
        written.losses.append(Loss("category_dropped", objects=categorised, note=note))


def _size(clip: ClipView, resolution: str) -> tuple[int, int]:
    if resolution != "480p" or clip.height == LINES:
        return clip.height, clip.width
    if clip.height < LINES:
        raise ExportError(
            f"{clip.name} has {clip.height} lines, and 480p would enlarge it. Choose Full-Resolution, which keeps "
            "its size."
        )
    return LINES, max(2, 2 * round(clip.width * LINES / clip.height / 2))


def _names(tracks: list[Track]) -> str:
    return ", ".join(track.name for track in tracks[:5]) + (" and others" if len(tracks) > 5 else "")
