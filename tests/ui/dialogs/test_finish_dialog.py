"""Finishing masks in its dialog: live, undoable, and nothing is changed for good."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.document.project import Project
from app.document.values import Finish
from app.ui.canvas.layers import layers_of
from app.ui.desk import Desk
from app.ui.dialogs.finish_dialog import FinishDialog


@pytest.fixture
def dialog(qtbot: QtBot, desk: Desk) -> FinishDialog:
    desk.select(1)
    dialog = FinishDialog(desk)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def shown(desk: Desk) -> int:
    return layers_of(desk, 0)[0].mask.area


def test_a_size_is_seen_at_once_and_undone_as_one_step(dialog: FinishDialog, desk: Desk, project: Project) -> None:
    assert shown(desk) == 400
    dialog.sizes["grow"].setValue(-2)
    assert project.document.objects[1].finish == Finish(grow=-2) and shown(desk) == 16 * 18
    assert project.document.masks[(1, 0)].code.area == 400
    dialog.is_on.click()
    assert shown(desk) == 400
    project.history.undo()
    assert dialog.is_on.isChecked() and shown(desk) == 16 * 18
    project.history.undo()
    assert dialog.sizes["grow"].value() == 0 and not project.history.can_undo


def test_it_follows_the_selection_and_speaks_to_all_of_it(dialog: FinishDialog, desk: Desk, project: Project) -> None:
    dialog.sizes["fill_holes"].setValue(50)
    desk.select(2)
    assert dialog.sizes["fill_holes"].value() == 0
    desk.select_all((2, 1))
    assert dialog.sizes["fill_holes"].value() == 50
    dialog.sizes["smooth"].setValue(3)
    assert {item.finish for item in project.document.objects.values()} == {Finish(fill_holes=50, smooth=3)}
    next(button for button in dialog.findChildren(QPushButton) if button.text() == "Finish nothing").click()
    assert {item.finish for item in project.document.objects.values()} == {Finish()}
    desk.select(None)
    assert not dialog.isEnabled()
