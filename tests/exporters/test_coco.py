"""COCO exports, judged by pycocotools."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from exporters.dataset import Category, Dataset, MaskRecord, StoredClip, Track
from exporters.errors import ExportError
from exporters.formats.coco_options import CocoOptions
from exporters.formats.coco_reader import read

# pycocotools' decoder hands NumPy an array in a way that NumPy 2 calls old.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
Masks = dict[tuple[int, int], np.ndarray]


def judge(path: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def average_precision(coco: COCO) -> float:
    """The AP of a data set's own masks taken for results."""
    results = [{**annotation, "score": 1.0} for annotation in coco.dataset["annotations"]]
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(coco, coco.loadRes(results), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0])


@pytest.mark.parametrize("segmentation", ["rle", "uncompressed", "polygons"])
@pytest.mark.parametrize("track_ids", ["video", "global"])
def test_pycocotools_reads_every_mask_as_it_was(
    odd_names: Dataset, masks: Masks, exported: Callable[..., Any], tmp_path: Path, segmentation: Any, track_ids: Any
) -> None:
    options = CocoOptions(segmentation=segmentation, track_ids=track_ids)
    report = exported(odd_names, "coco", tmp_path / "out", options)
    coco = judge(tmp_path / "out/annotations/instances_train.json")
    found = set()
    for annotation in coco.loadAnns(coco.getAnnIds()):
        image = coco.imgs[annotation["image_id"]]
        shift = image["video_id"] * 10_000 if track_ids == "global" else 0
        cell = annotation["track_id"] - shift, image["frame_id"]
        found.add((image["video_id"], *cell))
        mask = coco.annToMask(annotation).astype(bool)
        assert np.array_equal(mask, masks[cell])
        assert annotation["area"] == int(mask.sum())
        assert annotation["attributes"]["track_id"] == annotation["track_id"]
        y, x = np.nonzero(mask)
        assert annotation["bbox"] == [x.min(), y.min(), x.max() - x.min() + 1, y.max() - y.min() + 1]
    assert found == {(video, *cell) for video in range(1, 7) for cell in masks}
    assert report.readback.masks_identical == report.counts["masks_written"] == 6 * len(masks)
    assert report.verdict == ("pass_with_losses" if segmentation == "polygons" else "pass")
    assert average_precision(coco) == 1.0


