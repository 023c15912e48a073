"""The training loop: step after step, a record of each, a checkpoint now and then, and the way back into it."""

from __future__ import annotations

import dataclasses
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sam2_core.device import choose_device, memory_guard
from sam2_core.errors import CheckpointError, Sam2Error
from sam2_core.model.hiera import Hiera
from sam2_core.training.initialise import quieten_memory
from sam2_core.training.losses import StepLoss
from sam2_core.training.optimiser import Optimiser
from sam2_core.training.person import Person
from sam2_core.training.plots import draw_plots
from sam2_core.training.recipes import Recipe, StageRecipe
from sam2_core.training.record import METRICS_NAME as METRICS_NAME
from sam2_core.training.record import Metrics, StepRecord, progress_line, seconds_left
from sam2_core.training.run_files import CHECKPOINT_NAME as CHECKPOINT_NAME
from sam2_core.training.run_files import read_checkpoint, write_checkpoint, write_config
from sam2_core.training.samples import Samples
from sam2_core.training.sources import open_library
from sam2_core.training.step_losses import losses_of_step
from sam2_core.training.team import Team

_RANK_STRIDE = 7_919_000_003
_DECISIONS = 104_729_000_017


class Training:
    """A model on its way; `steps()` moves it.

    Args:
        recipe: what to do.
        model: the model of `recipe.model`, with whatever weights it starts from; it goes to the team's device.
        folders: data folders, as `open_library` reads them.
        run_folder: where checkpoints and the record go.
        team: which of several processes this is; by default the only one, on the processor.
        has_learned: the weights that it starts from come from a training, so their memory is worth keeping.
    """

    def __init__(
        self,
        recipe: Recipe,
        model: Any,
        folders: Sequence[Path],
        run_folder: Path,
        team: Team | None = None,
        *,
        has_learned: bool = False,
    ) -> None:
        self.recipe = recipe
        self._has_learned = has_learned
        self.team = Team(choose_device("cpu")) if team is None else team
        self.model = model.to(self.team.device.torch_device)
        self.folders = tuple(folders)
        self.run_folder = run_folder
        self.step = 0
        self.seconds = 0.0
        self.library = open_library(folders)
        self.optimiser = Optimiser(recipe, model)
        self._parameters = self.optimiser.parameters
        self.average = {name: parameter.detach().clone() for name, parameter in self._parameters.items()}
        trunk = self.model.image_encoder.trunk
        if isinstance(trunk, Hiera) and not recipe.is_trunk_frozen:
            trunk.set_drop_path(recipe.drop_path)
            trunk.recomputes = recipe.recomputes_trunk
        self._samples = Samples(recipe, model, self.library, self.team)
        self._start_alike()

    def _start_alike(self) -> None:
        self.team.share(self.model.state_dict().values())
        self.team.share(self.average.values())

    def steps(self, until: int | None = None) -> Iterator[StepRecord]:
        """Go on to step `until` (by default the end of the recipe), one record per step."""
        while self.step < (self.recipe.steps if until is None else min(until, self.recipe.steps)):
            with memory_guard(f"training step {self.step}"), self.team.on_device():
                record = self._one_step()
            yield record

    def _one_step(self) -> StepRecord:
        began = time.perf_counter()
        stage, step_in_stage = self.recipe.stage_at(self.step)
        self.optimiser.set_rates(stage, step_in_stage)
        seed = self.recipe.seed * 1_000_003 + self.step
        place = self.team.device.torch_device
        generator = torch.Generator(place).manual_seed(seed)
        # Drawn from the seed that all processes share, so that all have a clip or all have stills.
        kind = "clip" if float(torch.rand((), generator=generator)) < stage.clip_share else "still"
        if kind == "clip" and stage.consistency_share:
            kind = "round trip" if float(torch.rand((), generator=generator)) < stage.consistency_share else kind
        decisions = torch.Generator(place).manual_seed(seed + _DECISIONS)
        if self.team.rank:
            generator.manual_seed(seed + self.team.rank * _RANK_STRIDE)
        torch.manual_seed(seed + self.team.rank * _RANK_STRIDE)
        self.model.train()
        if stage.clip_share and step_in_stage == 0 and self.step > 0 and not self._has_memory():
            self._begin_memory(stage)
        self.optimiser.adamw.zero_grad(set_to_none=True)
        total, losses = self._go_back(kind, Person(stage, decisions, generator))
        self.team.average_gradients(list(self._parameters.values()), self._weight(losses))
        if self.optimiser.step():
            self._update_average()
        seconds = time.perf_counter() - began
        self.seconds += seconds
        record = self._record(kind, total, losses, seconds)
        self.step += 1
        return record

    def _go_back(self, kind: str, person: Person) -> tuple[float, list[list[StepLoss]]]:
        """Gradients of a step's losses: their total, and the losses of each group of objects."""
        total, groups = 0.0, []
        for losses, share in losses_of_step(kind, self.step, self.model, self._samples, person, self.recipe.loss):
            each = torch.stack([loss.total for loss in losses])
            cost = share * (each.sum() if self.recipe.sums_losses else each.mean())
            cost.backward()  # type: ignore[no-untyped-call]
            total += float(cost.detach())
            groups.append(losses)
        return total, groups

    def _weight(self, groups: Sequence[list[StepLoss]]) -> float:
        """How much this process counts: alike, or, where the paper is followed, every object alike."""
        if not self.recipe.loss.counts_absent:
            return 1.0
        objects = float(sum(len(losses[0].ious) for losses in groups))
        return objects / max(self.team.mean([objects])[0], 1.0)

    def _record(self, kind: str, total: float, groups: Sequence[list[StepLoss]], seconds: float) -> StepRecord:
        """What a step said, the mean over all processes."""
        names = list(groups[0][0].parts)
        parts = [float(np.mean([loss.parts[name] for losses in groups for loss in losses])) for name in names]
        ious = [float(torch.cat([losses[index].ious for losses in groups]).mean()) for index in (0, -1)]
        loss, first, last, *parts = self.team.mean([total, *ious, *parts])
        return StepRecord(self.step, kind, loss, dict(zip(names, parts, strict=True)), first, last, seconds)

    def _has_memory(self) -> bool:
        """Whether any stage before the present step had clips, or the weights came from a training."""
        return self._has_learned or any(self.recipe.stage_at(step)[0].clip_share for step in range(self.step))

    def _begin_memory(self, stage: StageRecipe) -> None:
        """The first step with clips after stills alone: memory starts as nearly nothing."""
        with torch.no_grad():
            coarse = self._samples.still_features(self.step, stage).coarse
        quieten_memory(self.model, coarse)
        self.team.share(self.model.state_dict().values())
        for name, parameter in self._parameters.items():
            if name.startswith("memory_attention."):
                self.average[name].copy_(parameter.detach())

    @torch.no_grad()
    def _update_average(self) -> None:
        # A young average would remember the random start for long, so it follows closely at first.
        decay = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        for name, parameter in self._parameters.items():
            self.average[name].lerp_(parameter.detach(), 1 - decay)

    def averaged_state(self) -> dict[str, Tensor]:
        """The whole state dict with the running average in place of what was trained."""
        return {**self.model.state_dict(), **self.average}

    def save(self) -> None:
        """Write the checkpoint of the run, whole or not at all; of several processes the first one does.

        Raises:
            CheckpointError: it cannot be written; see `write_checkpoint`.
        """
        if self.team.is_first:
            state = {
                "step": self.step,
                "seconds": self.seconds,
                "processes": self.team.size,
                "model": self.model.state_dict(),
                "average": self.average,
                "optimizer": self.optimiser.adamw.state_dict(),
                "recipe": self.recipe.model.name,
                "config": self.model.config.to_dict(),
                "device": self.team.device.label,
                "sources": self.library.sources,
            }
            write_checkpoint(self.run_folder, state)

    def resume(self) -> bool:
        """Go back to the run's checkpoint, if there is one; says whether there was.

        Raises:
            CheckpointError: it is damaged, or belongs to another model, or to another number of processes.
        """
        path = self.run_folder / CHECKPOINT_NAME
        found = read_checkpoint(self.run_folder) if self.team.is_first else None
        # The run folder may lie on the first process's machine alone.
        state = self.team.share_value(found)
        if state is None:
            return False
        processes = state.get("processes", 1)
        if processes != self.team.size:
            raise CheckpointError(
                f"{path} was trained by {processes} processes and can go on exactly with as many; now there are "
                f"{self.team.size}. Start as many, or another --run with --start."
            )
        try:
            self.model.load_state_dict(state["model"])
            self.optimiser.adamw.load_state_dict(state["optimizer"])
            for name, value in self.average.items():
                value.copy_(state["average"][name])
        except (KeyError, ValueError, RuntimeError) as error:
            raise CheckpointError(
                f"{path} belongs to another model than this recipe; choose another --run name. ({error})"
            ) from error
        self.step, self.seconds = state["step"], state["seconds"]
        return True

    def write_config(self) -> None:
        """Write down what this run is: recipe, data, processes, versions; CheckpointError where that cannot be."""
        config = {
            "recipe": dataclasses.asdict(self.recipe),
            "data": [str(folder) for folder in self.folders],
            "sources": self.library.sources,
            "processes": self.team.size,
            "device": self.team.device.label,
            "torch": torch.__version__,
        }
        write_config(self.run_folder, config)


