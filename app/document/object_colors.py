"""How an object's colour stands in the project file: one whole number, of the palette or a person's own."""

from __future__ import annotations

_COLORS = 0x1000000


def color_to_number(color: int | str) -> int:
    """A place in the palette as it is, "#rrggbb" as a number below 0."""
    return color if isinstance(color, int) else -1 - int(color.removeprefix("#"), 16)


def color_from_number(number: int) -> int | str:
    """The way back; raises ValueError for what no colour is written as."""
    if number < -_COLORS:
        raise ValueError(f"{number} is no colour")
    return number if number >= 0 else f"#{-1 - number:06x}"
