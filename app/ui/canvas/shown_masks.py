"""The masks on the screen: those of the document, or what stands in for one of them while it is being changed."""

from __future__ import annotations

from app.ui.canvas.bench import CanvasBench
from app.ui.canvas.items import OverlayItem
from app.ui.canvas.layers import ghosts_of, layers_of
from app.ui.canvas.overlay import Look
from app.ui.desk import Desk

_STRENGTHS = (0.25, 0.5, 0.75, 1.0, 1.35, 1.8)


class ShownMasks:
    """Puts masks and outlines onto the overlay, and says how they are drawn."""

    def __init__(self, desk: Desk, bench: CanvasBench, overlay: OverlayItem) -> None:
        self._desk, self._bench, self._overlay = desk, bench, overlay
        self._strength = 3

    def refresh(self) -> None:
        """Masks, or what stands in for the selected object's, have changed."""
        bench = self._bench
        mended = bench.mended
        mask = bench.stroke if bench.stroke is not None else bench.preview.moved
        if mask is None and mended is not None:
            mask = mended[1]
        outlined = mended[0] if mended is not None else bench.preview.considered
        ghosts = ghosts_of(self._desk, bench.frame, outlined)
        self._overlay.show_layers(layers_of(self._desk, bench.frame, mask), ghosts)

    def change_strength(self, steps: int) -> None:
        """Fainter (-1) or stronger (1), from the next look on."""
        self._strength = min(max(self._strength + steps, 0), len(_STRENGTHS) - 1)

    def refresh_look(self, hovered_object: int | None) -> None:
        """Another object stands out, or all are drawn in another way."""
        desk, strength = self._desk, _STRENGTHS[self._strength]
        self._overlay.set_look(Look(desk.selected_object, hovered_object, strength, desk.mask_style))
