"""Training itself, with a narrow model on a handful of pictures: it learns, and it goes on exactly where it stopped."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sam2_core.checkpoint import load_model, read_card
from sam2_core.config import ModelConfig
from sam2_core.device import Device
from sam2_core.errors import CheckpointError
from sam2_core.model.mask_decoder import DecoderOutput
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training import stills, tracking
from sam2_core.training.decoding import Features, as_shown
from sam2_core.training.export import export_run
from sam2_core.training.initialise import quieten_memory
from sam2_core.training.losses import LossWeights, decoder_loss
from sam2_core.training.optimiser import parameter_groups, rate_share, trained_parameters
from sam2_core.training.paper_recipes import ALL_RECIPES
from sam2_core.training.recipes import RECIPES, Recipe, StageRecipe
from sam2_core.training.record import StepRecord
from sam2_core.training.run import METRICS_NAME, Training, run_training
from sam2_core.training.stills import Correction
from sam2_core.training.team import Team

NewTraining = Callable[..., Training]
ResumedAlike = Callable[[Recipe, Path, int], list[StepRecord]]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Bright shapes on dark ground, and a cut-out."""
    folder = tmp_path / "data" / "stills" / "shapes"
    folder.mkdir(parents=True)
    for number in range(3):
        picture = np.full((128, 128, 3), 30, np.uint8)
        index_map = np.zeros((128, 128), np.uint8)
        for index, corner in enumerate([(10, 15), (60, 50)], start=1):
            y, x = corner[0] + 5 * number, corner[1]
            picture[y : y + 40, x : x + 40] = (220, 60 * index, 40)
            index_map[y : y + 40, x : x + 40] = index
        Image.fromarray(picture).save(folder / f"{number:04}.jpg")
        Image.fromarray(index_map).save(folder / f"{number:04}.png")
    folder = tmp_path / "data" / "cutouts" / "boxes"
    folder.mkdir(parents=True)
    Image.new("RGBA", (40, 30), (40, 200, 240, 255)).save(folder / "0000.webp")
    (folder / "index.json").write_text('{"items": [{"file": "0000.webp"}]}')
    return tmp_path / "data"


def _recipe(**stage: object) -> Recipe:
    changed = {"steps": 24, "learning_rate": 3e-3, "warmup": 2, "pictures": 2, "objects": 2, "frames": 2, **stage}
    return dataclasses.replace(RECIPES["tiny_trial"], stages=(StageRecipe(**changed),))  # type: ignore[arg-type]


def test_a_few_steps_lower_the_loss(pictures: Path, tmp_path: Path, new_training: NewTraining) -> None:
    training = new_training(_recipe(wrong_mask_share=0.2), pictures, tmp_path / "run")
    losses = [record.loss for record in training.steps()]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:3])


def test_a_resumed_run_ends_like_an_uninterrupted_one(pictures: Path, resumed_alike: ResumedAlike) -> None:
    records = resumed_alike(_recipe(steps=6, clip_share=0.5), pictures, 3)
    assert {record.kind for record in records} == {"still", "clip"}


@pytest.mark.parametrize("clip_share", [0.0, 1.0])
def test_a_run_resumed_after_a_change_of_stage_ends_alike(
    clip_share: float, pictures: Path, resumed_alike: ResumedAlike
) -> None:
    first = _recipe(steps=2, clip_share=clip_share).stages[0]
    second = dataclasses.replace(first, frames=3, still_size=96)
    # Renewed so slowly that the second stage asks for samples that the first one had.
    resumed_alike(dataclasses.replace(_recipe(), stages=(first, second), renewed=0.25), pictures, 2)


@pytest.mark.parametrize("steps", [2, 3])
def test_a_trunk_that_thaws_and_a_memory_that_begins_later_resume_alike(
    steps: int, pictures: Path, resumed_alike: ResumedAlike
) -> None:
    first = _recipe(steps=2, clip_share=0.0).stages[0]
    second = dataclasses.replace(first, steps=4, clip_share=0.5, trunk_rate=1e-3, still_size=96)
    recipe = dataclasses.replace(_recipe(), stages=(first, second), thawed_from=3)
    assert {record.kind for record in resumed_alike(recipe, pictures, steps)} == {"still", "clip"}


