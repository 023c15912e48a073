"""What a model is told that an object is not: points of the objects beside it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from app.document.document import DocumentView
from app.document.geometry import Box
from app.document.masks import MaskCode
from app.document.values import Cell, Point, Prompt

MOST = 6
"""So many points of neighbours at most; each costs the model a little time."""
NEAR = 0.25
"""A neighbour is near as far as this share of its own size."""
APART = 3.0
"""A point nearer than this, in pixels, to one that the person gave the object says nothing."""


def neighbour_points(document: DocumentView, cell: Cell, prompt: Prompt) -> tuple[Point, ...]:
    """Negative points for the object of a cell with these prompts; none unless it keeps off its neighbours.

    Neighbours are the objects on the same frame whose mask or points lie where the object's mask, box or points do, or
    close by. Of each the person's positive points count; where it has none there, the innermost place of its mask
    outside the object's own. A mask prompt says all there is to say: then there are none.
    """
    thing = document.objects.get(cell[0])
    if thing is None or not thing.keeps_off or prompt.mask is not None or prompt.is_empty:
        return ()
    own = _mask_at(document, cell)
    reach = _around(prompt, own)
    found = [
        point
        for other in document.objects
        if other != cell[0]
        for point in _points_of(document, (other, cell[1]), own, reach)
        if not any(math.dist((point.x, point.y), (mine.x, mine.y)) < APART for mine in prompt.points)
    ]
    middle = reach.center
    return tuple(sorted(found, key=lambda point: math.dist((point.x, point.y), middle))[:MOST])


def innermost(code: MaskCode) -> Point:
    """A negative point at the place of a mask that lies farthest from its edge, along rows and columns."""
    pixels = code.crop()
    depth = np.minimum(_to_edge(pixels, 0), _to_edge(pixels, 1))
    row, column = divmod(int(depth.argmax()), pixels.shape[1])
    _, x0, y0, _, _ = code.measures
    return Point(x0 + column + 0.5, y0 + row + 0.5, is_positive=False)


def _points_of(document: DocumentView, cell: Cell, own: MaskCode | None, reach: Box) -> list[Point]:
    code, prompt = _mask_at(document, cell), document.prompts.get(cell, Prompt())
    given = [Point(point.x, point.y, is_positive=False) for point in prompt.points if point.is_positive]
    if code is None and not given:
        return []
    if not _touch(_around(Prompt(tuple(given)), code), reach):
        return []
    if given or code is None:
        return given
    apart = code if own is None else code.minus(own)
    return [] if apart.is_empty else [innermost(apart)]


def _mask_at(document: DocumentView, cell: Cell) -> MaskCode | None:
    mask = document.masks.get(cell)
    return None if mask is None or mask.is_absent else mask.code


def _around(prompt: Prompt, code: MaskCode | None) -> Box:
    """The box around points, box and mask."""
    corners = [(point.x, point.y) for point in prompt.points]
    for box in (prompt.box, None if code is None else code.box):
        if box is not None:
            corners += [(box.x0, box.y0), (box.x1, box.y1)]
    columns, rows = zip(*corners, strict=True)
    return Box(min(columns), min(rows), max(columns), max(rows))


def _touch(neighbour: Box, reach: Box) -> bool:
    right, down = (neighbour.x1 - neighbour.x0) * NEAR, (neighbour.y1 - neighbour.y0) * NEAR
    return (
        neighbour.x0 - right <= reach.x1
        and reach.x0 <= neighbour.x1 + right
        and neighbour.y0 - down <= reach.y1
        and reach.y0 <= neighbour.y1 + down
    )


def _to_edge(pixels: NDArray[np.bool_], axis: int) -> NDArray[np.int32]:
    """How many pixels of the mask lie on either side along an axis, the nearer side counted."""
    return np.minimum(_run(pixels, axis), np.flip(_run(np.flip(pixels, axis), axis), axis))


def _run(pixels: NDArray[np.bool_], axis: int) -> NDArray[np.int32]:
    count = pixels.cumsum(axis, dtype=np.int32)
    return count - np.maximum.accumulate(np.where(pixels, 0, count), axis)
