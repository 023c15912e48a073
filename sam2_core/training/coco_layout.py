"""COCO data sets: one JSON file of masks and a folder of pictures.

Files that also know `videos` (as this program's own exports do) give labelled videos besides stills. Crowds are left
out. Boxes that cover each other a good deal are put into different maps of the same picture, so that no object has a
hole where another one lies upon it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from sam2_core.training.coco_masks import CocoMap
from sam2_core.training.library import DataError, LabelledVideo, Library, Still

_OTHER_PARTS = ("val", "test", "minival")
_SHARED_BOX = 0.2
Record = Mapping[str, Any]


def is_coco(path: Path) -> bool:
    """Whether a path is such a file, or a folder with annotations/*.json or a file of instances."""
    return path.suffix == ".json" if path.is_file() else bool(_files(path))


def _files(folder: Path) -> list[Path]:
    for place in (folder / "annotations", folder):
        instances = sorted(place.glob("*instances*.json"))
        found = instances or (sorted(place.glob("*.json")) if place.name == "annotations" else [])
        if found:
            return found
    return []


def read(path: Path, *, held_out: bool = False) -> Library:
    """Stills, and videos where the file tells them, of a file or of all files of a folder.

    Of several files those of a validation or test part are held out; a single file is trained on, whatever its name.

    Raises:
        DataError: a file is damaged, is no COCO file, or none of its pictures is there.
    """
    files = [path] if path.is_file() else _files(path)
    is_other = {file: len(files) > 1 and any(word in file.stem for word in _OTHER_PARTS) for file in files}
    stills: dict[str, tuple[Still, ...]] = {}
    videos: dict[str, LabelledVideo] = {}
    for file in files:
        if is_other[file] != held_out:
            continue
        folder = file.parent.parent if file.parent.name == "annotations" else file.parent
        source = folder.resolve().name
        content = _content(file)
        images = {image["id"]: image for image in content["images"]}
        by_image: dict[Any, list[Record]] = defaultdict(list)
        left_out: set[tuple[Any, Any]] = set()
        for annotation in content["annotations"]:
            if not annotation.get("iscrowd") and annotation.get("segmentation"):
                by_image[annotation["image_id"]].append(annotation)
            else:
                left_out.add((annotation["image_id"], annotation.get("track_id")))
        paths = _pictures(file, folder, list(images.values()))
        found = [still for number in images for still in _stills(source, images[number], paths, by_image[number])]
        stills[source] = stills.get(source, ()) + tuple(found)
        videos |= _videos(source, content, paths, by_image, left_out)
    return Library(stills={source: items for source, items in stills.items() if items}, videos=videos)


def _content(file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        for image in content["images"]:
            image["id"], image["file_name"], int(image["height"]), int(image["width"])
        for annotation in content["annotations"]:
            annotation["image_id"], [float(value) for value in annotation["bbox"]]
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror}).") from error
    except (ValueError, TypeError) as error:
        raise DataError(f"{file} is damaged ({error}); get it anew.") from error
    except KeyError as error:
        raise DataError(f"{file} is no COCO file of instances: it lacks {error}. Give another one.") from error
    return content


def _pictures(file: Path, folder: Path, images: Sequence[Record]) -> dict[Any, Path]:
    """The picture of each image that is there."""
    split = file.stem.rpartition("_")[2]
    roots = [folder / "images" / split, folder / split, folder / "images", folder, file.parent]
    for root in roots:
        paths = {image["id"]: root / image["file_name"] for image in images}
        there = {number: path for number, path in paths.items() if path.is_file()}
        if there:
            return there
    tried = ", ".join(str(root) for root in roots[:3])
    raise DataError(f"None of the pictures of {file} is there; looked into {tried}. Export or download them as well.")


def _stills(source: str, image: Record, paths: Mapping[Any, Path], annotations: Sequence[Record]) -> list[Still]:
    path = paths.get(image["id"])
    if path is None or not annotations:
        return []
    layers = _layers(annotations)
    return [
        Still(source, f"{image['file_name']} {layer}", path, _map(image, list(enumerate(members, 1))))
        for layer, members in enumerate(layers)
    ]


def _map(image: Record, numbered: Sequence[tuple[int, Record]]) -> CocoMap:
    # What is small lies in front of what is large.
    ordered = sorted(numbered, key=lambda item: -_area(item[1]))
    objects = tuple((number, annotation["segmentation"]) for number, annotation in ordered)
    return CocoMap(str(image["file_name"]), (int(image["height"]), int(image["width"])), objects)


def _area(annotation: Record) -> float:
    return float(annotation["bbox"][2]) * float(annotation["bbox"][3])


def _layers(annotations: Sequence[Record]) -> list[list[Record]]:
    """Annotations in groups whose boxes hardly cover each other; told from boxes alone, so no mask is opened."""
    layers: list[list[Record]] = []
    for annotation in annotations:
        home = next((layer for layer in layers if not any(_cover(annotation, other) for other in layer)), None)
        if home is None:
            layers.append([annotation])
        else:
            home.append(annotation)
    return layers


def _cover(one: Record, other: Record) -> bool:
    """Whether two boxes share a fifth of the smaller one."""
    (x0, y0, w0, h0), (x1, y1, w1, h1) = one["bbox"], other["bbox"]
    shared = max(min(x0 + w0, x1 + w1) - max(x0, x1), 0) * max(min(y0 + h0, y1 + h1) - max(y0, y1), 0)
    return bool(shared > _SHARED_BOX * min(w0 * h0, w1 * h1))


def _videos(
    source: str,
    content: Record,
    paths: Mapping[Any, Path],
    by_image: Mapping[Any, Sequence[Record]],
    left_out: Collection[tuple[Any, Any]],
) -> dict[str, LabelledVideo]:
    """Each object with a track id as a video of its own.

    Frames without a mask of it count only where the file says that everything was looked at (`exhaustive`), and not
    where it is there, by image and track in `left_out`, but without a mask of its own.
    """
    names = {video["id"]: str(video.get("name", video["id"])) for video in content.get("videos", ())}
    of_video: dict[Any, list[Record]] = defaultdict(list)
    for image in content["images"]:
        if image.get("video_id") in names and image["id"] in paths:
            of_video[image["video_id"]].append(image)
    videos: dict[str, LabelledVideo] = {}
    for video, images in of_video.items():
        images.sort(key=lambda image: image.get("frame_id", image["id"]))
        frames = tuple(paths[image["id"]] for image in images)
        tracks = {item["track_id"] for image in images for item in by_image[image["id"]] if "track_id" in item}
        for track in sorted(tracks):
            maps: dict[int, CocoMap] = {}
            for index, image in enumerate(images):
                mine = [item for item in by_image[image["id"]] if item.get("track_id") == track]
                if mine or (image.get("exhaustive") and (image["id"], track) not in left_out):
                    maps[index] = _map(image, [(1, item) for item in mine])
            if len(maps) > 1:
                videos[f"{source}/{names[video]}, {track}"] = LabelledVideo(source, frames, maps)
    return videos
