"""Reads COCO instance files back: ours, and with some tolerance those of others."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pycocotools.mask

from exporters import rle
from exporters.dataset import Category, Dataset, Info, MaskRecord, StoredClip, Track
from exporters.errors import ReadError
from exporters.reading import inside, rgb

Record = dict[str, Any]
MOST_PIXELS = 2**28
"""Larger frames are a mistake or an attack."""
_OF_THE_MASK = ("track_id", "occluded", "name", "z_order", "origin", "is_verified", "predicted_iou", "presence_score")
ATTRIBUTES = frozenset((*_OF_THE_MASK, "keyframe", "outside"))
"""Keys of an annotation's attributes that say something of the mask; the last two are CVAT's."""
OWN = "own "


def own_name(name: str) -> str:
    """The key of a person's own attribute."""
    return OWN + name if name in ATTRIBUTES or name.startswith(OWN) else name


def read(path: Path) -> Dataset:
    """The data set in an annotation file, or in a folder with one file annotations/*.json.

    Masks may be compressed or plain run lengths or polygons; annotations without any are passed over. Images without
    `video_id` make one clip per folder. A ReadError names the file and the place of what is wrong.
    """
    file = _annotation_file(Path(path))
    content = _content(file)
    try:
        return _Reading(file, content).dataset()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise ReadError(f"{file} is not a valid COCO file: {error!r}.") from error


def _annotation_file(path: Path) -> Path:
    if path.is_file():
        return path
    files = sorted((path / "annotations").glob("*.json"))
    if len(files) != 1:
        found = ", ".join(file.name for file in files) or "none"
        raise ReadError(f"{path / 'annotations'} should hold one JSON file and has {found}. Name the one to read.")
    return files[0]


def _content(file: Path) -> Record:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ReadError(f"{file} cannot be read: {error}.") from error
    if not isinstance(content, dict) or not isinstance(content.get("images"), list):
        raise ReadError(f"{file} has no list of images, so it is no COCO file.")
    return content


@dataclass(slots=True)
class _Clip:
    """The images and masks of one clip while they are gathered."""

    name: str
    fps: float = 0.0
    images: list[Record] = field(default_factory=list)
    tracks: dict[int, Track] = field(default_factory=dict)
    masks: dict[tuple[int, int], MaskRecord] = field(default_factory=dict)


