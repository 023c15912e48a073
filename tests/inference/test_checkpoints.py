"""The catalogue of models: names, places, and what is said about a model that is not here."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.inference import checkpoints
from app.inference.checkpoints import CheckpointNotFound, catalogue, checkpoint_folder, find_checkpoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A folder that MASKLET_CHECKPOINTS names, with an official file, another weight file, and something else."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("sam2.1_hiera_tiny.pt", "mice_finetuned.pt", "notes.txt"):
        (folder / name).write_bytes(b"x")
    monkeypatch.setenv("MASKLET_CHECKPOINTS", str(folder))
    monkeypatch.setattr(checkpoints, "checkpoint_folder", lambda: tmp_path / "own")
    return folder


def test_official_files_have_their_names_and_others_the_files(models):
    found = {one.name: (one.kind, one.path) for one in catalogue() if one.kind != "built-in"}
    assert found == {
        "2.1_tiny": ("official", models / "sam2.1_hiera_tiny.pt"),
        "mice_finetuned": ("file", models / "mice_finetuned.pt"),
    }


def test_the_persons_own_folder_comes_before_others(models, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "sam2.1_hiera_tiny.pt").write_bytes(b"y")
    assert find_checkpoint("2.1_tiny").path == own / "sam2.1_hiera_tiny.pt"


def test_a_model_is_found_by_name_file_name_or_path(models, tmp_path):
    assert find_checkpoint("2.1_tiny") == find_checkpoint("sam2.1_hiera_tiny.pt")
    elsewhere = tmp_path / "sam2_hiera_large.pt"
    elsewhere.write_bytes(b"z")
    found = find_checkpoint(str(elsewhere))
    assert (found.name, found.title, found.path) == ("2.0_large", "SAM 2 large", elsewhere)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("2.1_large", "SAM 2.1 large is not on this computer: put sam2.1_hiera_large.pt from https://"),
        ("tiny", "There is no model “tiny”. Here are: "),
        ("weights/a.pt", "There is no weight file weights/a.pt."),
    ],
)
def test_a_model_that_is_not_here_is_told_with_what_to_do(models, wanted, said):
    with pytest.raises(CheckpointNotFound) as caught:
        find_checkpoint(wanted)
    assert str(caught.value).startswith(said)


def test_a_folder_is_no_model(models):
    with pytest.raises(CheckpointNotFound, match="is a folder"):
        find_checkpoint(models)


def test_listing_needs_no_torch():
    code = "import sys; from app.inference.checkpoints import catalogue; catalogue(); print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_the_folder_is_the_persons_own():
    assert checkpoint_folder().parts[-2:] == ("masklet-studio", "checkpoints")


def test_fine_tuned_models_are_listed_by_what_their_cards_call_them(models):
    (models / "walk.pt").write_bytes(b"x")
    (models / "walk.json").write_text('{"kind": "fine-tuned", "title": "walk (Built-in model, fine-tuned)"}')
    (models / "mice_finetuned.json").write_text("{broken")
    names = [(one.name, one.kind) for one in catalogue() if one.kind != "built-in"]
    assert names == [("2.1_tiny", "official"), ("walk", "fine-tuned"), ("mice_finetuned", "file")]
    assert find_checkpoint("walk").title == "walk (Built-in model, fine-tuned)"
