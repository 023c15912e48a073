"""Transactions, undo and redo.

A transaction is a named list of steps. Most are made in one go; a propagation's stays open while it runs, and other
transactions are made above it meanwhile. One rule keeps that sound: **of two transactions that set the same value,
the lower one sets it first**. A write of a lower transaction to a value that one above it has set is dropped and
counted, so taking transactions back from the top always finds the values that their inverses were made from.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from psygnal import Signal

from app.document.document import Document
from app.document.marks import SetCuts, SetDismissed, SetExcluded
from app.document.steps import SetClip, SetMasks, SetObject, SetPrompt, SetReviews, Step
from app.document.values import Cell, FrameMask


class HistoryError(RuntimeError):
    """History used in a way that cannot be meant: a bug of the caller."""


class Transaction:
    """A named list of steps that is taken back and repeated as one. Made by `History`, never directly."""

    def __init__(self, history: History, name: str, *, is_long: bool) -> None:
        self.name = name
        self.dropped = 0
        self._history = history
        self._is_long = is_long
        self._is_open = True
        self._began = history.document.clock
        self._own_touches: dict[Cell, int] = {}
        self._steps: list[Step] = []
        self._inverses: list[Step] = []
        self._written: dict[str, set[Hashable]] = {}
        self._created: set[int] = set()
        self._merging: tuple[dict[Cell, FrameMask | None], dict[Cell, FrameMask | None]] | None = None

    @property
    def is_open(self) -> bool:
        """Whether steps may still be added."""
        return self._is_open

    @property
    def is_empty(self) -> bool:
        return not self._steps

    @property
    def cells(self) -> set[Cell]:
        """Every cell that this transaction wrote."""
        cells: set[Cell] = set()
        for step in self._steps:
            if isinstance(step, SetMasks | SetReviews | SetExcluded | SetDismissed):
                cells.update(step.cells)
            elif isinstance(step, SetPrompt):
                cells.add(step.cell)
        return cells

    @property
    def masks_before(self) -> dict[Cell, FrameMask | None]:
        """What every cell whose mask it set held before; None where there was no mask."""
        before: dict[Cell, FrameMask | None] = {}
        for inverse in reversed(self._inverses):
            if isinstance(inverse, SetMasks):
                before.update(inverse.cells)
        return before

    def apply(self, step: Step) -> None:
        """Add a step and apply it.

        In a transaction that began earlier, cells that are no longer its to write (touched or verified by a person
        since, or of an object that is gone) are left out and counted in `dropped`. Raises HistoryError when closed.
        """
        if not self._is_open:
            raise HistoryError(f"“{self.name}” is closed; nothing can be added to it.")
        admitted = self._history._admitted(self, step) if self._is_long else step
        if admitted is None:
            return
        self._record(admitted, self._history.document.apply(admitted))
        if self._is_long:
            self._history._went_on(self, admitted)

    def commit(self) -> None:
        """Close; from now on the transaction is only taken back and repeated. Nothing happens when closed already."""
        if self._is_open:
            self._is_open = False
            self._history._closed(self)

    def rollback(self) -> None:
        """Take all steps back and forget the transaction; what was made since stays."""
        if self._is_open:
            self._is_open = False
            self._history._forget(self)

    def writes(self, kind: str, values: Iterable[Hashable]) -> bool:
        """Whether the transaction set any of these values of that kind of step."""
        written = self._written.get(kind)
        return written is not None and not written.isdisjoint(values)

    def deletes_object(self, ids: set[int]) -> bool:
        """Whether repeating the transaction makes one of these objects go."""
        return any(isinstance(step, SetObject) and step.value is None and step.id in ids for step in self._steps)

    def creates_object(self, object_id: int) -> bool:
        """Whether taking the transaction back makes this object go."""
        return object_id in self._created

    # For History

    def _record(self, step: Step, inverse: Step) -> None:
        document = self._history.document
        for cell in step.touched:
            self._own_touches[cell] = document.clock
        self._written.setdefault(step.kind, set()).update(step.written)
        if isinstance(inverse, SetObject) and inverse.value is None:
            self._created.add(inverse.id)
        if not isinstance(step, SetMasks) or not isinstance(inverse, SetMasks):
            self._merging = None
            self._steps.append(step)
            self._inverses.append(inverse)
        elif self._merging is None or self._last_by_person() is not step.by_person:
            # Masks that follow masks are kept as one step: a run of a thousand frames is taken back in one go.
            self._merging = dict(step.cells), dict(inverse.cells)
            self._steps.append(SetMasks(self._merging[0], step.by_person))
            self._inverses.append(SetMasks(self._merging[1], step.by_person))
        else:
            after, before = self._merging
            after.update(step.cells)
            for cell, mask in inverse.cells.items():
                before.setdefault(cell, mask)

    def _last_by_person(self) -> bool:
        last = self._steps[-1]
        return isinstance(last, SetMasks) and last.by_person

    def _absorb(self, inner: Transaction) -> None:
        self._merging = None
        self._steps += inner._steps
        self._inverses += inner._inverses
        self._own_touches |= inner._own_touches
        self._created |= inner._created
        for kind, written in inner._written.items():
            self._written.setdefault(kind, set()).update(written)

    def _is_touched_by_others(self, cell: Cell) -> bool:
        return self._history.document.touched_since(cell, self._own_touches.get(cell, self._began))

    def _take_back(self) -> None:
        for inverse in reversed(self._inverses):
            self._history.document.apply(inverse)

    def _repeat(self) -> None:
        self._merging = None
        self._inverses = [self._history.document.apply(step) for step in self._steps]


class History:
    """What was done, and can be undone and redone. The commands' way to change a document.

    `changed` is emitted when the names to undo or redo may have changed; `settled` whenever the document is whole
    again after one action, with True unless the action goes on (a run's batch).
    """

    changed: ClassVar[Signal] = Signal()
    settled: ClassVar[Signal] = Signal(bool)

    def __init__(self, document: Document) -> None:
        self.document = document
        self._done: list[Transaction] = []
        self._undone: list[Transaction] = []
        self._current: Transaction | None = None

    @contextmanager
    def transaction(self, name: str) -> Iterator[Transaction]:
        """One action: all its steps or, after an exception, none. Inside another, it becomes a part of that one."""
        outer = self._current
        transaction = Transaction(self, name, is_long=False)
        with self.document.gathered():
            self._current = transaction
            try:
                yield transaction
            except BaseException:
                self._forget(transaction)
                raise
            finally:
                transaction._is_open = False
                self._current = outer
            if outer is not None:
                outer._absorb(transaction)
            elif not transaction.is_empty:
                self._undone.clear()
                self._done.append(transaction)
        if outer is None and not transaction.is_empty:
            self._tell(True)

    def note(self, step: SetCuts) -> None:
        """Apply what nobody did, such as cuts that were found: it is written like any step, and no undo takes it back.

        Only for values that hang on no other and that no person has set.
        """
        self.document.apply(step)
        self.settled.emit(self._current is None)

    def begin(self, name: str) -> Transaction:
        """An action that goes on, as a propagation does; commit it or roll it back."""
        self._refuse_inside()
        transaction = Transaction(self, name, is_long=True)
        self._undone.clear()
        self._done.append(transaction)
        self.changed.emit()
        return transaction

    def join(self, cell: Cell, step: SetMasks) -> bool:
        """Apply the step as a part of the newest transaction that set this cell's prompt, so that one undo takes
        both back. False, with nothing done, when there is none or when something newer set these masks."""
        transaction = next((done for done in reversed(self._done) if done.writes(SetPrompt.kind, (cell,))), None)
        if transaction is None or self._current is not None:
            return False
        if any(self._is_overtaken(transaction, step.kind, written) for written in step.cells):
            return False
        transaction._record(step, self.document.apply(step))
        self._went_on(transaction, step, is_over=True)
        return True

    def undo(self) -> str | None:
        """Take the newest transaction back (an open one is closed first); gives its name, None if there is none."""
        self._refuse_inside()
        if not self._done:
            return None
        transaction = self._done.pop()
        transaction._is_open = False
        with self.document.gathered():
            transaction._take_back()
            if not transaction.is_empty:
                self._undone.append(transaction)
        self._tell(True)
        return transaction.name

    def redo(self) -> str | None:
        """Repeat what was undone last; gives its name, None if there is nothing."""
        self._refuse_inside()
        if not self._undone:
            return None
        transaction = self._undone.pop()
        with self.document.gathered():
            transaction._repeat()
            self._done.append(transaction)
        self._tell(True)
        return transaction.name

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    @property
    def undo_name(self) -> str | None:
        """What `undo` would take back."""
        return self._done[-1].name if self._done else None

    @property
    def redo_name(self) -> str | None:
        """What `redo` would repeat."""
        return self._undone[-1].name if self._undone else None

    @property
    def undo_cells(self) -> set[Cell]:
        """The cells that `undo` would change, so that the view can go there first."""
        return self._done[-1].cells if self._done else set()

    @property
    def redo_cells(self) -> set[Cell]:
        """The cells that `redo` would change."""
        return self._undone[-1].cells if self._undone else set()

    @property
    def names(self) -> tuple[list[str], list[str]]:
        """Names of what was done, oldest first, and of what can be redone, next first."""
        return [done.name for done in self._done], [undone.name for undone in reversed(self._undone)]

    # For Transaction

    def _admitted(self, transaction: Transaction, step: Step) -> Step | None:
        """The part of a long transaction's step that may still be applied, None when nothing is left."""
        if isinstance(step, SetMasks):
            cells = {cell: mask for cell, mask in step.cells.items() if self._may_write(transaction, step, cell)}
            transaction.dropped += len(step.cells) - len(cells)
            if len(cells) == len(step.cells):
                return step
            return SetMasks(cells, step.by_person) if cells else None
        if not isinstance(step, SetPrompt | SetReviews):
            if self._done[-1] is not transaction:
                raise HistoryError(f"“{transaction.name}” is not the newest action; it may only change cells.")
            return step
        concerned: Collection[Cell] = step.cells if isinstance(step, SetReviews) else (step.cell,)
        if any(self._is_overtaken(transaction, step.kind, cell) for cell in concerned):
            transaction.dropped += len(concerned)
            return None
        return step

    def _may_write(self, transaction: Transaction, step: SetMasks, cell: Cell) -> bool:
        document = self.document
        if cell[0] not in document.objects or self._is_overtaken(transaction, step.kind, cell):
            return False
        return step.by_person or not (transaction._is_touched_by_others(cell) or document.is_verified(cell))

    def _is_overtaken(self, transaction: Transaction, kind: str, cell: Cell) -> bool:
        """Whether a newer transaction set the same value, or what the value hangs on."""
        for above in reversed(self._done):
            if above is transaction:
                return False
            if above.writes(kind, (cell,)) or above.creates_object(cell[0]) or above.writes(SetClip.kind, (0,)):
                return True
        return False

    def _went_on(self, transaction: Transaction, step: Step, *, is_over: bool = False) -> None:
        """After a step of a transaction that is not the newest action: what was undone may no longer fit."""
        if self._undone:
            ids = {cell[0] for cell in step.written if isinstance(cell, tuple)}
            if any(undone.deletes_object(ids) or undone.writes(SetClip.kind, (0,)) for undone in self._undone):
                self._undone.clear()
                self.changed.emit()
        self.settled.emit(is_over)

    def _closed(self, transaction: Transaction) -> None:
        if transaction._is_long:
            if transaction.is_empty:
                self._done.remove(transaction)
            self._tell(True)

    def _forget(self, transaction: Transaction) -> None:
        with self.document.gathered():
            if transaction not in self._done:
                transaction._take_back()
            else:
                place = self._done.index(transaction)
                above = self._done[place + 1 :]
                for other in reversed(above):
                    other._take_back()
                transaction._take_back()
                for other in above:
                    other._repeat()
                del self._done[place]
        transaction._steps.clear()
        transaction._inverses.clear()
        if transaction._is_long:
            self._tell(True)

    def _tell(self, is_over: bool) -> None:
        self.settled.emit(is_over)
        self.changed.emit()

    def _refuse_inside(self) -> None:
        if self._current is not None:
            raise HistoryError(f"Not while “{self._current.name}” is being done.")
