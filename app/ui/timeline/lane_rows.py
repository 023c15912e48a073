"""Where each lane lies: how high it is, where it begins, and whose lane is at a height."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ui.desk import Desk

if TYPE_CHECKING:
    from app.document.values import TrackedObject

LANE_HEIGHT = 26
CURVE_HEIGHT = 42


class LaneRows:
    """One row per object in the document's order; the selected one leaves room for the score curve. All in pixels."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def objects(self) -> list[TrackedObject]:
        """The objects from the top down."""
        document = self._desk.document
        return [] if document is None else list(document.objects.values())

    @property
    def height(self) -> int:
        """All rows together; never less than one, so that there is something to see."""
        return max(sum(self.height_of(item.id) for item in self.objects), LANE_HEIGHT)

    def height_of(self, object_id: int) -> int:
        """The row's height."""
        return LANE_HEIGHT + (CURVE_HEIGHT if object_id == self._desk.selected_object else 0)

    def top_of(self, object_id: int) -> int | None:
        """The row's upper edge, or None for an object that is not there."""
        top = 0
        for other in self.objects:
            if other.id == object_id:
                return top
            top += self.height_of(other.id)
        return None

    def object_at(self, y: float) -> int | None:
        """The object whose row is at this height, or None below the last."""
        top = 0
        for item in self.objects:
            top += self.height_of(item.id)
            if y < top:
                return item.id
        return None
