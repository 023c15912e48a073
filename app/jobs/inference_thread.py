"""The one background thread that owns the engine. Clicks go before everything else, also in the middle of a run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from app.errors import record_bug, sentence_of
from app.inference.engine import (
    Engine,
    EngineError,
    EngineInfo,
    EngineStopped,
    FrameBatch,
    ObjectInputs,
    SuggestionStep,
)
from app.inference.plan import Plan
from app.jobs.mailbox import Mailbox, grouped
from app.jobs.reports import EngineStatus, RunEnd
from app.jobs.wishes import WantedClick, WantedModel, Wishes

__all__ = ["EngineStatus", "InferenceThread", "RunEnd"]

LOOK_EVERY_SECONDS = 1.0
"""How often an idle engine is looked after."""


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
        # The thread's own, but for `close`.
        self._engine: Engine | None = None
        self._info: EngineInfo | None = None
        self._fault = ""
        self._clip_fault = ""
        self._run: Generator[FrameBatch, None, None] | None = None
        self._search: Generator[SuggestionStep, None, None] | None = None
        self._search_number = 0
        self._progress = (0, 0)
        self._thread = threading.Thread(target=self._work, name="inference", daemon=True)

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
        engine = self._engine
        if engine is not None:
            engine.interrupt()
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

    def _show(self, state: str, detail: str = "") -> None:
        info = self._info
        texts = {
            "starting": "Getting the model ready",
            "stopped": "The model stopped",
            "failed": "No model",
        }
        text = texts.get(state) or (f"{info.title} · {info.device_label}" if info else "No model")
        self._mailbox.put(("status", EngineStatus(state, text, detail, info)))

    # The thread

    def _work(self) -> None:
        deeds: dict[str, Callable[[Any], object]] = {
            "stop": lambda _: self._end_run(cancelled=True),
            "load": lambda _: self._load(),
            "open": lambda _: self._open_clip(),
            "click": self._answer,
            "preview": self._answer_preview,
            "prepare": self._prepare_frame,
            "search": lambda search: self._begin_search(*search),
            "stop search": lambda _: self._end_search(),
            "look around": lambda _: self._search_on(),
            "begin": lambda run: self._begin_run(*run),
            "step": lambda _: self._step(),
            "look": lambda _: self._look_after_engine(),
        }
        while not self._wishes.is_closing:
            kind, about = self._next_deed()
            deeds[kind](about)
        self._end_search()
        self._end_run(is_told=False)
        self._drop_engine()

    def _next_deed(self) -> tuple[str, Any]:
        """The most urgent wish; else the next step of the search, which a person waits for; else the next frame of the
        run, once there is room; else a look after the engine."""
        with self._wishes.changed:
            for is_second_look in (False, True):
                has_search = self._search is not None
                wish = self._wishes.most_urgent(has_run=self._run is not None, has_search=has_search)
                if wish is not None:
                    return wish
                if has_search:
                    return "look around", None
                if self._run is not None and self._mailbox.has_room:
                    return "step", None
                if not is_second_look and not self._wishes.is_closing:
                    self._wishes.changed.wait(LOOK_EVERY_SECONDS)
        return "look", None

    def _load(self) -> str:
        """Make the engine; gives the sentence about why there is none, "" if there is one."""
        self._drop_engine()
        model = self._wishes.model
        assert model is not None
        self._info, self._fault = None, ""
        self._show("starting")
        try:
            self._engine = model.factory()
            self._info = self._engine.load(model.checkpoint, model.device)
        except Exception as error:
            return self._fail(error, "Loading the model")
        self._open_clip()
        return ""

    def _open_clip(self) -> None:
        clip = self._wishes.clip
        self._clip_fault = ""
        if self._engine is None:
            return
        try:
            if clip is not None:
                self._engine.open_clip(clip)
        except Exception as error:
            self._clip_fault = self._fail(error, "Opening the clip for the model")
            if self._engine is not None:
                self._show("failed", self._clip_fault)
        else:
            self._show("ready")

    def _ready_engine(self) -> Engine:
        """The engine; one whose process has gone is made anew. Raises EngineError where model or clip are at fault."""
        stopped = ""
        if self._engine is None and not self._fault:
            stopped = self._load()
        if self._engine is None or self._clip_fault:
            raise EngineError(self._fault or self._clip_fault or stopped)
        return self._engine

    def _answer(self, click: WantedClick) -> None:
        try:
            result = self._ready_engine().prompt_frame(click.inputs, click.frame)
        except Exception as error:
            said = self._fail(error, "Answering a click")
            self._mailbox.put(("no cell", (click.cell, click.number, said)))
        else:
            self._mailbox.put(("cell", (result, click.number)))

    def _answer_preview(self, click: WantedClick) -> None:
        if self._engine is not None:
            try:
                self._mailbox.put(("preview", self._engine.prompt_frame(click.inputs, click.frame)))
            except Exception as error:
                self._fail(error, "Previewing a click")

    def _prepare_frame(self, frame: int) -> None:
        if self._engine is not None:
            try:
                self._engine.prepare_frame(frame)
            except Exception as error:
                self._fail(error, "Preparing a frame")

    def _begin_search(self, number: int, frame: int) -> None:
        self._search_number = number
        try:
            self._search = self._ready_engine().suggest(frame)
        except Exception as error:
            self._mailbox.put(("searched", (number, self._fail(error, "Looking for objects"))))

    def _search_on(self) -> None:
        assert self._search is not None
        try:
            step = next(self._search, None)
        except Exception as error:
            self._search = None
            self._mailbox.put(("searched", (self._search_number, self._fail(error, "Looking for objects"))))
            return
        if step is None:
            self._search = None
            self._mailbox.put(("searched", (self._search_number, "")))
        else:
            self._mailbox.put(("found", (self._search_number, step)))

    def _end_search(self) -> None:
        search, self._search = self._search, None
        if search is not None:
            search.close()

    def _begin_run(self, plan: Plan, inputs: Sequence[ObjectInputs]) -> None:
        self._progress = (0, 0)
        try:
            self._run = self._ready_engine().run(plan, inputs)
        except Exception as error:
            self._mailbox.put(("end", RunEnd(0, 0, error=self._fail(error, "A run"))))
        else:
            self._show("running")

    def _step(self) -> None:
        assert self._run is not None
        try:
            batch = next(self._run, None)
        except Exception as error:
            self._run = None
            self._mailbox.put(("end", RunEnd(*self._progress, error=self._fail(error, "A run"))))
            if self._engine is not None:
                self._show("ready")
            return
        if batch is None:
            self._end_run()
            return
        self._progress = (batch.done, batch.total)
        self._mailbox.put(("batch", batch), is_bulk=True)

    def _end_run(self, *, cancelled: bool = False, is_told: bool = True) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        run.close()
        if is_told:
            self._mailbox.put(("end", RunEnd(*self._progress, cancelled=cancelled)))
            self._show("ready")

    def _look_after_engine(self) -> None:
        """An idle engine may have lost its process."""
        if self._engine is not None and not self._engine.is_alive:
            gone = EngineStopped("The model's process ended by itself. Your work is kept: start it again.")
            self._fail(gone, "The model")

    def _fail(self, error: Exception, what: str) -> str:
        """Note what went wrong; gives the sentence."""
        said = sentence_of(error) or record_bug(error, what)
        if isinstance(error, EngineStopped):
            if self._run is not None:
                self._run = None
                self._mailbox.put(("end", RunEnd(*self._progress, error=said)))
            if self._search is not None:
                self._search = None
                self._mailbox.put(("searched", (self._search_number, said)))
            self._drop_engine()
            self._show("stopped", said)
        elif self._info is None:
            self._fault = said
            self._drop_engine()
            self._show("failed", said)
        return said

    def _drop_engine(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()
