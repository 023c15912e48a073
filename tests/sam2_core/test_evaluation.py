"""The measuring programs on small clips and pictures whose answers are known."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_core.checkpoint import load_model, save_checkpoint
from sam2_core.evaluation import davis, interactive, speed
from sam2_core.evaluation.simulation import built_in_checkpoint
from sam2_core.image import ImagePredictor
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.sources import DataError


def _map(shift: int) -> np.ndarray:
    index_map = np.zeros((64, 96), np.uint8)
    index_map[10:40, 20 + shift : 50 + shift] = 1
    index_map[45:60, 60:80] = 2
    return index_map


def _write(frames: Path, maps: Path, shifts: list[int]) -> None:
    frames.mkdir(parents=True, exist_ok=True)
    maps.mkdir(parents=True, exist_ok=True)
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    for number, shift in enumerate(shifts):
        Image.fromarray(picture).save(frames / f"{number:05}.jpg")
        Image.fromarray(_map(shift)).save(maps / f"{number:05}.png")


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """One clip in which object 1 jumps by 10 pixels and object 2 stays."""
    _write(tmp_path / "clips" / "a__jump", tmp_path / "clips" / "a__jump", [0, 10, 10])
    return tmp_path / "clips"


def _arguments(module, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args(list(words))


def test_a_copied_mask_scores_what_the_jump_leaves(clips: Path) -> None:
    first, second = davis.score_clip(davis.open_clips(clips)[0], davis.copy_tracker)
    assert first.jaccard == pytest.approx(20 / 40)
    assert (second.jaccard, second.boundary) == (1.0, 1.0)


def test_a_perfect_tracker_scores_one_and_the_first_frame_does_not_count(clips: Path) -> None:
    clip = davis.open_clips(clips)[0]

    def perfect(clip: davis.Clip, object_id: int):
        for frame in range(len(clip)):
            yield frame, clip.truth(frame, object_id) if frame else np.zeros((64, 96), bool)

    assert [score.both for score in davis.score_clip(clip, perfect, skip_last=True)] == [1.0, 1.0]


def test_a_davis_tree_is_read_like_folders(tmp_path: Path) -> None:
    for name in ("wanted", "other"):
        _write(tmp_path / "JPEGImages" / "480p" / name, tmp_path / "Annotations" / "480p" / name, [0, 0])
    lists = tmp_path / "ImageSets" / "2017"
    lists.mkdir(parents=True)
    (lists / "val.txt").write_text("wanted\n")
    (clip,) = davis.open_clips(tmp_path)
    assert (clip.name, len(clip), clip.object_ids) == ("wanted", 2, [1, 2])


def test_the_program_prints_the_mean_last_and_writes_json(
    clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "scores.json"
    assert davis.run(_arguments(davis, str(clips), "--baseline", "copy", "--json", str(target))) == 0
    last = capsys.readouterr().out.splitlines()[-1].split()
    scores = json.loads(target.read_text())
    assert last[0] == "mean"
    assert float(last[1]) == pytest.approx(100 * scores["mean"]["j"], abs=0.06)
    assert len(scores["objects"]) == 2


def test_matching_alone_keeps_a_mask_on_a_still_clip(tmp_path: Path) -> None:
    _write(tmp_path / "a__still", tmp_path / "a__still", [0, 0, 0])
    trunk = load_model(built_in_checkpoint()).image_encoder.trunk
    first, _ = davis.score_clip(davis.open_clips(tmp_path)[0], davis.matching_tracker(trunk, 256))
    assert first.jaccard > 0.8


@pytest.mark.parametrize("prompt", ["mask", "box", "click"])
def test_a_model_is_run_from_every_kind_of_prompt(small_model: Sam2Model, clips: Path, prompt: str) -> None:
    clip = davis.open_clips(clips)[0]
    frames = [frame for frame, mask in davis.model_tracker(small_model, prompt)(clip, 1) if mask.shape == (64, 96)]
    assert frames == [0, 1, 2]


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No clip"):
        davis.open_clips(tmp_path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "stills" / "fingernails"
    _write(folder, folder, [0, 5, 10])
    return tmp_path


def test_questions_come_from_the_held_out_part_only(data: Path) -> None:
    _write(data / "stills" / "oxford_pets", data / "stills" / "oxford_pets", [0])
    questions = interactive.held_out_questions(data, pictures=2, objects=5)
    assert [(question.source, question.number) for question in questions] == [("fingernails", n) for n in (1, 2, 1, 2)]


def test_answers_are_consistent_with_each_other(small_model: Sam2Model, data: Path) -> None:
    predictor = ImagePredictor(small_model)
    found = list(interactive.results(predictor, interactive.held_out_questions(data, 2, 2), clicks=3))
    assert len(found) == 4
    for result in found:
        assert len(result.clicks) == 3
        assert result.best_of_three >= result.clicks[0]
        assert result.box_itself == 1.0
        assert all(0.0 <= value <= 1.0 for value in (*result.clicks, result.box))


def test_programs_run_on_a_weight_file(
    small_model: Sam2Model, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "small.pt"
    save_checkpoint(path, small_model)
    assert interactive.run(_arguments(interactive, str(data), "--checkpoint", str(path), "--clicks", "2")) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("mean over sources")
    assert speed.run(_arguments(speed, "--checkpoint", str(path), "--frames", "3", "--threads", "1")) == 0
    assert "a tracked frame" in capsys.readouterr().out
