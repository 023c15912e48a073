"""The report that lies beside every export: what was written, what was lost, and how the read-back went."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Verdict = Literal["pass", "pass_with_losses", "fail"]
HARMLESS = {"id_renumbered", "category_dropped", "state_collapsed"}
"""Losses of things that are no pixels: they do not spoil a pass."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something the format cannot hold.

    `masks` were touched; `masks_dropped` of them are not in the data set at all.
    """

    kind: str
    masks: int = 0
    objects: int = 0
    pixels: int = 0
    masks_dropped: int = 0
    note: str = ""
    worst: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Rename:
    """A name that had to change to be valid everywhere."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ExportedObject:
    """An object of a clip under the number that it has in the data set; None if it was left out."""

    clip: str
    object_id: int
    name: str
    category: str
    exported_id: int | None
    color: str = ""
    """Its colour in the data set, "#rrggbb", where the format has colours."""


@dataclass(frozen=True, slots=True)
class MarkedFrame:
    """A marker of a clip: the source frame, its time in seconds, whether the frame is in the data set, the note."""

    clip: str
    frame: int
    time: float
    is_exported: bool
    note: str


@dataclass(slots=True)
class Readback:
    """Every mask that was written, compared with the one it was made from."""

    reader: str
    masks_compared: int = 0
    masks_identical: int = 0
    pixels_different: int = 0
    min_iou: float = 1.0
    mean_iou: float = 1.0
    worst: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """The whole report. `target` is where the data set lies; everything else is also in `<target>.report.json`."""

    format: str
    format_options: dict[str, Any]
    app: dict[str, str]
    snapshot_sha256: str
    started: str
    seconds: float
    counts: dict[str, int]
    readback: Readback
    losses: list[Loss]
    collapsed_states: dict[str, int]
    renames: list[Rename]
    objects: list[ExportedObject]
    markers: list[MarkedFrame]
    states: list[dict[str, Any]]
    warnings: list[str]
    errors: list[str]
    target: Path

    @property
    def verdict(self) -> Verdict:
        """pass, pass_with_losses (every difference was declared) or fail (one was not)."""
        if self.errors:
            return "fail"
        return "pass_with_losses" if any(loss.kind not in HARMLESS for loss in self.losses) else "pass"

    def to_json(self) -> str:
        """The report as JSON text, keys in a fixed order."""
        values = {
            "report_version": 1,
            "format": self.format,
            "format_options": self.format_options,
            "verdict": self.verdict,
            "app": self.app,
            "snapshot_sha256": self.snapshot_sha256,
            "started": self.started,
            "seconds": round(self.seconds, 3),
            "counts": self.counts,
            "readback": dataclasses.asdict(self.readback),
            "losses": [dataclasses.asdict(loss) for loss in self.losses],
            "collapsed_states": self.collapsed_states,
            "renames": [{"from": rename.before, "to": rename.after} for rename in self.renames],
            "id_map": f"{self.target.name}.object_map.csv",
            "frame_map": f"{self.target.name}.frame_map.csv",
            "markers": [
                {
                    "clip": marker.clip,
                    "frame": marker.frame,
                    "pts_seconds": round(marker.time, 6),
                    "exported": marker.is_exported,
                    "note": marker.note,
                }
                for marker in self.markers
            ],
            "files_sha256": f"{self.target.name}.SHA256SUMS",
            "states": self.states,
            "warnings": self.warnings,
            "errors": self.errors,
        }
        return json.dumps(values, indent=1, allow_nan=False) + "\n"

    def to_markdown(self) -> str:
        """The report for people."""
        counts, readback = self.counts, self.readback
        lines = [
            f"# {self.target.name}: {_VERDICTS[self.verdict]}",
            "",
            f"{self.format} · {self.app['name']} {self.app['version']}".rstrip() + f" · {self.started}",
            "",
            f"- {counted(counts['videos'], 'clip')}, {counted(counts['frames'], 'frame')}, "
            f"{counted(counts['objects'], 'object')}",
            f"- {counts['masks_written']} of {counted(counts['masks_source'], 'mask')} written",
            f"- {counts['masks_verified']} of {counted(counts['masks_source'], 'mask')} verified by a person",
            f"- read back: {readback.masks_identical} of {counted(readback.masks_compared, 'mask')} equal "
            f"({readback.reader})",
            f"- {counted(counts['files'], 'file')}, {counts['bytes'] / 1e6:.1f} MB, {self.seconds:.1f} s",
        ]
        lines += _section("What the format could not hold", [_told(loss) for loss in self.losses])
        collapsed = [f"{key.replace('_', ' ')}: {number}" for key, number in self.collapsed_states.items() if number]
        lines += _section("States that cannot be told apart any more", collapsed)
        lines += _section("Names that were changed", [f"{r.before!r} is now {r.after!r}" for r in self.renames])
        lines += _section("Markers", [_placed(marker) for marker in self.markers])
        lines += _section("Worth knowing", self.warnings)
        lines += _section("Differences", self.errors)
        return "\n".join(lines) + "\n"


_VERDICTS = {
    "pass": "exported and read back without a difference",
    "pass_with_losses": "exported; what the format cannot hold is listed below",
    "fail": "not exported, because it did not read back as it should",
}


def _section(title: str, items: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *(f"- {' '.join(item.split())}" for item in items)] if items else []


def _told(loss: Loss) -> str:
    numbers = [
        counted(number, name)
        for number, name in ((loss.objects, "object"), (loss.masks, "mask"), (loss.pixels, "pixel"))
        if number
    ]
    if loss.masks_dropped:
        numbers.append(f"{counted(loss.masks_dropped, 'mask')} left out")
    return f"{loss.kind.replace('_', ' ')}: {', '.join(numbers) or 'none'}" + (f". {loss.note}" if loss.note else "")


def _placed(marker: MarkedFrame) -> str:
    """A marker in words: where it is, what it says, and whether its frame is in the data set."""
    minutes, seconds = divmod(round(marker.time * 1000), 60_000)
    where = f"{marker.clip}, frame {marker.frame} ({minutes}:{seconds / 1000:06.3f})"
    outside = "" if marker.is_exported else " (frame not in this data set)"
    return f"{where}: {marker.note or 'no note'}{outside}"


def counted(count: int, noun: str) -> str:
    """“1 mask”, “3 masks”."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def write_object_map(path: Path, objects: Sequence[ExportedObject]) -> None:
    """The table from numbers in the data set to the objects of the project."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("clip", "exported_id", "object_id", "object_name", "category", "color"))
        for item in objects:
            number = "" if item.exported_id is None else item.exported_id
            rows.writerow(
                (_cell(item.clip), number, item.object_id, _cell(item.name), _cell(item.category), item.color)
            )


def write_markers(path: Path, markers: Sequence[MarkedFrame]) -> None:
    """The table of the markers, with source frames and times as in the frame map."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("clip", "source_frame", "pts_seconds", "exported", "note"))
        for item in markers:
            is_exported = "yes" if item.is_exported else "no"
            rows.writerow((_cell(item.clip), item.frame, f"{item.time:.6f}", is_exported, _cell(item.note)))


def _cell(text: str) -> str:
    """Text that a spreadsheet will not take for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
