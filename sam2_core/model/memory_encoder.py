"""A frame's features and its mask, fused into a spatial memory (section 4 of the paper, memory encoder)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sam2_core.model.layers import LayerNorm2d


class MaskDownsampler(nn.Module):
    """Four strided convolutions that bring a mask from S to S / 16, and one to the model's width."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for _ in range(4):
            wider = 4 * channels
            layers += [
                nn.Conv2d(channels, wider, kernel_size=3, stride=2, padding=1),
                LayerNorm2d(wider),
                nn.GELU(),
            ]
            channels = wider
        layers.append(nn.Conv2d(channels, hidden, kernel_size=1))
        self.encoder = nn.Sequential(*layers)

    def forward(self, mask: Tensor) -> Tensor:
        """(B, 1, S, S) to (B, hidden, S / 16, S / 16)."""
        result: Tensor = self.encoder(mask)
        return result


class FuserBlock(nn.Module):
    """A ConvNeXt block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # The published models began at 1e-6, which a short training never leaves; loading replaces it anyway.
        self.gamma = nn.Parameter(torch.full((width,), 1e-2))
        self.dwconv = nn.Conv2d(width, width, kernel_size=7, padding=3, groups=width)
        self.norm = LayerNorm2d(width)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.norm(self.dwconv(x)).permute(0, 2, 3, 1)
        mixed = self.gamma * self.pwconv2(F.gelu(self.pwconv1(mixed)))
        return x + mixed.permute(0, 3, 1, 2)


class Fuser(nn.Module):
    """Two such blocks."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(FuserBlock(width), FuserBlock(width))

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.layers(x)
        return result


class MemoryEncoder(nn.Module):
    """Makes a spatial memory.

    Args:
        hidden: width of the model.
        memory_dim: width of the memory.
    """

    def __init__(self, hidden: int, memory_dim: int) -> None:
        super().__init__()
        self.mask_downsampler = MaskDownsampler(hidden)
        self.pix_feat_proj = nn.Conv2d(hidden, hidden, kernel_size=1)
        self.fuser = Fuser(hidden)
        self.out_proj = nn.Conv2d(hidden, memory_dim, kernel_size=1)

    def forward(self, vision: Tensor, mask: Tensor) -> Tensor:
        """Fuse.

        Args:
            vision: (B or 1, C, S / 16, S / 16) features of the frame, not conditioned on memory.
            mask: (B, 1, S, S), already scaled to about -10 ... 10.

        Returns:
            (B, memory_dim, S / 16, S / 16).
        """
        fused = self.pix_feat_proj(vision) + self.mask_downsampler(mask)
        result: Tensor = self.out_proj(self.fuser(fused))
        return result
