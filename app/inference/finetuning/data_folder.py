"""Projects as a data folder that training reads: frames as JPEG, a map per object and frame, and a list of videos.

Each object is a video of its own, so that only what a person said about it counts; see `sam2_core.training.video_list`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from app.inference.finetuning.errors import FinetuneError
from app.inference.finetuning.truth import ClipTruth
from app.media.clip import ClipError, FrameSource, open_clip
from sam2_core.training.library import LabelledVideo
from sam2_core.training.video_list import write

JPEG_QUALITY = 95
LARGEST_SIDE = 1024
"""Of the pictures in a data folder that is made for other trainings."""


@dataclass(frozen=True)
class WrittenFrame:
    """So many frames of the data folder are written, of so many."""

    done: int
    total: int


def open_clip_of(truth: ClipTruth) -> FrameSource:
    """The clip of a project.

    Raises:
        FinetuneError: it is not where it was, or is another one.
    """
    try:
        source = open_clip(truth.clip)
    except (ClipError, OSError) as error:
        raise FinetuneError(
            f"The clip of {truth.project} cannot be opened: {error} If it was moved, open the project in the window "
            "once and show where it is."
        ) from error
    if (source.height, source.width) != truth.size or source.frame_count <= truth.frames[-1]:
        source.close()
        raise FinetuneError(f"{truth.clip} is another clip than the one that {truth.project} was made on.")
    return source


def write_data_folder(
    folder: Path, truths: Sequence[ClipTruth], frames: Mapping[Path, Sequence[int]], largest_side: int
) -> Iterator[WrittenFrame]:
    """Work that writes the masks of some projects as a data folder.

    Args:
        folder: where to; must be empty or absent.
        truths: the projects.
        frames: for each project file the frames to write.
        largest_side: pictures are made smaller until no side is longer; a model sees no more.

    Raises:
        FinetuneError: a clip cannot be read, or the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FinetuneError(f"{folder} is not empty; choose another folder for the data.")
    videos: dict[str, LabelledVideo] = {}
    absent: dict[str, list[int]] = {}
    total = sum(len(frames[truth.project]) for truth in truths)
    done = 0
    for place, truth in enumerate(truths):
        home = folder / f"{place}_{truth.name}"
        written: dict[int, Path] = {}
        with open_clip_of(truth) as source:
            for frame in frames[truth.project]:
                written[frame] = home / "frames" / f"{frame:05d}.jpg"
                size = _write_picture(written[frame], source, frame, largest_side)
                for number, masks in truth.masks.items():
                    if frame in masks:
                        _write_map(_map_path(home, number, frame), masks[frame].to_array(), size)
                done += 1
                yield WrittenFrame(done, total)
        positions = {frame: index for index, frame in enumerate(written)}
        for number, masks in truth.masks.items():
            maps = {positions[frame]: _map_path(home, number, frame) for frame in written if frame in masks}
            if maps:
                name = f"{home.name}/{number} {truth.names[number]}"
                videos[name] = LabelledVideo(truth.name, tuple(written.values()), maps)
                absent[name] = [positions[frame] for frame in written if frame in masks and masks[frame].is_empty]
    write(folder, videos, absent)


def _map_path(home: Path, number: int, frame: int) -> Path:
    return home / f"object_{number}" / f"{frame:05d}.png"


def _write_picture(path: Path, source: FrameSource, frame: int, largest_side: int) -> tuple[int, int]:
    """Write a frame; gives its width and height as written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(source.read(frame)))
    image.thumbnail((largest_side, largest_side), Image.Resampling.LANCZOS)
    image.save(path, quality=JPEG_QUALITY, subsampling=0)
    return image.size


def _write_map(path: Path, mask: np.ndarray, size: tuple[int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(mask.astype(np.uint8))
    (image if image.size == size else image.resize(size, Image.Resampling.NEAREST)).save(path)
