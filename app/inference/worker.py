"""The process that computes for the window: it owns torch, the weights and its own copy of the clip's decoder.

It answers one request after the other; between two it is idle. No Qt is imported here, and torch only after the first
request, so that the process can say at once that it lives.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Generator
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from app.errors import sentence_of

if TYPE_CHECKING:
    from app.inference.engine import FrameBatch, SuggestionStep
    from app.inference.inline_engine import InlineEngine

HEARTBEAT_SECONDS = 0.5
NICENESS = 10
BEAT = b"."

Answer = tuple[str, Any]
"""("value", what was asked for), ("error", sentence) or ("bug", traceback)."""


def serve(requests: Connection, beats: Connection) -> None:
    """Answer requests (method name, arguments) until the other end is gone. The process's main function."""
    _be_modest()
    threading.Thread(target=_beat, args=(beats,), name="heartbeat", daemon=True).start()
    desk = _Desk()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            name, arguments = requests.recv()
            answer = _answer(desk, name, arguments)
            requests.send(answer)
            if name == "close":
                break
    # Not through the interpreter's end: the decoder's and torch's threads take seconds to wind down, for nobody.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _be_modest() -> None:
    """Leave the window its share of the processor; leave Ctrl-C to the process in the foreground."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # GNU OpenMP reads this when torch is loaded: idle threads sleep instead of spinning.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    else:
        import ctypes

        below_normal = 0x4000
        kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)


def _beat(beats: Connection) -> None:
    """Say twice a second that this process lives; end it when nobody is there to hear."""
    while True:
        try:
            beats.send_bytes(BEAT)
        except OSError:
            os._exit(1)
        time.sleep(HEARTBEAT_SECONDS)


def _answer(desk: _Desk, name: str, arguments: tuple[Any, ...]) -> Answer:
    try:
        return "value", getattr(desk, name)(*arguments)
    except Exception as error:
        said = sentence_of(error)
        return ("bug", traceback.format_exc()) if said is None else ("error", said)


class _Desk:
    """What can be asked for: the engine's methods, with a run and a search cut into their steps."""

    def __init__(self) -> None:
        self._engine: InlineEngine | None = None
        self._run: Generator[FrameBatch, None, None] | None = None
        self._search: Generator[SuggestionStep, None, None] | None = None

    def load(self, *arguments: Any) -> Any:
        if self._engine is None:
            from app.inference.inline_engine import InlineEngine

            self._engine = InlineEngine()
        return self._engine.load(*arguments)

    def open_clip(self, *arguments: Any) -> None:
        self._loaded.open_clip(*arguments)

    def prompt_frame(self, *arguments: Any) -> Any:
        return self._loaded.prompt_frame(*arguments)

    def prepare_frame(self, *arguments: Any) -> None:
        self._loaded.prepare_frame(*arguments)

    def begin_run(self, *arguments: Any) -> None:
        self._run = self._loaded.run(*arguments)

    def next_batch(self) -> FrameBatch | None:
        return None if self._run is None else next(self._run, None)

    def end_run(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.close()

    def begin_search(self, frame: int) -> None:
        self._search = self._loaded.suggest(frame)

    def next_step(self) -> SuggestionStep | None:
        return None if self._search is None else next(self._search, None)

    def end_search(self) -> None:
        search, self._search = self._search, None
        if search is not None:
            search.close()

    def close(self) -> None:
        self.end_run()
        self.end_search()
        if self._engine is not None:
            self._engine.close()

    @property
    def _loaded(self) -> InlineEngine:
        assert self._engine is not None, "a model is loaded before anything else is asked for"
        return self._engine
