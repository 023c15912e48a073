"""`masklet-studio finetune`: checks, progress, and what to tell at the end."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from app.cli.checks import as_usage_errors, check_device_name, check_model, checked_checkpoint
from app.cli.errors import EXIT_INTERRUPTED, EXIT_OK, UsageError, WorkFailed
from app.cli.progress import ProgressDisplay, StopRequest

if TYPE_CHECKING:
    from app.inference.checkpoints import Checkpoint
    from app.inference.finetuning.finetune import FinetuneRequest, Progress, Result

FINETUNE_HELP = """\
Ctrl-C keeps what was learned so far, and the same command goes on from there.

examples:
  masklet-studio finetune walk.masklet
  masklet-studio finetune walk.masklet yard.masklet --from 2.1_tiny --minutes 60 --name our-dogs
"""


@dataclass(frozen=True)
class Request:
    """What the command line asks `finetune` for, unchecked."""

    projects: tuple[Path, ...]
    base: str = "built-in"
    name: str | None = None
    minutes: float = 10.0
    steps: int | None = None
    device: str = "auto"
    data: tuple[Path, ...] = ()
    keep: bool = False
    unverified: bool = False
    data_only: Path | None = None

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Request:
        """What the parsed command line says."""
        return cls(
            projects=tuple(arguments.projects),
            base=arguments.base,
            name=arguments.name,
            minutes=arguments.minutes,
            steps=arguments.steps,
            device=arguments.device,
            data=tuple(arguments.data),
            keep=arguments.keep,
            unverified=arguments.unverified,
            data_only=arguments.data_only,
        )


def add_finetune_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add = parser.add_argument
    add("projects", nargs="+", type=Path, metavar="PROJECT", help="project files with verified masks")
    add(
        "--from",
        dest="base",
        default="built-in",
        metavar="NAME|FILE",
        help="the model to begin with: a name from `info`, or a weight file",
    )
    add("--name", metavar="NAME", help="of the new model (default: made of project and model)")
    add("--minutes", type=float, default=10.0, metavar="N", help="about how long it may take in all (default: 10)")
    add("--steps", type=int, metavar="N", help="learn for so many steps, however long they take")
    add("--device", default="auto", metavar="NAME", help="auto (the default), cuda, cuda:1, mps or cpu")
    add("--data", type=Path, nargs="+", default=[], metavar="FOLDER", help="other labelled data to mix in")
    add("--keep", action="store_true", help="put the model into the list even if it is no better")
    add("--unverified", action="store_true", help="learn from masks too that nobody looked at")
    add("--data-only", type=Path, metavar="DIR", help="only write the masks as a data folder for other trainings")


def finetune(request: Request) -> int:
    """Check a request, carry it out, and tell what came of it; gives the exit code."""
    with as_usage_errors():
        for project in request.projects:
            if not project.is_file():
                raise UsageError(f"There is no project {project}.")
        if request.data_only is not None:
            return _write_data(request, request.data_only)
        checked = _checked(request)
    from app.document.errors import ProjectError
    from app.errors import sentence_of
    from app.inference.finetuning.errors import FinetuneError
    from sam2_core.training.library import DataError

    try:
        return _carry_out(checked)
    except (FinetuneError, ProjectError, DataError) as error:
        raise UsageError(str(error)) from error
    except Exception as error:
        said = sentence_of(error)
        if said is None:
            raise
        raise WorkFailed(said) from error


def _checked(request: Request) -> FinetuneRequest:
    from app.inference.checkpoints import checkpoint_folder
    from app.inference.finetuning.finetune import FinetuneRequest

    if request.minutes <= 0:
        raise UsageError("--minutes must be more than nothing, such as 10.")
    if request.steps is not None and request.steps < 1:
        raise UsageError("--steps must be 1 or more.")
    check_device_name(request.device)
    base = checked_checkpoint(request.base, option="--from")
    check_model(base, request.device)
    if request.name is not None and not re.fullmatch(r"[\w][\w .+-]*", request.name):
        raise UsageError(f"“{request.name}” is no name for a model: use letters, figures, spaces, dots and dashes.")
    folder = checkpoint_folder()
    name = request.name or _free_name(base, request.projects[0], folder)
    target = folder / f"{name}.pt"
    if target.exists():
        raise UsageError(f"There is a model “{name}” already: choose another --name, or remove {target}.")
    return FinetuneRequest(
        projects=tuple(dict.fromkeys(project.resolve() for project in request.projects)),
        base=base,
        name=name,
        folder=folder.parent / "finetuning" / name,
        target=target,
        minutes=request.minutes,
        device=request.device,
        data=request.data,
        keep=request.keep,
        only_verified=not request.unverified,
        steps=request.steps,
    )


def _free_name(base: Checkpoint, project: Path, folder: Path) -> str:
    """Project and base, with a number where that is taken."""
    wanted = re.sub(r"[^\w.+-]+", "-", f"{project.stem}-{base.name}")
    name, number = wanted, 2
    while (folder / f"{name}.pt").exists():
        name, number = f"{wanted}-{number}", number + 1
    return name


def _carry_out(request: FinetuneRequest) -> int:
    from app.inference.finetuning.finetune import Result, finetune

    result: Result | None = None
    work = cast("Generator[Progress | Result, None, None]", finetune(request))
    shown = _Shown()
    with StopRequest() as stop, closing(work), closing(shown):
        for step in work:
            if isinstance(step, Result):
                result = step
                continue
            shown.show(step)
            if stop.is_set:
                work.close()
                shown.close()
                print("Stopped. What was learned so far is kept; the same command goes on from there.", file=sys.stderr)
                return EXIT_INTERRUPTED
    assert result is not None
    _tell(request, result)
    return EXIT_OK


def _tell(request: FinetuneRequest, result: Result) -> None:
    from app.inference.finetuning.verdict import Outcome

    print(result.said)
    if result.saved is not None:
        print(f"The model “{request.name}” is in the list of models now ({result.saved}); its card lies beside it.")
        if result.outcome is Outcome.BETTER:
            print(f"It was measured on clips like those it learned from; elsewhere {request.base.title} may be better.")
        else:
            print(f"Compare it with {request.base.title} before you rely on it.")
    else:
        print(
            f"Nothing was added to the list of models: {request.base.title} serves you as well or better. "
            "The same command with --keep adds it all the same."
        )


class _Shown:
    """One progress display after the other, as the work goes from part to part."""

    def __init__(self) -> None:
        self._what = ""
        self._display: ProgressDisplay | None = None

    def show(self, step: Progress) -> None:
        if step.line is not None and self._display is None:
            print(step.line, file=sys.stderr, flush=True)
            return
        if step.what != self._what or self._display is None:
            self.close()
            unit = {"Learning": "steps", "Reading": "frames"}.get(step.what, "questions")
            self._what, self._display = step.what, ProgressDisplay(step.what, unit)
        self._display.show(step.done, step.total)
        if step.line is not None:
            self._display.say(step.line)

    def close(self) -> None:
        if self._display is not None:
            self._display.__exit__(None, None, None)
            self._display = None


def _write_data(request: Request, folder: Path) -> int:
    """The masks as a data folder, for `python -m sam2_core.training --data`."""
    from app.inference.finetuning.data_folder import LARGEST_SIDE, write_data_folder
    from app.inference.finetuning.truth import read_truth

    truths = [read_truth(project, only_verified=not request.unverified) for project in request.projects]
    frames = {truth.project: truth.frames for truth in truths}
    with ProgressDisplay("Writing") as display:
        for written in write_data_folder(folder, truths, frames, LARGEST_SIDE):
            display.show(written.done, written.total)
    print(f"{folder}: {sum(truth.count for truth in truths):,} masks; train with python -m sam2_core.training --data")
    return EXIT_OK
