"""DAVIS exports, judged by Pillow and by a benchmark that other people wrote."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from exporters.dataset import Dataset, StoredClip, Track
from exporters.errors import ExportError
from exporters.formats.davis import palette
from exporters.formats.davis_options import DavisOptions
from exporters.formats.davis_reader import read

Masks = dict[tuple[int, int], np.ndarray]

BENCHMARK = """
import json, sys
from vos_benchmark.benchmark import benchmark
if __name__ == "__main__":
    jf, j, f, per_object = benchmark([sys.argv[1]], [sys.argv[2]], strict=True, num_processes=1, verbose=False,
                                     skip_first_and_last=False)
    print(json.dumps([jf[0], j[0], f[0], sum(len(scores[0]) for scores in per_object[0].values())]))
"""


def owners(masks: Masks, frame: int, back_to_front: tuple[int, ...] = (2, 1, 3)) -> np.ndarray:
    """Who owns each pixel of the fixture, painted back to front."""
    numbers = np.zeros((48, 64), np.uint8)
    for track in back_to_front:
        if (track, frame) in masks:
            numbers[masks[track, frame]] = track
    return numbers


def numbers_of(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.mode == "P"
        return np.asarray(picture)


def loss(report: Any, kind: str) -> Any:
    return next(found for found in report.losses if found.kind == kind)


def test_every_pixel_has_the_number_of_the_object_in_front(
    dataset: Dataset, masks: Masks, exported: Callable[..., Any], tmp_path: Path
) -> None:
    report = exported(dataset, "davis", tmp_path / "out")
    folder = tmp_path / "out/Annotations/Full-Resolution/walk"
    assert sorted(path.name for path in folder.iterdir()) == [f"{frame:05d}.png" for frame in range(10)]
    for frame in range(10):
        assert np.array_equal(numbers_of(folder / f"{frame:05d}.png"), owners(masks, frame))
    stolen = {
        cell: int(mask.sum() - (owners(masks, cell[1]) == cell[0]).sum())
        for cell, mask in masks.items()
        if (owners(masks, cell[1]) != cell[0])[mask].any()
    }
    resolved = loss(report, "overlap_resolved")
    assert (resolved.masks, resolved.pixels) == (len(stolen), sum(stolen.values()))
    worst = max(stolen, key=lambda cell: stolen[cell])
    assert resolved.worst[0] == {"clip": "walk", "frame": worst[1], "object": worst[0], "pixels": stolen[worst]}
    assert report.verdict == "pass_with_losses"
    assert report.readback.masks_identical == len(masks)


def test_the_layout_and_the_palette_are_those_of_davis(
    odd_names: Dataset, exported: Callable[..., Any], contents: Callable[[Path], Mapping[str, bytes]], tmp_path: Path
) -> None:
    exported(odd_names, "davis", tmp_path / "out", DavisOptions(split="val"))
    files = contents(tmp_path / "out")
    assert {name.split("/")[0] for name in files} == {
        "Annotations",
        "JPEGImages",
        "ImageSets",
        "README.txt",
        "LICENSE.txt",
    }
    names = files["ImageSets/2017/val.txt"].decode("utf-8")
    assert names.endswith("\n") and "\r" not in names and not names.startswith("\ufeff")
    folders = names.splitlines()
    assert folders[:4] == ["con_", "A", "a_2", "unnamed"]
    for kind, suffix in (("Annotations", "png"), ("JPEGImages", "jpg")):
        expected = {f"{kind}/Full-Resolution/{name}/{i:05d}.{suffix}" for name in folders for i in range(10)}
        assert {name for name in files if name.startswith(kind)} == expected
    with Image.open(tmp_path / "out/Annotations/Full-Resolution/A/00009.png") as picture:
        colours = picture.getpalette()
    assert colours is not None and len(colours) == 768
    known = {0: (0, 0, 0), 1: (128, 0, 0), 5: (128, 0, 128), 8: (64, 0, 0), 20: (0, 64, 128)}
    known |= {254: (96, 224, 192), 255: (224, 224, 192)}
    assert {index: tuple(colours[3 * index : 3 * index + 3]) for index in known} == known
    assert bytes(colours) == palette()
    assert b"CC-BY-4.0" in files["LICENSE.txt"]
    assert b"con_  1  ring" in files["README.txt"]


def test_a_benchmark_written_by_others_gives_full_marks(
    odd_names: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    pytest.importorskip("vos_benchmark")
    exported(odd_names, "davis", tmp_path / "out")
    for copy in ("truth", "result"):  # it writes its results into the folder that it judges
        shutil.copytree(tmp_path / "out/Annotations/Full-Resolution", tmp_path / copy)
    command = [sys.executable, "-c", BENCHMARK, str(tmp_path / "truth"), str(tmp_path / "result")]
    environment = os.environ | {"PYTHONUTF8": "1"}
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=environment)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1]) == [100.0, 100.0, 100.0, 18]


def test_numbers_run_from_one_in_the_order_of_appearance_and_the_map_tells_which_is_which(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    masks: Masks,
    exported: Callable[..., Any],
    tmp_path: Path,
    table: Callable[[Path], list[list[str]]],
) -> None:
    renamed = {({1: 40, 2: 7, 3: 9}[track], frame): mask for (track, frame), mask in masks.items()}
    tracks = (
        Track(7, "=two parts", 2, 1),
        Track(9, "bar", None, 3),
        Track(12, "never seen", 1),
        Track(40, "ring", 1, 2),
    )
    report = exported(make_dataset(make_clip("walk", renamed, tracks)), "davis", tmp_path / "out")
    for frame in range(10):
        path = tmp_path / f"out/Annotations/Full-Resolution/walk/{frame:05d}.png"
        assert np.array_equal(numbers_of(path), owners(masks, frame))
    rows = table(tmp_path / "out.object_map.csv")
    assert rows == [
        ["clip", "exported_id", "object_id", "object_name", "category", "color"],
        ["walk", "2", "7", "'=two parts", "cloth", "#008000"],
        ["walk", "3", "9", "bar", "", "#808000"],
        ["walk", "", "12", "never seen", 'jewel, "old": é', ""],
        ["walk", "1", "40", "ring", 'jewel, "old": é', "#800000"],
    ]
    assert loss(report, "id_renumbered").objects == 3
    assert report.counts["objects"] == 3


def test_an_object_wholly_behind_another_is_counted_as_vanished(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
) -> None:
    back, front = np.zeros((8, 8), bool), np.zeros((8, 8), bool)
    back[2:4, 2:4] = front[1:6, 1:6] = True
    masks = {(1, 0): back, (2, 0): front, (1, 1): back}
    clip = make_clip("walk", masks, (Track(1, "back"), Track(2, "front", None, 1)), frame_count=2)
    report = exported(make_dataset(clip), "davis", tmp_path / "out")
    assert (report.counts["masks_source"], report.counts["masks_written"]) == (3, 2)
    vanished = loss(report, "vanished_by_overlap")
    assert (vanished.masks, vanished.masks_dropped, vanished.pixels) == (1, 1, 4)
    assert np.array_equal(numbers_of(tmp_path / "out/Annotations/Full-Resolution/walk/00000.png"), front * 2)


def test_equal_depth_is_decided_by_the_object_number(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
) -> None:
    one, two = np.zeros((1, 4), bool), np.zeros((1, 4), bool)
    one[0, :3] = two[0, 1:] = True
    tracks = (Track(2, "two"), Track(1, "one"))
    exported(
        make_dataset(make_clip("walk", {(1, 0): one, (2, 0): two}, tracks, frame_count=1)), "davis", tmp_path / "out"
    )
    assert numbers_of(tmp_path / "out/Annotations/Full-Resolution/walk/00000.png").tolist() == [[1, 2, 2, 2]]


def test_loose_keeps_late_objects_and_says_who_will_not_see_them(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    report = exported(dataset, "davis", tmp_path / "out")
    assert len(report.warnings) == 1
    assert report.warnings[0].startswith("two parts, bar of walk appear after the first frame")


def test_strict_leaves_late_objects_out(
    dataset: Dataset, masks: Masks, exported: Callable[..., Any], tmp_path: Path
) -> None:
    report = exported(dataset, "davis", tmp_path / "out", DavisOptions(late_objects="strict"))
    for frame in range(10):
        path = tmp_path / f"out/Annotations/Full-Resolution/walk/{frame:05d}.png"
        assert np.array_equal(numbers_of(path), owners(masks, frame, (1,)))
    dropped = loss(report, "late_object_dropped")
    assert (dropped.objects, dropped.masks_dropped) == (2, 8)
    assert "two parts, bar" in dropped.note
    assert report.counts["masks_written"] == 10


def test_trim_starts_where_all_objects_are_visible(
    dataset: Dataset,
    masks: Masks,
    exported: Callable[..., Any],
    tmp_path: Path,
    table: Callable[[Path], list[list[str]]],
) -> None:
    report = exported(dataset, "davis", tmp_path / "out", DavisOptions(late_objects="trim"))
    folder = tmp_path / "out/Annotations/Full-Resolution/walk"
    assert sorted(path.name for path in folder.iterdir()) == ["00000.png", "00001.png"]
    assert np.array_equal(numbers_of(folder / "00000.png"), owners(masks, 8))
    assert set(np.unique(numbers_of(folder / "00000.png"))) == {0, 1, 2, 3}
    assert loss(report, "sequence_trimmed").masks_dropped == len(masks) - 6
    rows = table(tmp_path / "out.frame_map.csv")
    assert rows[1:] == [["walk/00000", "8", "0.320000"], ["walk/00001", "9", "0.360000"]]


def test_rules_for_late_objects_that_leave_nothing_are_refused(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
) -> None:
    dot = np.ones((4, 4), bool)
    clip = make_clip("walk", {(1, 1): dot, (2, 2): dot}, (Track(1, "a"), Track(2, "b")), frame_count=3)
    with pytest.raises(ExportError, match="No frame of walk shows all of its 2 objects"):
        exported(make_dataset(clip), "davis", tmp_path / "out", DavisOptions(late_objects="trim"))
    with pytest.raises(ExportError, match="No object of walk is visible on its first frame"):
        exported(make_dataset(clip), "davis", tmp_path / "out", DavisOptions(late_objects="strict"))
    assert list(tmp_path.iterdir()) == []


def test_480p_takes_the_nearest_pixel_and_reports_what_became_too_small(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
) -> None:
    shape = (1080, 1920)
    large, dot = np.zeros(shape, bool), np.zeros(shape, bool)
    large[100:700, 300:900] = True
    dot[0, 0] = True  # between the pixels that are taken
    tracks = (Track(1, "large"), Track(2, "dot"))
    clip = make_clip("walk", {(1, 0): large, (2, 0): dot}, tracks, frame_count=1)
    report = exported(make_dataset(clip), "davis", tmp_path / "out", DavisOptions(resolution="480p"))
    numbers = numbers_of(tmp_path / "out/Annotations/480p/walk/00000.png")
    assert numbers.shape == (480, 854)
    nearest = Image.fromarray(large.astype(np.uint8)).resize((854, 480), Image.Resampling.NEAREST)
    assert np.array_equal(numbers, np.asarray(nearest))
    with Image.open(tmp_path / "out/JPEGImages/480p/walk/00000.jpg") as picture:
        assert picture.size == (854, 480)
    resampled = loss(report, "resampled")
    assert (resampled.masks, resampled.masks_dropped) == (1, 1)
    assert (report.counts["masks_source"], report.counts["masks_written"]) == (2, 1)


def test_480p_never_enlarges(dataset: Dataset, exported: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"walk has 48 lines, and 480p would enlarge it\. Choose Full-Resolution"):
        exported(dataset, "davis", tmp_path / "out", DavisOptions(resolution="480p"))


def test_254_objects_fit_and_255_are_refused_with_their_number(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
) -> None:
    def clip(count: int) -> StoredClip:
        masks = {}
        for number in range(1, count + 1):
            masks[number, 0] = np.zeros((16, 16), bool)
            masks[number, 0].flat[number] = True
        return make_clip("crowd", masks, tuple(Track(n, f"p{n}") for n in range(1, count + 1)), frame_count=1)

    exported(make_dataset(clip(254)), "davis", tmp_path / "out")
    numbers = numbers_of(tmp_path / "out/Annotations/Full-Resolution/crowd/00000.png")
    assert numbers.ravel().tolist() == [*range(255), 0]
    with pytest.raises(ExportError, match="crowd has 255 objects with masks, and a DAVIS picture holds 254"):
        exported(make_dataset(clip(255)), "davis", tmp_path / "more")


def test_states_that_davis_cannot_tell_apart_are_in_the_report(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    report = exported(dataset, "davis", tmp_path / "out")
    assert report.collapsed_states == {"occluded_to_absent": 1, "unknown_to_absent": 8}
    stored = json.loads((tmp_path / "out.report.json").read_bytes())
    assert stored["states"][1] == {
        "clip": "walk",
        "object": 2,
        "name": "two parts",
        "absent": [[0, 2]],
        "occluded": [[6, 6]],
        "unknown": [],
    }
    assert stored["states"][2]["unknown"] == [[0, 7]]


def test_reading_gives_back_the_owners_of_all_pixels(
    odd_names: Dataset, masks: Masks, exported: Callable[..., Any], tmp_path: Path
) -> None:
    exported(odd_names, "davis", tmp_path / "out")
    found = read(tmp_path / "out")
    assert [clip.name for clip in found.clips][:4] == ["con_", "A", "a_2", "unnamed"]
    for clip in found.clips:
        assert isinstance(clip, StoredClip)
        assert [track.id for track in clip.tracks] == [1, 2, 3]
        assert set(clip.masks) == set(masks)
        assert np.abs(clip.image(6).astype(int) - odd_names.clips[0].image(6)).mean() < 3


def test_an_export_of_what_was_read_is_the_same_export(
    dataset: Dataset, exported: Callable[..., Any], contents: Callable[[Path], Mapping[str, bytes]], tmp_path: Path
) -> None:
    exported(dataset, "davis", tmp_path / "one")
    exported(read(tmp_path / "one"), "davis", tmp_path / "two", DavisOptions(with_images=False))
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    for name in two:
        if name.startswith(("Annotations", "ImageSets")):
            assert one[name] == two[name]
