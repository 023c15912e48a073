"""Every format once, and the one way to make an export of any of them."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import errno
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

from exporters.dataset import Dataset
from exporters.errors import ExportError, VerificationFailed
from exporters.format import Format, Progress, Written
from exporters.formats import coco, davis
from exporters.report import MarkedFrame, Readback, Report, write_markers, write_object_map
from exporters.staging import Staging
from exporters.survey import Survey, survey

Result = TypeVar("Result")

FORMATS: dict[str, Format] = {chosen.name: chosen for chosen in (coco.FORMAT, davis.FORMAT)}
CONTENTS = frozenset().union(*(chosen.contents for chosen in FORMATS.values()))
"""All names that any format puts at the top of a data set."""


def find_format(name: str) -> Format:
    """The format of that name; an ExportError says which there are and which may have been meant."""
    chosen = FORMATS.get(name.strip().lower())
    if chosen is None:
        near = difflib.get_close_matches(name.strip().lower(), FORMATS, 1, 0.5)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise ExportError(f"There is no export format called {name!r}. {hint}The formats are {', '.join(FORMATS)}.")
    return chosen


def export(
    dataset: Dataset, format_name: str, target: Path, options: Any = None, *, overwrite: bool = False
) -> Generator[Progress, None, Report]:
    """Write a data set, read it back, put it at `target` and its report beside it.

    Yields Progress; returns the Report. Closing the generator leaves nothing behind, and an earlier export as it was.
    With `overwrite` an earlier export there is replaced; anything else never is. Raises ExportError (in words), and
    VerificationFailed, whose `report` tells more, if what was written does not read back as it should.
    """
    chosen = find_format(format_name)
    if options is None:
        options = chosen.options()
    if not isinstance(options, chosen.options):
        raise ExportError(f"{chosen.title} takes {chosen.options.__name__}, not {type(options).__name__}.")
    started = time.time()
    steps = dataset.frame_count
    with disk_errors_in_words(target), Staging(Path(target), overwrite=overwrite, contents=CONTENTS) as staging:
        found = yield from _survey_of(dataset, steps)
        dataset = dataclasses.replace(dataset, info=dataclasses.replace(dataset.info, snapshot_sha256=found.sha256))
        written = yield from _shifted(chosen.write(dataset, staging.tree, options), 0, steps)
        readback = yield from _shifted(chosen.verify(dataset, staging.tree.root, options, written), steps, steps)
        report = _report(dataset, chosen, options, staging, found, written, readback, started)
        if report.verdict == "fail":
            raise VerificationFailed(_told_failure(report), report)
        staging.beside("report.json").write_text(report.to_json(), encoding="utf-8", newline="\n")
        staging.beside("report.md").write_bytes(report.to_markdown().encode("utf-8", "backslashreplace"))
        write_markers(staging.beside("markers.csv"), report.markers)
        write_object_map(staging.beside("object_map.csv"), written.objects)
        staging.publish()
    return report


def _survey_of(dataset: Dataset, steps: int) -> Generator[Progress, None, Survey]:
    work = survey(dataset)
    while True:
        try:
            progress = next(work)
        except StopIteration as end:
            found: Survey = end.value
            return found
        yield Progress(0, 2 * steps, progress.what)


def _shifted(work: Generator[Progress, None, Result], before: int, steps: int) -> Generator[Progress, None, Result]:
    """Let one half of the work report itself as a half."""
    try:
        while True:
            try:
                progress = next(work)
            except StopIteration as end:
                result: Result = end.value
                return result
            yield Progress(before + progress.done, 2 * steps, progress.what)
    finally:
        work.close()


def _report(
    dataset: Dataset,
    chosen: Format,
    options: Any,
    staging: Staging,
    found: Survey,
    written: Written,
    readback: Readback,
    started: float,
) -> Report:
    dropped = sum(loss.masks_dropped for loss in written.losses)
    errors = list(readback.errors)
    if found.masks != written.masks + dropped:
        errors.append(
            f"{found.masks} masks were to be written, {written.masks} were and {dropped} were left out for a "
            f"reason that is given; {found.masks - written.masks - dropped} are unaccounted for"
        )
    if readback.masks_compared != written.masks:
        errors.append(f"{written.masks} masks were written and {readback.masks_compared} read back")
    if readback.masks_identical != readback.masks_compared:
        different = readback.masks_compared - readback.masks_identical
        errors.append(f"{different} of {readback.masks_compared} masks read back differently")
    return Report(
        format=chosen.name,
        format_options=dataclasses.asdict(options),
        app={"name": dataset.info.app, "version": dataset.info.app_version},
        snapshot_sha256=found.sha256,
        started=time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(started)),
        seconds=time.time() - started,
        counts={
            "videos": len(dataset.clips),
            "frames": written.frames,
            "objects": sum(item.exported_id is not None for item in written.objects),
            "masks_source": found.masks,
            "masks_written": written.masks,
            "masks_verified": found.verified,
            "files": staging.tree.files,
            "bytes": staging.tree.bytes,
        },
        readback=readback,
        losses=written.losses,
        collapsed_states={"occluded_to_absent": found.occluded, "unknown_to_absent": found.unknown},
        renames=written.renames,
        objects=written.objects,
        markers=_markers(dataset),
        states=found.states,
        warnings=written.warnings,
        errors=errors,
        target=staging.target,
    )


def _markers(dataset: Dataset) -> list[MarkedFrame]:
    return [
        MarkedFrame(clip.name, marker.frame, marker.time, marker.frame in frames, marker.note)
        for clip in dataset.clips
        for frames in (frozenset(clip.source_frames),)
        for marker in clip.markers
    ]


def _told_failure(report: Report) -> str:
    return (
        f"{report.target.name} was not exported, because it does not read back as it should: {report.errors[0]}. "
        "Nothing was put in its place. Try another disk; if it happens again, please report it with the details."
    )


@contextlib.contextmanager
def disk_errors_in_words(target: Path) -> Iterator[None]:
    """Turn what the operating system says about a target into an ExportError."""
    try:
        yield
    except OSError as error:
        place = Path(target).absolute().parent
        told = {
            errno.ENOSPC: f"The disk that holds {place} is full. Free some space or export to another place.",
            errno.EDQUOT: f"Your share of the disk that holds {place} is used up. Free some space or export elsewhere.",
            errno.EFBIG: f"A file grew larger than the disk that holds {place} allows. Export to another disk.",
            errno.EROFS: f"The disk that holds {place} can only be read. Export to another place.",
            errno.EACCES: f"You may not write to {place}. Change its permissions or export to another place.",
            errno.EPERM: f"You may not write to {place}. Change its permissions or export to another place.",
            errno.EIO: f"The disk that holds {place} reports an error. Check it, and export to another one.",
        }.get(error.errno or 0)
        if told is None:
            told = f"The export to {target} failed: {error.strerror or error}. Try another place."
        raise ExportError(
            f"{told} Nothing was left behind, and what was at {Path(target).name} is as it was."
        ) from error
