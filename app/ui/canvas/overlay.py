"""Masks as one coloured picture for the screen: a label map, looked up and outlined at the view's own resolution.

The cost depends on the size of the view, not of the clip, and line widths are screen pixels at any zoom. Colour,
strength and visibility change only the look-up table. Pure numpy and OpenCV, no Qt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.document.masks import MaskCode
from app.media.opencv import cv2

FILL_SELECTED, FILL_OTHER, FILL_HOVERED = 0.45, 0.25, 0.15
"""Strength of the fill; a hovered object gets FILL_HOVERED more."""
HAIRLINE_DARK, HAIRLINE_DARK_OTHER = 0.6, 0.4
GHOST = 0.75
"""Strength of the outlines of the neighbouring frames' masks."""
CHECKER, CHECKER_SIDE = (0xFF2A2E33, 0xFF3A3F45), 8
"""What lies behind objects that are cut out: two greys, in squares of so many logical pixels."""
_KERNEL = np.ones((3, 3), np.uint8)
_WHITE = (255, 255, 255)


Labels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Layer:
    """One object's mask on the shown frame. Later layers lie on top."""

    object_id: int
    mask: MaskCode | NDArray[np.bool_]
    color: tuple[int, int, int]


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


class LabelMap:
    """Which object is on top at every pixel of the frame: 0 for none, else the layer's place from 1.

    The selected object's layer is put last by the caller, so that what is worked on is seen whole.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.layers: tuple[Layer, ...] = ()
        self.labels: Labels = np.zeros(size, np.uint8)
        self._boxes: list[tuple[int, int, int, int]] = []

    def set_layers(self, layers: Sequence[Layer]) -> None:
        """Draw these masks, the last on top. Only the boxes of the old and the new masks are touched."""
        is_wide = len(layers) > 255
        if is_wide != (self.labels.dtype == np.uint16):
            self.labels = np.zeros(self.size, np.uint16) if is_wide else np.zeros(self.size, np.uint8)
        else:
            for x0, y0, x1, y1 in self._boxes:
                self.labels[y0:y1, x0:x1] = 0
        self.layers = tuple(layers)
        self._boxes = [self._draw(layer, place) for place, layer in enumerate(self.layers, 1)]

    def _draw(self, layer: Layer, place: int) -> tuple[int, int, int, int]:
        mask = layer.mask
        if isinstance(mask, MaskCode):
            if mask.is_empty:
                return 0, 0, 0, 0
            _, x0, y0, x1, y1 = mask.measures
            pixels = mask.crop()
        else:
            x0, y0, x1, y1 = bounds(mask)
            pixels = mask[y0:y1, x0:x1]
        if pixels.size:
            self.labels[y0:y1, x0:x1][pixels] = place
        return x0, y0, x1, y1

    def place_of(self, object_id: int | None) -> int:
        """The label of an object, 0 if it has no mask here."""
        for place, layer in enumerate(self.layers, 1):
            if layer.object_id == object_id:
                return place
        return 0

    def box_of(self, object_id: int | None) -> tuple[int, int, int, int] | None:
        """x0, y0, x1, y1 of an object's mask in frame pixels, None without pixels."""
        place = self.place_of(object_id)
        if not place:
            return None
        box = self._boxes[place - 1]
        return box if box[2] > box[0] else None

    def objects_at(self, x: float, y: float) -> list[int]:
        """Objects whose mask covers this place of the frame, the topmost first."""
        column, row = int(np.floor(x)), int(np.floor(y))
        if not (0 <= row < self.size[0] and 0 <= column < self.size[1]):
            return []
        found = []
        for layer, (x0, y0, x1, y1) in zip(reversed(self.layers), reversed(self._boxes), strict=True):
            if not (x0 <= column < x1 and y0 <= row < y1):
                continue
            mask = layer.mask
            inside = mask.crop()[row - y0, column - x0] if isinstance(mask, MaskCode) else mask[row, column]
            if inside:
                found.append(layer.object_id)
        return found


def render(
    label_map: LabelMap, look: Look, window: Window, ratio: float = 1.0, ghosts: Sequence[LabelMap] = ()
) -> NDArray[np.uint32]:
    """The overlay for a view as 0xAARRGGBB premultiplied, window.height x window.width.

    `ratio` is device pixels per logical pixel: a hairline stays one logical pixel wide, at least one device pixel.
    `ghosts` are shown as thin outlines, all but the first dotted: masks of the frame before and of the frame after, and
    what a click would give. Without any mask there is nothing to cut out: the whole picture is seen in every style.
    """
    view = view_labels(label_map, window)
    thin = max(1, round(ratio))
    if look.style in ("cut-out", "alpha") and label_map.layers:
        picture = _matte(label_map, look, view, window, thin)
        _draw_ghosts(picture, ghosts, window, thin)
        return picture
    fills, lines = _tables(label_map, look)
    picture = fills[view]
    _draw_ghosts(picture, ghosts, window, thin)
    selected = label_map.place_of(look.selected)
    _draw_thin_outlines(picture, view, lines, selected, thin)
    if selected:
        _draw_selected_outline(picture, view, selected, lines[selected], thin)
    return picture


def view_labels(label_map: LabelMap, window: Window) -> Labels:
    """The label map seen through a window: nearest neighbour, window.height x window.width."""
    height, width = label_map.size
    columns = _sample(window.x0, window.x1, window.width, width)
    rows = _sample(window.y0, window.y1, window.height, height)
    view: Labels = label_map.labels.take(rows.clip(0, height - 1), axis=0).take(columns.clip(0, width - 1), axis=1)
    view[(rows < 0) | (rows >= height), :] = 0
    view[:, (columns < 0) | (columns >= width)] = 0
    return view


def bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the pixels that are set, right and bottom exclusive; zeros when there are none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return 0, 0, 0, 0
    y0, y1 = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[y0:y1].any(axis=0))
    return int(columns[0]), y0, int(columns[-1]) + 1, y1


def _sample(start: float, end: float, count: int, size: int) -> NDArray[np.intp]:
    """Which of `size` frame pixels each of `count` device pixels shows."""
    step = (end - start) / count
    places: NDArray[np.intp] = np.floor(start + (np.arange(count) + 0.5) * step).astype(np.intp)
    return places


def _tables(label_map: LabelMap, look: Look) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Colour of the fill and of the outline for every label."""
    count = len(label_map.layers) + 1
    fills, lines = np.zeros(count, np.uint32), np.zeros(count, np.uint32)
    for place, layer in enumerate(label_map.layers, 1):
        strength = FILL_SELECTED if layer.object_id == look.selected else FILL_OTHER
        if layer.object_id == look.hovered:
            strength += FILL_HOVERED
        alpha = 0.0 if look.style == "outline" else min(1.0, strength * look.strength)
        fills[place] = _premultiplied(layer.color, alpha)
        lines[place] = _premultiplied(layer.color, 1.0)
    return fills, lines


def _matte(label_map: LabelMap, look: Look, view: Labels, window: Window, thin: int) -> NDArray[np.uint32]:
    """Everything of the frame that no mask covers is painted over; in style "alpha" the masks are, too."""
    height, width = label_map.size
    rows = _sample(window.y0, window.y1, window.height, height)
    columns = _sample(window.x0, window.x1, window.width, width)
    on_frame = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    if look.style == "alpha":
        shades = np.array([_premultiplied((0, 0, 0), 1.0), _premultiplied(_WHITE, 1.0)], np.uint32)
        picture = shades[(view > 0).view(np.uint8)]
    else:
        side = CHECKER_SIDE * thin
        squares = (np.arange(window.height)[:, None] // side + np.arange(window.width) // side) % 2
        picture = np.array(CHECKER, np.uint32)[squares]
        picture[view > 0] = 0
    picture[~on_frame] = 0
    return picture


def _draw_ghosts(picture: NDArray[np.uint32], ghosts: Sequence[LabelMap], window: Window, thin: int) -> None:
    """One line in each object's colour along the inside of its mask; dots for all label maps but the first."""
    for turn, ghost in enumerate(ghosts):
        if not ghost.layers:
            continue
        view = view_labels(ghost, window)
        kernel = _kernel(thin)
        edges = np.flatnonzero((view > 0) & (cv2.dilate(view, kernel) != cv2.erode(view, kernel)))
        if turn:
            rows, columns = np.divmod(edges, window.width)
            edges = edges[(rows + columns) // (2 * thin) % 2 == 0]
        lines = np.array([0, *(_premultiplied(layer.color, GHOST) for layer in ghost.layers)], np.uint32)
        picture.reshape(-1)[edges] = lines[view.ravel()[edges]]


def _premultiplied(color: tuple[int, int, int], alpha: float) -> int:
    red, green, blue = (round(part * alpha) for part in color)
    return (round(255 * alpha) << 24) | (red << 16) | (green << 8) | blue


def _draw_thin_outlines(
    picture: NDArray[np.uint32],
    view: Labels,
    lines: NDArray[np.uint32],
    selected: int,
    thin: int,
) -> None:
    """One line in the object's colour inside every mask, one dark hairline outside it."""
    kernel = _kernel(thin)
    edges = np.flatnonzero(cv2.dilate(view, kernel) != cv2.erode(view, kernel))
    labels = view.ravel()[edges]
    flat = picture.reshape(-1)
    inside = (labels > 0) & (labels != selected)
    flat[edges[inside]] = lines[labels[inside]]
    flat[edges[labels == 0]] = _premultiplied((0, 0, 0), HAIRLINE_DARK_OTHER)


def _draw_selected_outline(
    picture: NDArray[np.uint32],
    view: Labels,
    selected: int,
    line: np.uint32,
    thin: int,
) -> None:
    """From outside in: a dark hairline, two lines of colour, a white hairline."""
    mask = view == selected
    x0, y0, x1, y1 = bounds(mask)
    if x1 <= x0:
        return
    margin = thin + 1
    top, left = max(0, y0 - margin), max(0, x0 - margin)
    part = (slice(top, y1 + margin), slice(left, x1 + margin))
    cut = picture[part]
    solid = mask[part].view(np.uint8)
    kernel = _kernel(thin)
    # A border of the mask's own value: where the mask runs out of the view there is no outline.
    outside = cv2.dilate(solid, kernel)
    second = _eroded(solid, kernel, 2)
    third = _eroded(second, kernel, 1)
    cut[(outside ^ solid).view(bool)] = _premultiplied((0, 0, 0), HAIRLINE_DARK)
    cut[(solid ^ second).view(bool)] = line
    cut[(second ^ third).view(bool)] = _premultiplied(_WHITE, 1.0)


def _eroded(mask: NDArray[np.uint8], kernel: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    result: NDArray[np.uint8] = cv2.erode(mask, kernel, iterations=times)
    return result


def _kernel(thin: int) -> NDArray[np.uint8]:
    return _KERNEL if thin == 1 else np.ones((2 * thin + 1, 2 * thin + 1), np.uint8)
