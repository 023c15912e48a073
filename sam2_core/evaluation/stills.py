"""Clicks and boxes on single pictures by a simulated person (sections 5.1 and 6.3 of the paper, SAM's protocol)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sam2_core.evaluation.contact_sheet import Case, Panel
from sam2_core.evaluation.data import spread
from sam2_core.evaluation.labelled import LabelledPicture, open_index_map, open_labelled
from sam2_core.evaluation.metrics import Mask, jaccard
from sam2_core.evaluation.simulation import Box, box_around, central_point, next_click
from sam2_core.evaluation.timing import seconds_of
from sam2_core.image import ImagePredictor
from sam2_core.training.library import DataError
from sam2_core.training.pictures import IndexMap, Picture

SMALLEST_AREA = 32
"""Objects of fewer pixels are specks that nobody would ask for."""
WANTED_IOU = 0.85
NEEDED = "clicks to 0.85"
_TOLD_CLICKS = (1, 3, 5, 8)

Row = dict[str, float]
"""Figures by name."""


@dataclass(frozen=True)
class Question:
    """Some objects of one picture."""

    source: str
    still: LabelledPicture
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class _Shown:
    """A picture that the model has seen."""

    question: Question
    picture: Picture
    index_map: IndexMap
    seconds: float


@dataclass(frozen=True)
class ObjectResult:
    """IoUs of the answers to one object, 0 to 1, and seconds.

    Attributes:
        clicks: after 1, 2, … clicks; the first is the candidate with the highest estimate.
        best_of_three: of the best candidate of the first click.
        box: from the box alone.
        box_itself: of the box taken as a mask.
        grabcut: of GrabCut in the box; None if that was not asked for.
        picture_seconds: encoding the picture.
        prompt_seconds: answering a prompt, the mean over all of this object.
    """

    source: str
    picture: str
    number: int
    clicks: tuple[float, ...]
    best_of_three: float
    box: float
    box_itself: float
    grabcut: float | None
    picture_seconds: float
    prompt_seconds: float

    @property
    def clicks_needed(self) -> int:
        """Clicks to an IoU of 0.85; their number if that was never reached."""
        return next((n for n, iou in enumerate(self.clicks, 1) if iou >= WANTED_IOU), len(self.clicks))


@dataclass(frozen=True)
class Clicked:
    """A simulated person's clicks on one object: the points and labels, the IoU and the answer after each."""

    points: tuple[tuple[float, float], ...]
    labels: tuple[int, ...]
    ious: tuple[float, ...]
    best_of_three: float
    answer: Mask
    seconds: float


def make_questions(
    stills: Mapping[str, Sequence[LabelledPicture]], pictures: int = 0, objects: int = 0
) -> list[Question]:
    """What is asked, the same in every run.

    Args:
        stills: by source.
        pictures: of each source at most so many, evenly spread; 0 for all.
        objects: of each picture at most so many, evenly spread; 0 for all.

    Raises:
        DataError: no picture has an object that is large enough, or a map is damaged.
    """
    questions = [
        Question(source, still, tuple(spread(_numbers(still), objects)))
        for source, items in sorted(stills.items())
        for still in spread(items, pictures)
    ]
    asked = [question for question in questions if question.numbers]
    if not asked:
        raise DataError(
            f"No object in these pictures has {SMALLEST_AREA} pixels or more; there is nothing to ask about."
        )
    return asked


def _numbers(still: LabelledPicture) -> list[int]:
    areas = np.bincount(open_index_map(still.index_map).ravel())
    return [int(number) for number in np.flatnonzero(areas >= SMALLEST_AREA) if number > 0]


def answer_all(
    predictor: ImagePredictor, questions: Sequence[Question], clicks: int, *, with_grabcut: bool = False
) -> Iterator[tuple[ObjectResult, Case, Case]]:
    """Answers to all questions, and how clicks and box look.

    Raises:
        DataError: a picture is damaged, or its map is of another size.
    """
    for question in questions:
        picture, index_map = open_labelled(question.still)
        seconds = seconds_of(partial(predictor.set_image, picture), predictor.model.device)
        shown = _Shown(question, picture, index_map, seconds)
        for number in question.numbers:
            yield _ask(predictor, shown, number, clicks, with_grabcut=with_grabcut)


