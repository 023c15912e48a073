from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from app.commands import objects, review
from app.document.project import Project
from app.document.steps import SetMasks
from app.document.values import FrameMask
from app.ui.desk import Desk
from app.ui.panels import ObjectsPanel, QueuePanel, object_menus
from app.ui.panels.object_list import CategoryColorRole, CategoryRole, FramesRole, StateRole
from app.ui.suspicions import Suspicions


@pytest.fixture
def suspicions(desk: Desk) -> Suspicions:
    return Suspicions(desk, desk)


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk, suspicions: Suspicions) -> ObjectsPanel:
    panel = ObjectsPanel(desk, suspicions)
    qtbot.addWidget(panel)
    panel.resize(330, 300)
    panel.show()
    return panel


def row(panel: ObjectsPanel, place: int, role: int) -> object:
    return panel.list.model().index(place, 0).data(role)


def test_rows_say_name_category_and_how_far(panel: ObjectsPanel, project: Project) -> None:
    category = objects.new_category(project, "animal")
    objects.set_object_category(project, 1, category.id)
    assert row(panel, 0, Qt.ItemDataRole.DisplayRole) == "dog"
    assert row(panel, 0, CategoryRole) == "animal"
    assert row(panel, 0, FramesRole) == "frames 0–11"
    assert row(panel, 0, Qt.ItemDataRole.ToolTipRole) == "dog: 12 of 24 frames known, 0 verified"
    assert row(panel, 1, CategoryRole) == "no category"
    assert row(panel, 0, CategoryColorRole) == row(panel, 1, CategoryColorRole) == ""
    objects.set_category_color(project, category.id, "#FF8000")
    assert row(panel, 0, CategoryColorRole) == "#ff8000"
    assert row(panel, 1, StateRole) == ("no masks yet", "hint")


def test_a_list_without_objects_says_how_the_first_one_is_made(panel: ObjectsPanel, project: Project) -> None:
    words = next(label for label in panel.findChildren(QLabel) if "first object" in label.text())
    assert not words.isVisible() and panel.filter.isVisible()
    objects.delete_objects(project, [1, 2])
    assert words.isVisible() and not panel.filter.isVisible()
    project.history.undo()
    assert not words.isVisible() and panel.filter.isVisible()


def test_a_click_selects_on_the_desk_and_the_desk_selects_in_the_list(
    qtbot: QtBot, panel: ObjectsPanel, desk: Desk
) -> None:
    place = panel.list.visualRect(panel.list.model().index(1, 0)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert desk.selected_objects == (2,)
    desk.select(1)
    assert [index.row() for index in panel.list.selectionModel().selectedIndexes()] == [0]


def test_the_eye_hides_without_selecting(qtbot: QtBot, panel: ObjectsPanel, desk: Desk, project: Project) -> None:
    place = panel.list.visualRect(panel.list.model().index(0, 0))
    eye = QPoint(place.right() - 18, place.center().y())
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=eye)
    assert not project.document.objects[1].is_visible
    assert desk.selected_object is None


def test_the_padlock_freezes_without_selecting(qtbot: QtBot, panel: ObjectsPanel, desk: Desk, project: Project) -> None:
    place = panel.list.visualRect(panel.list.model().index(0, 0))
    lock = QPoint(place.right() - 49, place.center().y())
    for is_frozen in (True, False, True):
        qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=lock)
        assert project.document.objects[1].is_frozen is is_frozen
    assert project.document.objects[1].is_visible and desk.selected_object is None
    assert row(panel, 0, Qt.ItemDataRole.AccessibleTextRole) == "dog, frames 0–11, frozen"
    objects.set_object_visible(project, 2, False)
    assert row(panel, 1, Qt.ItemDataRole.AccessibleTextRole) == "ball, no masks yet, hidden"


def test_a_name_is_edited_in_place_and_can_be_undone(panel: ObjectsPanel, project: Project) -> None:
    model = panel.list.model()
    assert model.setData(model.index(0, 0), "big dog")
    assert project.document.objects[1].name == "big dog"
    project.history.undo()
    assert row(panel, 0, Qt.ItemDataRole.DisplayRole) == "dog"


def test_a_run_that_goes_on_takes_no_letter_out_of_a_name_that_is_typed(
    qtbot: QtBot, panel: ObjectsPanel, desk: Desk, project: Project, mask_of: Callable[[int], FrameMask]
) -> None:
    desk.rename_requested.emit(1)
    editor = panel.list.findChild(QLineEdit)
    assert editor is not None
    project.document.apply(SetMasks({(1, 14): mask_of(14)}, by_person=False))
    assert editor.selectedText() == "dog", "what is typed first takes the place of the old name"
    qtbot.keyClicks(editor, "big ")
    project.document.apply(SetMasks({(1, 15): mask_of(15)}, by_person=False))
    qtbot.keyClicks(editor, "dog")
    assert editor.text() == "big dog"
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: project.document.objects[1].name == "big dog")


