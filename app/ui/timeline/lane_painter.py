"""How a lane is drawn: bars by state, prompts, suspicion. Pure painting in a lane's own coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPen, QPixmap, QPolygonF

from app.document.values import DRAFT_STEPS
from app.ui import theme
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.lane_cells import SEEN, LaneCells, LaneState, runs

BAR_TOP = 7
BAR_HEIGHT = 12
HATCH = 6
LETTER = 11
_hatches: dict[tuple[int, int, float], QPixmap] = {}


def paint_lane(
    painter: QPainter,
    cells: LaneCells,
    axis: TimeAxis,
    edges: np.ndarray,
    color: QColor,
    by_origin: Sequence[QColor] = (),
) -> None:
    """Bars of one lane; x = 0 is the left end of the axis, y = 0 the upper edge of the bar. `by_origin` are the colours
    for `ORIGINS`, where masks are told apart by that."""
    painter.setPen(Qt.PenStyle.NoPen)
    end = axis.visible().stop
    states = cells.columns(edges, end)
    if by_origin:
        origins = cells.columns_by_origin(edges, end)
        for first, last, origin in runs(origins):
            for start, stop, state in runs(states[first:last]):
                _paint_run(painter, LaneState(state), first + start, first + stop, by_origin[origin])
    else:
        for first, last, state in runs(states):
            _paint_run(painter, LaneState(state), first, last, color)
    line = QColor(theme.current().text_1)
    for first, last, is_by_hand in runs(cells.columns_by_hand(edges, end)):
        if is_by_hand:
            painter.fillRect(QRectF(first, BAR_HEIGHT, last - first, 2), line)
    _paint_drafts(painter, cells, axis)
    _paint_end(painter, cells, axis)


def paint_prompts(painter: QPainter, cells: LaneCells, axis: TimeAxis) -> None:
    """What a person gave, on top of everything else: diamonds, struck out where no run learns from them."""
    _paint_diamonds(painter, cells, axis)
    _paint_excluded(painter, cells, axis)


def _paint_run(painter: QPainter, state: LaneState, first: int, last: int, color: QColor) -> None:
    bar = QRectF(first, 0, last - first, BAR_HEIGHT)
    if state is LaneState.VERIFIED:
        painter.fillRect(bar, color)
    elif state is LaneState.UNSEEN:
        painter.fillRect(bar, QBrush(_hatch(color)))
    elif state is LaneState.STALE:
        painter.fillRect(bar, QBrush(_hatch(color, 0.5)))
        edge = QPen(color, 1.5)
        edge.setDashPattern([3, 2])
        painter.setPen(edge)
        painter.drawLine(QPointF(first, 0.75), QPointF(last, 0.75))
        painter.setPen(Qt.PenStyle.NoPen)
    elif state is LaneState.DRAFT:
        painter.fillRect(bar, _blend(color, QColor(theme.current().lane), 0.28))
    elif state in (LaneState.ABSENT, LaneState.ABSENT_VERIFIED):
        is_verified = state is LaneState.ABSENT_VERIFIED
        line = QPen(color, 1.5, Qt.PenStyle.SolidLine if is_verified else Qt.PenStyle.DotLine)
        painter.setPen(line)
        painter.drawLine(QPointF(first, BAR_HEIGHT / 2), QPointF(last, BAR_HEIGHT / 2))
        painter.setPen(Qt.PenStyle.NoPen)
    else:
        ground = QColor(theme.current().surface_2)
        ground.setAlphaF(0.55)
        painter.fillRect(bar, ground)
    if state in SEEN and theme.is_hard_to_see(color):
        painter.setPen(QPen(QColor(theme.current().text_2), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(Qt.PenStyle.NoPen)


def _hatch(color: QColor, strength: float = 1.0) -> QPixmap:
    """A tile of 45 degree stripes: the colour at strength on itself faded."""
    ground = QColor(theme.current().lane)
    key = (color.rgb(), ground.rgb(), strength)
    if key not in _hatches:
        tile = QPixmap(HATCH, HATCH)
        tile.fill(_blend(color, ground, 0.42 * strength))
        painter = QPainter(tile)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(_blend(color, ground, 0.8 * strength), 1.6))
        for shift in (-HATCH, 0, HATCH):
            painter.drawLine(QPointF(shift - 1, HATCH + 1), QPointF(shift + HATCH + 1, -1))
        painter.end()
        _hatches[key] = tile
    return _hatches[key]


def _blend(color: QColor, ground: QColor, share: float) -> QColor:
    parts = ((color.red(), ground.red()), (color.green(), ground.green()), (color.blue(), ground.blue()))
    return QColor(*(round(over * share + under * (1 - share)) for over, under in parts))


def _paint_drafts(painter: QPainter, cells: LaneCells, axis: TimeAxis) -> None:
    """A D at the beginning of every stretch that was drafted, as far as it is in view and has room for it."""
    frames = np.array(_visible_frames(cells.drafted, axis), np.int64)
    if not len(frames):
        return
    breaks = np.flatnonzero(np.diff(frames) > DRAFT_STEPS) + 1
    painter.setFont(theme.interface_font(9, weight=QFont.Weight.Bold))
    painter.setPen(QColor(theme.current().text_1))
    for stretch in np.split(frames, breaks):
        left, right = max(0.0, axis.x_of(int(stretch[0]))), axis.x_of(int(stretch[-1]) + 1)
        if right - left >= LETTER:
            painter.drawText(QRectF(left + 2, -1, LETTER, BAR_HEIGHT + 2), Qt.AlignmentFlag.AlignVCenter, "D")


def _paint_end(painter: QPainter, cells: LaneCells, axis: TimeAxis) -> None:
    """A cross on the frame from which the object is gone for good."""
    frame = cells.ends_at
    if frame is None or frame not in axis.visible():
        return
    middle, reach = QPointF(axis.center_of(frame), BAR_HEIGHT / 2), 4.0
    for pen in (QPen(QColor(theme.current().lane), 4), QPen(QColor(theme.current().text_1), 2)):
        painter.setPen(pen)
        painter.drawLine(middle - QPointF(reach, reach), middle + QPointF(reach, reach))
        painter.drawLine(middle - QPointF(reach, -reach), middle + QPointF(reach, -reach))


def _visible_frames(flags: np.ndarray, axis: TimeAxis) -> list[int]:
    frames = axis.visible()
    found: list[int] = (np.flatnonzero(flags[frames.start : frames.stop]) + frames.start).tolist()
    return found


def _paint_diamonds(painter: QPainter, cells: LaneCells, axis: TimeAxis) -> None:
    painter.setPen(QPen(QColor("#000000"), 1))
    painter.setBrush(QColor("#FFFFFF"))
    half, middle, last_x = 6.0, BAR_HEIGHT / 2, -1e9
    for frame in _visible_frames(cells.prompts, axis):
        x = axis.center_of(frame)
        if x - last_x < 1:
            continue
        last_x = x
        corners = [QPointF(x - half, middle), QPointF(x, middle - half), QPointF(x + half, middle)]
        painter.drawPolygon(QPolygonF([*corners, QPointF(x, middle + half)]))


def _paint_excluded(painter: QPainter, cells: LaneCells, axis: TimeAxis) -> None:
    """Struck out: a frame that no run learns from."""
    painter.setPen(QPen(QColor(theme.current().attention), 2))
    for frame in _visible_frames(cells.excluded, axis):
        x = axis.center_of(frame)
        painter.drawLine(QPointF(x - 6, BAR_HEIGHT + 1), QPointF(x + 6, -1))


def paint_suspicions(painter: QPainter, suspicions: Mapping[int, float], axis: TimeAxis) -> None:
    """A red notch from the top where a mask is likely wrong, deeper where it is more likely; one a pixel at most."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.current().attention))
    frames = np.fromiter(suspicions.keys(), np.int64, len(suspicions))
    values = np.fromiter(suspicions.values(), np.float64, len(suspicions))
    places = (frames + 0.5 - axis.left) * axis.scale
    order = np.lexsort((values, np.floor(places)))  # the deepest of a pixel comes last
    is_last = np.append(np.diff(np.floor(places[order])) > 0, True)[: len(order)]
    for x, value in zip(places[order][is_last].tolist(), values[order][is_last].tolist(), strict=True):
        if 0 <= x <= axis.width:
            corners = [QPointF(x - 3.5, -4), QPointF(x + 3.5, -4), QPointF(x, 6 * value - 1)]
            painter.drawPolygon(QPolygonF(corners))
