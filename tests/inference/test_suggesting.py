"""Masks of everything on a frame: what is found, and that clicks and runs go on beside the search."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from app.document.values import Point, Prompt
from app.inference import suggesting
from app.inference.engine import EngineError
from app.inference.inline_engine import InlineEngine
from app.inference.inputs import click_inputs, plan_inputs
from app.inference.plan import make_plan
from app.inference.process_engine import ProcessEngine

CELL = (1, 0)


def found_by(steps):
    return [one for step in steps for one in step.found]


@pytest.fixture
def lenient(monkeypatch):
    """Everything that the small model answers counts, since little of it is good."""
    all_of_it = replace(suggesting._SETTINGS, pred_iou_thresh=0.0, stability_score_thresh=0.0)
    monkeypatch.setattr(suggesting, "_SETTINGS", all_of_it)


@pytest.fixture
def question(small_work):
    small_work.prompt(0, Prompt((Point(22.0, 30.0),)))
    return click_inputs(CELL, small_work.document.prompts[CELL], None)


def test_suggestions_have_the_pictures_size_and_come_with_the_best_first(lenient, engine):
    steps = list(engine.suggest(0))
    found = found_by(steps)
    assert found and all(one.mask.size == (72, 96) and not one.mask.is_empty for one in found)
    qualities = [one.quality for one in found]
    assert qualities == sorted(qualities, reverse=True) and qualities[-1] >= 0 and qualities[0] <= 1
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total == 16 and not steps[0].found


def test_the_same_frame_gives_the_same_suggestions(lenient, engine):
    found = found_by(engine.suggest(3))
    assert found and found_by(engine.suggest(3)) == found


def test_a_click_between_two_steps_is_answered_and_changes_nothing(lenient, engine, fresh, question):
    alone = found_by(engine.suggest(0))
    answer = engine.prompt_frame(question, 0)
    again, steps = fresh(), []
    for step in again.suggest(0):
        steps.append(step)
        assert again.prompt_frame(question, 0) == answer
    assert found_by(steps) == alone


def test_a_search_between_two_frames_of_a_run_changes_nothing(lenient, engine, fresh, small_work):
    small_work.prompt(0, Prompt((Point(22.0, 30.0),)))
    plan = make_plan(small_work.document, [1], 0, 6, "forward")
    inputs = plan_inputs(small_work.document, plan)
    alone = list(engine.run(plan, inputs))
    other = fresh()
    batches = []
    for batch in other.run(plan, inputs):
        batches.append(batch)
        if len(batches) == 3:
            assert found_by(other.suggest(2))
    assert batches == alone


def test_a_new_search_a_new_clip_and_closing_end_the_open_one(lenient, engine, small_clip):
    first = engine.suggest(0)
    next(first)
    list(engine.suggest(1))
    assert list(first) == []
    second = engine.suggest(0)
    next(second)
    engine.open_clip(small_clip)
    assert list(second) == []
    third = engine.suggest(0)
    next(third)
    third.close()
    assert found_by(engine.suggest(0))


def test_what_is_missing_or_damaged_is_a_sentence(engine, tmp_path):
    with pytest.raises(EngineError, match="No model is loaded"):
        list(InlineEngine().suggest(0))
    folder = tmp_path / "clip"
    folder.mkdir()
    for frame in range(2):
        Image.fromarray(np.full((72, 96, 3), 90, np.uint8)).save(folder / f"{frame}.png")
    engine.open_clip(folder)
    (folder / "1.png").write_bytes(b"no picture")
    with pytest.raises(EngineError, match=r"1\.png"):
        list(engine.suggest(1))


def test_a_worker_process_finds_the_same_and_lets_clicks_through(engine, small_model, small_clip, question):
    here, answer = list(engine.suggest(0)), engine.prompt_frame(question, 0)
    with closing(ProcessEngine()) as far:
        far.load(small_model, "cpu")
        far.open_clip(small_clip)
        steps = []
        for step in far.suggest(0):
            steps.append(step)
            if len(steps) == 2:
                assert far.prompt_frame(question, 0) == answer
        assert steps == here
        stopped = far.suggest(0)
        next(stopped)
        stopped.close()
        assert list(far.suggest(0)) == here
