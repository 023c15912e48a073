"""The training loop: step after step, a record of each, a checkpoint now and then, and the way back into it."""

from __future__ import annotations

import csv
import json
import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sam2_core.errors import CheckpointError
from sam2_core.training.clips import ClipSettings, draw_clip
from sam2_core.training.decoding import begun, continued, pixel_normalisation, pyramid
from sam2_core.training.initialise import quieten_memory
from sam2_core.training.losses import StepLoss
from sam2_core.training.pictures import PictureSettings, draw_sample
from sam2_core.training.pool import Prepared, SlidingPool, prepare
from sam2_core.training.recipes import Recipe, StageRecipe
from sam2_core.training.sources import open_library
from sam2_core.training.stills import still_losses
from sam2_core.training.tracking import clip_losses

CHECKPOINT_NAME = "checkpoint.pt"
METRICS_NAME = "metrics.csv"
_LEAST_RATE = 0.05
_OBJECTS_KEPT = 8
_CLIPS_RENEWED = 0.3
_TRUNK = "image_encoder.trunk."


@dataclass(frozen=True)
class StepRecord:
    """What one step said.

    Attributes:
        step: 0-based number of the step.
        kind: `still` or `clip`.
        loss: total.
        parts: mean of each part of the loss over the decoder passes.
        first_iou, last_iou: mean IoU of the first and of the last answers of the step.
        seconds: how long the step took.
    """

    step: int
    kind: str
    loss: float
    parts: dict[str, float]
    first_iou: float
    last_iou: float
    seconds: float


