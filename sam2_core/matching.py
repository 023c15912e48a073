"""Masks carried along by trunk features alone: the built-in model's prior, and a second opinion on any other.

Nothing here is trained. Each cell of a frame looks for the cells of earlier frames that are most alike and takes over
the mean of their mask, as in label propagation with self-supervised features. Only a window around it is searched,
because things move little between frames and what is alike far away is mostly something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

_TILE = 8
# A key outside the picture carries this in an extra channel where every query carries 1, so it is never chosen.
_OUTSIDE = -100.0
_FINE_SHARE = 0.5
# Inverse of (1, 6, 1) / 8, which is what bilinear enlargement by two followed by means of two does to a row.
_DEBLUR = (0.0417, -0.2427, 1.4020, -0.2427, 0.0417)


@dataclass(frozen=True)
class MatchSettings:
    """How masks are carried.

    Attributes:
        window: half the side of the search window, as a share of the width.
        anchor_window: the same for anchor frames (those a person prompted), which may be far away in time.
        neighbours: cells whose masks are averaged.
        temperature: of the softmax over their similarities.
        recent: frames before the current one that are searched beside the anchors.
    """

    window: float = 0.13
    anchor_window: float = 0.13 * 2.2
    neighbours: int = 10
    temperature: float = 0.07
    recent: int = 6


@dataclass(frozen=True)
class Neighbours:
    """For each of the h x w cells its most alike cells.

    Attributes:
        index: (h * w, k) into the cells of all searched frames one after the other, anchors first.
        weight: (h * w, k), each row sums to 1.
        similarity: (h * w, k) cosines, best first.
    """

    index: Tensor
    weight: Tensor
    similarity: Tensor


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
    both = torch.cat([_FINE_SHARE * F.normalize(fine, dim=1), F.normalize(enlarged, dim=1)], dim=1)
    return F.normalize(both, dim=1)[0]


def find_neighbours(
    query: Tensor, anchors: Sequence[Tensor], recent: Sequence[Tensor], settings: MatchSettings | None = None
) -> Neighbours:
    """The cells of earlier frames that are most like those of this one.

    It depends on the pictures alone, so it serves all objects that have the same memories.

    Args:
        query: (C, h, w) from `matching_features`.
        anchors: features of frames searched with the wide window; at least one frame in both lists together.
        recent: features of frames searched with the narrow window.
        settings: window, number of neighbours, temperature.

    Raises:
        ValueError: there is no frame to search.
    """
    settings = settings or MatchSettings()
    if not anchors and not recent:
        raise ValueError("There is no earlier frame to match with; give at least one.")
    height, width = query.shape[-2:]
    tiled = _tile_queries(query)
    values: list[Tensor] = []
    places: list[Tensor] = []
    frames = [(frame, settings.anchor_window) for frame in anchors] + [(frame, settings.window) for frame in recent]
    for number, (frame, share) in enumerate(frames):
        best, place = _search_frame(tiled, frame, max(round(share * width), 1), settings.neighbours)
        values.append(best)
        places.append(place + number * height * width)
    similarity, chosen = torch.cat(values, dim=-1).topk(settings.neighbours, dim=-1)
    index = torch.cat(places, dim=-1).gather(-1, chosen)
    weight = torch.softmax(similarity / settings.temperature, dim=-1)
    return Neighbours(*(_untile(part, height, width) for part in (index, weight, similarity)))


def carry_masks(neighbours: Neighbours, masks: Tensor) -> Tensor:
    """Soft masks of the current frame.

    Args:
        neighbours: of the current frame.
        masks: (B, frames, h, w) soft masks of the searched frames in the order of the search, 0 to 1.

    Returns:
        (B, h, w), 0 to 1.
    """
    height, width = masks.shape[-2:]
    flat = masks.flatten(1)
    found = flat[:, neighbours.index.flatten()].reshape(len(flat), *neighbours.index.shape)
    return (found * neighbours.weight).sum(-1).reshape(-1, height, width)


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


def _tile_queries(query: Tensor) -> Tensor:
    """(C, h, w) to (tiles, 64, C + 1) with the extra channel; the grid is filled up to whole tiles."""
    channels, height, width = query.shape
    padded = F.pad(query, (0, -width % _TILE, 0, -height % _TILE))
    marked = torch.cat([padded, torch.ones_like(padded[:1])])
    tiles = marked.unfold(1, _TILE, _TILE).unfold(2, _TILE, _TILE)
    return tiles.permute(1, 2, 3, 4, 0).reshape(-1, _TILE * _TILE, channels + 1)


def _search_frame(tiled: Tensor, frame: Tensor, radius: int, count: int) -> tuple[Tensor, Tensor]:
    """Best cells of one frame for each query: similarity and index, (tiles, 64, count)."""
    channels, height, width = frame.shape
    full_height, full_width = height + -height % _TILE, width + -width % _TILE
    border = (radius, radius + full_width - width, radius, radius + full_height - height)
    keys = torch.cat([F.pad(frame, border), F.pad(torch.zeros_like(frame[:1]), border, value=_OUTSIDE)])
    side = _TILE + 2 * radius
    tiles = keys.unfold(1, side, _TILE).unfold(2, side, _TILE)
    tiles = tiles.permute(1, 2, 0, 3, 4).reshape(-1, channels + 1, side * side)
    similarity = torch.bmm(tiled, tiles)
    # The window of a query at (y, x) of its tile begins at (y, x) of the tile's keys: a slanted view holds just that.
    reach = 2 * radius + 1
    count_tiles = similarity.shape[0]
    area = side * side
    window = similarity.as_strided(
        (count_tiles, _TILE, _TILE, reach, reach),
        (_TILE * _TILE * area, _TILE * area + side, area + 1, side, 1),
    )
    # The best cells lie in the rows with the best maxima, so only those rows are sorted.
    rows = window.amax(-1).reshape(count_tiles, _TILE, _TILE, reach)
    kept = min(count, reach)
    top_rows = rows.topk(kept, dim=-1, sorted=False).indices
    chosen = window.gather(3, top_rows[..., None].expand(-1, -1, -1, -1, reach)).flatten(3)
    best, place = chosen.topk(min(count, chosen.shape[-1]), dim=-1)
    row = top_rows.gather(-1, torch.div(place, reach, rounding_mode="floor"))
    column = place % reach
    return best.flatten(1, 2), _absolute(row, column, radius, height, width)


def _absolute(row: Tensor, column: Tensor, radius: int, height: int, width: int) -> Tensor:
    """Row and column in the window (tiles, 8, 8, k) to the index of the cell in its frame, (tiles, 64, k)."""
    tiles_across = -(-width // _TILE)
    tile = torch.arange(row.shape[0], device=row.device)[:, None, None, None]
    inside = torch.arange(_TILE, device=row.device)
    y = torch.div(tile, tiles_across, rounding_mode="floor") * _TILE + inside[None, :, None, None] + row - radius
    x = tile % tiles_across * _TILE + inside[None, None, :, None] + column - radius
    return (y.clamp(0, height - 1) * width + x.clamp(0, width - 1)).flatten(1, 2)


def _untile(values: Tensor, height: int, width: int) -> Tensor:
    """(tiles, 64, k) to (h * w, k), without what filled up the grid."""
    tiles_down, tiles_across = -(-height // _TILE), -(-width // _TILE)
    grid = values.reshape(tiles_down, tiles_across, _TILE, _TILE, -1).permute(0, 2, 1, 3, 4)
    whole = grid.reshape(tiles_down * _TILE, tiles_across * _TILE, -1)
    return whole[:height, :width].reshape(height * width, -1)
