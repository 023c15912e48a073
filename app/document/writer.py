"""The thread that writes steps into the project file: at once for a person, in groups for a run."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app.document.errors import ProjectError
from app.document.rows import Batch, write_batch
from app.document.schema import connect, prepare_writing, transaction
from app.document.shelf import Shelf

GROUP_SECONDS = 0.25
GROUP_CELLS = 20
RETRY_SECONDS = 2.0
CHECKPOINT_SECONDS = 60.0


class Writer:
    """One connection and one queue, which holds only the newest value of each thing: it is bounded by the document.

    What cannot be written stays in the queue and is tried again; `on_problem` is told the sentence, and "" when all is
    written again (on the writer's thread). Without a file to write to (`read_only`) the queue only grows.
    """

    def __init__(self, path: Path, shelf: Shelf, on_problem: Callable[[str], None], *, read_only: bool = False) -> None:
        self.path = path
        self.problem = ""
        self.writing = threading.Lock()
        """Held while the file changes: who takes it sees the file and `pending` in agreement."""
        self._shelf = shelf
        self._on_problem = on_problem
        self._wake = threading.Condition()
        self._queue: Batch | None = None
        self._in_hand: Batch | None = None
        self._added = self._written = self._failures = 0
        self._first_added = self._retry_at = 0.0
        self._checkpoint_at: float | None = None
        self._is_urgent = self._is_stopping = self._wants_checkpoint = False
        self._connection: sqlite3.Connection | None = None
        self._thread: threading.Thread | None = None
        if not read_only:
            self._connection = connect(path, writing=True)
            prepare_writing(self._connection, path)
            self._thread = threading.Thread(target=self._run, name=f"writer of {path.name}", daemon=True)
            self._thread.start()

    def add(self, batch: Batch, *, is_urgent: bool) -> None:
        """Queue values to be written; urgent ones at once, others with what follows within a moment."""
        with self._wake:
            if self._queue is None:
                self._queue = Batch()
                self._first_added = time.monotonic()
            self._queue.update(batch)
            self._added += 1
            self._is_urgent = self._is_urgent or is_urgent
            self._wake.notify_all()
        if self._thread is None and batch.steps:
            self.problem = _read_only_sentence(self.path, self.unsaved_steps)
            self._tell()

    @property
    def unsaved_steps(self) -> int:
        """Actions that are in memory only."""
        with self._wake:
            return sum(batch.steps for batch in (self._queue, self._in_hand) if batch is not None)

    def pending(self) -> Batch:
        """A copy of what is not in the file yet. Hold `writing` to know which file that is."""
        with self._wake:
            pending = Batch()
            for batch in (self._in_hand, self._queue):
                if batch is not None:
                    pending.update(batch)
            return pending

    def flush(self, *, checkpoint: bool = False) -> None:
        """Wait until everything queued so far is in the file, and with `checkpoint` on the disk itself.

        Raises ProjectError when it cannot be written; it stays queued.
        """
        with self._wake:
            if self._thread is None:
                if self._queue is not None and self._queue.steps:
                    raise ProjectError(_read_only_sentence(self.path, self._queue.steps))
                return
            target, failures = self._added, self._failures
            self._is_urgent, self._retry_at = True, 0.0
            self._wants_checkpoint = self._wants_checkpoint or checkpoint
            self._wake.notify_all()
            self._wake.wait_for(lambda: self._is_done(target, checkpoint) or self._failures > failures)
            if not self._is_done(target, checkpoint):
                raise ProjectError(self.problem)

    def stop(self) -> Batch:
        """End the thread and close the file; gives what could not be written."""
        if self._thread is not None:
            with self._wake:
                self._is_stopping = self._is_urgent = True
                self._retry_at = 0.0
                self._wake.notify_all()
            self._thread.join()
            self._thread = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        return self.pending()

    def _is_done(self, target: int, checkpoint: bool) -> bool:
        return self._written >= target and not (checkpoint and self._wants_checkpoint)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._is_due():
                    if self._is_stopping and (self._queue is None or self._failures_after_stop()):
                        return
                    self._wake.wait(self._patience())
                batch, self._queue, self._in_hand = self._queue, None, self._queue
                serial, checkpoint = self._added, self._checkpoint_due()
                self._is_urgent = False
            self._write(batch, serial, checkpoint)

    def _failures_after_stop(self) -> bool:
        return self._retry_at > 0.0

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now < self._retry_at:
            return False
        if self._queue is None:
            return self._checkpoint_due()
        cells = len(self._queue.masks) + len(self._queue.prompts) + len(self._queue.reviews)
        return self._is_urgent or cells >= GROUP_CELLS or now >= self._first_added + GROUP_SECONDS

    def _checkpoint_due(self) -> bool:
        return self._wants_checkpoint or (
            self._checkpoint_at is not None and time.monotonic() >= self._checkpoint_at and not self._is_stopping
        )

    def _patience(self) -> float | None:
        """Seconds until something may be due by itself."""
        now = time.monotonic()
        moments = []
        if self._queue is not None:
            moments.append(max(self._retry_at, self._first_added + GROUP_SECONDS))
        if self._checkpoint_at is not None:
            moments.append(max(self._retry_at, self._checkpoint_at))
        return max(0.0, min(moments) - now) if moments else None

    def _write(self, batch: Batch | None, serial: int, checkpoint: bool) -> None:
        try:
            with self.writing:
                self._commit(batch)
                with self._wake:
                    self._in_hand = None
            if checkpoint:
                self._check_point()
        except Exception as error:  # whatever it is, nothing may be lost and the thread must live
            with self._wake:
                self._put_back()
                self._failures += 1
                self._retry_at = time.monotonic() + RETRY_SECONDS
                self._wants_checkpoint = False
                problem = _sentence(error, self.path, self.unsaved_steps)
                is_news, self.problem = problem != self.problem, problem
                self._wake.notify_all()
        else:
            with self._wake:
                self._written = max(self._written, serial)
                self._retry_at = 0.0
                if checkpoint:
                    self._wants_checkpoint, self._checkpoint_at = False, None
                elif self._checkpoint_at is None:
                    self._checkpoint_at = time.monotonic() + CHECKPOINT_SECONDS
                is_news, self.problem = self.problem != "", ""
                self._wake.notify_all()
        if is_news:
            self._tell()

    def _commit(self, batch: Batch | None) -> None:
        if batch is None:
            return
        assert self._connection is not None
        with transaction(self._connection):
            placed = write_batch(self._connection, batch, self._shelf, self.path)
        for code, key in placed:
            self._shelf.take(code, key)

    def _check_point(self) -> None:
        assert self._connection is not None
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _put_back(self) -> None:
        older, newer = self._in_hand, self._queue
        self._in_hand = None
        if older is not None:
            if newer is not None:
                older.update(newer)
            self._queue = older

    def _tell(self) -> None:
        try:
            self._on_problem(self.problem)
        except Exception:  # a listener's mistake must not end the writing
            logging.getLogger(__name__).exception("A listener failed at: %s", self.problem)


def _read_only_sentence(path: Path, steps: int) -> str:
    return f"{path.name} is open read-only; {_steps(steps)} in memory only. Save a copy to keep them."


def _steps(count: int) -> str:
    return "1 step is" if count == 1 else f"{count:,} steps are"


def _sentence(error: Exception, path: Path, steps: int) -> str:
    kept = f"{_steps(steps)} not saved yet. Work can go on; they will be written as soon as it is possible."
    text = str(error)
    if isinstance(error, sqlite3.OperationalError | OSError):
        if "full" in text or "disk I/O" in text:
            return f"The disk of {path.name} is full or gone ({text}); {kept}"
        if "readonly" in text or "unable to open" in text:
            return f"{path.name} cannot be written there any more ({text}); {kept}"
        if "locked" in text or "busy" in text:
            return f"{path.name} is being used by another program; {kept}"
    return f"{path.name} cannot be written ({type(error).__name__}: {text}); {kept}"
