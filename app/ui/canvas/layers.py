"""Which masks the canvas shows on a frame, and in which order they lie."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.commands.coloring import Shade, is_repeated
from app.commands.finishing import finished
from app.document.masks import MaskCode
from app.ui import theme
from app.ui.canvas.crops import crops
from app.ui.canvas.label_map import Layer
from app.ui.desk import Desk


def ghosts_of(desk: Desk, frame: int, considered: MaskCode | None = None) -> list[list[Layer]]:
    """What is shown as outlines: the masks of the frame before and of the frame after (none while the onion skin is
    off), the masks as they are while earlier ones are shown, and the mask that a click would give."""
    skin = [layers_of(desk, frame + step) if desk.has_onion_skin else [] for step in (-1, 1)]
    if desk.earlier is not None:
        skin.append(layers_of(desk, frame, is_now=True))
    document = desk.document
    if considered is None or document is None or not desk.are_masks_visible:
        return skin
    return [*skin, [_for_selected(desk, considered)]]


def layers_of(
    desk: Desk, frame: int, stroke: np.ndarray | MaskCode | None = None, *, is_now: bool = False
) -> list[Layer]:
    """Visible masks from back to front; the selected object's last so that it is seen whole, unless masks do not
    overlap in this project: then whoever lies in front has the pixels.

    `stroke` stands in for the selected object's mask while that is being painted or one of its points is on its way.
    While the desk compares, its earlier masks are shown, unless the masks of now are asked for.
    """
    document = desk.document
    if document is None or not desk.are_masks_visible:
        return []
    masks = document.masks_at(frame)
    if desk.earlier is not None and not is_now:
        for object_id in document.objects:
            if (object_id, frame) in desk.earlier:
                before = desk.earlier[object_id, frame]
                masks.pop(object_id, None) if before is None else masks.update({object_id: before})
    selected = desk.selected_object
    shown = [item for item in document.objects.values() if item.is_visible and desk.solo_object in (None, item.id)]
    is_lifted = document.allows_overlaps or stroke is not None
    shown.sort(key=lambda item: (is_lifted and item.id == selected, item.z_order))
    layers = []
    for item in shown:
        if stroke is not None and item.id == selected:
            layers.append(layer_in(desk.shade_of(item.id), item.id, stroke))
        elif item.id in masks and not masks[item.id].is_absent:
            mask = masks[item.id]
            layers.append(layer_in(desk.mask_shade(item.id, mask), item.id, finished(mask.code, item.finish)))
    if stroke is not None and selected is None:
        layers.append(_for_selected(desk, stroke))
    return layers


def masks_ahead(desk: Desk, frame: int) -> Callable[[], None]:
    """What any thread may do now so that the masks of this frame are drawn without delay when it is shown."""
    document = desk.document
    if document is None or not desk.are_masks_visible:
        return lambda: None
    things, solo = document.objects, desk.solo_object
    masks = [(things[object_id], mask.code) for object_id, mask in document.masks_at(frame).items()]
    seen = [(code, thing.finish) for thing, code in masks if thing.is_visible and solo in (None, thing.id)]
    return lambda: crops.make(finished(code, finish) for code, finish in seen)


def _for_selected(desk: Desk, mask: np.ndarray | MaskCode) -> Layer:
    """A mask of the selected object; with none, of the object that the next click would make."""
    return layer_in(desk.working_shade, desk.selected_object or 0, mask)


def layer_in(shade: Shade, object_id: int, mask: np.ndarray | MaskCode) -> Layer:
    """A mask in a shade as it looks on the picture."""
    color = theme.picture_color(shade)
    return Layer(object_id, mask, (color.red(), color.green(), color.blue()), is_repeated(shade))
