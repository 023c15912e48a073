"""What must be there for an action to make sense: how to find each of the states that the action table names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.ui.canvas.view import CanvasView
from app.ui.canvas.words import prompt_count
from app.ui.desk import Desk
from app.ui.places import Places
from app.ui.verbs.editing import Editing
from app.ui.verbs.filing import bundled_clip
from app.ui.verbs.propagating import Propagating


def states_of(
    desk: Desk, canvas: CanvasView, places: Places, editing: Editing, propagating: Propagating
) -> Mapping[str, Callable[[], bool]]:
    """Every state by its name in `actions.REASONS`, as a question to ask at any time."""
    bench = canvas.bench
    has_bundled_clip = bundled_clip() is not None

    def has_mask() -> bool:
        document, cell = desk.document, bench.cell
        return document is not None and cell is not None and cell in document.masks

    def has_prompt() -> bool:
        document, cell = desk.document, bench.cell
        return document is not None and cell is not None and prompt_count(document, *cell) > 0

    return {
        "clip": lambda: desk.source is not None,
        "object": lambda: desk.selected_object is not None,
        "objects": lambda: desk.document is not None and bool(desk.document.objects),
        "two": lambda: len(desk.selected_objects) == 2,
        "mask": has_mask,
        "prompt": has_prompt,
        "copied": lambda: editing.has_copied,
        "candidates": lambda: canvas.candidates.has_answers,
        "range": lambda: desk.range_in is not None or desk.range_out is not None,
        "undo": lambda: desk.project is not None and desk.project.history.can_undo,
        "redo": lambda: desk.project is not None and desk.project.history.can_redo,
        "last": lambda: places.has_recent,
        "bundled": lambda: has_bundled_clip,
        "restart": lambda: propagating.can_restart,
    }
