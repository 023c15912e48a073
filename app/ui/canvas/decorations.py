"""What is drawn over picture and masks in screen pixels: prompts, what a tool is drawing, labels, the pixel grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPolygonF, QTransform

from app.document.values import Box, Point, Prompt
from app.ui import icons, theme
from app.ui.tools.box import handle_places
from app.ui.tools.tool import BoxMark, CircleMark, Mark, PathMark, PointMark

POINT_SIZE, OTHER_POINT_SIZE, HANDLE_SIZE, BADGE_SIZE = 18.0, 10.0, 8.0, 22.0
NEIGHBOUR_POINT_SIZE = 10.0
GRID_FROM = 8.0
"""The pixel grid appears at this many screen pixels per frame pixel."""
_GLYPH = QColor("#0E1115")
_DARK_LINE = QColor(0, 0, 0, 170)
Place = Callable[[float, float], QPointF]


def placer(to_view: QTransform) -> Place:
    """A function from frame pixels to the view's logical pixels."""
    return lambda x, y: to_view.map(QPointF(x, y))


def draw_prompt(
    painter: QPainter,
    place: Place,
    prompt: Prompt,
    color: QColor,
    *,
    selected: Sequence[int] = (),
    hovered: int | None = None,
    moved: PointMark | None = None,
) -> None:
    """The selected object's prompts. `moved` shows one point where it is being dragged to."""
    if prompt.box is not None:
        draw_box(painter, place, prompt.box, color, has_handles=True)
    if prompt.mask is not None and prompt.mask.box is not None:
        draw_badge(painter, place(*prompt.mask.box.center), color)
    for index, point in enumerate(prompt.points):
        x, y = (moved.x, moved.y) if moved is not None and moved.index == index else (point.x, point.y)
        draw_point(painter, place(x, y), point.is_positive, is_selected=index in selected, is_hovered=index == hovered)


