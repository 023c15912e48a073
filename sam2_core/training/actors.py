"""Cut-outs on their way across a training clip."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sam2_core.training.cutouts import Patch, read_cutout
from sam2_core.training.library import Library
from sam2_core.training.pictures import draw_item

_DOUBLE_SHARE = 0.3


@dataclass(frozen=True)
class Actor:
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


def draw_actors(
    library: Library, size: int, frames: int, weights: Mapping[str, float], generator: np.random.Generator
) -> list[Actor]:
    """One to four cut-outs; some of them have a double elsewhere, which a tracker must not jump to."""
    actors = [_draw_actor(library, size, frames, weights, generator) for _ in range(int(generator.integers(1, 5)))]
    doubles: list[Actor] = []
    for actor in actors:
        if generator.random() < _DOUBLE_SHARE:
            away = _place(size, generator)
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


def _draw_actor(
    library: Library, size: int, frames: int, weights: Mapping[str, float], generator: np.random.Generator
) -> Actor:
    cutout = draw_item(library.cutouts, weights, generator)
    count = len(cutout.frames)
    start = int(generator.integers(count))
    # To and fro, so that a short sequence has no jump where it begins anew.
    order = [*range(count), *range(count - 2, 0, -1)]
    patches = tuple(read_cutout(cutout, order[(start + time) % len(order)]) for time in range(frames))
    x, y, across, down = _place(size, generator)
    return Actor(
        patches=patches,
        side=size * float(np.exp(generator.uniform(np.log(0.08), np.log(0.7)))),
        position=(x, y),
        speed=(across, down),
        turn=generator.normal(0, 6.0),
        growth=float(generator.uniform(0.94, 1.07)),
        flip=generator.random() < 0.5,
    )
