"""The lanes for those who do not see them, and their menu for those who use no mouse."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.commands.review import mark_absent, verify_cells
from app.document.project import Project
from app.ui.desk import Desk
from app.ui.timeline import TimelineView


def test_the_selected_lane_is_told_span_by_span(qtbot: QtBot, view: TimelineView, desk: Desk, project: Project) -> None:
    verify_cells(project, [(1, frame) for frame in range(4)])
    mark_absent(project, [(1, frame) for frame in range(4, 7)])
    desk.select(1)
    told = "dog: verified 0–3, absent 4–6, not looked at 7–11, not computed 12–23"
    qtbot.waitUntil(lambda: view.lanes.accessibleDescription() == told)
    verify_cells(project, [(1, 4)])
    qtbot.waitUntil(lambda: "verified absent 4, absent 5–6" in view.lanes.accessibleDescription())


def test_with_nothing_selected_every_lane_is_told(view: TimelineView) -> None:
    assert view.lanes.accessibleDescription() == (
        "dog: not looked at 0–11, not computed 12–23\nball: not computed 0–23"
    )


def test_the_menu_key_asks_about_the_selected_lane_at_the_playhead(view: TimelineView, desk: Desk) -> None:
    asked: list[tuple[int, int]] = []
    view.lanes.menu_requested.connect(lambda place, object_id: asked.append((object_id, desk.frame)))
    desk.select(1)
    desk.set_frame(5)
    middle = QPoint(view.lanes.width() // 2, view.lanes.top_of(2))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, middle, view.lanes.mapToGlobal(middle))
    QApplication.sendEvent(view.lanes, event)
    assert asked == [(1, 5)] and desk.selected_object == 1