def test_an_empty_name_is_refused_with_a_sentence(
    qtbot: QtBot, panel: ObjectsPanel, desk: Desk, project: Project
) -> None:
    model = panel.list.model()
    with qtbot.waitSignal(desk.notice) as told:
        assert not model.setData(model.index(0, 0), "   ")
    assert told.args == ["An object needs a name.", "warning"]
    assert project.document.objects[1].name == "dog"


def test_the_menu_gives_categories_and_deletes(panel: ObjectsPanel, project: Project) -> None:
    objects.new_category(project, "animal")
    menu = panel.menu_for(1)
    names = [action.text() for action in menu.actions()]
    assert "Rename" in names and "Delete object" in names
    categories = next(action.menu() for action in menu.actions() if action.text() == "Category")
    next(action for action in categories.actions() if action.text() == "animal").trigger()
    assert project.document.objects[1].category_id == 1
    next(action for action in menu.actions() if action.text() == "Delete object").trigger()
    assert 1 not in project.document.objects
    menu.close()


def test_the_menu_gives_colours_of_the_palette_and_any_other(
    panel: ObjectsPanel, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["#123456", None])
    monkeypatch.setattr(object_menus, "ask_color", lambda *_: next(answers))
    menu = panel.menu_for(1)
    colors = next(action.menu() for action in menu.actions() if action.text() == "Colour")
    for name, color in (("Colour 5", 4), ("Other colour …", "#123456"), ("Other colour …", "#123456")):
        next(action for action in colors.actions() if action.text() == name).trigger()
        assert project.document.objects[1].color == color
    menu.close()


@pytest.fixture
def queue(qtbot: QtBot, desk: Desk, suspicions: Suspicions) -> QueuePanel:
    queue = QueuePanel(desk, suspicions)
    qtbot.addWidget(queue)
    queue.resize(330, 300)
    queue.show()
    return queue


def jump(project: Project, mask_of: Callable[[int], FrameMask]) -> None:
    """Make one mask suspicious: it is somewhere else and a quarter as large."""
    code = mask_of(6).code.to_array()
    code[:] = False
    code[38:46, 50:60] = True
    project.document.apply(
        SetMasks({(1, 6): FrameMask(type(mask_of(6).code).from_array(code), iou=0.3, score=0.2)}, by_person=False)
    )


def test_a_suspicious_mask_is_queued_and_verifying_takes_it_away(
    qtbot: QtBot,
    queue: QueuePanel,
    desk: Desk,
    suspicions: Suspicions,
    project: Project,
    mask_of: Callable[[int], FrameMask],
) -> None:
    jump(project, mask_of)
    qtbot.waitUntil(lambda: any(entry.cell == (1, 6) for entry in suspicions.found))
    assert suspicions.counts()[1] >= 1
    desk.queue_step_requested.emit(1)
    assert desk.selected_object == 1 and desk.frame in {entry.cell[1] for entry in suspicions.found}
    review.verify_cells(project, [(1, frame) for frame in range(12)])
    qtbot.waitUntil(lambda: not suspicions.found)
    assert not queue.list.isVisible()


def test_nobody_is_sent_to_an_object_that_is_gone(
    qtbot: QtBot,
    queue: QueuePanel,
    desk: Desk,
    suspicions: Suspicions,
    project: Project,
    mask_of: Callable[[int], FrameMask],
) -> None:
    jump(project, mask_of)
    qtbot.waitUntil(lambda: any(entry.cell == (1, 6) for entry in suspicions.found))
    objects.delete_objects(project, [1])
    assert not suspicions.found and not queue.list.isVisible()
    desk.queue_step_requested.emit(1)
    assert desk.selected_object is None


def test_the_entry_that_is_looked_at_stays_marked_when_the_list_is_made_anew(
    qtbot: QtBot,
    queue: QueuePanel,
    desk: Desk,
    suspicions: Suspicions,
    project: Project,
    mask_of: Callable[[int], FrameMask],
) -> None:
    jump(project, mask_of)
    qtbot.waitUntil(lambda: bool(suspicions.found))
    desk.queue_step_requested.emit(1)
    here = (desk.selected_object, desk.frame)
    with qtbot.waitSignal(suspicions.changed):
        project.document.apply(SetMasks({(2, 3): mask_of(3)}))
    marked = queue.list.currentIndex()
    assert marked.isValid() and marked.data(Qt.ItemDataRole.UserRole).cell == here


def test_walking_an_empty_queue_says_so(qtbot: QtBot, queue: QueuePanel, desk: Desk) -> None:
    with qtbot.waitSignal(desk.notice) as told:
        desk.queue_step_requested.emit(1)
    assert told.args[0] == "Nothing suspicious is left to look at."


def test_the_verbs_are_the_windows_actions(qtbot: QtBot, queue: QueuePanel) -> None:
    verify = QAction("Verify", queue)
    verify.setShortcut("C")
    queue.set_actions([verify])
    with qtbot.waitSignal(verify.triggered):
        queue._verbs.itemAt(0).widget().click()
