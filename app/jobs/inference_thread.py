"""The one thread that owns the engine, as the window sees it: questions go in, answers come out as signals."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from app.inference.engine import Engine, ObjectInputs
from app.inference.plan import Plan
from app.jobs.engine_work import EngineWork
from app.jobs.mailbox import Mailbox, grouped
from app.jobs.reports import EngineStatus, RunEnd
from app.jobs.wishes import WantedClick, WantedModel, Wishes

__all__ = ["EngineStatus", "InferenceThread", "RunEnd"]


class InferenceThread(QObject):
    """Owns one engine on one thread. Methods return at once; every answer is a signal on the thread that made this.

    An engine whose process has gone is started again by the next click or run, or by `restart`.
    """

    status_changed = Signal(object)
    """An `EngineStatus`."""
    cell_ready = Signal(object, int)
    """The `CellResult` of a click, and the number that was given with it."""
    cell_failed = Signal(object, int, str)
    """The cell of a click that has no answer, the number that was given with it, and why."""
    preview_ready = Signal(object)
    """The `CellResult` of a preview. A preview without an answer is silent."""
    batch_ready = Signal(list)
    """`FrameBatch`es of the run, at most 30 times a second."""
    search_stepped = Signal(int, object)
    """The number of a search, and its `SuggestionStep`."""
    search_ended = Signal(int, str)
    """The number of a search that is complete, or cannot go on: then why. One that was stopped is silent."""
    run_finished = Signal(object)
    """A `RunEnd`; exactly one for each run that was started, unless the thread is closed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.status = EngineStatus("off", "No model")
        self._wishes = Wishes()
        self._mailbox = Mailbox(self._wishes.changed, self)
        self._mailbox.arrived.connect(self._tell)
        self._work = EngineWork(self._wishes, self._mailbox)
        self._thread = threading.Thread(target=self._work.work, name="inference", daemon=True)

    # What may be asked for

    def start(self, engine_factory: Callable[[], Engine], checkpoint: Path, device: str = "auto") -> None:
        """Take a model; also to change model or device, which ends a run. The engine is made on the thread."""
        self._wishes.want_model(WantedModel(engine_factory, checkpoint, device))
        if self._thread.ident is None:
            self._thread.start()

    def restart(self) -> None:
        """Make the engine anew with the same model and clip."""
        self._wishes.want_model()

    def set_clip(self, path: Path) -> None:
        """Look at a clip; ends a run on another one."""
        self._wishes.want_clip(path)

    def prompt(self, inputs: ObjectInputs, frame: int, number: int) -> None:
        """Ask for the mask of one cell, ahead of a run. A newer question for the same cell replaces an older one."""
        self._wishes.want_click(WantedClick(inputs, frame, number))

    def preview(self, inputs: ObjectInputs, frame: int) -> None:
        """Ask what a click would give; only the latest question counts."""
        self._wishes.want_preview(WantedClick(inputs, frame, 0))

    def stop_preview(self) -> None:
        """Nobody wants to know any more."""
        self._wishes.want_preview(None)

    def prepare(self, frame: int) -> None:
        """Make a click on this frame quick; only the latest wish counts."""
        self._wishes.want_prepared(frame)

    def search(self, number: int, frame: int) -> None:
        """Look for objects on a frame, ahead of a run and behind clicks; a search that is open is stopped first."""
        self._wishes.want_search((number, frame))

    def stop_search(self) -> None:
        """Nobody wants to know any more."""
        self._wishes.want_search(None)

    def run(self, plan: Plan, inputs: Sequence[ObjectInputs]) -> None:
        """Run a plan; a run that is open is stopped first."""
        if self._wishes.want_run((plan, inputs)):
            self._mailbox.put(("end", RunEnd(0, 0, cancelled=True)))

    def stop_run(self) -> None:
        """Stop the run within one frame; `run_finished` follows."""
        if self._wishes.want_run(None):
            self._mailbox.put(("end", RunEnd(0, 0, cancelled=True)))

    def close(self) -> None:
        """End the thread and its engine; no signal comes afterwards. A process engine gives up its frame at once."""
        self._wishes.want_end()
        self._work.interrupt()
        if self._thread.ident is not None:
            self._thread.join()
        self._mailbox.close()

    # What is told

    @Slot(list)
    def _tell(self, posts: list[tuple[str, Any]]) -> None:
        for group in grouped(posts, lambda post: post[0] == "batch"):
            kind, post = group[0]
            if kind == "batch":
                self.batch_ready.emit([batch for _, batch in group])
            elif kind == "status":
                self.status = post
                self.status_changed.emit(post)
            elif kind == "cell":
                self.cell_ready.emit(*post)
            elif kind == "preview":
                self.preview_ready.emit(post)
            elif kind == "no cell":
                self.cell_failed.emit(*post)
            elif kind == "found":
                self.search_stepped.emit(*post)
            elif kind == "searched":
                self.search_ended.emit(*post)
            else:
                self.run_finished.emit(post)
