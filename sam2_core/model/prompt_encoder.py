"""Clicks, boxes and mask logits as tokens and maps (section 4 of the paper, prompt encoder)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sam2_core.model.layers import LayerNorm2d
from sam2_core.model.position import RandomFourierEncoding

PADDING = -1
"""Label of a point that is none."""


class PromptEncoder(nn.Module):
    """Encodes prompts that are already in pixels of the model input.

    Args:
        hidden: width of the model.
        image_size: side of the model input in pixels.
    """

    def __init__(self, hidden: int, image_size: int) -> None:
        super().__init__()
        self.image_size = image_size
        self.pe_layer = RandomFourierEncoding(hidden)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, hidden) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, hidden)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, 4, kernel_size=2, stride=2),
            LayerNorm2d(4),
            nn.GELU(),
            nn.Conv2d(4, 16, kernel_size=2, stride=2),
            LayerNorm2d(16),
            nn.GELU(),
            nn.Conv2d(16, hidden, kernel_size=1),
        )
        self.no_mask_embed = nn.Embedding(1, hidden)

    def points(self, points: Tensor, labels: Tensor, *, pad: bool = True) -> Tensor:
        """Tokens of points.

        Args:
            points: (B, N, 2) as x, y in model pixels.
            labels: (B, N): 1 positive, 0 negative, 2 and 3 the first and second corner of a box, -1 no point.
            pad: append the one padding token that the decoder was trained with.

        Returns:
            (B, N or N + 1, hidden).
        """
        if pad:
            points = torch.cat([points, points.new_zeros(points.shape[0], 1, 2)], dim=1)
            labels = torch.cat([labels, labels.new_full((labels.shape[0], 1), PADDING)], dim=1)
        tokens = self.pe_layer((points.float() + 0.5) / self.image_size)
        which = labels[..., None]
        for label, embedding in enumerate(self.point_embeddings):
            assert isinstance(embedding, nn.Embedding)
            tokens = torch.where(which == label, tokens + embedding.weight, tokens)
        return torch.where(which == PADDING, self.not_a_point_embed.weight.expand_as(tokens), tokens)

    def mask(self, logits: Tensor) -> Tensor:
        """Dense map of earlier mask logits (B, 1, S / 4, S / 4), as (B, hidden, S / 16, S / 16)."""
        dense: Tensor = self.mask_downscaling(logits)
        return dense

    def no_mask(self) -> Tensor:
        """What stands for a missing mask prompt: (1, hidden, 1, 1), to be broadcast over the grid."""
        return self.no_mask_embed.weight[:, :, None, None]

    def grid_encoding(self, side: int | None = None) -> Tensor:
        """Position encoding of the coarse grid in the same language as the points: (1, hidden, side, side).

        `side` is S / 16 unless the picture is looked at smaller, as a training may.
        """
        return self.pe_layer.grid(self.image_size // 16 if side is None else side)
