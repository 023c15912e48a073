"""What is painted of each lane, kept until something in it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from app.commands.coloring import ORIGIN_SHADES
from app.ui import theme
from app.ui.chips import paint_chip
from app.ui.desk import Desk
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.lane_cells import ORIGINS, LaneCells
from app.ui.timeline.lane_painter import BAR_HEIGHT, BAR_TOP, paint_lane, paint_prompts, paint_suspicions
from app.ui.timeline.lane_plan import paint_joints, paint_plan
from app.ui.timeline.lane_rows import LANE_HEIGHT, LaneRows
from app.ui.timeline.ruler import HEADER_WIDTH
from app.ui.timeline.run_marks import RunMarks

if TYPE_CHECKING:
    from app.document.values import TrackedObject

# More lanes than any screen shows.
_MOST_KEPT = 200
FINEST_STRIDE = 4
"""Every n-th frame is told from the others where it comes at most every so many pixels."""


class LanePictures:
    """One picture per lane, made when it is seen: everything but the playhead, which moves too often."""

    def __init__(
        self,
        desk: Desk,
        axis: TimeAxis,
        rows: LaneRows,
        cells_of: Callable[[int], LaneCells | None],
        suspicions_of: Callable[[int], Mapping[int, float]],
        marks: RunMarks,
    ) -> None:
        self._desk, self._axis, self._rows = desk, axis, rows
        self._cells_of, self._suspicions_of, self._marks = cells_of, suspicions_of, marks
        self.kept: dict[int, QPixmap] = {}
        """By object: what need not be painted again."""
        self._drawn_for: dict[int, tuple[object, ...]] = {}

    def forget(self, object_id: int) -> None:
        """Something in this lane has changed."""
        self.kept.pop(object_id, None)

    def forget_all(self) -> None:
        """What all lanes show has changed: the axis, the range, the theme, the size."""
        self.kept.clear()

    def picture_of(self, item: TrackedObject, width: int, ratio: float) -> QPixmap:
        """The lane, `width` logical pixels wide, at `ratio` screen pixels per logical pixel."""
        is_selected = item.id in self._desk.selected_objects
        drawn_for = (item, is_selected, self._rows.height_of(item.id), width, ratio)
        if item.id not in self.kept or self._drawn_for[item.id] != drawn_for:
            self.kept.pop(item.id, None)
            while len(self.kept) >= _MOST_KEPT:
                self.kept.pop(next(iter(self.kept)))
            self.kept[item.id], self._drawn_for[item.id] = self._draw(item, width, ratio), drawn_for
        return self.kept[item.id]

    def _draw(self, item: TrackedObject, width: int, ratio: float) -> QPixmap:
        picture = QPixmap(round(width * ratio), round(self._rows.height_of(item.id) * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(theme.current().lane))
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_header(painter, item, width)
        self._draw_frames(painter, item)
        painter.end()
        return picture

    def _draw_header(self, painter: QPainter, item: TrackedObject, width: int) -> None:
        """Ground, colour and name."""
        tokens = theme.current()
        is_selected = item.id in self._desk.selected_objects
        if is_selected:
            height = self._rows.height_of(item.id)
            painter.fillRect(QRectF(0, 0, width, height), QColor(tokens.surface_1))
            painter.fillRect(QRectF(0, 0, HEADER_WIDTH - 8, height), QColor(tokens.surface_2))
        paint_chip(painter, QRectF(12, (LANE_HEIGHT - 9) / 2, 9, 9), self._desk.shade_of(item.id))
        painter.setPen(QColor(tokens.text_1 if is_selected else tokens.text_2))
        painter.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY))
        space = QRectF(28, 0, HEADER_WIDTH - 36, LANE_HEIGHT)
        name = painter.fontMetrics().elidedText(item.name, Qt.TextElideMode.ElideRight, int(space.width()))
        painter.drawText(space, Qt.AlignmentFlag.AlignVCenter, name)

    def _draw_frames(self, painter: QPainter, item: TrackedObject) -> None:
        cells, edges = self._cells_of(item.id), self._edges()
        if cells is None or not len(edges):
            return
        color = theme.current().object_color(self._desk.shade_of(item.id))
        painter.save()
        painter.setClipRect(QRectF(HEADER_WIDTH - 8, 0, self._axis.width + 16, self._rows.height_of(item.id)))
        painter.translate(HEADER_WIDTH, BAR_TOP)
        tokens, is_by_origin = theme.current(), self._desk.color_by == "origin"
        by_origin = [tokens.object_color(ORIGIN_SHADES[origin]) for origin in ORIGINS] if is_by_origin else ()
        paint_lane(painter, cells, self._axis, edges, color, by_origin)
        paint_plan(painter, self._desk.planned, item.id, self._axis, color, self._marks.heads)
        paint_joints(painter, self._marks.joints_of(item.id), self._axis)
        paint_suspicions(painter, self._suspicions_of(item.id), self._axis)
        painter.translate(-HEADER_WIDTH, -BAR_TOP)
        self._dim_between_worked(painter)
        painter.translate(HEADER_WIDTH, BAR_TOP)
        paint_prompts(painter, cells, self._axis)
        painter.restore()
        self._dim_outside_range(painter)

    def _edges(self) -> np.ndarray:
        """The first frame of every pixel of the axis, as far as the clip goes."""
        columns = np.arange(self._axis.width, dtype=np.float64)
        frames = np.floor(self._axis.left + columns / self._axis.scale).astype(np.int64)
        return np.asarray(frames[frames < self._axis.frame_count])

    def _dim_between_worked(self, painter: QPainter) -> None:
        """Where only every n-th frame is worked on the others stand back, as far as they can be told apart."""
        stride, scale = self._desk.stride, self._axis.scale
        if stride == 1 or stride * scale < FINEST_STRIDE:
            return
        veil = QColor(theme.current().lane)
        veil.setAlphaF(0.55)
        seen = self._axis.visible()
        for frame in range(seen.start // stride * stride, seen.stop, stride):
            x0, x1 = self._axis.x_of(frame + 1), self._axis.x_of(min(frame + stride, self._axis.frame_count))
            left = max(0.0, x0)
            painter.fillRect(QRectF(HEADER_WIDTH + left, BAR_TOP, max(0.0, x1 - left), BAR_HEIGHT + 2), veil)

    def _dim_outside_range(self, painter: QPainter) -> None:
        if self._desk.range_in is None and self._desk.range_out is None:
            return
        first, last = self._desk.range
        veil = QColor(theme.current().lane)
        veil.setAlphaF(0.6)
        x0, x1 = self._axis.x_of(first), self._axis.x_of(last + 1)
        painter.fillRect(QRectF(HEADER_WIDTH, 0, max(0.0, x0), LANE_HEIGHT), veil)
        painter.fillRect(QRectF(HEADER_WIDTH + x1, 0, max(0.0, self._axis.width - x1), LANE_HEIGHT), veil)
