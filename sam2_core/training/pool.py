"""Pictures kept ready for a while: reading one and running the frozen trunk costs as much as a step learns from it.

The pool is a window that slides over an endless numbered row of samples. Which samples a step sees depends on the seed
and the number of the step alone, so a resumed training sees what an uninterrupted one would have seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Prepared:
    """A picture or a clip of T frames (T = 1 for a still) with K objects.

    Attributes:
        pixels: uint8 T x 3 x S x S.
        maps: what the frozen stages of the trunk give, each T x C x h x w, or None where all of it learns.
        truth: coverage of the objects, uint8 0 to 255, T x K x S/stride x S/stride.
    """

    pixels: Tensor
    maps: tuple[Tensor, ...] | None
    truth: Tensor


class SlidingPool:
    """A window over samples 0, 1, 2, …; each is made when first needed and dropped when the window has passed it.

    Args:
        make: gives sample number n; must depend on n alone.
        capacity: length of the window.
        renewed: new samples per step, also less than one.
        seed: of the choice within the window.
    """

    def __init__(self, make: Callable[[int], Prepared], capacity: int, renewed: float, seed: int) -> None:
        self._make = make
        self._capacity = capacity
        self._renewed = renewed
        self._seed = seed
        self._kept: dict[int, Prepared] = {}

    def draw(self, step: int, count: int) -> list[Prepared]:
        """The samples of one step: the newest first, then others of the window, all different."""
        end = count + int(self._renewed * (step + 1))
        start = max(0, end - max(self._capacity, count))
        newest = list(range(max(start, end - min(math.ceil(self._renewed), count)), end))
        generator = np.random.default_rng([self._seed, 1, step])
        others = generator.permutation(np.arange(start, newest[0]))[: count - len(newest)]
        for number in [number for number in self._kept if number < start]:
            del self._kept[number]
        return [self._get(int(number)) for number in [*newest, *others]]

    def forget(self) -> None:
        """Make the samples of the window anew when they are next needed, because others are wanted from now on."""
        self._kept.clear()

    def _get(self, number: int) -> Prepared:
        if number not in self._kept:
            self._kept[number] = self._make(number)
        return self._kept[number]


def prepare(
    pictures: np.ndarray[Any, Any],
    masks: np.ndarray[Any, Any],
    trunk: Callable[[Tensor], list[Tensor]] | None,
    normalise: Callable[[Tensor], Tensor],
    precision: torch.dtype,
    stride: int = 4,
) -> Prepared:
    """Turn pictures T x S x S x 3 and masks T x K x S x S into what a step needs.

    Args:
        pictures: uint8 RGB.
        masks: bool.
        trunk: the frozen stages of the trunk, or None if all of them learn and must run in the step.
        normalise: from 0…255 values to what the trunk takes.
        precision: number type to run the trunk in and to keep its maps in.
        stride: side in pixels of the cells of the truth; 1 keeps the masks as they are.
    """
    pixels = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).contiguous()
    inside = torch.from_numpy(np.array(masks))
    truth = inside.to(torch.uint8) * 255
    if stride > 1:
        # One after the other, for there may be no object at all.
        coverage = F.avg_pool2d(inside.float().flatten(0, 1)[:, None], stride)
        truth = (coverage * 255).round().to(torch.uint8).reshape(*inside.shape[:2], *coverage.shape[-2:])
    maps: tuple[Tensor, ...] | None = None
    if trunk is not None:
        with torch.no_grad(), torch.autocast(pixels.device.type, precision, enabled=precision != torch.float32):
            maps = tuple(level.to(precision).contiguous() for level in trunk(normalise(pixels.float())))
    return Prepared(pixels, maps, truth)
