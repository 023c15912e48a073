"""Small pictures of frames for filmstrip and review queue, made in the background, bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from app.media.source import ClipError
from app.ui.desk import Desk

if TYPE_CHECKING:
    from app.media.source import FrameSource

HEIGHT = 64
KEPT_BYTES = 24 * 1024 * 1024
DECODER_BYTES = 16 * 1024 * 1024


class Thumbnails(QObject):
    """Hands out small pictures of the open clip's frames. One of each height for the whole window: `thumbnails_of`.

    The thread that makes them lives only while something is wanted, and has a decoder of its own.
    """

    ready = Signal(int)
    """The picture of this frame is there now."""
    _made = Signal(int, int, object)

    def __init__(self, desk: Desk, height: int = HEIGHT) -> None:
        super().__init__(desk)
        self._desk, self._height = desk, height
        self.setObjectName(_name(height))
        self._pictures: OrderedDict[int, QPixmap] = OrderedDict()
        self._lock = threading.Lock()
        self._wanted: OrderedDict[int, bool] = OrderedDict()
        self._generation = 0
        self._thread: threading.Thread | None = None
        self._made.connect(self._keep, Qt.ConnectionType.QueuedConnection)
        desk.project_changed.connect(self._forget)

    def picture(self, frame: int, *, exact: bool = True) -> QPixmap | None:
        """The picture of a frame, in the height asked for; None if it is not there yet: `ready` tells when.

        Unless `exact` a near key frame may stand in, which is much quicker.
        """
        found = self._pictures.get(frame)
        if found is not None:
            self._pictures.move_to_end(frame)
            return found
        source = self._desk.source
        if source is not None:
            with self._lock:
                self._wanted[frame] = exact
                if self._thread is None:
                    self._thread = threading.Thread(
                        target=self._run, args=(source, self._generation), name="thumbnails", daemon=True
                    )
                    self._thread.start()
        return None

    def drop_wishes(self) -> None:
        """Forget what was asked for and is not made yet: it went out of view."""
        with self._lock:
            self._wanted.clear()

    def _forget(self) -> None:
        with self._lock:
            self._generation += 1
            self._wanted.clear()
            self._thread = None
        self._pictures.clear()

    def _run(self, source: FrameSource, generation: int) -> None:
        try:
            with source.reopen(DECODER_BYTES) as own:
                while (wish := self._next(generation)) is not None:
                    frame, exact = wish
                    self._made.emit(generation, frame, _picture(own, frame, self._height, exact))
        except (ClipError, RuntimeError):
            # The clip was closed under us, or the window is gone: nobody waits for these pictures any more.
            with self._lock:
                if generation == self._generation:
                    self._thread = None

    def _next(self, generation: int) -> tuple[int, bool] | None:
        with self._lock:
            if generation == self._generation and self._wanted:
                return self._wanted.popitem(last=False)
            if generation == self._generation:
                self._thread = None
            return None

    @Slot(int, int, object)
    def _keep(self, generation: int, frame: int, image: QImage | None) -> None:
        if generation != self._generation or image is None:
            return
        picture = QPixmap.fromImage(image)
        self._pictures[frame] = picture
        per_picture = 4 * picture.width() * picture.height()
        while len(self._pictures) * per_picture > KEPT_BYTES:
            self._pictures.popitem(last=False)
        self.ready.emit(frame)


def _picture(source: FrameSource, frame: int, height: int, exact: bool) -> QImage | None:
    try:
        pixels = np.ascontiguousarray(source.thumbnail(frame, height, exact=exact))
    except ClipError:
        return None
    rows, columns = pixels.shape[:2]
    return QImage(pixels.data, columns, rows, pixels.strides[0], QImage.Format.Format_RGB888).copy()


def thumbnails_of(desk: Desk, height: int = HEIGHT) -> Thumbnails:
    """The thumbnails of a window that are so many pixels high, made at the first call."""
    found = desk.findChild(Thumbnails, _name(height))
    return found if isinstance(found, Thumbnails) else Thumbnails(desk, height)


def _name(height: int) -> str:
    return f"thumbnails {height}"
