"""The simulated person of the paper (section 10.3): clicks and boxes for many objects at once.

Masks are coverages B x h x w between 0 and 1, in cells of one or more pixels; points are pixel numbers of the model's
input, x and y, the first pixel being 0. All draws come from the given torch generator. The recipes of small models have
a person of their own, who clicks where people do: `prompts.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sam2_core.model.prompt_encoder import PADDING
from sam2_core.training.prompts import extent
from sam2_core.training.recipes import StageRecipe

_NEGATIVE, _BOX_START, _BOX_END = 0, 2, 3


@dataclass(frozen=True)
class Person:
    """Who prompts.

    Attributes:
        stage: of the recipe.
        decisions: where it is drawn what is done, the same in all processes, so that none waits for another.
        generator: where it is drawn on which pixels.
    """

    stage: StageRecipe
    decisions: torch.Generator
    generator: torch.Generator

    def decides(self, share: float) -> bool:
        """Whether something is done that is done so often."""
        return float(torch.rand((), generator=self.decisions)) < share


def clicks_on(masks: Tensor, cell: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A click anywhere on each object: points B x 1 x 2 and labels B x 1.

    Where the object is not on the frame, a click on anything, which says that it is not there.

    Args:
        masks: the truth.
        cell: side of its cells in pixels.
        generator: where the draws come from.
    """
    inside = is_inside(masks)
    there = inside.flatten(1).any(dim=1)
    points = _anywhere(torch.where(there[:, None, None], inside, ~inside), cell, generator)
    return points[:, None], there.long()[:, None]


def boxes_around(
    masks: Tensor, cell: int, generator: torch.Generator, *, noise: float, reach: float
) -> tuple[Tensor, Tensor]:
    """A box around each object, of its outermost pixels: points B x 2 x 2 and labels B x 2.

    Each edge is moved by up to `noise` of the box's side along it, at most `reach` pixels. What is not on the frame has
    no box but a click that says so.
    """
    inside = is_inside(masks)
    there = inside.flatten(1).any(dim=1)
    start_x, end_x = extent(inside.any(dim=1))
    start_y, end_y = extent(inside.any(dim=2))
    corners = torch.stack([torch.stack([start_x, start_y], 1), torch.stack([end_x, end_y], 1)], dim=1) * cell
    corners[:, 1] -= 1
    furthest = ((corners[:, 1:] - corners[:, :1]) * noise).clamp(max=reach)
    moved = corners + (torch.rand(corners.shape, generator=generator) * 2 - 1) * furthest
    moved = moved.clamp(min=0.0, max=cell * masks.shape[-1] - 1)
    clicks, _ = clicks_on(masks, cell, generator)
    instead = torch.cat([clicks, torch.zeros_like(clicks)], dim=1)
    labels = torch.where(there[:, None], torch.tensor([_BOX_START, _BOX_END]), torch.tensor([_NEGATIVE, PADDING]))
    return torch.where(there[:, None, None], moved, instead), labels


def clicks_on_errors(
    masks: Tensor, logits: Tensor, cell: int, generator: torch.Generator, *, ignores_answer: bool = False
) -> tuple[Tensor, Tensor]:
    """A click anywhere in what is wrong, positive where something is missing: points B x 1 x 2 and labels B x 1.

    Where nothing is wrong, a negative click on the background.

    Args:
        masks: the truth.
        logits: the answer so far, B x h x w; foreground above 0.
        cell: side of the cells of both in pixels.
        generator: where the draws come from.
        ignores_answer: click on the object as if nothing had been answered.
    """
    truth = is_inside(masks)
    answer = torch.zeros_like(truth) if ignores_answer else logits > 0
    wrong = truth ^ answer
    is_right = ~wrong.flatten(1).any(dim=1)
    points = _anywhere(torch.where(is_right[:, None, None], ~truth, wrong), cell, generator)
    column, row = (points / cell).long().unbind(dim=1)
    return points[:, None], truth[torch.arange(len(masks)), row, column].long()[:, None]


def is_inside(masks: Tensor) -> Tensor:
    """Which cells belong to the object, bool B x h x w: those covered by half, or the fullest ones of a sliver."""
    fullest = masks.amax(dim=(1, 2), keepdim=True)
    return (masks >= fullest.clamp(max=0.5)) & (masks > 0)


def _anywhere(places: Tensor, cell: int, generator: torch.Generator) -> Tensor:
    """A pixel of each bool map B x h x w, all as likely: B x 2; any pixel where there is none."""
    count, _, width = places.shape
    flat = places.reshape(count, -1)
    flat = flat | ~flat.any(dim=1, keepdim=True)
    chosen = torch.multinomial(flat.float(), 1, generator=generator)[:, 0]
    within = torch.randint(cell, (count, 2), generator=generator)
    return torch.stack([chosen % width, torch.div(chosen, width, rounding_mode="floor")], dim=1) * cell + within.float()
