"""There and back again: what unlabelled clips teach.

Something is followed from the first frame to a later one. From the mask found there, and without any memory of the way,
it is followed back. Where the mask then comes out that the way began with, it was followed well; how far off it is, is
the loss. Gradients flow through the way back alone: the way there only says where to begin it, as a session would.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from sam2_core.model.mask_decoder import DecoderOutput
from sam2_core.training.decoding import Features, decode
from sam2_core.training.losses import LossWeights, StepLoss, decoder_loss
from sam2_core.training.recipes import StageRecipe
from sam2_core.training.tracking import (
    Memory,
    condition,
    features_to_match,
    matched_mask,
    no_points,
    picked,
    remember,
    take_mask,
)

_GUESSES = 24
_SMALLEST, _LARGEST = 0.003, 0.4
_MOST_OVERLAP = 0.5
_UNSURE = 1.0
_FEWEST_CELLS = 2


@dataclass(frozen=True)
class _Place:
    """A frame that something was followed to: all answers, and the logits K x 1 x S/4 x S/4 of the one that counts."""

    output: DecoderOutput
    logits: Tensor


def round_trip_losses(
    model: Any, features: Features, truth: Tensor, stage: StageRecipe, weights: LossWeights, generator: torch.Generator
) -> list[StepLoss]:
    """The loss of one round trip, in a list as the other kinds of steps give theirs.

    What is lost on the way there teaches nothing, and if all of it is lost, the loss is 0.

    Args:
        model: a model of this package.
        features: one row per frame, at least two.
        truth: coverage T x K x h x w, of which the first frame's is taken; K = 0 where nothing is known, and then the
            model's own most confident masks of that frame are followed.
        stage, weights: of the recipe.
        generator: where all draws come from.
    """
    with _as_in_a_session(model):
        start = _known(truth[0], features) if truth.shape[1] else _confident(model, features, stage, generator)
        way_there = _followed(model, features, list(range(len(truth))), start)
    masks = torch.stack([place.logits[:, 0] > 0 for place in way_there])
    is_seen = torch.stack([place.output.score[:, 0] > 0 for place in way_there])
    is_seen &= (masks.flatten(2).sum(-1) >= _FEWEST_CELLS) & start.flatten(1).any(dim=1)
    is_lost = not bool(is_seen.any())
    # The way back begins where something was seen last.
    last = 0 if is_lost else int(torch.nonzero(is_seen.any(dim=1))[-1])
    kept = torch.arange(len(start)) if is_lost else torch.nonzero(is_seen[last])[:, 0]
    uses_prior = float(torch.rand((), generator=generator)) >= stage.prior_drop
    way_back = list(range(last + 1, -1, -1))
    home = _followed(model, features, way_back, masks[last, kept].float(), uses_prior=uses_prior)[-1]
    is_multimask = model.config.uses_multimask(0, is_initial=False)
    loss = decoder_loss(home.output, start[kept], weights, is_multimask=is_multimask)
    return [dataclasses.replace(loss, total=0.0 * loss.total) if is_lost else loss]


@contextmanager
def _as_in_a_session(model: Any) -> Iterator[None]:
    """Without gradients and without anything that is only done in training."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was_training)


def _followed(
    model: Any, features: Features, order: list[int], start: Tensor, *, uses_prior: bool = True
) -> list[_Place]:
    """Answers for all frames of `order` but the first, on which the masks `start`, K x S/4 x S/4, are given."""
    rows = [features.rows(torch.full((len(start),), frame)) for frame in order]
    matching = []
    if uses_prior and model.config.matching_prior:
        matching = features_to_match(features, order)
    memory = Memory()
    take_mask(model, rows[0], start, memory)
    is_multimask = model.config.uses_multimask(0, is_initial=False)
    places: list[_Place] = []
    for time in range(1, len(order)):
        prior = matched_mask(matching, memory, time) if matching else None
        conditioned = condition(model, rows[time], memory, time)
        output = decode(model, rows[time], *no_points(len(start)), prior, conditioned)
        logits, token = picked(output, is_multimask=is_multimask)
        remember(model, rows[time], logits, token, output.score, memory, time, is_prompted=False)
        places.append(_Place(output, logits))
    return places


def _known(truth: Tensor, features: Features) -> Tensor:
    """Masks of the first frame in the decoder's cells, K x S/4 x S/4 of zeros and ones."""
    return (F.adaptive_avg_pool2d(truth, features.fine.shape[-1]) > 0.5).float()


def _confident(model: Any, features: Features, stage: StageRecipe, generator: torch.Generator) -> Tensor:
    """Masks of the first frame that the model is sure of and that overlap little, K x S/4 x S/4 of zeros and ones.

    Clicks anywhere are answered; the answers are ranked by their estimated IoU times how little their size depends on
    where the outline is drawn. If none has a sensible size, the best one is taken all the same.
    """
    side = 4 * features.fine.shape[-1]
    clicks = torch.rand((_GUESSES, 1, 2), generator=generator) * side - 0.5
    labels = torch.ones((_GUESSES, 1), dtype=torch.long)
    output = decode(model, features.rows(torch.zeros(_GUESSES, dtype=torch.long)), clicks, labels, None)
    logits = output.masks[:, 1:].float().flatten(0, 1)
    inner, outer = ((logits > level).flatten(1).sum(-1) for level in (_UNSURE, -_UNSURE))
    masks = logits > 0
    share = masks.flatten(1).float().mean(-1)
    sureness = output.ious[:, 1:].flatten() * inner / outer.clamp(min=1)
    sureness = sureness - 2.0 * ((share < _SMALLEST) | (share > _LARGEST)).float()
    chosen: list[int] = []
    for index in sureness.argsort(descending=True).tolist():
        is_apart = all(_overlap(masks[index], masks[other]) < _MOST_OVERLAP for other in chosen)
        if not chosen or (sureness[index] > 0 and is_apart):
            chosen.append(index)
        if len(chosen) == stage.objects_of_clips:
            break
    return masks[chosen].float()


def _overlap(one: Tensor, other: Tensor) -> float:
    return float((one & other).sum() / (one | other).sum().clamp(min=1))
