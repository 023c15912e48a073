"""One training step on stills: a first answer to a click, a box or a wrong mask, then corrections (section 10.4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sam2_core.model.mask_decoder import DecoderOutput
from sam2_core.model.prompt_encoder import PADDING
from sam2_core.training.decoding import Features, as_shown, decode
from sam2_core.training.losses import LossWeights, StepLoss, decoder_loss
from sam2_core.training.prompts import boxes, corrections, first_clicks, wrong_masks
from sam2_core.training.recipes import StageRecipe

_LOGIT_BOUND = 32.0


@dataclass
class Answers:
    """The state of B objects between two answers.

    Attributes:
        points, labels: the prompts so far.
        logits: B x h x w to go on from.
        beneath: B x h x w bool, the masks that lay there before the first click.
    """

    points: Tensor
    labels: Tensor
    logits: Tensor
    beneath: Tensor | None = None


@dataclass(frozen=True)
class Correction:
    """A correction's loss, and what the answer to it leaves for a memory: its token B x C and its score B x 1."""

    loss: StepLoss
    token: Tensor
    score: Tensor


def still_losses(
    model: torch.nn.Module,
    features: Features,
    truth: Tensor,
    stage: StageRecipe,
    weights: LossWeights,
    generator: torch.Generator,
) -> list[StepLoss]:
    """Losses of all decoder passes over the B objects of a batch; features have one row per object."""
    kinds = torch.rand(len(truth), generator=generator)
    by_mask = kinds < stage.wrong_mask_share
    by_box = ~by_mask & (kinds < stage.wrong_mask_share + (1 - stage.wrong_mask_share) * stage.box_share)
    points, labels = _first_prompts(truth, by_box, by_mask, generator)
    start = wrong_masks(truth, generator)
    losses: list[StepLoss] = []
    logits = torch.zeros_like(truth)
    # Where only what is answered teaches, boxes have a pass of their own: they are answered by the single mask.
    prompted = [~by_mask & ~by_box, by_box] if weights.only_answered else [~by_mask]
    for members, previous in (*((each, None) for each in prompted), (by_mask, start)):
        rows = torch.nonzero(members)[:, 0]
        if not len(rows):
            continue
        output = decode(
            model, features.rows(rows), points[rows], labels[rows], None if previous is None else previous[rows]
        )
        is_multimask = previous is not None or bool((~by_box[rows]).any())
        shown = as_shown(model, features.rows(rows), output, points[rows], labels[rows])
        losses.append(decoder_loss(output, truth[rows], weights, is_multimask=is_multimask, shown=shown.masks))
        logits[rows] = _answer(shown, ~by_box[rows])
    answers = Answers(points, labels, logits, beneath=(logits > 0) & by_mask[:, None, None])
    rounds = int(torch.randint(1, stage.corrections + 1, (), generator=generator)) if stage.corrections else 0
    for _ in range(rounds):
        losses.append(correct(model, features, truth, answers, weights, generator).loss)
    return losses


def correct(
    model: torch.nn.Module,
    features: Features,
    truth: Tensor,
    answers: Answers,
    weights: LossWeights,
    generator: torch.Generator,
    conditioned: Tensor | None = None,
) -> Correction:
    """One correction click on every object; `answers` is brought up to date in place.

    `conditioned` are the coarse features in the light of memories, on a frame that was tracked.
    """
    points, labels = corrections(truth, answers.logits, generator)
    answers.points = torch.cat([answers.points, points], dim=1)
    answers.labels = torch.cat([answers.labels, labels], dim=1)
    previous = answers.logits[:, None].clamp(-_LOGIT_BOUND, _LOGIT_BOUND)
    output = decode(model, features, answers.points, answers.labels, previous, conditioned)
    shown = as_shown(model, features, output, answers.points, answers.labels, answers.beneath)
    answers.logits = _answer(shown, torch.zeros(len(truth), dtype=torch.bool))
    loss = decoder_loss(output, truth, weights, is_multimask=False, shown=shown.masks)
    return Correction(loss, output.tokens[:, 0], output.score)


def _first_prompts(truth: Tensor, by_box: Tensor, by_mask: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two points per object: a click and a padding, or the corners of a box, or two paddings."""
    clicks, _ = first_clicks(truth, generator)
    corners, corner_labels = boxes(truth, generator)
    padded = torch.cat([clicks, torch.zeros_like(clicks)], dim=1)
    points = torch.where(by_box[:, None, None], corners, padded)
    labels = torch.where(by_box[:, None], corner_labels, torch.tensor([1, PADDING]))
    return torch.where(by_mask[:, None, None], 0.0, points), torch.where(by_mask[:, None], PADDING, labels)


def _answer(output: DecoderOutput, is_multimask: Tensor) -> Tensor:
    """The logits B x h x w that a session would go on from, without gradients."""
    with torch.no_grad():
        picked = torch.where(is_multimask, output.ious[:, 1:].argmax(dim=1) + 1, 0)
        return output.masks[torch.arange(len(picked)), picked].float()
