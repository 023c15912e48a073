"""Where a widget shows the playhead, so that a step paints only that again."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.ui.timeline.axis import TimeAxis


class Playhead:
    """Of one widget whose axis begins `left` pixels from its edge; as many as `reach` pixels to either side of the
    frame's middle belong to it."""

    def __init__(self, widget: QWidget, axis: TimeAxis, left: int, reach: int = 2) -> None:
        self._widget, self._axis, self._left, self._reach = widget, axis, left, reach
        self._frame = 0

    def move(self, frame: int) -> None:
        """Paint again where the playhead was and where it is now."""
        for shown in (self._frame, frame):
            x = self._left + self._axis.center_of(shown)
            self._widget.update(round(x) - self._reach, 0, 2 * self._reach + 1, self._widget.height())
        self._frame = frame
