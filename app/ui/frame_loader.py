"""Frames decoded off the GUI thread. Only the newest request counts: what nobody waits for any more is not decoded."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage

from app.media.opencv import cv2
from app.media.source import ClipError

if TYPE_CHECKING:
    from app.media.source import FrameSource


NEAR = 8
"""So many frames ahead of the last one are decoded sooner than a far key frame is found."""


@dataclass(frozen=True, slots=True)
class LoadedFrame:
    """A frame ready for the screen: pixels as 32 bit RGB, and at half size for strongly reduced views."""

    frame: int
    image: QImage
    half: QImage | None
    pixels: tuple[NDArray[np.uint8], ...]
    """The arrays under the pictures, which Qt does not keep alive."""


class FrameLoader(QObject):
    """Reads frames of one clip at a time on a thread of its own.

    `loaded` comes on the GUI thread with a LoadedFrame, `failed` with frame and sentence. A request replaces the one
    before it that has not begun; the one that is being decoded is finished and delivered unless it is stale by then.
    """

    loaded = Signal(object)
    failed = Signal(int, str)
    _arrived = Signal(int, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Condition()
        self._source: FrameSource | None = None
        self._wanted: tuple[int, bool] | None = None
        self._last: int | None = None
        self._generation = 0
        self._closing = threading.Event()
        self._is_busy = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name="frame loader", daemon=True)
        self._thread.start()

    def set_source(self, source: FrameSource | None) -> None:
        """Read from another clip. Returns when nothing of the old one is being read any more."""
        with self._lock:
            self._generation += 1
            self._source, self._wanted, self._last = source, None, None
            self._lock.wait_for(lambda: not self._is_busy)

    def request(self, frame: int, *, is_passing: bool = False) -> None:
        """Load this frame next. While it is only `passing`, a near frame that is quicker to get may come instead."""
        with self._lock:
            if self._source is not None:
                self._wanted = frame, is_passing
                self._lock.notify_all()

    @property
    def is_busy(self) -> bool:
        """Whether a frame is asked for that has not been delivered yet."""
        with self._lock:
            return self._is_busy or self._wanted is not None

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
                self._lock.wait_for(lambda: self._wanted is not None or self._closing.is_set())
                if self._closing.is_set():
                    return
                assert self._wanted is not None
                source, (frame, is_passing), generation = self._source, self._wanted, self._generation
                self._wanted, self._is_busy = None, True
            result = self._load(source, frame, is_passing)
            with self._lock:
                self._is_busy = False
                self._lock.notify_all()
                if self._closing.is_set():
                    return
            self._arrived.emit(generation, frame, result)

    def _load(self, source: FrameSource | None, frame: int, is_passing: bool) -> LoadedFrame | str:
        if source is None:
            return "The clip has been closed."
        try:
            if is_passing and not self._is_near(source, frame):
                self._last = None
                return prepare(*source.preview(frame))
            self._last = frame
            return prepare(frame, source.read(frame))
        except ClipError as error:
            return str(error)
        except IndexError as error:
            return f"{error}."

    def _is_near(self, source: FrameSource, frame: int) -> bool:
        """Whether the frame itself is as quick to get as any: decoded already, or next to come."""
        return source.cached(frame) or (self._last is not None and 0 <= frame - self._last <= NEAR)

    @Slot(int, int, object)
    def _deliver(self, generation: int, frame: int, result: LoadedFrame | str) -> None:
        if generation != self._generation or self._closing.is_set():
            return
        if isinstance(result, str):
            self.failed.emit(frame, result)
        else:
            self.loaded.emit(result)


def prepare(frame: int, picture: NDArray[np.uint8]) -> LoadedFrame:
    """Turn a uint8 RGB picture (height x width x 3) into what the canvas draws fastest."""
    full = cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA)
    image = _image_on(full)
    height, width = full.shape[:2]
    if max(height, width) <= 2048:
        return LoadedFrame(frame, image, None, (full,))
    small = cv2.resize(full, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return LoadedFrame(frame, image, _image_on(small), (full, small))


def _image_on(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB32)
