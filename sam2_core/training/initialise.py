"""How a new model begins, and how one that has learned still pictures begins to learn memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_QUIET = 0.1


@torch.no_grad()
def scale_memory_encoder(model: Any, gamma: float) -> None:
    """Let the blocks that fuse frame and mask begin with this share of what they add (section 10.7)."""
    for block in model.memory_encoder.fuser.layers:
        block.gamma.fill_(gamma)


@torch.no_grad()
def quieten_memory(model: Any, coarse: Tensor) -> None:
    """Let the memory attention begin as nearly nothing, so that the decoder understands its output from the start.

    Its branches are turned down, and its last norm is fitted so that a frame comes out as it would without memory.

    Args:
        model: decoder trained, memory attention new.
        coarse: N x C x S/16 x S/16 features of some pictures, before anything of memory is added.
    """
    attention = model.memory_attention
    for layer in attention.layers:
        for last in (layer.self_attn.out_proj, layer.cross_attn_image.out_proj, layer.linear2):
            last.weight.mul_(_QUIET)
            last.bias.zero_()
    tokens = coarse.float().flatten(2).transpose(1, 2).flatten(0, 1)
    wanted = tokens + model.no_mem_embed.reshape(1, -1)
    normed = torch.nn.functional.layer_norm(tokens, tokens.shape[-1:], eps=attention.norm.eps)
    centred = normed - normed.mean(dim=0)
    gain = (centred * (wanted - wanted.mean(dim=0))).sum(dim=0) / centred.square().sum(dim=0).clamp(min=1e-6)
    attention.norm.weight.copy_(gain)
    attention.norm.bias.copy_(wanted.mean(dim=0) - gain * normed.mean(dim=0))
