"""What the window wants of the engine, and what of it comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.document.values import Cell
from app.inference.engine import Engine, ObjectInputs
from app.inference.plan import Plan


@dataclass(frozen=True)
class WantedModel:
    """A model on a device, and how to make an engine for it."""

    factory: Callable[[], Engine]
    checkpoint: Path
    device: str


@dataclass(frozen=True)
class WantedClick:
    """The mask that a cell's prompts mean, and the number of the question."""

    inputs: ObjectInputs
    frame: int
    number: int

    @property
    def cell(self) -> Cell:
        """The cell that was clicked."""
        return self.inputs.object_id, self.frame


class Wishes:
    """Filled by the window, emptied by the thread that owns the engine; `changed` guards it and tells of news."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.model: WantedModel | None = None
        self.clip: Path | None = None
        self.is_closing = False
        self._is_model_new = False
        self._is_clip_new = False
        self._clicks: dict[Cell, WantedClick] = {}
        self._preview: WantedClick | None = None
        self._prepare: int | None = None
        self._run: tuple[Plan, Sequence[ObjectInputs]] | None = None
        self._is_run_stopped = False
        self._search: tuple[int, int] | None = None
        self._is_search_stopped = False

    def want_model(self, model: WantedModel | None = None) -> None:
        """This model from now on, or the same one made anew; the open run ends, and so does a search."""
        with self.changed:
            self.model = model or self.model
            self._is_model_new = self._is_run_stopped = self._is_search_stopped = self.model is not None
            self._search = None
            self.changed.notify_all()

    def want_clip(self, clip: Path) -> None:
        """Another clip: clicks on the one before are void, and the open run and search end."""
        with self.changed:
            self.clip = clip
            self._is_clip_new = self._is_run_stopped = self._is_search_stopped = True
            self._clicks.clear()
            self._preview = self._prepare = self._search = None
            self.changed.notify_all()

    def want_click(self, click: WantedClick) -> None:
        """An answer; it takes the place of an older wish for the same cell."""
        with self.changed:
            self._clicks[click.cell] = click
            self.changed.notify_all()

    def want_preview(self, click: WantedClick | None) -> None:
        """The answer to a click that nobody made yet; only the latest wish counts, None takes it back."""
        with self.changed:
            self._preview = click
            self.changed.notify_all()

    def want_prepared(self, frame: int) -> None:
        """A frame made ready; only the latest wish counts."""
        with self.changed:
            self._prepare = frame
            self.changed.notify_all()

    def want_search(self, search: tuple[int, int] | None) -> None:
        """A search (its number, the frame) instead of the open one, or with None no search."""
        with self.changed:
            self._search = search
            self._is_search_stopped = True
            self.changed.notify_all()

    def want_run(self, run: tuple[Plan, Sequence[ObjectInputs]] | None) -> bool:
        """This run instead of the open one, or with None no run; whether a run that had not begun is void now."""
        with self.changed:
            is_void = self._run is not None
            self._run = run
            self._is_run_stopped = True
            self.changed.notify_all()
            return is_void

    def want_end(self) -> None:
        """Nothing more, ever."""
        with self.changed:
            self.is_closing = True
            self.changed.notify_all()

    def most_urgent(self, *, has_run: bool, has_search: bool) -> tuple[str, Any] | None:
        """What to do next, taken off the list, and what it is about; None where nothing is wanted.

        Kinds: "stop", "stop search", "load", "open", "click", "preview", "prepare", "search", "begin". Call it with
        `changed` held.
        """
        if has_run and self._is_run_stopped:
            return "stop", None
        if has_search and self._is_search_stopped:
            return "stop search", None
        if self._is_model_new:
            self._is_model_new = self._is_clip_new = False
            return "load", None
        if self.model is None:
            return None
        if self._is_clip_new:
            self._is_clip_new = False
            return "open", None
        if self._clicks:
            return "click", self._clicks.pop(next(iter(self._clicks)))
        if self._preview is not None:
            preview, self._preview = self._preview, None
            return "preview", preview
        if self._prepare is not None:
            frame, self._prepare = self._prepare, None
            return "prepare", frame
        if self._search is not None:
            search, self._search = self._search, None
            self._is_search_stopped = False
            return "search", search
        if self._run is not None:
            run, self._run = self._run, None
            self._is_run_stopped = False
            return "begin", run
        return None
