"""Answers bent until every click is on its own side, for the built-in model only.

Not part of the paper. A large model has learned to obey a click; a small one may look at it and leave the mask as it
was. Like the refinement by back-propagation of interactive segmentation (BRS, f-BRS), but with the decoder's last
features held fast: a mask is then linear in its filter, so the smallest change of it that puts all clicks on their side
is a small quadratic programme in the cosines of the clicked cells, and what looks like a clicked place goes with it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

_SWEEPS = 20
_NEGATIVE, _POSITIVE = 0, 1
# Two contrary clicks on cells that look alike would pull without end.
_STIFFNESS = 0.02
_LEAST_LIKENESS = 0.1


@torch.no_grad()
def bend_to_clicks(
    masks: Tensor, features: Tensor, points: Tensor, labels: Tensor, margin: float, side: float
) -> Tensor:
    """Masks in which each click has a logit of at least `margin` on its side, changed as little as that takes.

    Args:
        masks: (B, k, h, w) logits.
        features: (B, C, h, w) that the masks were made of.
        points: (B, N, 2) x, y in pixels of the model's input; those outside the picture are passed over.
        labels: (B, N): 1 positive, 0 negative; others are not looked at.
        margin: in logits, above 0.
        side: of the model's input in pixels.

    Returns:
        (B, k, h, w) float32; the very masks where there is less than two clicks, or all are obeyed.
    """
    is_click = ((labels == _POSITIVE) | (labels == _NEGATIVE)) & ((points >= 0) & (points < side)).all(dim=-1)
    if int(is_click.sum(dim=1).max()) < 2:
        return masks
    sides = torch.where(labels == _POSITIVE, 1.0, -1.0) * is_click
    # In full precision also where products are computed in a narrower type: how alike two clicks are has to be exact.
    with torch.autocast(masks.device.type, enabled=False):
        return _bent(masks.float(), features.float(), points, sides, margin, side)


def _bent(masks: Tensor, features: Tensor, points: Tensor, sides: Tensor, margin: float, side: float) -> Tensor:
    """The bent masks; sides (B, N) are 1 and -1, and 0 for what is no click."""
    centred = features - features.mean(dim=(2, 3), keepdim=True)
    alike = F.normalize(centred, dim=1)
    clicked = F.normalize(_at(centred, points, side), dim=1)
    among = torch.einsum("bcn,bcm->bnm", clicked, _at(alike, points, side))
    logits = _at(masks, points, side)
    pull = _pull(among.cpu().numpy(), logits.cpu().numpy(), sides.cpu().numpy(), margin)
    if not pull.any():
        return masks
    change = torch.from_numpy(pull).to(alike) @ (clicked.transpose(1, 2) @ alike.flatten(2))
    return masks + change.reshape(masks.shape)


def _at(maps: Tensor, points: Tensor, side: float) -> Tensor:
    """Values (B, C, N) of maps (B, C, h, w) under points, between the middles of cells."""
    places = (points.float() * (2 / side) - 1)[:, None]
    return F.grid_sample(maps, places, mode="bilinear", align_corners=False)[:, :, 0]


def _pull(
    alike: NDArray[np.float32], logits: NDArray[np.float32], sides: NDArray[np.float32], margin: float
) -> NDArray[np.float32]:
    """How much of each click's likeness is to be added, (B, k, N), by Hildreth's method: one click after the other.

    Args:
        alike: (B, N, N) likeness of the clicks to each other.
        logits: (B, k, N) of the clicks.
        sides: (B, N) 1 or -1; 0 for what is no click.
        margin: see `bend_to_clicks`.
    """
    pull = np.zeros_like(logits)
    now = logits.copy()
    for _ in range(_SWEEPS):
        before = pull.copy()
        for click in range(sides.shape[1]):
            sign = sides[:, click, None]
            lacking = np.where(sign == 0, 0.0, margin - sign * now[..., click] - _STIFFNESS * sign * pull[..., click])
            # Never against its own side, so that a click which is obeyed anyway pulls nothing.
            wanted = np.maximum(
                sign * pull[..., click] + lacking / (alike[:, click, click, None].clip(_LEAST_LIKENESS) + _STIFFNESS),
                0.0,
            )
            step = sign * wanted - pull[..., click]
            pull[..., click] += step
            now += step[..., None] * alike[:, click, None, :]
        if np.abs(pull - before).max() < 0.01 * margin:
            break
    return pull
