"""The time axis that ruler, filmstrip, lanes and curve share: which frame stands at which pixel."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Signal

LARGEST_SCALE = 40.0
"""Pixels per frame at the strongest zoom."""
MARGIN = 0.1
"""Share of the view that stays ahead of a playhead that is followed."""


class TimeAxis(QObject):
    """Maps frames to pixels. Frame i covers the pixels from `x_of(i)` to `x_of(i + 1)`; x is 0 at the left of the view.

    `left` is the frame (with fraction) at x = 0, `scale` the width of a frame in pixels.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.frame_count = 0
        self.width = 1
        self.left = 0.0
        self.scale = 1.0
        self._is_fitted = True

    def set_frame_count(self, count: int) -> None:
        """Show a clip of so many frames, all of it."""
        self.frame_count = count
        self.fit()

    def set_width(self, width: int) -> None:
        """The view became wider or narrower; a view of the whole clip stays one."""
        self.width = max(1, width)
        if self._is_fitted:
            self.fit()
        else:
            self._settle(self.left, self.scale)

    def fit(self) -> None:
        """Show the whole clip."""
        self._settle(0.0, self.smallest_scale)
        self._is_fitted = True

    @property
    def smallest_scale(self) -> float:
        """The scale at which the whole clip just fills the view."""
        return min(LARGEST_SCALE, self.width / max(1, self.frame_count))

    def x_of(self, frame: float) -> float:
        """Left edge of a frame in pixels; outside the view it is negative or beyond the width."""
        return (frame - self.left) * self.scale

    def center_of(self, frame: int) -> float:
        """Middle of a frame in pixels."""
        return self.x_of(frame + 0.5)

    def distance(self, frame: int, x: float) -> float:
        """How many pixels lie between a place and the middle of a frame."""
        return abs(self.center_of(frame) - x)

    def frame_at(self, x: float) -> int:
        """The frame under a pixel; what lies outside the clip is clamped to its ends."""
        return max(0, min(self.frame_count - 1, math.floor(self.left + x / self.scale)))

    def visible(self) -> range:
        """The frames that are at least partly in view."""
        last = math.ceil(self.left + self.width / self.scale)
        return range(max(0, math.floor(self.left)), min(self.frame_count, last))

    def zoom(self, factor: float, x: float) -> None:
        """Stretch (factor > 1) or shrink time; the frame under x stays where it is."""
        under = self.left + x / self.scale
        scale = max(self.smallest_scale, min(LARGEST_SCALE, self.scale * factor))
        self._settle(under - x / scale, scale)

    def scroll(self, pixels: float) -> None:
        """Move the view; positive goes to later frames."""
        self._settle(self.left + pixels / self.scale, self.scale)

    def follow(self, frame: int) -> None:
        """Bring a frame into view where it is outside, with some frames ahead of it."""
        x = self.center_of(frame)
        if x < 0:
            self.scroll(x - self.width * MARGIN)
        elif x > self.width:
            self.scroll(x - self.width * (1 - MARGIN))

    def _settle(self, left: float, scale: float) -> None:
        largest = max(0.0, self.frame_count - self.width / scale)
        self.scale, self.left = scale, max(0.0, min(left, largest))
        self._is_fitted = math.isclose(scale, self.smallest_scale)
        self.changed.emit()
