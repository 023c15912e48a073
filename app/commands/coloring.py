"""Which colour an object is shown in: its own, or that of its category. Looks change with it, files never do."""

from __future__ import annotations

from typing import Literal, TypeAlias

from app.document.document import DocumentView

ColorBy: TypeAlias = Literal["object", "category"]
COLOR_BY: tuple[ColorBy, ...] = ("object", "category")

Shade: TypeAlias = int | str | None
"""A place in the palette of object colours, a colour that a person chose ("#rrggbb"), or None: no category, so grey."""


def shade_of(document: DocumentView, object_id: int, by: ColorBy) -> Shade:
    """The shade of an object that exists."""
    thing = document.objects[object_id]
    if by == "object":
        return thing.color
    return None if thing.category_id is None else category_shade(document, thing.category_id)


def category_shade(document: DocumentView, category_id: int) -> Shade:
    """The shade of a category: the one that a person gave it, else a place in the palette by its id, which never
    changes."""
    return document.categories[category_id].color or category_id - 1
