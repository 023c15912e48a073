"""What can be done to a mask's shape. Pure: a code comes in, a code goes out; only the part around it is decoded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.document.masks import MaskCode
from app.media.opencv import cv2

Pixels = NDArray[np.bool_]


def without_holes(code: MaskCode, max_area: int | None = None) -> MaskCode:
    """Holes of at most `max_area` pixels (all without a limit) become mask. Diagonals do not open a hole."""
    if code.is_empty:
        return code
    pixels, place = _around(code, 1, beyond=True)
    labels, areas = _parts(~pixels, 4)
    holes = [label for label, area in areas.items() if label != labels[0, 0] and (max_area is None or area <= max_area)]
    return _put(code, pixels | np.isin(labels, holes), place) if holes else code


def without_specks(code: MaskCode, max_area: int) -> MaskCode:
    """Pieces of at most `max_area` pixels go; the largest piece always stays. Diagonals hold a piece together."""
    if code.is_empty:
        return code
    pixels, place = _around(code, 0)
    labels, areas = _parts(pixels, 8)
    largest = max(areas, key=lambda label: areas[label])
    specks = [label for label, area in areas.items() if area <= max_area and label != largest]
    return _put(code, pixels & ~np.isin(labels, specks), place) if specks else code


def grown(code: MaskCode, distance: int) -> MaskCode:
    """The mask and all pixels within that distance of it; with a negative one, only pixels that far inside.

    The picture's edge is no edge of the object: there nothing is taken away.
    """
    if code.is_empty or distance == 0:
        return code
    pixels, place = _around(code, abs(distance) + 1)
    disc = _disc(abs(distance))
    work = pixels.astype(np.uint8)
    changed = cv2.dilate(work, disc) if distance > 0 else cv2.erode(work, disc)
    return _put(code, changed > 0, place)


def smoothed(code: MaskCode, radius: int) -> MaskCode:
    """Corners and fringes that are finer than the radius, in pixels, are rounded off."""
    if code.is_empty or radius < 1:
        return code
    pixels, place = _around(code, 2 * radius)
    side = 2 * radius + 1
    blurred = cv2.GaussianBlur(pixels.astype(np.float32), (side, side), 0, borderType=cv2.BORDER_REPLICATE)
    return _put(code, blurred > 0.5, place)


def to_the_edge(code: MaskCode, distance: int) -> MaskCode:
    """Gaps of at most `distance` pixels between the mask and the picture's edge are closed, straight outward."""
    if code.is_empty or distance < 1:
        return code
    pixels = code.to_array()
    for side in (pixels, pixels[::-1], pixels.T, pixels.T[::-1]):
        border = side[: distance + 1]
        reached = np.maximum.accumulate(border, axis=0)  # from the mask's first pixel inward
        border |= ~reached & reached[-1]
    return MaskCode.from_array(pixels)


def moved(code: MaskCode, right: int, down: int) -> MaskCode:
    """The mask somewhere else; what would lie outside the picture is lost."""
    if code.is_empty or (right == 0 and down == 0):
        return code
    pixels, (x, y) = _around(code, 0)
    return _put(code, pixels, (x + right, y + down))


def between(first: MaskCode, last: MaskCode, share: float) -> MaskCode:
    """A mask on the way from one to the other: 0 is the first, 1 the last; place and shape change steadily.

    Empty where either is empty.
    """
    if first.is_empty or last.is_empty:
        return MaskCode.empty(first.height, first.width)
    (ones, one_corner), (twos, two_corner) = _around(first, 0), _around(last, 0)
    height, width = (2 + max(ones.shape[side], twos.shape[side]) for side in (0, 1))
    one_depth, one_corner = _depth(ones, one_corner, height, width)
    two_depth, two_corner = _depth(twos, two_corner, height, width)
    depth = (1 - share) * one_depth + share * two_depth
    corner = [round((1 - share) * one + share * two) for one, two in zip(one_corner, two_corner, strict=True)]
    return _put(first, depth > 0, (corner[0], corner[1]))


def _depth(
    pixels: Pixels, corner: tuple[int, int], height: int, width: int
) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Distance to the edge, positive inside, of pixels in the middle of a larger picture; and that one's corner."""
    top, left = (height - pixels.shape[0]) // 2, (width - pixels.shape[1]) // 2
    canvas = np.zeros((height, width), np.uint8)
    canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    inside = cv2.distanceTransform(canvas, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(1 - canvas, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return inside - outside, (corner[0] - left, corner[1] - top)


def _around(code: MaskCode, margin: int, *, beyond: bool = False) -> tuple[Pixels, tuple[int, int]]:
    """The mask's box with a margin, cut at the picture's edge unless it may lie `beyond`; and its corner x, y."""
    _, x0, y0, x1, y1 = code.measures
    left, top, right, bottom = x0 - margin, y0 - margin, x1 + margin, y1 + margin
    if not beyond:
        left, top, right, bottom = max(0, left), max(0, top), min(code.width, right), min(code.height, bottom)
    pixels = np.zeros((bottom - top, right - left), np.bool_)
    pixels[y0 - top : y1 - top, x0 - left : x1 - left] = code.crop()
    return pixels, (left, top)


def _put(code: MaskCode, pixels: Pixels, place: tuple[int, int]) -> MaskCode:
    """Pixels with their corner at x, y, in a picture as large as the code's; what lies outside is lost."""
    picture = np.zeros((code.height, code.width), np.bool_)
    left, top = place
    rows, columns = pixels.shape
    x0, y0, x1, y1 = max(0, left), max(0, top), min(code.width, left + columns), min(code.height, top + rows)
    if x0 < x1 and y0 < y1:
        picture[y0:y1, x0:x1] = pixels[y0 - top : y1 - top, x0 - left : x1 - left]
    return MaskCode.from_array(picture)


def _parts(pixels: Pixels, connectivity: int) -> tuple[NDArray[np.int32], dict[int, int]]:
    """Which piece each pixel belongs to (0: none), and the pieces' areas."""
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(pixels.astype(np.uint8), connectivity=connectivity)
    return labels, {label: int(statistics[label, cv2.CC_STAT_AREA]) for label in range(1, count)}


def _disc(radius: int) -> NDArray[np.uint8]:
    steps = np.arange(-radius, radius + 1)
    inside = steps[:, None] ** 2 + steps**2 <= radius * radius
    return inside.astype(np.uint8)
