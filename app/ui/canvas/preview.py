"""What the model would answer while a point is dragged or a click is considered. The document knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.document.masks import MaskCode
from app.document.values import Cell, Prompt
from app.ui.desk import Desk


class Preview(QObject):
    """At most one question is open; the newest one counts."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._asked: Cell | None = None
        self._left: Cell | None = None
        self._is_considered = False
        self._answered: Callable[[MaskCode], None] | None = None
        self.moved: MaskCode | None = None
        """Stands in for the selected object's mask: one of its points is on its way."""
        self.considered: MaskCode | None = None
        """What a click under the pointer would give."""
        desk.project_changed.connect(self._take_project)

    def ask_once(self, cell: Cell, prompt: Prompt, answered: Callable[[MaskCode], None]) -> None:
        """Ask what these prompts would give, and hand the answer over in place of showing it; a newer question, or
        `stop`, makes nobody wait for it any more."""
        self._ask(cell, prompt, is_considered=False)
        self._answered = answered if self._asked == cell else None

    @property
    def is_asking_once(self) -> bool:
        """Whether somebody waits for an answer to `ask_once`."""
        return self._answered is not None

    def follow(self, cell: Cell, prompt: Prompt) -> None:
        """One of the cell's prompts is being moved; these are all of them as they would be now."""
        self._ask(cell, prompt, is_considered=False)

    def consider(self, cell: Cell, prompt: Prompt) -> None:
        """A click would make these the prompts of the cell."""
        self._ask(cell, prompt, is_considered=True)

    def leave(self) -> None:
        """The prompts are in the document now: what is shown stays until their own answer is there."""
        self._left, self._asked = self._asked, None
        if self._desk.tracking is not None:
            self._desk.tracking.stop_preview()

    def stop(self) -> None:
        """Nothing is moved or considered any more."""
        if self._asked is not None and self._desk.tracking is not None:
            self._desk.tracking.stop_preview()
        was_shown = self.moved is not None or self.considered is not None
        self._asked = self._left = self.moved = self.considered = self._answered = None
        if was_shown:
            self.changed.emit()

    def _ask(self, cell: Cell, prompt: Prompt, *, is_considered: bool) -> None:
        document, tracking = self._desk.document, self._desk.tracking
        if document is None or tracking is None:
            return
        thing = document.objects.get(cell[0])
        if thing is not None and thing.is_frozen:
            return
        self._asked, self._left, self._is_considered, self._answered = cell, None, is_considered, None
        tracking.request_preview_of(cell, prompt)

    def _take_project(self) -> None:
        self._asked = self._left = self.moved = self.considered = self._answered = None
        if self._desk.tracking is not None:
            self._desk.tracking.preview_ready.connect(self._show)
            self._desk.tracking.prompt_pending.connect(self._note_pending)

    def _show(self, cell: Cell, mask: MaskCode) -> None:
        if cell != self._asked:
            return
        if self._answered is not None:
            answered, self._answered, self._asked = self._answered, None, None
            answered(mask)
            return
        self.moved, self.considered = (None, mask) if self._is_considered else (mask, None)
        self.changed.emit()

    def _note_pending(self, cell: Cell, is_pending: bool) -> None:
        if cell == self._left and not is_pending:
            self.stop()
