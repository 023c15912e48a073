"""Speeds, big steps and markers on the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from app.ui.dialogs.export_dialog import ExportDialog
from app.ui.dialogs.question import Question
from app.ui.timeline.transport import SpeedButton
from app.ui.window import MainWindow


@pytest.fixture
def answer_with(qtbot: Any) -> Callable[[Any], None]:
    """Gives the next question a text or number, or with None takes no for an answer."""

    def answer(value: Any) -> None:
        def give() -> None:
            box = QApplication.activeModalWidget()
            assert isinstance(box, Question)
            if value is None:
                box.reject()
                return
            box.field.setText(value) if isinstance(box.field, QLineEdit) else box.field.setValue(value)
            next(button for button in box.findChildren(QPushButton) if button.isDefault()).click()

        QTimer.singleShot(50, give)

    return answer


def test_the_speed_button_shows_what_the_menu_chose_and_the_clip_comes_back_at_it(
    opened: MainWindow, clip: Path, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    button = opened.timeline.findChild(SpeedButton)
    assert isinstance(button, SpeedButton) and button.text() == "1 ×"
    assert [action.text() for action in button.menu().actions()] == [
        "0.1 ×", "0.25 ×", "0.5 ×", "1 ×", "2 ×", "4 ×", "8 ×",
    ]  # fmt: skip
    opened.desk.actions["speed_0.25"].trigger()
    assert button.text() == "0.25 ×" and opened.playback.chosen_speed == 0.25
    opened.projects.close()
    assert button.text() == "1 ×"
    open_clip(opened, clip)
    assert button.text() == "0.25 ×"


def test_a_big_step_goes_as_far_as_the_person_wants(
    opened: MainWindow, make_window: Callable[[], MainWindow], answer_with: Callable[[Any], None]
) -> None:
    opened.desk.actions["jump_forward"].trigger()
    assert opened.desk.frame == 10 and opened.desk.actions["jump_back"].text() == "10 frames back"
    answer_with(4)
    opened.desk.actions["choose_jump"].trigger()
    assert opened.desk.actions["jump_back"].text() == "4 frames back"
    opened.desk.actions["jump_back"].trigger()
    assert opened.desk.frame == 6
    answer_with(None)
    opened.desk.actions["choose_jump"].trigger()
    assert make_window().desk.actions["jump_forward"].text() == "4 frames forward"


def test_m_sets_a_marker_and_again_its_note(qtbot: Any, opened: MainWindow, answer_with: Callable[[Any], None]) -> None:
    desk = opened.desk
    assert desk.document is not None
    for frame in (3, 9):
        desk.set_frame(frame)
        qtbot.keyClick(opened.canvas, Qt.Key.Key_M)
    assert dict(desk.document.markers) == {3: "", 9: ""}
    answer_with("ask Ann")
    qtbot.keyClick(opened.canvas, Qt.Key.Key_M)
    assert desk.document.markers[9] == "ask Ann"
    desk.actions["previous_marker"].trigger()
    assert desk.frame == 3
    desk.actions["next_marker"].trigger()
    assert desk.frame == 9
    desk.actions["remove_marker"].trigger()
    assert list(desk.document.markers) == [3] and not desk.actions["remove_marker"].isEnabled()
    desk.actions["undo"].trigger()
    assert desk.document.markers[9] == "ask Ann"


def test_the_ruler_s_menu_speaks_of_the_marks_under_it(opened: MainWindow, answer_with: Callable[[Any], None]) -> None:
    desk = opened.desk
    assert desk.document is not None

    def choose(frame: int, text: str) -> list[str]:
        menu = opened.marking.menu_for(frame)
        words = [action.text() for action in menu.actions() if action.text()]
        next(action for action in menu.actions() if action.text() == text).trigger()
        menu.close()
        return words

    answer_with("look")
    choose(5, "Marker here …")
    choose(5, "Shot cut here")
    assert dict(desk.document.markers) == {5: "look"} and desk.document.cuts == (5,)
    words = choose(5, "Remove the marker")
    assert words[-3:] == ["Note of the marker …", "Remove the marker", "Remove the shot cut"]
    choose(5, "Remove the shot cut")
    choose(5, "Go to frame 5")
    choose(3, "Range in here")
    assert not desk.document.markers and not desk.document.cuts and desk.frame == 5 and desk.range == (3, 15)


def test_steps_go_through_the_frames_that_are_worked_on(opened: MainWindow, answer_with: Callable[[Any], None]) -> None:
    desk = opened.desk
    answer_with(4)
    desk.actions["choose_stride"].trigger()
    assert opened.timeline.transport._count.text() == "frame 0 / 15 · 1 in 4"
    stops = []
    for name in ("step_forward", "step_forward", "jump_forward", "step_back", "jump_back"):
        desk.actions[name].trigger()
        stops.append(desk.frame)
    assert stops == [4, 8, 12, 8, 0]
    desk.set_frame(6)
    desk.actions["step_back"].trigger()
    assert desk.frame == 4
    desk.set_frame(6)
    desk.actions["step_forward"].trigger()
    assert desk.frame == 8
    desk.set_frame(15)
    desk.actions["step_forward"].trigger()
    assert desk.frame == 12 and list(desk.worked_frames(3, 12)) == [4, 8, 12]


def test_the_frames_worked_on_come_back_with_the_project_and_can_be_exported_alone(
    opened: MainWindow, clip: Path, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    opened.desk.set_stride(5)
    opened.projects.close()
    assert opened.desk.stride == 1
    open_clip(opened, clip)
    assert opened.desk.stride == 5
    dialog = ExportDialog(opened.desk, opened)
    dialog.refresh()
    dialog.only_worked.setChecked(True)
    assert ", 4 frames, " in dialog._facts.text()
    opened.desk.set_range(3, 11)
    dialog.refresh()
    dialog.only_range.setChecked(True)
    assert ", 2 frames, " in dialog._facts.text()
    opened.desk.set_stride(1)
    dialog.refresh()
    assert dialog.only_worked.isHidden() and ", 9 frames, " in dialog._facts.text()
    dialog.deleteLater()


def test_the_range_can_be_typed(opened: MainWindow, answer_with: Callable[[Any], None]) -> None:
    desk = opened.desk
    for said, frames in (("3–8", (3, 8)), ("9 to 4", (4, 9)), ("10-400", (10, 15))):
        answer_with(said)
        desk.actions["choose_range"].trigger()
        assert (desk.range_in, desk.range_out) == frames
    for said in ("12", "200–300", "all of it"):
        answer_with(said)
        desk.actions["choose_range"].trigger()
        assert (desk.range_in, desk.range_out) == (10, 15)
        assert f"“{said}” is no range of this clip. Give two frames from 0–15." in opened.notices.texts
