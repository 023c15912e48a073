"""What a training run has come to so far: its averaged weights on held-out data, as a point of the run's curve."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from sam2_core.evaluation.data import choose_clips, find_stills
from sam2_core.evaluation.labelled import Clip
from sam2_core.evaluation.options import Progress, add_data_arguments, check_counts, data_folders, explain
from sam2_core.evaluation.scores import mean_of, means_by_source, score_clip
from sam2_core.evaluation.stills import (
    ObjectResult,
    answer_all,
    clicks_name,
    make_questions,
    mean_over_sources,
    means_of,
)
from sam2_core.evaluation.trackers import Prompt, model_tracker, session_settings
from sam2_core.image import ImagePredictor
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.export import averaged_model
from sam2_core.training.plots import EVALUATIONS_NAME, draw_plots

_EXPLANATION = """\
Adds a line to evaluations.csv in the run folder (mIoU of stills and J&F of clips, in percent, means over sources) and
draws the curve anew, as plots/held_out.png. A training may go on meanwhile: its newest checkpoint is measured.

example:
  python -m sam2_core.evaluation run runs/built_in --data FOLDER --clips FOLDER/validation
"""
_CLICKS = 3
_PROMPTS: dict[str, Prompt] = {"J&F from the mask": "mask", "J&F from one click": "click"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    explain(parser, _EXPLANATION)
    parser.add_argument("run", type=Path, help="run folder")
    add_data_arguments(parser)
    parser.add_argument(
        "--clips",
        type=Path,
        nargs="+",
        metavar="FOLDER",
        help="clips to follow objects through (default: those of --data)",
    )
    parser.add_argument("--pictures", type=int, metavar="N", default=10, help="of each source at most (default: 10)")
    parser.add_argument("--objects", type=int, metavar="N", default=3, help="of each picture at most (default: 3)")
    parser.add_argument("--frames", type=int, metavar="N", default=0, help="of each clip at most (default: all)")


def run(arguments: argparse.Namespace) -> int:
    """Measure and add the line; 0 if all went well."""
    check_counts(arguments, "pictures", "objects", "frames")
    folders = data_folders(arguments)
    model, state = averaged_model(arguments.run)
    row = {"step": float(state["step"]), "hours": round(state["seconds"] / 3600, 3)}
    row |= _stills(model, folders, arguments.pictures, arguments.objects)
    clips = choose_clips(arguments.clips or folders, "val", 0, arguments.frames)
    row |= {name: _followed(model, clips, prompt) for name, prompt in _PROMPTS.items()}
    _add(arguments.run / EVALUATIONS_NAME, row)
    draw_plots(arguments.run)
    told = "  ".join(f"{name} {value:.1f}" for name, value in row.items() if name not in ("step", "hours"))
    print(f"step {state['step']}, {row['hours']:.2f} h, mean over sources: {told}")
    return 0


def _stills(model: Sam2Model, folders: Sequence[Path], pictures: int, objects: int) -> dict[str, float]:
    questions = make_questions(find_stills(folders), pictures, objects)
    progress = Progress(sum(len(question.numbers) for question in questions), "objects")

    def measured() -> Iterator[ObjectResult]:
        for result, _, _ in answer_all(ImagePredictor(model), questions, _CLICKS):
            progress.step()
            yield result

    means = {source: means_of(list(found)) for source, found in groupby(measured(), key=lambda result: result.source)}
    progress.clear()
    overall = mean_over_sources(means)
    return {name: 100 * overall[name] for name in (clicks_name(1), clicks_name(_CLICKS), "box")}


def _followed(model: Sam2Model, clips: Sequence[Clip], prompt: Prompt) -> float:
    settings = session_settings(model, "auto", non_overlap=True)
    tracker = model_tracker(model, prompt, settings)
    scores = [score for clip in clips for score in score_clip(clip, tracker, skip_last=False).objects]
    return 100 * mean_of(list(means_by_source(scores).values())).both


def _add(path: Path, row: dict[str, float]) -> None:
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row))
        if is_new:
            writer.writeheader()
        writer.writerow({name: f"{value:.3f}".rstrip("0").rstrip(".") for name, value in row.items()})
