"""Everything that can be known before the long work of `propagate` begins, asked in order of what it costs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.errors import EnvironmentMissing, UsageError, WorkFailed

if TYPE_CHECKING:
    from app.commands.coloring import ColorBy
    from app.commands.export import ExportRequest
    from app.document.project import Project
    from app.document.values import Clip
    from app.inference.checkpoints import Checkpoint
    from app.inference.plan import Direction
    from app.media.clip import FrameSource


@dataclass(frozen=True)
class Request:
    """What the command line asks `propagate` for, unchecked."""

    clip: Path
    prompts: Path | None = None
    exports: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    overlay: Path | None = None
    color_by: ColorBy = "object"
    project: Path | None = None
    checkpoint: str = "built-in"
    device: str = "auto"
    frames: str | None = None
    direction: Direction = "both"
    draft: int | None = None
    """Every so many frames; None for a run over all of them."""
    again: bool = False
    overwrite: bool = False


@dataclass
class Prepared:
    """The same, checked and open. `close` it in the end."""

    request: Request
    source: FrameSource
    project: Project
    checkpoint: Checkpoint
    exports: tuple[ExportRequest, ...]
    options: Mapping[str, object]
    """Settings by format."""
    first: int
    last: int

    def close(self) -> None:
        """Close clip and project file. Raises ProjectError where the work could not be written."""
        self.source.close()
        self.project.close()


@contextmanager
def as_usage_errors() -> Iterator[None]:
    """Whatever is refused in here was asked for wrongly, unless the machine is to blame."""
    from app.errors import sentence_of

    try:
        yield
    except (UsageError, EnvironmentMissing, WorkFailed):
        raise
    except Exception as error:
        said = sentence_of(error)
        if said is None:
            raise
        raise UsageError(said) from error


def check(request: Request) -> Prepared:
    """Check all of a request. Raises UsageError or EnvironmentMissing; then nothing was written anywhere."""
    with as_usage_errors():
        check_device_name(request.device)
        _check_draft(request)
        exports = _checked_targets(request)
        options = _checked_options(request, exports)
        if request.prompts is not None and not request.prompts.is_file():
            raise UsageError(f"There is no prompts file {request.prompts}.")
        checkpoint = checked_checkpoint(request.checkpoint)
        from app.media.clip import open_clip

        source = open_clip(request.clip)
        try:
            first, last = parse_range(request.frames, source.frame_count)
            check_model(checkpoint, request.device)
            project = _opened_project(request, source, first, last)
        except BaseException:
            source.close()
            raise
        return Prepared(request, source, project, checkpoint, exports, options, first, last)


def parse_range(text: str | None, frame_count: int) -> tuple[int, int]:
    """First and last frame of A:B, both included; either may be left out. Raises UsageError."""
    end = frame_count - 1
    if text is None:
        return 0, end
    found = re.fullmatch(r"(\d*):(\d*)", text.strip())
    if found is None:
        raise UsageError(f"“{text}” is no range: write A:B with frame numbers, such as 0:99, 40: or :99.")
    first = int(found[1]) if found[1] else 0
    last = int(found[2]) if found[2] else end
    if first > last:
        raise UsageError(f"The range {text} is empty: its first frame {first} comes after its last one {last}.")
    if last > end:
        raise UsageError(f"The range {text} does not fit: the clip has frames 0 to {end}.")
    return first, last


def _check_draft(request: Request) -> None:
    from app.document.values import DRAFT_STEPS

    if request.draft is None:
        return
    if not 2 <= request.draft <= DRAFT_STEPS:
        raise UsageError(f"--draft takes a number from 2 to {DRAFT_STEPS}: the draft computes every so many frames.")
    if request.again:
        raise UsageError("A draft computes only frames that have no mask: leave --draft or --again out.")


def _checked_targets(request: Request) -> tuple[ExportRequest, ...]:
    from app.commands.export import parse_export

    exports = tuple(parse_export(text) for text in request.exports)
    if not exports and request.overlay is None and request.project is None:
        raise UsageError(
            "Nothing would be kept: add --export coco:DIR (or davis:DIR), --overlay FILE.mp4 or --project FILE.masklet."
        )
    if request.overlay is not None and request.overlay.suffix.lower() != ".mp4":
        raise UsageError(f"The overlay is an MP4 video: give it a name that ends in .mp4, not {request.overlay.name}.")
    targets = [export.target for export in exports] + ([] if request.overlay is None else [request.overlay])
    places = [os.path.realpath(target) for target in (*targets, *([request.project] if request.project else []))]
    for place in places:
        if places.count(place) > 1:
            raise UsageError(f"{place} is named twice: give every output a place of its own.")
    for target in targets:
        _check_target(target, request.overwrite)
    return exports


def _checked_options(request: Request, exports: tuple[ExportRequest, ...]) -> dict[str, object]:
    from app.commands.export import make_options

    names = [export.format_name for export in exports]
    values: dict[str, dict[str, str]] = {name: {} for name in names}
    for text in request.options:
        found = re.fullmatch(r"(\w+)\.([\w-]+)=(.*)", text)
        if found is None:
            raise UsageError(f"“{text}” is no option: write FORMAT.NAME=VALUE, such as coco.with_images=no.")
        if found[1] not in values:
            raise UsageError(f"The option “{text}” is of a format that is not exported: add --export {found[1]}:DIR.")
        values[found[1]][found[2]] = found[3]
    return {name: make_options(name, given) for name, given in values.items()}


def check_device_name(device: str) -> None:
    """Refuse words that name no device. Raises UsageError."""
    if re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device) is None:
        raise UsageError(f"“{device}” is no device: choose auto, cpu, cuda, cuda:1 or mps.")


def _check_target(target: Path, overwrite: bool) -> None:
    parent = Path(os.path.realpath(target)).parent
    if not parent.is_dir():
        raise UsageError(f"The folder {parent} does not exist: make it first, or choose another place.")
    if not os.access(parent, os.W_OK):
        raise UsageError(f"You may not write to {parent}: choose another place.")
    is_taken = any(target.iterdir()) if target.is_dir() else target.exists()
    if is_taken and not overwrite:
        raise UsageError(f"{target} exists already: choose another place, or add --overwrite to replace it.")


def checked_checkpoint(name: str, *, option: str = "--checkpoint") -> Checkpoint:
    """The model of that name or at that path. Raises EnvironmentMissing for a missing built-in one."""
    from app.inference.checkpoints import BUILT_IN_NAME, BUILT_IN_PATH, find_checkpoint

    if name == BUILT_IN_NAME and not BUILT_IN_PATH.is_file():
        raise EnvironmentMissing(
            f"The built-in model is missing ({BUILT_IN_PATH}), so this installation is incomplete: install it again, "
            f"or name a model with {option}."
        )
    return find_checkpoint(name)


def check_model(checkpoint: Checkpoint, device: str) -> None:
    """Look into the weight file and at the device; this is the first thing that takes a second."""
    from sam2_core.checkpoint import describe_checkpoint
    from sam2_core.device import choose_device
    from sam2_core.errors import DeviceError

    try:
        choose_device(device)
    except DeviceError as error:
        raise EnvironmentMissing(str(error)) from error
    describe_checkpoint(checkpoint.path)


def _opened_project(request: Request, source: FrameSource, first: int, last: int) -> Project:
    """The project with the prompts in it. Its file is only written if all is well."""
    from app.document.project import Project
    from app.document.values import Clip

    clip = Clip(str(source.path), source.path.name, source.frame_count, source.height, source.width, float(source.fps))
    path = request.project
    if path is None or not path.exists():
        project = Project.new(clip)
        _take_prompts(request, project, first, last)
        if path is not None:
            project.save_as(path)
        return project
    project = Project.open(path)
    try:
        if project.store is None or project.store.is_read_only:
            raise UsageError(f"{path} can only be read: choose another --project, or change its permissions.")
        _check_same_clip(project, clip, path)
        _take_prompts(request, project, first, last)
    except BaseException:
        project.close()
        raise
    return project


def _check_same_clip(project: Project, clip: Clip, path: Path) -> None:
    known = project.document.clip
    if (known.frame_count, known.height, known.width) != (clip.frame_count, clip.height, clip.width):
        raise UsageError(
            f"{path.name} belongs to {known.name} ({known.frame_count} frames of {known.width} x {known.height}), not "
            f"to {clip.name} ({clip.frame_count} of {clip.width} x {clip.height}): name that clip or another project."
        )


def _take_prompts(request: Request, project: Project, first: int, last: int) -> None:
    """Give the project the prompts of the file, unless nothing can be followed from them: then change nothing."""
    from app.cli.prompts import take_prompts
    from app.inference.plan import PlanError, make_plan

    document = project.document
    with project.history.transaction("Prompts"):
        if request.prompts is not None:
            take_prompts(project, request.prompts)
        if not document.objects:
            raise UsageError("There is nothing to follow: name a prompts file with --prompts FILE.json.")
        try:
            make_plan(document, list(document.objects), first, last, request.direction, only_missing=not request.again)
        except PlanError as error:
            if not error.is_complete:
                raise
