"""How well a mask fits: region overlap J and boundary agreement F, as DAVIS defines them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
_TOLERANCE = 0.008


def jaccard(answer: Mask, truth: Mask) -> float:
    """Intersection over union of two masks of one size; 1 if both are empty."""
    union = np.count_nonzero(answer | truth)
    return np.count_nonzero(answer & truth) / union if union else 1.0


def boundary_f(answer: Mask, truth: Mask) -> float:
    """F measure of the boundaries, with a tolerance of 0.8 % of the picture's diagonal.

    One boundary empty gives 0, both empty gives 1.
    """
    ours, theirs = boundary(answer), boundary(truth)
    if not ours.any() or not theirs.any():
        return float(not ours.any() and not theirs.any())
    radius = math.ceil(_TOLERANCE * math.hypot(*truth.shape))
    precision = np.count_nonzero(ours & dilate(theirs, radius)) / np.count_nonzero(ours)
    recall = np.count_nonzero(theirs & dilate(ours, radius)) / np.count_nonzero(theirs)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def boundary(mask: Mask) -> Mask:
    """One pixel wide: a pixel differs from its right, lower or lower right neighbour."""
    edge = np.zeros_like(mask)
    edge[:, :-1] |= mask[:, :-1] ^ mask[:, 1:]
    edge[:-1] |= mask[:-1] ^ mask[1:]
    edge[:-1, :-1] |= mask[:-1, :-1] ^ mask[1:, 1:]
    # On the last row and column only the neighbour inside the picture counts.
    edge[-1, :-1] = mask[-1, :-1] ^ mask[-1, 1:]
    edge[:-1, -1] = mask[:-1, -1] ^ mask[1:, -1]
    edge[-1, -1] = False
    return edge


def dilate(mask: Mask, radius: int) -> Mask:
    """Grow a mask by a disk: every offset with dx² + dy² <= radius²."""
    height = mask.shape[0]
    grown = np.zeros_like(mask)
    for down in range(-radius, radius + 1):
        reach = math.isqrt(radius * radius - down * down)
        wide = _widen(mask, reach)
        source = wide[max(0, -down) : height - max(0, down)]
        grown[max(0, down) : height - max(0, -down)] |= source
    return grown


def _widen(mask: Mask, reach: int) -> Mask:
    """Grow along the rows by `reach` to both sides."""
    width = mask.shape[1]
    total = np.zeros((mask.shape[0], width + 1), np.int32)
    np.cumsum(mask, axis=1, out=total[:, 1:])
    columns = np.arange(width)
    return total[:, np.minimum(columns + reach + 1, width)] > total[:, np.maximum(columns - reach, 0)]
