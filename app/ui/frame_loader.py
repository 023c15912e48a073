"""Frames decoded off the GUI thread. Only the newest request counts: what nobody waits for any more is not decoded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.media.source import ClipError
from app.ui.loaded_frame import LoadedFrame

if TYPE_CHECKING:
    from app.media.source import FrameSource


NEAR = 8
"""So many frames ahead of the last one are decoded sooner than a far key frame is found."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A frame that is wanted, and how."""

    frame: int
    is_passing: bool = False
    size: tuple[int, int] | None = None
    along: Callable[[], object] | None = None

    def prepare(self, frame: int, picture: NDArray[np.uint8]) -> LoadedFrame:
        """The frame that was found, drawn as it is wanted; and what is to be done along with it."""
        loaded = prepare(frame, picture, self.size)
        if self.along is not None:
            self.along()
        return loaded


class FrameLoader(QObject):
    """Reads frames of one clip at a time on a thread of its own.

    `loaded` comes on the GUI thread with a LoadedFrame, `failed` with frame and sentence. A request replaces the one
    before it that has not begun; the one that is being decoded is finished and delivered unless it is stale by then.
    """

    loaded = Signal(object)
    failed = Signal(int, str)
    _arrived = Signal(int, int, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Condition()
        self._source: FrameSource | None = None
        self._wanted: Wish | None = None
        self._expected: Wish | None = None
        self._ready: LoadedFrame | None = None
        """The frame that was expected, until another one is."""
        self._last: int | None = None
        self._generation = 0
        self._requests = self._answered_at_once = 0
        self._closing = threading.Event()
        self._is_reading = False
        self._reading_for = 0
        """The request that is being read for; 0 while nobody waits for what is read."""
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name="frame loader", daemon=True)
        self._thread.start()

    def set_source(self, source: FrameSource | None) -> None:
        """Read from another clip. Returns when nothing of the old one is being read any more."""
        with self._lock:
            self._generation += 1
            self._source, self._wanted, self._expected, self._last = source, None, None, None
            self._lock.wait_for(lambda: not self._is_reading)
            self._ready = None

    def request(
        self,
        frame: int,
        *,
        is_passing: bool = False,
        size: tuple[int, int] | None = None,
        along: Callable[[], object] | None = None,
    ) -> None:
        """Load this frame next; one that was expected is delivered before this returns.

        While it is only `passing`, a near frame that is quicker to get may come instead. `size` is the height and width
        in which it will be seen, None for its own. `along` is called on the loader's thread before it is delivered.
        """
        with self._lock:
            if self._source is None:
                return
            self._requests += 1
            ready = self._ready
            if ready is None or ready.frame != frame:
                self._wanted = Wish(frame, is_passing, size, along)
                self._lock.notify_all()
                return
            self._wanted, self._answered_at_once = None, self._requests
        self.loaded.emit(ready)

    def expect(
        self, frame: int, *, size: tuple[int, int] | None = None, along: Callable[[], object] | None = None
    ) -> None:
        """This frame will probably be requested next: have it ready if that is quick and nothing else is wanted."""
        with self._lock:
            if self._source is not None and 0 <= frame < self._source.frame_count:
                self._expected = Wish(frame, False, size, along)
                self._lock.notify_all()

    @property
    def is_busy(self) -> bool:
        """Whether a frame is asked for that has not been delivered yet."""
        with self._lock:
            return self._wanted is not None or self._reading_for > self._answered_at_once

    def close(self) -> None:
        """End the thread; waits for the frame that is being decoded."""
        with self._lock:
            self._closing.set()
            self._source = None
            self._lock.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._wanted or self._expected or self._closing.is_set())
                if self._closing.is_set():
                    return
                source, generation, ready = self._source, self._generation, self._ready
                wanted, self._wanted = self._wanted, None
                number = self._requests if wanted is not None else 0
                self._is_reading, self._reading_for = True, number
                if wanted is None:
                    expected, self._expected = self._expected, None
            if wanted is None:
                assert expected is not None
                result = self._look_ahead(source, expected)
            elif ready is not None and ready.frame == wanted.frame:
                result = ready
            else:
                result = self._load(source, wanted)
            with self._lock:
                self._is_reading, self._reading_for = False, 0
                if wanted is None:
                    self._ready = result if isinstance(result, LoadedFrame) else self._ready
                self._lock.notify_all()
                if self._closing.is_set():
                    return
            if wanted is not None:
                self._arrived.emit(generation, number, wanted.frame, result)

    def _look_ahead(self, source: FrameSource | None, wish: Wish) -> LoadedFrame | str | None:
        is_ready = self._ready is not None and self._ready.frame == wish.frame
        return None if source is None or is_ready or not self._is_near(source, wish.frame) else self._load(source, wish)

    def _load(self, source: FrameSource | None, wish: Wish) -> LoadedFrame | str:
        if source is None:
            return "The clip has been closed."
        try:
            if wish.is_passing and not self._is_near(source, wish.frame):
                self._last = None
                return wish.prepare(*source.preview(wish.frame))
            self._last = wish.frame
            return wish.prepare(wish.frame, source.read(wish.frame))
        except ClipError as error:
            return str(error)
        except IndexError as error:
            return f"{error}."

    def _is_near(self, source: FrameSource, frame: int) -> bool:
        """Whether the frame itself is as quick to get as any: decoded already, or next to come."""
        return source.cached(frame) or (self._last is not None and 0 <= frame - self._last <= NEAR)

    @Slot(int, int, int, object)
    def _deliver(self, generation: int, number: int, frame: int, result: LoadedFrame | str) -> None:
        if generation != self._generation or number <= self._answered_at_once or self._closing.is_set():
            return
        if isinstance(result, str):
            self.failed.emit(frame, result)
        else:
            self.loaded.emit(result)


def prepare(frame: int, picture: NDArray[np.uint8], size: tuple[int, int] | None = None) -> LoadedFrame:
    """A frame with what the canvas will draw of it: reduced to `size` (height, width), or whole."""
    loaded = LoadedFrame(frame, picture)
    if size is None:
        _ = loaded.image
    else:
        loaded.reduced(*size)
    return loaded
