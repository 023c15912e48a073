"""J and F of a tracked clip, and their means."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from sam2_core.evaluation.labelled import VOID, Clip, check_size
from sam2_core.evaluation.metrics import Mask, boundary_f, jaccard
from sam2_core.training.pictures import IndexMap

Tracker = Callable[[Clip], Iterator[tuple[int, IndexMap]]]
"""Follows all objects of a clip's first frame: frame numbers from 0 or 1 on, and int32 maps without overlaps."""


@dataclass(frozen=True)
class Quality:
    """Means over frames or over objects, 0 to 1."""

    jaccard: float
    boundary: float

    @property
    def both(self) -> float:
        """J&F."""
        return (self.jaccard + self.boundary) / 2


@dataclass(frozen=True)
class WorstFrame:
    """Where an object was missed most."""

    frame: int
    jaccard: float
    truth: Mask
    answer: Mask


@dataclass(frozen=True)
class ObjectScore:
    """One object of one clip: means over its scored frames, of which there are `frames`."""

    source: str
    clip: str
    object_id: int
    frames: int
    quality: Quality


@dataclass(frozen=True)
class ClipScores:
    """What a tracker did with a clip.

    Attributes:
        objects: one score each.
        worst: of each object by its number.
        seconds: computing time per frame and object, reading pictures left out.
        later: objects of later maps alone, which are not followed.
    """

    objects: tuple[ObjectScore, ...]
    worst: dict[int, WorstFrame]
    seconds: float
    later: frozenset[int]


@dataclass
class Running:
    """Scores of one object so far.

    Attributes:
        values: J and F of each frame.
        worst: the first of those with the smallest J.
    """

    values: list[tuple[float, float]] = field(default_factory=list)
    worst: WorstFrame | None = None

    @property
    def mean(self) -> Quality:
        """Over the frames so far, of which there is at least one."""
        overlap, edges = np.mean(self.values, axis=0)
        return Quality(float(overlap), float(edges))

    def add(self, frame: int, answer: Mask, truth: Mask) -> float:
        """Take a frame in; gives its J."""
        overlap = jaccard(answer, truth)
        self.values.append((overlap, boundary_f(answer, truth)))
        if self.worst is None or overlap < self.worst.jaccard:
            self.worst = WorstFrame(frame, overlap, truth, answer)
        return overlap


def scored_frames(clip: Clip, *, skip_last: bool) -> list[int]:
    """Annotated frames that count: not the first, which is given, nor with `skip_last` the last one, as in DAVIS."""
    after_first = clip.annotated[1:]
    return after_first[:-1] if skip_last and len(after_first) > 1 else after_first


def score_clip(
    clip: Clip,
    tracker: Tracker,
    *,
    skip_last: bool = False,
    keep: Callable[[Clip, int, IndexMap], None] | None = None,
) -> ClipScores:
    """Follow every object of the first frame and compare.

    Args:
        clip: with at least one annotated frame after the first.
        tracker: what is measured.
        skip_last: leave out the last annotated frame, as DAVIS does.
        keep: is given each frame's answer.

    Raises:
        DataError: a picture or map is damaged, or they differ in size.
    """
    numbers = clip.object_ids
    scored = frozenset(scored_frames(clip, skip_last=skip_last))
    running = {number: Running() for number in numbers}
    seconds = 0.0
    later: set[int] = set()
    answers = tracker(clip)
    while True:
        began, read = time.perf_counter(), clip.reading_seconds
        frame, answer = next(answers, (None, None))
        seconds += time.perf_counter() - began - (clip.reading_seconds - read)
        if frame is None or answer is None:
            break
        if keep is not None:
            keep(clip, frame, answer)
        if frame in scored:
            truth = clip.truth(frame)
            check_size(truth, answer.shape, clip.files.maps[frame])
            later |= {int(number) for number in np.unique(truth)} - {0, VOID, *numbers}
            for number in numbers:
                running[number].add(frame, answer == number, truth == number)
    return ClipScores(
        tuple(
            ObjectScore(clip.source, clip.name, number, len(found.values), found.mean)
            for number, found in running.items()
        ),
        {number: found.worst for number, found in running.items() if found.worst is not None},
        seconds / (len(clip) * len(numbers)),
        frozenset(later),
    )


def mean_of(scores: Sequence[Quality]) -> Quality:
    """All weigh the same."""
    return Quality(
        float(np.mean([score.jaccard for score in scores])), float(np.mean([score.boundary for score in scores]))
    )


def means_by_source(objects: Sequence[ObjectScore]) -> dict[str, Quality]:
    """Mean over all objects of each source, as DAVIS takes it over its data set."""
    found: dict[str, list[Quality]] = {}
    for score in objects:
        found.setdefault(score.source, []).append(score.quality)
    return {source: mean_of(qualities) for source, qualities in found.items()}
