"""Mending masks by hand, on one cell or many: each command is one step to undo and gives how many cells changed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from enum import StrEnum

from app.commands.errors import CommandError
from app.commands.mask_shapes import between, grown, moved, smoothed, without_holes, without_specks
from app.commands.masks import set_masks_by_hand
from app.commands.targets import check_frame, editable_cells, editable_object, object_of
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.values import Cell, Origin

MAX_DISTANCE = 200


class Mending(StrEnum):
    """What can be done to a mask's shape, each with a size: of holes and specks the area in pixels, else a distance."""

    FILL_HOLES = "Fill holes"
    REMOVE_SPECKS = "Remove specks"
    GROW = "Grow"
    SHRINK = "Shrink"
    SMOOTH = "Smooth"

    @property
    def is_area(self) -> bool:
        """Whether the size is an area."""
        return self in (Mending.FILL_HOLES, Mending.REMOVE_SPECKS)


class Combination(StrEnum):
    """How a mask is combined with another object's on the same frame."""

    UNION = "Unite"
    MINUS = "Take away"
    INTERSECT = "Keep only what both have"


def mended(code: MaskCode, how: Mending, size: int) -> MaskCode:
    """A mask as the mending leaves it; one that would vanish, or is empty, stays as it is."""
    if how is Mending.FILL_HOLES:
        return without_holes(code, size)
    if how is Mending.REMOVE_SPECKS:
        return without_specks(code, size)
    changed = smoothed(code, size) if how is Mending.SMOOTH else grown(code, size if how is Mending.GROW else -size)
    return code if changed.is_empty else changed


def combined(code: MaskCode, other: MaskCode, how: Combination) -> MaskCode:
    """A mask combined with another."""
    if how is Combination.UNION:
        return code.union(other)
    return code.minus(other) if how is Combination.MINUS else code.intersection(other)


def mending_work(
    codes: Mapping[Cell, MaskCode], change: Callable[[Cell, MaskCode], MaskCode]
) -> Generator[int, None, dict[Cell, MaskCode]]:
    """Work that changes many masks: yields how many are done, gives those that differ. It touches no document."""
    found = {}
    for done, (cell, code) in enumerate(codes.items(), 1):
        after = change(cell, code)
        if after != code:
            found[cell] = after
        yield done
    return found


def accept_mended(
    project: Project,
    verb: str,
    codes: Mapping[Cell, MaskCode],
    before: Mapping[Cell, MaskCode],
    *,
    even_verified: bool = False,
) -> tuple[int, int]:
    """Take the result of `mending_work` in as one step; gives how many masks changed, and how many were left as they
    are because somebody changed or, unless `even_verified`, verified them meanwhile."""
    document = project.document
    kept = {
        cell: code
        for cell, code in codes.items()
        if cell in document.masks
        and document.masks[cell].code is before[cell]
        and (even_verified or not document.is_verified(cell))
    }
    return set_masks_by_hand(project, verb, kept), len(codes) - len(kept)


def fill_holes(project: Project, cells: Iterable[Cell], max_area: int | None = None) -> int:
    """Fill holes of at most `max_area` pixels, all without a limit."""
    return _edit(project, cells, "Fill holes", lambda code: without_holes(code, max_area))


def remove_specks(project: Project, cells: Iterable[Cell], max_area: int) -> int:
    """Remove pieces of at most `max_area` pixels; the largest piece of a mask always stays."""
    return _edit(project, cells, "Remove specks", lambda code: without_specks(code, max_area))


def grow_masks(project: Project, cells: Iterable[Cell], distance: int) -> int:
    """Grow by a distance in pixels."""
    _check_distance(distance)
    return _edit(project, cells, "Grow", lambda code: grown(code, distance))


def shrink_masks(project: Project, cells: Iterable[Cell], distance: int) -> int:
    """Shrink by a distance in pixels; a mask that would vanish stays as it is."""
    _check_distance(distance)
    return _edit(project, cells, "Shrink", lambda code: mended(code, Mending.SHRINK, distance))


def smooth_masks(project: Project, cells: Iterable[Cell], radius: int) -> int:
    """Round off what is finer than the radius in pixels; a mask that would vanish stays as it is."""
    _check_distance(radius)
    return _edit(project, cells, "Smooth", lambda code: mended(code, Mending.SMOOTH, radius))