def test_a_frozen_trunk_stays_as_it_is_and_the_rest_moves(
    pictures: Path, tmp_path: Path, new_training: NewTraining
) -> None:
    training = new_training(_recipe(clip_share=1.0), pictures, tmp_path / "run")
    before = {name: value.clone() for name, value in training.model.state_dict().items()}
    list(training.steps(until=2))
    after = training.model.state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert not any(name.startswith("image_encoder.trunk.") for name in moved)
    for part in ("sam_mask_decoder.", "memory_attention.", "memory_encoder.", "dense_hints.", "obj_ptr_proj."):
        assert any(name.startswith(part) for name in moved), part


def test_a_published_architecture_trains_by_the_same_code(
    small_config: ModelConfig, pictures: Path, tmp_path: Path, new_training: NewTraining
) -> None:
    stage = StageRecipe(
        steps=3, learning_rate=1e-3, trunk_rate=1e-3, clip_share=0.5, warmup=1, pictures=1, objects=2, frames=2
    )
    recipe = dataclasses.replace(RECIPES["2.1_tiny"], model=small_config, stages=(stage,), precision="float32", pool=2)
    training = new_training(recipe, pictures, tmp_path / "run")
    before = training.model.image_encoder.trunk.patch_embed.proj.weight.detach().clone()
    assert all(np.isfinite(record.loss) for record in training.steps())
    assert not torch.equal(before, training.model.image_encoder.trunk.patch_embed.proj.weight)


def test_a_run_records_its_steps_and_exports_a_file_that_loads(
    pictures: Path, tmp_path: Path, new_training: NewTraining
) -> None:
    recipe = _recipe(steps=3)
    training = new_training(recipe, pictures, tmp_path / "run")
    said = run_training(training)
    assert said.startswith("The recipe's 3 steps are done.")
    lines = (tmp_path / "run" / METRICS_NAME).read_text().splitlines()
    assert len(lines) == 4
    card = export_run(tmp_path / "run", tmp_path / "model.pt", prior_share=0.25)
    model = load_model(tmp_path / "model.pt")
    assert model.config.prior_share == 0.25
    assert read_card(tmp_path / "model.pt") == card
    assert (tmp_path / "model.json").exists()
    assert card["training"]["steps"] == 3
    assert card["training"]["sources"] == ["stills/shapes", "cutouts/boxes"]


def test_a_checkpoint_of_another_model_is_refused(pictures: Path, tmp_path: Path, new_training: NewTraining) -> None:
    training = new_training(_recipe(steps=1), pictures, tmp_path / "run")
    training.save()
    other = _recipe(steps=1)
    other = dataclasses.replace(other, model=dataclasses.replace(other.model, hidden=64))
    with pytest.raises(CheckpointError, match="another model"):
        new_training(other, pictures, tmp_path / "run").resume()
    with pytest.raises(CheckpointError, match="no checkpoint"):
        export_run(tmp_path / "nothing", tmp_path / "model.pt")


def test_quiet_memory_leaves_a_frame_as_it_was(small_model: Sam2Model) -> None:
    config = small_model.config
    coarse = torch.randn(4, config.hidden, config.grid, config.grid)
    quieten_memory(small_model, coarse)
    memory = torch.randn(config.grid**2, 1, config.memory_dim)
    position = torch.zeros(1, config.hidden, config.grid, config.grid)
    with torch.no_grad():
        conditioned = small_model.condition(coarse[:1], position, memory, torch.zeros_like(memory), 0)
        wanted = small_model.without_memory(coarse[:1])
    assert float((conditioned - wanted).abs().mean()) < 0.35 * float(wanted.abs().mean())


