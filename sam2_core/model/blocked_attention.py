"""Attention in blocks that fit a processor's cache, for values narrower than keys.

torch's own kernel wants values as wide as keys; given others it falls back to holding all products at once.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

_QUERIES = 512
_KEYS = 2048
_NARROW_QUERIES = 256


def is_suitable(q: Tensor) -> bool:
    """Whether `blocked_attention` is the better choice: on a CPU, in float32, and nothing has to flow back."""
    return q.device.type == "cpu" and q.dtype == torch.float32 and not torch.is_grad_enabled()


def blocked_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """softmax(q k^T / sqrt(D)) v with one head, the sums of the softmax kept up as the blocks of keys go by.

    Args:
        q: (B, Q, D) float32.
        k: (B, L, D).
        v: (B, L, E).
        bias: (L,), added to the products with each key.

    Returns:
        (B, Q, E).
    """
    scaled = q * q.shape[-1] ** -0.5
    result = q.new_empty(k.shape[0], q.shape[1], v.shape[-1])
    for row, (keys, values) in enumerate(zip(k, v, strict=True)):
        for start in range(0, q.shape[1], _QUERIES):
            queries = scaled[row if scaled.shape[0] > 1 else 0, start : start + _QUERIES]
            result[row, start : start + _QUERIES] = _attend(queries, keys, values, bias)
    return result


def is_narrow(q: Tensor) -> bool:
    """Whether `narrow_attention` is the better choice: on a CPU, in bfloat16, and nothing has to flow back."""
    return q.device.type == "cpu" and q.dtype == torch.bfloat16 and not torch.is_grad_enabled()


def thin_grids(k: Tensor, v: Tensor, side: int, unplaced: int) -> tuple[Tensor, Tensor, Tensor]:
    """Two by two tokens as their mean, in all grids but the last.

    Args:
        k, v: (B, n * side * side + unplaced, ...): n grids, then tokens that have no place.
        side: side of a grid, even.
        unplaced: number of tokens at the end that are left as they are.

    Returns:
        Fewer keys and values, and (L,) the logarithm of how many tokens each stands for, to be added to products.
    """
    stop = k.shape[1] - unplaced - side * side

    def thinned(tokens: Tensor) -> Tensor:
        grids = tokens[:, :stop].reshape(-1, side, side, tokens.shape[-1]).permute(0, 3, 1, 2)
        means = F.avg_pool2d(grids, 2).permute(0, 2, 3, 1).reshape(len(tokens), -1, tokens.shape[-1])
        return torch.cat([means, tokens[:, stop:]], dim=1)

    fewer = thinned(k)
    counts = k.new_zeros(fewer.shape[1])
    counts[: stop // 4] = math.log(4.0)
    return fewer, thinned(v), counts


def narrow_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """The same with all products in bfloat16; torch's own kernel is no faster there than in float32.

    Args:
        q: (B or 1, Q, D).
        k: (B, L, D).
        v: (B, L, E).
        bias: (L,), added to the products with each key.

    Returns:
        bfloat16 (B, Q, E).
    """
    scaled, values = (q * q.shape[-1] ** -0.5).bfloat16(), v.bfloat16()
    keys = k.bfloat16().transpose(1, 2).contiguous()
    result: Tensor = scaled.new_empty(k.shape[0], q.shape[1], v.shape[-1])
    for start in range(0, q.shape[1], _NARROW_QUERIES):
        block = slice(start, start + _NARROW_QUERIES)
        products = scaled[:, block] @ keys
        if bias is not None:
            products += bias.to(products.dtype)
        result[:, block] = torch.softmax(products, dim=-1) @ values
    return result


def _attend(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None) -> Tensor:
    """One block of queries against all keys."""
    highest = queries.new_full((queries.shape[0], 1), -math.inf)
    total = queries.new_zeros(queries.shape[0], 1)
    mixed = queries.new_zeros(queries.shape[0], values.shape[1])
    for start in range(0, keys.shape[0], _KEYS):
        weights = torch.mm(queries, keys[start : start + _KEYS].t())
        if bias is not None:
            weights += bias[start : start + _KEYS]
        higher = torch.maximum(highest, weights.amax(dim=1, keepdim=True))
        weights.sub_(higher).exp_()
        # What was summed relative to the old maximum is brought down to the new one.
        fade = (highest - higher).exp_()
        total.mul_(fade).add_(weights.sum(dim=1, keepdim=True))
        mixed.mul_(fade).addmm_(weights, values[start : start + _KEYS])
        highest = higher
    return mixed / total
