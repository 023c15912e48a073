"""What must be there for an action to make sense, and the words of actions that name what they would change."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer

from app.commands.prompts import prompt_count as count_of
from app.document.document import Change
from app.ui.action_table import ACTIONS
from app.ui.actions import Actions
from app.ui.canvas.view import CanvasView
from app.ui.canvas.words import counted, object_name, prompt_count
from app.ui.desk import Desk
from app.ui.places import Places
from app.ui.verbs.editing import Editing
from app.ui.verbs.filing import bundled_clip
from app.ui.verbs.propagating import Propagating

_IN_RANGE = ("loop_range", "delete_masks", "propagate_all", "verify_range", "unverify_range", "absent_range")
"""Actions that take the range, and name it."""
_TEXTS = {spec.name: spec.text for spec in ACTIONS}


class Availability(QObject):
    """Keeps the window's actions as things stand: greyed out or not at once, so that no key that follows is lost; what
    they are called a moment later, once for all that happened meanwhile."""

    def __init__(self, desk: Desk, canvas: CanvasView, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._canvas, self._actions = desk, canvas, actions
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._show_words)
        self._prompts: int | None = None
        """How many prompts there are to clear; None: to be counted."""
        desk.document_changed.connect(self._take_change)
        desk.project_changed.connect(self._forget_count)

    def _take_change(self, change: Change) -> None:
        if change.prompts or change.objects:
            self._forget_count()

    def _forget_count(self) -> None:
        self._prompts = None

    def refresh(self, _value: object = None) -> None:
        """Something that actions depend on may have changed."""
        self._actions.refresh()
        for name, is_on in checks_of(self._desk).items():
            self._desk.actions[name].setChecked(is_on)
        if not self._later.isActive():
            self._later.start()

    def _show_words(self) -> None:
        for name, words in words_of(self._desk, self._canvas).items():
            self._desk.actions[name].setText(words)
        if self._prompts is None:
            self._prompts = clearable_prompts(self._desk)
        self._desk.actions["clear_all_prompts"].setText(f"Clear all {counted(self._prompts, 'prompt')}")


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

    def has_object_prompts() -> bool:
        document, selected = desk.document, desk.selected_object
        return document is not None and selected is not None and bool(document.prompts_of(selected))

    return {
        "clip": lambda: desk.source is not None,
        "object": lambda: desk.selected_object is not None,
        "objects": lambda: desk.document is not None and bool(desk.document.objects),
        "two": lambda: len(desk.selected_objects) == 2,
        "mask": has_mask,
        "prompt": has_prompt,
        "object_prompts": has_object_prompts,
        "prompts": lambda: desk.document is not None and bool(desk.document.prompts),
        "copied": lambda: editing.has_copied,
        "candidates": lambda: canvas.candidates.has_answers,
        "range": lambda: desk.range_in is not None or desk.range_out is not None,
        "earlier": lambda: desk.project is not None and bool(desk.project.versions.kept),
        "marker": lambda: desk.document is not None and desk.frame in desk.document.markers,
        "markers": lambda: desk.document is not None and bool(desk.document.markers),
        "doubt": lambda: propagating.repairing.doubt is not None,
        "cuts": lambda: desk.document is not None and bool(desk.document.cuts),
        "undo": lambda: desk.project is not None and desk.project.history.can_undo,
        "redo": lambda: desk.project is not None and desk.project.history.can_redo,
        "last": lambda: places.has_recent,
        "bundled": lambda: has_bundled_clip,
        "restart": lambda: propagating.can_restart,
    }


def checks_of(desk: Desk) -> dict[str, bool]:
    """Actions that say how something in the document stands, and whether they are ticked."""
    document, selected = desk.document, desk.selected_object
    thing = None if document is None or selected is None else document.objects.get(selected)
    return {
        "keep_off": thing is not None and thing.keeps_off,
        "overlaps": document is not None and document.allows_overlaps,
    }


def clearable_prompts(desk: Desk) -> int:
    """How many prompts the objects have that are not frozen."""
    document = desk.document
    if document is None:
        return 0
    return sum(
        count_of(prompt) for (owner, _), prompt in document.prompts.items() if not document.objects[owner].is_frozen
    )


def words_of(desk: Desk, canvas: CanvasView) -> dict[str, str]:
    """What actions are called while they would change just this: "Undo: Box", "Loop the range 12–96"."""
    project, cell, selected = desk.project, canvas.bench.cell, desk.selected_object
    undo = None if project is None else project.history.undo_name
    redo = None if project is None else project.history.redo_name
    words = {"undo": f"Undo: {undo}" if undo else "Undo", "redo": f"Redo: {redo}" if redo else "Redo"}
    document = desk.document
    names = [] if document is None else [category.name for category in document.categories.values()]
    for place in range(1, 10):
        words[f"category_{place}"] = f"Give category {names[place - 1] if place <= len(names) else place}"
    for name in _IN_RANGE:
        words[name] = _TEXTS[name] if document is None else _TEXTS[name].replace("range", f"range {_span(*desk.range)}")
    if document is None or cell is None or selected is None:
        return words | {name: _TEXTS[name] for name in ("clear_prompts", "clear_object_prompts")}
    here = prompt_count(document, *cell)
    own = sum(prompt_count(document, selected, frame) for frame in document.prompts_of(selected))
    words["clear_prompts"] = f"Clear {counted(here, 'prompt')} on this frame"
    words["clear_object_prompts"] = f"Clear {counted(own, 'prompt')} of {object_name(document, selected)}"
    return words


def _span(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,}–{last:,}"
