"""Run lengths that rest in the project file: fetched when needed, kept in memory within a bound."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections import deque
from pathlib import Path

from app.document.errors import ProjectError
from app.document.masks import MaskCode
from app.document.reading import read_counts
from app.document.schema import connect

DEFAULT_BYTES = 256 << 20


class Shelf:
    """The counts of one project file. Any thread may read; what was fetched first is given back first.

    `capacity` bounds the bytes of counts in memory that also lie in the file. Raises ProjectError when the file can no
    longer be read.
    """

    def __init__(self, path: Path, capacity: int = DEFAULT_BYTES) -> None:
        self.path = path
        self.capacity = capacity
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_closed = False
        self._held: deque[tuple[weakref.ref[MaskCode], int]] = deque()
        self._bytes = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of counts that are in memory and could be read again."""
        return self._bytes

    def read_counts(self, code: MaskCode, key: int) -> bytes:
        """The counts of a code that rests here."""
        with self._lock:
            try:
                counts = self._read(key, code.height, code.width)
            except (sqlite3.Error, ValueError, TypeError) as error:
                raise ProjectError(f"A mask in {self.path.name} cannot be read: {error}.") from None
            code.hold(counts)
            self._remember(code, len(counts))
        return counts

    def take(self, code: MaskCode, key: int) -> None:
        """The code's counts now lie in the file under this key: its memory may be given back."""
        size = len(code.counts)
        code.keep_in(self, key)
        with self._lock:
            self._remember(code, size)

    def move(self, path: Path) -> None:
        """The counts lie in this file now, under the same keys."""
        with self._lock:
            self.path = path
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def close(self) -> None:
        """Close the file. Codes that are read later open it again for the moment."""
        with self._lock:
            self._is_closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _read(self, key: int, height: int, width: int) -> bytes:
        if self._connection is None:
            self._connection = connect(self.path, writing=False)
        try:
            return read_counts(self._connection, key, height, width)
        finally:
            if self._is_closed:
                self._connection.close()
                self._connection = None

    def _remember(self, code: MaskCode, size: int) -> None:
        self._held.append((weakref.ref(code), size))
        self._bytes += size
        while self._bytes > self.capacity and len(self._held) > 1:
            oldest, freed = self._held.popleft()
            self._bytes -= freed
            rested = oldest()
            if rested is not None and rested.key_in(self) is not None:
                rested.let_go()
