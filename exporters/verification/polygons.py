"""Fill polygons that run along pixel corners, straight from the even-odd rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def filled(polygons: Sequence[Sequence[float]], height: int, width: int) -> np.ndarray:
    """The bool mask of the union of polygons whose edges are upright or level and whose corners are whole numbers.

    A pixel is inside a polygon if an odd number of upright edges lies to its left. ValueError for any other polygon.
    """
    mask = np.zeros((height, width), dtype=bool)
    for polygon in polygons:
        points = np.asarray(polygon, dtype=np.float64).reshape(-1, 2)
        corners = points.astype(np.int64)
        if len(points) < 4 or (corners != points).any() or (corners < 0).any() or (corners > (width, height)).any():
            raise ValueError("a polygon leaves the corners of the pixels")
        following = np.roll(corners, -1, axis=0)
        if ((corners != following).all(axis=1)).any():
            raise ValueError("a polygon has a slanted edge")
        left, top = corners.min(axis=0)
        right, bottom = corners.max(axis=0)
        crossings = np.zeros((bottom - top + 1, right - left + 1), dtype=np.int32)
        upright = corners[:, 0] == following[:, 0]
        x, y0, y1 = corners[upright, 0] - left, corners[upright, 1] - top, following[upright, 1] - top
        np.add.at(crossings, (y0, x), 1)
        np.add.at(crossings, (y1, x), -1)
        inside = crossings.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] % 2 == 1
        mask[top:bottom, left:right] |= inside
    return mask