@pytest.mark.parametrize("name", ["2.1_tiny", "2.1_tiny_pretraining", "2.1_tiny_training", "2.0_small_training"])
def test_the_recipes_of_the_official_models_take_a_step(
    name: str, pictures: Path, tmp_path: Path, new_training: NewTraining
) -> None:
    recipe = ALL_RECIPES[name]
    for is_clip in (False, True):
        stage = dataclasses.replace(recipe.stages[0], clip_share=float(is_clip), objects=2, corrections=2, warmup=1)
        config = dataclasses.replace(recipe.model, image_size=64)
        small = dataclasses.replace(recipe, model=config, stages=(stage,), pool=2, precision="float32")
        training = new_training(small, pictures, tmp_path / f"run_{is_clip}")
        before = training.model.image_encoder.trunk.patch_embed.proj.weight.detach().clone()
        (record,) = training.steps(until=1)
        assert record.kind == ("clip" if is_clip else "still")
        assert np.isfinite(record.loss)
        is_moved = not torch.equal(before, training.model.image_encoder.trunk.patch_embed.proj.weight)
        assert is_moved == (stage.trunk_rate > 0)


def test_layer_decay_slows_the_blocks_near_the_pixels(small_config: ModelConfig) -> None:
    parameters = trained_parameters(Sam2Model(small_config), 0)
    groups, scales = parameter_groups(parameters, 0.1, layer_decay=0.5)
    scale_of = {id(tensor): scale for group, scale in zip(groups, scales, strict=True) for tensor in group["params"]}
    trunk = "image_encoder.trunk."
    assert scale_of[id(parameters[f"{trunk}blocks.7.norm1.weight"])] == 0.5
    assert scale_of[id(parameters[f"{trunk}blocks.0.norm1.weight"])] == 0.5**8
    assert scale_of[id(parameters[f"{trunk}patch_embed.proj.weight"])] == 0.5**9
    assert scale_of[id(parameters[f"{trunk}pos_embed"])] == 1.0
    assert scale_of[id(parameters["sam_mask_decoder.iou_token.weight"])] == 1.0


def test_rates_rise_and_fall_as_the_recipe_says() -> None:
    cosine = StageRecipe(steps=1000, learning_rate=1.0, warmup=10, last_rate=0.1)
    assert rate_share(cosine, 0) == pytest.approx(0.1, rel=1e-3)
    assert rate_share(cosine, 500) == pytest.approx(0.55)
    assert rate_share(cosine, 1000) == pytest.approx(0.1)
    root = dataclasses.replace(cosine, steps=9000, schedule="reciprocal_square_root", cooldown=1000)
    assert rate_share(root, 1000) == pytest.approx(1.0)
    assert rate_share(root, 4000) == pytest.approx(0.5)
    assert rate_share(root, 8500) == pytest.approx(0.5 * (1000 / 8500) ** 0.5)


def test_a_step_with_values_that_are_no_numbers_changes_nothing(
    pictures: Path, tmp_path: Path, new_training: NewTraining
) -> None:
    training = new_training(_recipe(steps=2), pictures, tmp_path / "run")
    list(training.steps(until=1))
    before = {name: value.clone() for name, value in training.optimiser.parameters.items()}
    for parameter in training.optimiser.parameters.values():
        parameter.grad = torch.full_like(parameter, float("nan"))
    assert not training.optimiser.step()
    assert all(torch.equal(before[name], value) for name, value in training.optimiser.parameters.items())


def test_half_precision_on_a_device_that_wants_it_takes_the_same_steps(
    pictures: Path, tmp_path: Path, new_training: NewTraining
) -> None:
    recipe = _recipe(steps=3, clip_share=0.5)
    team = Team(Device(torch.device("cpu"), torch.bfloat16, "processor, bfloat16"))
    half = new_training(recipe, pictures, tmp_path / "run", team)
    whole = new_training(recipe, pictures, tmp_path / "whole")
    pairs = list(zip(half.steps(), whole.steps(), strict=True))
    assert all(one.loss == pytest.approx(other.loss, rel=0.1) for one, other in pairs)
    assert any(one.loss != other.loss for one, other in pairs)
    assert all(value.dtype == torch.float32 for value in half.averaged_state().values())


