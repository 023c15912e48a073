"""How good a model is on frames that were kept back: followed from the first mask there, asked by box and by click."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np

from app.document.masks import MaskCode
from app.inference.finetuning.data_folder import open_clip_of
from app.inference.finetuning.truth import ClipTruth
from app.media.clip import FrameSource
from sam2_core.evaluation.metrics import boundary_f, jaccard
from sam2_core.evaluation.simulation import box_around, central_point
from sam2_core.image import ImagePredictor
from sam2_core.model.sam2 import Sam2Model
from sam2_core.video import VideoSession

Kind = Literal["follow", "box", "click"]
Question = tuple[Kind, str, int, int]
"""What was asked, of which clip, object and frame."""
ASKED_FRAMES = 8
"""Frames of a clip that boxes and clicks are given on."""
FOLLOWING_SHARE = 0.7
"""Of the time; the rest is for boxes and clicks."""


@dataclass
class Scores:
    """What was measured.

    Attributes:
        values: J&F of what was followed, IoU of answers to a box or a click, 0 to 1.
        ends: the last frame that was followed, by clip and first frame, so that the same can be measured again.
    """

    values: dict[Question, float] = field(default_factory=dict)
    ends: dict[tuple[str, int], int] = field(default_factory=dict)

    def mean(self, kind: Kind) -> float | None:
        """The mean over all questions of a kind; None if there was none."""
        found = [value for (asked, *_), value in self.values.items() if asked == kind]
        return float(np.mean(found)) if found else None


@dataclass(frozen=True)
class HeldOut:
    """A clip with the frames of it that were kept back, ascending."""

    key: str
    truth: ClipTruth
    frames: tuple[int, ...]


def questions_about(part: HeldOut) -> int:
    """At most so many questions are asked about a clip."""
    followed = sum(frame in masks for masks in part.truth.masks.values() for frame in part.frames)
    return followed + 2 * min(ASKED_FRAMES, len(part.frames)) * len(part.truth.masks)


def measure(
    model: Sam2Model, held_out: Sequence[HeldOut], *, seconds: float | None = None, again: Scores | None = None
) -> Iterator[Scores]:
    """Work that measures a model; yields the scores so far after every frame, the same object each time.

    Args:
        model: in evaluation mode.
        held_out: what to measure on.
        seconds: stop asking after about so many; what is left out is left out the second time too.
        again: scores of another model: exactly the same questions are asked.
    """
    scores = Scores()
    share = None if seconds is None else seconds / max(len(held_out), 1)
    for part in held_out:
        with open_clip_of(part.truth) as source:
            yield from _follow(model, part, source, scores, _clock(share, FOLLOWING_SHARE), again)
            yield from _ask(model, part, source, scores, _clock(share, 1 - FOLLOWING_SHARE), again)


def _clock(seconds: float | None, share: float) -> Callable[[], bool]:
    """Says whether the time is over."""
    end = None if seconds is None else time.monotonic() + seconds * share
    return lambda: end is not None and time.monotonic() > end


def _follow(
    model: Sam2Model,
    part: HeldOut,
    source: FrameSource,
    scores: Scores,
    is_over: Callable[[], bool],
    again: Scores | None,
) -> Iterator[Scores]:
    """Give each object its first mask of the part, and follow it from there; those that begin together run together."""
    begins: dict[int, list[int]] = {}
    for number, masks in part.truth.masks.items():
        seen = [frame for frame in part.frames if frame in masks and not masks[frame].is_empty]
        if seen:
            begins.setdefault(seen[0], []).append(number)
    for first, numbers in sorted(begins.items()):
        last = part.frames[-1] if again is None else again.ends.get((part.key, first), first)
        # Something is asked about every clip, however short the time.
        if last <= first or (is_over() and any(key == part.key for key, _ in scores.ends)):
            continue
        session = VideoSession(model, cast("Sequence[np.ndarray]", source))
        for number in numbers:
            session.add_mask(first, number, part.truth.masks[number][first].to_array())
        for result in session.propagate(first, last):
            if result.frame == first:
                continue
            for found in result.objects:
                truth = part.truth.masks[found.object_id].get(result.frame)
                if truth is not None:
                    question: Question = ("follow", part.key, found.object_id, result.frame)
                    scores.values[question] = _both(found.mask, truth)
            scores.ends[part.key, first] = result.frame
            yield scores
            if is_over():
                break


def _both(answer: np.ndarray, truth: MaskCode) -> float:
    wanted = truth.to_array()
    return (jaccard(answer, wanted) + boundary_f(answer, wanted)) / 2


def _ask(
    model: Sam2Model,
    part: HeldOut,
    source: FrameSource,
    scores: Scores,
    is_over: Callable[[], bool],
    again: Scores | None,
) -> Iterator[Scores]:
    """A box around each object, and a click in its middle, on a few frames spread over the part."""
    places = np.unique(np.linspace(0, len(part.frames) - 1, ASKED_FRAMES).round().astype(int))
    predictor = ImagePredictor(model)
    for frame in (part.frames[place] for place in places):
        wanted = {number: masks[frame] for number, masks in part.truth.masks.items() if frame in masks}
        wanted = {number: code for number, code in wanted.items() if not code.is_empty}
        if again is not None:
            wanted = {n: code for n, code in wanted.items() if ("box", part.key, n, frame) in again.values}
        elif is_over() and any(asked == "box" and key == part.key for asked, key, *_ in scores.values):
            return
        if not wanted:
            continue
        predictor.set_image(source.read(frame))
        for number, code in wanted.items():
            truth = code.to_array()
            boxed = predictor.predict(box=np.array(box_around(truth)), multimask=False)
            clicked = predictor.predict(np.array([central_point(truth)]), np.array([1]), multimask=True)
            best = int(np.argmax(clicked.iou))
            scores.values["box", part.key, number, frame] = jaccard(boxed.masks[0].astype(bool), truth)
            scores.values["click", part.key, number, frame] = jaccard(clicked.masks[best].astype(bool), truth)
        yield scores
