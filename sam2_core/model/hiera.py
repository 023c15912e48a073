"""Hiera, the image encoder's trunk of the published models (section 4 of the paper, image encoder).

Maps are channels-last (B, H, W, C) inside; window attention in most blocks, attention over the whole picture in a few.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from sam2_core.config import HieraConfig
from sam2_core.model.layers import MLP, KeptTensor

_NORM_EPS = 1e-6
_WINDOW_GRID = 8


def _pool(x: Tensor) -> Tensor:
    """2 x 2 max pooling of a channels-last map."""
    # Far quicker in this layout than the pooling operator, which some backends get wrong for strided maps besides.
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    x = torch.maximum(x[:, 0:height:2], x[:, 1:height:2])
    return torch.maximum(x[:, :, 0:width:2], x[:, :, 1:width:2])


def _to_windows(x: Tensor, side: int) -> Tensor:
    """Cut (B, H, W, C), zero-padded below and right, into (B * windows, side, side, C)."""
    batch, height, width, channels = x.shape
    if height % side or width % side:
        x = F.pad(x, (0, 0, 0, -width % side, 0, -height % side))
    rows, columns = x.shape[1] // side, x.shape[2] // side
    x = x.reshape(batch, rows, side, columns, side, channels)
    return x.transpose(2, 3).reshape(-1, side, side, channels)


def _from_windows(windows: Tensor, height: int, width: int) -> Tensor:
    """Put windows back into (B, height, width, C), cropping the padding."""
    side, channels = windows.shape[1], windows.shape[3]
    rows, columns = math.ceil(height / side), math.ceil(width / side)
    x = windows.reshape(-1, rows, columns, side, side, channels).transpose(2, 3)
    return x.reshape(-1, rows * side, columns * side, channels)[:, :height, :width]


class MultiScaleAttention(nn.Module):
    """Self-attention whose queries may be pooled; heads share one projection for queries, keys and values."""

    def __init__(self, width_in: int, width_out: int, heads: int, *, pools: bool) -> None:
        super().__init__()
        self.heads = heads
        self.pools = pools
        self.qkv = nn.Linear(width_in, 3 * width_out)
        self.proj = nn.Linear(width_out, width_out)

    def _split(self, x: Tensor) -> Tensor:
        return torch.unflatten(x.flatten(1, 2), -1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, C) to (B, H, W, C') or, where it pools, to half the height and width."""
        height, width = x.shape[1:3]
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        if self.pools:
            q = _pool(q)
            height, width = q.shape[1:3]
        mixed = F.scaled_dot_product_attention(self._split(q), self._split(k), self._split(v))
        result: Tensor = self.proj(torch.unflatten(mixed.transpose(1, 2).flatten(2), 1, (height, width)))
        return result


class HieraBlock(nn.Module):
    """One transformer block.

    Args:
        width_in, width_out: channels before and after; where they differ the block pools and projects.
        heads: attention heads.
        window: side of the attention windows on the grid that comes in; 0 attends to the whole picture.
        mlp_ratio: width of the feed-forward part over `width_out`.

    Attributes:
        drop_path: how often a picture goes past either branch of the block, in training only.
    """

    def __init__(self, width_in: int, width_out: int, heads: int, window: int, mlp_ratio: int) -> None:
        super().__init__()
        self.window = window
        self.drop_path = 0.0
        self.pools = width_in != width_out
        self.norm1 = nn.LayerNorm(width_in, eps=_NORM_EPS)
        self.attn = MultiScaleAttention(width_in, width_out, heads, pools=self.pools)
        self.norm2 = nn.LayerNorm(width_out, eps=_NORM_EPS)
        self.mlp = MLP(width_out, mlp_ratio * width_out, width_out, activation=F.gelu)
        if self.pools:
            self.proj = nn.Linear(width_in, width_out)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm1(x)
        shortcut = _pool(self.proj(normed)) if self.pools else x
        if self.window:
            windows = self.attn(_to_windows(normed, self.window))
            x = shortcut + self._kept(_from_windows(windows, *shortcut.shape[1:3]))
        else:
            x = shortcut + self._kept(self.attn(normed))
        result: Tensor = x + self._kept(self.mlp(self.norm2(x)))
        return result

    def _kept(self, branch: Tensor) -> Tensor:
        """A branch, in training now and then without some of its pictures; the others stand in for them."""
        if not self.training or not self.drop_path:
            return branch
        is_kept = torch.rand(len(branch), 1, 1, 1, device=branch.device) >= self.drop_path
        return branch * (is_kept / (1 - self.drop_path)).to(branch.dtype)


