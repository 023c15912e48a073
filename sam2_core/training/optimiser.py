"""What learns and how fast: groups of parameters, layer decay, and the rate over the steps (section 10.6)."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor

from sam2_core.model.layers import LayerNorm2d
from sam2_core.training.recipes import Recipe, StageRecipe

_ENCODER = "image_encoder."
_TRUNK = _ENCODER + "trunk."
_BLOCK = re.compile(r"^image_encoder\.trunk\.blocks\.(\d+)\.")
_TIMESCALE = 1000
"""Steps after which the reciprocal square root begins to fall."""


class Optimiser:
    """AdamW on the parts of a model that a recipe wants to learn.

    Args:
        recipe: what learns, and how.
        model: its trunk's frozen parameters are told that they are.

    Attributes:
        parameters: those that learn, by name.
        adamw: the optimiser itself, for its state.
    """

    def __init__(self, recipe: Recipe, model: torch.nn.Module) -> None:
        self.parameters = trained_parameters(
            model, None if recipe.is_trunk_frozen else recipe.thawed_from, recipe.trained_parts
        )
        spared = published_without_decay(model) if recipe.decays_embeddings else None
        groups, self._scales = parameter_groups(
            self.parameters,
            recipe.weight_decay,
            recipe.layer_decay,
            spared,
            slow=_ENCODER if recipe.neck_with_trunk else _TRUNK,
        )
        self.adamw = torch.optim.AdamW(groups, lr=recipe.stages[0].learning_rate)
        self._clip = recipe.gradient_clip

    def set_rates(self, stage: StageRecipe, step_in_stage: int) -> None:
        """Give every group its rate at a step."""
        share = rate_share(stage, step_in_stage)
        # The scales are kept beside the groups, because loading a state replaces everything that stands in a group.
        for group, scale in zip(self.adamw.param_groups, self._scales, strict=True):
            group["lr"] = share * scale * (stage.trunk_rate if group["is_trunk"] else stage.learning_rate)

    def step(self) -> bool:
        """Clip the gradients and go one step; says whether it was taken. One with values that are no numbers is not."""
        norm = torch.nn.utils.clip_grad_norm_(list(self.parameters.values()), self._clip)
        is_sound = bool(torch.isfinite(norm))
        if is_sound:
            self.adamw.step()
        return is_sound


def rate_share(stage: StageRecipe, step: int) -> float:
    """Share of the full rate at a step of a stage: a linear rise, then a fall along the stage's curve."""
    rise = min((step + 1) / max(stage.warmup, 1), 1.0)
    if stage.schedule == "reciprocal_square_root":
        cooling = min((stage.steps - step) / max(stage.cooldown, 1), 1.0)
        return rise * cooling * math.sqrt(_TIMESCALE / max(step, _TIMESCALE))
    fall = 0.5 * (1 + math.cos(math.pi * step / max(stage.steps, 1)))
    return rise * (stage.last_rate + (1 - stage.last_rate) * fall)


def trained_parameters(
    model: torch.nn.Module, thawed_from: int | None, parts: tuple[str, ...] = ()
) -> dict[str, Tensor]:
    """The parameters that learn, by name; what is frozen is also told so.

    Args:
        model: a model of this package.
        thawed_from: first stage of the trunk that learns; 0 is the whole trunk, None nothing of it.
        parts: beginnings of the names of what learns; by default everything but the frozen trunk.
    """
    trained: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        in_trunk = name.startswith(_TRUNK)
        is_frozen = in_trunk and (thawed_from is None or (thawed_from > 0 and _stage_of(name) < thawed_from))
        if is_frozen or (parts and not name.startswith(parts)):
            parameter.requires_grad_(False)
        else:
            trained[name] = parameter
    return trained


def _stage_of(name: str) -> int:
    """The stage of a trunk's parameter; what comes before the stages counts as -1."""
    words = name.removeprefix(_TRUNK).split(".")
    return int(words[1]) if words[0] == "stages" else -1


def parameter_groups(
    parameters: dict[str, Tensor],
    weight_decay: float,
    layer_decay: float = 1.0,
    spared: Collection[str] | None = None,
    *,
    slow: str = _TRUNK,
) -> tuple[list[dict[str, Any]], list[float]]:
    """Groups for AdamW, and the share of the rate that each one gets.

    Trunk and rest, each with and without weight decay. With layer decay each block of the trunk is a pair of groups of
    its own, slower the nearer it is to the pixels.

    Args:
        parameters: what learns, by name.
        weight_decay: of those that decay.
        layer_decay: factor of the rate from block to block of the trunk.
        spared: names of those that do not decay; by default biases, norms, embeddings and single vectors.
        slow: beginning of the names of what learns at the trunk's rate.
    """
    depth = 1 + max((int(match[1]) for name in parameters if (match := _BLOCK.match(name))), default=-1)
    members: dict[tuple[bool, bool, float], list[Tensor]] = {}
    for name, parameter in parameters.items():
        decays = parameter.ndim > 1 and "embed" not in name and "bias" not in name
        if spared is not None:
            decays = name not in spared
        scale = _layer_scale(name, depth, layer_decay) if name.startswith(_TRUNK) else 1.0
        members.setdefault((name.startswith(slow), decays, scale), []).append(parameter)
    groups = [
        {"params": tensors, "is_trunk": is_trunk, "weight_decay": weight_decay if decays else 0.0}
        for (is_trunk, decays, _), tensors in members.items()
    ]
    return groups, [scale for _, _, scale in members]


def published_without_decay(model: torch.nn.Module) -> set[str]:
    """Names of the parameters whose weights do not decay in the published training: biases, and norms over tokens.

    The norms over maps do decay there, as do embeddings, position maps and the scales of the memory encoder.
    """
    norms = {
        f"{name}.{parameter}"
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.LayerNorm) and not isinstance(module, LayerNorm2d)
        for parameter, _ in module.named_parameters(recurse=False)
    }
    return norms | {name for name, _ in model.named_parameters() if "bias" in name}


def _layer_scale(name: str, depth: int, decay: float) -> float:
    """decay ** (depth + 1 - layer) with layer 0 for the patches, i + 1 for block i; position maps keep their rate."""
    if "pos_embed" in name:
        return 1.0
    match = _BLOCK.match(name)
    return float(decay ** (depth + 1 - (int(match[1]) + 1 if match else 0)))
