"""A step paints only what the playhead covers, and still leaves the whole widget as it should be."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QColor, QImage, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.ui import theme
from app.ui.desk import Desk
from app.ui.timeline import TimelineView
from app.ui.timeline.ruler import HEADER_WIDTH


class Painted(QObject):
    """Gathers where a widget is painted."""

    def __init__(self) -> None:
        super().__init__()
        self.region = QRegion()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region = self.region.united(event.region())
        return False


def picture_of(widget: QWidget) -> QImage:
    picture = QImage(widget.size(), QImage.Format.Format_RGB32)
    picture.fill(0)
    widget.render(picture, QPoint())
    return picture


def test_the_playhead_crosses_the_curve_as_one_thin_line(qtbot: QtBot, view: TimelineView, desk: Desk) -> None:
    desk.select(1)
    qtbot.waitUntil(view.curve.isVisible)
    line = QColor(theme.current().text_1).rgb()
    rows = range(view.curve.y() + 2, view.curve.y() + view.curve.height(), 4)
    for frame in range(0, 24, 3):
        desk.set_frame(frame)
        picture = picture_of(view.lanes)
        counts = [sum(picture.pixel(x, y) == line for x in range(HEADER_WIDTH, view.lanes.width())) for y in rows]
        assert set(counts) <= {0, 1} and counts.count(1) > len(counts) / 2


@pytest.mark.parametrize("name", ["ruler", "filmstrip", "lanes"])
def test_a_step_paints_again_all_that_it_changes_and_little_else(
    qtbot: QtBot, view: TimelineView, desk: Desk, name: str
) -> None:
    widget = getattr(view, name)
    qtbot.wait(200)  # the pictures of the filmstrip are there
    for start, end in ((0, 23), (23, 11), (11, 12), (12, 0)):
        desk.set_frame(start)
        QApplication.processEvents()
        before, painted = picture_of(widget), Painted()
        widget.installEventFilter(painted)
        desk.set_frame(end)
        QApplication.processEvents()
        widget.removeEventFilter(painted)
        after = picture_of(widget)
        changed = [
            QPoint(x, y)
            for x in range(widget.width())
            for y in range(0, widget.height(), 3)
            if before.pixel(x, y) != after.pixel(x, y)
        ]
        assert changed and all(painted.region.contains(place) for place in changed)
        seen = painted.region.boundingRect() if abs(end - start) == 1 else None
        assert seen is None or seen.width() < widget.width() / 2