def _ask(
    predictor: ImagePredictor, shown: _Shown, number: int, clicks: int, *, with_grabcut: bool
) -> tuple[ObjectResult, Case, Case]:
    """Answers to a box, and to clicks that each go where the last answer is most wrong."""
    truth = shown.index_map == number
    box = box_around(truth)
    began = time.perf_counter()
    boxed = predictor.predict(box=box, multimask=False).masks[0].astype(bool)
    box_seconds = time.perf_counter() - began
    clicked = click_through(predictor, truth, clicks)
    still = shown.question.still
    result = ObjectResult(
        source=shown.question.source,
        picture=still.name,
        number=number,
        # Where the answer was perfect before the last click there was nothing left to say.
        clicks=clicked.ious + clicked.ious[-1:] * (clicks - len(clicked.ious)),
        best_of_three=clicked.best_of_three,
        box=jaccard(boxed, truth),
        box_itself=jaccard(_filled(box, truth), truth),
        grabcut=_cut(shown.picture, box, truth) if with_grabcut else None,
        picture_seconds=shown.seconds,
        prompt_seconds=(clicked.seconds + box_seconds) / (len(clicked.ious) + 1),
    )
    name = f"{result.source}, {result.picture}, object {number}"
    count = len(clicked.points)
    by_clicks = Panel(still.image, truth, clicked.answer, points=clicked.points, labels=clicked.labels)
    by_box = Panel(still.image, truth, boxed, box=box)
    told = f"{count} click{'s' if count > 1 else ''}"
    return result, Case(result.clicks[-1], name, told, (by_clicks,)), Case(result.box, name, "box", (by_box,))


def _cut(picture: Picture, box: Box, truth: Mask) -> float:
    # Imported where it is used, because it needs OpenCV, which this package does not ask for.
    from sam2_core.evaluation.opencv import grabcut

    return jaccard(grabcut(picture, box), truth)


def click_through(predictor: ImagePredictor, truth: Mask, clicks: int) -> Clicked:
    """Click up to `clicks` times; each answer is fed back. Ends early where an answer is perfect."""
    points, labels = [central_point(truth)], [1]
    began = time.perf_counter()
    first = predictor.predict(points, labels, multimask=True)
    seconds = time.perf_counter() - began
    candidates = [jaccard(mask.astype(bool), truth) for mask in first.masks]
    chosen = int(np.argmax(first.iou))
    ious = [candidates[chosen]]
    answer, logits = first.masks[chosen].astype(bool), first.low_res[chosen : chosen + 1]
    while len(ious) < clicks and ious[-1] < 1.0:
        point, label = next_click(answer, truth)
        points, labels = [*points, point], [*labels, label]
        began = time.perf_counter()
        again = predictor.predict(points, labels, mask_logits=logits, multimask=False)
        seconds += time.perf_counter() - began
        answer, logits = again.masks[0].astype(bool), again.low_res[:1]
        ious.append(jaccard(answer, truth))
    return Clicked(tuple(points), tuple(labels), tuple(ious), max(candidates), answer, seconds)


def _filled(box: Box, like: Mask) -> Mask:
    x0, y0, x1, y1 = (int(value) for value in box)
    filled = np.zeros_like(like)
    filled[y0:y1, x0:x1] = True
    return filled


def means_of(results: Sequence[ObjectResult]) -> Row:
    """Means over the objects of a source, by the names that the JSON document gives them."""
    clicks = len(results[0].clicks)
    columns: dict[str, list[float]] = {
        clicks_name(step): [result.clicks[step - 1] for result in results] for step in told_clicks(clicks)
    }
    columns["best of 3"] = [result.best_of_three for result in results]
    columns["box"] = [result.box for result in results]
    columns["box itself"] = [result.box_itself for result in results]
    columns["grabcut"] = [result.grabcut for result in results if result.grabcut is not None]
    columns[NEEDED] = [result.clicks_needed for result in results]
    columns["never"] = [max(result.clicks) < WANTED_IOU for result in results]
    columns["seconds per picture"] = [result.picture_seconds for result in results]
    columns["seconds per prompt"] = [result.prompt_seconds for result in results]
    return {name: float(np.mean(values)) for name, values in columns.items() if values}


def told_clicks(clicks: int) -> list[int]:
    """After which clicks the figures are told."""
    return list(dict.fromkeys(step for step in (*_TOLD_CLICKS, clicks) if step <= clicks))


def clicks_name(count: int) -> str:
    """What the figure after so many clicks is called."""
    return "1 click" if count == 1 else f"{count} clicks"


def mean_over_sources(means: Mapping[str, Row]) -> Row:
    """The mean of every figure over the sources, each counting the same."""
    return {name: float(np.mean([row[name] for row in means.values()])) for name in next(iter(means.values()))}