def nudge_masks(project: Project, cells: Iterable[Cell], right: int, down: int) -> int:
    """Move masks by whole pixels; CommandError when one would leave the picture."""

    def nudged(code: MaskCode) -> MaskCode:
        elsewhere = moved(code, right, down)
        if elsewhere.is_empty and not code.is_empty:
            raise CommandError("The mask would leave the picture. Move it less, or mark the object absent.")
        return elsewhere

    return _edit(project, cells, "Nudge", nudged)


def combine_masks(project: Project, object_id: int, other_id: int, frames: Iterable[int], how: str) -> int:
    """Unite the object's masks with another's ("union"), take the other's out ("minus") or keep what both have
    ("intersect"), on these frames."""
    document, other = project.document, object_of(project, other_id)
    if how.upper() not in Combination.__members__:
        raise CommandError(f"Masks are combined by union, minus or intersect, not by {how}.")
    combination = Combination[how.upper()]
    theirs = document.masks_of(other_id)
    cells = [cell for cell in editable_cells(project, ((object_id, frame) for frame in frames)) if cell[1] in theirs]
    codes = {
        cell: combined(document.masks[cell].code, theirs[cell[1]].code, combination)
        for cell in cells
        if cell in document.masks
    }
    return set_masks_by_hand(project, f"{how.capitalize()} with {other.name}", codes)


def interpolate_masks(project: Project, object_id: int, first: int, last: int) -> int:
    """Draw the masks between two frames so that place and shape change steadily.

    Verified cells and cells with prompts between them keep what they have.
    """
    document = project.document
    thing = editable_object(project, object_id)
    for frame in (first, last):
        check_frame(project, frame)
        mask = document.masks.get((object_id, frame))
        if mask is None or mask.is_absent:
            raise CommandError(f"{thing.name} has no mask on frame {frame}. Interpolation needs one at both ends.")
    if last - first < 2:
        raise CommandError("There is no frame between the two ends.")
    start, end = document.masks[(object_id, first)].code, document.masks[(object_id, last)].code
    codes = {
        (object_id, frame): between(start, end, (frame - first) / (last - first))
        for frame in range(first + 1, last)
        if not document.is_verified((object_id, frame)) and (object_id, frame) not in document.prompts
    }
    return set_masks_by_hand(project, "Interpolate", codes)


def interpolate_around(project: Project, object_id: int, frame: int) -> int:
    """Draw the masks around a frame, from the nearest one before it to the nearest after it that a person answers for:
    drawn, imported, prompted or verified. CommandError where the frame's own mask is such a one, or a side has none."""
    thing = editable_object(project, object_id)
    check_frame(project, frame)
    ends = [other for other in project.document.masks_of(object_id) if _is_answered_for(project, (object_id, other))]
    wanted = "made by hand, prompted or verified"
    if frame in ends:
        raise CommandError(f"The mask on frame {frame} is itself {wanted}. Go to a frame between two such masks.")
    before = [other for other in ends if other < frame]
    after = [other for other in ends if other > frame]
    if not before or not after:
        side = "after" if before else "before"
        raise CommandError(
            f"{thing.name} has no mask {side} frame {frame} that is {wanted}. One is needed on each side."
        )
    return interpolate_masks(project, object_id, max(before), min(after))


def _is_answered_for(project: Project, cell: Cell) -> bool:
    """Whether the mask is a person's word: drawn, imported, prompted or verified."""
    document = project.document
    by_hand = document.masks[cell].origin in (Origin.MANUAL, Origin.IMPORTED)
    return by_hand or cell in document.prompts or document.is_verified(cell)


def _edit(project: Project, cells: Iterable[Cell], verb: str, change: Callable[[MaskCode], MaskCode]) -> int:
    masks = project.document.masks
    codes = {cell: masks[cell].code for cell in editable_cells(project, cells) if cell in masks}
    return set_masks_by_hand(project, verb, {cell: change(code) for cell, code in codes.items() if not code.is_empty})


def _check_distance(distance: int) -> None:
    if not 1 <= distance <= MAX_DISTANCE:
        raise CommandError(f"The size lies between 1 and {MAX_DISTANCE} pixels; {distance} does not.")
