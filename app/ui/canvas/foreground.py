"""Everything that the canvas draws over picture and masks, in its order."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from app.ui import theme
from app.ui.canvas import decorations
from app.ui.canvas.bench import CanvasBench
from app.ui.canvas.label_map import LabelMap
from app.ui.canvas.words import tag_words
from app.ui.canvas.zoom import ZoomView
from app.ui.desk import Desk
from app.ui.tools.tool import PointMark, Tool


def draw_foreground(
    painter: QPainter, view: ZoomView, desk: Desk, bench: CanvasBench, tool: Tool, hovered_point: int | None
) -> None:
    """Prompts of all objects on the shown frame, and what the active tool is drawing."""
    document = desk.document
    if document is None:
        return
    place = decorations.placer(view.viewportTransform())
    painter.save()
    painter.resetTransform()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    selected = desk.selected_object
    color = theme.picture_color(desk.working_shade)
    marks = tool.marks()
    if desk.are_prompts_visible:
        for object_id, prompt in document.prompts_at(bench.frame).items():
            item = document.objects[object_id]
            if object_id != selected and item.is_visible:
                decorations.draw_other_prompt(painter, place, prompt, theme.picture_color(desk.shade_of(object_id)))
        decorations.draw_neighbour_points(painter, place, bench.kept_off)
        moved = next((mark for mark in marks if isinstance(mark, PointMark)), None)
        chosen = tool.selected_points
        decorations.draw_prompt(
            painter, place, bench.prompt, color, selected=chosen, hovered=hovered_point, moved=moved
        )
    decorations.draw_marks(painter, place, marks, color, view.view_scale)
    painter.restore()


def draw_grid(painter: QPainter, view: ZoomView) -> None:
    """The pixel grid, once pixels are big enough to be counted."""
    painter.save()
    painter.resetTransform()
    place = decorations.placer(view.viewportTransform())
    decorations.draw_pixel_grid(painter, place, view.seen_rect(), view.view_scale)
    painter.restore()


def draw_tags(
    painter: QPainter, view: ZoomView, desk: Desk, labels: LabelMap, hovered: int | None, avoid: QRectF
) -> None:
    """Number and name of the selected object and of the one under the pointer, on a tag in its colour at the upper edge
    of its mask, if that is in view; below `avoid`, where it would be hidden."""
    document = desk.document
    if document is None:
        return
    painter.save()
    painter.resetTransform()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    place = decorations.placer(view.viewportTransform())
    limits = QRectF(view.viewport().rect()).intersected(view.picture_rect())
    for object_id in dict.fromkeys((desk.selected_object, hovered)):
        box = labels.box_of(object_id)
        if object_id is None or object_id not in document.objects or box is None:
            continue
        if limits.intersects(QRectF(place(box[0], box[1]), place(box[2], box[3]))):
            anchor = place((box[0] + box[2]) / 2, box[1])
            color = theme.picture_color(desk.shade_of(object_id))
            decorations.draw_label(painter, anchor, tag_words(document, object_id), color, limits, avoid)
    painter.restore()


def draw_words(painter: QPainter, view: ZoomView, text: str, pointer: QPointF) -> None:
    """A few words above the pointer, on a dark tag; nothing for none."""
    if not text:
        return
    painter.save()
    painter.resetTransform()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    limits = QRectF(view.viewport().rect())
    decorations.draw_label(painter, pointer - QPointF(0, 6), text, QColor(theme.DARK.surface_0), limits)
    painter.restore()
