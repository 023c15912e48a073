"""A simulated person: first clicks, boxes, corrections and wrong masks, for many objects at once (section 10.3).

Masks here are coverages at a quarter of the model's side, B x h x w between 0 and 1; points are pixels of the model's
input, x and y. All draws come from the given torch generator.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_CELL = 4.0
_DEPTH_STEPS = 24
_BOX_START, _BOX_END = 2, 3


def interior_depth(inside: Tensor, steps: int = _DEPTH_STEPS) -> Tensor:
    """How many cells each cell of a bool mask B x h x w lies inside it (chessboard distance, cut off at `steps`)."""
    depth = inside.to(torch.uint8)
    current = inside
    for _ in range(steps):
        # The picture's border counts as inside, as it does to a person who clicks on an object cut off by it.
        current = _eroded(_eroded(current, 1), 2)
        if not current.any():
            break
        depth = depth + current
    return depth.float()


def _eroded(inside: Tensor, axis: int) -> Tensor:
    """A bool mask without the cells that have a neighbour outside along one axis."""
    size = inside.shape[axis]
    eroded = inside.clone()
    eroded.narrow(axis, 1, size - 1).logical_and_(inside.narrow(axis, 0, size - 1))
    eroded.narrow(axis, 0, size - 1).logical_and_(inside.narrow(axis, 1, size - 1))
    return eroded


def draw_cells(weights: Tensor, generator: torch.Generator) -> Tensor:
    """One cell per object with probability by weight B x h x w: points B x 2 in model pixels, jittered in the cell."""
    count, _, width = weights.shape
    flat = weights.reshape(count, -1)
    # A mask without any weight still needs some point; its centre of the picture is as good as any.
    flat = torch.where(flat.sum(dim=1, keepdim=True) > 0, flat, torch.ones_like(flat))
    chosen = torch.multinomial(flat, 1, generator=generator)[:, 0]
    jitter = torch.rand((count, 2), generator=generator)
    x = (chosen % width).float() + jitter[:, 0]
    y = torch.div(chosen, width, rounding_mode="floor").float() + jitter[:, 1]
    return torch.stack([x, y], dim=1) * _CELL


def first_clicks(masks: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A positive click on each object: points B x 1 x 2 and labels B x 1.

    Half of them near the middle of the object, where people click, the rest anywhere on it.
    """
    inside = masks >= torch.minimum(masks.amax(dim=(1, 2), keepdim=True), masks.new_tensor(0.5)).clamp(min=1e-6)
    depth = interior_depth(inside)
    is_central = torch.rand((len(masks), 1, 1), generator=generator) < 0.5
    weights = torch.where(is_central, (depth / depth.amax(dim=(1, 2), keepdim=True).clamp(min=1)) ** 6, inside.float())
    points = draw_cells(weights, generator)[:, None]
    return points, torch.ones(points.shape[:2], dtype=torch.long)


def boxes(masks: Tensor, generator: torch.Generator | None = None, wobble: float = 0.1) -> tuple[Tensor, Tensor]:
    """A box around each object as two points B x 2 x 2 and labels B x 2.

    With a generator each edge is moved by up to `wobble` of the side, at most 10 pixels.
    """
    covered = masks > 0.25
    covered = torch.where(covered.any(dim=2, keepdim=True).any(dim=1, keepdim=True), covered, masks > 0)
    start_x, end_x = extent(covered.any(dim=1))
    start_y, end_y = extent(covered.any(dim=2))
    corners = torch.stack([torch.stack([start_x, start_y], 1), torch.stack([end_x, end_y], 1)], dim=1) * _CELL
    if generator is not None:
        side = (corners[:, 1:] - corners[:, :1]).clamp(min=1.0)
        reach = torch.minimum(side * wobble, side.new_tensor(10.0))
        corners = corners + (torch.rand(corners.shape, generator=generator) * 2 - 1) * reach
        corners = corners.clamp(min=0.0, max=_CELL * masks.shape[-1] - 1)
    labels = torch.tensor([_BOX_START, _BOX_END]).expand(len(masks), 2)
    return corners, labels


