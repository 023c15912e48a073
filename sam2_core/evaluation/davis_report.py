"""What the command davis says: its table, its JSON document, its worst cases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from sam2_core.evaluation.contact_sheet import Case, Panel
from sam2_core.evaluation.labelled import Clip
from sam2_core.evaluation.scores import ClipScores, ObjectScore, Quality, Tracker, mean_of, means_by_source
from sam2_core.evaluation.simulation import box_around, central_point

MODEL = "model"
_NAME = 36
_COLUMNS = f"{'J&F':>7}{'J':>6}{'F':>6}{'ms':>7}"


@dataclass
class Method:
    """Something that is measured, and what came of it so far.

    Attributes:
        name: `model`, or that of a baseline.
        tracker: how it follows.
        objects: scores of all objects.
        seconds: by source and clip, computing time per frame and object.
    """

    name: str
    tracker: Tracker
    objects: list[ObjectScore] = field(default_factory=list)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, clip: Clip, scores: ClipScores) -> None:
        """Take a clip's scores in."""
        self.objects += scores.objects
        self.seconds[clip.source, clip.name] = scores.seconds

    def seconds_of(self, source: str) -> float:
        """Per frame and object, the mean over a source's clips."""
        times = [seconds for (place, _), seconds in self.seconds.items() if place == source]
        return sum(times) / len(times)

    @property
    def mean_seconds(self) -> float:
        """The same over all clips."""
        return sum(self.seconds.values()) / len(self.seconds)


class Table:
    """Prints a row per object, sequence and source, with the columns of every method.

    Args:
        stream: where to.
        methods: what is measured.
    """

    def __init__(self, stream: IO[str], methods: Sequence[Method]) -> None:
        self._stream = stream
        self._methods = methods

    def head(self, about: Mapping[str, Any], skips_last: Mapping[str, bool]) -> None:
        """What is measured and how, and the names of the columns."""
        if "model" in about:
            how = "as the original predictor" if about["session"] == "published" else "as in the program"
            self._say(f"{about['model']} on {about['device']}, from a {about['prompt']} on the first frame, run {how}")
        rules = {True: "without the last one, as DAVIS does", False: "the last one too"}
        said = " or ".join(rules[rule] for rule in sorted(set(skips_last.values())))
        self._say(
            f"Scored: annotated frames after the first, {said}. J, F: percent; ms: computing per frame and object."
        )
        if len(self._methods) > 1:
            self._say(" " * (_NAME + 7) + "".join(f"{method.name:>26}" for method in self._methods))
        self._say(f"{'sequence':{_NAME}}{'object':>7}" + _COLUMNS * len(self._methods))

    def clip(self, clip: Clip, later: Collection[int]) -> None:
        """The rows of a clip that all methods have just done, and how many objects appear later in it."""
        for number in clip.object_ids:
            self._row(clip.name, str(number), clip, [number])
        if len(clip.object_ids) > 1:
            self._row(clip.name, "all", clip, clip.object_ids)
        if later:
            self._say(f"  (not followed, as in DAVIS: {len(later)} of its objects, which are not on the first frame)")

    def means(self) -> None:
        """A row per source, and the mean over sources: of baselines first, of what is measured last."""
        by_method = [means_by_source(method.objects) for method in self._methods]
        for source in by_method[0]:
            clips = sum(place == source for place, _ in self._methods[0].seconds)
            cells = [
                _cells(means[source], method.seconds_of(source))
                for means, method in zip(by_method, self._methods, strict=True)
            ]
            self._say(f"{_cut(f'mean of {source}'):{_NAME}}{f'{clips} cl.':>7}" + "".join(cells))
        for method, means in reversed(list(zip(self._methods, by_method, strict=True))):
            whose = "" if method is self._methods[0] else f", {method.name}"
            mean = mean_of(list(means.values()))
            self._say(
                f"mean over sources{whose}: J&F {100 * mean.both:.1f}  J {100 * mean.jaccard:.1f}  "
                f"F {100 * mean.boundary:.1f}"
            )

    def _row(self, name: str, label: str, clip: Clip, numbers: Sequence[int]) -> None:
        cells: list[str] = []
        for method in self._methods:
            scores = [score for score in method.objects[-len(clip.object_ids) :] if score.object_id in numbers]
            quality = mean_of([score.quality for score in scores])
            cells.append(_cells(quality, method.seconds[clip.source, clip.name]))
        self._say(f"{_cut(name):{_NAME}}{label:>7}" + "".join(cells))

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


def _cells(quality: Quality, seconds: float) -> str:
    return f"{100 * quality.both:7.1f}{100 * quality.jaccard:6.1f}{100 * quality.boundary:6.1f}{1000 * seconds:7.0f}"


def _cut(name: str) -> str:
    return name if len(name) < _NAME else f"{name[: _NAME - 2]}…"


def document(about: Mapping[str, Any], methods: Sequence[Method]) -> dict[str, Any]:
    """Everything measured, for JSON: J and F from 0 to 1, times in seconds. Baselines stand under their names."""
    first, *others = methods
    return {**about, **_summary(first), "baselines": {method.name: _summary(method) for method in others}}


def _summary(method: Method) -> dict[str, Any]:
    means = means_by_source(method.objects)
    return {
        "method": method.name,
        "mean": _plain(mean_of(list(means.values()))),
        "seconds_per_frame_and_object": method.mean_seconds,
        "sources": {
            source: {**_plain(mean), "seconds_per_frame_and_object": method.seconds_of(source)}
            for source, mean in means.items()
        },
        "objects": [
            {
                "source": score.source,
                "clip": score.clip,
                "object": score.object_id,
                "scored_frames": score.frames,
                **_plain(score.quality),
                "seconds_per_frame_and_object": method.seconds[score.source, score.clip],
            }
            for score in method.objects
        ],
    }


def _plain(quality: Quality) -> dict[str, float]:
    return {"jf": quality.both, "j": quality.jaccard, "f": quality.boundary}


def sheet_title(about: Mapping[str, Any], method: Method) -> str:
    """What the contact sheet shows."""
    whose = f"{about['model']}, from a {about['prompt']}" if method.name == MODEL else f"baseline {method.name}"
    return f"Worst objects of {whose} on the first frame: each one's worst frame, by overlap (IoU)"


def worst_cases(clip: Clip, scores: ClipScores, prompt: str) -> list[Case]:
    """Each object's worst frame, beside the frame on which it was prompted with a `mask`, `box` or `click`."""
    first, picture = clip.truth(0), clip.files.frames[0]
    cases: list[Case] = []
    for number, worst in scores.worst.items():
        truth = first == number
        start = {
            "mask": Panel(picture, truth, note="first frame: this mask was given"),
            "box": Panel(picture, truth, box=box_around(truth), note="first frame: this box was given"),
            "click": Panel(picture, truth, points=[central_point(truth)], labels=[1], note="first frame: one click"),
        }[prompt]
        shown = clip.files.frames[worst.frame]
        end = Panel(shown, worst.truth, worst.answer, note=f"worst frame: {shown.stem}")
        name = f"{clip.source}, {clip.name}, object {number}"
        mean = next(score.quality.both for score in scores.objects if score.object_id == number)
        told = f"from a {prompt}, J&F {100 * mean:.1f} over the clip, here"
        cases.append(Case(worst.jaccard, name, told, (start, end)))
    return cases
