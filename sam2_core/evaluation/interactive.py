"""What a simulated person's clicks and boxes give, on pictures or, with `--video`, on clips (sections 5, 6)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from typing import IO, Any

from sam2_core.evaluation.contact_sheet import WorstCases
from sam2_core.evaluation.data import find_stills
from sam2_core.evaluation.options import (
    OptionError,
    Progress,
    add_clip_arguments,
    add_data_arguments,
    add_model_arguments,
    add_output_arguments,
    check_counts,
    check_targets,
    data_folders,
    describe_model,
    explain,
    open_model,
    table_stream,
    write_json,
    write_sheet,
)
from sam2_core.evaluation.stills import (
    NEEDED,
    WANTED_IOU,
    ObjectResult,
    Row,
    answer_all,
    clicks_name,
    make_questions,
    mean_over_sources,
    means_of,
    told_clicks,
)
from sam2_core.image import ImagePredictor

_EXPLANATION = """\
The person is simulated: the first click goes where the object is deepest, each further one to the middle of the
largest fault. On pictures the figures are mean IoUs, 0 to 1, and NoC85, the clicks needed for an IoU of 0.85; with
--video they are J&F in percent after each round. The last line is the mean over sources.

examples:
  python -m sam2_core.evaluation interactive --data PHOTOS --contact-sheet worst.png
  python -m sam2_core.evaluation interactive --data PHOTOS --pictures 10 --objects 3 --clicks 3 --baseline grabcut
  python -m sam2_core.evaluation interactive --video --data CLIPS --rounds 4
"""
CLICKS_ON_PICTURES, CLICKS_ON_FRAMES = 8, 3
_WORST = 12
_NAME = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    explain(parser, _EXPLANATION)
    add_data_arguments(parser)
    add_model_arguments(parser)
    parser.add_argument(
        "--clicks",
        type=int,
        metavar="N",
        help=f"clicks per object (default: {CLICKS_ON_PICTURES}), with --video per corrected frame (default: "
        f"{CLICKS_ON_FRAMES})",
    )
    stills = parser.add_argument_group("on pictures")
    stills.add_argument(
        "--pictures",
        type=int,
        metavar="N",
        default=0,
        help="at most so many pictures of a source, evenly spread (default: all)",
    )
    stills.add_argument(
        "--objects",
        type=int,
        metavar="N",
        default=0,
        help="at most so many objects of a picture, evenly spread (default: all)",
    )
    stills.add_argument("--baseline", choices=("grabcut",), help="measure GrabCut in the box beside it (needs OpenCV)")
    video = parser.add_argument_group("on clips")
    video.add_argument(
        "--video",
        action="store_true",
        help="follow objects through clips and correct them in rounds: offline (the worst frame of the clip, then "
        "again from the start) and online (one pass that stops where the overlap falls below 0.75)",
    )
    video.add_argument(
        "--rounds", type=int, metavar="N", default=8, help="frames that are clicked on at most (default: 8)"
    )
    add_clip_arguments(video)
    add_output_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print a line per source and the mean over sources last; 0 if all went well."""
    check_targets(arguments)
    check_counts(arguments, "clicks", "rounds", smallest=1)
    check_counts(arguments, "pictures", "objects", "clips", "frames")
    if not arguments.video:
        return _run_on_pictures(arguments, arguments.clicks or CLICKS_ON_PICTURES)
    if arguments.baseline:
        raise OptionError("GrabCut cannot follow anything; leave out --baseline with --video.")
    # Imported when it is asked for, because pictures need no session.
    from sam2_core.evaluation.corrections import run_on_clips

    return run_on_clips(arguments, arguments.clicks or CLICKS_ON_FRAMES)


def _run_on_pictures(arguments: argparse.Namespace, clicks: int) -> int:
    questions = make_questions(find_stills(data_folders(arguments)), arguments.pictures, arguments.objects)
    model = open_model(arguments)
    about = {"command": "interactive", **describe_model(model, arguments.checkpoint), "clicks": clicks}
    table = _Table(table_stream(arguments), about, with_grabcut=arguments.baseline is not None)
    by_clicks, by_box = WorstCases(_WORST), WorstCases(_WORST)
    progress = Progress(sum(len(question.numbers) for question in questions), "objects")

    def measured() -> Iterator[ObjectResult]:
        with_grabcut = arguments.baseline is not None
        for result, clicked, boxed in answer_all(ImagePredictor(model), questions, clicks, with_grabcut=with_grabcut):
            by_clicks.add(clicked)
            by_box.add(boxed)
            progress.step()
            yield result

    everything: list[ObjectResult] = []
    means: dict[str, Row] = {}
    for source, found in groupby(measured(), key=lambda result: result.source):
        results = list(found)
        everything += results
        means[source] = means_of(results)
        progress.clear()
        table.row(source, len(results), means[source])
    overall = mean_over_sources(means)
    table.last(len(everything), overall)
    objects = [asdict(result) for result in everything]
    write_json(arguments.json, {**about, "mean": overall, "sources": means, "objects": objects})
    title = f"Worst answers of {about['model']}: first to {clicks} clicks, then to a box"
    write_sheet(arguments.contact_sheet, title, [*by_clicks.cases, *by_box.cases])
    return 0


class _Table:
    """Prints a row per source.

    Args:
        stream: where to.
        about: which model, and how many clicks.
        with_grabcut: whether there is a column for it.
    """

    def __init__(self, stream: IO[str], about: Mapping[str, Any], *, with_grabcut: bool) -> None:
        self._stream = stream
        self._ious = [*map(clicks_name, told_clicks(about["clicks"])), "best of 3", "box", "box itself"]
        self._ious += ["grabcut"] if with_grabcut else []
        self._told = [name for name in self._ious if name not in ("best of 3", "box itself")]
        self._say(f"{about['model']} on {about['device']}")
        self._say(
            "Mean IoU after clicks in the middle of the largest fault (the first: the answer with the best estimate; "
            "best of 3: the best of its three); from a box alone; of the box taken as a mask."
        )
        self._say(
            f"NoC85: clicks to an IoU of {WANTED_IOU}, {about['clicks']} where it was never reached; never: share of "
            "those; ms: computing, per picture and per prompt."
        )
        heads = "".join(f"{name:>11}" for name in self._ious)
        self._say(f"{'source':{_NAME}}{'objects':>8}{heads}{'NoC85':>7}{'never':>7}{'picture':>9}{'prompt':>8}")

    def row(self, name: str, count: int, row: Row) -> None:
        """One source."""
        ious = "".join(f"{row[key]:11.3f}" for key in self._ious)
        times = f"{1000 * row['seconds per picture']:6.0f} ms{1000 * row['seconds per prompt']:5.0f} ms"
        self._say(f"{name[:_NAME]:{_NAME}}{count:>8}{ious}{row[NEEDED]:7.2f}{100 * row['never']:6.0f}%{times}")

    def last(self, count: int, overall: Row) -> None:
        """The mean over sources, as a row and as the last line."""
        self.row("mean", count, overall)
        told = "  ".join(f"{key} {overall[key]:.3f}" for key in self._told)
        self._say(f"mean over sources: {told}  {NEEDED} {overall[NEEDED]:.2f}")

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)
