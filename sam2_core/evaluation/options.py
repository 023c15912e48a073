"""What the measuring commands have in common: where data, model and results are."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from sam2_core.checkpoint import load_model
from sam2_core.device import choose_device, device_of
from sam2_core.errors import Sam2Error
from sam2_core.evaluation.contact_sheet import Case, draw_sheet
from sam2_core.evaluation.simulation import built_in_checkpoint
from sam2_core.model.sam2 import Sam2Model

STANDARD_OUTPUT = Path("-")


class OptionError(Sam2Error):
    """The options of a command do not fit together, or a result cannot be written."""


def explain(parser: argparse.ArgumentParser, text: str) -> None:
    """What the figures mean and examples, below the options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = text


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """`--data`, and the same as plain words."""
    parser.add_argument("folder", type=Path, nargs="*", help="the same as --data")
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        action="extend",
        metavar="FOLDER",
        help="what to measure on: DAVIS trees; folders of pictures with an index map (PNG whose values are object "
        "numbers, 0 = background) of the same name beside each; clips, which are such folders with frames in order; "
        "folders of any of these; or a data folder with train/ or validation/, of which only the held-out part is used",
    )


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """`--checkpoint` and `--device`."""
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="weight file (default: the built-in model)")
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: auto, the fastest there is)"
    )


def add_clip_arguments(parser: argparse._ActionsContainer) -> None:
    """`--clips`, `--frames`, `--split` and `--session`: which clips, how much of them, how a model is run on them."""
    parser.add_argument(
        "--clips", type=int, metavar="N", default=0, help="at most so many clips, evenly spread (default: all)"
    )
    parser.add_argument(
        "--frames", type=int, metavar="N", default=0, help="only the first so many frames (default: all)"
    )
    parser.add_argument("--split", default="val", metavar="NAME", help="list of a DAVIS tree, or 'all' (default: val)")
    parser.add_argument(
        "--session",
        choices=("auto", "program", "published"),
        default="auto",
        help="run the model as in this program or as the original predictor (default: the built-in model as in the "
        "program, any other as published)",
    )


def add_output_arguments(parser: argparse.ArgumentParser, *, with_sheet: bool = True) -> None:
    """`--json` and `--contact-sheet`."""
    parser.add_argument(
        "--json",
        type=Path,
        nargs="?",
        const=STANDARD_OUTPUT,
        metavar="FILE",
        help="also write every figure as one JSON document (quality from 0 to 1, times in seconds); without a file, or "
        "with '-', it goes to standard output and the table to standard error",
    )
    if with_sheet:
        parser.add_argument(
            "--contact-sheet",
            type=Path,
            metavar="FILE.png",
            help="also draw the worst cases: prompts, truth, answer, IoU, and where they come from",
        )


def data_folders(arguments: argparse.Namespace) -> list[Path]:
    """The folders given.

    Raises:
        OptionError: there are none.
    """
    folders: list[Path] = [*arguments.folder, *(arguments.data or ())]
    if not folders:
        raise OptionError("There is nothing to measure on: give --data FOLDER.")
    return folders


def check_counts(arguments: argparse.Namespace, *names: str, smallest: int = 0) -> None:
    """OptionError unless each of these options is at least `smallest`."""
    for name in names:
        value = getattr(arguments, name)
        if value is not None and value < smallest:
            raise OptionError(f"--{name} {value} makes no sense; give {smallest} or more.")


def check_targets(arguments: argparse.Namespace) -> None:
    """OptionError if a result could not be written at the end of a long run."""
    for path in (arguments.json, getattr(arguments, "contact_sheet", None)):
        if path is None or path == STANDARD_OUTPUT:
            continue
        if not path.parent.is_dir():
            raise OptionError(f"{path} cannot be written, there is no folder {path.parent}; make it first.")
        if path.is_dir():
            raise OptionError(f"{path} is a folder; name a file in it.")
    sheet = getattr(arguments, "contact_sheet", None)
    if sheet is not None and sheet.suffix.lower() != ".png":
        raise OptionError(f"The contact sheet {sheet} is to be a PNG file; let its name end in .png.")


def open_model(arguments: argparse.Namespace) -> Sam2Model:
    """The model that the options name, on the device that they name.

    Raises:
        CheckpointError, DeviceError: there is no such file or device.
    """
    return load_model(arguments.checkpoint or built_in_checkpoint(), choose_device(arguments.device))


def describe_model(model: Sam2Model, checkpoint: Path | None) -> dict[str, str]:
    """Which model it is, for the report."""
    file = (checkpoint or built_in_checkpoint()).name
    return {"model": model.config.name, "checkpoint": file, "device": device_of(model).label}


def table_stream(arguments: argparse.Namespace) -> IO[str]:
    """Where tables go: standard output, unless that is for the JSON document alone."""
    return sys.stderr if arguments.json == STANDARD_OUTPUT else sys.stdout


def write_json(target: Path | None, content: dict[str, Any]) -> None:
    """Write the document to a file or to standard output, if it was asked for.

    Raises:
        OptionError: it could not be written.
    """
    if target is None:
        return
    text = json.dumps(content, indent=1)
    if target == STANDARD_OUTPUT:
        print(text)
        return
    try:
        target.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OptionError(f"{target} could not be written ({error.strerror}); choose another file.") from error


def write_sheet(target: Path | None, title: str, cases: Sequence[Case]) -> None:
    """Draw the cases into a PNG file, if it was asked for.

    Raises:
        OptionError: it could not be written.
    """
    if target is None:
        return
    try:
        draw_sheet(title, cases).save(target)
    except OSError as error:
        raise OptionError(f"{target} could not be written ({error.strerror}); choose another file.") from error


class Progress:
    """A line on standard error that says how far a long run is; nothing where nobody watches."""

    def __init__(self, total: int, what: str) -> None:
        self._total = total
        self._what = what
        self._done = 0
        self._is_shown = sys.stderr.isatty()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._is_shown:
            end = "\r" if self._done < self._total else "\r\033[K"
            print(f"{self._done} of {self._total} {self._what}", end=end, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Make room for a line of the table."""
        if self._is_shown:
            print("\033[K", end="", file=sys.stderr, flush=True)
