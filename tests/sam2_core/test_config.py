"""Configurations: what they refuse, and that they survive the way through a file."""

from __future__ import annotations

import dataclasses

import pytest

from sam2_core.config import BUILT_IN, CONFIGS, ModelConfig


@pytest.mark.parametrize("config", [*CONFIGS.values(), BUILT_IN], ids=lambda config: config.name)
def test_a_configuration_survives_being_written_as_plain_values(config: ModelConfig) -> None:
    values = config.to_dict()
    assert ModelConfig.from_dict(values) == config
    assert all(type(value) in (str, int, float, bool, dict) for value in values.values())


def test_there_are_four_sizes_in_two_versions() -> None:
    assert set(CONFIGS) == {
        f"{version}_{size}" for version in ("2.0", "2.1") for size in ("tiny", "small", "base_plus", "large")
    }
    assert all(config.name == name for name, config in CONFIGS.items())


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"version": "3.0"}, "version"),
        ({"image_size": 1000}, "image_size"),
        ({"memory_dim": 48}, "memory_dim"),
        ({"decoder_heads": 7}, "decoder_heads"),
        ({"num_maskmem": 0}, "num_maskmem"),
        ({"hidden": -256}, "hidden"),
        ({"hidden": 256 << 20}, "hidden"),
        ({"attention_layers": 10**9}, "attention_layers"),
        ({"decoder_depth": 0}, "decoder_depth"),
        ({"attention_ffn": 0}, "width"),
        ({"prior_share": 1.5}, "prior_share"),
    ],
)
def test_widths_that_do_not_fit_are_refused(change: dict[str, object], phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        dataclasses.replace(CONFIGS["2.1_tiny"], **change)


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"hidden": "256"}, "hidden"),
        ({"hidden": True}, "hidden"),
        ({"colour": 3}, "colour"),
        ({"trunk": None}, "trunk"),
        ({"trunk": {"kind": "resnet"}}, "resnet"),
        ({"trunk": {"kind": "efficientnet", "name": "b7"}}, "b7"),
        ({"trunk": {"kind": "efficientnet", "name": "lite2"}}, "channels"),
        (
            {"trunk": {"kind": "hiera", "embed_dim": 96, "heads": 1, "blocks": [1, 2, 7**9, 2], "global_blocks": []}},
            "blocks",
        ),
        (
            {"trunk": {"kind": "hiera", "embed_dim": 96, "heads": 7, "blocks": [1, 2, 7, 2], "global_blocks": []}},
            "heads",
        ),
        ({"trunk": {"kind": "hiera", "embed_dim": 96}}, "missing"),
        ({"trunk": {"kind": "hiera", "embed_dim": 96, "heads": 1, "blocks": [1, 2], "global_blocks": []}}, "blocks"),
        (
            {"trunk": {"kind": "hiera", "embed_dim": 96, "heads": 1, "blocks": [1, 2, 7, -2], "global_blocks": []}},
            "blocks",
        ),
    ],
)
def test_values_from_a_file_are_checked(change: dict[str, object], phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        ModelConfig.from_dict({**CONFIGS["2.1_tiny"].to_dict(), **change})


def test_one_click_is_ambiguous_and_a_box_is_not() -> None:
    config = CONFIGS["2.1_large"]
    assert [config.uses_multimask(points, is_initial=True) for points in (0, 1, 2, 3)] == [True, True, False, False]
    assert config.uses_multimask(0, is_initial=False)
