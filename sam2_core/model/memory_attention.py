"""A frame's features looking at the memories of earlier ones (section 4 of the paper, memory attention)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sam2_core.model.blocked_attention import blocked_attention, is_narrow, is_suitable, narrow_attention, thin_grids
from sam2_core.model.position import rotary_table, rotate

_INPUT_POSITION_SHARE = 0.1


class RotaryAttention(nn.Module):
    """Attention with one head whose queries and keys are turned by their place on the grid.

    Args:
        width: width of queries and result.
        source_width: width of what keys and values are made of.
        is_coarse: on a processor, where nothing has to flow back, all grids of keys but the last are looked at as means
            of two by two tokens; that takes less time, and the masks do not show it.
    """

    def __init__(self, width: int, source_width: int, *, is_coarse: bool = False) -> None:
        super().__init__()
        self._is_coarse = is_coarse
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(source_width, width)
        self.v_proj = nn.Linear(source_width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, q: Tensor, k: Tensor, v: Tensor, side: int, unplaced: int = 0) -> Tensor:
        """Attend.

        Args:
            q: (B or 1, side * side, width).
            k, v: (B, n * side * side + unplaced, source_width): n grids, then tokens that have no place.
            side: side of the grid.
            unplaced: number of tokens at the end whose keys are not turned.

        Returns:
            (B, side * side, width).
        """
        q, k = self.q_proj(q), self.k_proj(k)
        table = rotary_table(q.shape[-1], side, q.device)
        placed = k.shape[1] - unplaced
        k = torch.cat([rotate(k[:, :placed], table), k[:, placed:]], dim=1)
        q = rotate(q, table)
        # The weights of a softmax sum to one, so values may be mixed first and projected afterwards.
        is_mixed_first = v.shape[-1] < k.shape[-1]
        bias = None
        if self._is_coarse and placed > 2 * side * side and q.device.type == "cpu" and not torch.is_grad_enabled():
            k, v, bias = thin_grids(k, v, side, unplaced)
        if is_narrow(q):
            values = v if is_mixed_first else self.v_proj(v)
            mixed = narrow_attention(q, k, values, bias)
            mixed = self.v_proj(mixed) if is_mixed_first else mixed
        elif is_mixed_first and is_suitable(q):
            mixed = self.v_proj(blocked_attention(q, k, v, bias))
        else:
            q, mask = q.expand(k.shape[0], -1, -1), None if bias is None else bias[None]
            mixed = F.scaled_dot_product_attention(q[:, None], k[:, None], self.v_proj(v)[:, None], attn_mask=mask)[
                :, 0
            ]
        result: Tensor = self.out_proj(mixed)
        return result


class MemoryAttentionLayer(nn.Module):
    """Self-attention, a look at the memories, a feed-forward part; pre-norm."""

    def __init__(self, width: int, memory_dim: int, ffn: int, dropout: float, *, is_coarse: bool) -> None:
        super().__init__()
        self.self_attn = RotaryAttention(width, width)
        self.cross_attn_image = RotaryAttention(width, memory_dim, is_coarse=is_coarse)
        self.linear1 = nn.Linear(width, ffn)
        self.linear2 = nn.Linear(ffn, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.norm3 = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def look_at_itself(self, x: Tensor, side: int) -> Tensor:
        """Self-attention of tokens (B, side * side, width)."""
        normed = self.norm1(x)
        result: Tensor = x + self.dropout(self.self_attn(normed, normed, normed, side))
        return result

    def look_back(self, x: Tensor, keys: Tensor, values: Tensor, side: int, pointer_tokens: int) -> Tensor:
        """What follows it: memories, feed-forward part."""
        x = x + self.dropout(self.cross_attn_image(self.norm2(x), keys, values, side, pointer_tokens))
        hidden = self.dropout(F.relu(self.linear1(self.norm3(x))))
        result: Tensor = x + self.dropout(self.linear2(hidden))
        return result


class MemoryAttention(nn.Module):
    """Conditions a frame on memories and object pointers.

    Args:
        width: width of the model.
        memory_dim: width of the memory tokens.
        layers, ffn: depth, and width of the feed-forward parts.
        dropout: used in training only.
        is_coarse: older memories are looked at as means of two by two tokens; see `RotaryAttention`.
    """

    def __init__(
        self, width: int, memory_dim: int, layers: int, ffn: int, dropout: float, *, is_coarse: bool = False
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            MemoryAttentionLayer(width, memory_dim, ffn, dropout, is_coarse=is_coarse) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)

    def begin(self, tokens: Tensor, places: Tensor) -> Tensor:
        """What no memory has a share in: the first self-attention.

        Args:
            tokens: (B or 1, h * w, C) features of the frame, row by row.
            places: (B or 1, h * w, C) their sine encoding.

        Returns:
            (B or 1, h * w, C); that of a single frame serves all of its objects.
        """
        return self._first.look_at_itself(tokens + _INPUT_POSITION_SHARE * places, _side(tokens))

    def forward(self, begun: Tensor, memory: Tensor, memory_places: Tensor, pointer_tokens: int) -> Tensor:
        """Condition a frame. A single one with the memories of several objects is expanded where it meets them.

        Args:
            begun: (B or 1, h * w, C) from `begin`.
            memory, memory_places: (B, L, memory_dim): whole grids first, pointer tokens last.
            pointer_tokens: how many of the L tokens are pointers.

        Returns:
            (B, h * w, C).
        """
        side, keys = _side(begun), memory + memory_places
        x = self._first.look_back(begun, keys, memory, side, pointer_tokens)
        for layer in self.layers[1:]:
            assert isinstance(layer, MemoryAttentionLayer)
            x = layer.look_back(layer.look_at_itself(x, side), keys, memory, side, pointer_tokens)
        result: Tensor = self.norm(x)
        return result

    @property
    def _first(self) -> MemoryAttentionLayer:
        layer = self.layers[0]
        assert isinstance(layer, MemoryAttentionLayer)
        return layer


def _side(tokens: Tensor) -> int:
    return math.isqrt(tokens.shape[1])
