"""What a run writes down: a row of metrics per step, and a line on the screen now and then."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

METRICS_NAME = "metrics.csv"


@dataclass(frozen=True)
class StepRecord:
    """What one step said.

    Attributes:
        step: 0-based number of the step.
        kind: `still`, `clip` or `round trip`.
        loss: total.
        parts: mean of each part of the loss over the decoder passes.
        first_iou, last_iou: mean IoU of the first and of the last answers of the step.
        seconds: how long the step took.
    """

    step: int
    kind: str
    loss: float
    parts: dict[str, float]
    first_iou: float
    last_iou: float
    seconds: float


class Metrics:
    """The record as a table; rows past the step that a run resumes from are dropped.

    Args:
        path: the file.
        first_step: where the run goes on.
        is_written: False keeps quiet, for all but the first of several processes.
    """

    _FIELDS = ("step", "kind", "loss", "mask", "iou", "pick", "score", "first_iou", "last_iou", "seconds")

    def __init__(self, path: Path, first_step: int, *, is_written: bool = True) -> None:
        self._file: TextIO | None = None
        if not is_written:
            return
        if path.exists() and first_step:
            self._drop_rows(path, first_step)
        is_new = not first_step or not path.exists()
        self._file = path.open("w" if is_new else "a", newline="", encoding="utf-8")
        self._writer = csv.DictWriter(self._file, self._FIELDS)
        if is_new:
            self._writer.writeheader()

    def _drop_rows(self, path: Path, first_step: int) -> None:
        """Take the rows away that will be written again; on a full disk the table stays whole."""
        with path.open(newline="", encoding="utf-8") as file:
            kept = [row for row in csv.DictReader(file) if int(row["step"]) < first_step]
        partial = path.with_suffix(".partial")
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._FIELDS)
            writer.writeheader()
            writer.writerows(kept)
        partial.replace(path)

    def __enter__(self) -> Metrics:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def write(self, record: StepRecord) -> None:
        """Add a row; where the disk is full it waits for the next one."""
        if self._file is None:
            return
        values = {"loss": record.loss, "first_iou": record.first_iou, "last_iou": record.last_iou, **record.parts}
        row = {name: f"{value:.5f}" for name, value in values.items()}
        self._writer.writerow({"step": record.step, "kind": record.kind, "seconds": f"{record.seconds:.3f}", **row})
        with suppress(OSError):
            self._file.flush()


def seconds_left(step: int, steps: int, recent: Sequence[StepRecord], began: float, hours: float | None) -> float:
    """How long a run will still take, by its last steps and by the hours that it was given."""
    left = (steps - step) * float(np.mean([record.seconds for record in recent]))
    return left if hours is None else max(min(left, hours * 3600 - (time.monotonic() - began)), 0.0)


def progress_line(step: int, steps: int, recent: Sequence[StepRecord], left: float) -> str:
    """Step, loss, IoUs, speed and the time left."""
    pace = float(np.mean([record.seconds for record in recent]))
    kinds = {record.kind for record in recent}
    ious = ", ".join(
        f"{kind} {np.mean([r.first_iou for r in recent if r.kind == kind]):.3f}"
        f" > {np.mean([r.last_iou for r in recent if r.kind == kind]):.3f}"
        for kind in sorted(kinds)
    )
    loss = np.mean([record.loss for record in recent])
    return (
        f"step {step}/{steps}  loss {loss:.3f}  IoU first > last: {ious}  {pace:.2f} s a step  {left / 60:.0f} min left"
    )
