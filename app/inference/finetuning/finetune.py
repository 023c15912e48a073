"""The whole of it: split, measure, learn, measure again, and say honestly what came of it.

Everything lies in a folder of its own while it lasts; what was begun there goes on if the same masks are meant.
"""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.inference.checkpoints import Checkpoint
from app.inference.finetuning.card import make_card
from app.inference.finetuning.data_folder import open_clip_of, write_data_folder
from app.inference.finetuning.errors import FinetuneError
from app.inference.finetuning.measure import HeldOut, Scores, measure, questions_about
from app.inference.finetuning.split import LEAST_FRAMES, LEAST_LEARNED, Split, split_frames, spread
from app.inference.finetuning.state import WorkState
from app.inference.finetuning.truth import ClipTruth, digest_of, read_truth
from app.inference.finetuning.verdict import Comparison, Outcome, compare, is_worth_listing, judge, sentence
from sam2_core.checkpoint import load_model, save_checkpoint
from sam2_core.config import HieraConfig
from sam2_core.device import choose_device
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.finetuning import finetuning_recipe
from sam2_core.training.record import METRICS_NAME, Metrics
from sam2_core.training.run import CHECKPOINT_NAME, Training
from sam2_core.training.sources import open_library
from sam2_core.training.team import Team

MOST_STEPS = 600
"""More would only learn the clips by heart."""
FEW_STEPS = 60
MOST_FRAMES = 720
"""To learn from, of all projects together: more would take long to prepare, and in so many steps few would be seen."""
TIMED_STEPS = 4
"""Steps after which the pace is known; the first one also fills the pools."""
MEASURING_SHARE = 0.2
"""Of the time, before and again after."""
SAVED_EVERY = 60.0
DATA_NAME = "data"


@dataclass(frozen=True)
class FinetuneRequest:
    """What is asked for.

    Attributes:
        projects: project files to learn from.
        base: the model to begin with.
        name: of the new model.
        folder: where the work lies while it lasts.
        target: the weight file to make.
        minutes: about how long all of it may take.
        device: as for `choose_device`.
        data: further data folders to mix in, against forgetting.
        keep: save the model whatever the measuring says.
        only_verified: learn from verified masks alone.
        steps: steps to learn for; None for as many as fit into the time.
    """

    projects: tuple[Path, ...]
    base: Checkpoint
    name: str
    folder: Path
    target: Path
    minutes: float = 10.0
    device: str = "auto"
    data: tuple[Path, ...] = ()
    keep: bool = False
    only_verified: bool = True
    steps: int | None = None


@dataclass(frozen=True)
class Progress:
    """How far one part of the work is; `line` is something to say besides."""

    what: str
    done: int
    total: int
    line: str | None = None


@dataclass(frozen=True)
class Result:
    """What came of it; `saved` is the weight file, None if it was not worth one."""

    outcome: Outcome
    comparisons: list[Comparison]
    said: str
    saved: Path | None


