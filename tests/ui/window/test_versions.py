"""Masks from before a run: compared with U, taken with Shift+U, put back from the lane's menu; what runs learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.commands.review import verify_cells
from app.document.masks import MaskCode
from app.document.steps import SetMasks
from app.document.values import FrameMask
from app.ui.timeline.ruler import HEADER_WIDTH
from app.ui.verbs.lane_menu import LaneMenu
from app.ui.window import MainWindow


def square(x: int) -> np.ndarray:
    mask = np.zeros((72, 96), bool)
    mask[20:40, x : x + 20] = True
    return mask


def run(qtbot: Any, window: MainWindow, name: str) -> None:
    tracking = window.desk.tracking
    assert tracking is not None
    with qtbot.waitSignal(tracking.run_finished, timeout=20000):
        window.desk.actions[name].trigger()


@pytest.fixture
def replaced(qtbot: Any, opened: MainWindow) -> MainWindow:
    """Painted on 0; masks of an earlier run on 1 to 9 were replaced by a new run, which went on to 15."""
    project = opened.desk.project
    assert project is not None
    new_object(project, "dog")
    set_mask(project, 1, 0, square(8))
    with project.history.transaction("Old run") as transaction:
        old = FrameMask(MaskCode.from_array(square(70)), 0.9, 6.0)
        transaction.apply(SetMasks({(1, frame): old for frame in range(1, 10)}))
    opened.desk.select(1)
    run(qtbot, opened, "propagate_forward")
    opened.desk.set_frame(5)
    qtbot.waitUntil(opened.frames.is_shown)
    return opened


def old_code() -> MaskCode:
    return MaskCode.from_array(square(70))


def shown(window: MainWindow) -> list[Any]:
    return [layer.mask for layer in window.canvas.labels.layers]


def test_u_held_shows_the_masks_of_before_and_says_so(qtbot: Any, replaced: MainWindow) -> None:
    now = shown(replaced)
    assert old_code() not in now
    qtbot.keyPress(replaced.canvas, Qt.Key.Key_U)
    assert shown(replaced) == [old_code()] and "before the run" in replaced.canvas.notes.waiting.text
    replaced.desk.set_frame(12)
    qtbot.waitUntil(replaced.frames.is_shown)
    assert shown(replaced) == [], "there was no mask before"
    replaced.desk.set_frame(5)
    qtbot.waitUntil(replaced.frames.is_shown)
    qtbot.keyRelease(replaced.canvas, Qt.Key.Key_U)
    assert shown(replaced) == now and replaced.canvas.notes.waiting.text == ""


def test_playing_and_waiting_while_comparing_keep_the_words_of_the_comparison(qtbot: Any, replaced: MainWindow) -> None:
    note = replaced.canvas.notes.waiting
    qtbot.keyPress(replaced.canvas, Qt.Key.Key_U)
    replaced.playback.choose_speed(2.0)
    replaced.desk.set_playing(True)
    qtbot.waitUntil(lambda: note.text.endswith(" · 2×") or not replaced.desk.is_playing, timeout=10000)
    assert note.text.startswith("As before the run")
    replaced.desk.set_playing(False)
    assert note.text == "As before the run; outlines: now"
    qtbot.waitUntil(replaced.frames.is_shown)
    replaced.frames.wait_for("Looking at the frame")
    qtbot.waitUntil(lambda: note.text == "As before the run; outlines: now · Looking at the frame")
    qtbot.keyRelease(replaced.canvas, Qt.Key.Key_U)
    assert note.text == "Looking at the frame"
    replaced.frames.end_waiting()
    assert note.text == ""


def test_shift_u_takes_the_earlier_mask_of_this_cell_alone(qtbot: Any, replaced: MainWindow) -> None:
    document = replaced.desk.document
    assert document is not None
    after = dict(document.masks_of(1))
    replaced.desk.actions["take_earlier"].trigger()
    assert document.masks[1, 5].code == old_code()
    assert {frame: mask for frame, mask in document.masks_of(1).items() if after[frame] != mask}.keys() == {5}
    replaced.desk.actions["undo"].trigger()
    assert dict(document.masks_of(1)) == after
    replaced.desk.set_frame(0)
    qtbot.waitUntil(replaced.frames.is_shown)
    replaced.desk.actions["take_earlier"].trigger()
    assert replaced.notices.texts[-1] == "The last run did not write this mask."


def inner(window: MainWindow, title: str) -> tuple[QMenu, list[QAction]]:
    lane_menu = LaneMenu(window.desk, window.propagating, window.versions, window)
    menu = lane_menu.menu_for(1)
    found = next(one for one in menu.findChildren(QMenu) if one.title() == title)
    return menu, found.actions()


def test_a_version_is_looked_at_and_put_back_except_where_somebody_answers_for_the_mask(
    replaced: MainWindow,
) -> None:
    document, project = replaced.desk.document, replaced.desk.project
    assert document is not None and project is not None
    verify_cells(project, [(1, 4)])
    menu, (version,) = inner(replaced, "Versions")
    assert "1–15, before “15 frames of dog, forward”" in version.text()
    version.hover()
    assert shown(replaced) == [old_code()]
    version.trigger()
    menu.close()
    restored = {frame for frame, mask in document.masks_of(1).items() if mask.code == old_code()}
    assert restored == {1, 2, 3, 5, 6, 7, 8, 9} and sorted(document.masks_of(1)) == [0, *range(1, 10)]
    assert "Put 14 masks back" in replaced.notices.texts[-1]
    menu, (version,) = inner(replaced, "Versions")
    version.trigger()
    menu.close()
    assert "Nothing to put back" in replaced.notices.texts[-1]


def test_the_newest_five_versions_are_kept(qtbot: Any, replaced: MainWindow) -> None:
    project = replaced.desk.project
    assert project is not None
    replaced.desk.set_range(0, 2)
    replaced.desk.set_frame(0)
    for _ in range(6):
        run(qtbot, replaced, "propagate_forward")
    versions = project.versions.of(1)
    assert [version.frames for version in versions] == [(1, 2)] * 5


def test_a_project_that_is_opened_again_still_compares_and_offers_its_versions(
    qtbot: Any, replaced: MainWindow, open_clip: Any
) -> None:
    path = replaced.projects.path
    assert path is not None
    replaced.filing.close_project()
    open_clip(replaced, path)
    assert replaced.desk.actions["compare_earlier"].isEnabled()
    replaced.desk.select(1)
    replaced.desk.set_frame(5)
    qtbot.waitUntil(replaced.frames.is_shown)
    menu, (version,) = inner(replaced, "Versions")
    assert "1–15, before “15 frames of dog, forward”" in version.text()
    menu.close()
    qtbot.keyPress(replaced.canvas, Qt.Key.Key_U)
    assert shown(replaced) == [old_code()]
    qtbot.keyRelease(replaced.canvas, Qt.Key.Key_U)
    replaced.desk.actions["take_earlier"].trigger()
    document = replaced.desk.document
    assert document is not None and document.masks[1, 5].code == old_code()


def test_a_frame_is_kept_from_runs_with_one_click(qtbot: Any, replaced: MainWindow) -> None:
    document, project = replaced.desk.document, replaced.desk.project
    assert document is not None and project is not None
    set_mask(project, 1, 7, square(8))
    verify_cells(project, [(1, 7)])
    menu, memories = inner(replaced, "Runs learn from")
    words = {action.text(): action.isChecked() for action in memories}
    assert words == {"Frame 0, hand-made: the last run learned from it": True, "Frame 7, verified": True}
    memories[1].trigger()
    menu.close()
    assert set(document.excluded) == {(1, 7)}
    cells = replaced.timeline.lanes.cells_of(1)
    assert cells is not None and cells.excluded.nonzero()[0].tolist() == [7]
    plan = replaced.propagating.plan("forward")
    assert plan is not None and plan.conditioning == {1: (0,)}
    menu, memories = inner(replaced, "Runs learn from")
    memories[1].trigger()
    menu.close()
    assert not document.excluded


def test_a_right_click_on_a_lane_opens_its_menu_at_the_frame(
    replaced: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, at: opened.append(menu))
    lanes = replaced.timeline.lanes
    replaced.desk.select(None)
    place = QPoint(HEADER_WIDTH + round(replaced.timeline.axis.center_of(9)), 10)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, lanes.mapToGlobal(place))
    QApplication.sendEvent(lanes, event)
    (menu,) = opened
    assert replaced.desk.frame == 9 and replaced.desk.selected_object == 1
    assert replaced.desk.actions["verify_range"] in menu.actions()
    menu.close()
