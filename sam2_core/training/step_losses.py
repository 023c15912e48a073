"""What a step of each kind computes: stills group by group of their objects, clips and films as one group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from sam2_core.training.decoding import Features
from sam2_core.training.groups import losses_in_groups
from sam2_core.training.losses import LossWeights, StepLoss
from sam2_core.training.person import Person
from sam2_core.training.prompted_clips import prompted_clip_losses, prompted_still_losses
from sam2_core.training.round_trips import round_trip_losses
from sam2_core.training.samples import Samples
from sam2_core.training.stills import still_losses
from sam2_core.training.tracking import clip_losses

Groups = Iterator[tuple[list[StepLoss], float]]


def losses_of_step(kind: str, step: int, model: Any, samples: Samples, person: Person, weights: LossWeights) -> Groups:
    """The losses of all decoder passes of a step, and the share that each group has in it.

    Whoever iterates goes back through a group's losses before asking for the next group.

    Args:
        kind: `still`, `clip` or `round trip`.
        step: its number.
        model: a model of this package.
        samples: what the step sees.
        person: who prompts.
        weights: of the terms of the loss.
    """
    if kind == "still":
        return _on_stills(step, model, samples, person, weights)
    return _on_frames(kind, step, model, samples, person, weights)


def _on_stills(step: int, model: Any, samples: Samples, person: Person, weights: LossWeights) -> Groups:
    stage = person.stage
    with samples.autocast():
        features, owner, truth = samples.stills(step, stage, person.generator)

    def losses_of(rows: Features, members: Tensor) -> list[StepLoss]:
        with samples.autocast():
            if stage.prompting == "paper":
                return prompted_still_losses(model, rows, members, person, weights)
            return still_losses(model, rows, members, stage, weights, person.generator)

    yield from losses_in_groups(features, owner, truth, stage.objects_at_once, losses_of)


def _on_frames(kind: str, step: int, model: Any, samples: Samples, person: Person, weights: LossWeights) -> Groups:
    stage = person.stage
    losses: list[StepLoss] = []
    with samples.autocast():
        for features, truth in samples.films(step, stage) if kind == "round trip" else samples.clips(step, stage):
            if kind == "round trip":
                losses += round_trip_losses(model, features, truth, stage, weights, person.generator)
            elif stage.prompting == "paper":
                losses += prompted_clip_losses(model, features, truth, person, weights)
            else:
                losses += clip_losses(model, features, truth, stage, weights, person.generator)
    yield losses, 1.0
