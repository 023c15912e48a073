"""One training step with a person as the paper simulates one (sections 10.3 and 10.4).

Up to two frames of a clip are prompted and corrected; a still is the first frame of one. There is no matched mask: the
official models have none.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from sam2_core.model.mask_decoder import DecoderOutput, upsample_logits
from sam2_core.model.sam2 import ABSENT_LOGIT
from sam2_core.training.decoding import Features, decode
from sam2_core.training.losses import LossWeights, StepLoss, decoder_loss
from sam2_core.training.person import Person, boxes_around, clicks_on, clicks_on_errors
from sam2_core.training.tracking import GIVEN_LOGIT, Memory, condition, no_points, picked, remember

_BOX_SHARE = 0.5


@dataclass(frozen=True)
class ClipPrompts:
    """What the simulated person does to a clip.

    Attributes:
        initial: prompted frames, the first frame always among them, in the order in which they are answered.
        corrected: frames that get correction clicks; none where masks are given.
        by_mask: whether the prompts are the masks themselves.
    """

    initial: tuple[int, ...]
    corrected: frozenset[int]
    by_mask: bool


@dataclass(frozen=True)
class Answer:
    """How a frame ended.

    Attributes:
        logits: of the mask, K x 1 x S/4 x S/4 or S x S, with gradients.
        token: of the mask.
        score: whether the object is there, K x 1.
        pointer_score: the same where the pointer is concerned.
    """

    logits: Tensor
    token: Tensor
    score: Tensor
    pointer_score: Tensor


def draw_prompts(frame_count: int, person: Person) -> ClipPrompts:
    """Which frames of a clip are prompted and corrected."""
    stage, decisions = person.stage, person.decisions
    # One frame at least is left to be answered.
    by_mask = person.decides(stage.given_mask_share) and frame_count > 1
    most = min(stage.prompted_frames, frame_count - by_mask)
    count = int(torch.randint(1, most + 1, (), generator=decisions))
    order = (1 + torch.randperm(frame_count - 1, generator=decisions)).tolist()
    initial = (0, *order[: count - 1])
    if by_mask:
        return ClipPrompts(initial, frozenset(), by_mask)
    wanted = int(torch.randint(count, most + 1, (), generator=decisions))
    return ClipPrompts(initial, frozenset((0, *order)[:wanted]), by_mask)


def prompted_still_losses(
    model: Any, features: Features, truth: Tensor, person: Person, weights: LossWeights
) -> list[StepLoss]:
    """Losses of all decoder passes over the B objects of a batch, each begun with a click or a box and then corrected.

    Args:
        model: a model of this package.
        features: one row per object.
        truth: coverage B x h x w, with h from S/4 to S.
        person: who prompts.
        weights: of the terms.
    """
    losses: list[StepLoss] = []
    _answer(model, features, truth, person, weights, losses, is_initial=True, is_corrected=True)
    return losses


def prompted_clip_losses(
    model: Any, features: Features, truth: Tensor, person: Person, weights: LossWeights
) -> list[StepLoss]:
    """Losses of all decoder passes over a clip.

    Args:
        model: a model of this package.
        features: one row per frame.
        truth: coverage T x K x h x w, with h from S/4 to S.
        person: who prompts.
        weights: of the terms.
    """
    prompts = draw_prompts(len(truth), person)
    memory = Memory()
    losses: list[StepLoss] = []
    rest = [frame for frame in range(len(truth)) if frame not in prompts.initial]
    for frame in (*prompts.initial, *rest):
        rows = features.rows(torch.full((truth.shape[1],), frame))
        is_initial, is_corrected = frame in prompts.initial, frame in prompts.corrected
        if is_initial and prompts.by_mask:
            answer = _taken_mask(model, rows, truth[frame])
        else:
            answer = _answer(
                model,
                rows,
                truth[frame],
                person,
                weights,
                losses,
                is_initial=is_initial,
                is_corrected=is_corrected,
                conditioned=None if is_initial else condition(model, rows, memory, frame, len(truth)),
            )
        # Frames that were corrected condition the rest as well, as they do when a person works.
        remember(
            model,
            rows,
            answer.logits,
            answer.token,
            answer.score,
            memory,
            frame,
            is_prompted=is_initial or is_corrected,
            binarises=False,
            pointer_score=answer.pointer_score,
        )
    return losses


def _answer(
    model: Any,
    rows: Features,
    truth: Tensor,
    person: Person,
    weights: LossWeights,
    losses: list[StepLoss],
    *,
    is_initial: bool,
    is_corrected: bool,
    conditioned: Tensor | None = None,
) -> Answer:
    """Answer for a frame: its first prompt if it is an initial one, then a click at a time if it is corrected."""
    stage = person.stage
    points, labels = _first_prompt(rows, truth, person) if is_initial else _nothing(len(truth))
    previous: Tensor | None = None
    present = truth.flatten(1).any(dim=1)
    rounds = stage.corrections if is_corrected else 0
    for number in range(rounds + 1):
        shown = (points, labels) if points.shape[1] else no_points(len(truth))
        output = _judged(decode(model, rows, *shown, previous, conditioned))
        is_multimask = model.config.uses_multimask(points.shape[1], is_initial=is_initial)
        losses.append(decoder_loss(output, truth, weights, is_multimask=is_multimask, present=present))
        logits, token = picked(output, is_multimask=is_multimask)
        if number < rounds:
            click = _correction(rows, truth, logits, person)
            points, labels = (torch.cat(both, dim=1) for both in zip((points, labels), click, strict=True))
            previous = logits if stage.keeps_chain else logits.detach()
    return Answer(logits, token, output.score, output.score)


def _judged(output: DecoderOutput) -> DecoderOutput:
    """An answer in which what is judged to be absent has no mask, as everywhere in a session (section 6.6)."""
    is_there = (output.score > 0)[..., None, None]
    return dataclasses.replace(output, masks=torch.where(is_there, output.masks, ABSENT_LOGIT))


def _first_prompt(rows: Features, truth: Tensor, person: Person) -> tuple[Tensor, Tensor]:
    """A box or a click, half of the time each, for all objects alike."""
    stage, cell = person.stage, _cell(rows, truth)
    if person.decides(_BOX_SHARE):
        return boxes_around(truth, cell, person.generator, noise=stage.box_noise, reach=stage.box_reach)
    return clicks_on(truth, cell, person.generator)


def _correction(rows: Features, truth: Tensor, logits: Tensor, person: Person) -> tuple[Tensor, Tensor]:
    ignores_answer = person.decides(person.stage.truth_clicks)
    shown = logits.detach()
    if shown.shape[-1] != truth.shape[-1]:
        shown = upsample_logits(shown, (truth.shape[-2], truth.shape[-1]))
    return clicks_on_errors(truth, shown[:, 0], _cell(rows, truth), person.generator, ignores_answer=ignores_answer)


def _cell(rows: Features, truth: Tensor) -> int:
    """Side in pixels of the cells of a truth; the picture was looked at four times as large as the finest map."""
    return 4 * rows.fine.shape[-1] // truth.shape[-1]


def _nothing(count: int) -> tuple[Tensor, Tensor]:
    return torch.zeros(count, 0, 2), torch.zeros((count, 0), dtype=torch.long)


def _taken_mask(model: Any, rows: Features, truth: Tensor) -> Answer:
    """The mask itself is the prompt: nothing is asked, and pointer and memory learn from later frames (section 6.7)."""
    side = model.config.image_size
    mask = (truth[:, None] > 0.5).float()
    if truth.shape[-1] != side:
        mask = (F.interpolate(truth[:, None], size=(side, side), mode="bilinear", align_corners=False) > 0.5).float()
    output = decode(model, rows, *no_points(len(truth)), model.mask_downsample(mask), rows.coarse)
    is_there = mask.flatten(1).any(dim=1)[:, None]
    score = torch.where(is_there, GIVEN_LOGIT, -GIVEN_LOGIT)
    # For the pointer the decoder's own opinion counts as well; where either says no, it is replaced.
    return Answer((2 * mask - 1) * GIVEN_LOGIT, output.tokens[:, 0], score, torch.minimum(output.score, score))
