"""Frame, masks, prompts and zoom."""

from __future__ import annotations

from app.ui.canvas.view import CanvasView

__all__ = ["CanvasView"]
