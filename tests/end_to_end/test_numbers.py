"""What the stories ask of the built-in model in numbers. A weak model fails these without breaking a story."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.document.project import Project
from app.document.steps import SetMasks, SetObject, SetPrompt
from app.document.suspicion import suspicious_cells
from app.document.values import Box, Clip, FrameMask, Point, Prompt, TrackedObject
from app.inference.checkpoints import find_checkpoint
from app.inference.inline_engine import InlineEngine
from app.inference.inputs import click_inputs, plan_inputs
from app.inference.plan import make_plan

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def engine(balls: Any) -> Iterator[InlineEngine]:
    engine = InlineEngine()
    engine.load(find_checkpoint("built-in").path, "cpu")
    engine.open_clip(balls.path)
    yield engine
    engine.close()


@pytest.fixture
def project(balls: Any) -> Project:
    project = Project.new(Clip(str(balls.path), "balls", balls.frame_count, 360, 640, 25.0))
    project.document.apply(SetObject(1, TrackedObject(1, "red")))
    return project


def answer(project: Project, engine: InlineEngine, frame: int, prompt: Prompt) -> np.ndarray:
    """Give object 1 a prompt and the model's mask for it, which comes back."""
    project.document.apply(SetPrompt((1, frame), prompt))
    found = engine.prompt_frame(click_inputs((1, frame), prompt, None), frame)
    project.document.apply(SetMasks({(1, frame): FrameMask(found.mask, found.iou, found.score)}))
    return np.asarray(found.mask.to_array())


def ask(value: float, least: float, what: str) -> None:
    """The number that a story names; a model that does not reach it is expected for now."""
    assert np.isfinite(value)
    if value < least:
        pytest.xfail(f"{what}: {value:.3f} with the built-in model, {least} in the story")


def test_s2_1_a_box_gives_the_ball(project: Project, engine: InlineEngine, balls: Any, overlap: Any) -> None:
    x, y = balls.center("red", 0)
    mask = answer(project, engine, 0, Prompt(box=Box(x - 42, y - 42, x + 42, y + 42)))
    ask(overlap(mask, balls.mask("red", 0)), 0.9, "IoU of the box's mask")


def test_s4_4_a_click_behind_the_pillar_gives_the_ball(
    project: Project, engine: InlineEngine, balls: Any, overlap: Any, story_frame: Any
) -> None:
    frame = story_frame(47) + 1
    mask = answer(project, engine, frame, Prompt((Point(*balls.spot("red", frame)),)))
    ask(overlap(mask, balls.mask("red", frame)), 0.85, "IoU of the click's mask")


def test_s4_1_the_queue_names_the_pillar(
    project: Project, engine: InlineEngine, balls: Any, story_frame: Any, story_frame_after: Any
) -> None:
    last = story_frame_after(52)
    answer(project, engine, 0, Prompt((Point(*balls.center("red", 0)),)))
    plan = make_plan(project.document, [1], 0, last, "forward")
    for batch in engine.run(plan, plan_inputs(project.document, plan)):
        found = {(1, one.frame): FrameMask(one.mask, one.iou, one.score) for one in batch.cells}
        if found:
            project.document.apply(SetMasks(found))
    near = range(story_frame(40), story_frame_after(48) + 1)
    entries = [entry for entry in suspicious_cells(project.document) if entry.cell[1] in near]
    ask(float(len(entries)), 1.0, "entries of Look at next between 40 and 48")
