"""A simulated person who always clicks the same way: in the middle of what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from sam2_core.evaluation.metrics import Mask

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels, right and bottom exclusive."""


def distance_inside(mask: Mask) -> npt.NDArray[np.float32]:
    """Euclidean distance of each pixel of a mask to the nearest pixel outside it; beyond the picture is outside too."""
    distance = np.zeros(mask.shape, np.float32)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return distance
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    padded = np.pad(mask[part], 1)
    # Along columns first, exactly; then the lower envelope along rows by trying all column offsets that can matter.
    down = _run_length(padded)
    squared = down.astype(np.float32) ** 2
    best = squared.copy()
    # No pixel lies deeper than its way out along its own row or column.
    deepest = int(np.minimum(down, _run_length(padded.T).T).max())
    for offset in range(1, deepest + 1):
        np.minimum(best[:, offset:], squared[:, :-offset] + offset * offset, out=best[:, offset:])
        np.minimum(best[:, :-offset], squared[:, offset:] + offset * offset, out=best[:, :-offset])
    distance[part] = np.sqrt(best)[1:-1, 1:-1]
    return distance


def _run_length(mask: Mask) -> npt.NDArray[np.int32]:
    """Distance of each pixel to the nearest pixel outside the mask in its own column."""
    height = mask.shape[0]
    above = np.zeros(mask.shape, np.int32)
    below = np.zeros(mask.shape, np.int32)
    for row in range(1, height):
        above[row] = np.where(mask[row], above[row - 1] + 1, 0)
        below[height - 1 - row] = np.where(mask[height - 1 - row], below[height - row] + 1, 0)
    return np.minimum(above, below)


def central_point(mask: Mask) -> tuple[float, float]:
    """x and y of the pixel that lies deepest inside a mask with at least one pixel."""
    row, column = np.unravel_index(int(distance_inside(mask).argmax()), mask.shape)
    return float(column) + 0.5, float(row) + 0.5


def next_click(answer: Mask, truth: Mask) -> tuple[tuple[float, float], int]:
    """The click that a person would add to an answer that is not perfect: the middle of the largest fault.

    Gives x and y, and 1 if something is missing there or 0 if something is too much.
    """
    missing, extra = distance_inside(truth & ~answer), distance_inside(answer & ~truth)
    is_missing = missing.max() > extra.max()
    depth = missing if is_missing else extra
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return (float(column) + 0.5, float(row) + 0.5), int(is_missing)


def box_around(mask: Mask) -> Box:
    """x0, y0, x1, y1 of a mask with at least one pixel, right and bottom exclusive."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def built_in_checkpoint() -> Path:
    """The weight file that comes with the program."""
    return Path(__file__).parents[2] / "resources" / "checkpoints" / "built_in.pt"
