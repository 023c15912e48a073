"""From mask logits to masks: holes, specks, overlaps. The same numbers on every device.

Connected parts are found in NumPy by joining runs of equal pixels, which takes a few milliseconds for a 256 x 256 map
whatever the device; the maps are small, so a copy from a GPU costs less than labelling there would.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

OVERLAP_LOGIT = -10.0
"""Highest logit that an object may keep on a pixel which another object claims more strongly."""

_TOP_LEFT = 2


def connected_areas(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Size of the 8-connected part that each pixel belongs to.

    Args:
        mask: bool, (..., H, W). Leading axes are separate pictures.

    Returns:
        int64 of the same shape: number of pixels of the pixel's part, 0 where the mask is False.
    """
    parts, lengths, inside = _parts(mask)
    areas = np.bincount(parts, weights=lengths, minlength=len(parts)).astype(np.int64)
    return _spread(areas[parts], lengths, inside, mask.shape)


def keep_parts_at(logits: Tensor, places: Tensor, *, threshold: float = 0.0) -> Tensor:
    """Wipe everything but the 8-connected part that a place lies on; without one there, nothing is left.

    Args:
        logits: (N, H, W).
        places: (N, 2) x, y in pixels of this map, inside it.
        threshold: a pixel is foreground where its logit is above this.

    Returns:
        Logits in which wiped pixels are `threshold - 10`.
    """
    numbers, _ = _numbered_parts((logits > threshold).cpu().numpy())
    columns, rows = places.cpu().long().numpy().T
    wanted = numbers[np.arange(len(numbers)), rows, columns]
    is_other = torch.from_numpy((numbers > 0) & (numbers != wanted[:, None, None]))
    return torch.where(is_other.to(logits.device), logits.new_tensor(threshold - 10.0), logits)


def keep_asked_parts(
    logits: Tensor, points: Tensor, labels: Tensor, side: int, beneath: Tensor | None = None
) -> Tensor:
    """Wipe the parts of answers to clicks that nobody asked for; where that is all of a mask, it stays as it is.

    A part was asked for if a positive click lies on it, or if more than half of it was there before the clicks: in the
    box, or in the mask that they mend. Not part of the paper: a small model also paints what looks like the object and
    lies elsewhere, and a click says where the object is.

    Args:
        logits: (B, k, h, w); pixels above 0 are foreground.
        points: (B, N, 2) x, y in pixels of the model's input.
        labels: (B, N): 1 positive, 2 and 3 the corners of a box, which come first; others are not looked at.
        side: of the model's input.
        beneath: (B, h, w) bool, the masks that the clicks mend.

    Returns:
        Logits in which wiped pixels are -10.
    """
    height, width = logits.shape[-2:]
    numbers, highest = _numbered_parts((logits > 0).cpu().numpy())
    is_asked = np.zeros(highest + 1, dtype=np.bool_)
    places = (points.float().cpu() / side * torch.tensor([width, height])).numpy()
    signs = labels.cpu().numpy()
    before = np.zeros((len(places), height, width), dtype=np.bool_) if beneath is None else beneath.cpu().numpy().copy()
    for row, corner in zip(*np.nonzero(signs == _TOP_LEFT), strict=True):
        (x0, y0), (x1, y1) = places[row, corner : corner + 2].clip(0).round().astype(int)
        before[row, y0:y1, x0:x1] = True
    for row, click in zip(*np.nonzero(signs == 1), strict=True):
        is_asked[_numbers_at(numbers[row], *places[row, click])] = True
    if before.any():
        sizes = np.bincount(numbers.ravel(), minlength=len(is_asked))
        there = np.broadcast_to(before[:, None], numbers.shape)
        is_asked |= 2 * np.bincount(numbers[there], minlength=len(is_asked)) > sizes
    is_asked[0] = False
    stays = is_asked[numbers]
    is_wiped = (numbers > 0) & ~stays & stays.any(axis=(-1, -2), keepdims=True)
    return torch.where(torch.from_numpy(is_wiped).to(logits.device), -10.0, logits)


def _numbers_at(numbers: NDArray[np.int64], x: float, y: float) -> NDArray[np.int64]:
    """The part under a place in each of the maps (k, h, w), or else the parts that touch its pixel."""
    height, width = numbers.shape[-2:]
    column, row = int(np.clip(x, 0, width - 1)), int(np.clip(y, 0, height - 1))
    around = numbers[:, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].reshape(len(numbers), -1)
    under = numbers[:, row, column]
    return np.where(under[:, None] > 0, under[:, None], around)


def fill_small_holes(logits: Tensor, max_area: int, *, value: float = 0.1, threshold: float = 0.0) -> Tensor:
    """Turn background parts of at most `max_area` pixels into faint foreground, as the video path does.

    Args:
        logits: (..., H, W) mask logits; areas are counted in the pixels of this map.
        max_area: largest hole that is filled, in pixels; 0 changes nothing. A part at the border counts as a hole too.
        value: logit that filled pixels get.
        threshold: a pixel is background where its logit is at most this.

    Returns:
        The logits, the same tensor if there was nothing to fill.
    """
    if max_area <= 0:
        return logits
    small = _small_parts(logits <= threshold, max_area)
    return logits if small is None else torch.where(small, logits.new_tensor(value), logits)


