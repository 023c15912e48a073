"""Masks: taking results in, deleting, drawing and pasting them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.commands.errors import CommandError
from app.commands.targets import about, at, check_frame, editable_cells, editable_object
from app.document.document import DocumentView
from app.document.history import Transaction
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks, SetReviews
from app.document.values import Box, Cell, FrameMask, Origin

SEAM = 0.04
"""How far beside the side of a box a model answers badly, as a share of the box's smaller side."""


@dataclass(frozen=True, slots=True)
class AcceptReport:
    """How many results became masks, and how many came too late or to a cell that no run may write."""

    accepted: int
    dropped: int


def accept_masks(
    project: Project, transaction: Transaction, results: Iterable[tuple[Cell, FrameMask, int]]
) -> AcceptReport:
    """Take results of a run in, as a part of its open transaction.

    Each result brings the revision that its cell had when the run began. A result is dropped when a person has changed
    or verified the cell since, when the cell carries a prompt (only prompts write there) or a mask that was drawn or
    imported, when its object is frozen or gone, or when the transaction is closed.
    """
    document, total, now = project.document, 0, time.time()
    cells: dict[Cell, FrameMask | None] = {}
    for cell, mask, revision in results:
        total += 1
        if document.revision(cell) == revision and _is_free(document, cell):
            cells[cell] = replace(mask, made_at=now)
    if not cells or not transaction.is_open:
        return AcceptReport(0, total)
    dropped_before = transaction.dropped
    transaction.apply(SetMasks(cells))
    accepted = len(cells) - (transaction.dropped - dropped_before)
    return AcceptReport(accepted, total - accepted)


def accept_prompt_mask(
    project: Project, cell: Cell, mask: FrameMask, revision: int, transaction: Transaction | None = None
) -> bool:
    """Take the answer to a cell's prompt in; it joins the prompt's transaction, so that one undo takes both back.

    With a `transaction` it becomes a part of that instead: many prompts were asked again in one step.

    False, with nothing done, when a person has changed the cell since `revision` (a newer answer is on its way, or the
    prompt was taken back), when its object is frozen or gone, or when the transaction is closed.
    """
    document = project.document
    thing = document.objects.get(cell[0])
    if thing is None or thing.is_frozen or document.revision(cell) != revision or document.is_verified(cell):
        return False
    if transaction is not None and not transaction.is_open:
        return False
    step = SetMasks({cell: replace(mask, origin=Origin.PROMPTED, made_at=time.time())})
    if transaction is not None:
        transaction.apply(step)
    elif not project.history.join(cell, step):
        with project.history.transaction(f"Mask, {at(thing, cell[1])}") as own:
            own.apply(step)
    return True


def restore_masks(project: Project, cells: Mapping[Cell, FrameMask | None], what: str) -> int:
    """Put earlier masks back (None: no mask); gives how many cells changed. `what` names the step: "Restore …".

    Left alone are cells that a person answers for now: verified ones, and those with a prompt or a mask made by hand.
    CommandError when the object is frozen, or when nothing is left that differs.
    """
    document = project.document
    free = [cell for cell in editable_cells(project, cells) if _is_free(document, cell)]
    changed = {cell: cells[cell] for cell in free if document.masks.get(cell) != cells[cell]}
    if not changed:
        raise CommandError("Nothing to put back: what differs from then is verified, prompted or made by hand now.")
    with project.history.transaction(f"{what}, {about(project, changed, 'mask')}") as transaction:
        transaction.apply(SetMasks(changed, by_person=True))
    return len(changed)


def delete_masks(project: Project, object_ids: Iterable[int], first: int = 0, last: int | None = None) -> int:
    """Delete the objects' masks on frames first to last (inclusive; to the end without last); gives how many.

    Prompts stay, so that the masks can be computed again; what is deleted is no longer verified.
    """
    document = project.document
    last = document.clip.frame_count - 1 if last is None else last
    cells = [
        (object_id, frame)
        for object_id in dict.fromkeys(object_ids)
        for frame in document.masks_of(editable_object(project, object_id).id)
        if first <= frame <= last
    ]
    if not cells:
        return 0
    with project.history.transaction(f"Delete {about(project, cells, 'mask')}") as transaction:
        reviewed = [cell for cell in cells if cell in document.reviews]
        if reviewed:
            transaction.apply(SetReviews(dict.fromkeys(reviewed)))
        transaction.apply(SetMasks(dict.fromkeys(cells), by_person=True))
    return len(cells)


def set_mask(project: Project, object_id: int, frame: int, pixels: NDArray[np.bool_] | MaskCode) -> None:
    """Make these pixels the cell's mask, by hand."""
    _draw(project, (object_id, frame), "Draw", as_code(project, pixels))


def paint_mask(
    project: Project, object_id: int, frame: int, pixels: NDArray[np.bool_] | MaskCode, *, erase: bool = False
) -> None:
    """Add one stroke's pixels (height x width) to the cell's mask, or take them out of it."""
    cell, stroke = (object_id, frame), as_code(project, pixels)
    before = project.document.masks.get(cell)
    if before is None:
        if not erase:
            _draw(project, cell, "Paint", stroke)
        return
    _draw(
        project,
        cell,
        "Erase" if erase else "Paint",
        before.code.minus(stroke) if erase else before.code.union(stroke),
    )


