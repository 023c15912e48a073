"""Prints how fast exports are on this machine: python tests/exporters/measure_export.py [FRAMES]

Full-HD frames with two kinds of masks: five smooth discs, and five ragged layers that are the worst that brushes leave.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from exporters import rle
from exporters.dataset import Dataset, MaskRecord, StoredClip, Track
from exporters.formats.coco_options import CocoOptions
from exporters.formats.davis_options import DavisOptions
from exporters.registry import export

HEIGHT, WIDTH, OBJECTS, SHAPES = 1080, 1920, 5, 10


def discs(step: int) -> list[np.ndarray]:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return [
        (y - 300 - 100 * number) ** 2 + (x - 200 - 300 * number - 9 * step) ** 2 < 150**2 for number in range(OBJECTS)
    ]


def ragged(step: int) -> list[np.ndarray]:
    noise = np.random.default_rng(step).random((HEIGHT // 4, WIDTH // 4)).repeat(4, 0).repeat(4, 1)
    return [mask & (noise < 0.9) for mask in discs(step)]


def clip(frames: int, shapes: Any) -> StoredClip:
    codes = [[rle.encode(mask) for mask in shapes(step)] for step in range(SHAPES)]
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    smooth = np.stack([x / 8, y / 5, (x + y) / 12], axis=2) + rng.normal(0, 6, (HEIGHT, WIDTH, 3))
    pictures = np.clip(smooth, 0, 255).astype(np.uint8)
    masks = {
        (number + 1, frame): MaskRecord(codes[frame % SHAPES][number])
        for frame in range(frames)
        for number in range(OBJECTS)
    }
    return StoredClip(
        name="clip",
        frame_count=frames,
        height=HEIGHT,
        width=WIDTH,
        fps=25.0,
        source_frames=tuple(range(frames)),
        times=tuple(frame / 25 for frame in range(frames)),
        tracks=tuple(Track(number + 1, f"object {number + 1}", None, number) for number in range(OBJECTS)),
        masks=masks,
        pictures=lambda position: pictures,
    )


def measure(name: str, dataset: Dataset, format_name: str, options: Any) -> None:
    """One line: seconds of writing and of reading back, and what that is per second."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        written = start
        for progress in export(dataset, format_name, Path(folder) / "out", options):
            if progress.what.startswith("Writing"):
                written = time.perf_counter()
        end = time.perf_counter()
        size = sum(path.stat().st_size for path in (Path(folder) / "out").rglob("*") if path.is_file())
    frames = dataset.frame_count
    masks = frames * OBJECTS
    print(
        f"{name:34} write {frames / (written - start):7.1f} frames/s, {masks / (written - start):7.0f} masks/s;  "
        f"read back {masks / (end - written):7.0f} masks/s;  {size / 1e6:7.1f} MB"
    )


def main() -> None:
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"{frames} frames of {WIDTH} x {HEIGHT}, {OBJECTS} objects each")
    for kind, shapes in (("discs", discs), ("ragged", ragged)):
        dataset = Dataset((clip(frames, shapes),))
        measure(f"{kind}, coco, masks only", dataset, "coco", CocoOptions(with_images=False))
        measure(
            f"{kind}, coco, polygons only", dataset, "coco", CocoOptions(with_images=False, segmentation="polygons")
        )
        measure(f"{kind}, coco with pictures", dataset, "coco", CocoOptions())
        measure(f"{kind}, davis, masks only", dataset, "davis", DavisOptions(with_images=False))
        measure(f"{kind}, davis with pictures", dataset, "davis", DavisOptions())
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