def run_training(training: Training, *, hours: float | None = None, checkpoint_minutes: float = 10.0) -> str:
    """Train until the recipe, the hours or the person says stop; gives the reason in a sentence.

    A record of every step goes to metrics.csv, a line with the time left to the screen about twice a minute. Ctrl+C and
    a termination signal are obeyed between two steps, after a checkpoint. Of several processes the first one writes and
    speaks, and all stop together. Where the disk is full on the way, that is said, and tried again with the next
    checkpoint.

    Raises:
        Sam2Error: there is nothing to learn from, memory ran out, or the last checkpoint cannot be written.
    """
    team = training.team
    if team.is_first:
        training.write_config()
    asked_to_stop: list[int] = []
    previous = {
        number: signal.signal(number, lambda received, _: asked_to_stop.append(received))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    began = saved = told = time.monotonic()
    recent: list[StepRecord] = []
    reason = f"The recipe's {training.recipe.steps} steps are done."
    try:
        with Metrics(training.run_folder / METRICS_NAME, training.step, is_written=team.is_first) as metrics:
            for record in training.steps():
                metrics.write(record)
                recent = [*recent, record][-50:]
                now = time.monotonic()
                if now - told > 30 and team.is_first:
                    left = seconds_left(training.step, training.recipe.steps, recent, began, hours)
                    print(progress_line(training.step, training.recipe.steps, recent, left), flush=True)
                    told = now
                if now - saved > checkpoint_minutes * 60:
                    _try_to_keep(training)
                    saved = now
                if team.any(bool(asked_to_stop)):
                    reason = "Stopped on request; the same command goes on from here."
                    break
                if team.any(hours is not None and now - began > hours * 3600):
                    reason = f"The {hours:g} hours are over; the same command goes on from here."
                    break
    finally:
        _keep(training)
        for number, handler in previous.items():
            signal.signal(number, handler)
    return f"{reason} Step {training.step}, {training.seconds / 3600:.2f} h of training in all."


def _try_to_keep(training: Training) -> None:
    """`_keep`, without ending a training over it."""
    try:
        _keep(training)
    except Sam2Error as error:
        print(f"{error} The training goes on and tries again with the next checkpoint.", file=sys.stderr, flush=True)


def _keep(training: Training) -> None:
    """A checkpoint, and the curves up to it."""
    training.save()
    if training.team.is_first:
        try:
            draw_plots(training.run_folder)
        except OSError as error:
            raise CheckpointError(
                f"The curves cannot be drawn in {training.run_folder} ({error.strerror}); make room there or let it be "
                "written to. The checkpoint is written."
            ) from error
