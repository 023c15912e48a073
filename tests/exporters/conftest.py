"""A small clip that holds everything that ever went wrong in an export."""

from __future__ import annotations

import csv
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporters import rle
from exporters.dataset import Category, Dataset, Info, MaskRecord, StoredClip, Track
from exporters.registry import export
from exporters.report import Report

HEIGHT, WIDTH, FRAMES = 48, 64, 10
Masks = dict[tuple[int, int], np.ndarray]
NAMES = ("con", "A", "a", "..", "é" * 300, "clip: one/two")


def make_masks() -> Masks:
    """By (track, position): a moving disc with a hole; two parts from frame 3 on, gone in 6; a pixel, then a bar
    over all.
    """
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    masks: Masks = {}
    for frame in range(FRAMES):
        distance = (y - 20) ** 2 + (x - 14 - 2 * frame) ** 2
        masks[1, frame] = (distance <= 100) & (distance > 9)
        if frame >= 3 and frame != 6:
            parts = np.zeros((HEIGHT, WIDTH), dtype=bool)
            parts[30:38, 4 + frame : 12 + frame] = True
            parts[2:6, 50:60] = True
            masks[2, frame] = parts
    masks[3, 8] = (y == 30) & (x == 30)
    masks[3, 9] = (y >= 16) & (y < 34)
    masks[3, 9][34:, 40:44] = True
    return masks


@pytest.fixture
def masks() -> Masks:
    return make_masks()


@pytest.fixture
def make_clip() -> Callable[..., StoredClip]:
    """Builds a clip from masks; some cells are known to be empty, one to be covered, the rest nobody has looked at."""

    def build(
        name: str = "walk", masks: Masks | None = None, tracks: Sequence[Track] | None = None, **changes: Any
    ) -> StoredClip:
        drawn = make_masks() if masks is None else masks
        size = next(iter(drawn.values())).shape if drawn else (HEIGHT, WIDTH)
        records = {
            cell: MaskRecord(rle.encode(mask), origin="propagated", iou=0.93, score=4.25, is_verified=cell[1] == 0)
            for cell, mask in drawn.items()
        }
        empty = rle.encode(np.zeros(size, dtype=bool))
        if masks is None:
            records |= {(2, frame): MaskRecord(empty, "absent", "propagated") for frame in range(3)}
            records[2, 6] = MaskRecord(empty, "occluded", "manual")
        given = tracks or (
            Track(1, 'ring "of", gold: é', 1, z_order=2),
            Track(2, "two parts", 2, z_order=1),
            Track(3, "bar", None, z_order=3),
        )
        values: dict[str, Any] = {
            "name": name,
            "frame_count": FRAMES,
            "height": size[0],
            "width": size[1],
            "fps": 25.0,
            "tracks": tuple(given),
            "masks": records,
            "pictures": lambda position: picture(position, size),
        } | changes
        values.setdefault("source_frames", tuple(range(values["frame_count"])))
        values.setdefault("times", tuple(frame / 25.0 for frame in values["source_frames"]))
        return StoredClip(**values)

    return build


def picture(position: int, size: tuple[int, int]) -> np.ndarray:
    """A smooth picture that tells its position by its blue."""
    y, x = np.mgrid[: size[0], : size[1]]
    return np.stack([x * 2 % 256, y * 3 % 256, np.full(size, 20 * position % 256)], axis=2).astype(np.uint8)


@pytest.fixture
def make_dataset(make_clip: Callable[..., StoredClip]) -> Callable[..., Dataset]:
    categories = (Category(1, 'jewel, "old": é', "thing"), Category(2, "cloth"))
    info = Info(
        description="a test",
        date="2026/01/31",
        contributor="somebody",
        licence_name="CC-BY-4.0",
        licence_url="https://x",
    )

    def build(*clips: StoredClip) -> Dataset:
        return Dataset(clips or (make_clip(),), categories, info)

    return build


@pytest.fixture
def dataset(make_dataset: Callable[..., Dataset]) -> Dataset:
    return make_dataset()


@pytest.fixture
def odd_names(make_dataset: Callable[..., Dataset], make_clip: Callable[..., StoredClip]) -> Dataset:
    """Six clips with names that file systems refuse, confuse or cut off."""
    return make_dataset(*(make_clip(name) for name in NAMES))


@pytest.fixture
def run() -> Callable[[Generator[Any, None, Any]], Any]:
    """Runs work to its end and gives its result."""

    def drain(work: Generator[Any, None, Any]) -> Any:
        while True:
            try:
                next(work)
            except StopIteration as end:
                return end.value

    return drain


@pytest.fixture
def exported(run: Callable[..., Any]) -> Callable[..., Report]:
    """Exports to the end and gives the report."""

    def go(dataset: Dataset, format_name: str, target: Path, options: Any = None, **switches: Any) -> Report:
        report = run(export(dataset, format_name, target, options, **switches))
        assert isinstance(report, Report)
        return report

    return go


@pytest.fixture
def contents() -> Callable[[Path], Mapping[str, bytes]]:
    """All files below a folder with their bytes."""

    def look(folder: Path) -> Mapping[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return look


@pytest.fixture
def table() -> Callable[[Path], list[list[str]]]:
    """The rows of a CSV file."""

    def rows(path: Path) -> list[list[str]]:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    return rows
