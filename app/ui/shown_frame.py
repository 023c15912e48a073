"""Getting the desk's frame onto the canvas, and saying what is being waited for."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from app.document.values import Cell
from app.ui.canvas.layers import masks_ahead
from app.ui.canvas.view import CanvasView
from app.ui.desk import Desk
from app.ui.frame_loader import NEAR, FrameLoader
from app.ui.loaded_frame import LoadedFrame

REST_MS = 120
"""The dragged playhead rests after so long: then its own frame is wanted, however long that takes."""
EARLIER_WORDS = "As before the run; outlines: now"
PATIENCE_MS = 200
"""A wait that is longer than this shows itself."""


class ShownFrame(QObject):
    """Asks for the desk's frame and shows it when it comes. `close` ends the loader's thread."""

    arrived = Signal()
    """The desk's frame is on the screen."""

    def __init__(self, desk: Desk, canvas: CanvasView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._canvas = desk, canvas
        self.loader = FrameLoader(self)
        self._waiting_for = self._said = ""
        self._is_comparing = False
        self._step_from = 0
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(lambda: self.say(self._waiting_for))
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._sharpen)
        self.loader.loaded.connect(self._take)
        self.loader.failed.connect(self._take_failure)
        desk.frame_changed.connect(self._request)
        desk.view_changed.connect(self._tell_comparison)
        desk.scrubbing_changed.connect(lambda is_scrubbing: None if is_scrubbing else self._sharpen())

    def is_shown(self) -> bool:
        """Whether the desk's frame is on the screen and no other is on its way."""
        return self._canvas.shown_frame == self._desk.frame and not self.loader.is_busy

    def take_project(self) -> None:
        """Another clip is on the desk, or none."""
        self.loader.set_source(self._desk.source)
        self._step_from = 0
        if self._desk.source is not None:
            self._request(self._desk.frame)
        else:
            self.end_waiting()

    def _tell_comparison(self) -> None:
        """Masks that are not those of the document are named for as long as they are shown."""
        is_on = self._desk.earlier is not None
        if is_on != self._is_comparing:
            self._is_comparing = is_on
            self.say(self._said)

    def say(self, words: str) -> None:
        """Say this, or nothing, in the corner of the picture, beside what names the masks while others are shown."""
        self._said = words
        parts = [EARLIER_WORDS if self._is_comparing else "", words]
        self._canvas.notes.waiting.set_text(" · ".join(filter(None, parts)))

    def wait_for(self, words: str) -> None:
        """Say in the corner of the picture what is being waited for, if it takes long."""
        self._waiting_for = words
        self._patience.start()

    def end_waiting(self) -> None:
        """What was waited for is there."""
        self._patience.stop()
        self.say("")

    def show_pending(self, cell: Cell, is_pending: bool) -> None:
        """The model looks at a cell, or has looked at it."""
        if is_pending and cell == self._canvas.bench.cell:
            self.wait_for("Looking at the frame")
        elif not is_pending:
            self.end_waiting()

    def close(self) -> None:
        """End the loader's thread."""
        self._patience.stop()
        self._rest.stop()
        self.loader.close()

    def _request(self, frame: int) -> None:
        size, along = self._canvas.reduced_size(), masks_ahead(self._desk, frame)
        self.loader.request(frame, is_passing=self._desk.is_scrubbing, size=size, along=along)
        if not self.loader.is_busy:
            return
        if self._desk.is_scrubbing:
            self._rest.start()
            return
        words = f"Loading frame {frame:,}"
        if self._patience.isActive():
            self._waiting_for = words  # stepping on does not make the wait begin anew
        else:
            self.wait_for(words)

    def _sharpen(self) -> None:
        """The playhead rests: a frame that only stood in gives way to the one that is meant."""
        self._rest.stop()
        frame = self._desk.frame
        if self._desk.source is not None and not self.is_shown():
            self.loader.request(frame, size=self._canvas.reduced_size(), along=masks_ahead(self._desk, frame))
            self.wait_for(f"Loading frame {frame:,}")

    def _take(self, loaded: LoadedFrame) -> None:
        # While the playhead is dragged every frame that is ready helps; while playing only the one that is due, and
        # under a button that is held the one that was pressed on.
        is_seized = self._desk.is_playing or self._canvas.pointing.held is not None
        if loaded.frame == self._desk.frame or not is_seized:
            self._canvas.show_frame(loaded.frame, loaded)
        if loaded.frame == self._desk.frame:
            self.end_waiting()
            self._look_ahead(loaded.frame)
            self.arrived.emit()

    def _look_ahead(self, frame: int) -> None:
        """Whoever steps will probably go on as they went; after a jump, forward."""
        step, self._step_from = frame - self._step_from, frame
        following = frame + (step if 0 < abs(step) <= NEAR else 1)
        along = masks_ahead(self._desk, following)
        self.loader.expect(following, size=self._canvas.reduced_size(), along=along)

    def _take_failure(self, frame: int, sentence: str) -> None:
        if frame != self._desk.frame:
            return  # nobody waits for it any more
        self.end_waiting()
        self._canvas.show_frame(frame, None)
        self._desk.set_playing(False)
        self._desk.notice.emit(sentence, "error")