class PatchEmbedding(nn.Module):
    """Overlapping 7 x 7 patches at stride 4."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, kernel_size=7, stride=4, padding=3)

    def forward(self, pixels: Tensor) -> Tensor:
        embedded: Tensor = self.proj(pixels)
        return embedded.permute(0, 2, 3, 1)


class Hiera(nn.Module):
    """The whole trunk.

    Args:
        config: layout; see `HieraConfig`.

    Attributes:
        recomputes: keep of each block only what goes into it, and compute the rest again on the way back.
    """

    def __init__(self, config: HieraConfig) -> None:
        super().__init__()
        self.config = config
        self.recomputes = False
        width = config.embed_dim
        self.patch_embed = PatchEmbedding(width)
        self.pos_embed = nn.Parameter(torch.zeros(1, width, config.background_grid, config.background_grid))
        self.pos_embed_window = nn.Parameter(torch.zeros(1, width, _WINDOW_GRID, _WINDOW_GRID))
        self.blocks = nn.ModuleList()
        heads, window = config.heads, config.windows[0]
        for stage, count in enumerate(config.blocks):
            for i in range(count):
                enters_stage = stage > 0 and i == 0
                width_out = 2 * width if enters_stage else width
                heads = 2 * heads if enters_stage else heads
                side = 0 if len(self.blocks) in config.global_blocks else window
                self.blocks.append(HieraBlock(width, width_out, heads, side, config.mlp_ratio))
                # The first block of a stage still works on the finer grid, with the windows of the stage before.
                width, window = width_out, config.windows[stage]
        ends = torch.tensor(config.blocks, device="cpu").cumsum(0) - 1
        self.stage_ends: tuple[int, ...] = tuple(ends.tolist())
        self._position = KeptTensor()

    def set_drop_path(self, highest: float) -> None:
        """Let branches be left out in training: never in the first block, and in the last one so often (0 to 1)."""
        for number, block in enumerate(self.blocks):
            assert isinstance(block, HieraBlock)
            block.drop_path = highest * number / max(len(self.blocks) - 1, 1)

    def position(self, height: int, width: int) -> Tensor:
        """Learned position embedding of a token grid, (1, height, width, C): bicubic background plus tiled window.

        Kept from call to call where no gradient is wanted.
        """
        if torch.is_grad_enabled():
            return self._make_position(height, width)
        learned = (self.pos_embed, self.pos_embed_window)
        return self._position.get(learned, (height, width), lambda: self._make_position(height, width))

    def _make_position(self, height: int, width: int) -> Tensor:
        background = F.interpolate(self.pos_embed, size=(height, width), mode="bicubic", align_corners=False)
        tiles = (1, 1, height // _WINDOW_GRID, width // _WINDOW_GRID)
        return (background + self.pos_embed_window.tile(tiles)).permute(0, 2, 3, 1)

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Normalised pixels (B, 3, H, W) to four maps (B, C, h, w) at strides 4, 8, 16 and 32."""
        x = self.patch_embed(pixels)
        x = x + self.position(*x.shape[1:3])
        outputs = []
        recomputes = self.recomputes and torch.is_grad_enabled()
        for number, block in enumerate(self.blocks):
            x = checkpoint(block, x, use_reentrant=False) if recomputes else block(x)
            if number in self.stage_ends:
                outputs.append(x.permute(0, 3, 1, 2))
        return tuple(outputs)