def draw_point(
    painter: QPainter, center: QPointF, is_positive: bool, *, is_selected: bool = False, is_hovered: bool = False
) -> None:
    """A disc with plus or minus, told by its glyph first and its colour second."""
    radius = POINT_SIZE / 2
    if is_hovered and not is_selected:
        painter.setPen(QPen(QColor(255, 255, 255, 150), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(center, radius + 3.5, radius + 3.5)
    ring = 3.0 if is_selected else 1.5
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_DARK_LINE)
    painter.drawEllipse(center, radius + 1, radius + 1)
    painter.setBrush(QColor(255, 255, 255))
    painter.drawEllipse(center, radius, radius)
    painter.setBrush(QColor(theme.DARK.good if is_positive else theme.DARK.attention))
    painter.drawEllipse(center, radius - ring, radius - ring)
    painter.setPen(QPen(_GLYPH, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    arm = 3.6
    painter.drawLine(center - QPointF(arm, 0), center + QPointF(arm, 0))
    if is_positive:
        painter.drawLine(center - QPointF(0, arm), center + QPointF(0, arm))


def draw_other_prompt(painter: QPainter, place: Place, prompt: Prompt, color: QColor) -> None:
    """Prompts of an object that is not selected, small and hollow: points as rings with their sign, a box as a square
    and a painted mask as a ring with a dot, at their middle."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    radius = OTHER_POINT_SIZE / 2
    if prompt.box is not None:
        corner = place(*prompt.box.center) - QPointF(radius, radius)
        for pen in (QPen(_DARK_LINE, 3), QPen(color, 1.5)):
            painter.setPen(pen)
            painter.drawRect(QRectF(corner.x(), corner.y(), OTHER_POINT_SIZE, OTHER_POINT_SIZE))
    if prompt.mask is not None and prompt.mask.box is not None:
        center = place(*prompt.mask.box.center)
        _draw_ring(painter, center, radius, color)
        painter.drawEllipse(center, 1, 1)
    for point in prompt.points:
        center = place(point.x, point.y)
        _draw_ring(painter, center, radius, color)
        painter.drawLine(center - QPointF(2, 0), center + QPointF(2, 0))
        if point.is_positive:
            painter.drawLine(center - QPointF(0, 2), center + QPointF(0, 2))


def _draw_ring(painter: QPainter, center: QPointF, radius: float, color: QColor) -> None:
    """Leaves the painter with the colour's pen."""
    for pen in (QPen(_DARK_LINE, 3), QPen(color, 1.5)):
        painter.setPen(pen)
        painter.drawEllipse(center, radius, radius)


def draw_neighbour_points(painter: QPainter, place: Place, points: Sequence[Point]) -> None:
    """What the model is told of an object's neighbours: small hollow dots with a minus."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    radius = NEIGHBOUR_POINT_SIZE / 2
    for point in points:
        center = place(point.x, point.y)
        _draw_ring(painter, center, radius, QColor(theme.DARK.attention))
        painter.drawLine(center - QPointF(2, 0), center + QPointF(2, 0))


def draw_box(painter: QPainter, place: Place, box: Box, color: QColor, *, has_handles: bool) -> None:
    """A dashed rectangle that stands on any background."""
    rect = QRectF(place(box.x0, box.y0), place(box.x1, box.y1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(0, 0, 0, 90), 3))
    painter.drawRect(rect)
    pen = QPen(color.lighter(125), 1.5, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.FlatCap)
    pen.setDashPattern([5, 3])
    painter.setPen(pen)
    painter.drawRect(rect)
    if not has_handles:
        return
    painter.setPen(QPen(_GLYPH, 1))
    painter.setBrush(QColor(255, 255, 255))
    half = HANDLE_SIZE / 2
    for x, y in handle_places(box):
        center = place(x, y)
        painter.drawRect(QRectF(center.x() - half, center.y() - half, HANDLE_SIZE, HANDLE_SIZE))


def draw_badge(painter: QPainter, center: QPointF, color: QColor) -> None:
    """A brush on a disc: this object's prompt is a painted mask."""
    half = BADGE_SIZE / 2
    painter.setPen(QPen(color, 1.5))
    painter.setBrush(QColor(14, 17, 21, 220))
    painter.drawEllipse(center, half, half)
    icons.paint_icon(painter, QRectF(center.x() - 7, center.y() - 7, 14, 14), "brush", "#FFFFFF")


def draw_label(
    painter: QPainter,
    anchor: QPointF,
    text: str,
    color: QColor,
    limits: QRectF,
    avoid: QRectF = QRectF(),  # noqa: B008
) -> None:
    """A colour tag above a mask, inside `limits`, and below `avoid` where it would lie on that.

    `anchor` is the middle of the mask's upper edge.
    """
    font = theme.interface_font(theme.FONT_SIZE_SECONDARY)
    metrics = QFontMetricsF(font)
    size = metrics.boundingRect(text).size()
    rect = QRectF(0, 0, size.width() + 12, metrics.height() + 4)
    rect.moveCenter(QPointF(anchor.x(), anchor.y() - rect.height() / 2 - 6))
    rect.moveLeft(min(max(rect.left(), limits.left() + 4), limits.right() - rect.width() - 4))
    rect.moveTop(min(max(rect.top(), limits.top() + 4), limits.bottom() - rect.height() - 4))
    if rect.intersects(avoid):
        rect.moveTop(avoid.bottom() + 4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(rect, theme.RADIUS_CHIP, theme.RADIUS_CHIP)
    painter.setFont(font)
    painter.setPen(theme.text_on(color))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def draw_marks(painter: QPainter, place: Place, marks: Sequence[Mark], color: QColor, scale: float) -> None:
    """What the active tool is drawing. `scale` is logical screen pixels per frame pixel."""
    for mark in marks:
        if isinstance(mark, BoxMark):
            draw_box(painter, place, mark.box, color, has_handles=mark.has_handles)
        elif isinstance(mark, CircleMark):
            _draw_circle(painter, place(mark.x, mark.y), max(mark.radius * scale, 1.0), mark.erases)
        elif isinstance(mark, PathMark):
            _draw_path(painter, place, mark, color)


def _draw_circle(painter: QPainter, center: QPointF, radius: float, erases: bool) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_DARK_LINE, 3))
    painter.drawEllipse(center, radius, radius)
    painter.setPen(QPen(QColor(theme.DARK.attention) if erases else QColor(255, 255, 255), 1.5))
    painter.drawEllipse(center, radius, radius)
    if radius >= 6:
        painter.drawLine(center - QPointF(3, 0), center + QPointF(3, 0))
        if not erases:
            painter.drawLine(center - QPointF(0, 3), center + QPointF(0, 3))


def _draw_path(painter: QPainter, place: Place, mark: PathMark, color: QColor) -> None:
    corners = [place(x, y) for x, y in mark.points]
    line = QColor(theme.DARK.attention) if mark.takes_away else color
    tint = QColor(line)
    tint.setAlpha(50)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(tint))
    painter.drawPolygon(QPolygonF(corners))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(_DARK_LINE, 3), QPen(line, 1.5)):
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(corners))
    if mark.has_corners:
        painter.setPen(QPen(_GLYPH, 1))
        painter.setBrush(QColor(255, 255, 255))
        for index, corner in enumerate(corners):
            painter.drawEllipse(corner, 5.0 if index == 0 else 3.5, 5.0 if index == 0 else 3.5)


def draw_pixel_grid(painter: QPainter, place: Place, seen: QRectF, scale: float) -> None:
    """Hairlines between the frame's pixels, once they are big enough to be counted. `seen` is in frame pixels."""
    if scale < GRID_FROM:
        return
    painter.setPen(QPen(QColor(255, 255, 255, 28), 1))
    for column in range(int(seen.left()), int(seen.right()) + 2):
        painter.drawLine(place(column, seen.top()), place(column, seen.bottom()))
    for row in range(int(seen.top()), int(seen.bottom()) + 2):
        painter.drawLine(place(seen.left(), row), place(seen.right(), row))