def extent(occupied: Tensor) -> tuple[Tensor, Tensor]:
    """First and past-the-last occupied index of each row of a bool B x n."""
    size = occupied.shape[1]
    places = torch.arange(size)
    first = torch.where(occupied, places, size).amin(dim=1)
    last = torch.where(occupied, places, -1).amax(dim=1)
    return torch.minimum(first, last.clamp(min=0)).float(), (last + 1).clamp(min=1).float()


def corrections(masks: Tensor, logits: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A click in what is wrong, positive where something is missing: points B x 1 x 2 and labels B x 1.

    Args:
        masks: the truth.
        logits: the answer so far, B x h x w; foreground above 0.
        generator: where the draws come from.
    """
    truth, answer = masks > 0.5, logits > 0
    wrong = truth ^ answer
    depth = interior_depth(wrong)
    is_central = torch.rand((len(masks), 1, 1), generator=generator) < 0.6
    weights = torch.where(is_central, (depth / depth.amax(dim=(1, 2), keepdim=True).clamp(min=1)) ** 6, wrong.float())
    # Nothing wrong: a click that confirms the background, as in the paper's recipe.
    is_right = ~wrong.any(dim=2).any(dim=1)
    weights = torch.where(is_right[:, None, None], (~truth).float(), weights)
    points = draw_cells(weights, generator)
    column = (points[:, 0] / _CELL).long().clamp(max=masks.shape[2] - 1)
    row = (points[:, 1] / _CELL).long().clamp(max=masks.shape[1] - 1)
    labels = truth[torch.arange(len(masks)), row, column].long()
    return points[:, None], labels[:, None]


def wrong_masks(masks: Tensor, generator: torch.Generator) -> Tensor:
    """Soft masks as matching leaves them, B x 1 x h x w logits: shifted, grown or shrunk, blurred, with lost parts."""
    count, height, width = masks.shape
    coarse = F.avg_pool2d(masks[:, None], 2)
    matrix = torch.zeros(count, 2, 3)
    scale = 1 + 0.16 * (torch.rand((count, 2), generator=generator) - 0.5)
    turn = 0.24 * (torch.rand(count, generator=generator) - 0.5)
    matrix[:, 0, 0], matrix[:, 1, 1] = scale[:, 0], scale[:, 1]
    matrix[:, 0, 1], matrix[:, 1, 0] = -turn, turn
    centre = _centres(coarse[:, 0])
    matrix[:, :, 2] = centre - torch.einsum("bij,bj->bi", matrix[:, :, :2], centre)
    matrix[:, :, 2] += 0.05 * torch.randn((count, 2), generator=generator)
    grid = F.affine_grid(matrix, [count, 1, *coarse.shape[-2:]], align_corners=False)
    moved = F.grid_sample(coarse, grid, align_corners=False)
    # Lost parts and spurious ones: smooth noise decides where the mask is weakened or something else shines through.
    noise = F.interpolate(torch.randn((count, 2, 6, 6), generator=generator), size=moved.shape[-2:], mode="bicubic")
    loss = (noise[:, :1] * 1.4 - 0.9).clamp(0, 1)
    near = F.avg_pool2d(F.max_pool2d(moved, 9, 1, 4), 5, 1, 2)
    gain = (noise[:, 1:] * 1.4 - 0.9).clamp(0, 1) * near
    strength = torch.rand((count, 1, 1, 1), generator=generator)
    soft = moved * (1 - strength * loss) + strength * gain * (1 - moved)
    soft = F.avg_pool2d(soft, 5, 1, 2)
    sharpness = 0.7 + 0.8 * torch.rand((count, 1, 1, 1), generator=generator)
    soft = F.interpolate(soft, size=(height, width), mode="bilinear", align_corners=False).clamp(0.01, 0.99)
    return torch.logit(soft) * sharpness


def _centres(masks: Tensor) -> Tensor:
    """Centre of mass of each mask in -1…1 coordinates, B x 2 (x, y)."""
    height, width = masks.shape[1:]
    total = masks.sum(dim=(1, 2)).clamp(min=1e-6)
    x = (masks.sum(dim=1) * torch.linspace(-1, 1, width)).sum(dim=1) / total
    y = (masks.sum(dim=2) * torch.linspace(-1, 1, height)).sum(dim=1) / total
    return torch.stack([x, y], dim=1)
