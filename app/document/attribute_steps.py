"""Changes beside the cells: what can be said of objects, what is said, and whether masks may overlap."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import ClassVar, Literal

from app.document.attributes import FLAGS, Attribute, AttributeValue, Tag, TagKey
from app.document.state import DocumentError, State
from app.document.steps import Change, Step, put_at, reorder


@dataclass(frozen=True, slots=True)
class SetAttribute(Step):
    """An attribute appears (at `position` in the list, else at its end), changes or, with None, goes.

    It can go only when it says nothing of any object, and change only so that everything said still fits it.
    """

    id: int
    value: Attribute | None
    position: int | None = None
    kind: ClassVar[str] = "attribute"

    @property
    def written(self) -> Collection[Hashable]:
        return (self.id,)

    def apply(self, state: State) -> tuple[Step, Change]:
        before, value = state.attributes.get(self.id), self.value
        change = Change(attributes=True)
        said = [tag for key, tag in state.tags.items() if key[1] == self.id]
        if value is not None:
            if value.id != self.id or self.id < 1:
                raise DocumentError(f"Attribute {value.id} cannot stand in the place of attribute {self.id}.")
            if not all(value.fits(one) for tag in said for one in _values(tag)):
                raise DocumentError(f"{value.name} says something of an object that it could not say any more.")
            put_at(state.attributes, self.id, value, self.position)
            state.next_attribute_id = max(state.next_attribute_id, self.id + 1)
            return SetAttribute(self.id, before), change
        if before is None:
            return self, change
        if said:
            raise DocumentError(f"{before.name} still says something of an object; clear that first.")
        position = list(state.attributes).index(self.id)
        del state.attributes[self.id]
        return SetAttribute(self.id, before, position), change


@dataclass(frozen=True, slots=True)
class SetTag(Step):
    """What one attribute or flag says of one object; None or an empty tag: nothing."""

    key: TagKey
    value: Tag | None
    kind: ClassVar[str] = "tag"

    @property
    def written(self) -> Collection[Hashable]:
        return (self.key,)

    def apply(self, state: State) -> tuple[Step, Change]:
        value = None if self.value is None or self.value.is_empty else self.value
        if value is not None:
            self._check(state, value)
        before = state.tags.put(self.key, value)
        return SetTag(self.key, before), Change(objects=frozenset((self.key[0],)), tags=frozenset((self.key,)))

    def _check(self, state: State, value: Tag) -> None:
        object_id, attribute_id = self.key
        attribute = state.attributes.get(attribute_id) or FLAGS.get(attribute_id)
        if object_id not in state.objects or attribute is None:
            raise DocumentError(f"There is no object {object_id}, or no attribute {attribute_id} to say of it.")
        if not all(attribute.fits(one) for one in _values(value)):
            raise DocumentError(f"{attribute.name} cannot say {_values(value)}.")
        end = -1
        for stretch in value.stretches:
            if not end < stretch.first <= stretch.last < state.clip.frame_count:
                raise DocumentError(f"{attribute.name} cannot be said of frames {stretch.first} to {stretch.last}.")
            end = stretch.last


@dataclass(frozen=True, slots=True)
class SetListOrder(Step):
    """The categories, or the attributes, stand in this order in their list; each is named once."""

    of: Literal["categories", "attributes"]
    ids: tuple[int, ...]
    kind: ClassVar[str] = "list order"

    @property
    def written(self) -> Collection[Hashable]:
        return (self.of,)

    def apply(self, state: State) -> tuple[Step, Change]:
        is_categories = self.of == "categories"
        before = tuple(state.categories if is_categories else state.attributes)
        if sorted(self.ids) != sorted(before):
            raise DocumentError(f"The order {self.ids} does not name each of the {self.of} {before} once.")
        if is_categories:
            reorder(state.categories, self.ids)
        else:
            reorder(state.attributes, self.ids)
        return SetListOrder(self.of, before), Change(categories=is_categories, attributes=not is_categories)


@dataclass(frozen=True, slots=True)
class SetOverlaps(Step):
    """Whether masks of one frame may share pixels; if not, the object that lies in front keeps them."""

    are_allowed: bool
    kind: ClassVar[str] = "overlaps"

    @property
    def written(self) -> Collection[Hashable]:
        return (0,)

    def apply(self, state: State) -> tuple[Step, Change]:
        before, state.allows_overlaps = state.allows_overlaps, self.are_allowed
        return SetOverlaps(before), Change(overlaps=True)


def _values(tag: Tag) -> list[AttributeValue]:
    everywhere = [] if tag.everywhere is None else [tag.everywhere]
    return [*everywhere, *(stretch.value for stretch in tag.stretches)]
