"""COCO run lengths in numpy: from pixels to runs to text and back, a whole mask at a time.

Pixels are read column by column; runs alternate background, foreground, background and so on, the first being
background (0 when the first pixel is set). The text packs each run, from the fourth on less the run two before it,
into groups of five bits, least significant first, one printable character a group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Runs = NDArray[np.int64]

MAX_PIXELS = 1 << 28
_FIRST_CHARACTER = 48
_MAX_GROUPS = 7  # 35 bits hold every difference of two runs of a picture of MAX_PIXELS


class MaskError(ValueError):
    """A mask that cannot be what it claims; the message is a sentence."""


def runs_of(mask: NDArray[np.bool_]) -> tuple[Runs, int, tuple[int, int, int, int]]:
    """Runs, area and box (x0, y0, x1, y1; zeros when empty) of an H x W mask. Only its bounding box is turned."""
    height, width = mask.shape
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return np.array([height * width], np.int64), 0, (0, 0, 0, 0)
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[top:bottom].any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    # A border of background above and below each column makes every run begin and end inside its own column.
    span = bottom - top + 2
    turned = np.zeros((right - left, span), np.bool_)
    turned[:, 1:-1] = mask[top:bottom, left:right].T
    flat = turned.reshape(-1)
    flips = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    column, row = np.divmod(flips, span)
    bounds = (column + left) * height + (row + (top - 1))
    area = int((bounds[1::2] - bounds[::2]).sum())
    # A run that reaches the bottom and goes on at the next column's top is one run.
    joined = np.flatnonzero(bounds[1:-1:2] == bounds[2::2])
    bounds = np.delete(bounds, np.concatenate((2 * joined + 1, 2 * joined + 2)))
    edges = np.concatenate(([0], bounds, [height * width]))
    runs = np.diff(edges)
    return (runs if runs[-1] else runs[:-1]).astype(np.int64), area, (left, top, right, bottom)


def compress(runs: Runs) -> bytes:
    """The text of canonical runs (none 0 but the first)."""
    rest = runs.copy()
    rest[3:] -= runs[1:-2]
    characters = np.empty((len(runs), _MAX_GROUPS), np.uint8)
    used = np.zeros((len(runs), _MAX_GROUPS), np.bool_)
    alive = np.ones(len(runs), np.bool_)
    for group in range(_MAX_GROUPS):
        low = rest & 31
        rest = rest >> 5
        is_negative = (low & 16) != 0
        goes_on = np.where(is_negative, rest != -1, rest != 0)
        characters[:, group] = low + _FIRST_CHARACTER + 32 * goes_on
        used[:, group] = alive
        alive = alive & goes_on
        if not alive.any():
            break
    return characters[used].tobytes()


def decompress(counts: bytes, pixels: int) -> Runs:
    """Runs of a text; raises MaskError unless they are runs of a picture of that many pixels."""
    values = np.frombuffer(counts, np.uint8).astype(np.int64) - _FIRST_CHARACTER
    if not values.size or values.min() < 0 or values.max() > 63:
        raise MaskError("The mask's run lengths are not COCO text: it is empty or holds a foreign character.")
    lasts = np.flatnonzero((values & 32) == 0)
    if not lasts.size or lasts[-1] != len(values) - 1:
        raise MaskError("The mask's run lengths are cut off in the middle of a number.")
    firsts = np.concatenate(([0], lasts[:-1] + 1))
    lengths = lasts - firsts + 1
    if lengths.max() > _MAX_GROUPS:
        raise MaskError("The mask's run lengths hold a number that no picture could need.")
    place = np.arange(len(values)) - np.repeat(firsts, lengths)
    runs = np.add.reduceat((values & 31) << (5 * place), firsts)
    runs -= np.where(values[lasts] & 16, np.int64(1) << (5 * lengths), 0)
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    check_runs(runs, pixels)
    return runs


def check_runs(runs: Runs, pixels: int) -> None:
    """Raise MaskError unless the runs are not negative and add up to the picture."""
    if not runs.size or int(runs.min()) < 0 or int(runs.max()) > pixels:
        raise MaskError("The mask's run lengths are negative or longer than its picture.")
    if int(runs.sum()) != pixels:
        raise MaskError(f"The mask's run lengths cover {int(runs.sum())} pixels; its picture has {pixels}.")


def canonical(runs: Runs) -> Runs:
    """The same pixels without runs of length 0 (but the first, where the first pixel is set)."""
    if len(runs) == 1 or (runs[1:] > 0).all():
        return runs
    ends = np.cumsum(runs)
    colours = np.arange(len(runs)) & 1
    keep = runs > 0
    ends, colours = ends[keep], colours[keep]
    changes = np.append(colours[1:] != colours[:-1], True)
    ends, colours = ends[changes], colours[changes]
    merged = np.diff(np.concatenate(([0], ends)))
    return np.concatenate(([0], merged)) if colours[0] else merged


def measure(runs: Runs, height: int) -> tuple[int, tuple[int, int, int, int]]:
    """Area and box (x0, y0, x1, y1; zeros when empty) of canonical runs."""
    ends = np.cumsum(runs)
    stops = ends[1::2]
    starts = ends[::2][: len(stops)]
    if not stops.size:
        return 0, (0, 0, 0, 0)
    first_column, last_column = starts // height, (stops - 1) // height
    if (first_column != last_column).any():
        top, bottom = 0, height
    else:
        top, bottom = int((starts % height).min()), int(((stops - 1) % height).max()) + 1
    return int((stops - starts).sum()), (int(first_column[0]), top, int(last_column[-1]) + 1, bottom)


def fill(runs: Runs, height: int, box: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """The pixels inside the box of canonical runs, as a (y1 - y0) x (x1 - x0) array."""
    left, top, right, bottom = box
    inside = runs.copy()
    inside[0] -= left * height
    beyond = int(inside.sum()) - (right - left) * height
    if beyond:
        inside[-1] -= beyond
    colours = (np.arange(len(runs)) & 1).astype(np.bool_)
    columns = np.repeat(colours, inside).reshape(right - left, height)
    return np.ascontiguousarray(columns[:, top:bottom].T)