class Training:
    """A model on its way; `steps()` moves it.

    Args:
        recipe: what to do.
        model: the model of `recipe.model`, with whatever weights it starts from.
        folders: data folders.
        run_folder: where checkpoints and the record go.
    """

    def __init__(self, recipe: Recipe, model: Any, folders: Sequence[Path], run_folder: Path) -> None:
        self.recipe = recipe
        self.model = model
        self.run_folder = run_folder
        self.step = 0
        self.seconds = 0.0
        self.library = open_library(folders)
        self._precision: torch.dtype = getattr(torch, recipe.precision)
        self._normalise = pixel_normalisation(recipe.model)
        self._parameters = trained_parameters(model, None if recipe.is_trunk_frozen else recipe.thawed_from)
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self._parameters, recipe.weight_decay), lr=recipe.stages[0].learning_rate
        )
        self.average = {name: parameter.detach().clone() for name, parameter in self._parameters.items()}
        self._stills = SlidingPool(self._make_still, recipe.pool, recipe.renewed, recipe.seed)
        self._clips = SlidingPool(self._make_clip, max(recipe.pool // 6, 4), _CLIPS_RENEWED, recipe.seed + 1)

    def steps(self, until: int | None = None) -> Iterator[StepRecord]:
        """Go on to step `until` (by default the end of the recipe), one record per step."""
        while self.step < (self.recipe.steps if until is None else min(until, self.recipe.steps)):
            yield self._one_step()

    def _one_step(self) -> StepRecord:
        began = time.perf_counter()
        stage, step_in_stage = self.recipe.stage_at(self.step)
        self._set_rates(stage, step_in_stage)
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)
        generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + self.step)
        is_clip = float(torch.rand((), generator=generator)) < stage.clip_share
        self.model.train()
        if stage.clip_share and step_in_stage == 0 and self.step > 0 and not self._has_seen_clips():
            self._begin_memory(stage)
        losses = self._clip_step(stage, generator) if is_clip else self._still_step(stage, generator)
        total = torch.stack([loss.total for loss in losses]).mean()
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(list(self._parameters.values()), self.recipe.gradient_clip)
        self.optimizer.step()
        self._update_average()
        seconds = time.perf_counter() - began
        self.seconds += seconds
        record = StepRecord(
            self.step,
            "clip" if is_clip else "still",
            float(total.detach()),
            {name: float(np.mean([loss.parts[name] for loss in losses])) for name in losses[0].parts},
            float(losses[0].ious.mean()),
            float(losses[-1].ious.mean()),
            seconds,
        )
        self.step += 1
        return record

    def _has_seen_clips(self) -> bool:
        """Whether any stage before the present step had clips."""
        return any(self.recipe.stage_at(step)[0].clip_share for step in range(self.step))

    def _begin_memory(self, stage: StageRecipe) -> None:
        """The first step with clips after stills alone: memory starts as nearly nothing."""
        with torch.no_grad():
            coarse = pyramid(self.model, self._maps(self._stills.draw(self.step, stage.pictures))).coarse
        quieten_memory(self.model, coarse)
        for name, parameter in self._parameters.items():
            if name.startswith("memory_attention."):
                self.average[name].copy_(parameter.detach())

    def _still_step(self, stage: StageRecipe, generator: torch.Generator) -> list[StepLoss]:
        batch = self._stills.draw(self.step, stage.pictures)
        chosen = [torch.randperm(item.truth.shape[1], generator=generator)[: stage.objects] for item in batch]
        truth = torch.cat([item.truth[0, rows] for item, rows in zip(batch, chosen, strict=True)]).float() / 255
        features = pyramid(self.model, self._maps(batch))
        owner = torch.cat([torch.full((len(rows),), index) for index, rows in enumerate(chosen)])
        return still_losses(self.model, features.rows(owner), truth, stage, self.recipe.loss, generator)

    def _clip_step(self, stage: StageRecipe, generator: torch.Generator) -> list[StepLoss]:
        batch = self._clips.draw(self.step, max(stage.pictures // 4, 1))
        losses: list[StepLoss] = []
        for item in batch:
            features = pyramid(self.model, self._maps([item]))
            truth = item.truth[:, : stage.objects].float() / 255
            losses += clip_losses(self.model, features, truth, stage, self.recipe.loss, generator)
        return losses

    def _maps(self, batch: Sequence[Prepared]) -> list[Tensor]:
        """The trunk's maps of all pictures of a batch, in float32."""
        trunk = self.model.image_encoder.trunk
        if batch[0].maps is None:
            pixels = torch.cat([item.pixels for item in batch]).float()
            maps: list[Tensor] = trunk(self._normalise(pixels))
            return maps
        levels = zip(*(item.maps for item in batch if item.maps is not None), strict=True)
        maps = [torch.cat(level).float() for level in levels]
        if self.recipe.is_trunk_frozen:
            return maps
        with torch.set_grad_enabled(self.recipe.stage_at(self.step)[0].trunk_rate > 0):
            return maps + continued(trunk, maps[-1], self.recipe.thawed_from)

    def _make_still(self, number: int) -> Prepared:
        settings = PictureSettings(
            size=self.recipe.model.image_size,
            objects=_OBJECTS_KEPT,
            composite_share=self.recipe.composite_share,
            source_weights=self.recipe.source_weights,
            cutout_weights=self.recipe.cutout_weights,
        )
        sample = draw_sample(self.library, settings, np.random.default_rng([self.recipe.seed, 2, number]))
        return self._prepare(sample.picture[None], sample.masks[None])

    def _make_clip(self, number: int) -> Prepared:
        stage, _ = self.recipe.stage_at(self.step)
        settings = ClipSettings(
            size=self.recipe.model.image_size,
            frames=stage.frames,
            objects=max(stage.objects // 2, 1),
            source_weights=self.recipe.source_weights,
            cutout_weights=self.recipe.cutout_weights,
        )
        clip = draw_clip(self.library, settings, np.random.default_rng([self.recipe.seed, 3, number]))
        return self._prepare(clip.pictures, clip.masks)

    def _prepare(self, pictures: np.ndarray[Any, Any], masks: np.ndarray[Any, Any]) -> Prepared:
        trunk = self.model.image_encoder.trunk
        frozen: Callable[[Tensor], list[Tensor]] | None = trunk
        if not self.recipe.is_trunk_frozen:
            first = self.recipe.thawed_from
            frozen = partial(begun, trunk, before=first) if first else None
        return prepare(pictures, masks, frozen, self._normalise, self._precision)

    def _set_rates(self, stage: StageRecipe, step_in_stage: int) -> None:
        """Linear warm-up, then a cosine down to a twentieth."""
        rise = min((step_in_stage + 1) / max(stage.warmup, 1), 1.0)
        progress = step_in_stage / max(stage.steps, 1)
        fall = _LEAST_RATE + (1 - _LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in self.optimizer.param_groups:
            group["lr"] = rise * fall * (stage.trunk_rate if group["is_trunk"] else stage.learning_rate)

    @torch.no_grad()
    def _update_average(self) -> None:
        # A young average would remember the random start for long, so it follows closely at first.
        decay = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        for name, parameter in self._parameters.items():
            self.average[name].lerp_(parameter.detach(), 1 - decay)

    def averaged_state(self) -> dict[str, Tensor]:
        """The whole state dict with the running average in place of what was trained."""
        return {**self.model.state_dict(), **self.average}

    def save(self) -> Path:
        """Write the checkpoint of the run, whole or not at all."""
        path = self.run_folder / CHECKPOINT_NAME
        partial = path.with_suffix(".partial")
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "recipe": self.recipe.model.name,
            "sources": self.library.sources,
        }
        torch.save(state, partial)
        partial.replace(path)
        return path

    def resume(self) -> bool:
        """Go back to the run's checkpoint, if there is one; says whether there was.

        Raises:
            CheckpointError: it belongs to another model.
        """
        path = self.run_folder / CHECKPOINT_NAME
        if not path.exists():
            return False
        state = torch.load(path, map_location="cpu", weights_only=True)
        try:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            for name, value in self.average.items():
                value.copy_(state["average"][name])
        except (KeyError, ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"{path} belongs to another model than this recipe; choose another --run name. ({error})"
            ) from error
        self.step, self.seconds = state["step"], state["seconds"]
        return True


def trained_parameters(model: torch.nn.Module, thawed_from: int | None) -> dict[str, Tensor]:
    """The parameters that learn, by name; what is frozen is also told so.

    Args:
        model: a model of this package.
        thawed_from: first stage of the trunk that learns; 0 is the whole trunk, None nothing of it.
    """
    trained: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        in_trunk = name.startswith(_TRUNK)
        if in_trunk and (thawed_from is None or (thawed_from > 0 and _stage_of(name) < thawed_from)):
            parameter.requires_grad_(False)
        else:
            trained[name] = parameter
    return trained


def _stage_of(name: str) -> int:
    """The stage of a trunk's parameter; what comes before the stages counts as -1."""
    words = name.removeprefix(_TRUNK).split(".")
    return int(words[1]) if words[0] == "stages" else -1


def parameter_groups(parameters: dict[str, Tensor], weight_decay: float) -> list[dict[str, Any]]:
    """Trunk and rest, each with and without decay; biases, norms and single vectors do not decay (section 10.6)."""
    groups: dict[tuple[bool, bool], list[Tensor]] = {}
    for name, parameter in parameters.items():
        decays = parameter.ndim > 1 and "embed" not in name and "bias" not in name
        groups.setdefault((name.startswith(_TRUNK), decays), []).append(parameter)
    return [
        {"params": members, "is_trunk": is_trunk, "weight_decay": weight_decay if decays else 0.0}
        for (is_trunk, decays), members in groups.items()
    ]


def run_training(training: Training, *, hours: float | None = None, checkpoint_minutes: float = 10.0) -> str:
    """Train until the recipe, the hours or the person says stop; gives the reason in a sentence.

    A record of every step goes to metrics.csv, a line with the time left to the screen about twice a minute. Ctrl+C and
    a termination signal are obeyed between two steps, after a checkpoint.
    """
    training.run_folder.mkdir(parents=True, exist_ok=True)
    note = {"recipe": training.recipe.model.name, "sources": training.library.sources}
    (training.run_folder / "run.json").write_text(json.dumps(note, indent=1), encoding="utf-8")
    asked_to_stop: list[int] = []
    previous = {
        number: signal.signal(number, lambda received, _: asked_to_stop.append(received))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    began = saved = told = time.monotonic()
    recent: list[StepRecord] = []
    reason = f"The recipe's {training.recipe.steps} steps are done."
    try:
        with _Metrics(training.run_folder / METRICS_NAME, training.step) as metrics:
            for record in training.steps():
                metrics.write(record)
                recent = [*recent, record][-50:]
                now = time.monotonic()
                if now - told > 30:
                    print(progress_line(training, recent, began, hours), flush=True)
                    told = now
                if now - saved > checkpoint_minutes * 60:
                    training.save()
                    saved = now
                if asked_to_stop:
                    reason = "Stopped on request; the same command goes on from here."
                    break
                if hours is not None and now - began > hours * 3600:
                    reason = f"The {hours:g} hours are over; the same command goes on from here."
                    break
    finally:
        training.save()
        for number, handler in previous.items():
            signal.signal(number, handler)
    return f"{reason} Step {training.step}, {training.seconds / 3600:.2f} h of training in all."


def progress_line(training: Training, recent: Sequence[StepRecord], began: float, hours: float | None) -> str:
    """Step, loss, IoUs, speed and the time left."""
    pace = float(np.mean([record.seconds for record in recent]))
    left = (training.recipe.steps - training.step) * pace
    if hours is not None:
        left = min(left, hours * 3600 - (time.monotonic() - began))
    kinds = {record.kind for record in recent}
    ious = ", ".join(
        f"{kind} {np.mean([r.first_iou for r in recent if r.kind == kind]):.3f}"
        f" > {np.mean([r.last_iou for r in recent if r.kind == kind]):.3f}"
        for kind in sorted(kinds)
    )
    loss = np.mean([record.loss for record in recent])
    return (
        f"step {training.step}/{training.recipe.steps}  loss {loss:.3f}  IoU first > last: {ious}"
        f"  {pace:.2f} s a step  {left / 60:.0f} min left"
    )


class _Metrics:
    """The record as a table; rows past the step that a run resumes from are dropped."""

    _FIELDS = ("step", "kind", "loss", "mask", "iou", "pick", "score", "first_iou", "last_iou", "seconds")

    def __init__(self, path: Path, first_step: int) -> None:
        kept: list[dict[str, str]] = []
        if path.exists() and first_step:
            with path.open(newline="", encoding="utf-8") as file:
                kept = [row for row in csv.DictReader(file) if int(row["step"]) < first_step]
        self._file = path.open("w", newline="", encoding="utf-8")
        self._writer = csv.DictWriter(self._file, self._FIELDS)
        self._writer.writeheader()
        self._writer.writerows(kept)

    def __enter__(self) -> _Metrics:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, record: StepRecord) -> None:
        values = {"loss": record.loss, "first_iou": record.first_iou, "last_iou": record.last_iou, **record.parts}
        row = {name: f"{value:.5f}" for name, value in values.items()}
        self._writer.writerow({"step": record.step, "kind": record.kind, "seconds": f"{record.seconds:.3f}", **row})
        self._file.flush()
