"""One training step on a clip: the first frame is prompted, the others are tracked with memory (section 10.4).

`prompted_clips.py` prompts as the paper does, on up to two frames anywhere in the clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from sam2_core.matching import carry_masks, find_neighbours, matching_features, prior_logits, soft_mask
from sam2_core.model.mask_decoder import DecoderOutput, upsample_logits
from sam2_core.model.position import sine_map
from sam2_core.model.prompt_encoder import PADDING
from sam2_core.training.clips import presence
from sam2_core.training.decoding import Features, as_shown, decode
from sam2_core.training.losses import LossWeights, StepLoss, decoder_loss
from sam2_core.training.prompts import boxes, first_clicks
from sam2_core.training.recipes import StageRecipe
from sam2_core.training.stills import Answers, correct

GIVEN_LOGIT = 10.0
"""Of masks that are given, either way."""


@dataclass
class Memory:
    """What K objects remember of the frames so far.

    Attributes:
        maps: spatial memories K x Cm x h x w.
        pointers: K x C.
        logits: K x 1 x S/4 x S/4, detached, for the matched mask.
        frames: their numbers, in the order in which they were looked at.
        conditioning: those of them that a person answered for; every frame looks at them, however far away.
    """

    maps: list[Tensor] = field(default_factory=list)
    pointers: list[Tensor] = field(default_factory=list)
    logits: list[Tensor] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    conditioning: set[int] = field(default_factory=set)


def clip_losses(
    model: Any, features: Features, truth: Tensor, stage: StageRecipe, weights: LossWeights, generator: torch.Generator
) -> list[StepLoss]:
    """Losses of all decoder passes over a clip.

    Args:
        model: a model of this package.
        features: one row per frame.
        truth: coverage T x K x S/4 x S/4.
        stage, weights: of the recipe.
        generator: where all draws come from.
    """
    there = presence(truth)
    memory = Memory()
    losses = _first_frame(model, features, truth, stage, weights, generator, memory)
    uses_prior = model.config.matching_prior and float(torch.rand((), generator=generator)) >= stage.prior_drop
    frames = range(len(truth)) if uses_prior else range(0)
    matching = features_to_match(features, frames)
    corrected = int(torch.randint(1, len(truth), (), generator=generator)) if len(truth) > 1 else 0
    for frame in range(1, len(truth)):
        rows = features.rows(torch.full((truth.shape[1],), frame))
        conditioned = condition(model, rows, memory, frame)
        prior = matched_mask(matching, memory, frame) if uses_prior else None
        points, labels = no_points(truth.shape[1])
        output = decode(model, rows, points, labels, prior, conditioned)
        is_multimask = model.config.uses_multimask(0, is_initial=False)
        losses.append(decoder_loss(output, truth[frame], weights, is_multimask=is_multimask, present=there[frame]))
        logits, token = picked(output, is_multimask=is_multimask)
        score, is_prompted = output.score, False
        if frame == corrected and stage.corrections and bool(there[frame].all()):
            tracked = logits[:, 0].detach()
            answers = Answers(points, labels, tracked, beneath=tracked > 0)
            correction = correct(model, rows, truth[frame], answers, weights, generator, conditioned)
            losses.append(correction.loss)
            logits, token, score, is_prompted = answers.logits[:, None], correction.token, correction.score, True
        remember(model, rows, logits, token, score, memory, frame, is_prompted=is_prompted)
    return losses


def _first_frame(
    model: Any,
    features: Features,
    truth: Tensor,
    stage: StageRecipe,
    weights: LossWeights,
    generator: torch.Generator,
    memory: Memory,
) -> list[StepLoss]:
    """Half of the time the mask itself is given, else a box or a click with corrections."""
    count = truth.shape[1]
    rows = features.rows(torch.zeros(count, dtype=torch.long))
    kind = float(torch.rand((), generator=generator))
    losses: list[StepLoss] = []
    if kind < 0.5:
        take_mask(model, rows, truth[0], memory)
        return losses
    points, labels = boxes(truth[0], generator) if kind < 0.75 else first_clicks(truth[0], generator)
    is_click = kind >= 0.75
    output = decode(model, rows, points, labels, None)
    shown = as_shown(model, rows, output, points, labels)
    losses.append(decoder_loss(output, truth[0], weights, is_multimask=is_click, shown=shown.masks))
    logits, token = picked(shown, is_multimask=is_click)
    answers, score = Answers(points, labels, logits[:, 0]), output.score
    for _ in range(stage.corrections):
        correction = correct(model, rows, truth[0], answers, weights, generator)
        losses.append(correction.loss)
        token, score = correction.token, correction.score
    # Memory learns from a mask that a person would have kept: the corrected one if it is any good, else the truth.
    overlap = ((answers.logits > 0) & (truth[0] > 0.5)).flatten(1).sum(-1).float()
    union = ((answers.logits > 0) | (truth[0] > 0.5)).flatten(1).sum(-1).clamp(min=1)
    is_good = (overlap / union > 0.7)[:, None, None, None]
    logits = torch.where(is_good, answers.logits[:, None], (2 * truth[0] - 1)[:, None] * GIVEN_LOGIT)
    remember(model, rows, logits, token, score, memory, 0, is_prompted=True)
    return losses


def take_mask(model: Any, rows: Features, truth: Tensor, memory: Memory) -> None:
    """Begin a memory with given masks K x S/4 x S/4 on frame 0: they are the answer, and nothing is asked."""
    count = len(truth)
    logits = (2 * truth - 1)[:, None] * GIVEN_LOGIT
    mask = F.interpolate(truth[:, None], scale_factor=4.0, mode="bilinear", align_corners=False)
    points, labels = no_points(count)
    output = decode(model, rows, points, labels, model.mask_downsample((mask > 0.5).float()), rows.coarse)
    score = output.score.new_full((count, 1), 1.0)
    remember(model, rows, logits, output.tokens[:, 0], score, memory, 0, is_prompted=True)


def no_points(count: int) -> tuple[Tensor, Tensor]:
    """The point that is none, which stands where there is no other: K x 1 x 2 and its label K x 1."""
    return torch.zeros(count, 1, 2), torch.full((count, 1), PADDING)


def picked(output: DecoderOutput, *, is_multimask: bool) -> tuple[Tensor, Tensor]:
    """Logits K x 1 x S/4 x S/4 and token of the mask that would be answered, with gradients."""
    row = torch.arange(len(output.ious))
    index = output.ious[:, 1:].argmax(dim=1) + 1 if is_multimask else torch.zeros_like(row)
    return output.masks[row, index][:, None].float(), output.tokens[row, index]


def remember(
    model: Any,
    rows: Features,
    logits: Tensor,
    token: Tensor,
    score: Tensor,
    memory: Memory,
    frame: int,
    *,
    is_prompted: bool,
    binarises: bool = True,
    pointer_score: Tensor | None = None,
) -> None:
    """Add a frame to the memory.

    Args:
        model: whose memory encoder is used.
        rows: features of the frame, a row per object.
        logits: its mask's, K x 1 x S/4 x S/4 or S x S.
        token: the mask's token.
        score: the presence score, K x 1.
        memory: what is added to.
        frame: its number.
        is_prompted: whether a person answered for the frame.
        binarises: whether the mask of a prompted frame is remembered as a session does where the model is set so:
            without its shades, through which nothing flows back.
        pointer_score: the score by which the pointer is replaced, where it is another one.
    """
    side = model.config.image_size
    is_binary = is_prompted and binarises
    memory.maps.append(model.encode_memory(rows.coarse, upsample_logits(logits, (side, side)), score, is_binary))
    presence_gate = ((score if pointer_score is None else pointer_score) > 0).float()
    memory.pointers.append(presence_gate * model.obj_ptr_proj(token) + (1 - presence_gate) * model.no_obj_ptr)
    shown = torch.where((score > 0)[..., None, None], logits, -GIVEN_LOGIT)
    memory.logits.append(shown.detach())
    memory.frames.append(frame)
    if is_prompted:
        memory.conditioning.add(frame)


def condition(model: Any, rows: Features, memory: Memory, frame: int, clip_length: int | None = None) -> Tensor:
    """The frame's features in the light of the conditioning frames and of the last few before it.

    Pointers reach as far back and are placed as in a clip of `clip_length` frames (section 7.5), by default as in a
    long one.
    """
    config = model.config
    places = {number: index for index, number in enumerate(memory.frames)}
    recent = range(max(frame - config.num_maskmem + 1, 0), frame)
    kept = [number for number in memory.frames if number in memory.conditioning]
    kept += [number for number in recent if number in places and number not in memory.conditioning]
    place = model.memory_position().flatten(2).permute(2, 0, 1)
    tokens, positions = [], []
    for number in kept:
        age = config.num_maskmem - 1 if number in memory.conditioning else frame - number - 1
        tokens.append(memory.maps[places[number]].flatten(2).permute(2, 0, 1))
        positions.append((place + model.maskmem_tpos_enc[age]).expand_as(tokens[-1]))
    count = config.pointer_tokens
    most = config.max_obj_ptrs_in_encoder
    span = max(min(most if clip_length is None else clip_length, most) - 1, 1)
    near = [number for number in memory.frames if number in memory.conditioning or frame - number <= span]
    terms = model.pointer_position(torch.tensor([frame - number for number in near], dtype=torch.float32) / span)
    for number, term in zip(near, terms, strict=True):
        pointer = memory.pointers[places[number]]
        tokens.append(pointer.reshape(len(pointer), count, -1).transpose(0, 1))
        positions.append(term.expand_as(tokens[-1]))
    position = sine_map(config.hidden, config.grid, config.grid, rows.coarse.device)
    conditioned: Tensor = model.condition(
        rows.coarse, position, torch.cat(tokens), torch.cat(positions), count * len(near)
    )
    return conditioned


@torch.no_grad()
def features_to_match(features: Features, frames: Sequence[int]) -> list[Tensor]:
    """What the cells of some frames are compared by; nothing learns from it."""
    return [matching_features(features.trunk[0][frame], features.trunk[1][frame]) for frame in frames]


@torch.no_grad()
def matched_mask(matching: list[Tensor], memory: Memory, frame: int) -> Tensor:
    """The matched mask K x 1 x S/4 x S/4, carried from the first frame and from the last six.

    A session searches four of those six, and is as good at following; a recipe's results depend on this choice, so it
    stays. Nor is the first frame searched further around for what was lost, as in a session, nor absence judged.

    Args:
        matching: of all frames, from `features_to_match`.
        memory: what was answered so far, the first frame first.
        frame: where to.
    """
    recent = memory.frames[1:][-6:]
    neighbours = find_neighbours(matching[frame], [matching[0]], [matching[number] for number in recent])
    side = matching[0].shape[-1]
    order = [0, *range(len(memory.frames) - len(recent), len(memory.frames))]
    masks = torch.stack([soft_mask(memory.logits[index], side, was_enlarged=index > 0) for index in order], dim=1)
    return prior_logits(carry_masks(neighbours, masks), memory.logits[0].shape[-1])
