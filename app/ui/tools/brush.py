"""Brush and eraser: paint the object's mask by hand. Each button does the other tool's work on the right."""

from __future__ import annotations

import numpy as np

from app.media.opencv import cv2
from app.ui.tools.tool import Bench, CircleMark, Mark, Pointer, Tool

SMALLEST, LARGEST = 1, 500
_SHIFT = 4  # fractional bits for cv2: a sixteenth of a pixel


class BrushSize:
    """Diameter in frame pixels, 1 to 500, shared by brush and eraser."""

    def __init__(self, diameter: int = 24) -> None:
        self.diameter = diameter

    def change(self, steps: int) -> None:
        """Bigger or smaller by a tenth of itself a step, at least by one pixel."""
        for _ in range(abs(steps)):
            change = max(1, round(self.diameter * 0.1))
            self.diameter += change if steps > 0 else -change
        self.diameter = min(max(self.diameter, SMALLEST), LARGEST)


class BrushTool(Tool):
    """Left paints, right erases; with Shift a straight line from the last dab. One stroke is one step of history."""

    name = "brush"
    _paints_on_left = True

    def __init__(self, bench: Bench, size: BrushSize | None = None) -> None:
        super().__init__(bench)
        self.size = size if size is not None else BrushSize()
        self._stroke: np.ndarray | None = None  # what this stroke covers
        self._shown: np.ndarray | None = None  # the mask as it will be
        self._paints = True
        self._place: tuple[float, float] | None = None
        self._last_dab: tuple[float, float] | None = None
        self._pointer: Pointer | None = None

    def press(self, pointer: Pointer) -> None:
        self._paints = self._paints_on_left != pointer.takes_away
        mask = self.bench.mask()
        self._stroke = np.zeros(self.bench.size, np.uint8)
        self._shown = mask.astype(np.uint8) if mask is not None else np.zeros_like(self._stroke)
        start = self._last_dab if pointer.is_shift and self._last_dab is not None else (pointer.x, pointer.y)
        self._place = start
        self._draw(pointer)

    def move(self, pointer: Pointer) -> None:
        if self._stroke is not None:
            self._draw(pointer)

    def release(self, pointer: Pointer) -> None:
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return
        self._last_dab, self._place, self._shown = self._place, None, None
        if stroke.any():  # beside the picture there is nothing to paint on
            self.bench.paint(stroke.view(bool), erase=not self._paints)
        self.bench.show_stroke(None)

    def _draw(self, pointer: Pointer) -> None:
        if self._stroke is None or self._shown is None or self._place is None:
            return
        end = (pointer.x, pointer.y)
        draw_line(self._stroke, self._place, end, self.size.diameter, 1)
        draw_line(self._shown, self._place, end, self.size.diameter, int(self._paints))
        self._place, self._pointer = end, pointer
        self.bench.show_stroke(self._shown.view(bool))

    def hover(self, pointer: Pointer | None) -> None:
        self._pointer = pointer

    def wheel(self, steps: int) -> bool:
        self.size.change(steps)
        return True

    def cancel(self) -> bool:
        had_stroke = self._stroke is not None
        self._stroke = self._shown = self._place = None
        if had_stroke:
            self.bench.show_stroke(None)
        return had_stroke

    def forget(self) -> None:
        super().forget()
        self._last_dab = None

    def marks(self) -> tuple[Mark, ...]:
        if self._pointer is None:
            return ()
        erases = not self._paints if self._stroke is not None else not self._paints_on_left
        return (CircleMark(self._pointer.x, self._pointer.y, self.size.diameter / 2, erases),)

    def hint(self) -> str:
        return f"Left: paint · Right: erase · Shift: straight line · [ ]: size {self.size.diameter} px"


class EraserTool(BrushTool):
    """Left erases, right paints."""

    name = "eraser"
    _paints_on_left = False

    def hint(self) -> str:
        return f"Left: erase · Right: paint · Shift: straight line · [ ]: size {self.size.diameter} px"


def draw_line(
    mask: np.ndarray, start: tuple[float, float], end: tuple[float, float], diameter: int, value: int
) -> None:
    """Draw a round-ended line into a uint8 mask. Places are pixels with the first centre at (0.5, 0.5).

    A line of one or two pixels covers exactly the pixels under it; wider ones are discs swept along the line.
    """
    x0, y0, x1, y1 = start[0] - 0.5, start[1] - 0.5, end[0] - 0.5, end[1] - 0.5
    radius = diameter / 2
    if radius <= 1:
        cv2.line(mask, (round(x0), round(y0)), (round(x1), round(y1)), value, max(1, diameter))
        return
    scale = 1 << _SHIFT
    for x, y in ((x0, y0), (x1, y1)):
        center = (round(x * scale), round(y * scale))
        cv2.circle(mask, center, round((radius - 0.5) * scale), value, cv2.FILLED, cv2.LINE_8, _SHIFT)
    length = float(np.hypot(x1 - x0, y1 - y0))
    if length < 1:
        return
    across = ((y0 - y1) / length * (radius - 0.5), (x1 - x0) / length * (radius - 0.5))
    corners = [(x0, y0, 1), (x1, y1, 1), (x1, y1, -1), (x0, y0, -1)]
    quad = np.array([[x + across[0] * sign, y + across[1] * sign] for x, y, sign in corners])
    cv2.fillConvexPoly(mask, np.round(quad * scale).astype(np.int32), value, cv2.LINE_8, _SHIFT)
