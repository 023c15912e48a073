"""Data sets of other people are read, or refused with the place of the fault; never trusted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from exporters import rle
from exporters.dataset import StoredClip
from exporters.errors import ReadError
from exporters.formats import coco_reader, davis_reader
from exporters.formats.davis import palette
from exporters.reading import inside

SQUARE = np.pad(np.ones((2, 3), bool), 1)


def coco_file(folder: Path, change: Callable[[dict[str, Any]], object] = lambda content: None) -> Path:
    """A plain COCO file as image tools write it: no videos, ids from 0, three ways to write a mask."""
    size = list(SQUARE.shape)
    content: dict[str, Any] = {
        "images": [
            {"id": 10, "file_name": "walk\\frame2.jpg", "height": 4, "width": 5},
            {"id": 11, "file_name": "walk\\frame10.jpg", "height": 4, "width": 5},
            {"id": 12, "file_name": "run/1.jpg", "height": 4, "width": 5},
        ],
        "categories": [{"id": 0, "name": "dog"}, {"id": 1, "name": "cat", "supercategory": None}],
        "annotations": [
            {"id": 0, "image_id": 10, "category_id": 1, "track_id": 0, "segmentation": rle.encode(SQUARE)},
            {
                "id": 1,
                "image_id": 11,
                "category_id": 1,
                "attributes": {"track_id": 0},
                "segmentation": {"size": size, "counts": rle.runs(rle.encode(SQUARE)).tolist()},
            },
            {"id": 2, "image_id": 12, "category_id": 5, "segmentation": [[1, 1, 4, 1, 4, 3, 1, 3]]},
            {"id": 3, "image_id": 12, "category_id": 0, "bbox": [0, 0, 1, 1], "segmentation": []},
        ],
    }
    change(content)
    path = folder / "labels.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_plain_coco_file_of_pictures_becomes_clips(tmp_path: Path) -> None:
    found = coco_reader.read(coco_file(tmp_path))
    assert [(category.id, category.name) for category in found.categories] == [
        (1, "dog"),
        (2, "cat"),
        (6, "category 6"),
    ]
    walk, run = found.clips
    assert (walk.name, list(walk.source_frames), run.name) == ("walk", [2, 10], "run")
    assert isinstance(walk, StoredClip) and isinstance(run, StoredClip)
    assert [(cell, record.rle) for cell, record in walk.masks.items()] == [
        ((1, 0), rle.encode(SQUARE)),
        ((1, 1), rle.encode(SQUARE)),
    ]
    assert [(track.id, track.category_id) for track in walk.tracks] == [(1, 2)]
    [(cell, record)] = run.masks.items()
    assert cell == (2, 0) and record.rle == rle.encode(SQUARE)  # without a track id every mask is an object of its own


def put(place: str, value: Any) -> Callable[[dict[str, Any]], object]:
    def change(content: dict[str, Any]) -> None:
        *path, last = place.split(".")
        target: Any = content
        for step in path:
            target = target[int(step) if step.isdigit() else step]
        target[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put("annotations.0.segmentation.counts", "52"), "annotation 0 has runs that do not add up"),
        (put("annotations.0.segmentation.counts", "£££"), "annotation 0 is damaged"),
        (put("annotations.0.segmentation.counts", "zzz"), "annotation 0 is damaged"),
        (put("annotations.0.segmentation.size", [5, 4]), r"is of size \[5, 4\], its image of size \[4, 5\]"),
        (put("annotations.1.segmentation.counts", [10**30]), "is damaged"),
        (put("annotations.1.segmentation.counts", [-1, 21]), "runs that do not add up"),
        (put("annotations.1.segmentation.counts", [2**62, 2**62, 2**62, 2**62, 20]), "runs that do not add up"),
        (put("annotations.1.segmentation.counts", ["a"]), "is damaged"),
        (put("annotations.2.segmentation", [[1, 2, 3, 4]]), "a polygon without three corners"),
        (put("annotations.2.segmentation", [[1, 2, 3, 4, 5, 1e30]]), "corners far outside"),
        (put("annotations.2.segmentation", [[1, 2, 3, 4, 5, float("nan")]]), "corners far outside"),
        (put("annotations.2.segmentation", {"no": "thing"}), "not a valid COCO file"),
        (put("annotations.1.image_id", 10), "object 1 has two masks on image 10"),
        (put("annotations.1.image_id", 77), "belongs to image 77, which is not listed"),
        (put("annotations.1.category_id", None), "not a valid COCO file"),
        (put("images.1.id", 10), "two images have the id 10"),
        (put("images.1.height", 7), "images of walk differ in size"),
        (put("images.0.height", 10**9), "pixels large"),
        (put("images.0.height", 0), "pixels large"),
        (put("images.0.file_name", "../../etc/passwd"), "lies outside"),
        (put("images.0.file_name", "C:\\evil.jpg"), "lies outside"),
        (put("images", 5), "no list of images"),
        (put("categories", [5]), "not a valid COCO file"),
    ],
)
def test_faults_of_a_coco_file_are_told(tmp_path: Path, change: Any, words: str) -> None:
    path = coco_file(tmp_path, change)
    with pytest.raises(ReadError, match=words) as caught:
        coco_reader.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[1]", "nonsense", "[" * 100_000, '{"images": {}}'])
def test_files_that_are_no_coco_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(ReadError, match=r"labels\.json"):
        coco_reader.read(path)


def test_a_folder_with_two_annotation_files_asks_which(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    with pytest.raises(ReadError, match="has none"):
        coco_reader.read(tmp_path)
    for name in ("instances_train.json", "instances_val.json"):
        (tmp_path / "annotations" / name).write_text("{}")
    with pytest.raises(ReadError, match=r"has instances_train.json, instances_val.json. Name the one to read"):
        coco_reader.read(tmp_path)


def davis_tree(root: Path, pictures: dict[str, Image.Image], names: str | None = None) -> Path:
    for name, picture in pictures.items():
        path = root / "Annotations/480p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    if names is not None:
        (root / "ImageSets/2017").mkdir(parents=True)
        (root / "ImageSets/2017/val.txt").write_text(names, encoding="utf-8")
    return root


def numbers(*values: int, mode: str = "P") -> Image.Image:
    picture = Image.fromarray(np.array([values], np.uint8))
    if mode == "P":
        picture.putpalette(palette())
    return picture if mode in ("P", "L") else picture.convert(mode)


def test_a_davis_tree_of_others_is_read(tmp_path: Path) -> None:
    tree = {
        "a/00000.png": numbers(0, 7, 200, 255),
        "a/00001.png": numbers(7, 7, 0, 0, mode="L"),
        "b/00000.png": numbers(1, 0),
    }
    found = davis_reader.read(davis_tree(tmp_path, tree))
    first, second = found.clips
    assert (first.name, second.name) == ("a", "b")
    assert isinstance(first, StoredClip)
    assert [track.id for track in first.tracks] == [7, 200]
    masks = {cell: rle.decode(record.rle).tolist() for cell, record in first.masks.items() if record.rle}
    assert masks == {
        (7, 0): [[False, True, False, False]],
        (200, 0): [[False, False, True, False]],
        (7, 1): [[True, True, False, False]],
    }


def test_a_clip_with_no_value_but_255_is_davis_2016(tmp_path: Path) -> None:
    tree = {"a/00000.png": numbers(0, 255, mode="L"), "a/00001.png": numbers(0, 0, mode="L")}
    [clip] = davis_reader.read(davis_tree(tmp_path, tree)).clips
    assert isinstance(clip, StoredClip)
    assert [track.id for track in clip.tracks] == [1] and set(clip.masks) == {(1, 0)}


def test_a_list_of_clips_chooses_and_orders(tmp_path: Path) -> None:
    tree = {f"{name}/00000.png": numbers(1) for name in "abc"}
    found = davis_reader.read(davis_tree(tmp_path, tree, "\ufeffc\r\na\n\n"))
    assert [clip.name for clip in found.clips] == ["c", "a"]


@pytest.mark.parametrize(
    ("pictures", "names", "words"),
    [
        ({"a/00000.png": numbers(1, mode="RGB")}, None, r"holds colours \(RGB\) instead of object numbers"),
        ({"a/00000.png": numbers(1), "a/00001.png": numbers(1, 2)}, None, "00001.png differs in size"),
        ({"a/00000.png": numbers(1)}, "b\n", "b cannot be read"),
        ({"a/00000.png": numbers(1)}, "../..\n", "lies outside of the data set"),
        ({"a/00000.png": numbers(1)}, "/etc\n", "lies outside of the data set"),
    ],
)
def test_faults_of_a_davis_tree_are_told(
    tmp_path: Path, pictures: dict[str, Image.Image], names: str | None, words: str
) -> None:
    with pytest.raises(ReadError, match=words):
        davis_reader.read(davis_tree(tmp_path, pictures, names))


def test_files_that_are_no_pictures_and_folders_that_are_no_trees_are_told(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="Annotations cannot be read"):
        davis_reader.read(tmp_path)
    (tmp_path / "Annotations/480p/a").mkdir(parents=True)
    with pytest.raises(ReadError, match="a holds no PNG files"):
        davis_reader.read(tmp_path)
    (tmp_path / "Annotations/480p/a/00000.png").write_bytes(b"no picture")
    with pytest.raises(ReadError, match=r"00000\.png is not a picture that can be read"):
        davis_reader.read(tmp_path)


def test_a_picture_bomb_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 16)
    for side in (5, 50):  # Pillow warns of the first and refuses the second
        davis_tree(tmp_path / str(side), {"a/00000.png": Image.new("L", (side, side))})
        with pytest.raises(ReadError, match="not a picture that can be read"):
            davis_reader.read(tmp_path / str(side))


@pytest.mark.parametrize("name", ["", "/etc/x", "\\x", "C:x", "C:\\x", "//server/x", "a/../../x", "a\0b", ".."])
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReadError, match="lies outside"):
        inside(tmp_path, name, "the list")


def test_links_that_lead_out_are_refused(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set/link").symlink_to(tmp_path)
    with pytest.raises(ReadError, match="leads out of the data set"):
        inside(tmp_path / "set", "link/secret", "the list")
    assert inside(tmp_path / "set", "a\\b.jpg", "the list") == tmp_path / "set/a/b.jpg"
