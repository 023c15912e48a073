"""Which cells are likely wrong, kept current while the person works: looked up in the background, after changes."""

from __future__ import annotations

from collections.abc import Generator, Set
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.jobs.background import run_in_background
from app.ui.desk import Desk

if TYPE_CHECKING:
    from app.document.document import Change, DocumentView
    from app.document.suspicion import Suspicion, SuspicionBook
    from app.document.values import Cell
    from app.jobs.job import Job

REST_MS, RUN_REST_MS = 300, 1000
"""So long after a change it is looked; while a run goes on, which changes something all the time, less often."""


class Suspicions(QObject):
    """The current list, most suspicious first. One for the window."""

    changed = Signal(object)
    """The new list of Suspicion."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.found: list[Suspicion] = []
        self._job: Job | None = None
        self._book: SuspicionBook | None = None
        """What was found so far; belongs to the search that is under way."""
        self._changed: set[int] = set()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._look)
        desk.project_changed.connect(self._forget)
        desk.document_changed.connect(self._rest_then_look)

    def counts(self) -> dict[int, int]:
        """How many cells are to look at, by object."""
        counts: dict[int, int] = {}
        for suspicion in self.found:
            counts[suspicion.cell[0]] = counts.get(suspicion.cell[0], 0) + 1
        return counts

    def at(self, cell: Cell) -> Suspicion | None:
        """What makes a cell suspicious, as far as it was looked for."""
        return next((suspicion for suspicion in self.found if suspicion.cell == cell), None)

    def span_of(self, entry: Suspicion) -> list[Cell]:
        """The cells around an entry, without a gap, that are suspicious for the same reason; ascending."""
        object_id, frame = entry.cell
        same = {other.cell[1] for other in self.found if other.cell[0] == object_id and other.sign == entry.sign}
        first = last = frame
        while first - 1 in same:
            first -= 1
        while last + 1 in same:
            last += 1
        return [(object_id, inside) for inside in range(first, last + 1)]

    def _forget(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._book = None
        self._changed.clear()
        self._set([])
        if self._desk.project is not None:
            self._rest.start(REST_MS)

    def _rest_then_look(self, change: Change) -> None:
        self._changed.update(object_id for object_id, _ in change.cells)
        self._changed.update(change.objects)
        if change.objects and len(self._still_there(self.found)) < len(self.found):
            self._set(self.found)
        if self._job is None and not self._rest.isActive():
            self._rest.start(self._rest_ms)

    @property
    def _rest_ms(self) -> int:
        tracking = self._desk.tracking
        return RUN_REST_MS if tracking is not None and tracking.is_running else REST_MS

    def _look(self) -> None:
        document = self._desk.document
        if document is None:
            return
        snapshot, book, changed = document.snapshot(), self._book, frozenset(self._changed)
        self._changed.clear()
        self._job = run_in_background(lambda: _search(snapshot, book, changed), "Looking for suspicious masks")
        self._job.finished.connect(self._take)
        self._job.failed.connect(self._fail)

    @Slot(object)
    def _take(self, found: tuple[SuspicionBook, list[Suspicion]]) -> None:
        if self.sender() is not self._job:
            return
        self._job, self._book = None, found[0]
        self._set(found[1])
        if self._changed:
            self._rest.start(self._rest_ms)

    @Slot(str)
    def _fail(self, sentence: str) -> None:
        if self.sender() is self._job:
            self._job, self._book = None, None
            self._desk.notice.emit(sentence, "error")

    def _set(self, found: list[Suspicion]) -> None:
        self.found = self._still_there(found)
        self.changed.emit(self.found)

    def _still_there(self, found: list[Suspicion]) -> list[Suspicion]:
        """Those whose object was not taken away since: nobody is sent to one that is gone."""
        document = self._desk.document
        return [] if document is None else [one for one in found if one.cell[0] in document.objects]


def _search(
    document: DocumentView, book: SuspicionBook | None, changed: Set[int]
) -> Generator[None, None, tuple[SuspicionBook, list[Suspicion]]]:
    """The first look is at all objects, later ones at those that have changed."""
    from app.document.suspicion import SuspicionBook

    yield
    if book is None:
        book = SuspicionBook()
    return book, book.look(document, changed)
