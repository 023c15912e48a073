"""Masks carried along by trunk features alone: the built-in model's prior, and a second opinion on any other.

Nothing here is trained. Each cell of a frame looks for the cells of earlier frames that are most alike and takes over
the mean of their mask, as in label propagation with self-supervised features. Only a window around it is searched,
because things move little between frames and what is alike far away is mostly something else.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from sam2_core.neighbours import TILE, MatchingFrame, MatchSettings, Neighbours

_FINE_SHARE = 0.5
# Inverse of (1, 6, 1) / 8, which is what bilinear enlargement by two followed by means of two does to a row.
_DEBLUR = (0.0417, -0.2427, 1.4020, -0.2427, 0.0417)


def matching_features(stride_8: Tensor, stride_16: Tensor) -> Tensor:
    """What cells are compared by, from the trunk's maps of one picture.

    Args:
        stride_8: (1, C, h, w) or (C, h, w).
        stride_16: (1, C', h / 2, w / 2) or (C', h / 2, w / 2).

    Returns:
        float32 (C + C', h, w), of length 1 per cell.
    """
    fine = stride_8.float().reshape(1, *stride_8.shape[-3:])
    coarse = stride_16.float().reshape(1, *stride_16.shape[-3:])
    enlarged = F.interpolate(coarse, size=fine.shape[-2:], mode="bilinear", align_corners=False)
    # Cells as rows: their lengths are then sums over neighbouring numbers.
    rows = [level[0].permute(1, 2, 0).contiguous() for level in (fine, enlarged)]
    both = torch.cat([_FINE_SHARE * F.normalize(rows[0], dim=-1), F.normalize(rows[1], dim=-1)], dim=-1)
    return F.normalize(both, dim=-1).permute(2, 0, 1)


def find_neighbours(
    query: Tensor, anchors: Sequence[Tensor], recent: Sequence[Tensor], settings: MatchSettings | None = None
) -> Neighbours:
    """The cells of earlier frames that are most like those of this one.

    Args:
        query: (C, h, w) from `matching_features`.
        anchors: features of frames searched with the wide window; at least one frame in both lists together.
        recent: features of frames searched with the narrow window.
        settings: windows, number of neighbours, temperature.

    Raises:
        ValueError: there is no frame to search.
    """
    if not anchors and not recent:
        raise ValueError("There is no earlier frame to match with; give at least one.")
    chosen = settings or MatchSettings()
    wide, narrow = ([MatchingFrame(frame, chosen) for frame in frames] for frames in (anchors, recent))
    return Neighbours(MatchingFrame(query, chosen), wide, narrow, chosen)


def carry_masks(neighbours: Neighbours, masks: Tensor) -> Tensor:
    """Soft masks of the current frame.

    Only tiles where an outline may be are searched: while an object is seen in the recent frames, none that lies
    further from its outlines there than it may have moved.

    Args:
        neighbours: of the current frame.
        masks: (B, frames, h, w) soft masks of the searched frames in the order of the search, 0 to 1.

    Returns:
        (B, h, w), 0 to 1.
    """
    height, width = masks.shape[-2:]
    is_open, rest = _open_tiles(neighbours, masks)
    tiles = is_open.any(dim=0).nonzero().flatten()
    result = rest[..., None].repeat(1, 1, TILE * TILE)
    if len(tiles):
        index, weight = neighbours.of(tiles)
        found = masks.flatten(1)[:, index.flatten()].reshape(len(masks), *index.shape)
        carried = (found * weight).sum(-1)
        result[:, tiles] = torch.where(is_open[:, tiles, None], carried, result[:, tiles])
    down, across = neighbours.tiles
    grid = result.reshape(-1, down, across, TILE, TILE).transpose(2, 3).reshape(-1, down * TILE, across * TILE)
    return grid[:, :height, :width]


def _open_tiles(neighbours: Neighbours, masks: Tensor) -> tuple[Tensor, Tensor]:
    """For each object which tiles have to be searched, bool (B, tiles), and the mask of the others, (B, tiles)."""
    height, width = masks.shape[-2:]
    down, across = neighbours.tiles
    filled = F.pad(masks, (0, across * TILE - width, 0, down * TILE - height))
    anchors, settings = neighbours.anchors, neighbours.settings
    step = max(round(settings.step * width), 1)
    reaches = [reach if i < anchors else min(reach, step) for i, reach in enumerate(neighbours.reach)]
    ranges = [_range_of_windows(filled[:, i], reach) for i, reach in enumerate(reaches)]
    highest, lowest = (torch.stack(ends, dim=1) for ends in zip(*ranges, strict=True))
    high, low = highest.amax(dim=1), lowest.amin(dim=1)
    if anchors < masks.shape[1]:
        is_seen = (masks[:, anchors:].flatten(1).amax(dim=1) > 0.5)[:, None]
        high = torch.where(is_seen, highest[:, anchors:].amax(dim=1), high)
        low = torch.where(is_seen, lowest[:, anchors:].amin(dim=1), low)
    is_inside = low >= 1.0 - settings.faint
    return (high > settings.faint) & ~is_inside, is_inside.to(masks.dtype)


def _range_of_windows(masks: Tensor, reach: int) -> tuple[Tensor, Tensor]:
    """Highest and lowest value of masks (B, h, w) in the window around each tile, both (B, tiles)."""
    side = TILE + 2 * reach
    high = F.max_pool2d(masks[:, None], side, stride=TILE, padding=reach)
    low = -F.max_pool2d(-masks[:, None], side, stride=TILE, padding=reach)
    return high.flatten(1), low.flatten(1)


def soft_mask(logits: Tensor, side: int, *, was_enlarged: bool = False) -> Tensor:
    """Mask logits (B, 1, H, W) as soft masks (B, side, side), each cell the mean of what it covers.

    Args:
        logits: foreground above 0.
        side: of the grid that masks are carried on.
        was_enlarged: the mask itself was carried and enlarged before (`prior_logits`). Enlarging and taking means
            blurs, and over many frames little is left; so the blur is undone.
    """
    means = F.interpolate(logits.float().sigmoid(), size=(side, side), mode="area")
    if was_enlarged:
        taps = torch.tensor(_DEBLUR, device=means.device)
        padded = F.pad(means, (2, 2, 2, 2), mode="replicate")
        means = F.conv2d(F.conv2d(padded, taps.reshape(1, 1, 1, -1)), taps.reshape(1, 1, -1, 1)).clamp(0.0, 1.0)
    return means[:, 0]


def prior_logits(soft: Tensor, side: int) -> Tensor:
    """Carried masks (B, h, w) as mask logits (B, 1, side, side), bounded to about -4.6 to 4.6."""
    enlarged = F.interpolate(soft[:, None], size=(side, side), mode="bilinear", align_corners=False)
    return torch.logit(enlarged.clamp(0.01, 0.99))


class MaskCarrier:
    """Tracks by matching alone: the floor that any tracker built on this trunk has to reach.

    Args:
        features: (C, h, w) of the first frame, from `matching_features`.
        masks: (B, h, w) soft masks of its objects.
        settings: how masks are carried.
    """

    def __init__(self, features: Tensor, masks: Tensor, settings: MatchSettings | None = None) -> None:
        self._settings = settings or MatchSettings()
        self._anchor = (features, masks)
        self._recent: list[tuple[Tensor, Tensor]] = []

    def track(self, features: Tensor) -> Tensor:
        """Soft masks (B, h, w) of the next frame."""
        neighbours = find_neighbours(features, [self._anchor[0]], [frame for frame, _ in self._recent], self._settings)
        masks = carry_masks(neighbours, torch.stack([self._anchor[1], *(mask for _, mask in self._recent)], dim=1))
        self._recent = [*self._recent, (features, masks)][-self._settings.recent :]
        return masks
