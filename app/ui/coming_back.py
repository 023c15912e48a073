"""Where a person left off in a project: taken from the desk when it closes, put back when it opens."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from app.ui.canvas.view import CanvasView
from app.ui.desk import TOOLS, Desk
from app.ui.places import Place


def place_on(desk: Desk, canvas: CanvasView) -> Place:
    """Where the person is now."""
    scale, center = (0.0, QPointF()) if canvas.is_fitted else (canvas.view_scale, canvas.center)
    return Place(
        desk.frame, desk.selected_object, desk.tool, desk.range_in, desk.range_out, scale, center.x(), center.y()
    )


def put_back(place: Place, desk: Desk, canvas: CanvasView) -> None:
    """Go there; what no longer exists is left out."""
    desk.set_range(place.range_in, place.range_out)
    if desk.document is not None and place.selected in desk.document.objects:
        desk.select(place.selected)
    desk.set_tool(place.tool if place.tool in TOOLS else "point")
    desk.set_frame(place.frame)
    if place.scale > 0:
        canvas.look_at(place.scale, QPointF(place.center_x, place.center_y))
