"""`interactive --video`: rounds of corrections on clips, offline and online."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from sam2_core.evaluation.contact_sheet import Case, Panel, WorstCases
from sam2_core.evaluation.data import choose_clips
from sam2_core.evaluation.labelled import Clip
from sam2_core.evaluation.options import (
    Progress,
    data_folders,
    describe_model,
    open_model,
    table_stream,
    write_json,
    write_sheet,
)
from sam2_core.evaluation.rounds import ONLINE_LIMIT, FrameClicks, RoundScores, SimulatedPerson
from sam2_core.evaluation.scores import mean_of
from sam2_core.evaluation.trackers import session_settings

_FIND_FRAME, _CLICK, _EXAMINE_300_FRAMES = 1.0, 1.5, 30.0
"""Seconds that a person needs, as the paper puts them."""
_MANNERS = ("offline", "online")
_WORST = 12
_NAME = 24


@dataclass(frozen=True)
class Corrected:
    """One object of a clip, followed in one manner."""

    source: str
    clip: str
    manner: str
    length: int
    scores: RoundScores


def run_on_clips(arguments: argparse.Namespace, clicks: int) -> int:
    """Measure, print J&F after each round by source, and the mean over sources last; 0 if all went well."""
    clips = choose_clips(data_folders(arguments), arguments.split, arguments.clips, arguments.frames)
    model = open_model(arguments)
    settings = session_settings(model, arguments.session, non_overlap=False)
    about = {
        "command": "interactive --video",
        **describe_model(model, arguments.checkpoint),
        "session": "published" if settings.as_published else "program",
        "rounds": arguments.rounds,
        "clicks": clicks,
    }
    stream = table_stream(arguments)
    _print_head(stream, about)
    progress = Progress(len(clips) * len(_MANNERS), "passes over a clip with all their rounds")
    worst = WorstCases(_WORST)
    found: list[Corrected] = []
    seconds: list[float] = []
    for clip in clips:
        person = SimulatedPerson(model, clip, settings, clicks)
        for manner in _MANNERS:
            results = person.offline(arguments.rounds) if manner == "offline" else person.online(arguments.rounds)
            found += [Corrected(clip.source, clip.name, manner, len(clip), result) for result in results]
            for result in results:
                worst.add(_case(clip, manner, result))
            progress.step()
        seconds.append(person.seconds)
        progress.clear()
        for manner in _MANNERS:
            of_clip = [one for one in found if (one.source, one.clip, one.manner) == (clip.source, clip.name, manner)]
            _print_row(stream, clip.name, manner, _both(of_clip))
    means = _print_means(stream, found, float(np.mean(seconds)))
    objects = [_plain(one, clicks) for one in found]
    speed = {"seconds_per_frame_and_object": float(np.mean(seconds))}
    write_json(arguments.json, {**about, **speed, **means, "objects": objects})
    title = f"Worst frames of {about['model']} after {arguments.rounds} rounds of {clicks} clicks"
    write_sheet(arguments.contact_sheet, title, worst.cases)
    return 0


def person_seconds(manner: str, length: int, frames: int, clicks: int) -> float:
    """What the paper reckons a person needs for `frames` corrected frames of a clip of `length` frames."""
    examining, correcting = _EXAMINE_300_FRAMES * length / 300, _FIND_FRAME + clicks * _CLICK
    return (examining + correcting) * frames if manner == "offline" else examining + correcting * frames


def _both(found: Sequence[Corrected]) -> list[float]:
    """J&F after each round, the mean over objects."""
    return [mean_of(list(of_round)).both for of_round in zip(*(one.scores.quality for one in found), strict=True)]


def _print_head(stream: IO[str], about: Mapping[str, Any]) -> None:
    how = "as the original predictor" if about["session"] == "published" else "as in the program"
    print(f"{about['model']} on {about['device']}, run {how}", file=stream)
    print(
        f"J&F in percent over all annotated frames after 1, 2, … frames with up to {about['clicks']} clicks each. "
        f"offline: each time the worst frame not yet clicked on; online: one pass that stops below IoU {ONLINE_LIMIT}.",
        file=stream,
    )
    heads = "".join(f"{number:>6}" for number in range(1, about["rounds"] + 1))
    print(f"{'clip':{_NAME}} {'manner':>8}{heads}{'mean':>7}", file=stream, flush=True)


def _print_row(stream: IO[str], name: str, manner: str, both: Sequence[float]) -> None:
    cells = "".join(f"{100 * value:6.1f}" for value in both)
    print(f"{name[:_NAME]:{_NAME}} {manner:>8}{cells}{100 * float(np.mean(both)):7.1f}", file=stream, flush=True)


def _print_means(stream: IO[str], found: Sequence[Corrected], seconds: float) -> dict[str, Any]:
    """Print the means; gives them for the JSON document."""
    sources = list(dict.fromkeys(one.source for one in found))
    means: dict[str, dict[str, list[float]]] = {source: {} for source in sources}
    for source in sources:
        for manner in _MANNERS:
            both = _both([one for one in found if (one.source, one.manner) == (source, manner)])
            means[source][manner] = both
            _print_row(stream, f"mean of {source}", manner, both)
    overall = {
        manner: [float(value) for value in np.mean([of_source[manner] for of_source in means.values()], axis=0)]
        for manner in _MANNERS
    }
    frames = {m: float(np.mean([one.scores.frames[-1] for one in found if one.manner == m])) for m in _MANNERS}
    print(
        f"Frames clicked on in the end: offline {frames['offline']:.1f}, online {frames['online']:.1f}. "
        f"Computing: {1000 * seconds:.0f} ms per frame and object.",
        file=stream,
    )
    told = (
        f"{manner} J&F "
        + "  ".join(f"{number}: {100 * value:.1f}" for number, value in enumerate(overall[manner], 1))
        + f"  mean: {100 * float(np.mean(overall[manner])):.1f}"
        for manner in _MANNERS
    )
    print(f"mean over sources: {'; '.join(told)}", file=stream, flush=True)
    return {"mean": overall, "sources": means}


def _plain(one: Corrected, clicks: int) -> dict[str, Any]:
    """For JSON; quality from 0 to 1, times in seconds."""
    frames = one.scores.frames
    return {
        "source": one.source,
        "clip": one.clip,
        "object": one.scores.number,
        "manner": one.manner,
        "j": [quality.jaccard for quality in one.scores.quality],
        "f": [quality.boundary for quality in one.scores.quality],
        "jf": [quality.both for quality in one.scores.quality],
        "frames_clicked_on": list(frames),
        "person_seconds": [person_seconds(one.manner, one.length, count, clicks) for count in frames],
        "clicks": {
            str(frame): {"points": [list(point) for point in given.points], "labels": list(given.labels)}
            for frame, given in one.scores.clicks.items()
        },
    }


def _case(clip: Clip, manner: str, result: RoundScores) -> Case:
    """The first frame with its clicks beside the frame that is worst in the end."""
    frames = clip.files.frames
    first, worst = result.clicks[0], result.worst
    there = result.clicks.get(worst.frame, FrameClicks())
    start = Panel(
        frames[0],
        clip.truth(0) == result.number,
        points=first.points,
        labels=first.labels,
        note=f"first frame: {len(first.points)} clicks",
    )
    end = Panel(
        frames[worst.frame],
        worst.truth,
        worst.answer,
        points=there.points,
        labels=there.labels,
        note=f"worst frame in the end: {frames[worst.frame].stem}",
    )
    name = f"{clip.source}, {clip.name}, object {result.number}"
    told = f"{manner}, {len(result.clicks)} frames clicked on, J&F {100 * result.quality[-1].both:.1f}, here"
    return Case(worst.jaccard, name, told, (start, end))
