"""Line charts as pictures, drawn with Pillow: enough for the curves of a training, and no further dependency."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Values = npt.NDArray[np.float64]
_WIDTH, _HEIGHT = 960, 540
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 24, 60, 56
_INK, _FAINT, _GRID = (40, 44, 52), (120, 126, 136), (226, 229, 234)
_COLOURS = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233), (90, 90, 90))
_TICKS = 6


@dataclass(frozen=True)
class Series:
    """One line: its name and its points; `cloud` are single values, drawn faintly behind it."""

    name: str
    x: Values
    y: Values
    cloud: tuple[Values, Values] | None = None


def draw_chart(path: Path, title: str, x_title: str, series: Sequence[Series]) -> None:
    """Write a chart of some lines as PNG; each has at least one point, and all are numbers."""
    image = Image.new("RGB", (_WIDTH, _HEIGHT), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    font, large = ImageFont.load_default(15), ImageFont.load_default(19)
    x_low, x_high = _range([one.x for one in series])
    y_low, y_high = _range([one.y for one in series])
    frame = _Frame(x_low, x_high, y_low, y_high)
    draw.text((_LEFT, 14), title, _INK, large)
    for value in _ticks(y_low, y_high):
        _, y = frame.place(x_low, value)
        draw.line([(_LEFT, y), (_WIDTH - _RIGHT, y)], _GRID)
        draw.text((_LEFT - 8, y), f"{value:g}", _FAINT, font, anchor="rm")
    for value in _ticks(x_low, x_high):
        x, _ = frame.place(value, y_low)
        draw.line([(x, _HEIGHT - _BOTTOM), (x, _HEIGHT - _BOTTOM + 5)], _FAINT)
        draw.text((x, _HEIGHT - _BOTTOM + 10), f"{value:g}", _FAINT, font, anchor="mt")
    draw.text((_WIDTH - _RIGHT, _HEIGHT - 8), x_title, _FAINT, font, anchor="rb")
    for number, one in enumerate(series):
        colour = _COLOURS[number % len(_COLOURS)]
        if one.cloud is not None:
            pale = tuple(255 - (255 - channel) // 2 for channel in colour)
            draw.point([frame.place(x, y) for x, y in zip(*one.cloud, strict=True) if y_low <= y <= y_high], pale)
    at = _LEFT
    for number, one in enumerate(series):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [frame.place(x, y) for x, y in zip(one.x, one.y, strict=True)]
        draw.line(points, colour, 2)
        if len(points) < 40:
            for x, y in points:
                draw.ellipse((x - 3, y - 3, x + 3, y + 3), colour)
        draw.line([(at, 48), (at + 18, 48)], colour, 3)
        draw.text((at + 24, 48), one.name, _INK, font, anchor="lm")
        at += 24 + int(draw.textlength(one.name, font)) + 22
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    image.save(partial, "PNG")
    partial.replace(path)


@dataclass(frozen=True)
class _Frame:
    """From values to pixels."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        right = _LEFT + (x - self.x_low) / (self.x_high - self.x_low) * (_WIDTH - _LEFT - _RIGHT)
        up = (y - self.y_low) / (self.y_high - self.y_low) * (_HEIGHT - _TOP - _BOTTOM)
        return float(right), float(_HEIGHT - _BOTTOM - up)


def _range(parts: Sequence[Values]) -> tuple[float, float]:
    """Smallest and largest value with a little room; never empty."""
    low, high = min(float(part.min()) for part in parts), max(float(part.max()) for part in parts)
    if high - low < 1e-9:
        return low - 0.5, high + 0.5
    room = 0.03 * (high - low)
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Round values between two bounds, about six."""
    raw = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    first = math.ceil(low / step)
    # Rounded, because multiples of a tenth print as what they are only then.
    return [round(number * step, 10) for number in range(first, math.floor(high / step) + 1)]
