"""DAVIS trees: JPEGImages/[resolution/]<video>/*.jpg and Annotations/[resolution/]<video>/*.png.

DAVIS, MOSE, YouTube-VOS and this program's own exports lie like that. Where ImageSets tells a training part from a
validation part, only the first is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sam2_core.training.library import DataError, LabelledVideo, Library
from sam2_core.training.picture_files import opened
from sam2_core.training.video_list import frames_as_stills

_VOID = 255


@dataclass(frozen=True)
class DavisMap:
    """One annotated frame. 255 marks pixels that nobody judges, but where nothing else is marked it is the object."""

    path: Path

    def read(self) -> npt.NDArray[np.int32]:
        """H x W object numbers.

        Raises:
            DataError: the file is no picture with one number per pixel.
        """
        with opened(self.path) as image:
            values = np.asarray(image).astype(np.int32)
        if values.ndim != 2:
            raise DataError(f"{self.path} holds colours instead of object numbers; save it as a palette PNG.")
        is_void = values == _VOID
        if is_void.any():
            is_binary = not ((values > 0) & ~is_void).any()
            values[is_void] = 1 if is_binary else 0
        return values


def is_davis(path: Path) -> bool:
    """Whether a folder is such a tree."""
    return _root(path) is not None


def _root(path: Path) -> Path | None:
    """The tree itself: the folder, or its only sensible part (MOSE and YouTube-VOS have a folder per split)."""
    for root in (path, path / "train"):
        if (root / "JPEGImages").is_dir():
            return root
    return None


def read(path: Path, *, held_out: bool = False) -> Library:
    """The annotated videos of a tree; their annotated frames serve as stills too.

    Raises:
        DataError: there is no annotated video, or no part to train on.
    """
    root = _root(path)
    assert root is not None
    if not (root / "Annotations").is_dir():
        raise DataError(f"{root} has JPEGImages but no Annotations; there is nothing to learn from without masks.")
    source = path.resolve().name
    images, annotations = _resolution(root)
    training, validation = _parts(root)
    videos: dict[str, LabelledVideo] = {}
    for directory in sorted(item for item in images.iterdir() if item.is_dir()):
        is_trained_on = directory.name in training if training else directory.name not in validation
        if directory.name in validation if held_out else is_trained_on:
            video = _video(source, directory, annotations / directory.name)
            if video.maps:
                videos[directory.name] = video
    if not videos and not held_out:
        why = "all of its videos are for validation" if validation else "no picture has an annotation of its name"
        raise DataError(f"{root} holds nothing to train on: {why}.")
    return Library(stills={source: frames_as_stills(videos)} if videos else {}, videos=videos)


def _resolution(root: Path) -> tuple[Path, Path]:
    """The folders with one folder per video, below the level of resolutions if there is one."""
    images, annotations = root / "JPEGImages", root / "Annotations"
    if any(images.glob("*/*.jpg")):
        return images, annotations
    shared = sorted(item.name for item in images.iterdir() if item.is_dir() and (annotations / item.name).is_dir())
    if not shared:
        raise DataError(f"{root} has no folder below JPEGImages that Annotations has as well; check the tree.")
    chosen = "480p" if "480p" in shared else shared[0]
    return images / chosen, annotations / chosen


def _parts(root: Path) -> tuple[set[str], set[str]]:
    """Names for training and names for validation and test, as ImageSets lists them; both may be empty."""
    training: set[str] = set()
    validation: set[str] = set()
    for file in sorted((root / "ImageSets").rglob("*.txt")) if (root / "ImageSets").is_dir() else []:
        if file.stem in ("train", "val", "test-dev", "test-challenge"):
            names = {Path(word).name for word in file.read_text(encoding="utf-8").split()}
            (training if file.stem == "train" else validation).update(names)
    return training, validation - training


def _video(source: str, images: Path, annotations: Path) -> LabelledVideo:
    frames = tuple(sorted(path for path in images.iterdir() if path.suffix.lower() in (".jpg", ".jpeg")))
    files = ((index, annotations / f"{path.stem}.png") for index, path in enumerate(frames))
    return LabelledVideo(source, frames, {index: DavisMap(path) for index, path in files if path.is_file()})
