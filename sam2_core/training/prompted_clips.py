"""One training step on a clip as the paper simulates a person: up to two prompted and corrected frames (section 10.3).

Without a matched mask: the official models have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from sam2_core.training.clips import presence
from sam2_core.training.decoding import Features, decode
from sam2_core.training.losses import LossWeights, StepLoss, decoder_loss
from sam2_core.training.prompts import boxes, first_clicks
from sam2_core.training.recipes import StageRecipe
from sam2_core.training.stills import Answers, correct
from sam2_core.training.tracking import Memory, condition, picked, remember

_GIVEN_LOGIT = 10.0
_NO_POINT = -1


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


def draw_prompts(there: Tensor, stage: StageRecipe, generator: torch.Generator) -> ClipPrompts:
    """Which frames are prompted and corrected; where an object is missing there is no place to click, so no prompt.

    Args:
        there: whether each object is on each frame, bool T x K.
        stage: of the recipe.
        generator: where the draws come from.
    """
    by_mask = float(torch.rand((), generator=generator)) < stage.given_mask_share
    most = min(stage.prompted_frames, len(there))
    count = int(torch.randint(1, most + 1, (), generator=generator))
    order = (1 + torch.randperm(len(there) - 1, generator=generator)).tolist()
    complete = [frame for frame in order if bool(there[frame].all())]
    initial = (0, *complete[: count - 1])
    if by_mask:
        return ClipPrompts(initial, frozenset(), by_mask)
    wanted = int(torch.randint(len(initial), max(most, len(initial)) + 1, (), generator=generator))
    others = [frame for frame in order if frame not in initial]
    return ClipPrompts(initial, frozenset([*initial, *others][:wanted]), by_mask)


def prompted_clip_losses(
    model: Any, features: Features, truth: Tensor, stage: StageRecipe, weights: LossWeights, generator: torch.Generator
) -> list[StepLoss]:
    """Losses of all decoder passes over a clip; arguments as for `tracking.clip_losses`."""
    there = presence(truth)
    prompts = draw_prompts(there, stage, generator)
    memory = Memory()
    losses: list[StepLoss] = []
    rest = [frame for frame in range(len(truth)) if frame not in prompts.initial]
    for frame in (*prompts.initial, *rest):
        rows = features.rows(torch.full((truth.shape[1],), frame))
        is_initial = frame in prompts.initial
        if is_initial and prompts.by_mask:
            _take_mask(model, rows, truth[frame], memory, frame)
            continue
        conditioned = None if is_initial else condition(model, rows, memory, frame, len(truth))
        points, labels, is_click = _first_prompt(truth[frame], generator) if is_initial else _nothing(truth.shape[1])
        output = decode(model, rows, points, labels, None, conditioned)
        is_multimask = is_click or (not is_initial and model.config.uses_multimask(0, is_initial=False))
        losses.append(decoder_loss(output, truth[frame], weights, is_multimask=is_multimask, present=there[frame]))
        logits, token = picked(output, is_multimask=is_multimask)
        if frame in prompts.corrected:
            answers = Answers(points, labels, logits[:, 0].detach())
            for _ in range(stage.corrections):
                losses.append(correct(model, rows, truth[frame], answers, weights, generator, conditioned))
            if answers.last is not None:
                output = answers.last
                logits, token = picked(output, is_multimask=False)
        # Frames that were corrected condition the rest as well, as they do when a person works.
        is_prompted = is_initial or frame in prompts.corrected
        remember(model, rows, logits, token, output.score, memory, frame, is_prompted=is_prompted)
    return losses


def _first_prompt(truth: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, bool]:
    """A box or a click, half of the time each, and whether it is a click."""
    if float(torch.rand((), generator=generator)) < 0.5:
        return (*boxes(truth, generator), False)
    return (*first_clicks(truth, generator), True)


def _nothing(count: int) -> tuple[Tensor, Tensor, bool]:
    return torch.zeros(count, 1, 2), torch.full((count, 1), _NO_POINT), False


def _take_mask(model: Any, rows: Features, truth: Tensor, memory: Memory, frame: int) -> None:
    """The mask itself is the prompt: nothing is asked, and pointer and memory learn from later frames (section 6.7)."""
    count = len(truth)
    logits = (2 * truth - 1)[:, None] * _GIVEN_LOGIT
    mask = F.interpolate(truth[:, None], scale_factor=4.0, mode="bilinear", align_corners=False)
    points, labels, _ = _nothing(count)
    output = decode(model, rows, points, labels, model.mask_downsample((mask > 0.5).float()), rows.coarse)
    score = output.score.new_full((count, 1), 1.0)
    remember(model, rows, logits, output.tokens[:, 0], score, memory, frame, is_prompted=True)