def clean_mask_logits(
    logits: Tensor, *, max_hole_area: int = 0, max_speck_area: int = 0, threshold: float = 0.0
) -> Tensor:
    """Fill small holes and wipe small specks, as the image path does.

    Both are looked for in the logits as they come in, and specks are wiped last: a speck inside a small hole is wiped.

    Args:
        logits: (..., H, W) mask logits before clamping; areas are counted in the pixels of this map.
        max_hole_area, max_speck_area: largest part that is changed, in pixels; 0 switches that half off.
        threshold: a pixel is foreground where its logit is above this.

    Returns:
        Logits in which filled pixels are `threshold + 10` and wiped ones `threshold - 10`.
    """
    cleaned = logits
    if max_hole_area > 0:
        cleaned = fill_small_holes(logits, max_hole_area, value=threshold + 10.0, threshold=threshold)
    if max_speck_area > 0:
        small = _small_parts(logits > threshold, max_speck_area)
        if small is not None:
            cleaned = torch.where(small, logits.new_tensor(threshold - 10.0), cleaned)
    return cleaned


def resolve_overlaps(logits: Tensor) -> Tensor:
    """Give every pixel to the object that claims it most strongly; the others end at or below -10 there.

    Args:
        logits: (objects, ..., H, W), all of one size. On a tie the first object wins.
    """
    if logits.shape[0] < 2:
        return logits
    order = torch.arange(logits.shape[0], device=logits.device).view(-1, *([1] * (logits.dim() - 1)))
    is_winner = logits.argmax(dim=0, keepdim=True) == order
    return torch.where(is_winner, logits, logits.clamp(max=OVERLAP_LOGIT))


def stability_scores(logits: Tensor, *, threshold: float = 0.0, offset: float = 1.0) -> Tensor:
    """How little the mask changes when its threshold moves: area at threshold + offset over area at threshold - offset.

    Args:
        logits: (..., H, W).

    Returns:
        (...) float32 between 0 and 1; NaN where the larger area is empty, so that every comparison fails there.
    """
    inner = (logits > threshold + offset).sum(dim=(-1, -2), dtype=torch.float32)
    outer = (logits > threshold - offset).sum(dim=(-1, -2), dtype=torch.float32)
    return inner / outer


def _parts(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Runs of foreground in pictures (..., H, W): the part that each belongs to, its length, and the pictures padded
    so that runs of different rows and pictures do not touch."""
    height, width = mask.shape[-2:]
    pictures = mask.reshape(-1, height, width)
    # Two empty columns and one empty row keep rows and pictures apart, even for diagonal neighbours.
    padded = np.zeros((pictures.shape[0], height + 1, width + 2), dtype=np.bool_)
    padded[:, :height, :width] = pictures
    edges = np.flatnonzero(np.diff(padded.reshape(-1), prepend=False, append=False))
    starts, ends = edges[0::2], edges[1::2]
    return _join(len(starts), *_touching_runs(starts, ends, width + 2)), ends - starts, padded


def _numbered_parts(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    """A number from 1 on for each pixel's part, 0 where there is none, and a number that none is above."""
    parts, lengths, inside = _parts(mask)
    return _spread(parts + 1, lengths, inside, mask.shape), len(parts)


def _spread(
    values: NDArray[np.int64], lengths: NDArray[np.int64], inside: NDArray[np.bool_], shape: tuple[int, ...]
) -> NDArray[np.int64]:
    """A value for each run of `_parts`, given to all of its pixels; 0 elsewhere."""
    result = np.zeros(inside.shape, dtype=np.int64)
    result[inside] = np.repeat(values, lengths)
    return result[:, : shape[-2], : shape[-1]].reshape(shape)


def _small_parts(mask: Tensor, max_area: int) -> Tensor | None:
    """Pixels of connected parts of at most `max_area` pixels, or None if there are none."""
    areas = connected_areas(mask.cpu().numpy())
    small = (areas > 0) & (areas <= max_area)
    return torch.from_numpy(small).to(mask.device) if small.any() else None


def _touching_runs(
    starts: NDArray[np.int64], ends: NDArray[np.int64], row: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs (run, run of the row above) that touch by an edge or a corner; runs are half-open and sorted."""
    first = np.searchsorted(ends, starts - row, side="left")
    last = np.searchsorted(starts, ends - row, side="right")
    count = np.maximum(last - first, 0)
    lower = np.repeat(np.arange(len(starts)), count)
    within = np.arange(len(lower)) - np.repeat(np.cumsum(count) - count, count)
    return lower, np.repeat(first, count) + within


def _join(count: int, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Smallest member of the group of each of `count` things, where `one[i]` and `other[i]` belong together."""
    root = np.arange(count)
    while True:
        left, right = root[one], root[other]
        apart = left != right
        if not apart.any():
            return root
        # The larger of two different roots is hung under the smaller one, then every chain is flattened.
        one, other, left, right = one[apart], other[apart], left[apart], right[apart]
        np.minimum.at(root, np.maximum(left, right), np.minimum(left, right))
        flattened = root[root]
        while not np.array_equal(flattened, root):
            root, flattened = flattened, flattened[flattened]