def test_the_estimates_learn_the_overlap_of_the_masks_that_are_shown(small_model: Sam2Model) -> None:
    small_model.config = dataclasses.replace(small_model.config, keeps_asked_parts=True)
    side = small_model.config.low_res
    truth, masks = torch.zeros(1, side, side), torch.full((1, 4, side, side), -5.0)
    truth[0, :4, :4] = 1.0
    masks[0, :, :4, :4] = 5.0
    masks[0, 1:, -4:, -4:] = 5.0  # the candidates also paint a second part that nobody clicked
    output = DecoderOutput(masks, torch.ones(1, 4), torch.zeros(1, 4, 8), torch.full((1, 1), 9.0), masks)
    maps = torch.zeros(1, 8, side, side)
    features = Features(maps, maps, maps, (maps, maps))
    shown = as_shown(small_model, features, output, torch.tensor([[[6.0, 6.0]]]), torch.tensor([[1]]))
    assert torch.equal(shown.masks > 0, (truth > 0)[:, None].expand(1, 4, side, side))
    taught = decoder_loss(output, truth, LossWeights(), is_multimask=True, shown=shown.masks)
    assert taught.parts["iou"] == pytest.approx(0.0) and float(taught.ious) == 1.0
    untaught = decoder_loss(output, truth, LossWeights(), is_multimask=True)
    assert untaught.parts["iou"] == pytest.approx(0.75 * 0.5) and float(untaught.ious) == 0.5
    assert taught.parts["mask"] == untaught.parts["mask"], "what is not shown is still wrong"


def test_a_memory_keeps_what_came_with_the_last_correction(
    pictures: Path, tmp_path: Path, new_training: NewTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrections: list[Correction] = []
    remembered: list[tuple[int, torch.Tensor, bool, int]] = []
    real_correct, real_remember = stills.correct, tracking.remember

    def correct(*given: object) -> Correction:
        corrections.append(real_correct(*given))  # type: ignore[arg-type]
        return corrections[-1]

    def remember(*given: object, is_prompted: bool) -> None:
        frame, token = given[6], given[3]
        assert isinstance(frame, int) and isinstance(token, torch.Tensor)
        remembered.append((frame, token, is_prompted, len(corrections)))
        real_remember(*given, is_prompted=is_prompted)  # type: ignore[arg-type]

    monkeypatch.setattr(tracking, "correct", correct)
    monkeypatch.setattr(tracking, "remember", remember)
    training = new_training(_recipe(steps=6, clip_share=1.0, corrections=2), pictures, tmp_path / "run")
    list(training.steps())
    before, places = 0, set()
    for frame, token, is_prompted, count in remembered:
        if count > before:
            assert is_prompted and token is corrections[count - 1].token
            places.add(frame)
        before = count
    assert places == {0, 1}, "first frames and later ones were corrected"


@pytest.mark.parametrize("has_learned", [False, True])
def test_a_memory_is_begun_anew_only_where_it_has_learned_nothing(
    pictures: Path, tmp_path: Path, has_learned: bool
) -> None:
    recipe = _recipe(steps=1)
    recipe = dataclasses.replace(recipe, stages=(*recipe.stages, dataclasses.replace(recipe.stages[0], clip_share=1.0)))
    (tmp_path / "run").mkdir()
    training = Training(recipe, Sam2Model(recipe.model), [pictures], tmp_path / "run", has_learned=has_learned)
    projection = training.model.memory_attention.layers[0].cross_attn_image.out_proj.weight
    before = projection.detach().clone()
    list(training.steps(until=2))
    assert (float((projection.detach() - before).abs().max()) < 0.02) is has_learned
