"""A training run is measured while it goes on, and its curve grows."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sam2_core.evaluation.__main__ import main
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.recipes import RECIPES
from sam2_core.training.run import Training, run_training


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A still to train on, one to measure on, and a clip of three frames."""
    places = [f"data/train/stills/{source}/0000" for source in ("coco_cc", "fingernails")]
    places += [f"data/validation/made__clip/{number:05d}" for number in range(3)]
    generator = np.random.default_rng(0)
    for step, place in enumerate(places):
        picture = generator.integers(0, 90, (64, 80, 3), dtype=np.uint8)
        index_map = np.zeros((64, 80), np.uint8)
        index_map[16:48, 16 + step : 48 + step] = 1
        picture[index_map == 1] += 120
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path.with_suffix(".jpg"))
        Image.fromarray(index_map).save(path.with_suffix(".png"))
    return tmp_path / "data"


def test_every_measurement_adds_a_point_to_the_curve(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, folder = RECIPES["tiny_trial"], tmp_path / "run"
    torch.manual_seed(0)
    training = Training(recipe, Sam2Model(recipe.model), [data], folder)
    run_training(training, hours=1e-9)
    for _ in range(2):
        assert main(["run", str(folder), "--data", str(data)]) == 0
    assert "mean over sources: 1 click" in capsys.readouterr().out.splitlines()[-1]
    with (folder / "evaluations.csv").open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert first == second
    assert first["step"] == "1"
    assert all(0 <= float(first[name]) <= 100 for name in ("1 click", "3 clicks", "box", "J&F from the mask"))
    assert (folder / "plots" / "held_out.png").stat().st_size > 1000


def test_specks_alone_are_refused_in_a_sentence(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, folder = RECIPES["tiny_trial"], tmp_path / "run"
    run_training(Training(recipe, Sam2Model(recipe.model), [data], folder), hours=1e-9)
    (index_map,) = (data / "train" / "stills" / "fingernails").glob("*.png")
    Image.new("L", (80, 64)).save(index_map)
    assert main(["run", str(folder), "--data", str(data)]) == 2
    assert "there is nothing to ask about" in capsys.readouterr().err


def test_a_folder_without_a_run_is_refused_in_a_sentence(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(tmp_path / "nothing"), "--data", str(data)]) == 2
    assert "There is no checkpoint in" in capsys.readouterr().err
