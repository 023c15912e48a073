"""A model gets ready before anybody wants it, and belongs to whoever takes it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.inference.engine import EngineError, EngineStopped
from app.inference.process_engine import ProcessEngine
from app.jobs.inference_thread import InferenceThread
from app.jobs.spare_engine import SpareEngine


def test_the_engine_in_waiting_is_the_one_that_is_taken_and_reads_its_model_once(weights: Path) -> None:
    spare = SpareEngine(ProcessEngine)
    spare.prepare(weights, "cpu")
    spare.prepare(weights, "cpu")
    engine = spare.take()
    assert isinstance(engine, ProcessEngine)
    info = engine.load(weights, "cpu")
    process = engine.process_id
    assert engine.load(weights, "cpu") is info and engine.process_id == process
    assert spare.take() is not engine
    engine.close()
    spare.close()


def test_an_engine_that_nobody_takes_goes_at_once_also_while_it_loads(weights: Path) -> None:
    spare = SpareEngine(ProcessEngine)
    spare.prepare(weights, "cpu")
    spare.close()
    assert all(thread.name != "model in waiting" for thread in threading.enumerate())


def test_whoever_waits_for_the_loading_of_a_taken_engine_can_give_up(weights: Path) -> None:
    spare = SpareEngine(ProcessEngine)
    spare.prepare(weights, "cpu")
    engine = spare.take()
    engine.interrupt()
    with pytest.raises(EngineStopped):
        engine.load(weights, "cpu")
    engine.close()
    spare.close()


def test_an_engine_that_is_made_while_the_thread_is_closed_does_not_load(qtbot: QtBot, weights: Path) -> None:
    thread, is_making, made = InferenceThread(), threading.Event(), []

    def make() -> ProcessEngine:
        is_making.set()
        while not thread._wishes.is_closing:
            time.sleep(0.01)
        time.sleep(0.1)  # `close` has looked for an engine by now
        made.append(ProcessEngine())
        return made[0]

    thread.start(make, weights, "cpu")
    assert is_making.wait(10)
    thread.close()
    assert made[0]._loaded is None


def test_a_model_that_cannot_be_loaded_is_told_to_whoever_takes_the_engine(tmp_path: Path) -> None:
    spare = SpareEngine(ProcessEngine)
    nothing = tmp_path / "nothing.pt"
    spare.prepare(nothing, "cpu")
    engine = spare.take()
    with pytest.raises(EngineError, match=r"nothing\.pt"):
        engine.load(nothing, "cpu")
    engine.close()
    spare.close()
