"""The paper's trainings as a whole: trunk, weight decay, rates and start, and that they go on exactly."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sam2_core.config import ModelConfig
from sam2_core.device import Device
from sam2_core.model.hiera import Hiera
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.__main__ import new_model
from sam2_core.training.optimiser import Optimiser, parameter_groups, published_without_decay
from sam2_core.training.paper_recipes import ALL_RECIPES
from sam2_core.training.recipes import Recipe
from sam2_core.training.record import StepRecord
from sam2_core.training.run import Training
from sam2_core.training.team import Team


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_drop_path_leaves_out_more_in_later_blocks_and_nothing_in_use(small_config: ModelConfig) -> None:
    trunk = Sam2Model(small_config).image_encoder.trunk
    assert isinstance(trunk, Hiera)
    trunk.set_drop_path(0.6)
    rates = [block.drop_path for block in trunk.blocks]
    assert rates[0] == 0
    assert rates[-1] == pytest.approx(0.6)
    assert np.allclose(np.diff(rates), rates[1])
    pixels = torch.randn(4, 3, 64, 64, generator=_generator())
    with torch.no_grad():
        trunk.train()
        torch.manual_seed(1)
        one, other = trunk(pixels)[-1], trunk(pixels)[-1]
        torch.manual_seed(1)
        again = trunk(pixels)[-1]
        trunk.eval()
        in_use = trunk(pixels)[-1]
        trunk.set_drop_path(0.0)
        assert torch.equal(in_use, trunk(pixels)[-1])
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_a_left_out_branch_is_made_up_for_by_the_others(small_config: ModelConfig) -> None:
    trunk = Sam2Model(small_config).image_encoder.trunk
    assert isinstance(trunk, Hiera)
    block = trunk.blocks[0]
    block.drop_path = 0.25
    torch.manual_seed(0)
    kept = block._kept(torch.ones(4000, 1, 1, 2))
    assert sorted(set(kept.flatten().tolist())) == pytest.approx([0.0, 4 / 3])
    assert torch.equal(kept[..., 0], kept[..., 1])
    assert float(kept.mean()) == pytest.approx(1.0, abs=0.05)


def test_weights_decay_but_for_biases_and_the_norms_of_transformers(small_config: ModelConfig) -> None:
    model = Sam2Model(small_config)
    spared = published_without_decay(model)
    groups, _ = parameter_groups(dict(model.named_parameters()), 0.1, 0.9, spared)
    decays = {id(tensor): group["weight_decay"] == 0.1 for group in groups for tensor in group["params"]}
    named = {name: decays[id(parameter)] for name, parameter in model.named_parameters()}
    trunk = "image_encoder.trunk."
    for name in ("pos_embed", "pos_embed_window", "blocks.0.attn.qkv.weight", "patch_embed.proj.weight"):
        assert named[trunk + name], name
    for name in (f"{trunk}blocks.0.norm1.weight", f"{trunk}blocks.0.attn.qkv.bias", "memory_attention.norm.weight"):
        assert not named[name], name
    for name in (
        "sam_mask_decoder.output_upscaling.1.weight",
        "memory_encoder.fuser.layers.0.gamma",
        "sam_mask_decoder.iou_token.weight",
        "no_mem_embed",
        "maskmem_tpos_enc",
    ):
        assert named[name], name
    assert not named["sam_mask_decoder.output_upscaling.1.bias"]


def test_a_new_model_begins_as_the_published_ones_did(small_config: ModelConfig) -> None:
    recipe = dataclasses.replace(ALL_RECIPES["2.1_tiny_pretraining"], model=small_config)
    model = new_model(recipe, None)
    for layer in model.memory_encoder.fuser.layers:
        assert float(layer.gamma.detach().unique()) == pytest.approx(1e-6)
    for name in ("maskmem_tpos_enc", "no_mem_embed", "no_mem_pos_enc", "no_obj_ptr", "no_obj_embed_spatial"):
        values = getattr(model, name).detach()
        assert 0.005 < float(values.std()) < 0.04, name
    assert float(model.image_encoder.trunk.pos_embed.detach().abs().max()) == 0


@dataclasses.dataclass(frozen=True)
class _OneOfTwo(Team):
    """A process whose fellow had twice as many objects."""

    def mean(self, values: Sequence[float]) -> list[float]:
        return [1.5 * value for value in values]

    def average_gradients(self, parameters: Sequence[torch.Tensor], weight: float = 1.0) -> None:
        weights_seen.append(weight)


weights_seen: list[float] = []


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """A video of four frames with a mask each, whose frames serve as stills too."""
    folder = tmp_path / "data" / "videos" / "made__one"
    stills = tmp_path / "data" / "stills" / "made"
    for directory in (folder, stills):
        directory.mkdir(parents=True)
        for number in range(4):
            picture = np.full((80, 96, 3), 40, np.uint8)
            index_map = np.zeros((80, 96), np.uint8)
            index_map[10:40, 10 + 4 * number : 40 + 4 * number], index_map[50:70, 50:80] = 1, 2
            picture[index_map > 0] = 200
            Image.fromarray(picture).save(directory / f"{number:05}.jpg")
            Image.fromarray(index_map).save(directory / f"{number:05}.png")
    return tmp_path / "data"


def _small(name: str, config: ModelConfig, **stage: object) -> Recipe:
    recipe = ALL_RECIPES[name]
    changed = {"steps": 4, "warmup": 1, "frames": 3, "corrections": 2, "objects_at_once": 1, **stage}
    stages = (dataclasses.replace(recipe.stages[0], **changed),)  # type: ignore[arg-type]
    return dataclasses.replace(recipe, model=config, stages=stages, precision="float32")


def test_every_object_counts_alike_over_all_processes(
    small_config: ModelConfig, videos: Path, tmp_path: Path, new_training: Callable[..., Training]
) -> None:
    weights_seen.clear()
    team = _OneOfTwo(Device(torch.device("cpu"), None, "processor"))
    training = new_training(_small("2.1_tiny_training", small_config), videos, tmp_path / "run", team)
    list(training.steps(until=1))
    assert weights_seen == [pytest.approx(1 / 1.5)]


@pytest.mark.parametrize(
    "name", ["2.1_tiny_pretraining", "2.1_tiny_training", "2.1_tiny_long_training", "2.1_tiny_mose"]
)
def test_the_papers_stages_resume_exactly(
    name: str, small_config: ModelConfig, videos: Path, resumed_alike: Callable[[Recipe, Path, int], list[StepRecord]]
) -> None:
    recipe = _small(name, small_config, **({"clip_share": 0.5} if "pre" not in name else {}))
    assert all(np.isfinite(record.loss) for record in resumed_alike(recipe, videos, 2))


def test_the_last_stage_leaves_the_image_encoder_alone_and_nothing_else(small_config: ModelConfig) -> None:
    model = Sam2Model(small_config)
    recipe = dataclasses.replace(ALL_RECIPES["2.1_tiny_long_training"], model=small_config)
    frozen = {name for name, _ in model.named_parameters()} - set(Optimiser(recipe, model).parameters)
    assert {name.split(".")[0] for name in frozen} == {"image_encoder", "no_mem_pos_enc"}
    assert any(name.startswith("image_encoder.neck.") for name in frozen)


def test_the_papers_numbers() -> None:
    rows = {size: ALL_RECIPES[f"2.1_{size}_training"] for size in ("tiny", "small", "base_plus", "large")}
    assert [recipe.drop_path for recipe in rows.values()] == [0.1, 0.1, 0.2, 0.3]
    assert [recipe.layer_decay for recipe in rows.values()] == [0.8, 0.8, 0.9, 0.925]
    stage = rows["large"].stages[0]
    assert (stage.steps, stage.learning_rate, stage.trunk_rate, stage.warmup) == (300_000, 3e-4, 6e-5, 15_000)
    assert (stage.frames, stage.objects, stage.objects_of_clips, stage.corrections) == (8, 64, 3, 7)
    first = ALL_RECIPES["2.1_large_pretraining"].stages[0]
    assert (first.steps, first.learning_rate, first.warmup, first.cooldown) == (90_000, 4e-4, 1_000, 5_000)
    last = ALL_RECIPES["2.1_large_long_training"]
    assert (last.stages[0].frames, last.stages[0].steps, last.is_trunk_frozen) == (16, 50_000, True)
    mose = ALL_RECIPES["2.1_base_plus_mose"]
    assert (mose.stages[0].learning_rate, mose.stages[0].trunk_rate, mose.reverse_share) == (5e-6, 3e-6, 0.0)
    mosaics = [ALL_RECIPES[f"{version}_tiny_training"].clip_augmentation for version in ("2.0", "2.1")]
    assert [how.mosaic for how in mosaics if how is not None] == [0.0, 0.1]


def test_the_neck_learns_at_the_rate_of_the_image_encoder(small_config: ModelConfig) -> None:
    recipe = dataclasses.replace(ALL_RECIPES["2.1_tiny_mose"], model=small_config)
    model = Sam2Model(small_config)
    optimiser = Optimiser(recipe, model)
    optimiser.set_rates(recipe.stages[0], recipe.stages[0].warmup)
    rates = {id(tensor): group["lr"] for group in optimiser.adamw.param_groups for tensor in group["params"]}
    named = {name: rates[id(parameter)] for name, parameter in model.named_parameters()}
    necks = {rate for name, rate in named.items() if name.startswith("image_encoder.neck.")}
    assert list(necks) == [pytest.approx(3e-6, rel=1e-3)]
    assert named["sam_mask_decoder.iou_token.weight"] == pytest.approx(5e-6, rel=1e-3)
