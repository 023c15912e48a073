"""Weights and inputs that anybody can draw again from a name and a seed."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sam2_core.evaluation.parity_folder import ParityError


def draw(text: str, shape: Sequence[int]) -> np.ndarray:
    """Standard normal float32 values of a shape, the same on every machine for the same text."""
    seed = int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "little")
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(tuple(shape), dtype=np.float32)


def draw_input(seed: int, name: str, entry: Mapping[str, Any]) -> Tensor:
    """One random input of a case from its entry (`shape`, `scale`, `offset`)."""
    values = draw(f"{seed}/input/{name}", entry["shape"])
    return torch.from_numpy(values * np.float32(entry["scale"]) + np.float32(entry["offset"]))


def draw_weight(
    rule: Mapping[str, Any], seed: int, name: str, shape: Sequence[int], tweaks: Sequence[Mapping[str, Any]] = ()
) -> Tensor:
    """The weight of a name and shape under the collection's rule, float32.

    Args:
        rule: from `ParityFolder.weight_rule`.
        seed: the case's weight seed.
        tweaks: the case's `weight_tweaks`.
    """
    values = draw(f"{seed}/{name}", shape)
    if _UPSCALING_KERNEL.search(name):
        values = values[:, :, :1, :1] + np.float32(0.125) * values
    scale, offset = _scale_and_offset(rule, name, shape)
    values = values * np.float32(scale) + np.float32(offset)
    for tweak in tweaks:
        if re.search(tweak["match"], name):
            values = values * np.float32(tweak.get("mul", 1)) + np.float32(tweak.get("add", 0))
    return torch.from_numpy(values)


_UPSCALING_KERNEL = re.compile(r"^sam_mask_decoder\.output_upscaling\.[03]\.weight$")
_OVER_FAN_IN = " / sqrt(fan_in)"


def _scale_and_offset(rule: Mapping[str, Any], name: str, shape: Sequence[int]) -> tuple[float, float]:
    """Scale and offset of the first row of the rule that matches, in double precision."""
    for row in rule["first_match_wins"]:
        if row["match"].startswith("any 1-D tensor"):
            is_match = len(shape) == 1 and name.endswith(".weight")
        else:
            is_match = re.search(row["match"], name) is not None
        if is_match:
            scale = row["scale"]
            if isinstance(scale, str):
                fan_in = shape[0] if _UPSCALING_KERNEL.search(name) else math.prod(shape[1:])
                scale = float(scale.removesuffix(_OVER_FAN_IN)) / math.sqrt(fan_in)
            return float(scale), float(row["offset"])
    raise ParityError(f"No row of the weight rule matches the tensor {name!r}; copy weights.json anew.")
