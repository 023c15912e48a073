"""Pictures into the model's square of normalised pixels. The two predictors were published with different filters.

Both squash the picture: the aspect ratio is not kept and nothing is padded.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Filter = Literal["image", "video"]

_COEFFICIENT_BITS = 22
_BLOCK = 32


def to_pixels(
    rgb: NDArray[np.uint8],
    size: int,
    mode: Filter,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
    device: torch.device | str = "cpu",
    *,
    is_exact: bool = True,
) -> Tensor:
    """A picture as model input.

    Args:
        rgb: uint8 H x W x 3.
        size: side S of the model input.
        mode: `image` resizes in floating point, bilinear with antialiasing; `video` resizes 8-bit values, bicubic with
            antialiasing and rounding after each axis, as Pillow (up to version 11) does.
        mean, std: normalisation of values in 0 to 1.
        device: where the result goes; resizing always happens on the CPU.
        is_exact: `video` resizes as Pillow does to the last bit; else by torch's own kernel, where one value in 200
            differs by 1 of 255, in a tenth of the time.

    Returns:
        float32 (1, 3, size, size).
    """
    if mode == "video" and not is_exact:
        picture = torch.from_numpy(np.array(rgb)).permute(2, 0, 1)[None]
        pixels = F.interpolate(picture, size=(size, size), mode="bicubic", antialias=True).to(device).float().div_(255)
    elif mode == "video":
        square = torch.from_numpy(resize_video_frame(rgb, size)).to(device)
        pixels = square.permute(2, 0, 1)[None].to(torch.float32, memory_format=torch.contiguous_format) / 255
    else:
        pixels = torch.from_numpy(np.array(rgb)).permute(2, 0, 1)[None].to(torch.float32) / 255
        if pixels.shape[-2:] != (size, size):
            pixels = F.interpolate(
                pixels.contiguous(), size=(size, size), mode="bilinear", align_corners=False, antialias=True
            )
        pixels = pixels.to(device)
    shift = torch.tensor(mean, dtype=torch.float32, device=device)[:, None, None]
    scale = torch.tensor(std, dtype=torch.float32, device=device)[:, None, None]
    return (pixels - shift) / scale


def resize_video_frame(rgb: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize uint8 H x W x 3 to size x size x 3: bicubic, antialiased, columns first, rounded to 8 bits in between.

    The arithmetic is that of Pillow's fixed-point resampling, so the values do not depend on any library's version.
    """
    height, width = rgb.shape[:2]
    by_column = torch.from_numpy(np.array(rgb)).transpose(0, 1).reshape(width, height * 3)
    by_column = _resample_rows(by_column, size)
    by_row = by_column.reshape(size, height, 3).transpose(0, 1).reshape(height, size * 3)
    return _resample_rows(by_row, size).reshape(size, size, 3).numpy()


def _resample_rows(rows: Tensor, size: int) -> Tensor:
    """Resample the first axis of a uint8 matrix to `size` rows."""
    if rows.shape[0] == size:
        return rows
    half = float(1 << (_COEFFICIENT_BITS - 1))
    result = torch.empty(size, rows.shape[1], dtype=torch.uint8)
    for start, first, coefficients in _bands(rows.shape[0], size):
        # Whole numbers far below 2^53, so that float64 products and sums are exact.
        band = rows[first : first + coefficients.shape[1]].to(torch.float64)
        sums = (coefficients @ band).add_(half).mul_(1.0 / (1 << _COEFFICIENT_BITS)).floor_().clamp_(0, 255)
        result[start : start + coefficients.shape[0]] = sums.to(torch.uint8)
    return result


@lru_cache(maxsize=8)
def _bands(length: int, size: int) -> tuple[tuple[int, int, Tensor], ...]:
    """Blocks of the resampling matrix: first output row, first input row, coefficients as whole numbers in float64."""
    scale = length / size
    stretch = max(scale, 1.0)
    support = 2.0 * stretch
    centres = (np.arange(size) + 0.5) * scale
    first = np.maximum(np.trunc(centres - support + 0.5), 0).astype(np.int64)
    last = np.minimum(np.trunc(centres + support + 0.5), length).astype(np.int64)
    blocks = []
    with torch.inference_mode(False):
        for start in range(0, size, _BLOCK):
            stop = min(start + _BLOCK, size)
            low, high = int(first[start]), int(last[stop - 1])
            places = np.arange(low, high)[None, :]
            is_inside = (places >= first[start:stop, None]) & (places < last[start:stop, None])
            weights = np.where(is_inside, _cubic((places - centres[start:stop, None] + 0.5) / stretch), 0.0)
            weights /= weights.sum(axis=1, keepdims=True)
            whole = np.trunc(weights * (1 << _COEFFICIENT_BITS) + np.where(weights < 0, -0.5, 0.5))
            blocks.append((start, low, torch.from_numpy(whole)))
    return tuple(blocks)


def _cubic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cubic kernel with a = -0.5."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))
