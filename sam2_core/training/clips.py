"""Training clips: still pictures and cut-outs set in motion, and labelled videos."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sam2_core.training.cutouts import Canvas, Patch, read_cutout
from sam2_core.training.films import read_film
from sam2_core.training.pictures import (
    IndexMap,
    Picture,
    background_picture,
    draw_item,
    first_found,
    most_of,
    read_index_map,
    read_picture,
    resize_index_map,
    resize_picture,
    vary_colours,
)
from sam2_core.training.sources import LabelledVideo, Library

_DOUBLE_SHARE = 0.3


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
    """

    size: int = 512
    frames: int = 5
    objects: int = 2
    video_share: float = 0.1
    film_share: float = 0.3
    source_weights: Mapping[str, float] = field(default_factory=dict)
    cutout_weights: Mapping[str, float] = field(default_factory=dict)
    smallest_area: int = 200


@dataclass(frozen=True)
class _Actor:
    """A cut-out on its way: its frames, its longer side in pixels, and how it moves per frame."""

    patches: tuple[Patch, ...]
    side: float
    position: tuple[float, float]
    speed: tuple[float, float]
    turn: float
    growth: float
    flip: bool

    def at(self, time: int) -> tuple[Patch, int, int]:
        """The patch at a time, and where its upper left corner is."""
        patch = self.patches[time % len(self.patches)]
        moved = patch.turned(max(self.side * self.growth**time, 6.0), self.turn * time, flip=self.flip)
        x = self.position[0] + self.speed[0] * time - moved.width / 2
        y = self.position[1] + self.speed[1] * time - moved.height / 2
        return moved, int(x), int(y)


def draw_clip(library: Library, settings: ClipSettings, generator: np.random.Generator) -> TrainingClip:
    """One training clip, half of them played backwards; files that cannot be read are passed over.

    Raises:
        DataError: no clip with a large enough object was found in many tries.
    """
    return first_found("clip", lambda: _try_clip(library, settings, generator))


def _try_clip(library: Library, settings: ClipSettings, generator: np.random.Generator) -> TrainingClip | None:
    if library.videos and generator.random() < settings.video_share:
        names = sorted(library.videos)
        video = library.videos[names[int(generator.integers(len(names)))]]
        pictures, maps = _video_clip(video, settings, generator)
        source = video.source
    else:
        pictures, maps = _moving_clip(library, settings, generator)
        source = "moving"
    if generator.random() < 0.5:
        pictures, maps = pictures[::-1], maps[::-1]
    areas = np.bincount(maps[0].ravel())
    areas[0] = 0
    usable = np.flatnonzero((areas >= settings.smallest_area) & (areas < 0.8 * maps[0].size))
    if not len(usable):
        return None
    chosen = np.resize(generator.permutation(usable)[: settings.objects], settings.objects)
    masks = np.stack([np.stack([frame == number for number in chosen]) for frame in maps])
    return TrainingClip(np.stack(_vary_together(pictures, generator)), masks, source)


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
        picture, index_map = read_picture(video.frames[index]), read_index_map(video.maps[index])
        box = (0, 0, index_map.shape[1], index_map.shape[0])
        pictures.append(resize_picture(picture, box, settings.size, flip=flip))
        maps.append(resize_index_map(index_map, box, settings.size, flip=flip))
    return pictures, maps


def _moving_clip(
    library: Library, settings: ClipSettings, generator: np.random.Generator
) -> tuple[list[Picture], list[IndexMap]]:
    """A backdrop, with cut-outs that move, turn, grow, cover and leave; now and then some of them look alike."""
    pictures, maps = _backdrop(library, settings, generator)
    actors = _draw_actors(library, settings, generator) if library.cutouts else []
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
        film = read_film(draw_item(films, {}, generator).path, settings.frames, generator)
        box = most_of(film[0], generator)
        flip = generator.random() < 0.5
        pictures = [resize_picture(picture, box, size, flip=flip).copy() for picture in film]
        return pictures, [np.zeros((size, size), np.int32) for _ in film]
    photographs = library.photographs
    margin = round(size * 1.25)
    if library.stills and (not photographs or generator.random() < 0.6):
        still = draw_item(library.stills, settings.source_weights, generator)
        picture, index_map = read_picture(still.image), read_index_map(still.index_map)
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


def _draw_actors(library: Library, settings: ClipSettings, generator: np.random.Generator) -> list[_Actor]:
    """One to four cut-outs; some of them have a double elsewhere, which a tracker must not jump to."""
    actors = [_draw_actor(library, settings, generator) for _ in range(int(generator.integers(1, 5)))]
    doubles: list[_Actor] = []
    for actor in actors:
        if generator.random() < _DOUBLE_SHARE:
            away = _place(settings.size, generator)
            position, speed = away[:2], away[2:]
            side = actor.side * generator.uniform(0.8, 1.2)
            flip = actor.flip != (generator.random() < 0.3)
            doubles.append(dataclasses.replace(actor, position=position, speed=speed, side=side, flip=flip))
    together = [*actors, *doubles]
    return [together[int(index)] for index in generator.permutation(len(together))]


def _place(size: int, generator: np.random.Generator) -> tuple[float, float, float, float]:
    """Where a cut-out begins and how far it goes a frame, x and y each; now and then fast enough to leave."""
    pace = 0.03 if generator.random() < 0.75 else 0.14
    x, y = generator.uniform(0.1, 0.9, size=2) * size
    across, down = generator.normal(0, pace, size=2) * size
    return float(x), float(y), float(across), float(down)


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


def _draw_actor(library: Library, settings: ClipSettings, generator: np.random.Generator) -> _Actor:
    size = settings.size
    cutout = draw_item(library.cutouts, settings.cutout_weights, generator)
    count = len(cutout.frames)
    start = int(generator.integers(count))
    # To and fro, so that a short sequence has no jump where it begins anew.
    order = [*range(count), *range(count - 2, 0, -1)]
    patches = tuple(read_cutout(cutout, order[(start + time) % len(order)]) for time in range(settings.frames))
    x, y, across, down = _place(size, generator)
    return _Actor(
        patches=patches,
        side=size * float(np.exp(generator.uniform(np.log(0.08), np.log(0.7)))),
        position=(x, y),
        speed=(across, down),
        turn=generator.normal(0, 6.0),
        growth=float(generator.uniform(0.94, 1.07)),
        flip=generator.random() < 0.5,
    )


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
