"""Objects suggested by the model."""

from __future__ import annotations

from app.ui.canvas.view import CanvasView
from app.ui.desk import Desk
from app.ui.verbs import Verbs


class Suggesting:
    """The search and the choice are the canvas's; here is only what starts them."""

    def __init__(self, desk: Desk, canvas: CanvasView) -> None:
        self._desk, self._canvas = desk, canvas

    def verbs(self) -> Verbs:
        return {"suggest_objects": self._suggest}

    def _suggest(self) -> None:
        """Look for objects on this frame, also where its picture is still on its way; once more: leave."""
        canvas = self._canvas
        if canvas.suggestions.is_open:
            canvas.suggestions.close()
        elif self._desk.source is not None:
            self._desk.set_playing(False)
            canvas.candidates.forget()
            canvas.suggestions.search(self._desk.frame)
