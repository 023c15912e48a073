"""What a document holds, before anybody guards it: only steps write here, everybody else reads through a view."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from app.document.attributes import Attribute, Tag
from app.document.mask_numbers import MaskNumbers
from app.document.resting import RestingMasks
from app.document.values import Category, Cell, Clip, FrameMask, Prompt, Review, TrackedObject

V = TypeVar("V")

_NOTHING: Mapping[int, object] = MappingProxyType({})


class DocumentError(ValueError):
    """A step that would leave the document contradicting itself; a bug of the caller, nothing was changed."""


class CellTable(Mapping[Cell, V]):
    """Values by cell, kept by object, so that one object's frames are found without a look at any other.

    Tags are kept in the same way, with the attribute's id in the place of the frame.
    """

    def __init__(self) -> None:
        self._by_object: dict[int, Mapping[int, V]] = {}
        self._count = 0

    def __getitem__(self, cell: Cell) -> V:
        try:
            return self._by_object[cell[0]][cell[1]]
        except KeyError:
            raise KeyError(cell) from None

    def __contains__(self, cell: object) -> bool:
        return isinstance(cell, tuple) and len(cell) == 2 and cell[1] in self._by_object.get(cell[0], _NOTHING)

    def __iter__(self) -> Iterator[Cell]:
        for object_id, frames in self._by_object.items():
            for frame in frames:
                yield object_id, frame

    def __len__(self) -> int:
        return self._count

    def find(self, cell: Cell) -> V | None:
        """The value, or None; quicker than `get` over many cells."""
        frames = self._by_object.get(cell[0])
        return None if frames is None else frames.get(cell[1])

    def of(self, object_id: int) -> Mapping[int, V]:
        """Values by frame of one object, a live read-only view in no particular order."""
        frames = self._by_object.get(object_id)
        if frames is None or isinstance(frames, dict):
            return MappingProxyType(frames or {})
        return _Lane(self._by_object, object_id)

    def kept(self, object_id: int) -> Mapping[int, V]:
        """The same as they are kept at this moment."""
        return self._by_object.get(object_id, {})

    def put(self, cell: Cell, value: V | None) -> V | None:
        """Set the value, or take it away with None; gives what was there."""
        object_id, frame = cell
        frames = self._by_object.get(object_id)
        if frames is not None and not isinstance(frames, dict):
            frames = self._by_object[object_id] = dict(frames.items())
        before = None if frames is None else frames.get(frame)
        if value is not None:
            if frames is None:
                frames = self._by_object[object_id] = {}
            frames[frame] = value
            self._count += before is None
        elif before is not None and frames is not None:
            del frames[frame]
            self._count -= 1
            if not frames:
                del self._by_object[object_id]
        return before

    def rest(self, object_id: int, frames: Mapping[int, V]) -> None:
        """Give an object, which has none, values that are made when looked at. They stay as they are; `put` copies."""
        self._by_object[object_id] = frames
        self._count += len(frames)

    def copy(self) -> CellTable[V]:
        """A table of its own with the same values."""
        table = CellTable[V]()
        table._by_object = {
            object_id: frames.copy() if isinstance(frames, dict) else frames
            for object_id, frames in self._by_object.items()
        }
        table._count = self._count
        return table


class _Lane(Mapping[int, V]):
    """An object's values while they rest in a table, and what becomes of them there."""

    def __init__(self, by_object: Mapping[int, Mapping[int, V]], object_id: int) -> None:
        self._by_object = by_object
        self._object_id = object_id

    @property
    def _frames(self) -> Mapping[int, V]:
        return self._by_object.get(self._object_id, {})

    def __getitem__(self, frame: int) -> V:
        return self._frames[frame]

    def __contains__(self, frame: object) -> bool:
        return frame in self._frames

    def __iter__(self) -> Iterator[int]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def keys(self) -> KeysView[int]:
        return self._frames.keys()

    def items(self) -> ItemsView[int, V]:
        return self._frames.items()

    def values(self) -> ValuesView[V]:
        return self._frames.values()


@dataclass
class State:
    """Everything a person made or accepted. `objects` is in list order, back to front."""

    clip: Clip
    categories: dict[int, Category] = field(default_factory=dict)
    objects: dict[int, TrackedObject] = field(default_factory=dict)
    prompts: CellTable[Prompt] = field(default_factory=CellTable)
    masks: CellTable[FrameMask] = field(default_factory=CellTable)
    reviews: CellTable[Review] = field(default_factory=CellTable)
    excluded: CellTable[bool] = field(default_factory=CellTable)
    dismissed: CellTable[frozenset[str]] = field(default_factory=CellTable)
    cuts: tuple[int, ...] = ()
    markers: dict[int, str] = field(default_factory=dict)
    next_object_id: int = 1
    next_category_id: int = 1
    attributes: dict[int, Attribute] = field(default_factory=dict)
    tags: CellTable[Tag] = field(default_factory=CellTable)
    """By (object id, attribute id)."""
    next_attribute_id: int = 1
    allows_overlaps: bool = True

    def copy(self) -> State:
        """A state of its own; the values are shared, they never change."""
        return State(
            self.clip,
            dict(self.categories),
            dict(self.objects),
            self.prompts.copy(),
            self.masks.copy(),
            self.reviews.copy(),
            self.excluded.copy(),
            self.dismissed.copy(),
            self.cuts,
            dict(self.markers),
            self.next_object_id,
            self.next_category_id,
            dict(self.attributes),
            self.tags.copy(),
            self.next_attribute_id,
            self.allows_overlaps,
        )

    def mask_numbers(self, object_id: int) -> MaskNumbers:
        """An object's masks in numbers, without making those that rest."""
        kept = self.masks.kept(object_id)
        return kept.numbers() if isinstance(kept, RestingMasks) else MaskNumbers.of(kept)

    def check_cell(self, cell: Cell) -> None:
        """Raise DocumentError unless the cell's object exists and its frame lies in the clip."""
        object_id, frame = cell
        if object_id not in self.objects:
            raise DocumentError(f"There is no object {object_id}.")
        if not 0 <= frame < self.clip.frame_count:
            raise DocumentError(f"There is no frame {frame}; the clip has frames 0 to {self.clip.frame_count - 1}.")
