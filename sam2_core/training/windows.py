"""Stretches of labelled videos as the paper draws them (section 10.2): annotated frames that follow one another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from sam2_core.training.library import DataError, LabelledVideo
from sam2_core.training.pictures import Picture, read_index_map, read_picture


def draw_video(
    videos: Mapping[str, LabelledVideo], frames: int, weights: Mapping[str, float], generator: np.random.Generator
) -> LabelledVideo:
    """A video with enough annotated frames; one of a source with weight 2 comes twice as often as another.

    Raises:
        DataError: no video has so many.
    """
    long_enough = [videos[name] for name in sorted(videos) if len(videos[name].maps) >= frames]
    if not long_enough:
        most = max(len(video.maps) for video in videos.values())
        raise DataError(f"Clips of {frames} annotated frames are wanted, and no video has more than {most} of them.")
    shares = np.array([weights.get(video.source, 1.0) for video in long_enough])
    return long_enough[int(generator.choice(len(long_enough), p=shares / shares.sum()))]


def draw_window(
    video: LabelledVideo, frames: int, objects: int, reverse_share: float, generator: np.random.Generator
) -> tuple[list[Picture], npt.NDArray[np.bool_]] | None:
    """A stretch of a video and some of the objects that its first frame shows.

    Args:
        video: with at least so many annotated frames.
        frames: length T of the stretch.
        objects: how many objects at most.
        reverse_share: how often it is played backwards.
        generator: where all draws come from.

    Returns:
        T pictures uint8 RGB H x W x 3 and masks T x K x H x W, or None where the first frame shows nothing. An object
        that is not on a later frame has an empty mask there.

    Raises:
        DataError: a file cannot be read, or is of another size than the first one.
    """
    annotated = sorted(video.maps)
    start = int(generator.integers(len(annotated) - frames + 1))
    chosen = annotated[start : start + frames]
    if generator.random() < reverse_share:
        chosen.reverse()
    first = read_index_map(video.maps[chosen[0]])
    numbers = np.unique(first[first > 0])
    if not len(numbers):
        return None
    numbers = generator.permutation(numbers)[:objects]
    maps = [first, *(read_index_map(video.maps[frame]) for frame in chosen[1:])]
    pictures = [read_picture(video.frames[frame]) for frame in chosen]
    for frame, picture, index_map in zip(chosen, pictures, maps, strict=True):
        if picture.shape[:2] != first.shape or index_map.shape != first.shape:
            raise DataError(f"{video.frames[frame]} and its masks are not of the size of the clip's first frame.")
    return pictures, np.stack([index_map == numbers[:, None, None] for index_map in maps])
