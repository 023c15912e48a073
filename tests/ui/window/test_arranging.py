"""Whole objects in the window: joining asks only where it must, the list's order decides what is seen."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton

from app.commands.masklets import Conflict
from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.commands.prompts import add_point
from app.ui.dialogs.join_dialog import JoinDialog
from app.ui.window import MainWindow


def square(x: int) -> np.ndarray:
    mask = np.zeros((72, 96), bool)
    mask[20:40, x : x + 20] = True
    return mask


@pytest.fixture
def worked(opened: MainWindow) -> MainWindow:
    """dog on 2–9 and ball on 6–11: other masks on the four frames that they share, the ball's newer."""
    project = opened.desk.project
    assert project is not None
    for object_id, name, frames, x in ((1, "dog", range(2, 10), 10), (2, "ball", range(6, 12), 22)):
        new_object(project, name)
        for frame in frames:
            set_mask(project, object_id, frame, square(x))
        time.sleep(0.002)
    opened.desk.select_all((1, 2))
    return opened


def join(window: MainWindow) -> JoinDialog:
    window.desk.actions["join"].trigger()
    (dialog,) = window.findChildren(JoinDialog)
    return dialog


def left_on(window: MainWindow, frame: int) -> int:
    return window.desk.document.masks[(1, frame)].code.measures[1]


def test_joining_shows_the_shared_frames_and_does_what_was_chosen(qtbot, worked: MainWindow) -> None:
    dialog = join(worked)
    qtbot.waitUntil(lambda: len(dialog._pictures) == 4)
    said = [label.text() for label in dialog.findChildren(QLabel)]
    assert "dog and ball have different masks on 4 frames (6 to 9). What shall stand there?" in said
    assert {"frame 6", "frame 7", "frame 8", "frame 9"} <= set(said)
    assert dialog.conflict is Conflict.UNION and dialog.kept(0) == (True, True)
    dialog.choose(Conflict.FIRST)
    assert dialog.kept(0) == (True, False)
    dialog.choose(Conflict.NEWEST)
    assert dialog.kept(0) == (False, True)
    next(button for button in dialog.findChildren(QPushButton) if button.text() == "Join").click()
    assert list(worked.desk.document.objects) == [1]
    assert [left_on(worked, frame) for frame in (5, 6, 9, 11)] == [10, 22, 22, 22]
    worked.desk.actions["undo"].trigger()
    assert list(worked.desk.document.objects) == [1, 2]


def test_the_strip_shows_what_stands_and_what_goes(qtbot, worked: MainWindow) -> None:
    dialog = join(worked)
    qtbot.waitUntil(lambda: len(dialog._pictures) == 4)
    seen = []
    for conflict in Conflict:
        dialog.choose(conflict)
        seen.append(dialog._cells[0].pixmap().toImage())
    assert seen[0] != seen[1] != seen[2] and seen[2] == seen[3]
    dialog.reject()


def test_cancelling_joins_nothing(qtbot, worked: MainWindow) -> None:
    dialog = join(worked)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert list(worked.desk.document.objects) == [1, 2]
    qtbot.waitUntil(lambda: not worked.findChildren(JoinDialog))


def test_the_object_in_front_keeps_the_pixels_where_masks_may_not_overlap(qtbot, worked: MainWindow) -> None:
    desk = worked.desk
    desk.select(1)
    desk.set_frame(7)
    qtbot.waitUntil(worked.frames.is_shown)
    action = desk.actions["overlaps"]
    assert action.isChecked() and worked.canvas.labels.objects_at(25, 30) == [1, 2]
    action.trigger()
    assert not action.isChecked() and not desk.document.allows_overlaps
    assert worked.canvas.labels.objects_at(25, 30) == [2, 1]
    desk.actions["undo"].trigger()
    assert action.isChecked() and worked.canvas.labels.objects_at(25, 30) == [1, 2]


def test_keeping_off_is_ticked_for_the_selected_object(worked: MainWindow) -> None:
    desk, action = worked.desk, worked.desk.actions["keep_off"]
    desk.select(1)
    action.trigger()
    assert desk.document.objects[1].keeps_off and action.isChecked()
    desk.select(2)
    assert not action.isChecked()
    desk.select(1)
    action.trigger()
    assert not desk.document.objects[1].keeps_off


def test_who_lets_an_object_keep_off_is_offered_to_have_its_prompts_looked_at_again(qtbot, worked: MainWindow) -> None:
    project, tracking = worked.desk.project, worked.desk.tracking
    assert project is not None and tracking is not None
    qtbot.waitUntil(lambda: tracking.status.info is not None, timeout=20000)
    for object_id, x in ((1, 30.5), (2, 60.5)):
        add_point(project, object_id, 15, x, 30.5)
        tracking.request_prompt((object_id, 15))
    qtbot.waitUntil(lambda: {(1, 15), (2, 15)} <= project.document.masks.keys(), timeout=20000)
    worked.desk.select(1)
    worked.desk.actions["keep_off"].trigger()
    offer = worked.notices._notices[-1].offer
    assert "1 prompted frame was answered before that" in worked.notices.texts[-1]
    assert offer is not None and offer.text() == "Look again"
    offer.click()
    assert tracking.is_pending((1, 15)) and not tracking.is_pending((2, 15))
    qtbot.waitUntil(lambda: not tracking.is_pending((1, 15)), timeout=20000)
    assert project.history.undo_name == "Ask again, 1 prompted frame"


@pytest.mark.parametrize("width", [1440, 960])
def test_a_name_is_edited_wherever_the_list_is_and_whatever_it_shows(qtbot, worked: MainWindow, width: int) -> None:
    panel = worked.objects_panel
    worked.resize(width, 900)
    qtbot.waitUntil(lambda: worked.right.is_folded == (width < 1000))
    panel.filter.text.setText("dog")
    worked.desk.select(2)
    worked.desk.actions["rename_object"].trigger()
    assert panel.list.isVisible() and not panel.filter.is_on
    editor = panel.list.findChild(QLineEdit)
    assert editor is not None and editor.text() == "ball" and editor.isVisible()
    qtbot.keyClicks(editor, "blue a d s")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: worked.desk.document.objects[2].name == "blue a d s")


def test_finding_an_object_unfolds_the_list(qtbot, worked: MainWindow) -> None:
    worked.resize(960, 900)
    qtbot.waitUntil(lambda: worked.right.is_folded)
    worked.desk.actions["find_object"].trigger()
    assert not worked.right.is_folded
    qtbot.waitUntil(worked.objects_panel.filter.text.hasFocus)


def test_objects_go_up_and_down_in_the_list_without_a_drag(opened: MainWindow) -> None:
    desk = opened.desk
    assert desk.project is not None and desk.document is not None
    for name in ("a", "b", "c", "d"):
        new_object(desk.project, name)
    desk.select_all((3, 2))
    desk.actions["move_down"].trigger()
    assert list(desk.document.objects) == [1, 4, 2, 3]
    desk.actions["move_down"].trigger()
    assert list(desk.document.objects) == [1, 4, 2, 3]
    desk.actions["move_up"].trigger()
    desk.actions["move_up"].trigger()
    assert list(desk.document.objects) == [2, 3, 1, 4]
    desk.actions["undo"].trigger()
    assert list(desk.document.objects) == [1, 2, 3, 4]