def replace_inside(project: Project, object_id: int, frame: int, box: Box, pixels: MaskCode) -> bool:
    """Inside the box the mask becomes what `pixels` has there, outside it stays; whether anything changed.

    Where the mask runs on across a side of the box it stays beside that side, too: a model takes a box for the end of
    the thing and leaves a seam along it.
    """
    cell, code = (object_id, frame), as_code(project, pixels)
    editable_object(project, object_id)
    check_frame(project, frame)
    mask = project.document.masks.get(cell)
    before = np.zeros(code.size, np.bool_) if mask is None else mask.code.to_array()
    after = before.copy()
    place = np.s_[math.floor(box.y0) : math.ceil(box.y1), math.floor(box.x0) : math.ceil(box.x1)]
    after[place] = code.to_array()[place] | _running_on(before, box)
    return bool(set_masks_by_hand(project, "Segment inside the box", {cell: MaskCode.from_array(after)}))


def _running_on(mask: NDArray[np.bool_], box: Box) -> NDArray[np.bool_]:
    """Of the mask inside a box: what lies beside a side that it crosses, along its rows or columns."""
    x0, y0, x1, y1 = math.floor(box.x0), math.floor(box.y0), math.ceil(box.x1), math.ceil(box.y1)
    inside = mask[y0:y1, x0:x1]
    kept = np.zeros_like(inside)
    seam = max(2, round(SEAM * min(inside.shape)))
    around = np.pad(mask, 1)[y0 : y1 + 2, x0 : x1 + 2]  # one pixel more on every side, none beyond the picture
    for own, target, outside in (
        (inside, kept, around[0, 1:-1]),
        (inside[::-1], kept[::-1], around[-1, 1:-1]),
        (inside.T, kept.T, around[1:-1, 0]),
        (inside.T[::-1], kept.T[::-1], around[1:-1, -1]),
    ):
        target[:seam] |= own[:seam] & own[0] & outside
    return kept


def copy_mask(project: Project, object_id: int, frame: int) -> MaskCode:
    """The cell's pixels, to be pasted elsewhere; CommandError when it has none."""
    mask = project.document.masks.get((object_id, frame))
    if mask is None or mask.is_absent:
        raise CommandError(f"There is no mask to copy on frame {frame}.")
    return mask.code


def paste_mask(project: Project, object_id: int, frame: int, code: MaskCode) -> None:
    """Make a copied mask the cell's mask, at the same place in the picture."""
    _draw(project, (object_id, frame), "Paste", as_code(project, code))


def paste_masks(project: Project, object_id: int, frames: Iterable[int], code: MaskCode) -> int:
    """Paste a copied mask on several frames as one step; gives how many changed."""
    cells = editable_cells(project, ((object_id, frame) for frame in frames))
    return set_masks_by_hand(project, "Paste", dict.fromkeys(cells, as_code(project, code)))


def set_masks_by_hand(project: Project, verb: str, codes: dict[Cell, MaskCode]) -> int:
    """Make these pixels the cells' masks in one step; gives how many cells changed."""
    changed = {cell: code for cell, code in codes.items() if not _has_pixels(project, cell, code)}
    for object_id in {cell[0] for cell in changed}:
        editable_object(project, object_id)
    if changed:
        with project.history.transaction(f"{verb}, {about(project, changed, 'mask')}") as transaction:
            now = time.time()
            masks = {cell: FrameMask(code, origin=Origin.MANUAL, made_at=now) for cell, code in changed.items()}
            transaction.apply(SetMasks(masks, by_person=True))
    return len(changed)


def as_code(project: Project, pixels: NDArray[np.bool_] | MaskCode) -> MaskCode:
    """The pixels as a code; CommandError when they are not as large as the picture."""
    code = pixels if isinstance(pixels, MaskCode) else MaskCode.from_array(pixels)
    clip = project.document.clip
    if code.size != (clip.height, clip.width):
        raise CommandError(
            f"The mask has {code.width} x {code.height} pixels; the picture has {clip.width} x {clip.height}."
        )
    return code


def _is_free(document: DocumentView, cell: Cell) -> bool:
    """Whether a run may write the cell."""
    thing, held = document.objects.get(cell[0]), document.masks.get(cell)
    if thing is None or thing.is_frozen or cell in document.prompts or document.is_verified(cell):
        return False
    return held is None or held.origin not in (Origin.MANUAL, Origin.IMPORTED)


def _has_pixels(project: Project, cell: Cell, code: MaskCode) -> bool:
    before = project.document.masks.get(cell)
    return before is not None and before.code == code


def _draw(project: Project, cell: Cell, verb: str, code: MaskCode) -> None:
    editable_object(project, cell[0])
    check_frame(project, cell[1])
    set_masks_by_hand(project, verb, {cell: code})
