"""Looking closer at a small object that was boxed, for the built-in model only.

Not part of the paper: a small trunk sees little of what covers a few of its cells, and a quarter of the model's side
is too coarse a grid for its mask. So the picture's part around the box is encoded by itself, the prompts are answered
there, and the answer is put back onto a grid of the model's full side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from sam2_core.config import ModelConfig
from sam2_core.prompts import FramePrompts

_OUTSIDE_LOGIT = -16.0
# A part of nearly the whole picture would show nothing new; one of a few pixels would be nothing but blur.
_LARGEST_PART, _SMALLEST_PART = 0.7, 0.1


@dataclass(frozen=True)
class Crop:
    """A part of a picture, in whole pixels, right and bottom exclusive; it has about the picture's own proportions.

    Attributes:
        x0, y0, x1, y1: where it lies.
        size: (height, width) of the whole picture.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    size: tuple[int, int]

    def cut(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """This part of the picture, uint8 RGB."""
        return np.ascontiguousarray(rgb[self.y0 : self.y1, self.x0 : self.x1])

    def to_model(self, prompts: FramePrompts, side: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Points (1, N, 2) in pixels of the model's input for this part, and labels (1, N)."""
        points, labels = prompts.to_model((1, 1), 1, device)
        corner = points.new_tensor([self.x0, self.y0])
        extent = points.new_tensor([self.x1 - self.x0, self.y1 - self.y0])
        return (points - corner) / extent * side, labels

    def into(self, logits: Tensor, side: int) -> Tensor:
        """Logits (B, 1, h, w) of the whole picture as (B, 1, side, side) of this part."""
        height, width = self.size
        cells = (torch.arange(side, device=logits.device) + 0.5) / side
        rows = (self.y0 + cells * (self.y1 - self.y0)) / height
        columns = (self.x0 + cells * (self.x1 - self.x0)) / width
        return _sampled(logits.float(), rows, columns)

    def onto_picture(self, logits: Tensor, side: int) -> Tensor:
        """Logits (B, k, h, w) of this part as (B, k, side, side) of the whole picture, background around it."""
        height, width = self.size
        cells = (torch.arange(side, device=logits.device) + 0.5) / side
        rows = (cells * height - self.y0) / (self.y1 - self.y0)
        columns = (cells * width - self.x0) / (self.x1 - self.x0)
        # Where several cells of the answer fall into one of the picture, it takes their mean.
        reach = round(logits.shape[-1] / side * width / (self.x1 - self.x0))
        width_of_mean = reach // 2 * 2 + 1
        smooth = F.avg_pool2d(logits.float(), width_of_mean, 1, reach // 2, count_include_pad=False)
        inside = ((rows >= 0) & (rows <= 1))[:, None] & ((columns >= 0) & (columns <= 1))[None]
        return torch.where(inside, _sampled(smooth, rows, columns), _OUTSIDE_LOGIT)


def crop_for(prompts: FramePrompts, size: tuple[int, int], config: ModelConfig) -> Crop | None:
    """The part to look at for these prompts, or None if the whole picture will do.

    Args:
        prompts: of one frame, in pixels.
        size: (height, width) of the picture.
        config: says how much wider than the box the part is; 0 for models that never zoom.
    """
    box, (height, width) = prompts.box, size
    if box is None or not config.box_zoom:
        return None
    share = max((box.x1 - box.x0) / width, (box.y1 - box.y0) / height) * config.box_zoom
    if share > _LARGEST_PART:
        return None
    share = max(share, _SMALLEST_PART)
    part_width, part_height = math.ceil(share * width), math.ceil(share * height)
    x0 = int(min(max((box.x0 + box.x1 - part_width) / 2, 0), width - part_width))
    y0 = int(min(max((box.y0 + box.y1 - part_height) / 2, 0), height - part_height))
    crop = Crop(x0, y0, x0 + part_width, y0 + part_height, size)
    is_held = all(crop.x0 <= point.x < crop.x1 and crop.y0 <= point.y < crop.y1 for point in prompts.points)
    return crop if is_held else None


def _sampled(logits: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Logits (B, k, h, w) at places given as shares of height and width, bilinear, edges repeated outside."""
    y, x = torch.meshgrid(rows * 2 - 1, columns * 2 - 1, indexing="ij")
    grid = torch.stack([x, y], dim=-1)[None].expand(logits.shape[0], -1, -1, -1)
    return F.grid_sample(logits, grid.to(logits.dtype), align_corners=False, padding_mode="border")