def finetune(request: FinetuneRequest) -> Iterator[Progress | Result]:
    """Work that fine-tunes a model; the last thing it yields is the Result.

    Closing it keeps a checkpoint; asked the same again, it goes on from there.

    Raises:
        FinetuneError: there is nothing to learn from, too little to hold anything back, or a clip is missing.
        ProjectError, CheckpointError, DeviceError, DataError: as their sentences say.
    """
    truths = [read_truth(project, only_verified=request.only_verified) for project in request.projects]
    splits = {truth.project: _split(truth, max(MOST_FRAMES // len(truths), LEAST_LEARNED)) for truth in truths}
    held_out = [
        HeldOut(str(place), truth, splits[truth.project].held_out)
        for place, truth in enumerate(truths)
        if splits[truth.project].held_out
    ]
    _check(request, truths, held_out)
    yield Progress("Reading", 0, 1, _plan_in_words(truths, splits))
    state = WorkState.open(
        request.folder,
        {
            "digest": digest_of(truths),
            "base": str(request.base.path),
            "data": [str(path) for path in request.data],
            "steps_asked": request.steps,
            "minutes": request.minutes,
        },
    )
    model = load_model(request.base.path, choose_device(request.device))
    if state.outcome is None:
        yield from _write_data(request, state, truths, splits, model)
        yield from _measure("Measuring before", model, held_out, request, state, is_before=True)
        training = _training(request, state, model)
        yield from _learn(request, state, training)
        model.load_state_dict(training.averaged_state())
        model.eval().requires_grad_(False)
        yield from _measure("Measuring after", model, held_out, request, state, is_before=False)
        comparisons = compare(state.scores("before") or Scores(), state.scores("after") or Scores())
        state.remember(
            outcome=judge(comparisons).value,
            steps_done=training.step,
            minutes_done=round(training.seconds / 60, 1),
            sources=training.library.sources,
        )
    yield _conclude(request, state, truths, splits, model)


def _split(truth: ClipTruth, most: int) -> Split:
    split = split_frames(truth.frames)
    return dataclasses.replace(split, learned=spread(split.learned, most))


def _check(request: FinetuneRequest, truths: Sequence[ClipTruth], held_out: Sequence[HeldOut]) -> None:
    for truth in truths:
        open_clip_of(truth).close()
    if request.data:
        open_library(request.data)
    if not held_out and not request.keep:
        count = max(len(truth.frames) for truth in truths)
        raise FinetuneError(
            f"{count} looked-at frames in one clip are too few to learn from some and measure on others; about "
            f"{LEAST_FRAMES} are needed. Verify more, or add --keep to learn from all of them without knowing whether "
            "it helps."
        )


def _plan_in_words(truths: Sequence[ClipTruth], splits: dict[Path, Split]) -> str:
    learned = sum(
        frame in masks for truth in truths for masks in truth.masks.values() for frame in splits[truth.project].learned
    )
    kept = sum(
        frame in masks for truth in truths for masks in truth.masks.values() for frame in splits[truth.project].held_out
    )
    objects = sum(len(truth.masks) for truth in truths)
    apart = f", at least {min(split.gap for split in splits.values())} frames apart" if kept else ""
    where = f"{objects} object{'s' * (objects != 1)} in {len(truths)} project{'s' * (len(truths) != 1)}"
    return f"{where}: {learned} masks to learn from, {kept} kept back to measure on{apart}"


def _write_data(
    request: FinetuneRequest, state: WorkState, truths: Sequence[ClipTruth], splits: dict[Path, Split], model: Sam2Model
) -> Iterator[Progress]:
    if state.values.get("has_data"):
        return
    folder = request.folder / DATA_NAME
    if folder.exists():
        shutil.rmtree(folder)
    frames = {project: split.learned for project, split in splits.items()}
    for written in write_data_folder(folder, truths, frames, 2 * model.config.image_size):
        yield Progress("Reading", written.done, written.total)
    state.remember(has_data=True)


def _measure(
    what: str,
    model: Sam2Model,
    held_out: Sequence[HeldOut],
    request: FinetuneRequest,
    state: WorkState,
    *,
    is_before: bool,
) -> Iterator[Progress]:
    name = "before" if is_before else "after"
    if not held_out or state.scores(name) is not None:
        return
    again = None if is_before else state.scores("before")
    total = sum(map(questions_about, held_out)) if again is None else len(again.values)
    scores = Scores()
    seconds = request.minutes * 60 * MEASURING_SHARE if is_before else None
    for scores in measure(model, held_out, seconds=seconds, again=again):
        yield Progress(what, min(len(scores.values), total), total)
    yield Progress(what, total, total)
    state.remember_scores(name, scores)


def _training(request: FinetuneRequest, state: WorkState, model: Sam2Model) -> Training:
    """The training at the place where it stopped, or at its beginning."""
    steps = state.values.get("steps") or request.steps or MOST_STEPS
    recipe = finetuning_recipe(model.config, steps)
    folders = [request.folder / DATA_NAME, *request.data]
    training = Training(recipe, model, folders, request.folder, Team(choose_device(request.device)))
    training.resume()
    return training


def _learn(request: FinetuneRequest, state: WorkState, training: Training) -> Iterator[Progress]:
    """Steps until the recipe or the time is over. Closed on the way, it keeps a checkpoint."""
    budget = request.minutes * 60 * (1 - 2 * MEASURING_SHARE)
    with _saved_at_the_end(training), Metrics(request.folder / METRICS_NAME, training.step) as metrics:
        saved = time.monotonic()
        paces: list[float] = []
        for record in training.steps():
            metrics.write(record)
            paces.append(record.seconds)
            if state.values.get("steps") is None and training.step >= TIMED_STEPS:
                steps = request.steps or _steps_that_fit(training, budget, float(np.mean(paces[1:] or paces)))
                training.recipe = dataclasses.replace(
                    training.recipe, stages=(dataclasses.replace(training.recipe.stages[0], steps=steps),)
                )
                state.remember(steps=steps)
                if steps < FEW_STEPS and request.steps is None:
                    yield Progress("Learning", training.step, steps, _few_in_words(request, steps))
            yield Progress("Learning", training.step, training.recipe.steps)
            if training.seconds > budget and request.steps is None:
                break
            if time.monotonic() - saved > SAVED_EVERY:
                training.save()
                saved = time.monotonic()


def _steps_that_fit(training: Training, budget: float, pace: float) -> int:
    return int(min(training.step + max((budget - training.seconds) / pace, 0), MOST_STEPS))


def _few_in_words(request: FinetuneRequest, steps: int) -> str:
    longer = math.ceil(request.minutes * FEW_STEPS / max(steps, 1) / 5) * 5
    return (
        f"Only {steps} steps fit into {request.minutes:g} minutes on this machine. That is little to learn from; "
        f"--minutes {longer} would give about {FEW_STEPS}."
    )


@contextmanager
def _saved_at_the_end(training: Training) -> Iterator[None]:
    # Anything else may have come in the middle of a step; then the last checkpoint stays.
    try:
        yield
    except GeneratorExit:
        training.save()
        raise
    training.save()


def _conclude(
    request: FinetuneRequest, state: WorkState, truths: Sequence[ClipTruth], splits: dict[Path, Split], model: Sam2Model
) -> Result:
    """Save the model if it is worth it, and throw away what only the work needed."""
    comparisons = compare(state.scores("before") or Scores(), state.scores("after") or Scores())
    outcome = Outcome(state.values["outcome"])
    said = sentence(outcome, comparisons)
    if not request.keep and not is_worth_listing(outcome, comparisons):
        return Result(outcome, comparisons, said, None)
    training = _training(request, state, model)
    model.load_state_dict(training.averaged_state())
    card = make_card(request.name, request.base, truths, splits, state.values, comparisons, said)
    request.target.parent.mkdir(parents=True, exist_ok=True)
    # Official weights stay as exact as they came; ours travel in half precision anyway.
    is_half = not isinstance(model.config.trunk, HieraConfig)
    save_checkpoint(request.target, model.eval(), half=is_half, card=card)
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    request.target.with_suffix(".json").write_text(text, encoding="utf-8")
    shutil.rmtree(request.folder / DATA_NAME, ignore_errors=True)
    (request.folder / CHECKPOINT_NAME).unlink(missing_ok=True)
    state.forget()
    return Result(outcome, comparisons, said, request.target)
