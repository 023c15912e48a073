"""`--set`: recipes with other values, and that such a model trains, goes on and ships like any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_core.checkpoint import load_model, save_checkpoint
from sam2_core.config import EfficientNetConfig
from sam2_core.errors import CheckpointError
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.__main__ import main, new_model
from sam2_core.training.recipes import RECIPES
from sam2_core.training.variations import VariationError, varied

BUILT_IN = RECIPES["built_in"]

STAGES = len(RECIPES["built_in"].stages)


def test_every_kind_of_value_can_be_changed() -> None:
    changes = ["model.trunk=lite2", "model.hidden=192", "model.dense_hints=off", "loss.pick=2", "pool=48"]
    recipe = varied(BUILT_IN, [*changes, "precision=float32", "source_weights.coco_cc=9", "trained_parts=a.,b."])
    assert recipe.model.trunk.channels == (24, 48, 120, 352)
    assert (recipe.model.hidden, recipe.model.dense_hints, recipe.loss.pick, recipe.pool) == (192, False, 2.0, 48)
    assert (recipe.precision, recipe.source_weights["coco_cc"]) == ("float32", 9.0)
    assert recipe.trained_parts == ("a.", "b.")
    assert recipe.stages == BUILT_IN.stages


def test_stages_are_changed_one_by_one_or_together() -> None:
    recipe = varied(BUILT_IN, ["stages=2", "stages.still_size=320", "stages.1.steps=7"])
    assert [(stage.still_size, stage.steps) for stage in recipe.stages] == [(320, BUILT_IN.stages[0].steps), (320, 7)]


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ("model.hiden=192", "did you mean 'hidden'"),
        ("colour=3", "there is model, stages"),
        ("pool.size=3", "nothing inside"),
        ("pool=many", "whole number"),
        ("loss.pick=much", "a number"),
        ("model.dense_hints=perhaps", "true or false"),
        ("model.trunk=b7", "lite0, lite1, lite2"),
        ("model=built_in", "no single value"),
        ("stages=9", f"{STAGES} stages"),
        (f"stages.{STAGES}.steps=3", f"there are {STAGES}"),
        ("model.hidden=190", "hidden"),
        ("pool", "NAME=VALUE"),
    ],
)
def test_a_change_that_cannot_be_done_is_refused_in_a_sentence(change: str, phrase: str) -> None:
    with pytest.raises(VariationError, match=phrase) as refusal:
        varied(BUILT_IN, [change])
    assert change in str(refusal.value)


def test_weights_to_start_from_take_on_how_the_recipe_behaves_but_not_other_widths(tmp_path: Path) -> None:
    recipe = RECIPES["tiny_trial"]
    save_checkpoint(tmp_path / "start.pt", Sam2Model(recipe.model))
    assert new_model(varied(recipe, ["model.prior_share=0.25"]), tmp_path / "start.pt").config.prior_share == 0.25
    with pytest.raises(CheckpointError, match="other widths"):
        new_model(varied(recipe, ["model.decoder_depth=1"]), tmp_path / "start.pt")


def test_a_varied_model_trains_goes_on_and_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data" / "stills" / "squares"
    folder.mkdir(parents=True)
    index_map = np.zeros((128, 128), np.uint8)
    index_map[30:80, 40:90] = 1
    for number in range(2):
        Image.fromarray(np.stack([index_map * 200] * 3, axis=-1)).save(folder / f"{number:04}.jpg")
        Image.fromarray(index_map).save(folder / f"{number:04}.png")
    # The published weights are a package that only new trainings need.
    monkeypatch.setattr("sam2_core.model.efficientnet.load_published_trunk", lambda trunk: None)
    monkeypatch.setattr("os.nice", lambda step: None)
    run = str(tmp_path / "run")
    words = ["--config", "tiny_trial", "--data", str(tmp_path / "data"), "--run", run, "--threads", "1"]
    changes = ["--set", "model.trunk=lite1", "model.decoder_depth=1", "--set", "stages.clip_share=0", "pool=2"]
    for steps in (1, 2):
        assert main([*words, *changes, f"stages.steps={steps}"]) == 0
    assert "Going on at step 1" in capsys.readouterr().out
    assert main(["export", run, str(tmp_path / "model.pt")]) == 0
    config = load_model(tmp_path / "model.pt").config
    assert (config.trunk, config.decoder_depth) == (EfficientNetConfig.named("lite1"), 1)
    assert main([*words, "--set", "model.hiden=3"]) == 1
    assert "did you mean 'hidden'" in capsys.readouterr().err
