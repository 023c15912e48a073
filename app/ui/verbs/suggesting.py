"""Objects suggested by the model."""

from __future__ import annotations

from app.ui.canvas.view import CanvasView
from app.ui.verbs import Verbs


class Suggesting:
    """The search and the choice are the canvas's; here is only what starts them."""

    def __init__(self, canvas: CanvasView) -> None:
        self._canvas = canvas

    def verbs(self) -> Verbs:
        return {"suggest_objects": self._canvas.suggest}
