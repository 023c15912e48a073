"""COCO run lengths read the slow and plain way, character by character, straight from the rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exporters.dataset import MaskRecord


def runs_from_text(text: str) -> list[int]:
    """The run lengths of compressed counts, background first. ValueError if the text is no such thing.

    Five bits per character, least significant first; the sixth says that more follow, the fifth of the last is the
    sign. From the fourth run on the number is the difference to the run two places before.
    """
    characters = text.encode("ascii")
    if not characters or min(characters) < 48 or max(characters) > 111:
        raise ValueError(f"{text[:40]!r} are no run lengths")
    runs: list[int] = []
    value = shift = 0
    for character in characters:
        code = character - 48
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << shift
        if len(runs) > 2:
            value += runs[-2]
        runs.append(value)
        value = shift = 0
    if shift:
        raise ValueError(f"{text[:40]!r} are run lengths cut short")
    return runs


def text_of(record: MaskRecord) -> str:
    """The compressed counts of a record that has a mask."""
    assert record.rle is not None
    counts = record.rle["counts"]
    return counts.decode("ascii") if isinstance(counts, bytes) else str(counts)


def check_runs(runs: Sequence[int], height: int, width: int) -> None:
    """ValueError unless the runs fill the frame and only the first may be empty."""
    if min(runs) < 0 or 0 in runs[1:] or sum(runs) != height * width:
        raise ValueError(f"the runs add up to {sum(runs)} pixels, the frame has {height * width}")


def mask_of_runs(runs: Sequence[int], height: int, width: int) -> np.ndarray:
    """The bool mask, height x width: runs go down the columns, from left to right."""
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(width, height).T


def area_and_box(runs: Sequence[int], height: int) -> tuple[int, list[int]]:
    """Number of pixels and [x, y, width, height] of the tight box; four zeros for an empty mask."""
    ends = np.cumsum(np.asarray(runs, dtype=np.int64))[1::2]
    lengths = np.asarray(runs[1::2], dtype=np.int64)
    if not lengths.sum():
        return 0, [0, 0, 0, 0]
    first_column, first_row = np.divmod(ends - lengths, height)
    last_column, last_row = np.divmod(ends - 1, height)
    if (first_column != last_column).any():
        top, bottom = 0, height - 1  # a run that goes on in the next column touches both edges
    else:
        top, bottom = int(first_row.min()), int(last_row.max())
    left, right = int(first_column[0]), int(last_column[-1])
    return int(lengths.sum()), [left, top, right - left + 1, bottom - top + 1]
