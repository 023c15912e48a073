"""A model that gets ready while no clip is open, so that the first click on the next one need not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from app.errors import sentence_of
from app.inference.engine import Engine


class SpareEngine:
    """At most one engine in waiting. `take` may be called on any thread; it gives an engine at once, ready or not."""

    def __init__(self, factory: Callable[[], Engine]) -> None:
        """`factory` makes engines whose `load` waits for a `load` of the same model that is under way."""
        self._factory = factory
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._wanted: tuple[Path, str] | None = None
        self._thread: threading.Thread | None = None

    def prepare(self, checkpoint: Path, device: str) -> None:
        """Let an engine load this model on this device; returns at once unless another model is in waiting."""
        if self._engine is not None and self._wanted == (checkpoint, device):
            return
        self.close()
        engine = self._factory()
        with self._lock:
            self._engine, self._wanted = engine, (checkpoint, device)
        self._thread = threading.Thread(
            target=_load, args=(engine, checkpoint, device), name="model in waiting", daemon=True
        )
        self._thread.start()

    def take(self) -> Engine:
        """The engine in waiting, which then belongs to the caller; a new one if there is none."""
        with self._lock:
            engine, self._engine = self._engine, None
        return engine if engine is not None else self._factory()

    def close(self) -> None:
        """Give up the engine in waiting, if nobody took it. The loading of one that was taken ends with its owner."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.interrupt()
        if self._thread is not None:
            self._thread.join()
        if engine is not None:
            engine.close()
        self._thread = None


def _load(engine: Engine, checkpoint: Path, device: str) -> None:
    """A model that cannot be loaded is told to whoever takes the engine, for it is asked to load once more."""
    try:
        engine.load(checkpoint, device)
    except Exception as error:
        if sentence_of(error) is None:
            raise
