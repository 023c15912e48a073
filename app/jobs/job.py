"""Job: a generator that works on a thread of its own and tells the window how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from app.errors import record_bug, sentence_of


class Job(QObject):
    """One long piece of work, the same for import, export and everything else: a generator made on the job's thread.

    What the generator yields arrives as `progress` (only the latest, where the window is slower), what it returns as
    `finished`. Exactly one of `finished`, `failed` and `cancelled` follows `started`. All signals come on the thread on
    which the job was made.
    """

    started = Signal()
    progress = Signal(object)
    finished = Signal(object)
    failed = Signal(str)
    """A sentence for the person."""
    cancelled = Signal()
    ended = Signal()
    """After any of the three ends; the thread is gone by then."""

    _woken = Signal()

    def __init__(
        self, make: Callable[[], Generator[Any, None, Any]], name: str = "The work", parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._make: Callable[[], Generator[Any, None, Any]] | None = make
        self._name = name
        self._lock = threading.Lock()
        self._latest: list[Any] = []
        self._end: tuple[str, Any] | None = None
        self._is_woken = False
        self._is_cancelled = threading.Event()
        self._has_started = False
        # A daemon, so that the interpreter's end does not wait for it before `close_background` could cancel it.
        self._thread = threading.Thread(target=self._work, name=f"job: {name}", daemon=True)
        self._woken.connect(self._deliver)

    def start(self) -> None:
        """Begin. A job runs once."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to stop at its next step; `cancelled` follows unless it ended before."""
        self._is_cancelled.set()

    @property
    def is_running(self) -> bool:
        """Whether the thread works."""
        return self._thread.is_alive()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the thread, not for the signals; whether it ended in time."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        self._post()
        make, self._make = self._make, None  # whoever keeps the job need not keep what it works on
        assert make is not None, "a job runs once"
        try:
            work = make()
            del make
            try:
                while not self._is_cancelled.is_set():
                    try:
                        self._post([next(work)])
                    except StopIteration as stop:
                        self._post(end=("finished", stop.value))
                        return
            finally:
                work.close()
            self._post(end=("cancelled", None))
        except Exception as error:
            self._post(end=("failed", sentence_of(error) or record_bug(error, self._name)))

    def _post(self, step: list[Any] | None = None, end: tuple[str, Any] | None = None) -> None:
        with self._lock:
            self._latest = self._latest if step is None else step
            self._end = end
            if self._is_woken:
                return
            self._is_woken = True
        self._woken.emit()

    @Slot()
    def _deliver(self) -> None:
        with self._lock:
            latest, self._latest = self._latest, []
            end, self._end = self._end, None
            self._is_woken = False
        if not self._has_started:
            self._has_started = True
            self.started.emit()
        for step in latest:
            self.progress.emit(step)
        if end is None:
            return
        self._thread.join()
        kind, value = end
        if kind == "finished":
            self.finished.emit(value)
        elif kind == "failed":
            self.failed.emit(value)
        else:
            self.cancelled.emit()
        self.ended.emit()
