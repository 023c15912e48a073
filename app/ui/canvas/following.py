"""The view goes with an object: its mask stays in the middle and as large on the screen, while the frames change."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF

from app.ui.canvas.view import CanvasView
from app.ui.desk import Desk

SHARE = 0.4
"""Of the shorter side of the view, for an object that was seen with the whole frame."""


class ObjectFollower(QObject):
    """Follows the selected object once it is switched on. Where the object has no mask the view stays as it is."""

    def __init__(self, desk: Desk, canvas: CanvasView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._canvas = desk, canvas
        self.is_on = False
        self._side = 0.0
        """Longer side of the mask's box on the screen, in logical pixels; 0 until one was seen."""
        self._scale = 0.0
        desk.project_changed.connect(lambda: self.switch(False))
        desk.selection_changed.connect(lambda _selected: self.follow())

    def switch(self, is_on: bool) -> None:
        """On: the object stays as large as it is, or grows to a good size where the whole frame was seen."""
        self.is_on, self._side = is_on, 0.0
        self.follow()

    def follow(self) -> None:
        """Another frame is on the screen, or another object is selected."""
        canvas, selected = self._canvas, self._desk.selected_object
        box = canvas.labels.box_of(selected) if self.is_on and selected is not None else None
        if box is None:
            return
        x0, y0, x1, y1 = box
        longer = max(x1 - x0, y1 - y0)
        if not self._side:
            room = canvas.viewport().rect()
            at_first = SHARE * min(room.width(), room.height())
            self._side = at_first if canvas.is_fitted else longer * canvas.view_scale
        elif self._scale:
            # Zoomed by hand since: that large it stays from now on.
            self._side *= canvas.view_scale / self._scale
        canvas.look_at(self._side / longer, QPointF((x0 + x1) / 2, (y0 + y1) / 2))
        self._scale = canvas.view_scale
