"""What the inference thread does: it keeps one engine and answers wishes with it, the most urgent one first."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

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
from app.jobs.mailbox import Mailbox
from app.jobs.reports import EngineStatus, RunEnd
from app.jobs.wishes import WantedClick, Wishes

LOOK_EVERY_SECONDS = 1.0
"""How often an idle engine is looked after."""


class EngineWork:
    """One engine, its open run and its open search; all of it on the thread that calls `work`.

    Clicks go before everything else, also in the middle of a run. Answers are posts of a kind and what it is about:
    see `InferenceThread`, which passes them on.
    """

    def __init__(self, wishes: Wishes, mailbox: Mailbox) -> None:
        self._wishes, self._mailbox = wishes, mailbox
        self._engine: Engine | None = None
        self._info: EngineInfo | None = None
        self._fault = ""
        self._clip_fault = ""
        self._run: Generator[FrameBatch, None, None] | None = None
        self._search: Generator[SuggestionStep, None, None] | None = None
        self._search_number = 0
        self._progress = (0, 0)

    def work(self) -> None:
        """Do what is wanted, until nothing ever is; then end the engine. The thread's main function."""
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

    def interrupt(self) -> None:
        """From another thread, once the end is wanted: a process engine gives up its frame at once."""
        engine = self._engine
        if engine is not None:
            engine.interrupt()

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
            self._engine = engine = model.factory()
            if self._wishes.is_closing:
                engine.interrupt()  # whoever closes may have looked for it before it was there
            self._info = engine.load(model.checkpoint, model.device)
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

    def _show(self, state: str, detail: str = "") -> None:
        info = self._info
        texts = {
            "starting": "Getting the model ready",
            "stopped": "The model stopped",
            "failed": "No model",
        }
        text = texts.get(state) or (f"{info.title} · {info.device_label}" if info else "No model")
        self._mailbox.put(("status", EngineStatus(state, text, detail, info)))
