"""Lasso and polygon: a loop drawn by hand or corner by corner becomes the mask, is added to it or taken from it."""

from __future__ import annotations

from enum import Enum

import numpy as np

from app.media.opencv import cv2
from app.ui.tools.tool import CLICK_SLACK, Bench, Button, Mark, PathMark, Pointer, Tool, clamped

CLOSE_REACH = 10.0
"""A click within this many screen pixels of the first corner closes the polygon."""
_SHIFT = 4


class _Deed(Enum):
    REPLACE = "replace"
    ADD = "add"
    TAKE_AWAY = "take away"


class LassoTool(Tool):
    """Drag: free-hand loop. Clicks: polygon, closed on its first corner, by double click or Enter.

    Shift at the first press adds the area, Ctrl takes it away, otherwise it replaces the mask.
    """

    name = "lasso"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._corners: list[tuple[float, float]] = []
        self._deed = _Deed.REPLACE
        self._pressed: Pointer | None = None
        self._is_free_hand = False
        self._pointer: Pointer | None = None

    def press(self, pointer: Pointer) -> None:
        if pointer.button is Button.RIGHT:
            if self._corners:
                self._corners.pop()
            return
        if not self._corners:
            self._deed = _Deed.ADD if pointer.is_shift else _Deed.TAKE_AWAY if pointer.is_ctrl else _Deed.REPLACE
        self._pressed = pointer

    def move(self, pointer: Pointer) -> None:
        self._pointer = pointer
        if self._pressed is None:
            return
        if not self._is_free_hand:
            if self._corners or pointer.distance(self._pressed.x, self._pressed.y) < CLICK_SLACK:
                return
            self._is_free_hand = True
            self._corners = [clamped(self.bench, self._pressed.x, self._pressed.y)]
        if pointer.distance(*self._corners[-1]) >= 1:
            self._corners.append(clamped(self.bench, pointer.x, pointer.y))

    def release(self, pointer: Pointer) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return
        closes = len(self._corners) >= 3 and pressed.distance(*self._corners[0]) <= CLOSE_REACH
        if self._is_free_hand or closes:
            self._close()
        else:
            self._corners.append(clamped(self.bench, pressed.x, pressed.y))

    def double_click(self, pointer: Pointer) -> None:
        if len(self._corners) >= 3:
            self._close()

    def hover(self, pointer: Pointer | None) -> None:
        self._pointer = pointer

    def _close(self) -> None:
        corners, deed = self._corners, self._deed
        self._reset()
        if len(corners) < 3:
            return
        area = fill(self.bench.size, corners)
        if not area.any():
            return
        if deed is _Deed.REPLACE:
            self.bench.set_mask(area)
        else:
            self.bench.paint(area, erase=deed is _Deed.TAKE_AWAY)

    def _reset(self) -> None:
        self._corners, self._pressed, self._is_free_hand = [], None, False

    def cancel(self) -> bool:
        was_pending = bool(self._corners)
        self._reset()
        return was_pending

    @property
    def is_pending(self) -> bool:
        return bool(self._corners)

    def finish(self) -> bool:
        if len(self._corners) < 3:
            return False
        self._close()
        return True

    def take_back(self) -> bool:
        """Take the last corner back; True if there was one."""
        if not self._corners or self._is_free_hand:
            return False
        self._corners.pop()
        return True

    def marks(self) -> tuple[Mark, ...]:
        if not self._corners:
            return ()
        points = list(self._corners)
        if not self._is_free_hand and self._pointer is not None:
            points.append((self._pointer.x, self._pointer.y))
        return (PathMark(tuple(points), self._deed is _Deed.TAKE_AWAY, has_corners=not self._is_free_hand),)

    def hint(self) -> str:
        if self._corners and not self._is_free_hand:
            return "Click: corner · First corner or double click: close · Right: take the last corner back"
        return "Drag: loop · Click: corner · Shift: add · Ctrl: take away"


def fill(size: tuple[int, int], corners: list[tuple[float, float]]) -> np.ndarray:
    """Bool mask of the pixels inside a closed loop; corners are pixels with the first centre at (0.5, 0.5)."""
    mask = np.zeros(size, np.uint8)
    places = np.round((np.array(corners) - 0.5) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [places], 1, cv2.LINE_8, _SHIFT)
    return mask.astype(bool)
