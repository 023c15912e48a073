"""`masklet-studio finetune`: from verified masks to a model in the list, stopped and gone on, with honest words."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from app.cli import main
from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.commands.review import verify_cells
from app.document.project import Project
from app.document.values import Clip
from app.inference.checkpoints import catalogue
from sam2_core.checkpoint import describe_checkpoint, read_card, save_checkpoint
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.recipes import RECIPES

FRAMES, HEIGHT, WIDTH = 20, 96, 128


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Path:
    """Twenty pictures of a bright disc that goes right."""
    folder = tmp_path_factory.mktemp("finetune") / "walk"
    folder.mkdir()
    ground = np.random.default_rng(1).integers(40, 110, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    for frame in range(FRAMES):
        picture = ground.copy()
        picture[disc(frame)] = (245, 190, 50)
        Image.fromarray(picture).save(folder / f"{frame:05d}.png")
    return folder


def disc(frame: int) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return (rows - 48) ** 2 + (columns - 40 - 2 * frame) ** 2 < 400


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A narrow model that knows nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        model = Sam2Model(RECIPES["tiny_trial"].model)
    path = tmp_path_factory.mktemp("base") / "narrow.pt"
    save_checkpoint(path, model)
    return path


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder to work in, and an empty place for models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setattr("app.inference.checkpoints.user_data_path", lambda *_, **__: tmp_path / "share")
    return tmp_path


def make_project(path: Path, clip: Path, verified: int = FRAMES) -> Path:
    """A project with a mask on every frame, the first ones verified; the disc is away on frame 3."""
    project = Project.create(path, Clip(str(clip), clip.name, FRAMES, HEIGHT, WIDTH, 24.0))
    thing = new_object(project, "disc")
    for frame in range(FRAMES):
        set_mask(project, thing.id, frame, disc(frame) & (frame != 3))
    if verified:
        verify_cells(project, [(thing.id, frame) for frame in range(verified)])
    project.close()
    return path


def finetune(*words) -> int:
    return main(["finetune", *map(str, words), "--device", "cpu"])


def test_a_model_learns_is_measured_and_stands_in_the_list(walk, base, here, capsys):
    project = make_project(here / "walk.masklet", walk)
    assert finetune(project, "--from", base, "--steps", 3, "--keep", "--name", "our discs") == 0
    out, err = capsys.readouterr()
    assert "1 object in 1 project: 10 masks to learn from, 5 kept back to measure on, at least 5 frames apart" in err
    assert "Learning: 3 of 3 steps (100 %)" in err
    assert "followed (J&F)" in out and "from a box (IoU)" in out and "before" in out
    listed = next(one for one in catalogue() if one.name == "our discs")
    assert listed.kind == "fine-tuned" and listed.title.startswith("our discs (narrow, fine-tuned, J&F ")
    assert describe_checkpoint(listed.path).name == "tiny_trial"
    card = read_card(listed.path)
    assert card == json.loads(listed.path.with_suffix(".json").read_text())
    assert card["training"]["steps"] == 3 and card["projects"][0]["frames_kept_back"] == 5
    assert card["numbers"]["follow"]["masks"] == 4
    assert "Apache-2.0" in card["licence"]
    assert main(["info"]) == 0
    assert listed.title in capsys.readouterr().out


def test_trunk_and_neck_stay_as_they_were(walk, base, here):
    project = make_project(here / "walk.masklet", walk)
    assert finetune(project, "--from", base, "--steps", 2, "--keep", "--name", "new") == 0
    before = torch.load(base, weights_only=True)["model"]
    after = torch.load(next(one.path for one in catalogue() if one.name == "new"), weights_only=True)["model"]
    moved = {name for name, value in before.items() if not torch.allclose(value, after[name].float(), atol=1e-3)}
    assert not any(name.startswith(("image_encoder.", "sam_prompt_encoder.")) for name in moved)
    exact = {name for name, value in before.items() if not torch.equal(value, after[name].float())}
    assert any(name.startswith("sam_mask_decoder.") for name in exact)


def test_a_model_that_is_no_better_is_not_added_unless_that_is_asked(walk, base, here, capsys, monkeypatch):
    from app.inference.finetuning import finetune as module
    from app.inference.finetuning.verdict import Outcome

    project = make_project(here / "walk.masklet", walk)
    monkeypatch.setattr(module, "judge", lambda _: Outcome.NOT_BETTER)
    words = [project, "--from", base, "--steps", 1]
    assert finetune(*words) == 0
    out = capsys.readouterr().out
    assert "It did not get better on the frames that were kept back" in out and "--keep" in out
    assert not any(one.kind == "fine-tuned" for one in catalogue())
    assert finetune(*words, "--keep") == 0
    out, err = capsys.readouterr()
    assert "Learning" not in err, "what was learned and measured already is not done again"
    assert [one.name for one in catalogue() if one.kind == "fine-tuned"] == ["walk-narrow"]


def test_a_model_that_was_taken_away_is_made_again(walk, base, here, capsys):
    project = make_project(here / "walk.masklet", walk)
    words = [project, "--from", base, "--steps", 1, "--keep", "--name", "new"]
    assert finetune(*words) == 0
    next(one.path for one in catalogue() if one.name == "new").unlink()
    capsys.readouterr()
    assert finetune(*words) == 0
    assert "Learning: 1 of 1" in capsys.readouterr().err
    assert any(one.name == "new" for one in catalogue())


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_learned_and_the_same_command_goes_on(walk, base, here, tmp_path, capsys):
    import os
    import subprocess
    import sys

    project = make_project(here / "walk.masklet", walk)
    words = ["finetune", project, "--from", base, "--steps", 60, "--keep", "--device", "cpu", "--name", "new"]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, str(root / "main.py"), *map(str, words)],
        cwd=here,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("Learning: ") and not line.startswith("Learning: 1 of"):
            process.send_signal(signal.SIGINT)
            break
    _, rest = process.communicate(timeout=100)
    assert process.returncode == 130
    assert "the same command goes on from there" in rest and "Traceback" not in rest
    folders = list((tmp_path / "share").rglob("finetuning/new"))
    state = torch.load(folders[0] / "checkpoint.pt", weights_only=True)
    assert 0 < state["step"] < 60
    again = subprocess.run(
        [sys.executable, str(root / "main.py"), *map(str, words)],
        cwd=here,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert again.returncode == 0
    assert "Measuring before: 0" not in again.stderr and "Reading: 1 of" not in again.stderr
    rows = (folders[0] / "metrics.csv").read_text().splitlines()[1:]
    assert [int(row.split(",")[0]) for row in rows] == list(range(60))


def test_what_cannot_be_learned_from_is_refused_in_a_sentence(walk, base, here, capsys):
    def refused(*words) -> str:
        assert finetune(*words) == 2
        return capsys.readouterr().err

    assert "There is no project nowhere.masklet" in refused("nowhere.masklet")
    unverified = make_project(here / "raw.masklet", walk, verified=0)
    assert "has no verified masks to learn from" in refused(unverified, "--from", base)
    few = make_project(here / "few.masklet", walk, verified=6)
    said = refused(few, "--from", base)
    assert "6 looked-at frames in one clip are too few" in said and "--keep" in said
    moved = make_project(here / "moved.masklet", here / "gone")
    said = refused(moved, "--from", base)
    assert "The clip of" in said and "show where it is" in said
    good = make_project(here / "good.masklet", walk)
    assert "There is no model “nothing”" in refused(good, "--from", "nothing")
    assert "--minutes must be more" in refused(good, "--from", base, "--minutes", 0)
    assert "nothing that can be trained on" in refused(good, "--from", base, "--data", walk)
    assert not (here / "share").exists(), "nothing is begun that cannot be done"


def test_unverified_masks_count_only_when_that_is_asked(walk, base, here, capsys):
    project = make_project(here / "raw.masklet", walk, verified=0)
    assert finetune(project, "--from", base, "--steps", 1, "--unverified", "--keep") == 0
    assert "10 masks to learn from, 5 kept back" in capsys.readouterr().err


def test_too_few_frames_may_be_learned_from_without_knowing(walk, base, here, capsys):
    project = make_project(here / "few.masklet", walk, verified=6)
    assert finetune(project, "--from", base, "--steps", 1, "--keep") == 0
    out, err = capsys.readouterr()
    assert "6 masks to learn from, 0 kept back" in err
    assert "There is too little data to tell whether it got better: nothing was kept back." in out


def test_several_projects_and_other_data_are_learned_from_together(walk, base, here, capsys):
    first = make_project(here / "one.masklet", walk)
    second = make_project(here / "two.masklet", walk, verified=16)
    folder = here / "props"
    folder.mkdir()
    Image.new("RGBA", (60, 40), (40, 200, 240, 255)).save(folder / "box.png")
    assert finetune(first, second, "--from", base, "--steps", 2, "--keep", "--name", "both", "--data", folder) == 0
    assert "2 objects in 2 projects" in capsys.readouterr().err
    sources = read_card(next(one.path for one in catalogue() if one.name == "both"))["training"]["sources"]
    assert {"cutouts/props", "videos/one", "videos/two"} <= set(sources)


def test_a_project_becomes_a_data_folder_that_trainings_read(walk, here, capsys):
    from sam2_core.training.pictures import read_index_map
    from sam2_core.training.sources import open_library

    project = make_project(here / "walk.masklet", walk, verified=5)
    assert main(["finetune", str(project), "--data-only", "data"]) == 0
    library = open_library([here / "data"])
    (video,) = library.videos.values()
    assert len(video.frames) == 5 and sorted(video.maps) == [0, 1, 2, 3, 4]
    assert np.array_equal(read_index_map(video.maps[2]) > 0, disc(2))
    assert not read_index_map(video.maps[3]).any(), "absent is said, too"
    assert main(["finetune", str(project), "--data-only", "data"]) == 2
    assert "data is not empty" in capsys.readouterr().err


def test_projects_and_their_exports_train_any_model(walk, base, here, capsys):
    from sam2_core.training.__main__ import main as train

    project = make_project(here / "walk.masklet", walk)
    assert _export(project, walk, "davis", here / "davis") and _export(project, walk, "coco", here / "coco")
    words = ["--config", "tiny_trial", "--start", base, "--device", "cpu", "--hours", 1e-6, "--threads", 1]
    data = [project, here / "davis", here / "coco"]
    assert train([*map(str, words), "--run", "run", "--data", *map(str, data)]) == 0
    assert "A new run in run" in capsys.readouterr().out
    config = json.loads((here / "run" / "config.json").read_text())
    assert {"videos/walk", "videos/davis", "videos/coco"} <= set(config["sources"])
    assert (here / "run" / "plots" / "loss.png").is_file()
    project.unlink()
    make_project(project, walk, verified=0)
    assert train([*map(str, words), "--run", "run", "--data", *map(str, data)]) == 0, "a run keeps its masks"
    assert "Going on at step 1" in capsys.readouterr().out
    assert train([*map(str, words), "--run", "other", "--data", str(project)]) == 1
    assert "has no verified masks" in capsys.readouterr().err


def _export(project, clip, name, target) -> bool:
    from app.commands.export import export
    from app.media.clip import open_clip

    opened = Project.open(project, read_only=True)
    with open_clip(clip) as source:
        work = export(opened, source, name, target)
        while True:
            try:
                next(work)
            except StopIteration as end:
                opened.close()
                return end.value.verdict.startswith("pass")
