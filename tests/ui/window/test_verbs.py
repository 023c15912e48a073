"""What the actions do: going, editing, reviewing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

from app.commands.marks import add_cut
from app.commands.masks import set_mask
from app.commands.objects import delete_objects, new_category, new_object
from app.commands.prompts import add_point
from app.commands.review import verify_cells
from app.ui.canvas.view import CanvasView
from app.ui.timeline.ruler import HEADER_WIDTH
from app.ui.verbs.going import Going
from app.ui.window import MainWindow


def square(x: int = 10) -> np.ndarray:
    mask = np.zeros((72, 96), bool)
    mask[20:40, x : x + 20] = True
    return mask


def do(window: MainWindow, *names: str) -> None:
    for name in names:
        assert window.desk.actions[name].isEnabled(), name
        window.desk.actions[name].trigger()


@pytest.fixture
def worked(opened: MainWindow) -> MainWindow:
    """Two objects: masks of the first on 2–9 (verified on 4), of the second on 0."""
    project = opened.desk.project
    assert project is not None
    new_object(project, "dog")
    new_object(project, "ball")
    for frame in range(2, 10):
        set_mask(project, 1, frame, square(10 + frame))
    set_mask(project, 2, 0, square(60))
    verify_cells(project, [(1, 4)])
    opened.desk.select(1)
    return opened


@pytest.fixture
def answer_with(qtbot) -> Callable[[str], None]:
    """Presses a button of the next message box."""

    def answer(text: str) -> None:
        from PySide6.QtCore import QTimer

        def press() -> None:
            box = QApplication.activeModalWidget()
            assert isinstance(box, QMessageBox)
            next(button for button in box.findChildren(QPushButton) if button.text().replace("&", "") == text).click()

        QTimer.singleShot(50, press)

    return answer


@pytest.mark.parametrize(
    ("words", "frame"),
    [("5", 5), ("+3", 3), ("-4", 0), ("900", 15), ("40 %", 6), ("100%", 15), ("00:00.0", 0)],
)
def test_frames_can_be_typed(opened: MainWindow, words: str, frame: int) -> None:
    going = Going(opened.desk, opened.playback, opened.keys, opened.places, opened)
    going.go_to_words(words)
    assert opened.desk.frame == frame


def test_words_that_are_no_frame_are_told(opened: MainWindow) -> None:
    Going(opened.desk, opened.playback, opened.keys, opened.places, opened).go_to_words("the end")
    assert any("the end" in text for text in opened.notices.texts)


def test_steps_edges_and_halves(worked: MainWindow) -> None:
    desk = worked.desk
    do(worked, "step_forward", "jump_forward", "last_frame")
    assert desk.frame == 15
    stops = []
    while worked.desk.frame > 0:
        before = desk.frame
        do(worked, "previous_edge")
        if desk.frame == before:
            break
        stops.append(desk.frame)
    assert stops == [9, 4, 2, 0]
    do(worked, "halfway_forward")
    assert desk.frame == 2
    do(worked, "first_frame", "step_back")
    assert desk.frame == 0


def test_the_range_is_set_walked_and_cleared(worked: MainWindow) -> None:
    desk = worked.desk
    desk.set_frame(3)
    do(worked, "range_in")
    desk.set_frame(8)
    do(worked, "range_out", "go_range_in")
    assert desk.frame == 3 and desk.range == (3, 8)
    desk.set_frame(12)
    do(worked, "range_in")
    assert (desk.range_in, desk.range_out) == (12, None)
    do(worked, "clear_range")
    assert desk.range == (0, 15)
    assert not desk.actions["clear_range"].isEnabled()


def test_every_action_that_takes_the_range_names_it(qtbot, worked: MainWindow) -> None:
    actions = worked.desk.actions
    taking = ("loop_range", "delete_masks", "propagate_all", "verify_range", "unverify_range", "absent_range")
    worked.desk.set_range(3, 8)
    qtbot.waitUntil(lambda: all("range 3–8" in actions[name].text() for name in taking))
    worked.desk.set_range(4, 4)
    qtbot.waitUntil(lambda: actions["verify_range"].text() == "Verify the selected objects in the range 4 …")
    worked.desk.set_range(None, None)
    qtbot.waitUntil(lambda: actions["loop_range"].text() == "Loop the range 0–15")


def test_undo_goes_to_the_frame_that_changes_and_names_the_step(qtbot, worked: MainWindow) -> None:
    desk = worked.desk
    desk.set_frame(14)
    qtbot.waitUntil(lambda: desk.actions["undo"].text() == "Undo: Verify dog, frame 4")
    do(worked, "undo")
    assert desk.frame == 4
    assert desk.document is not None and not desk.document.is_verified((1, 4))
    do(worked, "redo")
    assert desk.document.is_verified((1, 4))


def test_verify_takes_back_what_it_gave(qtbot, worked: MainWindow) -> None:
    desk, document = worked.desk, worked.desk.document
    assert document is not None
    desk.set_frame(5)
    qtbot.waitUntil(worked.frames.is_shown)
    do(worked, "verify")
    assert document.is_verified((1, 5))
    do(worked, "verify")
    assert not document.is_verified((1, 5))
    desk.set_frame(12)
    qtbot.waitUntil(worked.frames.is_shown)
    do(worked, "verify")
    assert any("no mask to verify" in text for text in worked.notices.texts)


def test_a_range_is_verified_after_a_question_that_names_the_number(
    worked: MainWindow, answer_with: Callable[[str], None]
) -> None:
    document = worked.desk.document
    assert document is not None
    answer_with("Cancel")
    do(worked, "verify_range")
    assert len(document.reviews) == 1
    answer_with("Verify 7")
    do(worked, "verify_range")
    assert all(document.is_verified((1, frame)) for frame in range(2, 10))


def test_absent_and_not_absent(qtbot, worked: MainWindow) -> None:
    document = worked.desk.document
    assert document is not None
    worked.desk.set_frame(6)
    qtbot.waitUntil(worked.frames.is_shown)
    do(worked, "absent_here")
    assert document.masks[1, 6].is_absent
    do(worked, "absent_here")
    assert (1, 6) not in document.masks
    worked.desk.set_range(8, 11)
    do(worked, "absent_range")
    assert all(document.masks[1, frame].is_absent for frame in range(8, 12))


def test_new_objects_take_the_category_of_the_selected_one(worked: MainWindow) -> None:
    desk = worked.desk
    assert desk.project is not None and desk.document is not None
    new_category(desk.project, "animal")
    do(worked, "category_1", "new_object")
    made = desk.selected_object
    assert made == 3
    assert desk.document.objects[3].category_id == desk.document.objects[1].category_id == 1
    assert desk.document.objects[3].name == "animal 1"


def test_objects_are_deleted_with_a_notice_and_come_back(worked: MainWindow) -> None:
    desk = worked.desk
    do(worked, "delete_objects")
    assert desk.document is not None and list(desk.document.objects) == [2]
    assert any("Deleted dog" in text for text in worked.notices.texts)
    assert desk.selected_object is None
    do(worked, "undo")
    assert len(desk.document.masks_of(1)) == 8 and desk.document.is_verified((1, 4))


def test_masks_are_copied_cut_and_pasted(qtbot, worked: MainWindow) -> None:
    desk, document = worked.desk, worked.desk.document
    assert document is not None
    assert not desk.actions["paste_mask"].isEnabled()
    desk.set_frame(3)
    qtbot.waitUntil(worked.frames.is_shown)
    mask = document.masks[1, 3].code
    do(worked, "cut_mask")
    assert (1, 3) not in document.masks
    desk.set_frame(12)
    qtbot.waitUntil(worked.frames.is_shown)
    do(worked, "paste_mask")
    assert document.masks[1, 12].code == mask
    do(worked, "delete")
    assert (1, 12) not in document.masks


def test_selection_by_keys(worked: MainWindow) -> None:
    desk = worked.desk
    do(worked, "select_2")
    assert desk.selected_object == 2
    do(worked, "next_object")
    assert desk.selected_object == 1
    do(worked, "previous_object")
    assert desk.selected_object == 2
    do(worked, "select_all")
    assert desk.selected_objects == (1, 2)
    assert desk.actions["swap"].isEnabled() and desk.actions["join"].isEnabled()


def test_splitting_swapping_and_joining(qtbot, worked: MainWindow) -> None:
    desk, document = worked.desk, worked.desk.document
    assert document is not None
    before = dict(document.masks_of(1))
    desk.set_frame(6)
    qtbot.waitUntil(worked.frames.is_shown)
    do(worked, "split")
    assert sorted(document.masks_of(1)) == [2, 3, 4, 5]
    assert sorted(document.masks_of(3)) == [6, 7, 8, 9]
    desk.select_all((1, 3))
    do(worked, "join")
    assert dict(document.masks_of(1)) == before
    desk.select_all((1, 2))
    do(worked, "swap")
    assert sorted(document.masks_of(2)) == [0, 6, 7, 8, 9]


def test_swapping_ends_at_the_next_cut(worked: MainWindow) -> None:
    project, document = worked.desk.project, worked.desk.document
    assert project is not None and document is not None
    for frame in range(2, 10):
        set_mask(project, 2, frame, square(60))
    before = {cell: mask.code for cell, mask in document.masks.items()}
    add_cut(project, 7)
    worked.desk.select_all((1, 2))
    worked.canvas.show_frame(5, None)
    do(worked, "swap")
    for frame in range(2, 10):
        own, other = (2, 1) if 5 <= frame < 7 else (1, 2)
        assert document.masks[1, frame].code == before[own, frame]
        assert document.masks[2, frame].code == before[other, frame]


def test_freezing_stops_edits_with_a_sentence(qtbot, worked: MainWindow) -> None:
    do(worked, "freeze_object")
    assert worked.desk.document is not None and worked.desk.document.objects[1].is_frozen
    worked.desk.set_frame(5)
    qtbot.waitUntil(worked.frames.is_shown)
    do(worked, "absent_here")
    assert any("frozen" in text for text in worked.notices.texts)
    do(worked, "freeze_object")
    assert not worked.desk.document.objects[1].is_frozen


def test_solo_zoom_and_strength_change_the_view_only(qtbot, worked: MainWindow) -> None:
    worked.desk.set_frame(5)
    qtbot.waitUntil(worked.frames.is_shown)
    history = worked.desk.project.history.undo_name  # type: ignore[union-attr]
    do(worked, "solo")
    assert worked.desk.solo_object == 1
    do(worked, "solo", "zoom_object")
    assert not worked.canvas.is_fitted
    do(worked, "zoom_object")
    assert worked.canvas.is_fitted
    do(worked, "zoom_in", "zoom_full")
    assert worked.canvas.view_scale == pytest.approx(1.0)
    do(worked, "zoom_fit", "masks_fainter", "masks_stronger", "show_prompts", "hide_masks")
    assert not worked.desk.are_prompts_visible and not worked.desk.are_masks_visible
    assert worked.desk.project is not None and worked.desk.project.history.undo_name == history


def test_deleting_says_how_many_masks_and_offers_no_undo_where_there_were_none(worked: MainWindow) -> None:
    desk, notices = worked.desk, worked.notices
    for first, last, said, has_offer in (
        (2, 3, "Deleted 2 masks on frames 2–3.", True),
        (4, 4, "Deleted 1 mask on frame 4.", True),
        (0, 1, "dog has no mask on frames 0–1.", False),
    ):
        desk.set_range(first, last)
        do(worked, "delete_masks")
        assert notices.texts[-1] == said
        assert (notices._notices[-1].offer is not None) == has_offer


def test_zooming_to_an_object_goes_back_only_from_where_it_went(qtbot, worked: MainWindow) -> None:
    canvas = worked.canvas
    worked.desk.set_frame(5)
    qtbot.waitUntil(worked.frames.is_shown)
    do(worked, "zoom_object")
    near = (canvas.view_scale, canvas.center)
    do(worked, "zoom_fit", "zoom_object")
    assert (canvas.view_scale, canvas.center) == near, "the view was elsewhere by then"
    worked.desk.set_frame(2)
    qtbot.waitUntil(worked.frames.is_shown)
    do(worked, "zoom_object")
    assert not canvas.is_fitted and canvas.center != near[1], "the object has moved"
    worked.desk.set_frame(0)
    qtbot.waitUntil(worked.frames.is_shown)
    worked.desk.select(2)
    before = canvas.center
    do(worked, "zoom_object")
    assert not canvas.is_fitted and canvas.center != before, "another object is selected"
    do(worked, "zoom_object")
    assert canvas.is_fitted, "as it was before the first of them"


def test_a_double_click_on_a_lane_goes_there_and_zooms_to_the_object_as_it_is_there(qtbot, worked: MainWindow) -> None:
    canvas, lanes, axis = worked.canvas, worked.timeline.lanes, worked.timeline.axis
    for frame in (8, 2, 2):
        place = QPoint(HEADER_WIDTH + round(axis.center_of(frame)), (lanes.top_of(1) or 0) + 8)
        qtbot.mouseClick(lanes, Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseDClick(lanes, Qt.MouseButton.LeftButton, pos=place)
        qtbot.waitUntil(worked.frames.is_shown)
        left, _, right, _ = canvas.labels.box_of(1)  # type: ignore[misc]
        assert worked.desk.frame == frame and not canvas.is_fitted
        assert canvas.center.x() == pytest.approx((left + right) / 2, abs=0.2), (
            "on this frame, and also the second time"
        )
    do(worked, "zoom_object")
    assert canvas.is_fitted


def test_solo_goes_with_the_selection_and_ends_when_nothing_is_selected(worked: MainWindow) -> None:
    desk, project = worked.desk, worked.desk.project
    assert project is not None
    do(worked, "solo")
    other = new_object(project)
    desk.select(other.id)
    assert desk.solo_object == other.id
    delete_objects(project, [other.id])
    assert desk.solo_object is None and not desk.actions["solo"].isChecked()


def test_mask_styles_follow_each_other_and_are_named(worked: MainWindow) -> None:
    styles = []
    for _ in range(4):
        do(worked, "mask_style")
        styles.append(worked.desk.mask_style)
        assert f"Mask style: {styles[-1]}." in worked.notices.texts
    assert styles == ["outline", "cut-out", "alpha", "fill"]


def test_the_onion_skin_is_ticked_while_it_is_on(worked: MainWindow) -> None:
    do(worked, "onion_skin")
    assert worked.desk.has_onion_skin and worked.desk.actions["onion_skin"].isChecked()
    do(worked, "onion_skin")
    assert not worked.desk.has_onion_skin and not worked.desk.actions["onion_skin"].isChecked()


def test_repair_shows_its_plan_first_and_esc_drops_it(qtbot, worked: MainWindow) -> None:
    desk = worked.desk
    add_point(desk.project, 1, 12, 30.0, 30.0)
    desk.set_frame(11)
    do(worked, "show_repair")
    plan = desk.planned
    assert plan is not None and plan.cells == {(1, 10), (1, 11)}
    worked.stop()
    assert desk.planned is None


def test_the_wheel_moves_the_picture_for_who_wants_that_and_remembers_it(
    worked: MainWindow, make_window: Callable[[], MainWindow]
) -> None:
    def turn(canvas: CanvasView) -> None:
        at = QPointF(canvas.viewport().rect().center())
        none, nothing = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
        phase = Qt.ScrollPhase.NoScrollPhase
        canvas.wheelEvent(
            QWheelEvent(at, canvas.mapToGlobal(at), QPoint(), QPoint(0, 120), nothing, none, phase, False)
        )

    canvas = worked.canvas
    do(worked, "wheel_moves")
    assert worked.desk.actions["wheel_moves"].isChecked()
    scale, before = canvas.view_scale, canvas.center
    turn(canvas)
    assert canvas.view_scale == scale
    assert canvas.center.y() == pytest.approx(before.y() - 80 / scale) and canvas.center.x() == before.x()
    assert make_window().canvas.wheel_moves
    do(worked, "wheel_moves")
    turn(canvas)
    assert canvas.view_scale > scale
