"""What every command checks first, and how it names what it works on."""

from __future__ import annotations

import math
from collections.abc import Iterable

from app.commands.errors import CommandError
from app.document.project import Project
from app.document.values import Category, Cell, TrackedObject


def object_of(project: Project, object_id: int) -> TrackedObject:
    """The object; CommandError when there is none."""
    found = project.document.objects.get(object_id)
    if found is None:
        raise CommandError(f"There is no object {object_id}.")
    return found


def editable_object(project: Project, object_id: int) -> TrackedObject:
    """The object, if its masks, prompts and reviews may be changed; CommandError when it is frozen."""
    found = object_of(project, object_id)
    if found.is_frozen:
        raise CommandError(f"{found.name} is frozen. Take the padlock off to change it.")
    return found


def category_of(project: Project, category_id: int) -> Category:
    """The category; CommandError when there is none."""
    found = project.document.categories.get(category_id)
    if found is None:
        raise CommandError(f"There is no category {category_id}.")
    return found


def check_frame(project: Project, frame: int) -> None:
    """CommandError unless the clip has that frame."""
    count = project.document.clip.frame_count
    if not 0 <= frame < count:
        raise CommandError(f"There is no frame {frame}. The clip has frames 0 to {count - 1}.")


def check_inside(project: Project, x: float, y: float) -> None:
    """CommandError unless the point lies in the picture."""
    clip = project.document.clip
    if not (math.isfinite(x) and math.isfinite(y) and 0 <= x <= clip.width and 0 <= y <= clip.height):
        raise CommandError(
            f"({x:g}, {y:g}) lies outside the picture, which is {clip.width} x {clip.height} pixels large."
        )


def editable_cells(project: Project, cells: Iterable[Cell]) -> list[Cell]:
    """The cells, each once and in order, after checking their objects and frames."""
    found = sorted(set(cells))
    for object_id in {cell[0] for cell in found}:
        editable_object(project, object_id)
    for frame in {cell[1] for cell in found}:
        check_frame(project, frame)
    return found


def counted(count: int, noun: str) -> str:
    """“1 mask”, “3 masks”."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def at(thing: TrackedObject, frame: int) -> str:
    """“dog 2, frame 120”"""
    return f"{thing.name}, frame {frame}"


def about(project: Project, cells: Iterable[Cell], noun: str) -> str:
    """What many cells are, shortly: “dog 2, frame 120”, or “12 masks, dog 2”, or “12 masks”."""
    found = list(cells)
    ids = {cell[0] for cell in found}
    if len(ids) != 1:
        return counted(len(found), noun)
    thing = object_of(project, found[0][0])
    return at(thing, found[0][1]) if len(found) == 1 else f"{counted(len(found), noun)}, {thing.name}"


def moved(keys: Iterable[int], key: int, place: int) -> tuple[int, ...] | None:
    """A list's keys with one of them put at a place, counted from 0; None where it lies there already."""
    before = list(keys)
    order = [other for other in before if other != key]
    order.insert(max(0, min(place, len(order))), key)
    return None if order == before else tuple(order)
