"""Shot cuts and markers: lines through ruler and lanes, flags on the ruler, and which of them is under the pointer."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.ui import theme
from app.ui.timeline.axis import TimeAxis

if TYPE_CHECKING:
    from app.document.document import DocumentView

REACH = 5
"""So near in pixels the pointer is on a mark."""


@dataclass(frozen=True, slots=True)
class AxisMark:
    """A cut or a marker on a frame; `note` is what a person wrote beside a marker."""

    kind: str
    """"cut" or "marker"."""
    frame: int
    note: str = ""

    @property
    def words(self) -> str:
        """As it is spoken."""
        if self.kind == "cut":
            return "cut"
        return f"marker: {self.note}" if self.note else "marker"


def mark_at(document: DocumentView | None, axis: TimeAxis, x: float) -> AxisMark | None:
    """The mark under a pixel of the ruler, markers before cuts; None between them."""
    if document is None:
        return None
    near = range(axis.frame_at(x - REACH), axis.frame_at(x + REACH) + 1)
    for frame in sorted((frame for frame in document.markers if frame in near), key=lambda f: axis.distance(f, x)):
        if axis.distance(frame, x) <= REACH:
            return AxisMark("marker", frame, document.markers[frame])
    cuts = document.cuts[bisect_left(document.cuts, near.start) : bisect_right(document.cuts, near.stop)]
    nearest = min(cuts, key=lambda cut: abs(axis.x_of(cut) - x), default=None)
    is_near = nearest is not None and abs(axis.x_of(nearest) - x) <= REACH
    return AxisMark("cut", nearest) if nearest is not None and is_near else None


def paint_cuts(painter: QPainter, document: DocumentView, axis: TimeAxis, top: float, bottom: float) -> None:
    """A broken line at the left edge of every first frame of a shot; x = 0 is the left end of the axis."""
    pen = QPen(QColor(theme.current().caution), 1)
    pen.setDashPattern([3, 2])
    painter.setPen(pen)
    seen = axis.visible()
    cuts = document.cuts[bisect_left(document.cuts, seen.start) : bisect_right(document.cuts, seen.stop)]
    _paint_lines(painter, axis, (axis.x_of(cut) for cut in cuts), top, bottom)


def paint_markers(painter: QPainter, document: DocumentView, axis: TimeAxis, top: float, bottom: float) -> None:
    """A thin line through the middle of every marked frame."""
    painter.setPen(QPen(QColor(theme.current().accent), 1))
    _paint_lines(painter, axis, (axis.center_of(frame) for frame in document.markers), top, bottom)


def paint_flags(painter: QPainter, document: DocumentView, axis: TimeAxis, top: float) -> None:
    """A flag at the head of every marker's line; a note makes it a full one."""
    color = QColor(theme.current().accent)
    painter.setPen(QPen(color, 1.2))
    for frame, note in document.markers.items():
        x = axis.center_of(frame)
        if -8 <= x <= axis.width:
            painter.setBrush(color if note else Qt.BrushStyle.NoBrush)
            painter.drawPolygon(QPolygonF([QPointF(x, top), QPointF(x + 7, top + 3.5), QPointF(x, top + 7)]))


def paint_barriers(painter: QPainter, cuts: Iterable[int], axis: TimeAxis, height: float) -> None:
    """Where a plan stops at a cut: a bar across the lane."""
    color = QColor(theme.current().caution)
    for cut in cuts:
        painter.fillRect(QRectF(axis.x_of(cut) - 1.5, -4, 3, height + 8), color)


def _paint_lines(painter: QPainter, axis: TimeAxis, places: Iterable[float], top: float, bottom: float) -> None:
    last = -1.0
    for x in places:
        if 0 <= x <= axis.width and (x - last >= 1 or x < last):
            last = x
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))
