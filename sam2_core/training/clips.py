"""Training clips: still pictures and cut-outs set in motion, and labelled videos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sam2_core.training.actors import Actor, draw_actors
from sam2_core.training.augmentation import Augmentation, augmented
from sam2_core.training.cutouts import Canvas
from sam2_core.training.films import read_film
from sam2_core.training.pictures import (
    TRIES,
    IndexMap,
    Picture,
    background_picture,
    draw_item,
    first_found,
    most_of,
    read_labelled,
    resize_index_map,
    resize_picture,
    vary_colours,
)
from sam2_core.training.sources import LabelledVideo, Library
from sam2_core.training.windows import draw_video, draw_window

_WINDOWS = 1000
"""How many stretches of videos are looked at until one begins with an object, as in the paper's training."""


@dataclass(frozen=True)
class TrainingClip:
    """T frames of K objects, each of which is on the first frame.

    Attributes:
        pictures: uint8 RGB, T x S x S x 3.
        masks: bool, T x K x S x S; all False where an object is absent.
        source: where the clip comes from.
    """

    pictures: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.bool_]
    source: str


@dataclass(frozen=True)
class ClipSettings:
    """How training clips are drawn.

    Attributes:
        size: side S of the model's input.
        frames: frames per clip.
        objects: objects per clip, K.
        video_share: share of clips from labelled videos; the rest is made from stills and cut-outs.
        film_share: share of the made clips whose cut-outs move over an unlabelled film.
        source_weights, cutout_weights: how often a source is drawn.
        smallest_area: objects with fewer pixels on the first frame are not asked for.
        is_consecutive: videos are taken frame by annotated frame and whole, with at most so many objects of any size,
            as the paper does; else with gaps now and then, and an object is repeated where there are too few.
        reverse_share: how often a clip is played backwards.
        augmentation: how the frames are varied, instead of the changes of colour that small models learn with.
        video_weights: how often videos of a source are drawn where clips are consecutive; unnamed ones have weight 1.
    """

    size: int = 512
    frames: int = 5
    objects: int = 2
    video_share: float = 0.1
    film_share: float = 0.3
    source_weights: Mapping[str, float] = field(default_factory=dict)
    cutout_weights: Mapping[str, float] = field(default_factory=dict)
    smallest_area: int = 200
    is_consecutive: bool = False
    reverse_share: float = 0.5
    augmentation: Augmentation | None = None
    video_weights: Mapping[str, float] = field(default_factory=dict)


def draw_clip(library: Library, settings: ClipSettings, generator: np.random.Generator) -> TrainingClip:
    """One training clip, some of them played backwards; files that cannot be read are passed over.

    Raises:
        DataError: no clip with a large enough object was found in many tries.
    """
    tries = _WINDOWS if settings.is_consecutive else TRIES
    return first_found("clip", lambda: _try_clip(library, settings, generator), tries)


def _try_clip(library: Library, settings: ClipSettings, generator: np.random.Generator) -> TrainingClip | None:
    if library.videos and generator.random() < settings.video_share:
        if settings.is_consecutive:
            return _try_window(library, settings, generator)
        names = sorted(library.videos)
        video = library.videos[names[int(generator.integers(len(names)))]]
        pictures, maps = _video_clip(video, settings, generator)
        source = video.source
    else:
        pictures, maps = _moving_clip(library, settings, generator)
        source = "moving"
    if generator.random() < settings.reverse_share:
        pictures, maps = pictures[::-1], maps[::-1]
    areas = np.bincount(maps[0].ravel())
    areas[0] = 0
    usable = np.flatnonzero((areas >= settings.smallest_area) & (areas < 0.8 * maps[0].size))
    if not len(usable):
        return None
    chosen = np.resize(generator.permutation(usable)[: settings.objects], settings.objects)
    masks = np.stack([np.stack([frame == number for number in chosen]) for frame in maps])
    if settings.augmentation is not None:
        return _varied(pictures, masks, source, settings, generator)
    return TrainingClip(np.stack(_vary_together(pictures, generator)), masks, source)


def draw_film(library: Library, settings: ClipSettings, generator: np.random.Generator) -> Picture:
    """A stretch of an unlabelled film, T x S x S x 3; files that cannot be read are passed over.

    Raises:
        DataError: none of many could be read.
    """
    pictures, _ = first_found("film", lambda: _film_backdrop(library, settings, generator))
    return np.stack(_vary_together(pictures, generator))


def _try_window(library: Library, settings: ClipSettings, generator: np.random.Generator) -> TrainingClip | None:
    """A stretch of a video as the paper draws it."""
    video = draw_video(library.videos, settings.frames, settings.video_weights, generator)
    found = draw_window(video, settings.frames, settings.objects, settings.reverse_share, generator)
    return None if found is None else _varied(*found, video.source, settings, generator)


def _varied(
    pictures: list[Picture],
    masks: npt.NDArray[np.bool_],
    source: str,
    settings: ClipSettings,
    generator: np.random.Generator,
) -> TrainingClip | None:
    """The clip as the paper varies it, with the objects that can still be seen on its first frame."""
    how = settings.augmentation or Augmentation(flip=0.0)
    frames, masks = augmented(pictures, masks, how, settings.size, generator)
    is_seen = masks[0].any(axis=(1, 2))
    return TrainingClip(frames, masks[:, is_seen], source) if is_seen.any() else None


