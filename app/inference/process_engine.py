"""The window's engine: the same methods, computed in a worker process, so that nothing there can hold up the window.

Every method sends a request and waits for its answer; a run asks for one frame at a time. So a click goes between two
frames by itself, a run that nobody asks on stands still, and the pipe never holds more than one answer.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, cast

from app.inference import worker
from app.inference.engine import (
    CellResult,
    EngineError,
    EngineInfo,
    EngineStopped,
    FrameBatch,
    ObjectInputs,
    SuggestionStep,
)
from app.inference.plan import Plan

SILENCE_SECONDS = 20.0
"""A worker that does not show a sign of life for so long is given up. It beats twice a second, also while it computes;
only loading libraries on a very busy machine has been seen to hold it up for seconds."""
CLOSE_SECONDS = 2.0


class ProcessEngine:
    """An `Engine` in a process of its own; see there for the methods. The process starts with the first `load`.

    EngineStopped tells that the process is gone; `load` and `open_clip` then start another one.
    """

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None
        self._requests: Connection | None = None
        self._beats: Connection | None = None
        self._runs = 0
        self._searches = 0
        self._is_interrupted = False
        self._loading = threading.Lock()
        self._loaded: tuple[Path, str, EngineInfo] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the process runs, or none is needed yet."""
        return self._loaded is None if self._process is None else self._process.is_alive()

    @property
    def process_id(self) -> int | None:
        """Of the worker; None while there is none."""
        return None if self._process is None else self._process.pid

    def load(self, checkpoint: Path, device: str = "auto") -> EngineInfo:
        """See `Engine`. Another thread may have begun: then this waits, and a model that is there is not read again."""
        with self._loading:
            if self._is_interrupted:
                raise EngineStopped("The model was stopped.")
            is_there = self._process is not None and self._process.is_alive()
            if is_there and self._loaded is not None and self._loaded[:2] == (checkpoint, device):
                return self._loaded[2]
            if not is_there:
                self._let_go()
                self._start()
            self._runs += 1
            self._searches += 1
            self._loaded = None
            info = cast(EngineInfo, self._ask("load", checkpoint, device))
            self._loaded = checkpoint, device, info
            return info

    def open_clip(self, path: Path) -> None:
        """See `Engine`."""
        self._runs += 1
        self._searches += 1
        self._ask("open_clip", path)

    def prompt_frame(self, inputs: ObjectInputs, frame: int) -> CellResult:
        """See `Engine`."""
        return cast(CellResult, self._ask("prompt_frame", inputs, frame))

    def prepare_frame(self, frame: int) -> None:
        """See `Engine`."""
        self._ask("prepare_frame", frame)

    def run(self, plan: Plan, inputs: Sequence[ObjectInputs]) -> Generator[FrameBatch, None, None]:
        """See `Engine`."""
        self._runs += 1
        mine = self._runs
        self._ask("begin_run", plan, list(inputs))
        try:
            while mine == self._runs:
                batch = self._ask("next_batch")
                if batch is None:
                    return
                yield batch
        finally:
            if mine == self._runs and self._requests is not None:
                with contextlib.suppress(EngineStopped):
                    self._ask("end_run")

    def suggest(self, frame: int) -> Generator[SuggestionStep, None, None]:
        """See `Engine`."""
        self._searches += 1
        mine = self._searches
        self._ask("begin_search", frame)
        try:
            while mine == self._searches:
                step = self._ask("next_step")
                if step is None:
                    return
                yield step
        finally:
            if mine == self._searches and self._requests is not None:
                with contextlib.suppress(EngineStopped):
                    self._ask("end_search")

    def interrupt(self) -> None:
        """See `Engine`: the process is killed."""
        self._is_interrupted = True
        process = self._process
        # The thread that owns this engine may let the process go, or be about to start it, at this very moment.
        with contextlib.suppress(ValueError, AttributeError):
            if process is not None:
                process.kill()

    def close(self) -> None:
        """See `Engine`."""
        if self._requests is not None and self._process is not None and self._process.is_alive():
            with contextlib.suppress(EngineError):
                self._ask("close", patience=CLOSE_SECONDS)
        self._let_go()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._requests, far_requests = context.Pipe()
        self._beats, far_beats = context.Pipe(duplex=False)
        self._process = context.Process(
            target=worker.serve, args=(far_requests, far_beats), name="masklet-studio model", daemon=True
        )
        with _without_interrupts():
            self._process.start()
        far_requests.close()
        far_beats.close()
        if self._is_interrupted:
            self._process.kill()

    def _ask(self, name: str, *arguments: Any, patience: float | None = None) -> Any:
        """Send a request and give its answer. Raises EngineError, or EngineStopped when the process is gone."""
        if self._requests is None:
            raise EngineStopped("The model is not running; it has to be started again.")
        try:
            self._requests.send((name, arguments))
            kind, value = self._receive(SILENCE_SECONDS if patience is None else patience)
        except (EOFError, OSError):
            raise EngineStopped(self._epitaph()) from None
        if kind == "error":
            raise EngineError(value)
        if kind == "bug":
            bug = RuntimeError(f"in the model's process, {value.strip().splitlines()[-1]}")
            bug.add_note(value)  # the log keeps where it happened; the sentence for the person stays one
            raise bug
        return value

    def _receive(self, patience: float) -> worker.Answer:
        assert self._requests is not None and self._beats is not None and self._process is not None
        last_sign = time.monotonic()
        while True:
            ready = wait([self._requests, self._beats, self._process.sentinel], timeout=1.0)
            if self._requests in ready:
                return cast(worker.Answer, self._requests.recv())
            if self._beats in ready:
                self._beats.recv_bytes()
                last_sign = time.monotonic()
            elif self._process.sentinel in ready:
                raise EOFError
            if time.monotonic() - last_sign > patience:
                self._process.kill()
                raise EOFError

    def _epitaph(self) -> str:
        """Collect the process that is gone; gives the sentence about it."""
        process = self._process
        assert process is not None
        process.join(CLOSE_SECONDS)
        code = process.exitcode
        was_interrupted = self._is_interrupted
        self._let_go()
        if was_interrupted:
            return "The model was stopped."
        if code == -signal.SIGKILL if hasattr(signal, "SIGKILL") else False:
            return (
                "The model's process was ended from outside, most likely because memory ran out. Your work is kept: "
                "start the model again, with a smaller model if this comes back."
            )
        return (
            f"The model's process broke off (code {code}). Your work is kept: start the model again, and choose "
            "another model or the processor if this comes back."
        )

    def _let_go(self) -> None:
        for connection in (self._requests, self._beats):
            if connection is not None:
                connection.close()
        self._requests = self._beats = None
        process, self._process = self._process, None
        if process is not None and process.pid is not None:
            process.join(CLOSE_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start a process that no Ctrl-C reaches before it can say that it ignores them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
