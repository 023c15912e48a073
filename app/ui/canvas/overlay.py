"""Masks as one coloured picture for the screen: a label map, looked up and outlined at the view's own resolution.

The cost depends on the size of the view, not of the clip, and line widths are screen pixels at any zoom. Colour,
strength and visibility change only the look-up table. Pure numpy and OpenCV, no Qt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.media.opencv import cv2
from app.ui.canvas.label_map import LabelMap, Labels, bounds

FILL_SELECTED, FILL_OTHER, FILL_HOVERED = 0.45, 0.25, 0.15
"""Strength of the fill; a hovered object gets FILL_HOVERED more."""
HAIRLINE_DARK = 0.6
DOT = 8
"""Dots of an outline, and the dark gaps between them, are half as long along a line across, in logical pixels, and a
third as long up or down."""
GHOST = 0.75
"""Strength of the outlines of the neighbouring frames' masks."""
CHECKER, CHECKER_SIDE = (0xFF2A2E33, 0xFF3A3F45), 8
"""What lies behind objects that are cut out: two greys, in squares of so many logical pixels."""
MATTES = ("cut-out", "alpha")
"""The styles that paint where no mask is."""
PART_COST = 0.03
"""What a part costs beside its pixels, in shares of a whole view."""
_KERNEL = np.ones((3, 3), np.uint8)
_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Look:
    """What does not change the label map: who is selected, who is under the pointer, how masks are shown."""

    selected: int | None = None
    hovered: int | None = None
    strength: float = 1.0
    style: str = "fill"
    """"fill"; "outline": no fill; "cut-out": only what is masked is seen; "alpha": masks white on black."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the frame that is seen: x0, y0, x1, y1 in frame pixels, shown on `width` x `height` device pixels."""

    x0: float
    y0: float
    x1: float
    y1: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a view in device pixels from its upper left corner, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)

    def touches(self, other: Part) -> bool:
        """Whether the two share pixels or a side."""
        is_beside = self.left > other.right or other.left > self.right
        return not (is_beside or self.top > other.bottom or other.top > self.bottom)

    def united(self, other: Part) -> Part:
        """The smallest part that holds both."""
        ends = max(self.right, other.right), max(self.bottom, other.bottom)
        return Part(min(self.left, other.left), min(self.top, other.top), *ends)


def render(
    label_map: LabelMap,
    look: Look,
    window: Window,
    ratio: float = 1.0,
    ghosts: Sequence[LabelMap] = (),
    part: Part | None = None,
) -> NDArray[np.uint32]:
    """The overlay for a part of a view (None: all of it) as 0xAARRGGBB premultiplied, as high and wide as the part.

    `ratio` is device pixels per logical pixel: a hairline stays one logical pixel wide, at least one device pixel.
    `ghosts` are shown as thin outlines, all but the first dotted: masks of the frame before and of the frame after, and
    what a click would give. Without any mask there is nothing to cut out: the whole picture is seen in every style.
    """
    part = Part(0, 0, window.width, window.height) if part is None else part
    view = view_labels(label_map, window, part)
    thin = max(1, round(ratio))
    if look.style in MATTES and label_map.layers:
        picture = _matte(label_map, look, view, window, part, thin)
        _draw_ghosts(picture, ghosts, window, part, thin)
        return picture
    fills, lines = _tables(tuple((layer.object_id, layer.color) for layer in label_map.layers), look)
    picture = fills.take(view)
    _draw_ghosts(picture, ghosts, window, part, thin)
    selected = label_map.place_of(look.selected)
    dotted = np.array([False, *(layer.is_dotted for layer in label_map.layers)])
    _draw_thin_outlines(picture, view, lines, dotted, selected, part, thin)
    if selected:
        _draw_selected_outline(picture, view, selected, lines[selected], bool(dotted[selected]), part, thin)
    return picture


