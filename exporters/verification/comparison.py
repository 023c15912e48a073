"""Counts equal and unequal masks, and remembers the worst."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from exporters.report import Readback

WORST = 10
MOST_ERRORS = 20


class Comparison:
    """Collects the results of a read-back, mask by mask."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._compared = self._identical = self._pixels = 0
        self._least, self._sum = 1.0, 0.0
        self._worst: list[tuple[float, int, dict[str, Any]]] = []
        self._errors: list[str] = []
        self._errors_left_out = 0

    def error(self, text: str) -> None:
        """Note a difference that is not about pixels."""
        if len(self._errors) < MOST_ERRORS:
            self._errors.append(text)
        else:
            self._errors_left_out += 1

    def equal(self, masks: int = 1) -> None:
        """Note masks that are known to be equal."""
        self._compared += masks
        self._identical += masks
        self._sum += masks

    def masks(self, expected: np.ndarray, found: np.ndarray, *, clip: str, track_id: int, frame: int) -> None:
        """Compare two bool masks of equal size, height x width."""
        different = int(np.count_nonzero(expected != found))
        if not different:
            self.equal()
            return
        union = int(np.count_nonzero(expected | found))
        iou = 1.0 - different / union
        self._compared += 1
        self._pixels += different
        self._sum += iou
        self._least = min(self._least, iou)
        place = {"clip": clip, "object": track_id, "frame": frame, "iou": round(iou, 6), "pixels": different}
        heapq.heappush(self._worst, (-iou, self._compared, place))
        if len(self._worst) > WORST:
            heapq.heappop(self._worst)

    def result(self) -> Readback:
        """What was found, the worst masks first."""
        errors = list(self._errors)
        if self._errors_left_out:
            errors.append(f"and {self._errors_left_out} more")
        return Readback(
            reader=self._reader,
            masks_compared=self._compared,
            masks_identical=self._identical,
            pixels_different=self._pixels,
            min_iou=self._least,
            mean_iou=self._sum / self._compared if self._compared else 1.0,
            worst=[place for _, _, place in sorted(self._worst, key=lambda item: (-item[0], item[1]))],
            errors=errors,
        )
