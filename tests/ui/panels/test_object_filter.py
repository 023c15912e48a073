"""The object list shows a part of the objects, and puts them in another order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.qtbot import QtBot

from app.commands import masks, objects, review
from app.document.project import Project
from app.document.steps import SetMasks
from app.document.values import FrameMask, Origin
from app.ui.desk import Desk
from app.ui.panels import ObjectsPanel
from app.ui.panels.object_list import FramesRole
from app.ui.suspicions import Suspicions


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> ObjectsPanel:
    panel = ObjectsPanel(desk, Suspicions(desk, desk))
    qtbot.addWidget(panel)
    panel.resize(330, 300)
    panel.show()
    return panel


def names(panel: ObjectsPanel) -> list[str]:
    model = panel.list.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_typing_keeps_objects_by_name_category_and_parent(panel: ObjectsPanel, project: Project) -> None:
    objects.set_object_category(project, 2, objects.new_category(project, "football", "toy").id)
    for text, kept in (("do", ["dog"]), ("FOOT", ["ball"]), ("toy ball", ["ball"]), ("x", []), (" ", ["dog", "ball"])):
        panel.filter.text.setText(text)
        assert names(panel) == kept
    panel.filter.text.setText("x")
    assert panel.filter.nothing.isVisible()
    panel.filter.nothing.click()
    assert names(panel) == ["dog", "ball"] and not panel.filter.nothing.isVisible()


def test_only_what_is_on_this_frame_or_in_the_range(panel: ObjectsPanel, desk: Desk, project: Project) -> None:
    panel.filter.scope.setCurrentText("This frame")
    assert names(panel) == ["dog"]
    desk.set_frame(20)
    assert names(panel) == []
    review.mark_absent(project, [(1, 20)])
    assert names(panel) == []
    panel.filter.scope.setCurrentText("In range")
    assert names(panel) == ["dog"]
    desk.set_range(12, 20)
    assert names(panel) == []
    desk.set_range(11, 20)
    assert names(panel) == ["dog"]


def test_states_are_told_apart_and_followed(panel: ObjectsPanel, project: Project) -> None:
    panel.filter.set_state("Never verified")
    assert names(panel) == ["dog", "ball"]
    review.verify_cells(project, [(1, 3)])
    assert names(panel) == ["ball"]
    panel.filter.set_state("Not all verified")
    assert names(panel) == ["dog"]
    review.verify_cells(project, [(1, frame) for frame in range(12)])
    assert names(panel) == []
    panel.filter.set_state("All verified")
    assert names(panel) == ["dog"]
    panel.filter.set_state("No masks")
    assert names(panel) == ["ball"]
    panel.filter.set_state("Hidden")
    objects.set_object_visible(project, 2, False)
    assert names(panel) == ["ball"]
    panel.filter.set_state("Frozen")
    objects.set_object_frozen(project, 1, True)
    assert names(panel) == ["dog"]


def test_suspicious_objects_are_found_when_the_look_through_is_done(
    qtbot: QtBot, panel: ObjectsPanel, project: Project, mask_of: Callable[[int], FrameMask]
) -> None:
    panel.filter.set_state("To look at")
    assert names(panel) == []
    project.document.apply(SetMasks({(1, 6): FrameMask(mask_of(0).code, iou=0.1, score=0.1)}))
    qtbot.waitUntil(lambda: names(panel) == ["dog"])


def test_a_row_says_where_the_object_is_seen_and_how_many_gaps_there_are(panel: ObjectsPanel, project: Project) -> None:
    def said(row: int) -> str:
        return panel.list.model().index(row, 0).data(FramesRole)

    assert [said(0), said(1)] == ["frames 0–11", ""]
    masks.delete_masks(project, [1], 4, 5)
    review.mark_absent(project, [(1, 8)])
    assert said(0) == "frames 0–11, 2 gaps"
    masks.delete_masks(project, [1], 1, 11)
    assert said(0) == "frame 0"


def test_what_a_draft_leaves_out_is_a_draft_and_no_gap(
    panel: ObjectsPanel, project: Project, mask_of: Callable[[int], FrameMask]
) -> None:
    def said() -> str:
        return panel.list.model().index(0, 0).data(FramesRole)

    drafted = {(1, frame): replace(mask_of(0), origin=Origin.DRAFT) for frame in range(12, 24, 2)}
    project.document.apply(SetMasks(drafted))
    assert said() == "frames 0–22, draft"
    masks.delete_masks(project, [1], 5, 6)
    assert said() == "frames 0–22, 1 gap, draft"
    review.mark_absent(project, [(1, 15)])
    assert said() == "frames 0–22, 2 gaps, draft"
    masks.delete_masks(project, [1], 13, 21)
    assert said() == "frames 0–22, 2 gaps, draft", "so much no draft leaves out"
    project.history.undo()
    review.verify_cells(project, list(drafted))
    assert said() == "frames 0–22, 6 gaps", "what is verified is no draft any more"


def test_the_selection_outlives_a_filter_that_hides_it(panel: ObjectsPanel, desk: Desk) -> None:
    desk.select(2)
    panel.filter.text.setText("dog")
    assert desk.selected_object == 2
    panel.filter.clear()
    assert [index.row() for index in panel.list.selectionModel().selectedIndexes()] == [1]


def test_dropped_rows_put_the_objects_in_another_order(panel: ObjectsPanel, project: Project) -> None:
    objects.new_object(project, "cat")
    model = panel.list.model()
    data = model.mimeData([model.index(0, 0)])
    model.dropMimeData(data, Qt.DropAction.MoveAction, 2, 0, QModelIndex())
    assert names(panel) == ["ball", "dog", "cat"] == [item.name for item in project.document.objects.values()]
    model.dropMimeData(model.mimeData([model.index(2, 0)]), Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    assert names(panel) == ["cat", "ball", "dog"]
    assert [item.z_order for item in project.document.objects.values()] == [0, 1, 2]
    model.dropMimeData(model.mimeData([model.index(0, 0)]), Qt.DropAction.MoveAction, -1, -1, QModelIndex())
    assert names(panel) == ["ball", "dog", "cat"]
    project.history.undo()
    assert names(panel) == ["cat", "ball", "dog"]


def test_a_filtered_list_cannot_be_reordered(panel: ObjectsPanel, project: Project) -> None:
    panel.filter.text.setText("dog")
    model = panel.list.model()
    assert not model.flags(model.index(0, 0)) & Qt.ItemFlag.ItemIsDragEnabled
    model.dropMimeData(model.mimeData([model.index(0, 0)]), Qt.DropAction.MoveAction, 1, 0, QModelIndex())
    assert list(project.document.objects) == [1, 2]


def test_find_takes_the_keyboard(qtbot: QtBot, panel: ObjectsPanel) -> None:
    panel.activateWindow()
    panel.filter.text.setText("dog")
    panel.start_finding()
    assert panel.filter.text.hasFocus() and panel.filter.text.selectedText() == "dog"
