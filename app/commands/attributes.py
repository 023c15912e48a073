"""Attributes: what can be said of objects, and saying it, for the whole clip or for a stretch of frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.commands.errors import CommandError
from app.commands.objects import checked_name
from app.commands.targets import check_frame, counted, moved, object_of
from app.document.attribute_steps import SetAttribute, SetListOrder, SetTag
from app.document.attributes import FLAGS, Attribute, AttributeKind, AttributeValue, Tag
from app.document.project import Project

MAX_TEXT_LENGTH = 2000


def attribute_of(project: Project, attribute_id: int) -> Attribute:
    """The attribute or flag; CommandError when there is none."""
    found = project.document.attributes.get(attribute_id) or FLAGS.get(attribute_id)
    if found is None:
        raise CommandError(f"There is no attribute {attribute_id}.")
    return found


def new_attribute(project: Project, name: str, kind: AttributeKind, choices: Sequence[str] = ()) -> Attribute:
    """Something that can be said of every object from now on; its name must be new."""
    attribute = Attribute(
        project.document.next_attribute_id, _free_name(project, name, None), kind, _checked_choices(kind, choices)
    )
    with project.history.transaction(f"New attribute, {attribute.name}") as transaction:
        transaction.apply(SetAttribute(attribute.id, attribute))
    return attribute


def rename_attribute(project: Project, attribute_id: int, name: str) -> None:
    """Give an attribute another name; what it says of objects stays."""
    before = _own(project, attribute_id)
    _change(project, before, replace(before, name=_free_name(project, name, attribute_id)), "Rename attribute")


def set_choices(project: Project, attribute_id: int, choices: Sequence[str]) -> None:
    """Other values for a choice. CommandError while an object has one that would be gone."""
    before = _own(project, attribute_id)
    after = replace(before, choices=_checked_choices(before.kind, choices))
    for (object_id, key), tag in project.document.tags.items():
        said = (tag.everywhere, *(stretch.value for stretch in tag.stretches))
        lost = next((value for value in said if value is not None and not after.fits(value)), None)
        if key == attribute_id and lost is not None:
            name = project.document.objects[object_id].name
            raise CommandError(f"{name} is “{lost}” in {before.name}. Change that first, or keep the choice.")
    _change(project, before, after, "Choices of attribute")


def move_attribute(project: Project, attribute_id: int, place: int) -> None:
    """Put an attribute at a place of the list, counted from 0."""
    attribute = _own(project, attribute_id)
    order = moved(project.document.attributes, attribute_id, place)
    if order is not None:
        with project.history.transaction(f"Move attribute {attribute.name}") as transaction:
            transaction.apply(SetListOrder("attributes", order))


def delete_attribute(project: Project, attribute_id: int) -> int:
    """Delete an attribute with all that it says; gives of how many objects it said something."""
    attribute = _own(project, attribute_id)
    keys = [key for key in project.document.tags if key[1] == attribute_id]
    with project.history.transaction(f"Delete attribute {attribute.name}") as transaction:
        for key in keys:
            transaction.apply(SetTag(key, None))
        transaction.apply(SetAttribute(attribute_id, None))
    return len(keys)


def say(
    project: Project,
    object_ids: Iterable[int],
    attribute_id: int,
    value: AttributeValue | None,
    frames: tuple[int, int] | None = None,
) -> int:
    """Say something of objects, on frames first to last (both included) or, without them, on the whole clip.

    What is said of the whole clip takes the place of what was said of stretches. None says nothing: on a stretch that
    is what holds for the whole clip. Gives how many objects it changed. CommandError for a value that the attribute
    does not have.
    """
    attribute = attribute_of(project, attribute_id)
    if value is not None:
        value = _checked_value(attribute, value)
    if frames is not None:
        for frame in frames:
            check_frame(project, frame)
    changed: dict[int, Tag] = {}
    for object_id in dict.fromkeys(object_ids):
        before = project.document.tags_of(object_of(project, object_id).id).get(attribute_id, Tag())
        after = Tag(value) if frames is None else before.said(value, min(frames), max(frames))
        if after != before:
            changed[object_id] = after
    if changed:
        names = [project.document.objects[object_id].name for object_id in changed]
        who = names[0] if len(names) == 1 else counted(len(names), "object")
        with project.history.transaction(f"{attribute.name.capitalize()}, {who}") as transaction:
            for object_id, tag in changed.items():
                transaction.apply(SetTag((object_id, attribute_id), tag))
    return len(changed)


def _own(project: Project, attribute_id: int) -> Attribute:
    found = attribute_of(project, attribute_id)
    if attribute_id in FLAGS:
        raise CommandError(f"{found.name.capitalize()} is a part of every project; it cannot be changed.")
    return found


def _change(project: Project, before: Attribute, after: Attribute, verb: str) -> None:
    if after != before:
        with project.history.transaction(f"{verb} {before.name}") as transaction:
            transaction.apply(SetAttribute(before.id, after))


def _checked_value(attribute: Attribute, value: AttributeValue) -> AttributeValue:
    if attribute.kind is AttributeKind.NUMBER and not isinstance(value, bool | str):
        value = float(value)
    if isinstance(value, str) and len(value) > MAX_TEXT_LENGTH:
        raise CommandError(f"The text has {len(value)} characters; {MAX_TEXT_LENGTH} are the most.")
    if not attribute.fits(value):
        may_be = ", ".join(attribute.choices) if attribute.kind is AttributeKind.CHOICE else f"a {attribute.kind}"
        raise CommandError(f"{attribute.name} cannot be {value!r}. It is {may_be}.")
    return value


def _checked_choices(kind: AttributeKind, choices: Sequence[str]) -> tuple[str, ...]:
    if kind is not AttributeKind.CHOICE:
        return ()
    found = tuple(dict.fromkeys(checked_name(choice, "A choice") for choice in choices))
    if not found:
        raise CommandError("A choice needs something to choose from. Name at least one value.")
    return found


def _free_name(project: Project, name: str, attribute_id: int | None) -> str:
    name = checked_name(name, "An attribute")
    for attribute in (*FLAGS.values(), *project.document.attributes.values()):
        if attribute.name.casefold() == name.casefold() and attribute.id != attribute_id:
            raise CommandError(f"There is an attribute {attribute.name} already.")
    return name
