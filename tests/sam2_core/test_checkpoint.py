"""Weight files: which are told apart, which are refused and in what words, and that nothing is lost on the way."""

from __future__ import annotations

import dataclasses
import json
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from sam2_core.checkpoint import describe_checkpoint, load_model, read_card, save_checkpoint
from sam2_core.config import CONFIGS
from sam2_core.errors import CheckpointError
from sam2_core.model.sam2 import Sam2Model

Weights = dict[str, Tensor]


def hollow_weights(name: str) -> Weights:
    """Every tensor of a published model, each with a single value behind it, so that files stay small."""
    with torch.device("meta"):
        model = Sam2Model(CONFIGS[name])
    return {key: torch.tensor(0.01).expand(value.shape) for key, value in model.state_dict().items()}


@pytest.fixture(scope="module")
def tiny() -> Weights:
    return hollow_weights("2.1_tiny")


def saved(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_the_published_models_are_told_apart(tmp_path: Path, name: str) -> None:
    weights = hollow_weights(name)
    info = describe_checkpoint(saved(tmp_path / "any_name.pt", {"model": weights}))
    assert info.name == name
    assert f"{info.version}_{info.size}" == name
    assert info.parameters == sum(value.numel() for value in weights.values())


def test_the_number_of_parameters_is_the_published_one(tmp_path: Path, tiny: Weights) -> None:
    # 38,962,498 counts parameters only; the file also holds the 2 x 128 matrix of the prompt encoder.
    assert describe_checkpoint(saved(tmp_path / "a.pt", {"model": tiny})).parameters == 38_962_498 + 256


@pytest.mark.parametrize(
    "wrap",
    [
        lambda weights: {"model": weights},
        lambda weights: weights,
        lambda weights: {"model": {f"module.{key}": value for key, value in weights.items()}, "epoch": 3},
        lambda weights: {"model": {key: value.half() for key, value in weights.items()}},
        lambda weights: {"model": {key: value.to(torch.bfloat16) for key, value in weights.items()}},
    ],
    ids=["as published", "bare", "distributed training", "float16", "bfloat16"],
)
def test_a_model_loads_from_every_usual_wrapping(tmp_path: Path, tiny: Weights, wrap: Callable[[Weights], Any]) -> None:
    model = load_model(saved(tmp_path / "a.pt", wrap(tiny)))
    assert model.config == CONFIGS["2.1_tiny"]
    assert not model.training
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}
    assert model.no_obj_ptr[0, 0].item() == pytest.approx(0.01, rel=1e-2)


def without(key: str) -> Callable[[Weights], Any]:
    return lambda weights: {"model": {name: value for name, value in weights.items() if name != key}}


def changed(key: str, value: Tensor) -> Callable[[Weights], Any]:
    return lambda weights: {"model": {**weights, key: value}}


REFUSED: dict[str, tuple[Callable[[Weights], Any], str]] = {
    "a weight is missing": (without("memory_encoder.out_proj.bias"), "lacks memory_encoder.out_proj.bias"),
    "a weight too many": (changed("extra.weight", torch.zeros(1)), "has extra.weight that"),
    "another shape": (changed("no_obj_ptr", torch.zeros(1, 128)), r"no_obj_ptr has the shape \[1, 128\]"),
    "no numbers": (changed("no_obj_ptr", torch.full((1, 256), torch.nan)), "damaged: no_obj_ptr"),
    "whole numbers": (changed("no_obj_ptr", torch.zeros(1, 256, dtype=torch.int64)), "int64"),
    "half of 2.1": (without("obj_ptr_tpos_proj.weight"), "mixes SAM 2.0 and 2.1"),
    "EdgeTAM": (lambda weights: {"model": {"spatial_perceiver.latents": torch.zeros(256, 64)}}, "EdgeTAM"),
    "first SAM": (
        lambda weights: {"image_encoder.patch_embed.proj.weight": torch.zeros(1), "mask_decoder.x": torch.zeros(1)},
        "first SAM",
    ),
    "transformers": (lambda weights: {"vision_encoder.neck.convs.0.weight": torch.zeros(1)}, "transformers library"),
    "another trunk": (
        changed("image_encoder.trunk.patch_embed.proj.weight", torch.zeros(64, 3, 7, 7)),
        "no SAM 2 model that this program knows",
    ),
    "another network": (lambda weights: {"layer1.weight": torch.zeros(3)}, "no SAM 2 model that this program knows"),
    "a list": (lambda weights: [1, 2, 3], "holds a list"),
    "nothing": (lambda weights: {"model": {}}, "holds no weights"),
    "numbers by name": (lambda weights: {"model": {"a": 1}}, "other things than named weights"),
}


