"""Which object is seen at every pixel of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.document.masks import MaskCode
from app.ui.canvas.crops import crops

Labels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Layer:
    """One object's mask on the shown frame. Later layers lie on top."""

    object_id: int
    mask: MaskCode | NDArray[np.bool_]
    color: tuple[int, int, int]
    is_dotted: bool = False
    """Whether its outline is dotted, since another object has this colour."""


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
            pixels = crops.of(mask)
        else:
            x0, y0, x1, y1 = bounds(mask)
            pixels = mask[y0:y1, x0:x1]
        if pixels.size:
            self.labels[y0:y1, x0:x1][pixels] = place
        return x0, y0, x1, y1

    @property
    def boxes(self) -> Sequence[tuple[int, int, int, int]]:
        """x0, y0, x1, y1 of every layer in frame pixels, zeros without pixels."""
        return self._boxes

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
            inside = crops.of(mask)[row - y0, column - x0] if isinstance(mask, MaskCode) else mask[row, column]
            if inside:
                found.append(layer.object_id)
        return found


def bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the pixels that are set, right and bottom exclusive; zeros when there are none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return 0, 0, 0, 0
    y0, y1 = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[y0:y1].any(axis=0))
    return int(columns[0]), y0, int(columns[-1]) + 1, y1
