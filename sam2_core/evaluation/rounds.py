"""A simulated person who follows objects through a clip and corrects them (section 5.1 of the paper).

Offline: clicks on the first frame and a run through the clip; then again and again clicks on a further frame, the one
where the overlap with the truth is smallest, and a run from all prompts. Online: one pass; where the overlap falls
below a limit it stops for clicks, and frames that have passed are not changed.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from sam2_core.evaluation.labelled import Clip, check_size
from sam2_core.evaluation.metrics import Mask, jaccard
from sam2_core.evaluation.scores import Quality, Running, WorstFrame
from sam2_core.evaluation.simulation import central_point, next_click
from sam2_core.model.sam2 import Sam2Model
from sam2_core.video import FrameResult, SessionSettings, VideoSession

ONLINE_LIMIT = 0.75
"""An online pass stops at a frame whose overlap is below this."""


@dataclass(frozen=True)
class FrameClicks:
    """All clicks on one frame, in pixels; label 1 for the object, 0 for anything else."""

    points: tuple[tuple[float, float], ...] = ()
    labels: tuple[int, ...] = ()


@dataclass
class Followed:
    """One object and what has been done about it.

    Attributes:
        clicks: by frame.
        running: scores of the newest run.
        next: the worst frame of that run that has not been clicked on; None if there is none.
        wants_more: an online pass stopped for clicks that it no longer had.
    """

    number: int
    clicks: dict[int, FrameClicks] = field(default_factory=dict)
    running: Running = field(default_factory=Running)
    next: WorstFrame | None = None
    wants_more: bool = False


@dataclass(frozen=True)
class RoundScores:
    """One object: J and F over all annotated frames, and the number of frames clicked on, after 1, 2, … rounds."""

    number: int
    quality: tuple[Quality, ...]
    frames: tuple[int, ...]
    clicks: dict[int, FrameClicks]
    worst: WorstFrame


class SimulatedPerson:
    """Follows all objects of a clip's first frame, each for itself: they may overlap.

    Args:
        model: what is measured.
        clip: with at least two annotated frames.
        settings: of the session.
        clicks: on each frame that is corrected, at most; fewer where the answer is perfect.
    """

    def __init__(self, model: Sam2Model, clip: Clip, settings: SessionSettings, clicks: int) -> None:
        self._model = model
        self._clip = clip
        self._settings = settings
        self._clicks = clicks
        self._annotated = frozenset(clip.annotated)
        self._seconds = 0.0
        self._computed = 0

    @property
    def seconds(self) -> float:
        """Computing time per frame and object of all runs so far, the answers to clicks included."""
        return self._seconds / max(self._computed, 1)

    def offline(self, rounds: int) -> list[RoundScores]:
        """After the first frame click on `rounds` - 1 more, each time the worst of the whole clip."""
        session = VideoSession(self._model, self._clip, self._settings)
        objects = [Followed(number) for number in self._clip.object_ids]
        history: dict[int, list[tuple[Quality, int]]] = {followed.number: [] for followed in objects}
        for _ in range(rounds):
            clicked = [self._click_on_next(session, followed) for followed in objects]
            if any(clicked):
                self._run_through(session, objects)
            for followed in objects:
                history[followed.number].append((followed.running.mean, len(followed.clicks)))
        return [_scores(followed, history[followed.number]) for followed in objects]

    def online(self, rounds: int) -> list[RoundScores]:
        """One pass with 1, 2, … `rounds` frames to click on; each pass begins anew."""
        history: dict[int, list[tuple[Quality, int]]] = {number: [] for number in self._clip.object_ids}
        objects: dict[int, Followed] = {}
        for budget in range(1, rounds + 1):
            # Whoever had clicks left over would do the same again.
            again = [number for number in history if budget == 1 or objects[number].wants_more]
            if again:
                objects |= {followed.number: followed for followed in self._pass(again, budget)}
            for number, known in history.items():
                known.append((objects[number].running.mean, len(objects[number].clicks)))
        return [_scores(objects[number], known) for number, known in history.items()]

    def _click_on_next(self, session: VideoSession, followed: Followed) -> bool:
        """Whether there was anything to click on: nothing is where all frames are perfect, or clicked on."""
        if not followed.clicks:
            self._click(session, followed, 0, None)
            return True
        worst = followed.next
        if worst is None or worst.jaccard == 1.0:
            return False
        self._click(session, followed, worst.frame, worst.answer)
        return True

    def _run_through(self, session: VideoSession, objects: list[Followed]) -> None:
        for followed in objects:
            followed.running, followed.next = Running(), None
        for result in self._results(session, 0):
            for followed, found in zip(objects, result.objects, strict=True):
                self._judge(followed, result.frame, found.mask)

    def _pass(self, numbers: list[int], budget: int) -> list[Followed]:
        """One online pass."""
        session = VideoSession(self._model, self._clip, self._settings)
        objects = [Followed(number) for number in numbers]
        for followed in objects:
            self._click(session, followed, 0, None)
        results = self._results(session, 0)
        while (result := next(results, None)) is not None:
            has_stopped = False
            for followed, found in zip(objects, result.objects, strict=True):
                answer = found.mask
                if self._is_bad(followed, result.frame, answer):
                    followed.wants_more = len(followed.clicks) == budget
                    if not followed.wants_more:
                        answer = self._click(session, followed, result.frame, answer)
                        has_stopped = True
                self._judge(followed, result.frame, answer)
            # A suspended run goes on from what holds now; the original predictor has to be started again.
            if has_stopped and self._settings.as_published:
                results.close()
                results = self._results(session, result.frame)
                next(results)
        return objects

    def _is_bad(self, followed: Followed, frame: int, answer: Mask) -> bool:
        if frame not in self._annotated or frame in followed.clicks or followed.wants_more:
            return False
        return jaccard(answer, self._truth(frame, followed.number)) < ONLINE_LIMIT

    def _judge(self, followed: Followed, frame: int, answer: Mask) -> None:
        if frame not in self._annotated:
            return
        truth = self._truth(frame, followed.number)
        overlap = followed.running.add(frame, answer, truth)
        if frame not in followed.clicks and (followed.next is None or overlap < followed.next.jaccard):
            followed.next = WorstFrame(frame, overlap, truth, answer)

    def _truth(self, frame: int, number: int) -> Mask:
        return np.equal(self._clip.truth(frame), number)

    def _click(self, session: VideoSession, followed: Followed, frame: int, shown: Mask | None) -> Mask:
        """Click on a frame for the first time, where the shown mask, if any, is most wrong; gives the last answer."""
        truth = self._truth(frame, followed.number)
        check_size(truth, self._clip[frame].shape[:2], self._clip.files.maps[frame])
        if shown is not None and shown.any() and not self._settings.as_published:
            # As in the program: clicks mend the mask that a person sees. The original predictor does so by itself.
            with self._computing():
                session.add_mask(frame, followed.number, shown)
        given = FrameClicks()
        answer = np.zeros_like(truth) if shown is None else shown
        for _ in range(self._clicks):
            if np.array_equal(answer, truth):
                break
            point, label = (central_point(truth), 1) if not answer.any() else next_click(answer, truth)
            given = FrameClicks((*given.points, point), (*given.labels, label))
            with self._computing():
                answer = session.add_points(frame, followed.number, given.points, given.labels).mask
        followed.clicks[frame] = given
        return answer

    def _results(self, session: VideoSession, first: int) -> Generator[FrameResult, None, None]:
        run = session.propagate(first=first)
        while True:
            with self._computing():
                result = next(run, None)
            if result is None:
                return
            self._computed += len(result.objects)
            yield result

    @contextmanager
    def _computing(self) -> Iterator[None]:
        began, read = time.perf_counter(), self._clip.reading_seconds
        yield
        self._seconds += time.perf_counter() - began - (self._clip.reading_seconds - read)


def _scores(followed: Followed, known: list[tuple[Quality, int]]) -> RoundScores:
    assert followed.running.worst is not None, "a clip has annotated frames"
    quality, frames = zip(*known, strict=True)
    return RoundScores(followed.number, quality, frames, followed.clicks, followed.running.worst)
