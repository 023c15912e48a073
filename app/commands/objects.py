"""Objects and categories: making, naming, ordering, showing, freezing and deleting them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from app.commands.coloring import next_colors
from app.commands.errors import CommandError
from app.commands.targets import category_of, counted, editable_object, object_of
from app.document.attribute_steps import SetOverlaps, SetTag
from app.document.history import Transaction
from app.document.project import Project
from app.document.steps import SetCategory, SetMasks, SetObject, SetOrder, SetPrompt, SetReviews
from app.document.values import Category, Cell, TrackedObject

MAX_NAME_LENGTH = 200


def new_object(
    project: Project,
    name: str | None = None,
    category_id: int | None = None,
    *,
    object_id: int | None = None,
    frame: int | None = None,
) -> TrackedObject:
    """A new object in front of all others, in the first colour that no object has, or none near `frame`.

    Without a name it is called after its category and its number in it ("dog 2"), or "object 7" after its id. An id of
    one's own is for imports; it must be higher than any that was ever given.
    """
    document = project.document
    category = None if category_id is None else category_of(project, category_id)
    if object_id is None:
        object_id = document.next_object_id
    elif object_id < document.next_object_id:
        raise CommandError(f"The id {object_id} was given before; the next free one is {document.next_object_id}.")
    if name is None:
        name = f"object {object_id}" if category is None else _numbered(project, category)
    thing = TrackedObject(
        id=object_id,
        name=checked_name(name, "An object"),
        category_id=category_id,
        color=next_colors(project.document, 1, frame)[0],
        z_order=max((other.z_order for other in document.objects.values()), default=-1) + 1,
    )
    with project.history.transaction(f"New object, {thing.name}") as transaction:
        transaction.apply(SetObject(thing.id, thing))
    return thing


def rename_object(project: Project, object_id: int, name: str) -> None:
    """Give the object another name. Two objects may have the same one; their ids differ."""
    name = checked_name(name, "An object")
    _change_object(project, object_id, f"Rename to {name}", lambda thing: replace(thing, name=name))


def set_object_category(project: Project, object_id: int, category_id: int | None) -> None:
    """Say what kind of thing the object is; None takes its category away."""
    what = "none" if category_id is None else category_of(project, category_id).name
    _change_object(project, object_id, f"Category {what}", lambda thing: replace(thing, category_id=category_id))


def set_object_color(project: Project, object_id: int, color: int | str) -> None:
    """Give the object another colour: a place in the palette, 0-based, or "#rrggbb"; "" is the first one."""
    if isinstance(color, str):
        color = checked_color(color) or 0
    elif color < 0:
        raise CommandError("A colour is a place in the palette, counted from 0.")
    _change_object(project, object_id, "Colour", lambda thing: replace(thing, color=color))


def set_object_visible(project: Project, object_id: int, is_visible: bool) -> None:
    """Show or hide the object's masks in the window; nothing else depends on it."""
    verb = "Show" if is_visible else "Hide"
    _change_object(project, object_id, verb, lambda thing: replace(thing, is_visible=is_visible))


def set_object_frozen(project: Project, object_id: int, is_frozen: bool) -> None:
    """Put the padlock on (nobody changes the object's cells, no person and no run) or take it off."""
    verb = "Freeze" if is_frozen else "Unfreeze"
    _change_object(project, object_id, verb, lambda thing: replace(thing, is_frozen=is_frozen))


def set_keeps_off(project: Project, object_id: int, keeps_off: bool) -> None:
    """Whether the model is told, with every click from now on, that the object's neighbours are no part of it."""
    verb = "Keep off neighbours" if keeps_off else "Do not keep off neighbours"
    _change_object(project, object_id, verb, lambda thing: replace(thing, keeps_off=keeps_off))


def show_only(project: Project, object_ids: Iterable[int]) -> None:
    """Show these objects and hide all others."""
    shown = {object_of(project, object_id).id for object_id in object_ids}
    with project.history.transaction(f"Show only {counted(len(shown), 'object')}"):
        for object_id in list(project.document.objects):
            set_object_visible(project, object_id, object_id in shown)


def show_all(project: Project) -> None:
    """Show every object."""
    with project.history.transaction("Show all objects"):
        for object_id in list(project.document.objects):
            set_object_visible(project, object_id, True)


def reorder_objects(project: Project, object_ids: Sequence[int]) -> None:
    """Put the objects in this order, back to front: where masks overlap, the later object lies in front."""
    document = project.document
    if sorted(object_ids) != sorted(document.objects):
        raise CommandError("The new order does not name every object once.")
    if list(object_ids) == list(document.objects):
        return
    with project.history.transaction("Order of objects") as transaction:
        transaction.apply(SetOrder(tuple(object_ids)))
        for place, object_id in enumerate(object_ids):
            thing = document.objects[object_id]
            if thing.z_order != place:
                transaction.apply(SetObject(object_id, replace(thing, z_order=place)))


def allow_overlaps(project: Project, are_allowed: bool) -> None:
    """Whether masks of one frame may share pixels. If not, the object that lies in front keeps them, in the window and
    in every export; the masks themselves stay whole, so that another order needs no computing."""
    if project.document.allows_overlaps != are_allowed:
        with project.history.transaction("Allow overlaps" if are_allowed else "No overlaps") as transaction:
            transaction.apply(SetOverlaps(are_allowed))


def delete_objects(project: Project, object_ids: Iterable[int]) -> None:
    """Delete objects with everything on their lanes. One undo brings it all back; the ids are not given again."""
    things = [editable_object(project, object_id) for object_id in dict.fromkeys(object_ids)]
    if not things:
        return
    name = things[0].name if len(things) == 1 else counted(len(things), "object")
    with project.history.transaction(f"Delete {name}") as transaction:
        for thing in things:
            clear_cells(project, transaction, project.document.cells_of(thing.id))
            remove_object(project, transaction, thing.id)


