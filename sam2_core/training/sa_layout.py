"""The two data sets that the paper trains on, as they are published.

    SA-1B   sa_1.jpg, sa_1.json …          a picture and its masks, in a folder of any depth
    SA-V    JPEGImages_24fps/sav_1/00000.jpg …    every frame of a video
            …/sav_1_manual.json            masks of every fourth frame

Files of masks are opened when a picture of theirs is drawn, because there are millions of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sam2_core.training.coco_masks import CocoMap
from sam2_core.training.library import DataError, LabelledVideo, Library, Still

_FRAMES = "JPEGImages_24fps"
_PICTURES, _MASKLETS = "sa_*.json", "sav_*_manual.json"
_EVERY = 4
"""One frame in so many is annotated."""


@dataclass(frozen=True)
class PictureMasks:
    """The masks of a picture of SA-1B; in an index map smaller ones lie in front, for parts are masks of their own."""

    path: Path

    def read(self) -> npt.NDArray[np.int32]:
        """H x W object numbers; DataError if the file is damaged."""
        return self._code().read()

    def draw(self, most: int, largest_share: float, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
        """Some of the masks, K x H x W, wholes with their parts; DataError if the file is damaged."""
        code = self._code()
        masks: list[npt.NDArray[np.bool_]] = []
        for index in generator.permutation(len(code.objects)).tolist():
            mask = code.mask(index)
            if 0 < mask.mean() <= largest_share:
                masks.append(mask)
            if len(masks) == most:
                break
        return np.array(masks, np.bool_).reshape(-1, *code.size)

    def _code(self) -> CocoMap:
        content = _content(self.path)
        try:
            size = (int(content["image"]["height"]), int(content["image"]["width"]))
            by_area = sorted(content["annotations"], key=lambda annotation: -float(annotation["area"]))
            segmentations = [annotation["segmentation"] for annotation in by_area]
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(self.path, error) from error
        return CocoMap(str(self.path), size, tuple(enumerate(segmentations, start=1)))


@dataclass(frozen=True)
class FrameMasks:
    """The masks of one annotated frame of a video of SA-V; an object keeps its number through the video."""

    path: Path
    position: int

    def read(self) -> npt.NDArray[np.int32]:
        """H x W object numbers; DataError if the file is damaged."""
        content = _kept(self.path)
        try:
            size = (int(content["video_height"]), int(content["video_width"]))
            masks: Sequence[Any] = content["masklet"][self.position]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise _damaged(self.path, error) from error
        return CocoMap(str(self.path), size, tuple(enumerate(masks, start=1))).read()


def is_published(path: Path) -> bool:
    """Whether a folder is a part of either data set."""
    if not path.is_dir():
        return False
    pattern = _MASKLETS if (path / _FRAMES).is_dir() else _PICTURES
    return next(path.rglob(pattern), None) is not None


def read(path: Path, *, held_out: bool = False) -> Library:
    """The pictures or videos of a folder; the training parts hold nothing that is held out.

    Raises:
        DataError: no file of masks has its picture or its frames.
    """
    if held_out:
        return Library()
    source = path.resolve().name
    if (path / _FRAMES).is_dir():
        videos = {file.stem: video for file in sorted(path.rglob(_MASKLETS)) if (video := _video(source, path, file))}
        if not videos:
            raise DataError(f"{path} has masks of videos but no frames of theirs in {_FRAMES}; extract them at 24 fps.")
        return Library(videos=videos)
    files = sorted(path.rglob(_PICTURES))
    stills = tuple(
        Still(source, file.stem, file.with_suffix(".jpg"), PictureMasks(file))
        for file in files
        if file.with_suffix(".jpg").is_file()
    )
    if not stills:
        raise DataError(f"{path} has masks of pictures but none of the pictures; they are to lie beside them.")
    return Library(stills={source: stills})


def _video(source: str, root: Path, file: Path) -> LabelledVideo | None:
    frames = tuple(sorted((root / _FRAMES / file.stem.removesuffix("_manual")).glob("*.jpg")))
    maps = {frame: FrameMasks(file, frame // _EVERY) for frame in range(0, len(frames), _EVERY)}
    return LabelledVideo(source, frames, maps) if frames else None


@lru_cache(maxsize=2)
def _kept(path: Path) -> Any:
    """The content of a video's file, kept for its next frames."""
    return _content(path)


def _content(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} cannot be read as a file of masks ({error!r}); get it anew or take it away.")
