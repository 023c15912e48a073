"""The check of a COCO export: the file is read as a stream and every mask compared with the one it was made from."""

from __future__ import annotations

from array import array
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from exporters.dataset import ClipView, Dataset, MaskRecord
from exporters.format import Check, Progress, Written
from exporters.report import Readback
from exporters.verification.comparison import Comparison
from exporters.verification.json_stream import members
from exporters.verification.pictures import picture_size
from exporters.verification.polygons import filled
from exporters.verification.run_lengths import area_and_box, check_runs, mask_of_runs, runs_from_text, text_of

if TYPE_CHECKING:
    from exporters.formats.coco_options import CocoOptions

_STEP = 256


def verify(dataset: Dataset, root: Path, options: CocoOptions, written: Written) -> Check:
    """Read an export back. Yields Progress; returns the Readback."""
    check = _CocoCheck(dataset, root, options)
    return (yield from check.run(written))


class _CocoCheck:
    def __init__(self, dataset: Dataset, root: Path, options: CocoOptions) -> None:
        self._clips = dataset.clips
        self._frames = dataset.frame_count
        self._root = root
        self._options = options
        self._comparison = Comparison("own COCO stream reader")
        self._categories: dict[int, str] = {}
        self._names = {category.id: category.name for category in dataset.categories}
        self._tracks = [{track.id: track for track in clip.tracks} for clip in dataset.clips]
        self._columns = [{track.id: index for index, track in enumerate(clip.tracks)} for clip in dataset.clips]
        self._seen = [bytearray(clip.frame_count * len(clip.tracks)) for clip in dataset.clips]
        self._image_places = array("q")
        self._videos = self._annotations = 0
        self._file_names: set[str] = set()

    def run(self, written: Written) -> Generator[Progress, None, Readback]:
        index = self._root / "annotations" / f"instances_{self._options.split}.json"
        steps = 0
        try:
            for key, value in members(index):
                self._take(key, value)
                steps += 1
                if steps % _STEP == 0:
                    part = self._annotations / max(written.masks, 1)
                    yield Progress(min(int(part * self._frames), self._frames), self._frames, "Reading back")
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            self._comparison.error(f"{index.name} cannot be read: {error!r}")
            return self._comparison.result()
        if self._videos != len(self._clips) or len(self._image_places) != self._frames:
            self._comparison.error(f"{self._videos} videos and {len(self._image_places)} images are listed")
        self._check_missing()
        self._check_picture_folder()
        yield Progress(self._frames, self._frames, "Reading back")
        return self._comparison.result()

    def _take(self, key: str, value: Any) -> None:
        if key == "videos":
            self._video(value)
        elif key == "categories":
            self._category(value)
        elif key == "images":
            self._image(value)
        elif key == "annotations":
            self._annotation(value)
        elif key not in ("info", "licenses"):
            self._comparison.error(f"the file has an unknown part {key!r}")

    def _video(self, video: dict[str, Any]) -> None:
        clip = self._clips[self._videos]
        self._videos += 1
        found = (video["id"], video["name"], video["height"], video["width"], video["length"])
        if found != (self._videos, clip.name, clip.height, clip.width, clip.frame_count):
            self._comparison.error(f"video {found} is not {clip.name}")

    def _category(self, category: dict[str, Any]) -> None:
        number, name = category["id"], category["name"]
        if number < 1 or number in self._categories or not isinstance(category["supercategory"], str):
            self._comparison.error(f"category {category} is not valid")
        if self._names.get(number, "object") != name:
            self._comparison.error(f"category {number} is called {name!r}")
        self._categories[number] = name

    def _image(self, image: dict[str, Any]) -> None:
        video, position, name = image["video_id"] - 1, image["frame_id"], image["file_name"]
        clip = self._clips[video]
        expected = (len(self._image_places) + 1, clip.height, clip.width, clip.source_frames[position], 1)
        self._image_places.append(video << 32 | position)
        if (image["id"], image["height"], image["width"], image["source_frame"], image["license"]) != expected:
            self._comparison.error(f"image {image['id']} does not describe frame {expected[3]} of {clip.name}")
        is_known = all(_is_known(clip.mask(track, position)) for track in self._tracks[video])
        if image["exhaustive"] is not is_known:
            self._comparison.error(f"image {image['id']} claims to be looked at for every object")
        if name in self._file_names or "\\" in name:
            self._comparison.error(f"the file name {name!r} is not usable")
        self._file_names.add(name)
        if self._options.with_images:
            self._picture(name, clip)

    def _picture(self, name: str, clip: ClipView) -> None:
        try:
            size = picture_size((self._root / "images" / self._options.split / name).read_bytes())
        except (OSError, ValueError) as error:
            self._comparison.error(f"the picture {name} cannot be read: {error}")
            return
        if size != (clip.height, clip.width):
            self._comparison.error(f"the picture {name} is {size[1]} x {size[0]} pixels, its masks are not")

    def _annotation(self, annotation: dict[str, Any]) -> None:
        self._annotations += 1
        place = self._image_places[annotation["image_id"] - 1]
        video, position = place >> 32, place & 0xFFFFFFFF
        clip = self._clips[video]
        track_id = annotation["track_id"]
        if self._options.track_ids == "global":
            track_id -= (video + 1) * 10_000
        track = self._tracks[video][track_id]
        record = clip.mask(track_id, position)
        self._mark_seen(video, position, track_id)
        where = f"object {track_id} on frame {clip.source_frames[position]} of {clip.name}"
        if annotation["id"] != self._annotations:
            self._comparison.error(f"the annotation of {where} has the id {annotation['id']}")
        self._sayings(annotation, record, where)
        category = self._categories.get(annotation["category_id"])
        if category is None or (track.category_id or annotation["category_id"]) != annotation["category_id"]:
            self._comparison.error(f"{where} has the category {annotation['category_id']}")
        if track.category_id is None and category != "object":
            self._comparison.error(f"{where} has the category {category!r}, and should have none")
        if record is None or record.rle is None:
            self._comparison.error(f"{where} has a mask that nobody made")
            return
        self._mask(annotation, record, clip, track_id, position, where)

    def _sayings(self, annotation: dict[str, Any], record: MaskRecord | None, where: str) -> None:
        """The crowd mark, and every attribute under its name or, where that is taken, with "own " before it."""
        if record is None:
            return
        if annotation["iscrowd"] not in (0, 1) or bool(annotation["iscrowd"]) != record.is_crowd:
            self._comparison.error(f"{where} is marked as a crowd, or should be")
        found = annotation["attributes"]
        if any(value not in (found.get(name), found.get(f"own {name}")) for name, value in record.said.items()):
            self._comparison.error(f"an attribute of {where} is missing or wrong")

    def _mask(
        self, annotation: dict[str, Any], record: MaskRecord, clip: ClipView, track_id: int, position: int, where: str
    ) -> None:
        height, width = clip.height, clip.width
        found = _mask_or_runs(annotation["segmentation"], height, width)
        text = text_of(record)
        if isinstance(found, list) and annotation["segmentation"]["counts"] == text:
            expected = found  # the same text says the same
        else:
            expected = runs_from_text(text)
            check_runs(expected, height, width)
        area, box = area_and_box(expected, height)
        if annotation["area"] != area or annotation["bbox"] != box or not area:
            self._comparison.error(f"area or box of {where} is wrong")
        if isinstance(found, list) and found == expected:
            self._comparison.equal()
            return
        mask = mask_of_runs(found, height, width) if isinstance(found, list) else found
        frame = clip.source_frames[position]
        truth = mask_of_runs(expected, height, width)
        self._comparison.masks(truth, mask, clip=clip.name, track_id=track_id, frame=frame)

    def _mark_seen(self, video: int, position: int, track_id: int) -> None:
        cell = position * len(self._columns[video]) + self._columns[video][track_id]
        if self._seen[video][cell]:
            self._comparison.error(f"object {track_id} has two masks on one frame of {self._clips[video].name}")
        self._seen[video][cell] = 1

    def _check_missing(self) -> None:
        for video, clip in enumerate(self._clips):
            for position in range(clip.frame_count):
                for track_id, column in self._columns[video].items():
                    if not self._seen[video][position * len(self._columns[video]) + column]:
                        self._check_empty(clip, track_id, position)

    def _check_empty(self, clip: ClipView, track_id: int, position: int) -> None:
        record = clip.mask(track_id, position)
        if record is None or record.rle is None:
            return
        if len(runs_from_text(text_of(record))) > 1:
            frame = clip.source_frames[position]
            self._comparison.error(f"object {track_id} on frame {frame} of {clip.name} is missing")

    def _check_picture_folder(self) -> None:
        folder = self._root / "images" / self._options.split
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        if found != (self._file_names if self._options.with_images else set()):
            self._comparison.error("the pictures on the disk are not the ones that are listed")


def _mask_or_runs(segmentation: Any, height: int, width: int) -> list[int] | np.ndarray:
    """The runs of an RLE in either spelling, or the mask of polygons. ValueError if it fits no frame of that size."""
    if isinstance(segmentation, list):
        return filled(segmentation, height, width)
    if segmentation["size"] != [height, width]:
        raise ValueError(f"a mask of size {segmentation['size']} on a frame of {height} x {width}")
    counts = segmentation["counts"]
    runs = list(counts) if isinstance(counts, list) else runs_from_text(counts)
    check_runs(runs, height, width)
    return runs


def _is_known(record: MaskRecord | None) -> bool:
    return record is not None and record.state != "unknown"
