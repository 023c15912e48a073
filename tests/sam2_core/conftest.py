"""Small real models for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from sam2_core.config import HieraConfig, ModelConfig
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.recipes import Recipe
from sam2_core.training.record import StepRecord
from sam2_core.training.run import Training
from sam2_core.training.team import Team


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def small_config() -> ModelConfig:
    """A thin model of 64 pixels with every part of a published one."""
    return ModelConfig(
        name="small_for_tests",
        version="2.1",
        trunk=HieraConfig(embed_dim=16, heads=1, blocks=(1, 2, 3, 2), global_blocks=(5,)),
        image_size=64,
        hidden=32,
        memory_dim=8,
        decoder_mlp=64,
        decoder_heads=4,
        iou_hidden=32,
        attention_layers=2,
        attention_ffn=64,
    )


@pytest.fixture
def small_model(small_config: ModelConfig) -> Sam2Model:
    """That model with random weights, the same in every run."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = Sam2Model(small_config)
        with torch.no_grad():
            # A new model's position maps are zero and its masks nearly flat; trained ones are not.
            for parameter in (model.image_encoder.trunk.pos_embed, model.image_encoder.trunk.pos_embed_window):
                parameter.normal_(std=0.5)
            for mlp in model.sam_mask_decoder.output_hypernetworks_mlps:
                mlp.layers[-1].weight.mul_(20.0)
            model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(4.0)
    return model.eval()


@pytest.fixture
def new_training() -> Callable[..., Training]:
    """Makes the training of a new model on a data folder, the same in every run."""

    def make(recipe: Recipe, data: Path, run: Path, team: Team | None = None) -> Training:
        run.mkdir(exist_ok=True)
        torch.manual_seed(3)
        return Training(recipe, Sam2Model(recipe.model), [data], run, team)

    return make


@pytest.fixture
def resumed_alike(
    new_training: Callable[..., Training], tmp_path: Path
) -> Callable[[Recipe, Path, int], list[StepRecord]]:
    """Trains in one go, and again with a break after some steps, which must end alike; gives the steps of the first."""

    def compare(recipe: Recipe, data: Path, steps: int) -> list[StepRecord]:
        whole = new_training(recipe, data, tmp_path / "whole")
        records = list(whole.steps())
        first = new_training(recipe, data, tmp_path / "parts")
        list(first.steps(until=steps))
        first.save()
        second = new_training(recipe, data, tmp_path / "parts")
        assert second.resume()
        again = list(second.steps())
        assert [record.step for record in again] == list(range(steps, recipe.steps))
        assert [record.loss for record in again] == pytest.approx([record.loss for record in records[steps:]])
        got = second.averaged_state()
        for name, value in whole.averaged_state().items():
            assert torch.allclose(value, got[name], atol=1e-6), name
        return records

    return compare
