"""Dense hints: clicks, boxes and earlier masks as maps, for the built-in model only.

The paper's prompt encoder (section 4, appendix D.1) tells the decoder about clicks in tokens. A small model that has
seen few examples learns much faster when it is also told in the language of a convolution: where the clicks are, what
the box holds, what looks like the clicked place in the trunk's own features, and what the last answer was.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_MAPS = 9
_CLICK_SIGMA = 2.0
# Previous logits are bounded as the session bounds them, then brought to the size of the other maps.
_LOGIT_BOUND = 8.0
_POSITIVE, _NEGATIVE, _BOX_START, _BOX_END = 1, 0, 2, 3


@dataclass(frozen=True)
class HintedMaps:
    """What the decoder takes in place of its own maps, per object.

    Attributes:
        dense: B x C x S/16 x S/16, to be added to the dense prompt.
        fine: B x C/8 x S/4 x S/4, in place of the projected stride-4 map.
        middle: B x C/4 x S/8 x S/8, in place of the projected stride-8 map.
    """

    dense: Tensor
    fine: Tensor
    middle: Tensor


class DenseHints(nn.Module):
    """Turns prompts into maps and mixes them with the picture's fine features.

    Args:
        hidden: width of the model.
        trunk_channels: of the trunk's four maps.
        fine_likeness: see `hint_maps`.
    """

    def __init__(self, hidden: int, trunk_channels: tuple[int, int, int, int], *, fine_likeness: bool = True) -> None:
        super().__init__()
        self._fine_likeness = fine_likeness
        fine, middle = hidden // 8, hidden // 4
        self.fine_in = nn.Conv2d(_MAPS, fine, 3, padding=1)
        self.fine_mix = nn.Conv2d(fine, fine, 3, padding=1)
        self.middle_in = nn.Conv2d(_MAPS, middle, 2, 2)
        self.middle_trunk = nn.Conv2d(trunk_channels[1], middle, 1)
        self.middle_mix = nn.Sequential(
            nn.Conv2d(middle, middle, 3, padding=1), nn.ReLU(), nn.Conv2d(middle, middle, 3, padding=1)
        )
        self.middle_out = nn.Conv2d(middle, middle, 1)
        self.coarse_in = nn.Conv2d(middle, hidden // 2, 2, 2)
        self.coarse_out = nn.Conv2d(hidden // 2, hidden, 1)

    def forward(
        self,
        points: Tensor,
        labels: Tensor,
        previous: Tensor | None,
        trunk: tuple[Tensor, Tensor],
        skips: tuple[Tensor, Tensor],
    ) -> HintedMaps:
        """Maps for B objects of one picture, or of B pictures.

        Args:
            points: B x P x 2, x and y in pixels of the model's input; box corners are points with labels 2 and 3.
                P may be 0.
            labels: B x P; 1 positive, 0 negative, 2 and 3 box corners, -1 padding.
            previous: mask logits B x 1 x S/4 x S/4 from the last answer or the matched mask, or None.
            trunk: the trunk's maps at strides 8 and 16, N x C x …; N is B or 1.
            skips: the decoder's projected maps at strides 4 and 8, N x C x …; N is B or 1.
        """
        fine, middle = skips
        size = (fine.shape[-2], fine.shape[-1])
        maps = hint_maps(points, labels, previous, trunk, size, fine_likeness=self._fine_likeness)
        mixed = self.middle_in(maps) + self.middle_trunk(trunk[0])
        mixed = mixed + self.middle_mix(F.relu(mixed))
        mixed = F.relu(mixed)
        return HintedMaps(
            dense=self.coarse_out(F.relu(self.coarse_in(mixed))),
            fine=fine + self.fine_mix(F.relu(self.fine_in(maps) + fine)),
            middle=middle + self.middle_out(mixed),
        )


def hint_maps(
    points: Tensor,
    labels: Tensor,
    previous: Tensor | None,
    trunk: tuple[Tensor, Tensor],
    size: tuple[int, int],
    *,
    fine_likeness: bool = True,
) -> Tensor:
    """The nine maps B x 9 x S/4 x S/4, each about -1 to 1; arguments as in `DenseHints.forward`.

    Without `fine_likeness` the map of what looks like a positive click at stride 8 stays empty: so small a cell is a
    texture rather than an object, and whatever has it elsewhere would be answered along.
    """
    # Channels go last, as in the maps that these join.
    shape = (points.shape[0], _MAPS, *size)
    maps = torch.zeros(shape, device=points.device).contiguous(memory_format=torch.channels_last)
    cells, places = points.float() / 4.0, points.float()
    for number, label in enumerate((_POSITIVE, _NEGATIVE)):
        chosen = labels == label
        if not bool(chosen.any()):
            continue
        maps[:, number] = _clicks(cells, chosen, size)[:, 0]
        for pair, features in enumerate((trunk[1], trunk[0])):
            if pair == 1 and label == _POSITIVE and not fine_likeness:
                continue
            alike = _similarity(F.normalize(features.float(), dim=1), places, chosen, size)
            enlarged = F.interpolate(alike, size=size, mode="bilinear", align_corners=False)
            maps[:, 3 + 2 * pair + number] = enlarged[:, 0]
    if bool((labels == _BOX_START).any()):
        maps[:, 2] = _box(cells, labels, size)[:, 0]
    if previous is not None:
        bounded = previous.float().clamp(-_LOGIT_BOUND, _LOGIT_BOUND)
        if bounded.shape[-2:] != size:
            bounded = F.interpolate(bounded, size=size, mode="bilinear", align_corners=False)
        maps[:, 7], maps[:, 8] = bounded[:, 0] / _LOGIT_BOUND, 1.0
    return maps


def _clicks(cells: Tensor, chosen: Tensor, size: tuple[int, int]) -> Tensor:
    """B x 1 x H x W: a small hill at each chosen point."""
    height, width = size
    rows = torch.arange(height, device=cells.device) + 0.5
    columns = torch.arange(width, device=cells.device) + 0.5
    down = torch.exp(-((rows - cells[..., 1:]) ** 2) / (2 * _CLICK_SIGMA**2)) * chosen[..., None]
    across = torch.exp(-((columns - cells[..., :1]) ** 2) / (2 * _CLICK_SIGMA**2))
    return (down[..., :, None] * across[..., None, :]).amax(dim=1, keepdim=True)


def _box(cells: Tensor, labels: Tensor, size: tuple[int, int]) -> Tensor:
    """B x 1 x H x W: 1 inside the box of each object, 0 where there is none."""
    height, width = size
    rows = torch.arange(height, device=cells.device) + 0.5
    columns = torch.arange(width, device=cells.device) + 0.5
    starts, ends = labels == _BOX_START, labels == _BOX_END
    start = (cells * starts[..., None]).sum(dim=1)
    end = (cells * ends[..., None]).sum(dim=1)
    has_box = (starts.any(dim=1) & ends.any(dim=1)).float()
    # A cell is covered by degrees, so that a box smaller than a cell still shows.
    down = (torch.minimum(rows + 0.5, end[:, 1:]) - torch.maximum(rows - 0.5, start[:, 1:])).clamp(0, 1)
    across = (torch.minimum(columns + 0.5, end[:, :1]) - torch.maximum(columns - 0.5, start[:, :1])).clamp(0, 1)
    return (down[:, :, None] * across[:, None, :] * has_box[:, None, None])[:, None]


def _similarity(features: Tensor, points: Tensor, chosen: Tensor, size: tuple[int, int]) -> Tensor:
    """B x 1 x h x w: cosine of each cell with the most alike of the chosen points; 0 where none is chosen.

    `features` are N x C x h x w of length 1 per cell; `size` is that of the stride-4 map, so S = 4 * size.
    """
    count, chosen_count = points.shape[0], points.shape[1]
    height, width = features.shape[-2:]
    column = (points[..., 0] * (width / (4.0 * size[1]))).long().clamp(0, width - 1)
    row = (points[..., 1] * (height / (4.0 * size[0]))).long().clamp(0, height - 1)
    flat = features.flatten(2).transpose(1, 2)
    if flat.shape[0] != count:
        flat = flat.expand(count, -1, -1)
    index = (row * width + column)[..., None].expand(count, chosen_count, flat.shape[-1])
    wanted = torch.gather(flat, 1, index)
    alike = torch.einsum("bpc,bnc->bpn", wanted, flat)
    alike = alike.masked_fill(~chosen[..., None], -2.0).amax(dim=1)
    alike = torch.where(chosen.any(dim=1, keepdim=True), alike, torch.zeros_like(alike))
    return alike.reshape(count, 1, height, width)
