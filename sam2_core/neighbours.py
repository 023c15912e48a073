"""The cells of earlier frames that are most like those of one frame, by trunk features alone.

Only windows are searched, and only tiles that somebody asks for. A tile is a square of cells that share one window:
what is around the tile, so that the comparisons of a tile are one matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from sam2_core.model.precision import product_dtype

TILE = 8
"""Side of a tile in cells."""
# A key outside the picture carries this in an extra channel where every query carries 1, so it is never chosen.
_OUTSIDE = -100.0
# Cells in a group, whose best is looked at first. Any number is right; this one sorts least.
_GROUP = 16
# What few tiles are compared with stays in a processor's cache, but torch can only divide a step over several cores if
# there are several tiles in it; a GPU is idle without many.
_TILES_PER_CORE = 2
_TILES_ON_CARD = 64


@dataclass(frozen=True)
class MatchSettings:
    """How masks are carried.

    Attributes:
        window: half the side of the search window, as a share of the width.
        anchor_window: the same for anchor frames (those a person prompted), which may be far away in time.
        lost_window: the same for an object that none of the recent frames shows, which may come back anywhere.
        neighbours: cells whose masks are averaged.
        temperature: of the softmax over their similarities.
        recent: frames before the current one that are searched beside the anchors.
        step: how far an outline may lie from where it was in the recent frames, as a share of the width: tiles further
            away from all of these are not searched while an object is seen there.
        faint: a tile is not searched for an object whose mask is nowhere above this, or nowhere below one minus this,
            in what would be searched: the answer is known.
    """

    window: float = 0.13
    anchor_window: float = 0.2
    lost_window: float = 0.13 * 2.2
    neighbours: int = 10
    temperature: float = 0.07
    recent: int = 6
    step: float = 0.08
    faint: float = 0.1


class MatchingFrame:
    """A frame laid out for comparing: its cells within a border that is never chosen, tile by tile.

    Args:
        features: (C, h, w) from `matching_features`.
        settings: how far windows reach.
    """

    def __init__(self, features: Tensor, settings: MatchSettings) -> None:
        channels, height, width = features.shape
        self.size = (height, width)
        self.tiles = (-(-height // TILE), -(-width // TILE))
        shares = (settings.window, settings.anchor_window, settings.lost_window, 1 / width)
        self._border = max(round(share * width) for share in shares)
        sides = [count * TILE + 2 * self._border for count in self.tiles]
        self._cells = features.new_zeros(*sides, channels + 1, dtype=product_dtype(features))
        self._cells[..., -1] = _OUTSIDE
        inside = self._cells[self._border : self._border + height, self._border : self._border + width]
        inside[..., :-1] = features.permute(1, 2, 0)
        inside[..., -1] = 0.0

    @property
    def held_bytes(self) -> int:
        """Bytes of the cells."""
        return self._cells.numel() * self._cells.element_size()

    def windows(self, reach: int) -> Tensor:
        """What the cells of each tile are compared with: a view (down, across, side, side, C + 1)."""
        line, cell, _ = self._cells.stride()
        side, skipped = TILE + 2 * reach, self._border - reach
        shape = (*self.tiles, side, side, self._cells.shape[-1])
        return self._cells.as_strided(shape, (TILE * line, TILE * cell, line, cell, 1), skipped * (line + cell))

    def queries(self) -> Tensor:
        """The cells of each tile as queries, (tiles, 64, C + 1)."""
        tiles = self.windows(0).reshape(-1, TILE * TILE, self._cells.shape[-1])
        tiles[..., -1] = 1.0
        return tiles


class Neighbours:
    """For each cell of a frame its most alike cells in earlier frames, found tile by tile when they are asked for.

    They depend on the pictures alone, so one search serves all objects that have the same memories.

    Args:
        query: the frame.
        anchors: frames searched with the wide window; at least one frame in both lists together.
        recent: frames searched with the narrow window.
        settings: windows, number of neighbours, temperature; those that the frames were laid out with.
    """

    def __init__(
        self,
        query: MatchingFrame,
        anchors: Sequence[MatchingFrame],
        recent: Sequence[MatchingFrame],
        settings: MatchSettings,
    ) -> None:
        self.settings = settings
        self.anchors = len(anchors)
        self.size, self.tiles = query.size, query.tiles
        width = self.size[1]
        self.reach = [max(round(settings.anchor_window * width), 1)] * len(anchors)
        self.reach += [max(round(settings.window * width), 1)] * len(recent)
        self._query = query.queries()
        frames = zip([*anchors, *recent], self.reach, strict=True)
        self._windows = [frame.windows(reach) for frame, reach in frames]
        device = self._query.device
        self._offsets = self._make_offsets(device)
        shape = (len(self._query), TILE * TILE, settings.neighbours)
        self._index = torch.zeros(shape, dtype=torch.int64, device=device)
        self._weight = torch.zeros(shape, device=device)
        self._is_found = torch.zeros(len(self._query), dtype=torch.bool, device="cpu")

    @property
    def searched(self) -> int:
        """Number of tiles whose neighbours are known by now."""
        return int(self._is_found.sum())

    def of(self, tiles: Tensor) -> tuple[Tensor, Tensor]:
        """Neighbours of the cells of some tiles.

        Args:
            tiles: (n,) numbers of tiles, row by row.

        Returns:
            Index into the cells of all searched frames one after the other, anchors first, and weight; both
            (n, 64, neighbours), weights sum to 1.
        """
        missing = tiles.cpu()[~self._is_found[tiles.cpu()]].tolist()
        at_once = _tiles_at_once(self._query.device)
        keys = self._query.new_empty(min(at_once, len(missing)), len(self._offsets), self._query.shape[-1])
        for start in range(0, len(missing), at_once):
            self._search(missing[start : start + at_once], keys)
        self._is_found[missing] = True
        return self._index[tiles], self._weight[tiles]

    def _search(self, tiles: list[int], keys: Tensor) -> None:
        """Find the neighbours of the cells of some tiles; `keys` is where what they are compared with is gathered."""
        keys = keys[: len(tiles)]
        place = 0
        for windows in self._windows:
            side, channels = windows.shape[2], windows.shape[-1]
            for row, tile in zip(keys, tiles, strict=True):
                window = windows[tile // self.tiles[1], tile % self.tiles[1]]
                row[place : place + side * side].view(side, side, channels).copy_(window)
            place += side * side
        similarity = torch.bmm(self._query[tiles], keys.transpose(1, 2))
        best, chosen = _largest(similarity, self.settings.neighbours)
        corner = torch.tensor(
            [tile // self.tiles[1] * TILE * self.size[1] + tile % self.tiles[1] * TILE for tile in tiles],
            device=chosen.device,
        )
        # Where a tile has hardly any cell, some of the chosen ones lie outside the picture; they weigh nothing.
        index = (self._offsets[chosen] + corner[:, None, None]).clamp_(
            0, len(self._windows) * self.size[0] * self.size[1] - 1
        )
        self._index[tiles] = index
        self._weight[tiles] = torch.softmax(best / self.settings.temperature, dim=-1)

    def _make_offsets(self, device: torch.device) -> Tensor:
        """For each key of a tile how far its index is from that of the tile's first cell."""
        offsets = []
        for number, reach in enumerate(self.reach):
            step = torch.arange(-reach, TILE + reach, device=device)
            place = step[:, None] * self.size[1] + step + number * self.size[0] * self.size[1]
            offsets.append(place.flatten())
        return torch.cat(offsets)


def _tiles_at_once(device: torch.device) -> int:
    """How many tiles are searched in one step."""
    if device.type != "cpu":
        return _TILES_ON_CARD
    cores = torch.get_num_threads()
    return 1 if cores == 1 else _TILES_PER_CORE * cores


def _largest(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The largest values (..., N) of each row and their places, (..., count), as float32.

    They lie in the groups with the largest maxima, so only those groups are sorted.
    """
    whole = F.pad(values, (0, -values.shape[-1] % _GROUP), value=_OUTSIDE)
    groups = whole.reshape(*whole.shape[:-1], _GROUP, -1)
    chosen = groups.amax(dim=-2).float().topk(min(count, groups.shape[-1]), dim=-1, sorted=False).indices
    members = groups.gather(-1, chosen[..., None, :].expand(*groups.shape[:-1], -1)).flatten(-2)
    best, place = members.float().topk(count, dim=-1)
    group = chosen.gather(-1, place % chosen.shape[-1])
    return best, torch.div(place, chosen.shape[-1], rounding_mode="floor") * groups.shape[-1] + group
