"""The neck between trunk and the rest: lateral 1 x 1 convolutions, and stride 32 added into stride 16."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn


class Lateral(nn.Module):
    """A 1 x 1 convolution under the name that the published files give it, computed as a matrix product."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.conv.weight.flatten(1)
        return F.linear(x.permute(0, 2, 3, 1), weight, self.conv.bias).permute(0, 3, 1, 2)


class FeaturePyramid(nn.Module):
    """Brings trunk maps to one width.

    Args:
        channels: channels of the trunk at strides 4, 8, 16, 32.
        hidden: width of the model.
    """

    def __init__(self, channels: Sequence[int], hidden: int) -> None:
        super().__init__()
        # Coarsest first, as in the published files.
        self.convs = nn.ModuleList(Lateral(count, hidden) for count in reversed(channels))

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Trunk maps at strides 4, 8, 16, 32 to maps of width `hidden` at strides 4, 8, 16.

        Only stride 16 receives the coarser map; stride 32 itself is dropped afterwards.
        """
        return self.lateral(0, maps[0]), self.lateral(1, maps[1]), self.coarse(maps[2], maps[3])

    def lateral(self, level: int, x: Tensor) -> Tensor:
        """The lateral convolution of one level, 0 = stride 4."""
        result: Tensor = self.convs[len(self.convs) - 1 - level](x)
        return result

    def composed(self, level: int, x: Tensor, following: nn.Conv2d) -> Tensor:
        """The lateral convolution of a level and a further 1 x 1 convolution as one matrix.

        The wide map between the two is the largest of the whole model, and nothing else reads it.
        """
        lateral = self.convs[len(self.convs) - 1 - level].conv
        assert isinstance(lateral, nn.Conv2d) and lateral.bias is not None and following.bias is not None
        first, second = lateral.weight.flatten(1), following.weight.flatten(1)
        bias = second @ lateral.bias + following.bias
        return F.linear(x.permute(0, 2, 3, 1), second @ first, bias).permute(0, 3, 1, 2)

    def coarse(self, stride_16: Tensor, stride_32: Tensor) -> Tensor:
        """The map at stride 16, with stride 32 enlarged and added in float32."""
        top = F.interpolate(self.lateral(3, stride_32).float(), scale_factor=2.0, mode="nearest")
        return self.lateral(2, stride_16) + top
