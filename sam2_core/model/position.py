"""Position encodings: sine maps, pointer ages, rotary tables and the random Fourier features of prompts.

None of the tables is part of a state dict; they are computed once per size in float64 on the CPU, rounded to float32,
and kept per device.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor, nn

from sam2_core.model.layers import KeptTensor

_TEMPERATURE = 10000.0


def _frequencies(count: int) -> Tensor:
    """Angular frequencies 10000^(-2 floor(k / 2) / count) for k = 0 ... count - 1, in float64: equal in pairs."""
    k = torch.arange(count, dtype=torch.float64, device="cpu")
    return _TEMPERATURE ** (-2.0 * torch.floor(k / 2) / count)


@lru_cache(maxsize=64)
def sine_map(channels: int, height: int, width: int, device: torch.device) -> Tensor:
    """Two-dimensional sine encoding of a grid.

    Positions count from 1 and are scaled to (0, 2 pi]; the first half of the channels encodes the row, the second half
    the column; even channels are sines and odd ones cosines.

    Returns:
        float32 (1, channels, height, width). The tensor is shared: never write into it.
    """
    with torch.inference_mode(False), torch.no_grad():
        frequencies = _frequencies(channels // 2)

        def encode(length: int) -> Tensor:
            places = torch.arange(1, length + 1, dtype=torch.float64, device="cpu")
            angles = (2 * math.pi * places / (length + 1e-6))[:, None] * frequencies
            is_even = torch.arange(channels // 2, device="cpu") % 2 == 0
            return torch.where(is_even, angles.sin(), angles.cos())

        rows = encode(height)[:, None, :].expand(height, width, -1)
        columns = encode(width)[None, :, :].expand(height, width, -1)
        table = torch.cat([rows, columns], dim=-1).permute(2, 0, 1)[None]
        return table.to(torch.float32).contiguous().to(device)


def sine_of_ages(ages: Tensor, channels: int) -> Tensor:
    """One-dimensional sine encoding of (relative) distances in time.

    Args:
        ages: (N,) positions, usually distance / (number of pointers - 1).
        channels: width of the encoding.

    Returns:
        float32 (N, channels): all sines, then all cosines.
    """
    frequencies = _frequencies(channels // 2).to(torch.float32).to(ages.device)
    angles = ages.to(torch.float32)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


@lru_cache(maxsize=16)
def rotary_table(channels: int, side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines that turn channel pairs by the place of a token on a square grid (rows of `side` tokens).

    The first half of the pairs turns with the column, the second half with the row.

    Returns:
        Two float32 tensors (side * side, channels / 2), shared: never write into them.
    """
    with torch.inference_mode(False), torch.no_grad():
        steps = torch.arange(channels // 4, dtype=torch.float64, device="cpu")
        frequencies = _TEMPERATURE ** (-4.0 * steps / channels)
        token = torch.arange(side * side, device="cpu")
        column = (token % side).to(torch.float64)[:, None] * frequencies
        row = torch.div(token, side, rounding_mode="floor").to(torch.float64)[:, None] * frequencies
        angles = torch.cat([column, row], dim=-1)
        return angles.cos().to(torch.float32).to(device), angles.sin().to(torch.float32).to(device)


def rotate(tokens: Tensor, table: tuple[Tensor, Tensor]) -> Tensor:
    """Turn adjacent channel pairs of tokens by a rotary table, in float32.

    Args:
        tokens: (..., n * T, D) where T is the length of the table: the table starts anew every T tokens.
        table: from `rotary_table` with D channels.

    Returns:
        Same shape and type as `tokens`.
    """
    cosines, sines = table
    grouped = torch.unflatten(tokens, -2, (-1, cosines.shape[0])).float()
    if tokens.device.type == "cpu":
        # Turning a pair is a product of complex numbers: the same sums in one pass instead of six.
        pairs = torch.view_as_complex(torch.unflatten(grouped, -1, (-1, 2)).contiguous())
        turned = torch.view_as_real(pairs * torch.complex(cosines, sines))
    else:
        even, odd = grouped[..., 0::2], grouped[..., 1::2]
        turned = torch.stack((even * cosines - odd * sines, even * sines + odd * cosines), dim=-1)
    return turned.flatten(-2).flatten(-3, -2).to(tokens.dtype)


class RandomFourierEncoding(nn.Module):
    """Position encoding of prompts: sines and cosines of random projections (section 4 of the SAM paper).

    Args:
        channels: width of the encoding, even.
    """

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, channels // 2))
        self._grid = KeptTensor()

    def forward(self, places: Tensor) -> Tensor:
        """Encode places (..., 2) as x, y in 0 to 1; gives float32 (..., channels), whatever autocast says."""
        # The angles are large, so float32 would lose digits that the masks show; MPS has nothing wider.
        wide = torch.float32 if places.device.type == "mps" else torch.float64
        with torch.autocast(places.device.type, enabled=False):
            matrix = self.positional_encoding_gaussian_matrix.to(wide)
            angles = 2 * math.pi * ((2 * places.to(wide) - 1) @ matrix)
            return torch.cat([angles.sin(), angles.cos()], dim=-1).float()

    def grid(self, side: int) -> Tensor:
        """Encoding of the cell centres of a square grid, float32 (1, channels, side, side); never write into it."""
        matrix = self.positional_encoding_gaussian_matrix

        def make() -> Tensor:
            centres = (torch.arange(side, dtype=torch.float32, device=matrix.device) + 0.5) / side
            rows, columns = torch.meshgrid(centres, centres, indexing="ij")
            places: Tensor = self(torch.stack([columns, rows], dim=-1))
            return places.permute(2, 0, 1)[None]

        return self._grid.get((matrix,), (side,), make)
