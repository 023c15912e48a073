"""Which model works for the project on the desk, and what is told about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.document.project import Project
from app.inference.checkpoints import BUILT_IN_NAME, Checkpoint, CheckpointNotFound, checkpoint_at, find_checkpoint
from app.inference.devices import visible_devices
from app.inference.engine import Engine
from app.inference.process_engine import ProcessEngine
from app.jobs.reports import EngineStatus
from app.jobs.spare_engine import SpareEngine
from app.jobs.tracking import Tracking
from app.ui.desk import Desk
from app.ui.places import Places

_DEVICE_WORDS = {"cpu": "processor", "mps": "Apple graphics"}
WARM_MS = 100
"""Without a clip for so long, the model gets ready for the next one; a window that was shown is painted by then."""
REST_MS = 150
"""The playhead rests on a frame after so long; then the model looks at it ahead of any click."""


class Models(QObject):
    """Sets a model to work for every project that is opened, and changes it when the person chooses another."""

    status_changed = Signal(object)
    """An `EngineStatus` for the chip."""

    def __init__(
        self,
        desk: Desk,
        places: Places,
        parent: QObject | None = None,
        *,
        engine_factory: Callable[[], Engine] = ProcessEngine,
    ) -> None:
        super().__init__(parent)
        self._desk, self._places, self._spare = desk, places, SpareEngine(engine_factory)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(WARM_MS)
        self._idle.timeout.connect(self._warm)
        self._is_kept_warm = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._prepare)
        desk.frame_changed.connect(self._rest_soon)
        desk.playing_changed.connect(self._rest_soon)
        desk.project_changed.connect(self._take_project)

    def make_tracking(self, project: Project, clip: Path) -> Tracking:
        """The model at work for a project; without any model it can still be looked at and painted."""
        tracking = Tracking(project, clip, engine_factory=self._spare.take)
        tracking.status_changed.connect(self.status_changed)
        tracking.error.connect(lambda sentence: self._desk.notice.emit(sentence, "error"))
        tracking.run_finished.connect(self._rest_soon)  # the run may have put what was known of the frame away
        self._start(tracking)
        return tracking

    def keep_warm(self) -> None:
        """From now on, whenever no clip is open, get the chosen model ready: the window is on the screen."""
        self._is_kept_warm = True
        self._idle.start()

    def close(self) -> None:
        """Give up the model that waits for a clip."""
        self._is_kept_warm = False
        self._idle.stop()
        self._spare.close()

    def _warm(self) -> None:
        if not self._is_kept_warm or self._desk.tracking is not None:
            return
        try:
            checkpoint = self._chosen()
        except CheckpointNotFound:
            return  # the chip says so already
        self._spare.prepare(checkpoint.path, self._places.model[1])

    def choose(self, checkpoint: Checkpoint, device: str) -> None:
        """Take another model or device; work and prompts stay."""
        self._places.choose_model("" if checkpoint.kind == "built-in" else str(checkpoint.path), device)
        if self._desk.tracking is not None:
            self._desk.tracking.use_model(checkpoint, device)
            self._rest_soon()
        self._show_idle()
        self._warm()

    def choose_file(self, path: Path) -> None:
        """Take the model in a weight file that was dropped on the window."""
        self.choose(checkpoint_at(path.absolute()), self._places.model[1])

    def show(self) -> None:
        """Tell the chip how things stand now."""
        tracking = self._desk.tracking
        if tracking is not None:
            self.status_changed.emit(tracking.status)
        else:
            self._show_idle()

    def _start(self, tracking: Tracking) -> None:
        checkpoint = self._desk.attempt(self._chosen)
        if checkpoint is None:
            self.status_changed.emit(EngineStatus("failed", "No model"))
        else:
            tracking.use_model(checkpoint, self._places.model[1])

    def _chosen(self) -> Checkpoint:
        path, _ = self._places.model
        if path and Path(path).is_file():
            return checkpoint_at(Path(path))
        return find_checkpoint(BUILT_IN_NAME)

    def _show_idle(self) -> None:
        if self._desk.tracking is not None:
            return
        try:
            self.status_changed.emit(EngineStatus("off", f"{self._chosen().title} · {self._device_words()}"))
        except CheckpointNotFound as error:
            self.status_changed.emit(EngineStatus("failed", "No model", str(error)))

    def _device_words(self) -> str:
        """Which device will compute, as far as can be told before the model is there."""
        _, chosen = self._places.model
        name = chosen if chosen != "auto" else visible_devices()[0].name
        return _DEVICE_WORDS.get(name, name.upper())

    def _take_project(self) -> None:
        if self._is_kept_warm:
            self._idle.start()
        self.show()
        self._rest_soon()

    def _rest_soon(self, _value: object = None) -> None:
        self._rest.start()

    def _prepare(self) -> None:
        tracking = self._desk.tracking
        if tracking is not None and not self._desk.is_playing and not tracking.is_running:
            tracking.prepare(self._desk.frame)