@pytest.mark.parametrize(("make", "phrase"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused_in_one_sentence(
    tmp_path: Path, tiny: Weights, make: Callable[[Weights], Any], phrase: str
) -> None:
    path = saved(tmp_path / "wrong.pt", make(tiny))
    with pytest.raises(CheckpointError, match=phrase) as caught:
        load_model(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message


def _missing(path: Path) -> None:
    path.unlink()


def _noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 8)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def _flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    place = content.index(struct.pack("<f", 0.01))
    content[place] ^= 0x40
    path.write_bytes(content)


def _safetensors(path: Path) -> None:
    head = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + bytes(4))


class _Code:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("this must never run",))


def _code(path: Path) -> None:
    torch.save({"model": {"a": _Code()}}, path)


def _old_code(path: Path) -> None:
    path.write_bytes(pickle.dumps(_Code()))


@pytest.mark.parametrize(
    ("spoil", "phrase"),
    [
        (_missing, "There is no file"),
        (_noise, "damaged or no PyTorch weight file"),
        (_empty, "damaged or no PyTorch weight file"),
        (_cut, "damaged or no PyTorch weight file"),
        (_flipped, "is not what was saved"),
        (_safetensors, "safetensors"),
        (_code, "program code besides weights, which is never run"),
        (_old_code, "damaged or no PyTorch weight file"),
    ],
)
def test_damaged_and_foreign_files_are_refused_in_one_sentence(
    tmp_path: Path, tiny: Weights, spoil: Callable[[Path], None], phrase: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path / "a.pt", {"model": tiny})
    spoil(path)
    with pytest.raises(CheckpointError, match=phrase) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)
    assert "this must never run" not in capsys.readouterr().out


def test_a_saved_model_comes_back_with_its_configuration(tmp_path: Path, small_model: Sam2Model) -> None:
    path = tmp_path / "own.pt"
    save_checkpoint(path, small_model, card={"steps": 5, "data": ["a", "b"]})
    again = load_model(path)
    assert again.config == small_model.config
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in small_model.state_dict().items())
    assert read_card(path) == {"steps": 5, "data": ["a", "b"]}
    info = describe_checkpoint(path)
    assert (info.name, info.version, info.size) == ("small_for_tests", "2.1", "small_for_tests")
    assert [entry.name for entry in tmp_path.iterdir()] == ["own.pt"]


def test_a_half_precision_file_is_smaller_and_nearly_the_same(tmp_path: Path, small_model: Sam2Model) -> None:
    save_checkpoint(tmp_path / "full.pt", small_model)
    save_checkpoint(tmp_path / "half.pt", small_model, half=True)
    assert (tmp_path / "half.pt").stat().st_size < 0.75 * (tmp_path / "full.pt").stat().st_size
    again = load_model(tmp_path / "half.pt")
    for key, value in small_model.state_dict().items():
        torch.testing.assert_close(again.state_dict()[key], value, rtol=1e-3, atol=1e-6)


def test_settings_that_a_file_made_up_are_refused(tmp_path: Path, small_model: Sam2Model) -> None:
    config = {**small_model.config.to_dict(), "hidden": -5}
    path = saved(tmp_path / "a.pt", {"model": small_model.state_dict(), "config": config})
    with pytest.raises(CheckpointError, match="does not understand"):
        load_model(path)
    config = dataclasses.replace(small_model.config, attention_layers=3).to_dict()
    path = saved(tmp_path / "a.pt", {"model": small_model.state_dict(), "config": config})
    with pytest.raises(CheckpointError, match="lacks 26 weights"):
        load_model(path)


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, small_model: Sam2Model) -> None:
    target = tmp_path / "taken.pt"
    target.mkdir()
    with pytest.raises(CheckpointError, match="choose another place"):
        save_checkpoint(target, small_model)
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(CheckpointError, match="choose another place"):
        save_checkpoint(tmp_path / "no such folder" / "a.pt", small_model)


def test_a_loaded_model_can_be_trained_further(tmp_path: Path, small_model: Sam2Model) -> None:
    save_checkpoint(tmp_path / "own.pt", small_model)
    model = load_model(tmp_path / "own.pt")
    assert all(parameter.requires_grad for parameter in model.parameters())
    with torch.no_grad():
        model.no_obj_ptr.add_(1.0)
    assert torch.equal(load_model(tmp_path / "own.pt").no_obj_ptr, small_model.no_obj_ptr)


def test_loading_draws_nothing_and_needs_no_symbolic_mathematics() -> None:
    """Random numbers on tensors without storage would bring in torch's decompositions, a second of imports."""
    program = (
        "import sys, torch; from sam2_core.checkpoint import load_model; "
        "from sam2_core.evaluation.simulation import built_in_checkpoint; "
        "state = torch.get_rng_state(); known = 'sympy' in sys.modules; load_model(built_in_checkpoint()); "
        "assert torch.equal(state, torch.get_rng_state()); assert known or 'sympy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