def test_a_single_pixel_and_a_mask_at_three_borders_have_their_boxes(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    exported(dataset, "coco", tmp_path / "out")
    coco = judge(tmp_path / "out/annotations/instances_train.json")
    boxes = {
        coco.imgs[item["image_id"]]["frame_id"]: item["bbox"] for item in coco.anns.values() if item["track_id"] == 3
    }
    assert boxes == {8: [30, 30, 1, 1], 9: [0, 16, 64, 32]}


def test_ids_start_at_one_and_link_everything(odd_names: Dataset, exported: Callable[..., Any], tmp_path: Path) -> None:
    exported(odd_names, "coco", tmp_path / "out")
    content = json.loads((tmp_path / "out/annotations/instances_train.json").read_text(encoding="ascii"))
    assert [item["id"] for item in content["images"]] == list(range(1, 61))
    assert [item["id"] for item in content["annotations"]] == list(range(1, 109))
    assert [item["id"] for item in content["videos"]] == [1, 2, 3, 4, 5, 6]
    assert [item["name"] for item in content["videos"]] == [clip.name for clip in odd_names.clips]
    assert all(item["length"] == 10 and item["fps"] == 25.0 for item in content["videos"])
    assert {item["license"] for item in content["images"]} == {1} == {item["id"] for item in content["licenses"]}
    assert content["info"]["year"] == 2026 and content["info"]["date_created"] == "2026/01/31"
    assert len(content["info"]["snapshot_sha256"]) == 64
    assert list(content) == ["info", "licenses", "videos", "categories", "images", "annotations"]


def test_pictures_lie_where_the_file_names_say(
    odd_names: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    exported(odd_names, "coco", tmp_path / "out", CocoOptions(split="val"))
    coco = judge(tmp_path / "out/annotations/instances_val.json")
    names = [image["file_name"] for image in coco.imgs.values()]
    assert names[0] == "con_/00000.jpg" and len(set(map(str.casefold, names))) == 60
    for image in coco.imgs.values():
        with Image.open(tmp_path / "out/images/val" / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"]) == (64, 48)
            assert abs(np.asarray(picture)[..., 2].mean() - 20 * image["frame_id"]) < 3


def test_a_part_of_a_clip_keeps_the_numbers_of_its_frames(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
    table: Callable[[Path], list[list[str]]],
) -> None:
    clip = make_clip(frame_count=3, source_frames=(20, 25, 30))
    exported(make_dataset(clip), "coco", tmp_path / "out")
    images = json.loads((tmp_path / "out/annotations/instances_train.json").read_bytes())["images"]
    assert [image["file_name"] for image in images] == ["walk/00020.jpg", "walk/00025.jpg", "walk/00030.jpg"]
    assert [(image["frame_id"], image["source_frame"]) for image in images] == [(0, 20), (1, 25), (2, 30)]
    rows = table(tmp_path / "out.frame_map.csv")
    assert rows[0] == ["exported_name", "source_frame", "pts_seconds"]
    assert rows[2] == ["walk/00025.jpg", "25", "1.000000"]


def test_objects_without_a_category_go_into_one_and_the_report_says_so(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    report = exported(dataset, "coco", tmp_path / "out")
    coco = judge(tmp_path / "out/annotations/instances_train.json")
    assert [(item["id"], item["name"]) for item in coco.dataset["categories"]] == [
        (1, 'jewel, "old": é'),
        (2, "cloth"),
        (3, "object"),
    ]
    assert {item["category_id"] for item in coco.anns.values() if item["track_id"] == 3} == {3}
    assert report.warnings == ['1 object without a category put into the category "object": bar']


def test_an_existing_category_called_object_is_used(
    make_clip: Callable[..., StoredClip], exported: Callable[..., Any], tmp_path: Path
) -> None:
    clip = make_clip(tracks=(Track(1, "one"),))
    exported(Dataset((clip,), (Category(7, "object", "thing"),)), "coco", tmp_path / "out")
    coco = judge(tmp_path / "out/annotations/instances_train.json")
    assert coco.dataset["categories"] == [{"id": 7, "name": "object", "supercategory": "thing"}]
    assert {item["category_id"] for item in coco.anns.values()} == {7}


def test_what_is_known_of_a_mask_travels_with_it(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    exported(dataset, "coco", tmp_path / "out")
    content = json.loads((tmp_path / "out/annotations/instances_train.json").read_bytes())
    assert content["annotations"][0]["attributes"] == {
        "track_id": 1,
        "occluded": False,
        "name": 'ring "of", gold: é',
        "z_order": 2,
        "origin": "propagated",
        "is_verified": True,
        "predicted_iou": 0.93,
        "presence_score": 4.25,
    }
    # The bar was looked at only where it has masks.
    assert [image["exhaustive"] for image in content["images"]] == [False] * 8 + [True, True]


@pytest.mark.parametrize("segmentation", ["rle", "polygons"])
def test_crowds_and_a_persons_own_attributes_travel_too(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path, segmentation: str
) -> None:
    clip = dataset.clips[0]
    assert isinstance(clip, StoredClip)
    said = {"pose": "läuft", "speed": 2.5, "wet": False, "name": "Rex", "own goal": True}
    record = clip.masks[1, 0] = replace(clip.masks[1, 0], is_crowd=True, said=said)  # type: ignore[index]
    report = exported(dataset, "coco", tmp_path / "out", CocoOptions(segmentation=segmentation))
    assert report.verdict.startswith("pass")
    first = json.loads((tmp_path / "out/annotations/instances_train.json").read_bytes())["annotations"][0]
    assert first["iscrowd"] == 1 and isinstance(first["segmentation"]["counts"], str | list)
    assert first["attributes"]["name"] == 'ring "of", gold: é' and first["attributes"]["own name"] == "Rex"
    assert {key: first["attributes"][key] for key in ("pose", "speed", "wet")} == {
        "pose": "läuft",
        "speed": 2.5,
        "wet": False,
    }
    again = read(tmp_path / "out").clips[0]
    found = again.mask(1, 0)
    assert found is not None and found.is_crowd and found.said == record.said
    assert not again.mask(1, 1).is_crowd and again.mask(1, 1).said == {}


def test_numbers_that_json_does_not_know_become_null(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    clip = dataset.clips[0]
    assert isinstance(clip, StoredClip)
    record = clip.masks[1, 0]
    clip.masks[1, 0] = MaskRecord(record.rle, iou=float("nan"), score=float("-inf"))  # type: ignore[index]
    exported(dataset, "coco", tmp_path / "out")
    attributes = json.loads((tmp_path / "out/annotations/instances_train.json").read_bytes())["annotations"][0][
        "attributes"
    ]
    assert attributes["predicted_iou"] is None and attributes["presence_score"] is None


def test_without_pictures_only_the_masks_are_written(
    dataset: Dataset, exported: Callable[..., Any], contents: Callable[[Path], Mapping[str, bytes]], tmp_path: Path
) -> None:
    exported(dataset, "coco", tmp_path / "out", CocoOptions(with_images=False))
    assert list(contents(tmp_path / "out")) == ["annotations/instances_train.json"]


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (1, 40), (40, 1)])
@pytest.mark.parametrize("segmentation", ["rle", "polygons"])
def test_tiny_pictures_survive(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
    shape: tuple[int, int],
    segmentation: Any,
) -> None:
    masks = {(1, 0): np.ones(shape, bool), (1, 1): np.zeros(shape, bool), (1, 2): np.zeros(shape, bool)}
    masks[1, 2][0, 0] = True
    clip = make_clip("dot", masks, (Track(1, "dot", 1),), frame_count=3)
    report = exported(make_dataset(clip), "coco", tmp_path / "out", CocoOptions(segmentation=segmentation))
    assert report.counts["masks_written"] == 2
    coco = judge(tmp_path / "out/annotations/instances_train.json")
    found = [coco.annToMask(annotation).astype(bool) for annotation in coco.anns.values()]
    assert np.array_equal(found, [masks[1, 0], masks[1, 2]])


def test_a_clip_without_masks_still_lists_its_images(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
) -> None:
    report = exported(make_dataset(make_clip("empty", {}, (Track(1, "nobody", 1),))), "coco", tmp_path / "out")
    assert report.counts["masks_written"] == 0 and report.verdict == "pass"
    coco = judge(tmp_path / "out/annotations/instances_train.json")
    assert len(coco.imgs) == 10 and not coco.anns


def test_reading_gives_back_what_was_written(odd_names: Dataset, exported: Callable[..., Any], tmp_path: Path) -> None:
    exported(odd_names, "coco", tmp_path / "out")
    found = read(tmp_path / "out")
    assert found.info.licence_name == "CC-BY-4.0" and found.info.contributor == "somebody"
    assert list(found.categories) == [*odd_names.categories, Category(3, "object")]
    for clip, origin in zip(found.clips, odd_names.clips, strict=True):
        assert (clip.name, clip.height, clip.width, clip.fps) == (origin.name, 48, 64, 25.0)
        assert list(clip.source_frames) == list(range(10)) and list(clip.times) == list(origin.times)
        assert [(t.id, t.name, t.z_order) for t in clip.tracks] == [(t.id, t.name, t.z_order) for t in origin.tracks]
        assert np.abs(clip.image(6).astype(int) - origin.image(6)).mean() < 3
        for track in origin.tracks:
            for position in range(10):
                before, after = origin.mask(track.id, position), clip.mask(track.id, position)
                if before is not None and before.state == "visible":
                    assert after is not None and after == before
                else:  # exhaustive frames say absent, the others nothing
                    assert after is None or after.state == "absent"


@pytest.mark.parametrize("segmentation", ["uncompressed", "polygons"])
def test_every_way_to_write_masks_is_read_to_the_same_data_set(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path, segmentation: Any
) -> None:
    exported(dataset, "coco", tmp_path / "rle")
    exported(dataset, "coco", tmp_path / "other", CocoOptions(segmentation=segmentation))
    first, second = read(tmp_path / "rle").clips[0], read(tmp_path / "other").clips[0]
    assert isinstance(first, StoredClip) and isinstance(second, StoredClip)
    assert first.masks == second.masks


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"split": "a/b"}, "Split cannot be called 'a/b'"),
        ({"split": ""}, "Split cannot be called ''"),
        ({"jpeg_quality": 0}, "JPEG quality cannot be 0. Choose 1 to 100"),
        ({"segmentation": "bitmap"}, "Masks as cannot be 'bitmap'. Choose one of rle"),
        ({"with_images": "no"}, "With pictures cannot be 'no'"),
    ],
)
def test_options_that_make_no_sense_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ExportError, match=words):
        CocoOptions(**change)


