"""How an object's masks are finished whenever they are shown or exported, without changing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from app.commands.errors import CommandError
from app.commands.mask_editing import MAX_DISTANCE, Mending, mended
from app.commands.mask_shapes import to_the_edge
from app.commands.targets import counted, object_of
from app.document.document import DocumentView
from app.document.masks import MaskCode
from app.document.overlaps import resolved_masks
from app.document.project import Project
from app.document.steps import SetObject
from app.document.values import Finish

MAX_AREA = 10_000_000


def finished(code: MaskCode, finish: Finish) -> MaskCode:
    """The mask as it is shown and exported; one that would vanish stays."""
    return code if finish.does_nothing or code.is_empty else _finished(code, finish)


def final_masks(document: DocumentView, frame: int) -> dict[int, MaskCode]:
    """What every object has on a frame for everybody outside: finished, and where masks do not overlap, resolved.

    Back to front, absent objects left out; a mask that lies wholly behind others is empty.
    """
    return resolved_masks(document, frame, finished)


def set_finish(project: Project, object_ids: Iterable[int], finish: Finish) -> None:
    """Finish the objects' masks like this from now on, on every frame."""
    for area in (finish.fill_holes, finish.remove_specks):
        if not 0 <= area <= MAX_AREA:
            raise CommandError(f"An area lies between 0 and {MAX_AREA:,} pixels; {area:,} does not.")
    for distance in (finish.close_edge, finish.smooth, abs(finish.grow)):
        if not 0 <= distance <= MAX_DISTANCE:
            raise CommandError(f"The size lies between 0 and {MAX_DISTANCE} pixels; {distance} does not.")
    things = [object_of(project, object_id) for object_id in dict.fromkeys(object_ids)]
    changed = [thing for thing in things if thing.finish != finish]
    if changed:
        who = changed[0].name if len(changed) == 1 else counted(len(changed), "object")
        with project.history.transaction(f"Finish, {who}") as transaction:
            for thing in changed:
                transaction.apply(SetObject(thing.id, replace(thing, finish=finish)))


@lru_cache(maxsize=512)
def _finished(code: MaskCode, finish: Finish) -> MaskCode:
    for way, size in (
        (Mending.FILL_HOLES, finish.fill_holes),
        (Mending.REMOVE_SPECKS, finish.remove_specks),
        (None, finish.close_edge),
        (Mending.SMOOTH, finish.smooth),
        (Mending.GROW, finish.grow),
        (Mending.SHRINK, -finish.grow),
    ):
        if size > 0:
            code = to_the_edge(code, size) if way is None else mended(code, way, size)
    return code
