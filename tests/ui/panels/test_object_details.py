"""What is said of objects is seen and entered in the object panel."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from app.commands import attributes, objects
from app.document.attributes import CROWD, TRUNCATED, AttributeKind, Stretch, Tag
from app.document.project import Project
from app.ui.desk import Desk
from app.ui.panels import ObjectsPanel
from app.ui.panels.object_details import ObjectDetails
from app.ui.suspicions import Suspicions


@pytest.fixture
def details(qtbot: QtBot, desk: Desk, project: Project) -> ObjectDetails:
    """The details, open, with the dog selected and an attribute of each kind: 1 note, 2 pose, 3 speed, 4 wet."""
    panel = ObjectsPanel(desk, Suspicions(desk, desk))
    qtbot.addWidget(panel)
    panel.resize(330, 600)
    panel.show()
    panel.activateWindow()
    panel.details_button.click()
    attributes.new_attribute(project, "note", AttributeKind.TEXT)
    attributes.new_attribute(project, "pose", AttributeKind.CHOICE, ("stands", "runs"))
    attributes.new_attribute(project, "speed", AttributeKind.NUMBER)
    attributes.new_attribute(project, "wet", AttributeKind.YES_NO)
    desk.select(1)
    return panel.details


def type_in(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def pick(box: QComboBox, text: str) -> None:
    box.setCurrentText(text)
    box.activated.emit(box.currentIndex())


def test_every_kind_of_attribute_is_entered_and_shown(qtbot: QtBot, details: ObjectDetails, project: Project) -> None:
    type_in(qtbot, details.editors[1].field, "left ear torn")
    pick(details.editors[2].field, "runs")
    type_in(qtbot, details.editors[3].field, "2.5")
    pick(details.editors[4].field, "no")
    assert project.document.tags_of(1) == {1: Tag("left ear torn"), 2: Tag("runs"), 3: Tag(2.5), 4: Tag(False)}
    pick(details.editors[4].field, "–")
    type_in(qtbot, details.editors[3].field, " ")
    assert set(project.document.tags_of(1)) == {1, 2}
    type_in(qtbot, details.editors[3].field, "3,5x")
    assert project.document.tags_of(1)[3] == Tag(3.5)
    details.category.setFocus()
    project.history.undo()
    project.history.undo()
    assert details.editors[3].field.text() == "2.5"


def test_what_holds_on_a_stretch_is_entered_there_and_told_for_the_rest(
    details: ObjectDetails, desk: Desk, project: Project
) -> None:
    pick(details.editors[2].field, "stands")
    desk.set_range(4, 9)
    pick(details.scope, "Range 4–9")
    assert details.frames == (4, 9) and details.editors[2].field.currentText() == "stands"
    pick(details.editors[2].field, "runs")
    assert project.document.tags_of(1)[2] == Tag("stands", (Stretch(4, 9, "runs"),))
    assert details._hints[2].text() == "runs on 4–9"
    details.scope.setCurrentIndex(1)
    details.scope.activated.emit(1)
    desk.set_frame(6)
    assert details.editors[2].field.currentText() == "runs" and details.frames == (6, 6)
    desk.set_frame(12)
    assert details.editors[2].field.currentText() == "stands"


def test_flags_are_ticked_for_the_clip_and_taken_back_on_a_stretch(
    details: ObjectDetails, desk: Desk, project: Project
) -> None:
    details.flags[CROWD].click()
    assert project.document.tags_of(1) == {CROWD: Tag(True)}
    desk.set_frame(3)
    pick(details.scope, "This frame (3)")
    details.flags[CROWD].click()
    details.flags[TRUNCATED].click()
    assert project.document.tags_of(1) == {
        CROWD: Tag(True, (Stretch(3, 3, False),)),
        TRUNCATED: Tag(None, (Stretch(3, 3, True),)),
    }
    assert details._flag_hint.text() == "not crowd on 3, truncated on 3"
    details.flags[TRUNCATED].click()
    assert TRUNCATED not in project.document.tags_of(1)


def test_it_holds_for_all_selected_objects(details: ObjectDetails, desk: Desk, project: Project) -> None:
    desk.select_all((1, 2))
    pick(details.editors[2].field, "runs")
    assert dict(project.document.tags) == {(1, 2): Tag("runs"), (2, 2): Tag("runs")}
    desk.select(None)
    assert not details.isEnabled()


def test_a_new_category_is_made_by_typing_it(
    qtbot: QtBot, details: ObjectDetails, desk: Desk, project: Project
) -> None:
    type_in(qtbot, details.category.lineEdit(), "animal")
    assert project.document.objects[1].category_id == 1 and project.document.categories[1].name == "animal"
    desk.select(2)
    assert details.category.currentText() == "no category"
    pick(details.category, "animal")
    assert project.document.objects[2].category_id == 1 and len(project.document.categories) == 1
    pick(details.category, "no category")
    assert project.document.objects[2].category_id is None
    project.history.undo()
    project.history.undo()
    project.history.undo()
    assert not project.document.categories


def test_another_object_shows_its_own(details: ObjectDetails, desk: Desk, project: Project) -> None:
    attributes.say(project, [2], 1, "round")
    attributes.say(project, [2], CROWD, True)
    assert details.editors[1].field.text() == "" and not details.flags[CROWD].isChecked()
    desk.select(2)
    assert details.editors[1].field.text() == "round" and details.flags[CROWD].isChecked()
    attributes.delete_attribute(project, 1)
    assert 1 not in details.editors


def test_deleting_from_the_menu_offers_to_take_it_back(qtbot: QtBot, desk: Desk, project: Project) -> None:
    panel = ObjectsPanel(desk, Suspicions(desk, desk))
    qtbot.addWidget(panel)
    menu = panel.menu_for(1)
    deed = next(action for action in menu.actions() if action.text() == "Delete object")
    with qtbot.waitSignal(desk.done_in_bulk) as told:
        deed.trigger()
    assert told.args == ["Deleted dog."]
    menu.close()
    objects.set_object_frozen(project, 2, True)
    menu = panel.menu_for(2)
    with qtbot.assertNotEmitted(desk.done_in_bulk):
        next(action for action in menu.actions() if action.text() == "Delete object").trigger()
    assert 2 in project.document.objects
    menu.close()


def test_what_is_typed_is_said_of_the_object_it_was_begun_for(
    qtbot: QtBot, details: ObjectDetails, desk: Desk, project: Project
) -> None:
    line = details.editors[1].field
    assert isinstance(line, QLineEdit)
    line.setFocus()
    qtbot.keyClicks(line, "torn ear")
    desk.select(2)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert project.document.tags_of(1) == {1: Tag("torn ear")} and not project.document.tags_of(2)
    assert line.text() == "", "now it shows what is said of the other one"


def test_a_field_that_is_only_looked_into_gives_nothing_to_the_next_object(
    qtbot: QtBot, details: ObjectDetails, desk: Desk, project: Project
) -> None:
    line = details.editors[1].field
    assert isinstance(line, QLineEdit)
    type_in(qtbot, line, "torn ear")
    desk.select(2)
    assert line.hasFocus() and line.text() == ""
    details.category.setFocus()
    assert not project.document.tags_of(2)
