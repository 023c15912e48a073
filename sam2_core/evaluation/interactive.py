"""Clicks and boxes on still pictures by a simulated person (sections 13.3, 13.4 of SAM): mIoU by source."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from sam2_core.evaluation.metrics import Mask, jaccard
from sam2_core.evaluation.simulation import box_around, built_in_checkpoint, central_point, next_click
from sam2_core.image import ImagePredictor
from sam2_core.training.library import IndexMapSource
from sam2_core.training.pictures import Item, Picture, read_index_map, read_picture
from sam2_core.training.sources import DataError, open_library, read_video_folder


@dataclass(frozen=True)
class Question:
    """One object of one picture."""

    source: str
    picture: Path
    index_map: IndexMapSource
    number: int


@dataclass(frozen=True)
class ObjectResult:
    """IoUs of the answers to one object.

    Attributes:
        clicks: after 1, 2, … clicks; the first is the candidate with the highest estimate.
        best_of_three: of the best candidate of the first click.
        box: from the box alone.
        box_itself: of the box taken as a mask.
    """

    source: str
    clicks: tuple[float, ...]
    best_of_three: float
    box: float
    box_itself: float


def held_out_questions(folder: Path, pictures: int, objects: int) -> list[Question]:
    """Objects of held-out stills, the same in every run: at most so many pictures a source and objects a picture."""
    questions: list[Question] = []
    for source, stills in sorted(open_library([folder], held_out=True).stills.items()):
        for still in _spread(stills, pictures):
            numbers = _numbers(still.index_map)
            questions += [Question(source, still.image, still.index_map, n) for n in _spread(numbers, objects)]
    return questions


def first_frame_questions(folder: Path) -> list[Question]:
    """Objects on the first frames of a folder of labelled clips."""
    questions: list[Question] = []
    for path in sorted(folder.iterdir()):
        video = read_video_folder(path) if path.is_dir() else None
        if video and 0 in video.maps:
            numbers = _numbers(video.maps[0])
            questions += [Question(path.name, video.frames[0], video.maps[0], number) for number in numbers]
    return questions


def _numbers(index_map: IndexMapSource) -> list[int]:
    """Objects of a map that are not mere specks (32 pixels and more)."""
    areas = np.bincount(read_index_map(index_map).ravel())
    return [int(number) for number in np.flatnonzero(areas >= 32) if number > 0]


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """At most `count` items, evenly spread."""
    if len(items) <= count:
        return list(items)
    return [items[int(index)] for index in np.linspace(0, len(items) - 1, count)]


def ask(predictor: ImagePredictor, truth: Mask, source: str, clicks: int) -> ObjectResult:
    """Answers to a box, and to clicks that each go where the last answer is most wrong."""
    box = box_around(truth)
    boxed = predictor.predict(box=np.array(box), multimask=False).masks[0].astype(bool)
    itself = np.zeros_like(truth)
    itself[int(box[1]) : int(box[3]), int(box[0]) : int(box[2])] = True
    points, labels = [central_point(truth)], [1]
    first = predictor.predict(np.array(points), np.array(labels), multimask=True)
    candidates = [jaccard(mask.astype(bool), truth) for mask in first.masks]
    chosen = int(np.argmax(first.iou))
    scores = [candidates[chosen]]
    answer, logits = first.masks[chosen].astype(bool), first.low_res[chosen : chosen + 1]
    for _ in range(1, clicks):
        point, label = next_click(answer, truth)
        points, labels = [*points, point], [*labels, label]
        again = predictor.predict(np.array(points), np.array(labels), mask_logits=logits, multimask=False)
        answer, logits = again.masks[0].astype(bool), again.low_res[:1]
        scores.append(jaccard(answer, truth))
    return ObjectResult(source, tuple(scores), max(candidates), jaccard(boxed, truth), jaccard(itself, truth))


def results(predictor: ImagePredictor, questions: Sequence[Question], clicks: int) -> Iterator[ObjectResult]:
    """Answers to all questions; each picture is encoded once."""
    current: Path | None = None
    for question in questions:
        if question.picture != current:
            picture: Picture = read_picture(question.picture)
            predictor.set_image(picture)
            current = question.picture
        truth = read_index_map(question.index_map) == question.number
        yield ask(predictor, truth, question.source, clicks)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("folder", type=Path, help="data folder (its held-out stills), or a folder of labelled clips")
    parser.add_argument("--checkpoint", default=None, help="weight file; by default the built-in model")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--clicks", type=int, default=5, help="clicks per object")
    parser.add_argument("--pictures", type=int, default=20, help="pictures per source at most")
    parser.add_argument("--objects", type=int, default=4, help="objects per picture at most")
    parser.add_argument("--json", type=Path, help="also write the means to this file")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print one line per source, the mean over sources last; 0 if all went well."""
    from sam2_core.checkpoint import load_model

    is_data = (arguments.folder / "train").is_dir() or (arguments.folder / "stills").is_dir()
    questions = (
        held_out_questions(arguments.folder, arguments.pictures, arguments.objects)
        if is_data
        else first_frame_questions(arguments.folder)
    )
    if not questions:
        raise DataError(f"There is no labelled picture in {arguments.folder} to ask about.")
    predictor = ImagePredictor(load_model(arguments.checkpoint or built_in_checkpoint(), arguments.device))
    steps = sorted({1, min(3, arguments.clicks), arguments.clicks})
    names = [*(f"{step}cl" for step in steps), "best3", "box", "(box)"]
    print(f"{'source':32} {'n':>4} " + " ".join(f"{name:>6}" for name in names), flush=True)
    means: dict[str, dict[str, float]] = {}
    for source, found in groupby(results(predictor, questions, arguments.clicks), key=lambda result: result.source):
        answers = list(found)
        columns = [
            *([result.clicks[step - 1] for result in answers] for step in steps),
            [result.best_of_three for result in answers],
            [result.box for result in answers],
            [result.box_itself for result in answers],
        ]
        means[source] = {name: float(np.mean(values)) for name, values in zip(names, columns, strict=True)}
        print(_row(source, len(answers), means[source]), flush=True)
    overall = {name: float(np.mean([values[name] for values in means.values()])) for name in names}
    print(_row("mean over sources", len(questions), overall))
    if arguments.json:
        arguments.json.write_text(json.dumps({"sources": means, "mean": overall}, indent=1), encoding="utf-8")
    return 0


def _row(name: str, count: int, values: dict[str, float]) -> str:
    return f"{name:32} {count:>4} " + " ".join(f"{value:6.3f}" for value in values.values())
