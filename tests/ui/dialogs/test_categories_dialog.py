"""Categories and attributes in their dialog."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QTreeWidget
from pytestqt.qtbot import QtBot

from app.commands import attributes, objects
from app.document.attributes import AttributeKind
from app.document.project import Project
from app.ui.desk import Desk
from app.ui.dialogs import attributes_page
from app.ui.dialogs.categories_dialog import COLOR, NAME, OBJECTS, PARENT, CategoriesDialog


@pytest.fixture
def dialog(qtbot: QtBot, desk: Desk, project: Project) -> CategoriesDialog:
    """cat and dog, of which object 1 is one."""
    for name in ("cat", "dog"):
        objects.new_category(project, name)
    objects.set_object_category(project, 1, 2)
    dialog = CategoriesDialog(desk)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.activateWindow()
    return dialog


def column(tree: QTreeWidget, place: int) -> list[str]:
    return [tree.topLevelItem(row).text(place) for row in range(tree.topLevelItemCount())]


def edit(qtbot: QtBot, tree: QTreeWidget, row: int, place: int, text: str) -> None:
    """Double click, type, Enter."""
    item = tree.topLevelItem(row)
    tree.setCurrentItem(item)
    tree.itemDoubleClicked.emit(item, place)
    line = tree.viewport().findChild(QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)


def test_names_and_parents_are_edited_in_place(qtbot: QtBot, dialog: CategoriesDialog, project: Project) -> None:
    tree = dialog.categories.list
    assert column(tree, NAME) == ["cat", "dog"] and column(tree, OBJECTS) == ["0", "1"]
    assert column(tree, 0) == ["Alt+1", "Alt+2"]
    edit(qtbot, tree, 1, NAME, "hound")
    qtbot.waitUntil(lambda: project.document.categories[2].name == "hound")
    edit(qtbot, tree, 1, PARENT, "animal")
    qtbot.waitUntil(lambda: project.document.categories[2].supercategory == "animal")
    assert column(tree, PARENT) == ["", "animal"]
    project.history.undo()
    assert column(tree, PARENT) == ["", ""]


def test_a_name_that_is_taken_is_refused_and_does_not_stay(
    qtbot: QtBot, dialog: CategoriesDialog, desk: Desk, project: Project
) -> None:
    with qtbot.waitSignal(desk.notice) as told:
        edit(qtbot, dialog.categories.list, 1, NAME, "cat")
    assert told.args == ["There is a category cat already.", "warning"]
    assert column(dialog.categories.list, NAME) == ["cat", "dog"]


def test_categories_are_added_ordered_coloured_and_deleted(
    qtbot: QtBot, dialog: CategoriesDialog, desk: Desk, project: Project
) -> None:
    page = dialog.categories
    page.add.click()
    assert column(page.list, NAME) == ["cat", "dog", "category 1"] and page.chosen == 3
    page.up.click()
    assert (
        column(page.list, NAME)
        == ["cat", "category 1", "dog"]
        == [item.name for item in project.document.categories.values()]
    )
    page.down.click()
    assert page.chosen == 3 and not page.down.isEnabled()
    page.set_color(3, "#00ff00")
    assert project.document.categories[3].color == "#00ff00"
    assert page.list.topLevelItem(2).toolTip(COLOR) == "#00ff00"
    page.choose(2)
    with qtbot.waitSignal(desk.done_in_bulk) as told:
        page.delete.click()
    assert told.args == ["Deleted dog: 1 object has no category now."]
    assert page.tidy.text() == "Delete 2 unused"
    page.tidy.click()
    assert column(page.list, NAME) == [] and not page.tidy.isEnabled() and not page.delete.isEnabled()
    for _ in range(2):
        project.history.undo()
    assert column(page.list, OBJECTS) == ["0", "1", "0"]


def test_a_template_goes_out_and_comes_in(
    qtbot: QtBot, dialog: CategoriesDialog, desk: Desk, project: Project, tmp_path: Path
) -> None:
    dialog.save(tmp_path / "kinds")
    objects.delete_category(project, 1)
    with qtbot.waitSignal(desk.notice) as told:
        dialog.load(tmp_path / "kinds.json")
    assert told.args == ["kinds.json: 1 added.", "info"]
    assert column(dialog.categories.list, NAME) == ["dog", "cat"]
    with qtbot.waitSignal(desk.notice) as told:
        dialog.load(tmp_path / "kinds.json")
    assert told.args == ["kinds.json: nothing new.", "info"]
    with qtbot.waitSignal(desk.notice) as told:
        dialog.load(tmp_path / "none.json")
    assert "cannot be read" in told.args[0]


def test_attributes_are_added_edited_and_deleted(
    qtbot: QtBot, dialog: CategoriesDialog, desk: Desk, project: Project
) -> None:
    dialog.pages.setCurrentWidget(dialog.attributes)
    page = dialog.attributes
    assert not page.add.isEnabled() and not page.choices.isVisible()
    page.kind.setCurrentText("choice")
    assert page.choices.isVisible()
    qtbot.keyClicks(page.name, "pose")
    qtbot.keyClicks(page.choices, "stands, runs ,")
    page.add.click()
    assert project.document.attributes[1].choices == ("stands", "runs") and page.name.text() == ""
    attributes.say(project, [1], 1, "runs")
    assert column(page.list, attributes_page.OBJECTS) == ["1"]
    with qtbot.waitSignal(desk.notice) as told:
        edit(qtbot, page.list, 0, attributes_page.CHOICES, "sits")
    assert told.args[0] == "dog is “runs” in pose. Change that first, or keep the choice."
    assert column(page.list, attributes_page.CHOICES) == ["stands, runs"]
    edit(qtbot, page.list, 0, attributes_page.NAME, "gait")
    qtbot.waitUntil(lambda: project.document.attributes[1].name == "gait")
    attributes.new_attribute(project, "note", AttributeKind.TEXT)
    page.list.setCurrentItem(page.list.topLevelItem(1))
    page.up.click()
    assert column(page.list, attributes_page.NAME) == ["note", "gait"] and page.chosen == 2
    page.down.click()
    page.list.setCurrentItem(page.list.topLevelItem(0))
    with qtbot.waitSignal(desk.done_in_bulk) as told:
        page.delete.click()
    assert told.args == ["Deleted gait, which was said of 1 object."]


def test_the_dialog_goes_with_its_project(dialog: CategoriesDialog, desk: Desk) -> None:
    desk.show_project(None)
    assert not dialog.isVisible()
