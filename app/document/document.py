"""Document: the one mutable thing. Reads are plain attributes; writes are steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import ClassVar

from psygnal import Signal

from app.document.attributes import Attribute, Tag, TagKey
from app.document.mask_numbers import MaskNumbers
from app.document.state import DocumentError, State
from app.document.steps import Change, Step
from app.document.values import Category, Cell, Clip, FrameMask, Prompt, Review, TrackedObject

__all__ = ["Change", "Document", "DocumentError", "DocumentView"]


class DocumentView:
    """Reading: the same for the living document and for a frozen snapshot of it. Mappings are live and read-only."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def clip(self) -> Clip:
        return self._state.clip

    @property
    def categories(self) -> Mapping[int, Category]:
        return MappingProxyType(self._state.categories)

    @property
    def attributes(self) -> Mapping[int, Attribute]:
        """What a person can say of every object, beside `FLAGS`; by id, in list order."""
        return MappingProxyType(self._state.attributes)

    @property
    def tags(self) -> Mapping[TagKey, Tag]:
        """What is said, by (object id, attribute id)."""
        return self._state.tags

    @property
    def allows_overlaps(self) -> bool:
        """Whether masks of one frame may share pixels; if not, the object that lies in front keeps them."""
        return self._state.allows_overlaps

    @property
    def objects(self) -> Mapping[int, TrackedObject]:
        """Objects by id, in list order, back to front."""
        return MappingProxyType(self._state.objects)

    @property
    def prompts(self) -> Mapping[Cell, Prompt]:
        return self._state.prompts

    @property
    def masks(self) -> Mapping[Cell, FrameMask]:
        return self._state.masks

    @property
    def reviews(self) -> Mapping[Cell, Review]:
        """Only what a person said; a cell that is missing is unseen."""
        return self._state.reviews

    @property
    def cuts(self) -> tuple[int, ...]:
        """The first frame of every shot but the first, ascending."""
        return self._state.cuts

    @property
    def markers(self) -> Mapping[int, str]:
        """Notes by frame."""
        return MappingProxyType(self._state.markers)

    @property
    def excluded(self) -> Mapping[Cell, bool]:
        """Cells that a person keeps from conditioning runs; only those."""
        return self._state.excluded

    @property
    def dismissed(self) -> Mapping[Cell, frozenset[str]]:
        """Signs of suspicion that a person has called false alarms, by cell."""
        return self._state.dismissed

    @property
    def next_object_id(self) -> int:
        """The id that the next object gets; ids are given once, undo does not give them back."""
        return self._state.next_object_id

    @property
    def next_category_id(self) -> int:
        return self._state.next_category_id

    @property
    def next_attribute_id(self) -> int:
        return self._state.next_attribute_id

    def masks_of(self, object_id: int) -> Mapping[int, FrameMask]:
        """Masks by frame, in no particular order."""
        return self._state.masks.of(object_id)

    def mask_numbers(self, object_id: int) -> MaskNumbers:
        """Frames, areas, boxes and scores of an object's masks; those that rest in the project file stay there."""
        return self._state.mask_numbers(object_id)

    def prompts_of(self, object_id: int) -> Mapping[int, Prompt]:
        """Prompts by frame, in no particular order."""
        return self._state.prompts.of(object_id)

    def reviews_of(self, object_id: int) -> Mapping[int, Review]:
        """Reviews by frame, in no particular order."""
        return self._state.reviews.of(object_id)

    def dismissed_of(self, object_id: int) -> Mapping[int, frozenset[str]]:
        """Dismissed signs of suspicion by frame, in no particular order."""
        return self._state.dismissed.of(object_id)

    def excluded_of(self, object_id: int) -> Mapping[int, bool]:
        """Frames that condition no run of the object, in no particular order."""
        return self._state.excluded.of(object_id)

    def tags_of(self, object_id: int) -> Mapping[int, Tag]:
        """What is said of the object, by attribute."""
        return self._state.tags.of(object_id)

    def masks_at(self, frame: int) -> dict[int, FrameMask]:
        """Masks by object on one frame, in list order, back to front."""
        found = ((object_id, self._state.masks.find((object_id, frame))) for object_id in self._state.objects)
        return {object_id: mask for object_id, mask in found if mask is not None}

    def prompts_at(self, frame: int) -> dict[int, Prompt]:
        """Prompts by object on one frame, in list order."""
        found = ((object_id, self._state.prompts.find((object_id, frame))) for object_id in self._state.objects)
        return {object_id: prompt for object_id, prompt in found if prompt is not None}

    def frames_with_masks(self, object_id: int) -> list[int]:
        """Frames on which the object has a mask or is said to be absent, ascending."""
        return sorted(self.masks_of(object_id))

    def frames_with_prompts(self, object_id: int) -> list[int]:
        """Frames on which a person prompted the object, ascending."""
        return sorted(self.prompts_of(object_id))

    def is_verified(self, cell: Cell) -> bool:
        """Whether a person said that the cell is right."""
        return self._state.reviews.find(cell) is Review.VERIFIED

    def cells_of(self, object_id: int) -> set[Cell]:
        """All cells of the object that hold a prompt, a mask or a review."""
        frames = self.masks_of(object_id).keys() | self.prompts_of(object_id).keys() | self.reviews_of(object_id).keys()
        return {(object_id, frame) for frame in frames}

    def snapshot(self) -> DocumentView:
        """A frozen copy that another thread may read while the document goes on changing."""
        return DocumentView(self._state.copy())


class Document(DocumentView):
    """One clip's work. It lives on one thread and changes only through `apply`."""

    changed: ClassVar[Signal] = Signal(Change)

    def __init__(self, clip: Clip) -> None:
        super().__init__(State(clip))
        self._clock = 0
        self._revisions: dict[Cell, int] = {}
        self._touched_at: dict[Cell, int] = {}
        self._gathering = 0
        self._gathered: list[Change] = []

    @classmethod
    def restored(cls, state: State) -> Document:
        """A document that goes on from a state read from a project file."""
        document = cls(state.clip)
        document._state = state
        return document

    def apply(self, step: Step) -> Step:
        """Make a change and tell the listeners; gives the step that takes it back.

        Raises DocumentError, with nothing changed, when the document would contradict itself.
        """
        inverse, change = step.apply(self._state)
        touched = step.touched
        if touched:
            self._clock += 1
            for cell in touched:
                self._revisions[cell] = self._revisions.get(cell, 0) + 1
                self._touched_at[cell] = self._clock
        self._gathered.append(change)
        if not self._gathering:
            self._tell()
        return inverse

    def revision(self, cell: Cell) -> int:
        """How often a person changed the cell (its prompt, mask or review); undo and redo count too."""
        return self._revisions.get(cell, 0)

    @property
    def clock(self) -> int:
        """Counts a person's changes of any cell; with `touched_since` it tells what came after a moment."""
        return self._clock

    def touched_since(self, cell: Cell, clock: int) -> bool:
        """Whether a person changed the cell after the clock stood there."""
        return self._touched_at.get(cell, 0) > clock

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Tell the listeners of all changes made inside once, at the end."""
        self._gathering += 1
        try:
            yield
        finally:
            self._gathering -= 1
            if not self._gathering:
                self._tell()

    def _tell(self) -> None:
        changes, self._gathered = self._gathered, []
        if changes:
            self.changed.emit(Change.of(changes))
