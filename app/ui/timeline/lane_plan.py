"""How a plan, the run of it and where its ends met are drawn on a lane, in the lane's own coordinates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.ui import theme
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.axis_marks import paint_barriers
from app.ui.timeline.lane_painter import BAR_HEIGHT

if TYPE_CHECKING:
    from app.inference.engine import Joint
    from app.inference.plan import Plan, Stretch


def paint_plan(
    painter: QPainter, plan: Plan | None, object_id: int, axis: TimeAxis, color: QColor, heads: Mapping[bool, int]
) -> None:
    """Dashed frames around what a planned or running job writes, with a chevron in running direction.

    `heads` are the frames that the sweeps up and down of the run came to: there the chevrons are.
    """
    if plan is None:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    meeting = {stretch for one in plan.meetings for stretch in (one.forward, one.backward)}
    for stretch in plan.stretches:
        if stretch.object_id != object_id or not stretch.frames:
            continue
        first, last = stretch.frames[0], stretch.frames[-1]
        x0, x1 = axis.x_of(min(first, last)), axis.x_of(max(first, last) + 1)
        painter.setPen(_dashes(color, painter.device().devicePixelRatioF()))
        # Smooth dashes round a whole lane take fifty times as long, and a run draws them thirty times a second.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawRect(QRectF(round(x0), -2, max(2, round(x1 - x0) - 1), BAR_HEIGHT + 3))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        head = heads.get(stretch.is_reverse)
        tip = _tip(stretch, axis, head, begins=stretch in meeting)
        # On the hatch of the masks before it the object's own colour would be lost.
        sign = QColor(theme.current().text_1) if head in stretch.frames else color
        _paint_chevron(painter, tip, sign, is_reverse=stretch.is_reverse)
        end = last if stretch.is_reverse else last + 1
        if end in plan.cuts:
            paint_barriers(painter, [end], axis, BAR_HEIGHT)
    _paint_memories(painter, plan.conditioning.get(object_id, ()), axis)


def will_compute(plan: Plan | None, object_id: int, frame: int, heads: Mapping[bool, int]) -> bool:
    """Whether a plan that waits, or is being run and has come to `heads`, is still to write a cell."""
    for stretch in () if plan is None else plan.stretches:
        if stretch.object_id == object_id and frame in stretch.frames:
            head = heads.get(stretch.is_reverse)
            if head is None or head not in stretch.frames or (frame - head) * stretch.frames.step > 0:
                return True
    return False


def paint_joints(painter: QPainter, joints: Iterable[Joint], axis: TimeAxis) -> None:
    """A seam between two frames where the runs from both ends became one: in green where they agreed, else in red."""
    for joint in joints:
        x = axis.x_of(joint.frame + 1)
        tokens = theme.current()
        color = QColor(tokens.good if joint.is_agreed else tokens.attention)
        painter.setPen(QPen(color, 2))
        painter.drawLine(QPointF(x, -3), QPointF(x, BAR_HEIGHT + 3))
        for is_reverse, tip in ((False, x - 2), (True, x + 2)):
            _paint_chevron(painter, tip, color, is_reverse=is_reverse)


def _tip(stretch: Stretch, axis: TimeAxis, head: int | None, *, begins: bool) -> float:
    """Where a chevron points: at the head of the run, else where it will end, or, with `begins`, where it begins."""
    frame = stretch.frames[-1]
    if head is not None and head in stretch.frames:
        frame = head
    elif begins:
        x = axis.x_of(stretch.frames[0] + stretch.is_reverse)
        return x - 9 if stretch.is_reverse else x + 9
    return axis.x_of(frame) + 5 if stretch.is_reverse else axis.x_of(frame + 1) - 5


def _paint_chevron(painter: QPainter, tip: float, color: QColor, *, is_reverse: bool) -> None:
    away = 4 if is_reverse else -4
    painter.setPen(QPen(color, 1.6))
    corners = [QPointF(tip + away, 2.5), QPointF(tip, BAR_HEIGHT / 2), QPointF(tip + away, BAR_HEIGHT - 2.5)]
    painter.drawPolyline(QPolygonF(corners))


def _paint_memories(painter: QPainter, frames: Iterable[int], axis: TimeAxis) -> None:
    """A ring around every frame that the run learns from."""
    painter.setPen(QPen(QColor(theme.current().accent), 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for frame in frames:
        x = axis.center_of(frame)
        if -8 <= x <= axis.width + 8:
            painter.drawEllipse(QPointF(x, BAR_HEIGHT / 2), 8.5, 8.5)


def _dashes(color: QColor, ratio: float) -> QPen:
    """One logical pixel wide at any number of device pixels to it."""
    pen = QPen(color, max(1, round(ratio)))
    pen.setCosmetic(True)
    pen.setDashPattern([5, 4])
    return pen
