"""Making data sets of a project: what goes in, in which format, and where to."""

from __future__ import annotations

import difflib
import importlib.metadata
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from app.commands.errors import CommandError
from app.commands.exported_clip import ExportedClip
from app.commands.targets import check_frame, counted, object_of
from app.document.project import Project
from app.media.clip import FrameSource
from exporters.dataset import Category, Dataset, Info
from exporters.errors import ExportError
from exporters.format import Progress
from exporters.registry import FORMATS as FORMATS
from exporters.registry import export as export_dataset
from exporters.registry import find_format
from exporters.report import Report

CACHE_BYTES = 64 * 1024 * 1024
"""For an export's own decoder, which reads every frame once and in order."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What the command line asks for: a format and a folder."""

    format_name: str
    target: Path


def parse_export(text: str) -> ExportRequest:
    """The request in FORMAT:FOLDER, such as coco:labels or coco:C:\\labels. CommandError if it is none."""
    name, colon, folder = text.partition(":")
    known = ", ".join(FORMATS)
    if not colon or len(name.strip()) < 2:
        raise CommandError(f"{text!r} names no format. Write FORMAT:FOLDER, such as coco:{text}. The formats: {known}.")
    if not folder.strip():
        raise CommandError(f"{text!r} names no folder. Write FORMAT:FOLDER, such as {name}:labels.")
    try:
        return ExportRequest(find_format(name).name, Path(folder))
    except ExportError as error:
        raise CommandError(str(error)) from error


def make_options(format_name: str, values: Mapping[str, object]) -> Any:
    """The options of a format from names and values, which may be text as typed on a command line.

    CommandError for a name that the format does not know or a value that is none; ExportError for one that it refuses.
    """
    options = find_format(format_name).options
    kinds = get_type_hints(options)
    given: dict[str, Any] = {}
    for name, value in values.items():
        key = name.strip().replace("-", "_")
        if key not in kinds:
            near = difflib.get_close_matches(key, kinds, 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise CommandError(f"{format_name} has no option {name!r}. {hint}The options are {', '.join(kinds)}.")
        given[key] = _option(name, value, kinds[key])
    return options(**given)


def dataset_of(
    project: Project,
    source: FrameSource | None,
    frames: Iterable[int] | None = None,
    *,
    object_ids: Iterable[int] | None = None,
    only_verified: bool = False,
    info: Info | None = None,
) -> Dataset:
    """The project as exporters see it, frozen now: what is changed later is not in it.

    `source` gives the pictures; without it only masks can be exported. `frames` and `object_ids` choose a part, None
    everything; with `only_verified` all other cells count as not looked at. `info` says who made the data set and what
    others may do with it. CommandError when there is nothing to export or the source is another clip.
    """
    document = project.document
    wanted = sorted(set(range(document.clip.frame_count) if frames is None else frames))
    for frame in wanted:
        check_frame(project, frame)
    ids = sorted(document.objects if object_ids is None else {object_of(project, number).id for number in object_ids})
    _check_source(project, source)
    view = ExportedClip(document.snapshot(), source, wanted, ids, only_verified)
    _refuse_nothing(project, view, wanted, ids, only_verified)
    categories = [Category(item.id, item.name, item.supercategory) for item in document.categories.values()]
    said = info or Info()
    said = replace(said, app_version=said.app_version or _version(), date=said.date or time.strftime("%Y/%m/%d"))
    return Dataset((view,), tuple(sorted(categories, key=lambda item: item.id)), said)


def export(
    project: Project,
    source: FrameSource | None,
    format_name: str,
    target: Path,
    options: Any = None,
    frames: Iterable[int] | None = None,
    *,
    object_ids: Iterable[int] | None = None,
    only_verified: bool = False,
    overwrite: bool = False,
    info: Info | None = None,
) -> Generator[Progress, None, Report]:
    """Work that writes a data set to `target`, reads it back and returns the Report; yields Progress.

    The project is frozen when this is called, so call it where the project lives; the work itself may run on any thread
    and reads frames with a decoder of its own. Closing it leaves nothing behind. `options` is the format's options
    dataclass (see `make_options`). CommandError and ExportError say why something cannot be exported.
    """
    chosen = find_format(format_name)
    settings = chosen.options() if options is None else options
    if source is None and getattr(settings, "with_images", False):
        raise CommandError(
            "The clip is not open, so its pictures cannot be exported. Find it, or export without pictures."
        )
    dataset = dataset_of(project, source, frames, object_ids=object_ids, only_verified=only_verified, info=info)
    return _work(dataset, source, chosen.name, Path(target), settings, overwrite)


def _work(
    dataset: Dataset, source: FrameSource | None, format_name: str, target: Path, options: Any, overwrite: bool
) -> Generator[Progress, None, Report]:
    if source is None:
        return (yield from export_dataset(dataset, format_name, target, options, overwrite=overwrite))
    with source.reopen(CACHE_BYTES) as own:
        clips = tuple(clip.reading(own) for clip in dataset.clips if isinstance(clip, ExportedClip))
        dataset = replace(dataset, clips=clips)
        return (yield from export_dataset(dataset, format_name, target, options, overwrite=overwrite))


def _check_source(project: Project, source: FrameSource | None) -> None:
    clip = project.document.clip
    if source is None:
        return
    found = (source.frame_count, source.height, source.width)
    if found != (clip.frame_count, clip.height, clip.width):
        raise CommandError(
            f"{source.path.name} has {counted(found[0], 'frame')} of {found[2]} x {found[1]} pixels, but this "
            f"project was made on {counted(clip.frame_count, 'frame')} of {clip.width} x {clip.height}. Open the "
            "clip that belongs to it."
        )


def _refuse_nothing(
    project: Project, view: ExportedClip, frames: Sequence[int], object_ids: Sequence[int], only_verified: bool
) -> None:
    if not project.document.objects:
        raise CommandError("There is nothing to export yet. Make an object and give it a click, then propagate.")
    if not frames or not object_ids:
        raise CommandError("Nothing was chosen to be exported. Choose at least one frame and one object.")
    found = (
        record
        for number in object_ids
        for position in range(len(frames))
        if (record := view.mask(number, position)) is not None and record.state == "visible"
    )
    if next(found, None) is not None:
        return
    where = f"frames {frames[0]} to {frames[-1]}" if len(frames) > 1 else f"frame {frames[0]}"
    if only_verified:
        raise CommandError(f"No mask on {where} is verified. Verify some, or export the others too.")
    raise CommandError(f"There are no masks on {where}. Click on an object and propagate, or choose another range.")


def _option(name: str, value: object, kind: Any) -> Any:
    if not isinstance(value, str) or kind is str:
        return value
    text = value.strip()
    if kind is bool:
        known = {
            "yes": True,
            "true": True,
            "on": True,
            "1": True,
            "no": False,
            "false": False,
            "off": False,
            "0": False,
        }
        if text.lower() not in known:
            raise CommandError(f"{name} is yes or no, not {value!r}.")
        return known[text.lower()]
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise CommandError(f"{name} is a whole number, not {value!r}.") from None
    if get_origin(kind) is Literal:
        same = [choice for choice in get_args(kind) if str(choice).lower() == text.lower()]
        if not same:
            raise CommandError(f"{name} is one of {', '.join(map(str, get_args(kind)))}, not {value!r}.")
        return same[0]
    return text


def _version() -> str:
    try:
        return importlib.metadata.version("masklet-studio")
    except importlib.metadata.PackageNotFoundError:
        return ""  # started from its folder, without being installed
