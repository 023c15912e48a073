"""What a cell's next click needs to know of the clicks before it, kept beside the project's work.

The document holds prompts and the mask that they led to. Two things are in neither: the mask that stood there before
the first click, which all clicks together mend, and the candidate that was taken after the first click, which the next
one mends. Without them answers would change when a project is opened again. They are no steps: a first click sets them.
"""

from __future__ import annotations

from typing import Any

from app.document.masks import MaskCode, MaskError
from app.document.project import Project
from app.document.values import Cell, Point


class ClickMemory:
    """Reads and writes these notes of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def base(self, cell: Cell) -> MaskCode | None:
        """The mask that the cell's clicks mend."""
        found = self._note(cell).get("base")
        try:
            return None if found is None else MaskCode.from_rle(found)
        except MaskError:
            return None

    def set_base(self, cell: Cell, base: MaskCode | None) -> None:
        """Remember what stood there before the first click; None where nothing did."""
        self._change(cell, "base", None if base is None or base.is_empty else base.to_rle())

    def choice(self, cell: Cell, first: Point) -> int | None:
        """The place (best first) of the candidate that was taken after this first point."""
        found = self._note(cell).get("choice")
        return found[2] if found is not None and (found[0], found[1]) == (first.x, first.y) else None

    def set_choice(self, cell: Cell, first: Point, place: int) -> None:
        """Remember the candidate that was taken."""
        self._change(cell, "choice", [first.x, first.y, place])

    def drop_choice(self, cell: Cell) -> None:
        """Forget it: the choice was taken back."""
        self._change(cell, "choice", None)

    def _note(self, cell: Cell) -> dict[str, Any]:
        found = self._project.recall(_key(cell))
        return found if isinstance(found, dict) else {}

    def _change(self, cell: Cell, name: str, value: Any) -> None:
        note = self._note(cell)
        if note.get(name) != value:
            self._project.remember(_key(cell), note | {name: value})


def _key(cell: Cell) -> str:
    return f"clicks {cell[0]}:{cell[1]}"
