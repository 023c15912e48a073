"""Who keeps the pixels that several masks of one frame want, where a project says that masks do not overlap."""

from __future__ import annotations

from collections.abc import Callable

from app.document.document import DocumentView
from app.document.masks import MaskCode
from app.document.values import Finish


def resolved_masks(
    document: DocumentView, frame: int, finish: Callable[[MaskCode, Finish], MaskCode] | None = None
) -> dict[int, MaskCode]:
    """Masks by object on a frame, back to front; absent objects are left out. With `finish` they are finished first.

    Unless overlaps are allowed, the object in front keeps the pixels: larger z-order, then later in the list. One that
    lies wholly behind others has an empty mask. Nothing is changed: in another order the masks are whole again.
    """
    places = {object_id: place for place, object_id in enumerate(document.objects)}
    masks = {object_id: mask.code for object_id, mask in document.masks_at(frame).items() if not mask.is_absent}
    if finish is not None:
        masks = {object_id: finish(code, document.objects[object_id].finish) for object_id, code in masks.items()}
    order = sorted(masks, key=lambda object_id: (document.objects[object_id].z_order, places[object_id]))
    if document.allows_overlaps:
        return {object_id: masks[object_id] for object_id in order}
    taken: MaskCode | None = None
    kept: dict[int, MaskCode] = {}
    for object_id in reversed(order):
        code = masks[object_id]
        kept[object_id] = code if taken is None else code.minus(taken)
        taken = code if taken is None else taken.union(code)
    return {object_id: kept[object_id] for object_id in order}
