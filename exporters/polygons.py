"""Masks as polygons without a lost pixel: the rings run along the corners of the pixels.

A pixel (x, y) is the square from (x, y) to (x + 1, y + 1), and every ring has the mask on its right hand.
pycocotools fills such rings exactly. A polygon cannot hold a hole; so the rings of holes are joined to the outer
ring by a path that is walked there and back, which the even-odd rule cancels.
"""

from __future__ import annotations

import numpy as np

from exporters.opencv import cv2

Ring = list[tuple[int, int]]


def polygons_of(mask: np.ndarray) -> tuple[list[list[int]], bool]:
    """The polygons of a 0/1 mask (height x width), each as [x1, y1, x2, y2, ...], and whether holes had to be joined.

    One polygon per 4-connected part. An empty mask gives none.
    """
    filled = np.ascontiguousarray(mask, dtype=np.uint8)
    x0, y0, width, height = cv2.boundingRect(filled)
    filled = filled[y0 : y0 + height, x0 : x0 + width]
    if not filled.size:
        return [], False
    _, labels = cv2.connectedComponents(filled, connectivity=4)
    parts: dict[int, tuple[list[Ring], list[Ring]]] = {}
    for ring, x, y in _rings(filled):
        outer, holes = parts.setdefault(int(labels[y, x]), ([], []))
        (outer if _signed_area(ring) > 0 else holes).append(ring)
    polygons = [_joined(outer[0], holes, x0, y0) for _, (outer, holes) in sorted(parts.items())]
    return polygons, any(holes for _, holes in parts.values())


def _rings(mask: np.ndarray) -> list[tuple[Ring, int, int]]:
    """All rings as their corner points, each with the x and y of one pixel of the mask that it runs along."""
    padded = np.pad(mask, 1).astype(np.int8)
    # Where a row of pixels begins (+1) or ends (-1) against the one above; the same for columns.
    y, left, right, is_top = _straight_runs(np.diff(padded, axis=0)[:, 1:-1])
    x, top, bottom, is_left = _straight_runs(np.diff(padded, axis=1)[1:-1].T)
    stride = mask.shape[1] + 1
    # Mask on the right: along tops to the right, along bottoms to the left, down right sides, up left sides.
    row_start, row_end = np.where(is_top, left, right), np.where(is_top, right, left)
    column_start, column_end = np.where(is_left, bottom, top), np.where(is_left, top, bottom)
    after_row = _turns(y * stride + row_end, is_top, column_start * stride + x, ~is_left)
    after_column = _turns(column_end * stride + x, is_left, y * stride + row_start, is_top)
    start_x, start_y, next_column, next_row = (values.tolist() for values in (row_start, y, after_row, after_column))
    turn_x, turn_y = x.tolist(), column_start.tolist()
    beside_x, beside_y = left.tolist(), np.where(is_top, y, y - 1).tolist()
    rings, seen = [], [False] * len(start_x)
    for first in range(len(start_x)):
        ring: Ring = []
        row = first
        while not seen[row]:
            seen[row] = True
            column = next_column[row]
            ring += [(start_x[row], start_y[row]), (turn_x[column], turn_y[column])]
            row = next_row[column]
        if ring:
            rings.append((ring, beside_x[first], beside_y[first]))
    return rings


def _straight_runs(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Runs of equal +1 or -1 along the rows of `steps`: row, first column, column after the last, and whether it is
    +1.
    """
    padded = np.pad(steps, ((0, 0), (1, 1)))
    change = padded[:, 1:] != padded[:, :-1]
    line, begin = np.nonzero(change & (padded[:, 1:] != 0))
    _, end = np.nonzero(change & (padded[:, :-1] != 0))
    return line, begin, end, steps[line, begin] > 0


def _turns(ends: np.ndarray, is_positive: np.ndarray, starts: np.ndarray, goes_right: np.ndarray) -> np.ndarray:
    """For every run that ends at a corner the run that starts there; where there are two, the one to the right.

    `is_positive` and `goes_right` name the two ways of each kind so that equal values make a turn to the right.
    """
    keys = starts * 2 + goes_right
    order = np.argsort(keys)
    keys = keys[order]
    wanted = ends * 2 + is_positive
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    is_missing = keys[place] != wanted
    place[is_missing] = np.searchsorted(keys, wanted[is_missing] ^ 1)
    return np.asarray(order[place])


def _signed_area(ring: Ring) -> int:
    """Twice the area inside; negative for a hole."""
    points = np.array(ring, dtype=np.int64)
    following = np.roll(points, -1, axis=0)
    return int((points[:, 0] * following[:, 1] - following[:, 0] * points[:, 1]).sum())


def _joined(outer: Ring, holes: list[Ring], x0: int, y0: int) -> list[int]:
    """One polygon of a ring and its holes, moved by (x0, y0)."""
    path = list(outer)
    x, y = outer[0]
    for hole in holes:
        corner = (hole[0][0], y)
        path += [(x, y), corner, *hole, hole[0], corner]
    if holes:
        path.append(outer[0])
    return [value for (x, y) in path for value in (x + x0, y + y0)]