@pytest.mark.parametrize(
    ("dataset_of", "words"),
    [
        (lambda clip: Dataset((clip,), (Category(0, "zero"),)), r"numbers from 1 up, and these have \[0\]"),
        (lambda clip: Dataset((clip,), (Category(1, "a"), Category(1, "b"))), r"these have \[1, 1\]"),
        (lambda clip: Dataset((clip,), (Category(4, "a"),)), "belongs to category 1, which does not exist"),
    ],
)
def test_contradictions_are_refused_in_words(
    make_clip: Callable[..., StoredClip], exported: Callable[..., Any], tmp_path: Path, dataset_of: Any, words: str
) -> None:
    with pytest.raises(ExportError, match=words):
        exported(dataset_of(make_clip()), "coco", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ids", [(0, 1), (1, 1), (2**31, 1)])
def test_object_numbers_that_readers_cannot_hold_are_refused(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
    ids: tuple[int, int],
) -> None:
    clip = make_clip(tracks=tuple(Track(number, "x", 1) for number in ids))
    with pytest.raises(ExportError, match="different numbers from 1 up"):
        exported(make_dataset(clip), "coco", tmp_path / "out")


def test_global_track_ids_refuse_objects_that_would_run_into_the_next_clip(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
) -> None:
    clip = make_clip("walk", {(10_000, 0): np.ones((4, 4), bool)}, (Track(10_000, "late", 1),), frame_count=1)
    with pytest.raises(ExportError, match="Export with track ids per video"):
        exported(make_dataset(clip), "coco", tmp_path / "out", CocoOptions(track_ids="global"))
