"""Reads data sets in the layout of DAVIS: palette or grey pictures whose values are object numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from exporters import rle
from exporters.dataset import Dataset, MaskRecord, StoredClip, Track
from exporters.errors import ReadError
from exporters.reading import inside, open_picture, rgb

VOID = 255


def read(path: Path) -> Dataset:
    """The data set in a folder with Annotations/<resolution>/<clip>/<number>.png; of two resolutions the full one.

    Clips are those of ImageSets/2017 where it exists, else all folders. Value 255 is nobody's, except in a clip
    that has no other value: that is DAVIS 2016, where it is the one object. A ReadError names the file that is
    wrong.
    """
    root = Path(path)
    resolutions = sorted(entry.name for entry in _entries(root / "Annotations") if entry.is_dir())
    if not resolutions:
        raise ReadError(f"{root} has no folder below Annotations, so it is not in the layout of DAVIS.")
    resolution = "Full-Resolution" if "Full-Resolution" in resolutions else resolutions[0]
    folder = root / "Annotations" / resolution
    return Dataset(tuple(_clip(root, folder, name) for name in _clip_names(root, folder)))


def _clip_names(root: Path, folder: Path) -> list[str]:
    lists = sorted((root / "ImageSets" / "2017").glob("*.txt"))
    if not lists:
        return sorted(entry.name for entry in _entries(folder) if entry.is_dir())
    names: dict[str, None] = {}
    for file in lists:
        for line in file.read_text(encoding="utf-8-sig").splitlines():
            if line.strip():
                names[line.strip()] = None
    return list(names)


def _clip(root: Path, folder: Path, name: str) -> StoredClip:
    files = [
        entry
        for entry in _entries(inside(folder, name, f"A list in {root / 'ImageSets'}"))
        if entry.suffix.lower() == ".png"
    ]
    if not files:
        raise ReadError(f"{folder / name} holds no PNG files. The lists in ImageSets name this clip.")
    files.sort(key=lambda file: (_number(file), file.name))
    masks: dict[tuple[int, int], MaskRecord] = {}
    size: tuple[int, int] | None = None
    for position, file in enumerate(files):
        numbers = _numbers(file)
        if size not in (None, numbers.shape):
            raise ReadError(f"{file} differs in size from the other masks of {name}; one clip has one size.")
        size = (numbers.shape[0], numbers.shape[1])
        for number in np.flatnonzero(np.bincount(numbers.ravel(), minlength=256)[1:]) + 1:
            masks[int(number), position] = MaskRecord(rle.encode(numbers == number), origin="imported")
    found = {number for number, _ in masks}
    if found == {VOID}:
        masks = {(1, position): record for (_, position), record in masks.items()}
        found = {1}
    found.discard(VOID)
    frames = [_number(file) for file in files]
    if len(set(frames)) != len(frames):
        frames = list(range(len(frames)))
    assert size is not None
    pictures = root / "JPEGImages" / folder.name / name
    return StoredClip(
        name=name,
        frame_count=len(files),
        height=size[0],
        width=size[1],
        source_frames=tuple(frames),
        times=(0.0,) * len(files),
        tracks=tuple(Track(number, f"object {number}") for number in sorted(found)),
        masks={cell: record for cell, record in masks.items() if cell[0] in found},
        pictures=lambda position: rgb(pictures / f"{files[position].stem}.jpg"),
    )


def _numbers(file: Path) -> np.ndarray:
    picture = open_picture(file)
    if picture.mode not in ("P", "L", "1"):
        raise ReadError(
            f"{file} holds colours ({picture.mode}) instead of object numbers. Palette or grey pictures are needed."
        )
    numbers = np.asarray(picture)
    return numbers.astype(np.uint8) * VOID if numbers.dtype == bool else numbers


def _number(file: Path) -> int:
    digits = "".join(letter for letter in file.stem if letter in "0123456789")
    return int(digits[-15:]) if digits else 0


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise ReadError(f"{folder} cannot be read: {error.strerror}.") from error
