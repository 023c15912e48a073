"""What goes wrong around a training is said in a sentence, and nothing is lost by it."""

from __future__ import annotations

import dataclasses
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sam2_core.config import ModelConfig
from sam2_core.errors import CheckpointError
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.__main__ import main
from sam2_core.training.cutouts import read_cutout
from sam2_core.training.library import Cutout, DataError
from sam2_core.training.pictures import read_index_map
from sam2_core.training.recipes import RECIPES, StageRecipe
from sam2_core.training.record import METRICS_NAME
from sam2_core.training.run import CHECKPOINT_NAME, Training, run_training

_FEW_BYTES = 200_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four stills, one of them cut off in the middle."""
    folder = tmp_path / "data" / "stills" / "made"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for number in range(4):
        index_map = np.zeros((64, 64), np.uint8)
        index_map[16:48, 16:48] = 1
        Image.fromarray(generator.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(folder / f"{number:04}.jpg")
        Image.fromarray(index_map).save(folder / f"{number:04}.png")
    whole = (folder / "0001.jpg").read_bytes()
    (folder / "0001.jpg").write_bytes(whole[: len(whole) // 2])
    return tmp_path / "data"


def _training(data: Path, run: Path, steps: int = 2) -> Training:
    stage = StageRecipe(steps=steps, learning_rate=1e-3, warmup=1, pictures=2, objects=1)
    recipe = dataclasses.replace(RECIPES["tiny_trial"], stages=(stage,))
    torch.manual_seed(3)
    return Training(recipe, Sam2Model(recipe.model), [data], run)


@contextmanager
def _full_disk() -> Iterator[None]:
    """Files cannot grow beyond what a checkpoint takes, which the system says as it says that a disk is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FEW_BYTES, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_said_and_the_checkpoint_before_is_kept(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    training = _training(data, run)
    training.write_config()
    training.save()
    before = (run / CHECKPOINT_NAME).read_bytes()
    list(training.steps(until=1))
    with (
        _full_disk(),
        pytest.raises(CheckpointError, match=r"of step 1 cannot be written to .*The one before it is kept"),
    ):
        training.save()
    assert (run / CHECKPOINT_NAME).read_bytes() == before
    assert not list(run.glob("*.partial"))
    training.save()
    again = _training(data, run)
    assert again.resume()
    assert again.step == 1


def test_a_training_goes_on_over_a_disk_that_is_full_for_a_while(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = _training(data, tmp_path / "run", steps=3)
    ordinary = training.save

    def save() -> None:
        """The disk is full whenever a step before the last one is to be kept."""
        if training.step == 3:
            return ordinary()
        with _full_disk():
            ordinary()

    training.save = save  # type: ignore[method-assign]
    assert run_training(training, checkpoint_minutes=0.0).startswith("The recipe's 3 steps are done.")
    said = capsys.readouterr().err
    assert said.count("The training goes on and tries again with the next checkpoint.") == 2
    assert "Traceback" not in said
    assert _training(data, tmp_path / "run", steps=3).resume()
    assert len((tmp_path / "run" / METRICS_NAME).read_text().splitlines()) == 4


def test_a_record_that_is_gone_on_with_keeps_its_earlier_rows(data: Path, tmp_path: Path) -> None:
    first = _training(data, tmp_path / "run", steps=4)
    list(first.steps(until=1))
    first.step = 0
    run_training(first)
    rows = (tmp_path / "run" / METRICS_NAME).read_text().splitlines()
    first.step = 2
    run_training(first)
    again = (tmp_path / "run" / METRICS_NAME).read_text().splitlines()
    assert [row.split(",")[0] for row in again] == ["step", "0", "1", "2", "3"]
    assert again[:3] == rows[:3]


def test_a_damaged_checkpoint_is_refused_in_a_sentence(data: Path, tmp_path: Path) -> None:
    training = _training(data, tmp_path / "run")
    training.write_config()
    training.save()
    path = tmp_path / "run" / CHECKPOINT_NAME
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt cannot be read .* take it away to begin anew"):
        training.resume()
    path.write_bytes(b"no checkpoint")
    with pytest.raises(CheckpointError, match="take it away to begin anew"):
        training.resume()


def test_what_cannot_be_exported_is_refused_in_a_sentence(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = _training(data, tmp_path / "run")
    training.write_config()
    training.save()
    words = ["export", str(tmp_path / "run"), str(tmp_path / "model.pt")]
    for text in (None, "no card", "[1, 2]"):
        if text is not None:
            (tmp_path / "card.json").write_text(text)
        assert main([*words, "--card", str(tmp_path / "card.json")]) == 1
        assert "card.json cannot be read as a card" in capsys.readouterr().err
    path = tmp_path / "run" / CHECKPOINT_NAME
    state = torch.load(path, weights_only=True)
    torch.save({**state, "config": {**state["config"], "of_tomorrow": 1}}, path)
    assert main(words) == 1
    assert "does not fit any model as it is today" in capsys.readouterr().err
    path.write_bytes(b"no checkpoint")
    assert main(words) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "model.pt").exists()


def test_a_run_folder_that_cannot_be_is_refused_in_a_sentence(data: Path, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(CheckpointError, match="cannot be written to"):
        run_training(_training(data, tmp_path / "run"))


def test_a_damaged_picture_is_passed_over(data: Path, tmp_path: Path) -> None:
    records = list(_training(data, tmp_path / "run", steps=6).steps())
    assert len(records) == 6


@pytest.mark.parametrize("name", ["cut.webp", "map.png"])
def test_damaged_files_are_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    kind = "RGBA" if name.startswith("cut") else "L"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 4), dtype=np.uint8)).convert(kind).save(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=f"{name} cannot be read as a picture"):
        if name.startswith("cut"):
            read_cutout(Cutout("made", "cut", (path,)), 0)
        else:
            read_index_map(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "There is no data folder"),
        (lambda folder: folder.mkdir(), "is nothing that can be trained on"),
        (lambda folder: (folder / "stills").mkdir(parents=True), "No stills, cut-outs or videos were found"),
    ],
)
def test_folders_without_data_are_refused_in_a_sentence(
    make: object, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "data")  # type: ignore[operator]
    words_given = ["--config", "2.1_tiny_training", "--data", str(tmp_path / "data"), "--run", str(tmp_path / "run")]
    assert main(words_given) == 1
    said = capsys.readouterr().err
    assert words in said
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_recipe_that_there_is_not_is_refused_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--config", "2.1_tiny_trainin", "--data", "."])
    assert "There is no recipe '2.1_tiny_trainin'; did you mean 2.1_tiny_training?" in capsys.readouterr().err


def test_a_trunk_computed_again_teaches_the_same(small_config: ModelConfig) -> None:
    model = Sam2Model(small_config).train()
    trunk = model.image_encoder.trunk
    trunk.set_drop_path(0.3)  # type: ignore[operator]
    pixels = torch.randn(2, 3, 64, 64)
    found = []
    for recomputes in (False, True):
        trunk.recomputes = recomputes  # type: ignore[assignment]
        model.zero_grad()
        torch.manual_seed(1)
        sum(level.square().mean() for level in trunk(pixels)).backward()
        found.append([parameter.grad.clone() for parameter in trunk.parameters() if parameter.grad is not None])
    assert len(found[0]) == len(found[1])
    assert all(torch.allclose(one, other, atol=1e-6) for one, other in zip(*found, strict=True))
