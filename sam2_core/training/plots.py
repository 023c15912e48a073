"""The curves of a run as pictures: loss, IoU, and what was measured on held-out data.

The last come from `evaluations.csv` in the run folder, where somebody put one: a column `hours` (or `step`), and a
column of numbers for each line to draw, in per cent or as shares of one.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from sam2_core.training.charts import Series, Values, draw_chart
from sam2_core.training.library import DataError
from sam2_core.training.record import METRICS_NAME

EVALUATIONS_NAME = "evaluations.csv"
PLOTS_FOLDER = "plots"
_SMOOTHED_PARTS = 40
_PLACES = ("hours", "step")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("run", type=Path, help="run folder")


def run(arguments: argparse.Namespace) -> int:
    """Draw the plots of a run and name them."""
    drawn = draw_plots(arguments.run)
    if not drawn:
        raise DataError(f"{arguments.run} has no {METRICS_NAME} with a step in it; train first, or name another run.")
    for path in drawn:
        print(path)
    return 0


def draw_plots(run_folder: Path) -> list[Path]:
    """Draw what there is to draw into `plots`; gives the files, none if the run has no record yet.

    Raises:
        DataError: a table is damaged.
    """
    rows = _rows(run_folder / METRICS_NAME)
    if not rows:
        return []
    folder = run_folder / PLOTS_FOLDER
    drawn = [folder / "loss.png", folder / "iou.png"]
    kinds = sorted({row["kind"] for row in rows})
    by_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in kinds}
    loss = [_smoothed(f"loss on {kind}s", *_columns(part, "step", "loss")) for kind, part in by_kind.items()]
    draw_chart(drawn[0], "Loss", "step", loss)
    names = {"first_iou": "first answer", "last_iou": "last answer"}
    ious = [
        _smoothed(f"{kind}s, {title}", *_columns(part, "step", column))
        for kind, part in by_kind.items()
        for column, title in names.items()
    ]
    draw_chart(drawn[1], "IoU of the answers in training", "step", ious)
    measured = _rows(run_folder / EVALUATIONS_NAME)
    if measured:
        drawn.append(folder / "held_out.png")
        place, lines = _measured(measured, run_folder / EVALUATIONS_NAME)
        draw_chart(drawn[-1], "Measured on held-out data, %", place, lines)
    return drawn


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _columns(rows: list[dict[str, str]], x: str, y: str) -> tuple[Values, Values]:
    """Two columns of a table, without the rows that hold no numbers."""
    try:
        values = np.array([[float(row[x]), float(row[y])] for row in rows], np.float64)
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(f"The record of the run is damaged: {error}.") from error
    sound = values[np.isfinite(values).all(axis=1)]
    if not len(sound):
        raise DataError(f"The record of the run holds no number under {y}; every step went wrong.")
    return sound[:, 0], sound[:, 1]


def _smoothed(name: str, x: Values, y: Values) -> Series:
    """A line through means of neighbouring values, with the values themselves behind it."""
    parts = min(_SMOOTHED_PARTS, len(x))
    means = [[part.mean() for part in np.array_split(values, parts)] for values in (x, y)]
    return Series(name, np.array(means[0]), np.array(means[1]), (x, y))


def _measured(rows: list[dict[str, str]], path: Path) -> tuple[str, list[Series]]:
    """The place of the measurements (hours or steps), and a line for every column of numbers."""
    place = next((name for name in _PLACES if name in rows[0]), None)
    if place is None:
        raise DataError(f"{path} needs a column `hours` or `step`.")
    lines: list[Series] = []
    for column in rows[0]:
        filled = [row for row in rows if column not in _PLACES and _is_number(row[column]) and _is_number(row[place])]
        if filled:
            x, y = _columns(filled, place, column)
            lines.append(Series(column, x, 100 * y if y.max() <= 1 else y))
    if not lines:
        raise DataError(f"{path} has no column of numbers beside `{place}`.")
    return place, lines


def _is_number(text: str | None) -> bool:
    try:
        return text is not None and np.isfinite(float(text))
    except ValueError:
        return False