def parts_of(
    label_map: LabelMap, look: Look, window: Window, ratio: float = 1.0, ghosts: Sequence[LabelMap] = ()
) -> list[Part]:
    """The parts of a view outside of which `render` would paint nothing, none touching another; all of it where that
    comes cheaper."""
    if look.style in MATTES and label_map.layers:
        return [Part(0, 0, window.width, window.height)]
    margin = max(1, round(ratio)) + 1
    across, down = window.width / (window.x1 - window.x0), window.height / (window.y1 - window.y0)
    found: list[Part] = []
    for x0, y0, x1, y1 in (box for labels in (label_map, *ghosts) for box in labels.boxes):
        part = Part(
            max(0, math.floor((x0 - window.x0) * across) - margin),
            max(0, math.floor((y0 - window.y0) * down) - margin),
            min(window.width, math.ceil((x1 - window.x0) * across) + margin),
            min(window.height, math.ceil((y1 - window.y0) * down) + margin),
        )
        if x1 <= x0 or part.left >= part.right or part.top >= part.bottom:
            continue
        while touching := next((other for other in found if part.touches(other)), None):
            found.remove(touching)
            part = part.united(touching)
        found.append(part)
    share = sum(part.area for part in found) / (window.width * window.height)
    return found if share + PART_COST * len(found) < 1 else [Part(0, 0, window.width, window.height)]


def view_labels(label_map: LabelMap, window: Window, part: Part | None = None) -> Labels:
    """The label map seen through a part of a window (None: all of it), as high and wide as it: nearest neighbour, but
    no mask is too thin to be seen."""
    height, width = label_map.size
    part = Part(0, 0, window.width, window.height) if part is None else part
    columns = _sample(window.x0, window.x1, window.width, width)[part.left : part.right]
    rows = _sample(window.y0, window.y1, window.height, height)[part.top : part.bottom]
    view: Labels = label_map.labels.take(rows.clip(0, height - 1), axis=0).take(columns.clip(0, width - 1), axis=1)
    view[(rows < 0) | (rows >= height), :] = 0
    view[:, (columns < 0) | (columns >= width)] = 0
    _draw_thin_masks(view, label_map, window, part)
    return view


def _draw_thin_masks(view: Labels, label_map: LabelMap, window: Window, part: Part) -> None:
    """Masks thinner than a pixel of the view may lie between those that are looked up: they become as wide as one."""
    across, down = window.width / (window.x1 - window.x0), window.height / (window.y1 - window.y0)
    for place, (x0, y0, x1, y1) in enumerate(label_map.boxes, 1):
        is_thin = x0 < x1 and ((x1 - x0) * across < 1 or (y1 - y0) * down < 1)
        if is_thin and (label_map.labels[y0:y1, x0:x1] == place).any():
            left, right = _covered(x0 - window.x0, x1 - window.x0, across, part.left)
            top, bottom = _covered(y0 - window.y0, y1 - window.y0, down, part.top)
            view[top:bottom, left:right] = place


def _covered(start: float, end: float, scale: float, origin: int) -> tuple[int, int]:
    """Which pixels of the view a stretch of the frame covers, at least one, counted from `origin`; none before it."""
    first = math.floor(start * scale)
    return max(0, first - origin), max(0, max(first + 1, round(end * scale)) - origin)


def _sample(start: float, end: float, count: int, size: int) -> NDArray[np.intp]:
    """Which of `size` frame pixels each of `count` device pixels shows."""
    step = (end - start) / count
    places: NDArray[np.intp] = np.floor(start + (np.arange(count) + 0.5) * step).astype(np.intp)
    return places


