"""What a cell's next click needs to know of the clicks before it, kept beside the project's work.

The document holds prompts and the mask that they led to. Two things are in neither: the mask that stood there before
the first click, which all clicks together mend, and the candidate that was taken after the first click, which the next
one mends. Without them answers would change when a project is opened again. They are no steps: a first click sets them.

They are kept by cell, with the names of the masks that were its last answers. Prompts and masks may go to another
object (swapped, split, joined, duplicated): the notes are then found by the mask, and so when such a step is undone.
"""

from __future__ import annotations

import hashlib
from typing import Any

from app.document.masks import MaskCode, MaskError
from app.document.project import Project
from app.document.values import Cell, Origin, Point

ANSWERS_KEPT = 8
"""Answers whose names a note remembers: clicks may be undone before their object changes."""


class ClickMemory:
    """Reads and writes these notes of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def base(self, cell: Cell) -> MaskCode | None:
        """The mask that the cell's clicks mend."""
        found = self._note_of(cell).get("base")
        try:
            return None if found is None else MaskCode.from_rle(found)
        except MaskError:
            return None

    def choice(self, cell: Cell, first: Point) -> int | None:
        """The place (best first) of the candidate that was taken after this first point."""
        found = self._note_of(cell).get("choice")
        return found[2] if found is not None and (found[0], found[1]) == (first.x, first.y) else None

    def begin(self, cell: Cell) -> None:
        """A click is asked about: remember what stood there before the first one."""
        standing = self._project.document.masks.get(cell)
        if standing is not None and standing.origin is Origin.PROMPTED:
            self._change(cell, **self._note_of(cell))
            return
        base = None if standing is None or standing.is_absent else standing.code.to_rle()
        if base != self._note(cell).get("base"):
            self._change(cell, base=base, answers=[])

    def add_answer(self, cell: Cell) -> None:
        """The mask that the cell has now answers its clicks."""
        mask = self._project.document.masks.get(cell)
        known = self._note(cell).get("answers", [])
        if mask is not None and _name_of(mask.code) not in known:
            self._change(cell, answers=[*known, _name_of(mask.code)][-ANSWERS_KEPT:])

    def set_choice(self, cell: Cell, first: Point, place: int) -> None:
        """Remember the candidate that was taken; its mask is the cell's."""
        self._change(cell, choice=[first.x, first.y, place])
        self.add_answer(cell)

    def drop_choice(self, cell: Cell) -> None:
        """Forget it: the choice was taken back."""
        self._change(cell, choice=None)

    def _note_of(self, cell: Cell) -> dict[str, Any]:
        """The note that belongs to the cell's mask; its own where none does."""
        document, own = self._project.document, self._note(cell)
        mask = document.masks.get(cell)
        if mask is None or mask.origin is not Origin.PROMPTED:
            return own
        name = _name_of(mask.code)
        if name in own.get("answers", ()):
            return own
        others = (self._note((object_id, cell[1])) for object_id in range(1, document.next_object_id))
        return next((note for note in others if name in note.get("answers", ())), own)

    def _note(self, cell: Cell) -> dict[str, Any]:
        found = self._project.recall(_key(cell))
        return found if isinstance(found, dict) else {}

    def _change(self, cell: Cell, **values: Any) -> None:
        before = self._note(cell)
        if any(before.get(name) != value for name, value in values.items()):
            self._project.remember(_key(cell), before | values)


def _key(cell: Cell) -> str:
    return f"clicks {cell[0]}:{cell[1]}"


def _name_of(code: MaskCode) -> str:
    return hashlib.sha1(code.counts, usedforsecurity=False).hexdigest()
