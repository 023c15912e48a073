"""Keys: text fields, held keys, pop-ups, other alphabets."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit

from app.commands.objects import new_object
from app.document.masks import MaskCode
from app.inference.engine import Candidate
from app.ui.key_sheet import KeySheet
from app.ui.window import MainWindow


def press(window: MainWindow, key, text: str = "", scan: int = 0, held=Qt.KeyboardModifier.NoModifier) -> None:
    send(window, QEvent.Type.KeyPress, key, text, scan, held)
    send(window, QEvent.Type.KeyRelease, key, text, scan, held)


def send(window: MainWindow, kind, key, text: str = "", scan: int = 0, held=Qt.KeyboardModifier.NoModifier) -> None:
    target = window.focusWidget() or window
    QApplication.sendEvent(target, QKeyEvent(kind, key, held, scan, 0, 0, text))


def test_letters_in_a_text_field_are_text_and_nothing_else(qtbot, opened: MainWindow) -> None:
    field = QLineEdit(opened.status)
    field.show()
    field.setFocus()
    tool, frame = opened.desk.tool, opened.desk.frame
    typed = "abcdefghijklmnopqrstuvwxyz 0123456789[]=-"
    qtbot.keyClicks(field, typed)
    assert field.text() == typed
    assert (opened.desk.tool, opened.desk.frame, opened.desk.is_playing) == (tool, frame, False)
    assert opened.desk.document is not None and not opened.desk.document.objects
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert opened.canvas.hasFocus()
    qtbot.keyClick(opened.canvas, Qt.Key.Key_D)
    assert opened.desk.frame == frame + 1
    field.hide()


def test_a_tap_on_space_plays_and_a_drag_with_it_only_moves(qtbot, opened: MainWindow) -> None:
    send(opened, QEvent.Type.KeyPress, Qt.Key.Key_Space, " ")
    assert not opened.desk.is_playing
    send(opened, QEvent.Type.KeyRelease, Qt.Key.Key_Space, " ")
    assert opened.desk.is_playing
    press(opened, Qt.Key.Key_Space, " ")
    assert not opened.desk.is_playing
    send(opened, QEvent.Type.KeyPress, Qt.Key.Key_Space, " ")
    center = opened.canvas.center
    view = opened.canvas.viewport()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=view.rect().center())
    qtbot.mouseMove(view, view.rect().center() / 2)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton)
    send(opened, QEvent.Type.KeyRelease, Qt.Key.Key_Space, " ")
    assert opened.canvas.center != center
    assert not opened.desk.is_playing
    assert opened.desk.document is not None and not opened.desk.document.objects


def test_a_tap_on_h_hides_and_holding_it_peeks(opened: MainWindow) -> None:
    now = [0.0]
    opened.keys._clock = lambda: now[0]
    press(opened, Qt.Key.Key_H, "h")
    assert not opened.desk.are_masks_visible
    assert opened.desk.actions["hide_masks"].isChecked()
    press(opened, Qt.Key.Key_H, "h")
    assert opened.desk.are_masks_visible
    send(opened, QEvent.Type.KeyPress, Qt.Key.Key_H, "h")
    assert not opened.desk.are_masks_visible
    now[0] = 1.0
    send(opened, QEvent.Type.KeyRelease, Qt.Key.Key_H, "h")
    assert opened.desk.are_masks_visible


def test_a_focused_button_keeps_space_and_enter(opened: MainWindow) -> None:
    done: list[bool] = []
    button = opened.top_bar.model
    button.clicked.disconnect()
    button.clicked.connect(lambda: done.append(True))
    button.setFocus(Qt.FocusReason.TabFocusReason)
    press(opened, Qt.Key.Key_Return)
    press(opened, Qt.Key.Key_Space, " ")
    assert done == [True, True]
    assert not opened.desk.is_playing


def test_the_choice_takes_its_keys_before_the_window(qtbot, opened: MainWindow) -> None:
    from app.commands.objects import new_object
    from app.commands.prompts import add_point

    desk = opened.desk
    assert desk.project is not None and desk.document is not None
    new_object(desk.project)
    new_object(desk.project)
    desk.select(2)
    add_point(desk.project, 2, 0, 30, 30)
    masks = []
    for width in (40, 20):
        mask = np.zeros((72, 96), bool)
        mask[20:50, 10 : 10 + width] = True
        masks.append(Candidate(MaskCode.from_array(mask), width / 50))
    opened.canvas.show_candidates((2, 0), tuple(masks))
    qtbot.keyClick(opened.canvas, Qt.Key.Key_1)
    assert desk.selected_object == 2
    assert desk.document.masks[2, 0].code == masks[0].mask
    qtbot.keyClick(opened.canvas, Qt.Key.Key_1)
    assert desk.selected_object == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="scan codes of this test are those of X and Wayland")
def test_a_russian_layout_acts_by_place(opened: MainWindow) -> None:
    press(opened, 0x0412, "в", scan=32 + 8)  # the key D
    assert opened.desk.frame == 1
    press(opened, 0x0424, "ф", scan=30 + 8)  # the key A
    assert opened.desk.frame == 0
    press(opened, 0x0418, "и", scan=48 + 8)  # the key B
    assert opened.desk.tool == "brush"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="scan codes of this test are those of X and Wayland")
def test_digits_and_signs_act_by_place_in_any_layout(qtbot, opened: MainWindow) -> None:
    desk = opened.desk
    alone, shift = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier

    def press_at(place: int, key: Qt.Key, held: Qt.KeyboardModifier = alone) -> bool:
        """As the platform does it: nothing is a shortcut that was claimed before. False if it was not claimed."""
        override, down = (
            QKeyEvent(kind, key, held, place + 8, 0, 0, "")
            for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        )
        override.ignore()
        opened.keys.eventFilter(opened.canvas, override)
        return override.isAccepted() and opened.keys.eventFilter(opened.canvas, down)

    for _ in range(6):
        new_object(desk.project)
    desk.select(1)
    assert press_at(3, Qt.Key.Key_Eacute) and desk.selected_object == 2  # a French 2
    assert press_at(7, Qt.Key.Key_Minus) and desk.selected_object == 6  # a French 6, no minus
    size = opened.canvas.brush_size
    assert press_at(27, Qt.Key.Key_Plus) and opened.canvas.brush_size > size  # a German keyboard has + where ] is
    assert press_at(53, Qt.Key.Key_Underscore, shift)  # and _ where ? is
    sheet = opened.findChild(KeySheet)
    assert sheet is not None
    sheet.close()
    for place, key, held in (
        (9, Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.GroupSwitchModifier),  # AltGr writes a sign
        (39, Qt.Key.Key_M, alone),  # a French M is a letter, wherever it is
        (4, Qt.Key.Key_3, alone),  # the same as on a US keyboard: an ordinary shortcut
    ):
        assert not press_at(place, key, held)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="scan codes of this test are those of X and Wayland")
def test_a_held_key_of_another_layout_repeats_steps_and_nothing_else(opened: MainWindow) -> None:
    def hold(key: int, scan: int) -> None:
        event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, scan + 8, 0, 0, "", True, 1)
        QApplication.sendEvent(opened.canvas, event)

    hold(0x0412, 32)  # the key D
    assert opened.desk.frame == 1
    hold(0x0422, 49)  # the key N
    assert opened.desk.document is not None and not opened.desk.document.objects
    press(opened, 0x0422, scan=49 + 8)
    assert list(opened.desk.document.objects) == [1]


def test_esc_ends_the_innermost_thing_first(opened: MainWindow) -> None:
    from app.commands.objects import new_object

    desk = opened.desk
    assert desk.project is not None
    desk.select(new_object(desk.project).id)
    desk.set_tool("lasso")
    tool = opened.canvas.tool
    from app.ui.tools.tool import Button, Pointer

    for x in (10.0, 40.0):
        tool.press(Pointer(x, 10, Button.LEFT))
        tool.release(Pointer(x, 10, Button.LEFT))
    press(opened, Qt.Key.Key_Escape)
    assert not tool.marks() and desk.selected_object == 1
    press(opened, Qt.Key.Key_Escape)
    assert desk.selected_object is None


def test_escape_in_a_list_gives_the_keyboard_back_to_the_picture_and_then_lets_the_object_go(
    qtbot, opened: MainWindow
) -> None:
    opened.desk.actions["new_object"].trigger()
    opened.objects_panel.list.setFocus()
    qtbot.keyClick(opened.objects_panel.list, Qt.Key.Key_Escape)
    assert opened.focusWidget() is opened.canvas and opened.desk.selected_object == 1
    qtbot.keyClick(opened.canvas, Qt.Key.Key_Escape)
    assert opened.desk.selected_object is None


def test_an_area_gives_the_keyboard_to_what_shows_that_it_has_it(opened: MainWindow) -> None:
    opened.desk.actions["new_object"].trigger()
    opened.canvas.setFocus()
    held = []
    for _ in range(5):
        opened.desk.actions["next_area"].trigger()
        held.append(opened.focusWidget())
    assert opened.objects_panel.list in held and opened.timeline.lanes in held
    assert all(widget is not None and widget.focusPolicy() for widget in held)


def test_f6_goes_round_the_areas(opened: MainWindow) -> None:
    opened.canvas.setFocus()
    seen = []
    for _ in range(5):
        opened.desk.actions["next_area"].trigger()
        focused = opened.focusWidget()
        assert focused is not None
        seen.append(
            next(
                place
                for place, area in enumerate(opened.viewing.areas)
                if focused is area or area.isAncestorOf(focused)
            )
        )
    assert seen == [2, 3, 4, 0, 1]


def test_the_action_search_finds_does_and_leaves(qtbot, opened: MainWindow) -> None:
    opened.desk.actions["find_action"].trigger()
    assert opened.search.isVisible()
    qtbot.keyClicks(opened.search.field, "last frame")
    assert opened.search.list.item(0).text() == "Last frame"
    qtbot.keyClick(opened.search.field, Qt.Key.Key_Return)
    assert not opened.search.isVisible()
    assert opened.desk.frame == 15
    assert opened.canvas.hasFocus()
    opened.desk.actions["find_action"].trigger()
    qtbot.keyClicks(opened.search.field, "redo")
    qtbot.keyClick(opened.search.field, Qt.Key.Key_Escape)
    assert not opened.search.isVisible()


def test_f1_explains_what_has_the_focus_first(qtbot, opened: MainWindow) -> None:
    new_object(opened.desk.project)
    next_button = next(button for button in opened.queue_panel.findChildren(QAbstractButton) if button.isEnabled())
    for part, name in (
        (opened.canvas, "The picture"),
        (opened.timeline.lanes, "Timeline"),
        (next_button, "Look at next"),
        (opened.objects_panel.list, "Objects"),
    ):
        opened.activateWindow()
        part.setFocus()
        qtbot.waitUntil(part.hasFocus)
        qtbot.keyClick(part, Qt.Key.Key_F1)
        sheet = opened.findChild(KeySheet)
        text = sheet.page.toPlainText()
        assert text.splitlines()[0] == name and "Ctrl+T" in text
        sheet.close()
        qtbot.waitUntil(lambda: opened.findChild(KeySheet) is None)
