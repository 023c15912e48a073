"""The parts of fine-tuning: what is kept back, what is asked, and what may be said of the answers."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.commands.review import verify_cells
from app.document import schema
from app.document.project import Project, ProjectError
from app.document.values import Clip
from app.inference.checkpoints import BUILT_IN_PATH
from app.inference.finetuning.measure import HeldOut, Scores, measure, questions_about
from app.inference.finetuning.split import split_frames, spread
from app.inference.finetuning.truth import digest_of, read_truth
from app.inference.finetuning.verdict import Outcome, compare, is_worth_listing, judge, sentence

FRAMES, HEIGHT, WIDTH = 8, 96, 128


def square(frame):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[30:66, 20 + 3 * frame : 60 + 3 * frame] = True
    return mask


@pytest.fixture
def project(tmp_path) -> Path:
    """A bright square that goes right, verified on all frames but the first; and an object that nobody verified."""
    folder = tmp_path / "clip"
    folder.mkdir()
    for frame in range(FRAMES):
        picture = np.random.default_rng(frame).integers(20, 60, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        picture[square(frame)] = (240, 200, 40)
        Image.fromarray(picture).save(folder / f"{frame:03d}.png")
    path = tmp_path / "walk.masklet"
    made = Project.create(path, Clip(str(folder), "clip", FRAMES, HEIGHT, WIDTH, 24.0))
    first, other = new_object(made, "square"), new_object(made, "other")
    for frame in range(FRAMES):
        set_mask(made, first.id, frame, square(frame))
    set_mask(made, other.id, 0, square(0))
    verify_cells(made, [(first.id, frame) for frame in range(1, FRAMES)])
    made.close()
    return path


@pytest.mark.parametrize("count", [12, 24, 100, 1000])
def test_what_is_kept_back_lies_apart_from_what_is_learned(count):
    split = split_frames(range(10, 10 + count))
    assert set(split.learned).isdisjoint(split.held_out)
    assert len(split.held_out) >= max(count // 4, 3) and split.held_out[-1] == 9 + count
    assert split.held_out[0] - split.learned[-1] > split.gap >= 5
    assert len(split.learned) >= 4


def test_frames_far_apart_lose_none_to_the_gap():
    split = split_frames(range(0, 1200, 30))
    assert len(split.learned) + len(split.held_out) == 40


@pytest.mark.parametrize("frames", [[0], [3, 4, 5], list(range(11))])
def test_too_few_frames_are_not_divided(frames):
    split = split_frames(frames)
    assert split.learned == tuple(frames) and split.held_out == ()


def test_of_very_many_frames_stretches_are_learned_from():
    assert spread(range(100), 240) == tuple(range(100))
    chosen = spread(range(5000), 240)
    assert 200 <= len(chosen) <= 240 and chosen[0] == 0 and chosen[-1] == 4999
    assert sum(later - earlier == 1 for earlier, later in itertools.pairwise(chosen)) >= 200


@pytest.mark.parametrize("most", [5, 23, 24, 47])
def test_of_very_many_projects_each_has_some_frames_to_learn_from(most):
    chosen = spread(range(100), most)
    assert most / 2 < len(chosen) <= most
    assert all(later - earlier == 1 for earlier, later in itertools.pairwise(chosen))


def test_only_what_a_person_verified_is_truth(project):
    truth = read_truth(project)
    assert truth.names == {1: "square"} and truth.frames == list(range(1, FRAMES)) and truth.count == 7
    everything = read_truth(project, only_verified=False)
    assert everything.count == 9 and everything.names == {1: "square", 2: "other"}
    assert digest_of([truth]) == digest_of([read_truth(project)]) != digest_of([everything])


def test_a_project_may_be_open_in_the_window_meanwhile(project):
    opened = Project.open(project)
    try:
        assert read_truth(project).count == 7
    finally:
        opened.close()


def test_a_project_of_an_older_kind_is_read_and_left_as_it_is(project, monkeypatch):
    wanted, before, now = read_truth(project).masks, project.read_bytes(), schema.VERSION
    monkeypatch.setattr(schema, "VERSION", now + 1)
    monkeypatch.setattr("app.document.store.VERSION", now + 1)
    monkeypatch.setattr(schema, "MIGRATIONS", {now: lambda connection: None})
    assert read_truth(project).masks == wanted
    assert project.read_bytes() == before and not list(project.parent.glob("*.bak"))


def test_a_file_that_is_no_project_is_refused_by_its_own_name(project):
    other = project.with_name("other.masklet")
    other.write_bytes(b"something else entirely")
    with pytest.raises(ProjectError, match=r"other\.masklet"):
        read_truth(other)


def test_the_same_questions_are_asked_again(project):
    from sam2_core.checkpoint import load_model

    model = load_model(BUILT_IN_PATH)
    part = HeldOut("0", read_truth(project), (5, 6, 7))
    *_, first = measure(model, [part], seconds=0.0)
    *_, full = measure(model, [part])
    *_, again = measure(model, [part], again=first)
    assert set(again.values) == set(first.values) < set(full.values)
    assert again.values == first.values, "one model answers alike"
    assert {key for key in full.values if key[0] == "follow"} == {("follow", "0", 1, 6), ("follow", "0", 1, 7)}
    assert len(full.values) == questions_about(part) - 1, "the frame that following begins on is given, not asked"
    assert full.mean("box") > 0.8


def scores(kind, values, number=1):
    return Scores({(kind, "0", number, frame): value for frame, value in enumerate(values)})


def gained(gains):
    return compare(scores("follow", [0.7] * len(gains)), scores("follow", [0.7 + gain for gain in gains]))


def test_a_steady_gain_is_better_and_a_steady_loss_is_not():
    rng = np.random.default_rng(0)
    up = gained(0.03 + rng.normal(0, 0.01, 60))
    assert judge(up) is Outcome.BETTER and is_worth_listing(Outcome.BETTER, up)
    assert "It got better" in sentence(Outcome.BETTER, up) and "70.0 before, 73." in sentence(Outcome.BETTER, up)
    down = gained(-0.03 + rng.normal(0, 0.01, 60))
    assert judge(down) is Outcome.NOT_BETTER and not is_worth_listing(Outcome.NOT_BETTER, down)


def test_a_gain_that_may_be_chance_is_called_so():
    uneven = gained(np.repeat([0.10, -0.06, 0.05, -0.04, 0.03], 5))
    assert judge(uneven) is Outcome.UNCERTAIN and is_worth_listing(Outcome.UNCERTAIN, uneven)
    few = gained([0.05] * 10)
    assert judge(few) is Outcome.UNCERTAIN, "ten frames in a row are two observations"
    worse = gained([-0.05] * 10)
    assert judge(worse) is Outcome.UNCERTAIN and not is_worth_listing(Outcome.UNCERTAIN, worse)


def test_what_makes_no_difference_is_not_better():
    assert judge(gained(np.random.default_rng(1).normal(0, 0.001, 60))) is Outcome.NOT_BETTER


def test_a_gain_in_following_does_not_make_up_for_a_loss_in_clicks():
    before = Scores({**scores("follow", [0.7] * 40).values, **scores("click", [0.8] * 40).values})
    after = Scores({**scores("follow", [0.75] * 40).values, **scores("click", [0.7] * 40).values})
    assert judge(compare(before, after)) is Outcome.NOT_BETTER


def test_nothing_compared_is_nothing_told():
    assert judge([]) is Outcome.UNCERTAIN
    assert "nothing was kept back" in sentence(Outcome.UNCERTAIN, [])
