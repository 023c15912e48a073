"""Which masks the canvas shows on a frame, and in which order they lie."""

from __future__ import annotations

import numpy as np

from app.ui import theme
from app.ui.canvas.overlay import Layer
from app.ui.desk import Desk


def ghosts_of(desk: Desk, frame: int) -> list[list[Layer]]:
    """The onion skin: what lies on the frame before and on the frame after; no layers where it is off."""
    return [layers_of(desk, frame + step) if desk.has_onion_skin else [] for step in (-1, 1)]


def layers_of(desk: Desk, frame: int, stroke: np.ndarray | None = None) -> list[Layer]:
    """Visible masks from back to front, the selected object's last so that it is seen whole.

    `stroke` stands in for the selected object's mask while it is being painted.
    """
    document = desk.document
    if document is None or not desk.are_masks_visible:
        return []
    masks = document.masks_at(frame)
    selected = desk.selected_object
    shown = [item for item in document.objects.values() if item.is_visible and desk.solo_object in (None, item.id)]
    shown.sort(key=lambda item: (item.id == selected, item.z_order))
    layers = []
    for item in shown:
        color = theme.picture_color(item.color)
        tint = (color.red(), color.green(), color.blue())
        if stroke is not None and item.id == selected:
            layers.append(Layer(item.id, stroke, tint))
        elif item.id in masks and not masks[item.id].is_absent:
            layers.append(Layer(item.id, masks[item.id].code, tint))
    if stroke is not None and selected is None:
        tint_0 = theme.picture_color(len(document.objects))
        layers.append(Layer(0, stroke, (tint_0.red(), tint_0.green(), tint_0.blue())))
    return layers