def _video_clip(
    video: LabelledVideo, settings: ClipSettings, generator: np.random.Generator
) -> tuple[list[Picture], list[IndexMap]]:
    """Annotated frames that follow one another, one crop for all."""
    annotated = sorted(video.maps)
    count = min(settings.frames, len(annotated))
    step = int(generator.integers(1, max(len(annotated) // count, 1) + 1))
    step = min(step, 3)
    start = int(generator.integers(len(annotated) - step * (count - 1)))
    chosen = annotated[start : start + step * count : step]
    chosen += [chosen[-1]] * (settings.frames - len(chosen))
    flip = generator.random() < 0.5
    pictures, maps = [], []
    for index in chosen:
        picture, index_map = read_labelled(video.frames[index], video.maps[index])
        box = (0, 0, index_map.shape[1], index_map.shape[0])
        pictures.append(resize_picture(picture, box, settings.size, flip=flip))
        maps.append(resize_index_map(index_map, box, settings.size, flip=flip))
    return pictures, maps


def _moving_clip(
    library: Library, settings: ClipSettings, generator: np.random.Generator
) -> tuple[list[Picture], list[IndexMap]]:
    """A backdrop, with cut-outs that move, turn, grow, cover and leave; now and then some of them look alike."""
    pictures, maps = _backdrop(library, settings, generator)
    actors: list[Actor] = []
    if library.cutouts:
        actors = draw_actors(library, settings.size, settings.frames, settings.cutout_weights, generator)
    first_number = max(int(labels.max()) for labels in maps) + 1
    for time, (picture, labels) in enumerate(zip(pictures, maps, strict=True)):
        canvas = Canvas(picture, labels, np.zeros_like(labels))
        for number, actor in enumerate(actors):
            canvas.paste(*actor.at(time), first_number + number)
    return pictures, maps


def _backdrop(
    library: Library, settings: ClipSettings, generator: np.random.Generator
) -> tuple[list[Picture], list[IndexMap]]:
    """What the cut-outs move over, with labels of its own if it has any: a still, a photograph or a film."""
    size = settings.size
    films = library.films
    if films and generator.random() < settings.film_share:
        return _film_backdrop(library, settings, generator)
    photographs = library.photographs
    margin = round(size * 1.25)
    if library.stills and (not photographs or generator.random() < 0.6):
        still = draw_item(library.stills, settings.source_weights, generator)
        picture, index_map = read_labelled(still.image, still.index_map)
        box = (0, 0, index_map.shape[1], index_map.shape[0])
        stage, labels = resize_picture(picture, box, margin), resize_index_map(index_map, box, margin)
    elif photographs:
        stage = background_picture(draw_item(photographs, {}, generator), margin, generator)
        labels = np.zeros((margin, margin), np.int32)
    else:
        stage = np.full((margin, margin, 3), generator.integers(256, size=3), np.uint8)
        labels = np.zeros((margin, margin), np.int32)
    camera = _camera_path(size, margin, settings.frames, generator)
    return [resize_picture(stage, box, size).copy() for box in camera], [
        resize_index_map(labels, box, size).copy() for box in camera
    ]


def _film_backdrop(
    library: Library, settings: ClipSettings, generator: np.random.Generator
) -> tuple[list[Picture], list[IndexMap]]:
    """Most of each frame of a film, without labels."""
    size = settings.size
    film = read_film(draw_item(library.films, {}, generator).path, settings.frames, generator)
    box = most_of(film[0], generator)
    flip = generator.random() < 0.5
    pictures = [resize_picture(picture, box, size, flip=flip).copy() for picture in film]
    return pictures, [np.zeros((size, size), np.int32) for _ in film]


def _camera_path(
    size: int, margin: int, frames: int, generator: np.random.Generator
) -> list[tuple[int, int, int, int]]:
    """The part of a larger picture that each frame shows: a walk with a slow zoom."""
    side = generator.uniform(0.62, 0.8) * margin
    place = generator.uniform(0, margin - side, size=2)
    speed = generator.normal(0, 0.025 * size, size=2)
    zoom = generator.uniform(0.97, 1.03)
    boxes = []
    for _ in range(frames):
        side = float(np.clip(side * zoom, 0.5 * margin, 0.95 * margin))
        place = np.clip(place + speed + generator.normal(0, 0.004 * size, size=2), 0, margin - side)
        x, y = (int(value) for value in place)
        boxes.append((x, y, x + int(side), y + int(side)))
    return boxes


def _vary_together(pictures: list[Picture], generator: np.random.Generator) -> list[Any]:
    """The same change of colours on every frame; in some clips the light also changes slowly."""
    seed = int(generator.integers(2**31))
    drift = generator.uniform(-0.05, 0.05) if generator.random() < 0.3 else 0.0
    light = [np.clip(np.arange(256) * (1 + drift * time), 0, 255).astype(np.uint8) for time in range(len(pictures))]
    return [
        vary_colours(table[picture], np.random.default_rng(seed))
        for picture, table in zip(pictures, light, strict=True)
    ]


def presence(truth: torch.Tensor) -> torch.Tensor:
    """Whether each object is on each frame: coverage T x K x h x w to bool T x K; a sliver does not count."""
    return truth.flatten(2).sum(-1) >= 2.0
