"""A simulated person on pictures and clips."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_core.checkpoint import save_checkpoint
from sam2_core.evaluation import opencv
from sam2_core.evaluation.__main__ import main
from sam2_core.evaluation.corrections import person_seconds
from sam2_core.evaluation.data import find_clips, find_stills
from sam2_core.evaluation.metrics import jaccard
from sam2_core.evaluation.rounds import SimulatedPerson
from sam2_core.evaluation.stills import ObjectResult, answer_all, click_through, make_questions
from sam2_core.evaluation.trackers import session_settings
from sam2_core.image import ImagePredictor
from sam2_core.model.sam2 import Sam2Model

Write = Callable[..., Path]


@pytest.fixture
def coins(tmp_path: Path, write_pairs: Write) -> Path:
    return write_pairs(tmp_path / "coins", [0, 5, 10], digits=4)


@pytest.fixture
def weights(small_model: Sam2Model, tmp_path: Path) -> list[str]:
    save_checkpoint(tmp_path / "small.pt", small_model)
    return ["--checkpoint", str(tmp_path / "small.pt"), "--device", "cpu"]


def test_questions_leave_specks_out_and_can_be_limited(tmp_path: Path, write_pairs: Write) -> None:
    speck = np.zeros((64, 96), np.uint8)
    speck[:5, :5], speck[20:30, 20:30] = 1, 2
    stills = find_stills([write_pairs(tmp_path / "coins", [speck, 0, 0], digits=4)])
    assert [question.numbers for question in make_questions(stills)] == [(2,), (1, 2), (1, 2)]
    assert [question.still.name for question in make_questions(stills, pictures=2)] == ["0000", "0002"]
    assert [question.numbers for question in make_questions(stills, objects=1)] == [(2,), (1,), (1,)]


def test_answers_are_consistent_with_each_other(small_model: Sam2Model, coins: Path) -> None:
    questions = make_questions(find_stills([coins]), pictures=2)
    found = list(answer_all(ImagePredictor(small_model), questions, clicks=3))
    assert [(result.picture, result.number) for result, _, _ in found] == [
        ("0000", 1),
        ("0000", 2),
        ("0002", 1),
        ("0002", 2),
    ]
    for result, clicked, boxed in found:
        assert len(result.clicks) == 3
        assert result.best_of_three >= result.clicks[0]
        assert result.box_itself == 1.0
        assert (clicked.iou, boxed.iou) == (result.clicks[-1], result.box)
        assert len(clicked.panels[0].points) == 3


def test_clicks_go_on_from_the_answer_before_and_a_longer_run_begins_the_same(
    small_model: Sam2Model, coins: Path
) -> None:
    picture, truth = np.asarray(Image.open(coins / "0000.jpg")), np.asarray(Image.open(coins / "0000.png")) == 1
    predictor = ImagePredictor(small_model)
    predictor.set_image(picture)
    short, long = click_through(predictor, truth, 2), click_through(predictor, truth, 4)
    assert (short.points, short.ious) == (long.points[:2], long.ious[:2])
    assert truth[int(long.points[0][1]), int(long.points[0][0])]
    assert long.ious[-1] == jaccard(long.answer, truth)


def test_clicks_needed_end_at_the_number_given() -> None:
    def needed(*ious: float) -> int:
        return ObjectResult("a", "b", 1, ious, 1.0, 1.0, 1.0, None, 0.1, 0.1).clicks_needed

    assert (needed(0.9, 0.5), needed(0.2, 0.85, 0.9), needed(0.1, 0.2, 0.3)) == (1, 2, 3)


def test_grabcut_finds_a_patch_that_stands_out_and_gives_the_box_where_there_is_nothing_beside_it() -> None:
    picture = np.full((60, 80, 3), 200, np.uint8)
    picture[20:40, 30:50] = (200, 30, 30)
    picture += np.random.default_rng(0).integers(0, 20, picture.shape, dtype=np.uint8)
    found = opencv.grabcut(picture, (25.0, 15.0, 55.0, 45.0))
    truth = np.zeros((60, 80), bool)
    truth[20:40, 30:50] = True
    assert jaccard(found, truth) > 0.95
    assert opencv.grabcut(picture, (0.0, 0.0, 80.0, 60.0)).all()


def test_the_program_says_what_clicks_and_boxes_give(
    weights: list[str], coins: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = ["--json", str(tmp_path / "found.json"), "--contact-sheet", str(tmp_path / "worst.png")]
    assert main(["interactive", "--data", str(coins), *weights, "--baseline", "grabcut", *outputs]) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["command"], found["clicks"], len(found["objects"])) == ("interactive", 8, 6)
    mean = found["mean"]
    assert mean["8 clicks"] == pytest.approx(np.mean([entry["clicks"][7] for entry in found["objects"]]))
    told = "  ".join(
        f"{key} {mean[key]:.3f}" for key in ("1 click", "3 clicks", "5 clicks", "8 clicks", "box", "grabcut")
    )
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"mean over sources: {told}  clicks to 0.85 {mean['clicks to 0.85']:.2f}"
    with Image.open(tmp_path / "worst.png") as sheet:
        assert len(sheet.getcolors(sheet.width * sheet.height)) > 1000


def test_json_on_standard_output_stands_there_alone(
    weights: list[str], coins: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["interactive", str(coins), *weights, "--clicks", "2", "--pictures", "1", "--json", "-"]) == 0
    said = capsys.readouterr()
    assert set(json.loads(said.out)["mean"]) >= {"1 click", "2 clicks", "box"}
    assert said.err.splitlines()[-1].startswith("mean over sources: 1 click ")


@pytest.mark.parametrize("manner", ["program", "published"])
def test_a_person_corrects_offline_where_it_is_worst(small_model: Sam2Model, clips: Path, manner) -> None:
    (clip,) = find_clips([clips])
    settings = session_settings(small_model, manner, non_overlap=False)
    person = SimulatedPerson(small_model, clip, settings, clicks=2)
    once, thrice = person.offline(1), person.offline(3)
    for short, long in zip(once, thrice, strict=True):
        assert short.quality == long.quality[:1]
        assert set(short.clicks) == {0}
        # Three frames are annotated, and random weights are never right: each round takes another frame.
        assert long.frames == (1, 2, 3)
        assert len(long.quality) == 3
        assert all(len(given.points) == 2 for given in long.clicks.values())
        if short.worst.frame > 0:
            assert list(long.clicks)[1] == short.worst.frame
    assert person.seconds > 0


@pytest.mark.parametrize("manner", ["program", "published"])
def test_a_person_corrects_online_in_one_pass(small_model: Sam2Model, clips: Path, manner) -> None:
    (clip,) = find_clips([clips])
    person = SimulatedPerson(small_model, clip, session_settings(small_model, manner, non_overlap=False), clicks=2)
    offline, online = person.offline(1), person.online(3)
    for alone, corrected in zip(offline, online, strict=True):
        # The first round of both is clicks on the first frame and one run.
        assert corrected.quality[0] == alone.quality[0]
        assert list(corrected.frames) == sorted(corrected.frames)
        assert corrected.frames[0] == 1
        assert set(corrected.clicks) <= {0, 1, 2}
    assert any(corrected.frames[-1] > 1 for corrected in online)


def test_a_person_s_time_is_reckoned_as_in_the_paper() -> None:
    assert person_seconds("offline", 300, 2, 3) == pytest.approx(2 * (30 + 1 + 4.5))
    assert person_seconds("online", 300, 2, 3) == pytest.approx(30 + 2 * (1 + 4.5))


def test_the_program_says_what_rounds_of_corrections_give(
    weights: list[str], clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = ["--json", str(tmp_path / "rounds.json"), "--contact-sheet", str(tmp_path / "worst.png")]
    assert main(["interactive", "--video", "--data", str(clips), *weights, "--rounds", "2", *outputs]) == 0
    found = json.loads((tmp_path / "rounds.json").read_text())
    assert (found["clicks"], found["rounds"]) == (3, 2)
    assert {(entry["object"], entry["manner"]) for entry in found["objects"]} == {
        (number, manner) for number in (1, 2) for manner in ("offline", "online")
    }
    offline, online = found["mean"]["offline"], found["mean"]["online"]
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "mean over sources: " + "; ".join(
        f"{manner} J&F 1: {100 * one:.1f}  2: {100 * two:.1f}  mean: {50 * (one + two):.1f}"
        for manner, (one, two) in (("offline", offline), ("online", online))
    )
    with Image.open(tmp_path / "worst.png") as sheet:
        assert sheet.width > 1000


def test_what_does_not_fit_together_gets_one_sentence(clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["interactive", "--video", str(clips), "--baseline", "grabcut"]) == 2
    assert "GrabCut cannot follow anything" in capsys.readouterr().err


def test_the_times_of_all_parts_are_told(weights: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed", *weights, "--frames", "3", "--threads", "1", "--json", "-"]) == 0
    said = capsys.readouterr()
    parts = json.loads(said.out)["seconds"]
    assert list(parts) == ["a picture", "a click, features ready", "a tracked frame, 1 object(s)"]
    assert all(min(times) > 0 for times in parts.values())
    assert "a tracked frame" in said.err
