"""Every possible change of a document as a small value; applying one gives the step that takes it back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from app.document.attributes import TagKey
from app.document.masks import MaskCode
from app.document.state import DocumentError, State
from app.document.values import Category, Cell, Clip, FrameMask, Prompt, Review, TrackedObject

V = TypeVar("V")
_NO_CELLS: frozenset[Cell] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """What a step touched: the cells, and which of their three sides; the objects, what is said of them; the rest."""

    clip: bool = False
    categories: bool = False
    attributes: bool = False
    overlaps: bool = False
    objects: frozenset[int] = frozenset()
    tags: frozenset[TagKey] = frozenset()
    cells: frozenset[Cell] = frozenset()
    prompts: bool = False
    masks: bool = False
    reviews: bool = False
    excluded: bool = False
    dismissed: bool = False
    cuts: bool = False
    markers: bool = False

    @staticmethod
    def of(changes: Sequence[Change]) -> Change:
        """Several changes as one."""
        if len(changes) == 1:
            return changes[0]
        return Change(
            clip=any(change.clip for change in changes),
            categories=any(change.categories for change in changes),
            attributes=any(change.attributes for change in changes),
            overlaps=any(change.overlaps for change in changes),
            objects=frozenset().union(*(change.objects for change in changes)),
            tags=frozenset().union(*(change.tags for change in changes)),
            cells=frozenset().union(*(change.cells for change in changes)),
            prompts=any(change.prompts for change in changes),
            masks=any(change.masks for change in changes),
            reviews=any(change.reviews for change in changes),
            excluded=any(change.excluded for change in changes),
            dismissed=any(change.dismissed for change in changes),
            cuts=any(change.cuts for change in changes),
            markers=any(change.markers for change in changes),
        )


class Step(ABC):
    """One change. `kind` and `written` say which values it sets; no two kinds share a value."""

    kind: ClassVar[str]

    @abstractmethod
    def apply(self, state: State) -> tuple[Step, Change]:
        """Change the state; gives the inverse and what was touched.

        Raises DocumentError, with nothing changed, when the result would contradict itself.
        """

    @property
    @abstractmethod
    def written(self) -> Collection[Hashable]:
        """Cells or ids whose values of this kind are set."""

    @property
    def touched(self) -> Collection[Cell]:
        """Cells that a person changed by this step."""
        return _NO_CELLS


@dataclass(frozen=True, slots=True)
class SetClip(Step):
    """The clip is another file, or stands elsewhere; its size may change only while no cell depends on it."""

    clip: Clip
    kind: ClassVar[str] = "clip"

    @property
    def written(self) -> Collection[Hashable]:
        return (0,)

    def apply(self, state: State) -> tuple[Step, Change]:
        before, after = state.clip, self.clip
        in_use = bool(state.masks or state.prompts or state.reviews)
        if in_use and (before.height, before.width, before.frame_count) != (
            after.height,
            after.width,
            after.frame_count,
        ):
            raise DocumentError(
                f"{after.name} has {after.frame_count} frames of {after.width} x {after.height} pixels; the work was "
                f"made on {before.frame_count} frames of {before.width} x {before.height}."
            )
        state.clip = after
        return SetClip(before), Change(clip=True)


@dataclass(frozen=True, slots=True)
class SetObject(Step):
    """An object appears (at `position` in the list, else at its end), changes or, with None, goes.

    It can go only when none of its cells holds anything and nothing is said of it.
    """

    id: int
    value: TrackedObject | None
    position: int | None = None
    kind: ClassVar[str] = "object"

    @property
    def written(self) -> Collection[Hashable]:
        return (self.id,)

    def apply(self, state: State) -> tuple[Step, Change]:
        before, value = state.objects.get(self.id), self.value
        change = Change(objects=frozenset((self.id,)))
        if value is not None:
            if value.id != self.id or self.id < 1:
                raise DocumentError(f"Object {value.id} cannot stand in the place of object {self.id}.")
            if value.category_id is not None and value.category_id not in state.categories:
                raise DocumentError(f"There is no category {value.category_id} for {value.name}.")
            put_at(state.objects, self.id, value, self.position)
            state.next_object_id = max(state.next_object_id, self.id + 1)
            return SetObject(self.id, before), change
        if before is None:
            return self, change
        if any(table.of(self.id) for table in (state.masks, state.prompts, state.reviews, state.tags)):
            raise DocumentError(f"{before.name} still has masks, prompts, reviews or attributes; clear them first.")
        position = list(state.objects).index(self.id)
        del state.objects[self.id]
        return SetObject(self.id, before, position), change


@dataclass(frozen=True, slots=True)
class SetCategory(Step):
    """A category appears, changes or, with None, goes; it can go only when no object has it."""

    id: int
    value: Category | None
    position: int | None = None
    kind: ClassVar[str] = "category"

    @property
    def written(self) -> Collection[Hashable]:
        return (self.id,)

    def apply(self, state: State) -> tuple[Step, Change]:
        before, value = state.categories.get(self.id), self.value
        change = Change(categories=True)
        if value is not None:
            if value.id != self.id or self.id < 1:
                raise DocumentError(f"Category {value.id} cannot stand in the place of category {self.id}.")
            put_at(state.categories, self.id, value, self.position)
            state.next_category_id = max(state.next_category_id, self.id + 1)
            return SetCategory(self.id, before), change
        if before is None:
            return self, change
        if any(thing.category_id == self.id for thing in state.objects.values()):
            raise DocumentError(f"{before.name} is still the category of an object; give it another first.")
        position = list(state.categories).index(self.id)
        del state.categories[self.id]
        return SetCategory(self.id, before, position), change


@dataclass(frozen=True, slots=True)
class SetOrder(Step):
    """The objects stand in this order in the list, back to front; every object is named once."""

    ids: tuple[int, ...]
    kind: ClassVar[str] = "order"

    @property
    def written(self) -> Collection[Hashable]:
        return (0,)

    def apply(self, state: State) -> tuple[Step, Change]:
        before = tuple(state.objects)
        if sorted(self.ids) != sorted(before):
            raise DocumentError(f"The order {self.ids} does not name each of the objects {before} once.")
        reorder(state.objects, self.ids)
        return SetOrder(before), Change(objects=frozenset(before))


@dataclass(frozen=True, slots=True)
class SetPrompt(Step):
    """What a person gave for a cell; None or an empty prompt takes it away."""

    cell: Cell
    value: Prompt | None
    kind: ClassVar[str] = "prompt"

    @property
    def written(self) -> Collection[Hashable]:
        return (self.cell,)

    @property
    def touched(self) -> Collection[Cell]:
        return (self.cell,)

    def apply(self, state: State) -> tuple[Step, Change]:
        value = None if self.value is None or self.value.is_empty else self.value
        if value is not None:
            state.check_cell(self.cell)
            if value.mask is not None:
                _check_size(state, value.mask)
        before = state.prompts.put(self.cell, value)
        return SetPrompt(self.cell, before), Change(cells=frozenset((self.cell,)), prompts=True)


@dataclass(frozen=True, slots=True)
class SetMasks(Step):
    """Masks of cells, None taking one away; `by_person` when a person made them, not a model.

    The mapping belongs to the step: nobody changes it afterwards.
    """

    cells: Mapping[Cell, FrameMask | None]
    by_person: bool = False
    kind: ClassVar[str] = "mask"

    @property
    def written(self) -> Collection[Hashable]:
        return self.cells.keys()

    @property
    def touched(self) -> Collection[Cell]:
        return self.cells.keys() if self.by_person else _NO_CELLS

    def apply(self, state: State) -> tuple[Step, Change]:
        for cell, mask in self.cells.items():
            if mask is not None:
                state.check_cell(cell)
                _check_size(state, mask.code)
        put = state.masks.put
        before = {cell: put(cell, mask) for cell, mask in self.cells.items()}
        return replace(self, cells=before), Change(cells=frozenset(before), masks=True)


@dataclass(frozen=True, slots=True)
class SetReviews(Step):
    """What a person said about cells; None and UNSEEN are the same: nothing was said."""

    cells: Mapping[Cell, Review | None]
    kind: ClassVar[str] = "review"

    @property
    def written(self) -> Collection[Hashable]:
        return self.cells.keys()

    @property
    def touched(self) -> Collection[Cell]:
        return self.cells.keys()

    def apply(self, state: State) -> tuple[Step, Change]:
        values = {cell: None if review is Review.UNSEEN else review for cell, review in self.cells.items()}
        for cell, review in values.items():
            if review is not None:
                state.check_cell(cell)
        before = {cell: state.reviews.put(cell, review) for cell, review in values.items()}
        return SetReviews(before), Change(cells=frozenset(before), reviews=True)


def put_at(values: dict[int, V], key: int, value: V, position: int | None) -> None:
    """Set one of the values; a new one goes to its position, the last without one."""
    is_new = key not in values
    values[key] = value
    if is_new and position is not None and position < len(values) - 1:
        order = list(values)[:-1]
        order.insert(position, key)
        reorder(values, order)


def reorder(values: dict[int, V], order: Sequence[int]) -> None:
    """Put the values in this order, in place: views of the dictionary stay alive."""
    items = [(key, values[key]) for key in order]
    values.clear()
    values.update(items)


def _check_size(state: State, code: MaskCode) -> None:
    clip = state.clip
    if code.height != clip.height or code.width != clip.width:
        raise DocumentError(
            f"A mask of {code.width} x {code.height} pixels does not fit {clip.name}, which has "
            f"{clip.width} x {clip.height}."
        )