@lru_cache(maxsize=16)
def _tables(
    layers: tuple[tuple[int, tuple[int, int, int]], ...], look: Look
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Colour of the fill and of the outline for every label; the layers are objects and their colours. Only to read."""
    fills, lines = np.zeros(len(layers) + 1, np.uint32), np.zeros(len(layers) + 1, np.uint32)
    for place, (object_id, color) in enumerate(layers, 1):
        strength = FILL_SELECTED if object_id == look.selected else FILL_OTHER
        if object_id == look.hovered:
            strength += FILL_HOVERED
        alpha = 0.0 if look.style == "outline" else min(1.0, strength * look.strength)
        fills[place] = _premultiplied(color, alpha)
        lines[place] = _premultiplied(color, 1.0)
    return fills, lines


def _matte(label_map: LabelMap, look: Look, view: Labels, window: Window, part: Part, thin: int) -> NDArray[np.uint32]:
    """Everything of the frame that no mask covers is painted over; in style "alpha" the masks are, too."""
    height, width = label_map.size
    rows = _sample(window.y0, window.y1, window.height, height)[part.top : part.bottom]
    columns = _sample(window.x0, window.x1, window.width, width)[part.left : part.right]
    on_frame = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    if look.style == "alpha":
        shades = np.array([_premultiplied((0, 0, 0), 1.0), _premultiplied(_WHITE, 1.0)], np.uint32)
        picture = shades[(view > 0).view(np.uint8)]
    else:
        side = CHECKER_SIDE * thin
        down, across = np.arange(part.top, part.bottom), np.arange(part.left, part.right)
        squares = (down[:, None] // side + across // side) % 2
        picture = np.array(CHECKER, np.uint32)[squares]
        picture[view > 0] = 0
    picture[~on_frame] = 0
    return picture


def _draw_ghosts(
    picture: NDArray[np.uint32], ghosts: Sequence[LabelMap], window: Window, part: Part, thin: int
) -> None:
    """One line in each object's colour along the inside of its mask; dots for all label maps but the first."""
    for turn, ghost in enumerate(ghosts):
        if not ghost.layers:
            continue
        view = view_labels(ghost, window, part)
        kernel = _kernel(thin)
        edges = np.flatnonzero((view > 0) & (cv2.dilate(view, kernel) != cv2.erode(view, kernel)))
        if turn:
            rows, columns = np.divmod(edges, part.right - part.left)
            edges = edges[(rows + part.top + columns + part.left) // (2 * thin) % 2 == 0]
        lines = np.array([0, *(_premultiplied(layer.color, GHOST) for layer in ghost.layers)], np.uint32)
        picture.reshape(-1)[edges] = lines[view.ravel()[edges]]


def _premultiplied(color: tuple[int, int, int], alpha: float) -> int:
    red, green, blue = (round(part * alpha) for part in color)
    return (round(255 * alpha) << 24) | (red << 16) | (green << 8) | blue


def _draw_thin_outlines(
    picture: NDArray[np.uint32],
    view: Labels,
    lines: NDArray[np.uint32],
    dotted: NDArray[np.bool_],
    selected: int,
    part: Part,
    thin: int,
) -> None:
    """One line in the object's colour inside every mask, one dark hairline outside it."""
    kernel = _kernel(thin)
    edges = np.flatnonzero(cv2.dilate(view, kernel) != cv2.erode(view, kernel))
    labels = view.ravel()[edges]
    flat = picture.reshape(-1)
    inside = (labels > 0) & (labels != selected)
    flat[edges[inside]] = lines[labels[inside]]
    dark = labels == 0
    if dotted.any():
        rows, columns = np.divmod(edges, view.shape[1])
        dark |= inside & dotted[labels] & ~_is_dot(rows + part.top, columns + part.left, thin)
    flat[edges[dark]] = _premultiplied((0, 0, 0), HAIRLINE_DARK)


def _draw_selected_outline(
    picture: NDArray[np.uint32],
    view: Labels,
    selected: int,
    line: np.uint32,
    is_dotted: bool,
    part: Part,
    thin: int,
) -> None:
    """From outside in: a dark hairline, two lines of colour, a white hairline."""
    mask = view == selected
    x0, y0, x1, y1 = bounds(mask)
    if x1 <= x0:
        return
    margin = thin + 1
    top, left = max(0, y0 - margin), max(0, x0 - margin)
    place = (slice(top, y1 + margin), slice(left, x1 + margin))
    cut = picture[place]
    solid = mask[place].view(np.uint8)
    kernel = _kernel(thin)
    # A border of the mask's own value: where the mask runs out of the view there is no outline.
    outside = cv2.dilate(solid, kernel)
    second = _eroded(solid, kernel, 2)
    third = _eroded(second, kernel, 1)
    cut[(outside ^ solid).view(bool)] = _premultiplied((0, 0, 0), HAIRLINE_DARK)
    band = (solid ^ second).view(bool)
    cut[band] = line
    if is_dotted:
        rows, columns = np.ogrid[: band.shape[0], : band.shape[1]]
        gaps = band & ~_is_dot(rows + part.top + top, columns + part.left + left, thin)
        cut[gaps] = _premultiplied((0, 0, 0), HAIRLINE_DARK)
    cut[(second ^ third).view(bool)] = _premultiplied(_WHITE, 1.0)


def _is_dot(rows: NDArray[np.intp], columns: NDArray[np.intp], thin: int) -> NDArray[np.bool_]:
    """Where a dotted line is drawn: along a line in nearly any direction dots and gaps change."""
    dots: NDArray[np.bool_] = (3 * rows + 2 * columns) // (DOT * thin) % 2 == 0
    return dots


def _eroded(mask: NDArray[np.uint8], kernel: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    result: NDArray[np.uint8] = cv2.erode(mask, kernel, iterations=times)
    return result


def _kernel(thin: int) -> NDArray[np.uint8]:
    return _KERNEL if thin == 1 else np.ones((2 * thin + 1, 2 * thin + 1), np.uint8)
