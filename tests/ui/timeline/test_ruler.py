"""The ruler under the mouse: marks, handles of the range, the card with the frame under the pointer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.commands import marks
from app.document.project import Project
from app.ui import theme
from app.ui.desk import Desk
from app.ui.timeline import TimelineView
from app.ui.timeline.ruler import HEADER_WIDTH, HEIGHT

Mouse = Callable[..., None]


def x_of(view: TimelineView, frame: float) -> float:
    return HEADER_WIDTH + view.axis.x_of(frame)


def test_a_click_near_a_mark_goes_to_its_frame(view: TimelineView, desk: Desk, project: Project, mouse: Mouse) -> None:
    marks.note_found_cuts(project, [7])
    marks.set_marker(project, 15, "")
    for x, frame in ((x_of(view, 7) - 4, 7), (x_of(view, 15.5) + 4, 15), (x_of(view, 7) - 9, 6)):
        mouse(view.ruler, "press", x, 8)
        mouse(view.ruler, "release", x, 8)
        assert desk.frame == frame


def test_the_playhead_is_held_while_it_is_dragged(view: TimelineView, desk: Desk, mouse: Mouse) -> None:
    told: list[bool] = []
    desk.scrubbing_changed.connect(told.append)
    for widget in (view.ruler, view.filmstrip):
        mouse(widget, "press", x_of(view, 3.5), 8)
        mouse(widget, "move", x_of(view, 9.5), 8)
        assert desk.is_scrubbing
        mouse(widget, "release", x_of(view, 9.5), 8)
        assert not desk.is_scrubbing
    assert told == [True, False] * 2


def test_the_handles_of_the_range_are_dragged(view: TimelineView, desk: Desk, mouse: Mouse) -> None:
    desk.set_range(5, 12)
    low = HEIGHT - 3
    mouse(view.ruler, "press", x_of(view, 5), low)
    mouse(view.ruler, "move", x_of(view, 8.5), low)
    assert desk.range == (8, 12)
    mouse(view.ruler, "move", x_of(view, 20.5), low)
    assert desk.range == (12, 12)
    mouse(view.ruler, "move", x_of(view, 2.5), low)
    mouse(view.ruler, "release", x_of(view, 2.5), low)
    mouse(view.ruler, "press", x_of(view, 13), low)
    mouse(view.ruler, "move", x_of(view, 17.5), low)
    mouse(view.ruler, "release", x_of(view, 17.5), low)
    assert desk.range == (2, 17) and desk.frame == 0
    mouse(view.ruler, "double", x_of(view, 2), low)
    assert desk.range_in is None and desk.range_out is None


def test_alt_and_the_wheel_step(view: TimelineView, desk: Desk) -> None:
    for turned, frame in ((QPoint(0, -120), 1), (QPoint(-120, 0), 2), (QPoint(0, 120), 1), (QPoint(), 1)):
        event = QWheelEvent(
            QPointF(300, 5),
            QPointF(view.ruler.mapToGlobal(QPoint(300, 5))),
            QPoint(),
            turned,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.AltModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view.ruler, event)
        assert desk.frame == frame


def test_a_right_click_asks_about_the_mark_under_it(view: TimelineView, project: Project) -> None:
    marks.note_found_cuts(project, [7])
    asked: list[int] = []
    view.ruler.menu_requested.connect(lambda place, frame: asked.append(frame))
    for x in (x_of(view, 7) - 4, x_of(view, 3.5)):
        place = QPoint(round(x), 8)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.ruler.mapToGlobal(place))
        QApplication.sendEvent(view.ruler, event)
    assert asked == [7, 3]


def test_the_card_shows_the_frame_under_the_pointer_and_the_playhead_stays(
    qtbot: QtBot, view: TimelineView, desk: Desk, project: Project, mouse: Mouse
) -> None:
    marks.set_marker(project, 15, "ask Ann")
    mouse(view.ruler, "move", x_of(view, 4.5), 8, is_held=False)
    assert view.card.frame is None
    qtbot.waitUntil(lambda: view.card.frame == 4)
    assert view.card.words == "frame 4 · 00:00.17" and desk.frame == 0
    mouse(view.ruler, "move", x_of(view, 15.5), 8, is_held=False)
    assert view.card.frame == 15 and view.card.words == "frame 15 · 00:00.62 · marker: ask Ann"
    mouse(view.ruler, "press", x_of(view, 15.5), 8)
    assert view.card.frame is None and desk.frame == 15


def test_the_card_has_the_masks_of_its_frame(
    qtbot: QtBot, view: TimelineView, desk: Desk, project: Project, mouse: Mouse
) -> None:
    def bluest() -> int:
        picture = view.card.grab().toImage()
        blues = [picture.pixelColor(x, 66) for x in range(10, picture.width() - 10)]
        return max(color.blue() - color.red() for color in blues)

    desk.select(1)
    assert theme.picture_color(0) == QColor("#5EB8EC")
    mouse(view.ruler, "move", x_of(view, 20.5), 8, is_held=False)
    qtbot.waitUntil(lambda: view.card.frame == 20)
    qtbot.waitUntil(lambda: view.card._thumbnails.picture(20) is not None)
    without = bluest()
    mouse(view.ruler, "move", x_of(view, 5.5), 8, is_held=False)
    qtbot.waitUntil(lambda: view.card._thumbnails.picture(5) is not None)
    assert bluest() > without + 60


def test_the_card_over_a_diamond_speaks_of_its_frame_and_a_click_goes_there(
    qtbot: QtBot, view: TimelineView, desk: Desk, mouse: Mouse
) -> None:
    view.axis.set_width(24)  # a pixel a frame: nobody hits one frame
    desk.set_frame(20)
    x = x_of(view, 4)
    mouse(view.lanes, "move", x, 10, is_held=False)
    qtbot.waitUntil(lambda: view.card.frame == 0)
    assert view.card.words.endswith("dog: not looked at · 1 prompt")
    mouse(view.lanes, "press", x, 10)
    mouse(view.lanes, "release", x, 10)
    assert desk.frame == 0 and desk.selected_object == 1


@pytest.mark.parametrize("side", ["left", "below"])
def test_the_card_goes_where_there_is_no_frame(qtbot: QtBot, view: TimelineView, mouse: Mouse, side: str) -> None:
    mouse(view.lanes, "move", x_of(view, 4.5), 10, is_held=False)
    qtbot.waitUntil(lambda: view.card.frame == 4)
    mouse(view.lanes, "move", 20 if side == "left" else x_of(view, 4.5), 10 if side == "left" else 200, is_held=False)
    assert view.card.frame is None
