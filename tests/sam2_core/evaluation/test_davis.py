"""J and F of followed objects: the protocol, the program, and a benchmark written by others on the same files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_core.checkpoint import load_model, save_checkpoint
from sam2_core.evaluation.__main__ import main
from sam2_core.evaluation.data import find_clips
from sam2_core.evaluation.index_png import palette
from sam2_core.evaluation.labelled import Clip
from sam2_core.evaluation.metrics import jaccard
from sam2_core.evaluation.scores import score_clip
from sam2_core.evaluation.simulation import built_in_checkpoint
from sam2_core.evaluation.trackers import (
    copy_tracker,
    flow_tracker,
    matching_tracker,
    model_tracker,
    session_settings,
)
from sam2_core.model.sam2 import Sam2Model

Write = Callable[..., Path]
BENCHMARK = """
import json, sys
from vos_benchmark.benchmark import VideoEvaluator
truth, answers, names = sys.argv[1], sys.argv[2], sys.argv[3:]
found = {name: VideoEvaluator(truth, answers)(name)[1:] for name in names}
print(json.dumps({name: [[j[o], f[o]] for o in sorted(j)] for name, (j, f) in found.items()}))
"""


def test_a_copied_mask_scores_what_the_jump_leaves(clips: Path) -> None:
    first, second = score_clip(find_clips([clips])[0], copy_tracker).objects
    assert first.quality.jaccard == pytest.approx(20 / 40)
    assert (second.quality.jaccard, second.quality.boundary, second.frames) == (1.0, 1.0, 2)


def test_the_given_frame_does_not_count_nor_on_request_the_last(clips: Path) -> None:
    clip = find_clips([clips])[0]

    def right_in_the_middle(clip: Clip) -> Iterator[tuple[int, np.ndarray]]:
        for frame in range(len(clip)):
            yield frame, clip.truth(frame) if frame == 1 else np.zeros((64, 96), np.int32)

    scores = score_clip(clip, right_in_the_middle, skip_last=True)
    assert [(score.quality.both, score.frames) for score in scores.objects] == [(1.0, 1), (1.0, 1)]
    worst = score_clip(clip, right_in_the_middle).worst[1]
    assert (worst.frame, worst.jaccard, worst.answer.any()) == (2, 0.0, False)


def test_flow_carries_masks_along_with_what_moves(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    large = Image.fromarray(generator.integers(0, 256, (24, 40, 3), dtype=np.uint8)).resize((400, 240))
    folder = tmp_path / "films__pan"
    folder.mkdir()
    for number in range(3):
        Image.fromarray(np.asarray(large)[40:200, 100 - 6 * number : 300 - 6 * number]).save(
            folder / f"{number:05}.jpg"
        )
        index_map = np.zeros((160, 200), np.uint8)
        index_map[50:100, 60 + 6 * number : 110 + 6 * number] = 7
        Image.fromarray(index_map).save(folder / f"{number:05}.png")
    (clip,) = find_clips([folder])
    (flow,), (copy,) = score_clip(clip, flow_tracker).objects, score_clip(clip, copy_tracker).objects
    assert flow.quality.jaccard > 0.9 > copy.quality.jaccard


def test_matching_alone_keeps_masks_on_a_still_clip(tmp_path: Path, write_pairs: Write) -> None:
    write_pairs(tmp_path / "films__still", [0, 0])
    (clip,) = find_clips([tmp_path])
    scores = score_clip(clip, matching_tracker(load_model(built_in_checkpoint())))
    assert min(score.quality.jaccard for score in scores.objects) > 0.8


@pytest.mark.parametrize("prompt", ["mask", "box", "click"])
@pytest.mark.parametrize("manner", ["program", "published"])
def test_a_model_is_run_from_every_kind_of_prompt(small_model: Sam2Model, clips: Path, prompt, manner) -> None:
    (clip,) = find_clips([clips])
    tracker = model_tracker(small_model, prompt, session_settings(small_model, manner, non_overlap=True))
    frames = dict(tracker(clip))
    assert list(frames) == [0, 1, 2]
    assert all(set(np.unique(index_map)) <= {0, 1, 2} for index_map in frames.values())
    if prompt == "mask":
        # The original predictor shows a given mask at a quarter of the model's size, 16 x 16 here.
        assert jaccard(frames[0] == 2, clip.truth(0) == 2) >= (1.0 if manner == "program" else 0.5)


def test_objects_that_appear_later_are_not_followed_and_that_is_said(
    tmp_path: Path, write_pairs: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    later = np.zeros((64, 96), np.uint8)
    later[5:20, 5:20], later[30:50, 30:50], later[60:] = 1, 4, 255
    write_pairs(tmp_path / "films__late", [0, later])
    assert main(["davis", str(tmp_path), "--only-baseline", "--baseline", "copy"]) == 0
    said = capsys.readouterr().out
    assert "not followed, as in DAVIS: 1 of its objects" in said
    assert sum(line.startswith("films__late") for line in said.splitlines()) == 3


def test_only_the_built_in_model_runs_as_in_the_program_by_itself(small_model: Sam2Model) -> None:
    settings = session_settings(small_model, "auto", non_overlap=True)
    assert (settings.as_published, settings.fill_hole_area, settings.non_overlap_masks) == (True, 0, True)
    assert not session_settings(load_model(built_in_checkpoint()), "auto", non_overlap=False).as_published


def _blobs(seed: int) -> np.ndarray:
    """Three objects of odd shapes that may touch the border, hide each other or vanish."""
    generator = np.random.default_rng(seed)
    index_map = np.zeros((150, 200), np.uint8)
    y, x = np.mgrid[:150, :200]
    for number in (1, 2, 3):
        cy, cx, ry, rx = generator.uniform(20, 130), generator.uniform(-5, 200), *generator.uniform(15, 50, 2)
        wave = 1 + 0.3 * np.sin(np.arctan2(y - cy, x - cx) * int(generator.integers(3, 9)))
        index_map[((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < wave] = number
    return index_map


def _davis_tree(tmp_path: Path, write_pairs: Write, sequences: dict[str, list[np.ndarray]]) -> Path:
    tree = tmp_path / "Tree"
    for name, maps in sequences.items():
        write_pairs(tree / "JPEGImages/480p" / name, maps, beside=tree / "Annotations/480p" / name)
    return tree


def _judged_by_others(truth: Path, answers: Path, *names: str) -> dict[str, list[list[float]]]:
    command = [sys.executable, "-W", "ignore", "-c", BENCHMARK, str(truth), str(answers), *names]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100, env=os.environ)
    judged: dict[str, list[list[float]]] = json.loads(result.stdout.splitlines()[-1])
    return judged


def test_the_same_files_score_the_same_in_a_benchmark_written_by_others(
    tmp_path: Path, write_pairs: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("vos_benchmark")
    three = {name: [_blobs(10 * start + frame) for frame in range(5)] for start, name in enumerate(("one", "two"), 1)}
    # Objects that the benchmark sees for the first time later than on frame 1 are another test's.
    assert all(set(np.unique(maps[1])) >= set(np.unique(maps[0])) for maps in three.values())
    tree = _davis_tree(tmp_path, write_pairs, three)
    words = ["davis", "--data", str(tree), "--only-baseline", "--baseline", "flow", "--json", "-"]
    assert main([*words, "--save-masks", str(tmp_path / "answers")]) == 0
    ours = json.loads(capsys.readouterr().out)
    theirs = _judged_by_others(tree / "Annotations/480p", tmp_path / "answers/Tree", "one", "two")
    for name in theirs:
        found = [[100 * o["j"], 100 * o["f"]] for o in ours["objects"] if o["clip"] == name]
        assert np.allclose(found, theirs[name], atol=1e-6, rtol=0)
    everything = np.array([pair for pairs in theirs.values() for pair in pairs])
    assert [100 * ours["mean"][key] for key in "jf"] == pytest.approx(everything.mean(axis=0).tolist(), abs=1e-6)


def test_an_object_that_is_hidden_at_first_counts_from_then_on_in_the_other_benchmark_only(
    tmp_path: Path, write_pairs: Write
) -> None:
    """DAVIS scores every object of the first mask on every frame; a hidden one that nobody claims is right there."""
    pytest.importorskip("vos_benchmark")
    seen, hidden = np.zeros((150, 200), np.uint8), np.zeros((150, 200), np.uint8)
    seen[20:80, 20:80] = 1
    shifted = np.roll(seen, 30, axis=1)
    tree = _davis_tree(tmp_path, write_pairs, {"peekaboo": [seen, hidden, shifted, hidden]})
    (clip,) = find_clips([tree])

    def halfway(clip: Clip) -> Iterator[tuple[int, np.ndarray]]:
        for frame, index_map in enumerate((seen, hidden, seen, hidden)):
            yield frame, index_map.astype(np.int32)

    answers = tmp_path / "answers" / "peekaboo"
    answers.mkdir(parents=True)
    for frame, index_map in halfway(clip):
        Image.fromarray(index_map.astype(np.uint8)).save(answers / f"{frame:05}.png")
    (ours,) = score_clip(clip, halfway, skip_last=True).objects
    ((theirs, _),) = _judged_by_others(tree / "Annotations/480p", tmp_path / "answers", "peekaboo")["peekaboo"]
    assert theirs == pytest.approx(100 / 3)
    assert ours.quality.jaccard == pytest.approx((1 + 1 / 3) / 2)


def test_the_program_prints_the_mean_over_sources_last_and_baselines_beside_the_model(
    small_model: Sam2Model, clips: Path, tmp_path: Path, write_pairs: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pairs(clips / "drone__still", [0, 0, 0])
    save_checkpoint(tmp_path / "small.pt", small_model)
    words = ["davis", "--data", str(clips), "--checkpoint", str(tmp_path / "small.pt"), "--device", "cpu"]
    outputs = ["--json", str(tmp_path / "scores.json"), "--contact-sheet", str(tmp_path / "worst.png")]
    assert main([*words, "--prompt", "box", "--baseline", "copy", *outputs]) == 0
    lines = capsys.readouterr().out.splitlines()
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert (scores["model"], scores["prompt"], scores["session"]) == ("small_for_tests", "box", "published")
    assert lines[-1] == "mean over sources: " + "  ".join(
        f"{name} {100 * scores['mean'][key]:.1f}" for name, key in (("J&F", "jf"), ("J", "j"), ("F", "f"))
    )
    copied = scores["baselines"]["copy"]
    assert copied["sources"]["drone"]["jf"] == 1.0
    assert copied["mean"]["j"] == pytest.approx((1.0 + (1.0 + 0.5) / 2) / 2)
    assert lines[-2].startswith("mean over sources, copy: J&F ")
    assert len(scores["objects"]) == 4
    assert all(entry["seconds_per_frame_and_object"] > 0 for entry in scores["objects"])
    with Image.open(tmp_path / "worst.png") as sheet:
        assert sheet.width > 1000


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "There is nothing to measure on: give --data FOLDER."),
        (["nowhere"], "There is no folder nowhere"),
        (["{clips}", "--only-baseline"], "With --only-baseline nothing is left to measure"),
        (["{clips}", "--checkpoint", "nowhere.pt"], "nowhere.pt"),
        (["{clips}", "--json", "nowhere/a.json"], "there is no folder nowhere; make it first"),
        (["{clips}", "--contact-sheet", "a.jpg"], "let its name end in .png"),
        (["{clips}", "--frames", "-2"], "--frames -2 makes no sense"),
    ],
)
def test_bad_input_gets_one_sentence(
    words: list[str], sentence: str, clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["davis", *(word.format(clips=clips) for word in words)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert sentence in said.err


def test_answers_are_written_in_the_colours_of_davis() -> None:
    assert palette()[:12] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]
    assert palette()[3 * 20 : 3 * 21] == [0, 64, 128]
