"""Video object segmentation: a prompt on the first frame, then J and F of what is followed (paper, section 6.2)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sam2_core.evaluation.contact_sheet import WorstCases
from sam2_core.evaluation.data import choose_clips
from sam2_core.evaluation.davis_report import MODEL, Method, Table, document, sheet_title, worst_cases
from sam2_core.evaluation.index_png import MaskFolder
from sam2_core.evaluation.labelled import Clip
from sam2_core.evaluation.options import (
    OptionError,
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
from sam2_core.evaluation.scores import score_clip
from sam2_core.evaluation.simulation import built_in_checkpoint
from sam2_core.evaluation.trackers import copy_tracker, flow_tracker, matching_tracker, model_tracker, session_settings
from sam2_core.model.efficientnet import EfficientNetTrunk
from sam2_core.model.sam2 import Sam2Model

_EXPLANATION = """\
J is the overlap of answer and truth (IoU), F the agreement of their outlines within 0.8 % of the picture's diagonal,
J&F the mean of the two; all in percent. ms is computing time per frame and object, without reading files. The mean of
a source is over its objects; the last line is the mean over sources.

examples:
  python -m sam2_core.evaluation davis --data DAVIS
  python -m sam2_core.evaluation davis --data CLIPS --prompt click --baseline flow --contact-sheet worst.png
  python -m sam2_core.evaluation davis --data DAVIS --checkpoint sam2.1_hiera_tiny.pt --save-masks ANSWERS
"""
BASELINES = ("copy", "flow", "matching")
_WORST = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    explain(parser, _EXPLANATION)
    add_data_arguments(parser)
    add_model_arguments(parser)
    parser.add_argument(
        "--prompt",
        choices=("mask", "box", "click"),
        default="mask",
        help="what the model is given of each object on the first frame: its true mask, a box around it, or one click "
        "in its middle (default: mask)",
    )
    parser.add_argument(
        "--baseline",
        choices=BASELINES,
        action="append",
        help="measure this beside the model, from the true first mask: the mask copied to every frame, warped along "
        "optical flow (needs OpenCV), or carried by matching features; may be given several times",
    )
    parser.add_argument("--only-baseline", action="store_true", help="leave the model out")
    parser.add_argument(
        "--skip-last",
        action=argparse.BooleanOptionalAction,
        help="do not score the last annotated frame (default: as DAVIS says in DAVIS trees, else score it)",
    )
    add_clip_arguments(parser)
    parser.add_argument(
        "--save-masks", type=Path, metavar="FOLDER", help="also write the answers, as FOLDER/source/clip/frame.png"
    )
    add_output_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print a line per object, sequence and source, and the mean over sources last; 0 if all went well."""
    check_targets(arguments)
    check_counts(arguments, "clips", "frames")
    clips = choose_clips(data_folders(arguments), arguments.split, arguments.clips, arguments.frames)
    methods, about = _methods(arguments)
    kept = None if arguments.save_masks is None else MaskFolder(arguments.save_masks)
    worst = WorstCases(_WORST)
    table = Table(table_stream(arguments), methods)
    table.head(about, {clip.name: _skips_last(clip, arguments) for clip in clips})
    for clip in clips:
        for method in methods:
            is_first = method is methods[0]
            keep = kept.keep if kept is not None and is_first else None
            scores = score_clip(clip, method.tracker, skip_last=_skips_last(clip, arguments), keep=keep)
            method.add(clip, scores)
            if is_first and arguments.contact_sheet:
                for case in worst_cases(clip, scores, arguments.prompt if method.name == MODEL else "mask"):
                    worst.add(case)
        table.clip(clip, scores.later)
    table.means()
    write_json(arguments.json, document(about, methods))
    write_sheet(arguments.contact_sheet, sheet_title(about, methods[0]), worst.cases)
    return 0


def _skips_last(clip: Clip, arguments: argparse.Namespace) -> bool:
    return clip.files.is_davis if arguments.skip_last is None else bool(arguments.skip_last)


def _methods(arguments: argparse.Namespace) -> tuple[list[Method], dict[str, Any]]:
    """What is measured, the model first, and what the report says about it."""
    baselines = list(dict.fromkeys(arguments.baseline or ()))
    if arguments.only_baseline and not baselines:
        raise OptionError(
            "With --only-baseline nothing is left to measure; name one with --baseline copy|flow|matching."
        )
    methods: list[Method] = []
    about: dict[str, Any] = {"command": "davis"}
    model = None
    if not arguments.only_baseline:
        model = open_model(arguments)
        settings = session_settings(model, arguments.session, non_overlap=True)
        manner = "published" if settings.as_published else "program"
        about |= {**describe_model(model, arguments.checkpoint), "prompt": arguments.prompt, "session": manner}
        methods.append(Method(MODEL, model_tracker(model, arguments.prompt, settings)))
    for name in baselines:
        if name == "matching":
            methods.append(Method(name, matching_tracker(_matching_model(arguments, model))))
        else:
            methods.append(Method(name, copy_tracker if name == "copy" else flow_tracker))
    return methods, about


def _matching_model(arguments: argparse.Namespace, model: Sam2Model | None) -> Sam2Model:
    """The model that was named if its trunk can be matched with, else the built-in one."""
    named = open_model(arguments) if model is None else model
    if isinstance(named.image_encoder.trunk, EfficientNetTrunk):
        return named
    given = argparse.Namespace(**{**vars(arguments), "checkpoint": built_in_checkpoint()})
    return open_model(given)