def clear_cells(project: Project, transaction: Transaction, cells: Iterable[Cell]) -> None:
    """Take masks, prompts and reviews of the cells away, as a part of a transaction."""
    document, found = project.document, list(cells)
    reviews = [cell for cell in found if cell in document.reviews]
    if reviews:
        transaction.apply(SetReviews(dict.fromkeys(reviews)))
    for cell in found:
        if cell in document.prompts:
            transaction.apply(SetPrompt(cell, None))
    masks = [cell for cell in found if cell in document.masks]
    if masks:
        transaction.apply(SetMasks(dict.fromkeys(masks), by_person=True))


def remove_object(project: Project, transaction: Transaction, object_id: int) -> None:
    """Take an object whose cells are clear away, with what is said of it, as a part of a transaction."""
    for attribute_id in list(project.document.tags_of(object_id)):
        transaction.apply(SetTag((object_id, attribute_id), None))
    transaction.apply(SetObject(object_id, None))


def duplicate_object(project: Project, object_id: int) -> TrackedObject:
    """A new object with copies of all masks, prompts, reviews and attributes."""
    document, thing = project.document, object_of(project, object_id)
    with project.history.transaction(f"Duplicate {thing.name}") as transaction:
        copy = new_object(project, f"{thing.name} copy", thing.category_id)
        for frame, prompt in document.prompts_of(object_id).items():
            transaction.apply(SetPrompt((copy.id, frame), prompt))
        masks = {(copy.id, frame): mask for frame, mask in document.masks_of(object_id).items()}
        if masks:
            transaction.apply(SetMasks(masks, by_person=True))
        reviews = {(copy.id, frame): review for frame, review in document.reviews_of(object_id).items()}
        if reviews:
            transaction.apply(SetReviews(reviews))
        for attribute_id, tag in document.tags_of(object_id).items():
            transaction.apply(SetTag((copy.id, attribute_id), tag))
    return copy


# Categories


def new_category(project: Project, name: str, supercategory: str = "", color: str = "") -> Category:
    """A new category; its name must be new. `color` is "#rrggbb" or empty."""
    category = Category(
        id=project.document.next_category_id,
        name=_free_category_name(project, name, None),
        supercategory=supercategory.strip(),
        color=checked_color(color),
    )
    with project.history.transaction(f"New category, {category.name}") as transaction:
        transaction.apply(SetCategory(category.id, category))
    return category


def rename_category(project: Project, category_id: int, name: str) -> None:
    """Give a category another name, one that no other category has."""
    name = _free_category_name(project, name, category_id)
    _change_category(project, category_id, f"Rename to {name}", lambda category: replace(category, name=name))


def set_category_color(project: Project, category_id: int, color: str) -> None:
    """Give a category a colour, "#rrggbb", or with "" the palette's choice."""
    color = checked_color(color)
    _change_category(project, category_id, "Colour", lambda category: replace(category, color=color))


def set_supercategory(project: Project, category_id: int, supercategory: str) -> None:
    """Say what the category belongs to; empty for nothing."""
    name = supercategory.strip()
    _change_category(project, category_id, "Parent", lambda category: replace(category, supercategory=name))


def delete_category(project: Project, category_id: int) -> None:
    """Delete a category; its objects stay and have none."""
    category = category_of(project, category_id)
    with project.history.transaction(f"Delete category {category.name}") as transaction:
        for thing in list(project.document.objects.values()):
            if thing.category_id == category_id:
                transaction.apply(SetObject(thing.id, replace(thing, category_id=None)))
        transaction.apply(SetCategory(category_id, None))


def checked_name(name: str, whose: str) -> str:
    """The name without blanks around it; CommandError when it is empty, too long or more than a line."""
    name = name.strip()
    if not name:
        raise CommandError(f"{whose} needs a name.")
    if len(name) > MAX_NAME_LENGTH:
        raise CommandError(f"The name has {len(name)} characters; {MAX_NAME_LENGTH} are the most.")
    if not name.isprintable():
        raise CommandError("A name is one line of text; line breaks and control characters do not fit in it.")
    return name


def _change_object(
    project: Project, object_id: int, verb: str, change: Callable[[TrackedObject], TrackedObject]
) -> None:
    thing = object_of(project, object_id)
    changed = change(thing)
    if changed != thing:
        with project.history.transaction(f"{verb}, {thing.name}") as transaction:
            transaction.apply(SetObject(object_id, changed))


def _change_category(project: Project, category_id: int, verb: str, change: Callable[[Category], Category]) -> None:
    category = category_of(project, category_id)
    changed = change(category)
    if changed != category:
        with project.history.transaction(f"{verb}, {category.name}") as transaction:
            transaction.apply(SetCategory(category_id, changed))


def _numbered(project: Project, category: Category) -> str:
    taken = {thing.name for thing in project.document.objects.values()}
    number = 1
    while f"{category.name} {number}" in taken:
        number += 1
    return f"{category.name} {number}"


def _free_category_name(project: Project, name: str, category_id: int | None) -> str:
    name = checked_name(name, "A category")
    for category in project.document.categories.values():
        if category.name == name and category.id != category_id:
            raise CommandError(f"There is a category {name} already.")
    return name


def checked_color(color: str) -> str:
    """The colour, small letters; CommandError unless it is "#rrggbb" or empty."""
    if color and not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        raise CommandError(f"{color} is not a colour; write it as #rrggbb.")
    return color.lower()