class _Reading:
    def __init__(self, file: Path, content: Record) -> None:
        self._file = file
        self._content = content
        self._annotations: list[Record] = content.get("annotations") or []
        self._clips: dict[Any, _Clip] = {}
        self._places: dict[int, tuple[_Clip, int]] = {}
        ids = [int(category["id"]) for category in content.get("categories") or []]
        self._category_shift = max(0, 1 - min(ids, default=1))
        tracks = [number for item in self._annotations if (number := _track_number(item)) is not None]
        self._track_shift = max(0, 1 - min(tracks, default=1))
        self._next_track = max(tracks, default=0) + self._track_shift + 1

    def dataset(self) -> Dataset:
        self._gather_images()
        categories = {
            number: Category(number, str(item["name"]), str(item.get("supercategory") or ""))
            for item in self._content.get("categories") or []
            if (number := int(item["id"]) + self._category_shift)
        }
        for item in self._annotations:
            category = self._annotation(item)
            if category is not None and category not in categories:
                categories[category] = Category(category, f"category {category}")
        return Dataset(
            tuple(self._stored(clip) for clip in self._clips.values()), tuple(categories.values()), self._info()
        )

    def _gather_images(self) -> None:
        videos = {item["id"]: item for item in self._content.get("videos") or []}
        for image in self._content["images"]:
            folder = str(PurePosixPath(str(image["file_name"]).replace("\\", "/")).parent)
            key = image.get("video_id", folder)
            if key not in self._clips:
                video = videos.get(key, {})
                name = str(video.get("name") or (folder if folder != "." else self._file.stem))
                self._clips[key] = _Clip(name, float(video.get("fps") or 0.0))
            self._clips[key].images.append(image)
        for clip in self._clips.values():
            clip.images.sort(key=_order)
            for position, image in enumerate(clip.images):
                if min(image["height"], image["width"]) < 1 or image["height"] * image["width"] > MOST_PIXELS:
                    raise ReadError(
                        f"{self._file}: image {image['id']} is {image['width']} x {image['height']} pixels large."
                    )
                if (image["height"], image["width"]) != (clip.images[0]["height"], clip.images[0]["width"]):
                    raise ReadError(f"{self._file}: the images of {clip.name} differ in size; one clip has one size.")
                if image["id"] in self._places:
                    raise ReadError(f"{self._file}: two images have the id {image['id']}.")
                self._places[image["id"]] = (clip, position)

    def _annotation(self, item: Record) -> int | None:
        """Take one annotation in; gives its category, or None if it has no mask."""
        if item["image_id"] not in self._places:
            raise ReadError(
                f"{self._file}: annotation {item.get('id')} belongs to image {item['image_id']}, which is not listed."
            )
        clip, position = self._places[item["image_id"]]
        image = clip.images[position]
        code = self._code(item, int(image["height"]), int(image["width"]))
        if code is None:
            return None
        attributes = item.get("attributes") or {}
        number = _track_number(item)
        if number is None:
            track_id, self._next_track = self._next_track, self._next_track + 1
        else:
            track_id = number + self._track_shift
        category = int(item["category_id"]) + self._category_shift
        if track_id not in clip.tracks:
            name = str(attributes.get("name") or f"object {track_id}")
            clip.tracks[track_id] = Track(track_id, name, category, int(attributes.get("z_order") or 0))
        if (track_id, position) in clip.masks:
            raise ReadError(f"{self._file}: object {track_id} has two masks on image {item['image_id']}.")
        clip.masks[track_id, position] = MaskRecord(
            code,
            "occluded" if attributes.get("occluded") is True else "visible",
            str(attributes.get("origin") or "imported"),
            _float(attributes.get("predicted_iou"), 1.0),
            _float(attributes.get("presence_score"), 10.0),
            attributes.get("is_verified") is True,
            item.get("iscrowd") == 1,
            {
                name.removeprefix(OWN): value
                for name, value in attributes.items()
                if name not in ATTRIBUTES and isinstance(value, str | int | float)
            },
        )
        return category

    def _code(self, item: Record, height: int, width: int) -> Record | None:
        segmentation = item.get("segmentation")
        if not segmentation:
            return None
        where = f"{self._file}: the mask of annotation {item.get('id')}"
        if isinstance(segmentation, list):
            return _code_of_polygons(segmentation, height, width, where)
        if [int(value) for value in segmentation["size"]] != [height, width]:
            raise ReadError(f"{where} is of size {segmentation['size']}, its image of size {[height, width]}.")
        counts = segmentation["counts"]
        try:
            if isinstance(counts, list):
                lengths = np.array(counts, dtype=np.int64)
            else:
                lengths = rle.runs(segmentation)
        except (ValueError, OverflowError) as error:
            raise ReadError(f"{where} is damaged: {error}.") from error
        if not rle.fills(lengths, height * width):
            raise ReadError(f"{where} has runs that do not add up to its image.")
        return rle.from_runs(lengths, height, width)

    def _stored(self, clip: _Clip) -> StoredClip:
        first = clip.images[0]
        frames = [int(image.get("source_frame", _order(image)[0])) for image in clip.images]
        if len(set(frames)) != len(frames):
            frames = list(range(len(frames)))
        for position, image in enumerate(clip.images):
            if image.get("exhaustive") is True:
                for track_id in clip.tracks:
                    clip.masks.setdefault((track_id, position), MaskRecord(None, "absent"))
        paths = [self._picture_path(str(image["file_name"])) for image in clip.images]
        return StoredClip(
            name=clip.name,
            frame_count=len(clip.images),
            height=int(first["height"]),
            width=int(first["width"]),
            fps=clip.fps,
            source_frames=tuple(frames),
            times=tuple(frame / clip.fps if clip.fps > 0 else 0.0 for frame in frames),
            tracks=tuple(clip.tracks[number] for number in sorted(clip.tracks)),
            masks=clip.masks,
            pictures=lambda position: rgb(paths[position]),
        )

    def _picture_path(self, name: str) -> Path:
        root = self._file.parent.parent
        split = self._file.stem.removeprefix("instances_")
        candidates = [
            inside(folder, name, str(self._file))
            for folder in (root / "images" / split, root / "images", self._file.parent)
        ]
        return next((path for path in candidates if path.is_file()), candidates[0])

    def _info(self) -> Info:
        info = self._content.get("info") or {}
        licences = self._content.get("licenses") or [{}]
        return Info(
            description=str(info.get("description") or ""),
            url=str(info.get("url") or ""),
            version=str(info.get("version") or ""),
            contributor=str(info.get("contributor") or ""),
            date=str(info.get("date_created") or ""),
            licence_name=str(licences[0].get("name") or ""),
            licence_url=str(licences[0].get("url") or ""),
            app=str(info.get("app") or ""),
            app_version=str(info.get("app_version") or ""),
            model=str(info.get("model") or ""),
            snapshot_sha256=str(info.get("snapshot_sha256") or ""),
        )


def _track_number(item: Record) -> int | None:
    attributes = item.get("attributes") or {}
    for number in (item.get("track_id"), attributes.get("track_id"), item.get("instance_id")):
        if number is not None:
            return int(number)
    return None


def _order(image: Mapping[str, Any]) -> tuple[int, str]:
    """Where an image stands in its clip: its frame id, else the last number in its name."""
    name = str(image["file_name"])
    numbers = re.findall(r"\d+", PurePosixPath(name).stem)
    return int(image.get("frame_id", numbers[-1][-15:] if numbers else 0)), name


def _code_of_polygons(polygons: list[Any], height: int, width: int, where: str) -> Record:
    rings = [[float(value) for value in polygon] for polygon in polygons]
    if any(
        len(ring) < 6 or len(ring) % 2 or not np.isfinite(ring).all() or max(map(abs, ring)) > 1e6 for ring in rings
    ):
        raise ReadError(f"{where} has a polygon without three corners, or with corners far outside of its image.")
    codes = pycocotools.mask.frPyObjects(rings, height, width)
    code = pycocotools.mask.merge(codes)
    return {"size": [height, width], "counts": code["counts"].decode("ascii")}


def _float(value: Any, default: float) -> float:
    return float(value) if isinstance(value, (int, float)) else default
