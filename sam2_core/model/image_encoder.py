"""Trunk and neck: pixels in, feature maps out (section 4 of the paper, image encoder)."""

from __future__ import annotations

from torch import nn

from sam2_core.config import HieraConfig, ModelConfig, TrunkConfig
from sam2_core.model.fpn import FeaturePyramid
from sam2_core.model.hiera import Hiera


class ImageEncoder(nn.Module):
    """Trunk and neck."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.trunk = _build_trunk(config.trunk)
        self.neck = FeaturePyramid(config.trunk.channels, config.hidden)


def _build_trunk(config: TrunkConfig) -> nn.Module:
    if isinstance(config, HieraConfig):
        return Hiera(config)
    from sam2_core.model.efficientnet import EfficientNetTrunk

    return EfficientNetTrunk(config)
