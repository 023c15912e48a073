"""A frame's features looking at the memories of earlier ones (section 4 of the paper, memory attention)."""

from __future__ import annotations

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
    """

    def __init__(self, width: int, source_width: int) -> None:
        super().__init__()
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
        if is_narrow(q) and placed > 2 * side * side:
            # Older memories are looked at more coarsely, which takes less time, and the masks do not show it.
            mixed = self.v_proj(narrow_attention(q, *thin_grids(k, v, side, unplaced)))
        elif is_narrow(q):
            mixed = self.v_proj(narrow_attention(q, k, v)) if is_mixed_first else narrow_attention(q, k, self.v_proj(v))
        elif is_mixed_first and is_suitable(q):
            mixed = self.v_proj(blocked_attention(q, k, v))
        else:
            q = q.expand(k.shape[0], -1, -1)
            mixed = F.scaled_dot_product_attention(q[:, None], k[:, None], self.v_proj(v)[:, None])[:, 0]
        result: Tensor = self.out_proj(mixed)
        return result


class MemoryAttentionLayer(nn.Module):
    """Self-attention, a look at the memories, a feed-forward part; pre-norm."""

    def __init__(self, width: int, memory_dim: int, ffn: int, dropout: float) -> None:
        super().__init__()
        self.self_attn = RotaryAttention(width, width)
        self.cross_attn_image = RotaryAttention(width, memory_dim)
        self.linear1 = nn.Linear(width, ffn)
        self.linear2 = nn.Linear(ffn, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.norm3 = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, side: int, pointer_tokens: int) -> Tensor:
        normed = self.norm1(x)
        x = x + self.dropout(self.self_attn(normed, normed, normed, side))
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
    """

    def __init__(self, width: int, memory_dim: int, layers: int, ffn: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(MemoryAttentionLayer(width, memory_dim, ffn, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(
        self, tokens: Tensor, places: Tensor, memory: Tensor, memory_places: Tensor, pointer_tokens: int
    ) -> Tensor:
        """Condition a frame.

        A single frame with the memories of several objects (B = 1 and B > 1) is expanded only after the first
        self-attention, which does not depend on the object.

        Args:
            tokens: (B or 1, h * w, C) features of the frame, row by row.
            places: (B or 1, h * w, C) their sine encoding.
            memory, memory_places: (B, L, memory_dim): whole grids first, pointer tokens last.
            pointer_tokens: how many of the L tokens are pointers.

        Returns:
            (B, h * w, C).
        """
        side = round(tokens.shape[1] ** 0.5)
        x = tokens + _INPUT_POSITION_SHARE * places
        keys = memory + memory_places
        for layer in self.layers:
            x = layer(x, keys, memory, side, pointer_tokens)
        result: Tensor = self.norm(x)
        return result
