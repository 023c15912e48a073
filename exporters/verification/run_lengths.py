"""COCO run lengths read the slow and plain way, character by character, straight from the rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def runs_from_text(text: str) -> list[int]:
    """The run lengths of compressed counts, background first. ValueError if the text is no such thing.

    Five bits per character, least significant first; the sixth says that more follow, the fifth of the last is the
    sign. From the fourth run on the number is the difference to the run two places before.
    """
    runs: list[int] = []
    value = shift = 0
    for character in text.encode("ascii"):
        code = character - 48
        if not 0 <= code < 64 or shift > 60:
            raise ValueError(f"{text[:40]!r} are no run lengths")
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
    if shift or not runs:
        raise ValueError(f"{text[:40]!r} are run lengths cut short")
    return runs


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
    area = sum(runs[1::2])
    if not area:
        return 0, [0, 0, 0, 0]
    place = 0
    left = right = -1
    top, bottom = height, -1
    for index, length in enumerate(runs):
        if index % 2 and length:
            first_column, first_row = divmod(place, height)
            last_column, last_row = divmod(place + length - 1, height)
            left = first_column if left < 0 else left
            right = last_column
            whole = first_column != last_column
            top = 0 if whole else min(top, first_row)
            bottom = height - 1 if whole else max(bottom, last_row)
        place += length
    return area, [left, top, right - left + 1, bottom - top + 1]
