"""COCO instances with the extensions that video tools understand: videos, video_id, frame_id, track_id.

annotations/instances_<split>.json
images/<split>/<clip>/<source frame, five digits>.jpg
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from exporters import rle
from exporters.dataset import Category, ClipView, Dataset, MaskRecord, Rle, Track
from exporters.errors import ExportError
from exporters.format import Format, Progress, Work, Written
from exporters.formats.coco_options import CocoOptions
from exporters.formats.coco_reader import own_name, read
from exporters.frames import encoded_frame
from exporters.names import safe_component
from exporters.polygons import polygons_of
from exporters.report import ExportedObject, Loss, Rename, counted
from exporters.tree import StagedTree, TextFile
from exporters.verification.coco import verify

TRACKS_PER_VIDEO = 10_000
"""Room for the objects of one video where track ids are unique over the file."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided before the first byte: the folder of every clip, the id of its first image, and all
    categories.
    """

    folders: tuple[str, ...]
    first_images: tuple[int, ...]
    categories: tuple[Category, ...]
    fallback: int
    """The category of objects that have none."""

    def category_of(self, track: Track) -> int:
        return track.category_id if track.category_id is not None else self.fallback


def write(dataset: Dataset, tree: StagedTree, settings: CocoOptions) -> Work:
    """Write the data set, one frame in memory at a time. Yields Progress per frame; returns what was written."""
    written = Written(frames=dataset.frame_count)
    plan = written.plan = _plan(dataset, written)
    done = 0
    with tree.text(f"annotations/instances_{settings.split}.json") as file:
        file.write("{\n")
        _write_head(file, dataset, plan)
        _write_list(file, "images", _images(dataset, plan, tree, settings))
        file.write(',\n"annotations": [')
        for video, clip in enumerate(dataset.clips):
            for position in range(clip.frame_count):
                for record in _annotations(clip, video, position, plan, settings, written):
                    file.write((",\n" if record["id"] > 1 else "\n") + _json(record))
                if settings.with_images:
                    name = _file_name(clip, plan.folders[video], position, settings)
                    picture = encoded_frame(clip, position, settings.image_format, settings.jpeg_quality)
                    tree.write(f"images/{settings.split}/{name}", picture)
                done += 1
                tree.check_space(done, dataset.frame_count)
                yield Progress(done, dataset.frame_count, f"Writing {clip.name}")
        file.write("\n]\n}\n")
    return written


def _plan(dataset: Dataset, written: Written) -> Plan:
    taken: set[str] = set()
    folders = tuple(safe_component(clip.name, taken) for clip in dataset.clips)
    named = zip(dataset.clips, folders, strict=True)
    written.renames = [Rename(clip.name, folder) for clip, folder in named if clip.name != folder]
    counts = [clip.frame_count for clip in dataset.clips]
    first_images = tuple(1 + sum(counts[:video]) for video in range(len(counts)))
    categories = list(dataset.categories)
    homeless = [track for clip in dataset.clips for track in clip.tracks if track.category_id is None]
    fallback = 0
    if homeless:
        known = [category.id for category in categories if category.name == "object"]
        fallback = known[0] if known else max((category.id for category in categories), default=0) + 1
        if not known:
            categories.append(Category(fallback, "object"))
        names = ", ".join(track.name for track in homeless[:5]) + (" and others" if len(homeless) > 5 else "")
        written.warnings.append(
            f'{counted(len(homeless), "object")} without a category put into the category "object": {names}'
        )
    plan = Plan(folders, first_images, tuple(categories), fallback)
    _list_objects(dataset, plan, written)
    return plan


def _list_objects(dataset: Dataset, plan: Plan, written: Written) -> None:
    names = {category.id: category.name for category in plan.categories}
    for clip, folder in zip(dataset.clips, plan.folders, strict=True):
        for track in clip.tracks:
            category = names.get(plan.category_of(track))
            if category is None:
                raise ExportError(
                    f"{track.name} of {clip.name} belongs to category {track.category_id}, which does not exist. "
                    "Give it another one, then export again."
                )
            written.objects.append(ExportedObject(folder, track.id, track.name, category, track.id))


def _write_head(file: TextFile, dataset: Dataset, plan: Plan) -> None:
    info = dataset.info
    values = {
        "description": info.description,
        "url": info.url,
        "version": info.version,
        "year": int(info.date[:4]) if info.date[:4].isdecimal() else 0,
        "contributor": info.contributor,
        "date_created": info.date,
        "app": info.app,
        "app_version": info.app_version,
        "model": info.model,
        "snapshot_sha256": info.snapshot_sha256,
        "annotation_policy": "images with exhaustive true were looked at for every object; elsewhere a missing "
        "mask says nothing",
    }
    file.write(f'"info": {_json(values)},\n')
    _write_list(file, "licenses", [{"id": 1, "name": info.licence_name or "Unknown", "url": info.licence_url}])
    file.write(",\n")
    _write_list(file, "videos", (_video(clip, number, plan) for number, clip in enumerate(dataset.clips)))
    file.write(",\n")
    described = ({"id": c.id, "name": c.name, "supercategory": c.supercategory} for c in plan.categories)
    _write_list(file, "categories", described)
    file.write(",\n")


def _video(clip: ClipView, number: int, plan: Plan) -> dict[str, Any]:
    return {
        "id": number + 1,
        "name": clip.name,
        "folder": plan.folders[number],
        "width": int(clip.width),
        "height": int(clip.height),
        "length": int(clip.frame_count),
        "fps": _number(clip.fps),
        "license": 1,
    }


def _images(dataset: Dataset, plan: Plan, tree: StagedTree, settings: CocoOptions) -> Iterator[dict[str, Any]]:
    for video, clip in enumerate(dataset.clips):
        for position in range(clip.frame_count):
            name = _file_name(clip, plan.folders[video], position, settings)
            tree.map_frame(name, clip.source_frames[position], clip.times[position])
            known = [clip.mask(track.id, position) for track in clip.tracks]
            yield {
                "id": plan.first_images[video] + position,
                "file_name": name,
                "width": int(clip.width),
                "height": int(clip.height),
                "license": 1,
                "video_id": video + 1,
                "frame_id": position,
                "source_frame": int(clip.source_frames[position]),
                "exhaustive": all(record is not None and record.state != "unknown" for record in known),
            }


def _annotations(
    clip: ClipView, video: int, position: int, plan: Plan, settings: CocoOptions, written: Written
) -> Iterator[dict[str, Any]]:
    for seen in rle.visible(clip, position):
        track = seen.track
        written.masks += 1
        track_id = track.id if settings.track_ids == "video" else _global_id(clip, track, video)
        yield {
            "id": written.masks,
            "image_id": plan.first_images[video] + position,
            "category_id": plan.category_of(track),
            "track_id": track_id,
            "iscrowd": int(seen.record.is_crowd),
            "area": seen.area,
            "bbox": rle.box(seen.code),
            "segmentation": _segmentation(seen.code, settings, written, is_crowd=seen.record.is_crowd),
            "attributes": _attributes(track, seen.record, track_id),
        }


def _segmentation(code: Rle, settings: CocoOptions, written: Written, *, is_crowd: bool) -> Any:
    """In the form that was asked for; crowds are run lengths in every COCO file, so they are never polygons."""
    size = [int(value) for value in code["size"]]
    if settings.segmentation == "rle":
        return {"size": size, "counts": rle.counts_text(code)}
    if settings.segmentation == "uncompressed" or is_crowd:
        return {"size": size, "counts": rle.runs(code).tolist()}
    rings, is_bridged = polygons_of(rle.decode(code))
    if is_bridged:
        masks = written.losses[0].masks if written.losses else 0
        note = "a polygon cannot hold a hole, so each is joined to the edge by a line without width; no pixel differs"
        written.losses[:] = [Loss("parts_bridged", masks=masks + 1, note=note)]
    return rings


def _global_id(clip: ClipView, track: Track, video: int) -> int:
    if track.id >= TRACKS_PER_VIDEO or (video + 2) * TRACKS_PER_VIDEO > 2**31:
        raise ExportError(
            f"{track.name} of {clip.name} has the number {track.id}, and track ids over all clips leave room for "
            f"{TRACKS_PER_VIDEO - 1} objects in each. Export with track ids per video."
        )
    return (video + 1) * TRACKS_PER_VIDEO + track.id


def _attributes(track: Track, record: MaskRecord, track_id: int) -> dict[str, Any]:
    """What COCO has no place for; and the track id again, because some readers keep nothing but attributes.

    Beside them what a person's own attributes say; one that is called like another key here gets "own " before it.
    """
    own = {
        "track_id": track_id,
        "occluded": record.state == "occluded",
        "name": track.name,
        "z_order": int(track.z_order),
        "origin": record.origin,
        "is_verified": bool(record.is_verified),
        "predicted_iou": _number(record.iou),
        "presence_score": _number(record.score),
    }
    return own | {own_name(name): value for name, value in record.said.items()}


def _file_name(clip: ClipView, folder: str, position: int, settings: CocoOptions) -> str:
    return f"{folder}/{clip.source_frames[position]:05d}.{settings.image_format}"


def _number(value: float) -> float | None:
    """A float that JSON can hold."""
    return round(float(value), 4) if math.isfinite(value) else None


def _write_list(file: TextFile, key: str, records: Iterable[dict[str, Any]]) -> None:
    file.write(f'"{key}": [')
    for index, record in enumerate(records):
        file.write((",\n" if index else "\n") + _json(record))
    file.write("\n]")


def _json(value: Any) -> str:
    """One line of pure ASCII, so that readers which open files in the system's own encoding get the same names."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


FORMAT = Format(
    name="coco",
    title="COCO instances",
    summary="one JSON file of masks with track ids, and the frames as pictures; read by nearly everything",
    loses="absent and occluded cannot be told from unknown, except by the exhaustive mark of an image",
    options=CocoOptions,
    contents=frozenset({"annotations", "images"}),
    write=write,
    read=read,
    verify=verify,
)
