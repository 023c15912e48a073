"""Which colour an object is shown in: its own, that of its category, or that of who made each mask.

Looks change with it, files never do.
"""

from __future__ import annotations

from collections import Counter
from itertools import count as count_from
from typing import Literal, TypeAlias

from app.document.document import DocumentView
from app.document.values import FrameMask, Origin

ColorBy: TypeAlias = Literal["object", "category", "origin"]
COLOR_BY: tuple[ColorBy, ...] = ("object", "category", "origin")

PALETTE_SIZE = 12
NEAR_SECONDS = 5.0
"""Objects that are seen within so long of each other want different colours."""

ORIGIN_SHADES: dict[Origin, int] = {
    Origin.PROMPTED: 0,
    Origin.MANUAL: 1,
    Origin.PROPAGATED: 2,
    Origin.IMPORTED: 3,
    Origin.DRAFT: 6,
}
"""Places in the palette, those that differ most for what is met most."""

Shade: TypeAlias = int | str | None
"""A place in the palette of object colours, a colour that a person chose ("#rrggbb"), or None: no category, so grey."""


def shade_of(document: DocumentView, object_id: int, by: ColorBy) -> Shade:
    """The shade of an object that exists; its own where masks are coloured by their origin."""
    thing = document.objects[object_id]
    if by != "category":
        return thing.color
    return None if thing.category_id is None else category_shade(document, thing.category_id)


def mask_shade(document: DocumentView, object_id: int, mask: FrameMask, by: ColorBy) -> Shade:
    """The shade of one of an object's masks."""
    return ORIGIN_SHADES[mask.origin] if by == "origin" else shade_of(document, object_id, by)


def category_shade(document: DocumentView, category_id: int) -> Shade:
    """The shade of a category: the one that a person gave it, else a place in the palette by its id, which never
    changes."""
    return document.categories[category_id].color or category_id - 1


def is_repeated(shade: Shade) -> bool:
    """Whether it is a colour of the palette that came before, and is told apart by dots and rings."""
    return isinstance(shade, int) and shade >= PALETTE_SIZE


def next_colors(document: DocumentView, count: int, frame: int | None = None) -> list[int]:
    """The colours (places in the palette) that so many new objects would get, one after the other.

    The first that no object has. Once all twelve are taken they repeat, a round higher (place 12 is the first colour
    again): the first that no object near `frame` has, else the one that fewest have, as without a frame.
    """
    taken = {thing.color for thing in document.objects.values()}
    near: Counter[int] | None = None
    colors = []
    for _ in range(count):
        color = next((place for place in range(PALETTE_SIZE) if place not in taken), None)
        if color is None:
            near = _colors_near(document, frame) if near is None else near
            base = min(range(PALETTE_SIZE), key=near.__getitem__)
            near[base] += 1
            color = next(place for place in count_from(base + PALETTE_SIZE, PALETTE_SIZE) if place not in taken)
        taken.add(color)
        colors.append(color)
    return colors


def _colors_near(document: DocumentView, frame: int | None) -> Counter[int]:
    """How many objects have each colour of the palette, of those with a mask or a prompt around a frame: looked for
    every half second, which no object that matters is shorter than. An object with nothing is near, too."""
    reach = round(NEAR_SECONDS * document.clip.fps)
    found: Counter[int] = Counter()
    for thing in document.objects.values():
        if isinstance(thing.color, str):
            continue
        masks, prompts = document.masks_of(thing.id), document.prompts_of(thing.id)
        looked_at = () if frame is None else range(frame - reach, frame + reach + 1, max(1, reach // 10))
        is_near = frame is None or not (masks or prompts) or any(one in masks or one in prompts for one in looked_at)
        found[thing.color % PALETTE_SIZE] += is_near
    return found
