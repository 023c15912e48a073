"""The curves under the selected lane: how sure the model is that the object is in view, and how suspicious it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsItem, QLabel, QWidget

from app.ui import theme
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.ruler import HEADER_WIDTH

if TYPE_CHECKING:
    from app.ui.timeline.lane_cells import LaneCells

MOST_POINTS = 1000


class ScoreCurve(QWidget):
    """Visibility, 0 to 1, over the axis; the dashed line is where the object counts as gone. In red, suspicion, 0 to 1.

    It is transparent: the playhead, cuts and markers of the lanes go through it. The plot is made when the
    first curve is shown: the plotting library is slow to import.
    """

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axis = axis
        self._plot: Any = None
        self._curve: Any = None
        self._peaks: Any = None
        self._limit: Any = None
        self._label = QLabel("visibility score", self)
        self._label.setProperty("role", "hint")
        self._label.move(28, 3)
        self._second = QLabel("suspicion", self)
        self._second.move(28, 19)
        self._second.setProperty("role", "attention")
        for label in (self._label, self._second):
            label.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY))
        self.setAccessibleName("Visibility score and suspicion of the selected object")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_cells(self, cells: LaneCells | None, color: QColor, suspicions: Mapping[int, float] | None = None) -> None:
        """Draw the visibility of these cells in the part of the clip that is in view; None hides the curve.

        `suspicions` says on which frames the masks are how suspicious, 0 to 1.
        """
        if cells is None or np.isnan(cells.visibility).all():
            self._show_plot(False)
            return
        if self._plot is None:
            self._make_plot()
        frames = self._axis.visible()
        # Where many frames share a pixel, the least sure of them is shown: a dip is what a person looks for.
        per_point = max(1, len(frames) // MOST_POINTS)
        starts = np.arange(frames.start, frames.stop, per_point)
        lowest = np.fmin.reduceat(cells.visibility[: frames.stop], starts)
        # The line goes on over what a draft left out, and breaks where nothing was computed.
        is_passed = np.logical_and.reduceat(cells.left_out()[: frames.stop], starts)
        self._curve.setData((starts + per_point / 2)[~is_passed], lowest[~is_passed], connect="finite")
        self._curve.setPen(color, width=1.5)
        self._show_peaks(suspicions or {}, frames, starts, per_point)
        self._limit.setPen(QColor(theme.current().attention), width=1, dash=[2, 4])
        left, right = self._axis.left, self._axis.left + self._axis.width / self._axis.scale
        self._plot.setXRange(left, right, padding=0)
        self._show_plot(True)

    def _show_peaks(
        self, suspicions: Mapping[int, float], frames: range, starts: NDArray[np.int64], per_point: int
    ) -> None:
        values = np.zeros(frames.stop - frames.start, np.float32)
        for frame, value in suspicions.items():
            if frame in frames:
                values[frame - frames.start] = value
        is_any = bool(values.any())
        self._second.setVisible(is_any)
        self._peaks.setVisible(is_any)
        if is_any:
            highest = np.maximum.reduceat(values, starts - frames.start)
            # Nothing is drawn where nothing is suspicious, but every peak stands on the ground.
            beside = np.pad(highest, 1)
            highest[(highest == 0) & (beside[:-2] == 0) & (beside[2:] == 0)] = np.nan
            self._peaks.setData(starts + per_point / 2, highest, connect="finite")
            self._peaks.setPen(QColor(theme.current().attention), width=1)

    def _show_plot(self, is_shown: bool) -> None:
        self._label.setVisible(is_shown)
        self._second.setVisible(is_shown and self._second.isVisibleTo(self))
        if self._plot is not None:
            self._plot.setVisible(is_shown)

    def _make_plot(self) -> None:
        import pyqtgraph

        self._plot = pyqtgraph.PlotWidget(self, background=None)
        for side in ("left", "bottom"):
            self._plot.hideAxis(side)
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(False, False)
        self._plot.hideButtons()
        self._plot.setFrameStyle(0)
        self._plot.setYRange(-0.08, 1.08, padding=0)
        self._plot.getPlotItem().setContentsMargins(0, 0, 0, 0)
        self._plot.setStyleSheet("background: transparent")
        self._peaks = self._plot.plot([], [], antialias=True)
        self._curve = self._plot.plot([], [], antialias=True)
        for curve in (self._peaks, self._curve):
            # A smooth line of a thousand corners takes 6 ms: it is drawn when it changes, not when the playhead passes.
            curve.curve.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._limit = pyqtgraph.InfiniteLine(pos=0.5, angle=0)
        self._plot.addItem(self._limit)
        self._place()

    def _place(self) -> None:
        if self._plot is not None:
            self._plot.setGeometry(HEADER_WIDTH, 0, max(1, self._axis.width), self.height())

    def resizeEvent(self, event: Any) -> None:
        self._place()
