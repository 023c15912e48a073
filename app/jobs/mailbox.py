"""From a working thread to the window: in order, bounded, and without a flood of signals."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, Slot

BULK_EVERY_MS = 33
"""Bulk is delivered at most this often (30 times a second)."""
MOST_BULK = 64
"""So much bulk may lie here; then `has_room` is false until the receiver has caught up."""


class Mailbox(QObject):
    """Posts arrive on the thread that made the mailbox, in the order in which they were put in.

    Bulk (a run's results) waits until its time has come, everything else comes at once and takes the bulk before it
    along. A waiting queue wakes the receiver with one signal, however many posts there are.
    """

    arrived = Signal(list)
    """Posts, oldest first."""

    _woken = Signal()

    def __init__(self, condition: threading.Condition, parent: QObject | None = None) -> None:
        """`condition` guards the mailbox and is notified when there is room again."""
        super().__init__(parent)
        self._condition = condition
        self._posts: list[Any] = []
        self._bulk = 0
        self._is_woken = False
        self._since_bulk = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._deliver)
        self._woken.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def has_room(self) -> bool:
        """Whether more bulk may come."""
        return self._bulk < MOST_BULK

    def put(self, post: Any, *, is_bulk: bool = False) -> None:
        """Put a post in, from any thread."""
        with self._condition:
            self._posts.append(post)
            self._bulk += is_bulk
            if self._is_woken:
                return
            self._is_woken = True
        self._woken.emit()

    def close(self) -> None:
        """Throw away what was not delivered; called by the receiver."""
        self._timer.stop()
        with self._condition:
            self._posts.clear()
            self._bulk = 0

    @Slot()
    def _deliver(self) -> None:
        with self._condition:
            self._is_woken = False
            elapsed = self._since_bulk.elapsed() if self._since_bulk.isValid() else BULK_EVERY_MS
            if self._bulk == len(self._posts) and elapsed < BULK_EVERY_MS:
                if self._posts and not self._timer.isActive():
                    self._timer.start(BULK_EVERY_MS - elapsed)
                return
            posts, self._posts = self._posts, []
            if self._bulk:
                self._since_bulk.start()
            self._bulk = 0
            self._condition.notify_all()
        if posts:
            self.arrived.emit(posts)


def grouped(posts: list[Any], is_alike: Callable[[Any], bool]) -> list[list[Any]]:
    """Posts that are alike and follow one another in one list, every other post in a list of its own."""
    groups: list[list[Any]] = []
    for post in posts:
        if groups and is_alike(post) and is_alike(groups[-1][-1]):
            groups[-1].append(post)
        else:
            groups.append([post])
    return groups
