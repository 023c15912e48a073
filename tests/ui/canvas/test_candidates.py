"""The choice after an ambiguous click."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication

from app.commands.prompts import add_point
from app.document.masks import MaskCode
from app.inference.engine import Candidate
from app.ui.canvas import CanvasView
from app.ui.desk import Desk


@pytest.fixture
def answers() -> tuple[Candidate, ...]:
    found = []
    for width, score in ((30, 0.93), (15, 0.81), (6, 0.58)):
        mask = np.zeros((48, 64), bool)
        mask[10:30, 5 : 5 + width] = True
        found.append(Candidate(MaskCode.from_array(mask), score))
    return tuple(found)


def open_choice(canvas: CanvasView, desk: Desk, answers: tuple[Candidate, ...]) -> None:
    desk.select(1)
    canvas.pointing.last_press = QPoint(300, 220)
    canvas.show_candidates((1, 0), answers)


def test_a_number_chooses_and_one_undo_brings_the_mask_back(
    desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...]
) -> None:
    project = desk.project
    assert project is not None
    before = project.document.masks[1, 0]
    open_choice(canvas, desk, answers)
    assert canvas.candidates.is_open
    assert canvas.candidates.take_key(Qt.Key.Key_2)
    assert not canvas.candidates.is_open
    assert project.document.masks[1, 0].code == answers[1].mask
    assert project.document.prompts[1, 0].candidate == 1
    project.history.undo()
    assert project.document.masks[1, 0] == before


def test_enter_takes_the_shown_one_and_esc_only_closes(
    desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...]
) -> None:
    assert desk.document is not None
    open_choice(canvas, desk, answers)
    assert canvas.cancel()
    assert not canvas.candidates.is_open
    assert desk.document.prompts[1, 0].candidate is None
    open_choice(canvas, desk, answers)
    assert canvas.candidates.take_key(Qt.Key.Key_Return)
    assert desk.document.prompts[1, 0].candidate == 0


def test_other_keys_are_not_taken(desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...]) -> None:
    open_choice(canvas, desk, answers[:2])
    assert not canvas.candidates.take_key(Qt.Key.Key_3)
    assert not canvas.candidates.take_key(Qt.Key.Key_T)
    assert canvas.candidates.is_open


def test_shift_q_goes_round(desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...]) -> None:
    document = desk.document
    assert document is not None
    open_choice(canvas, desk, answers)
    for expected in (1, 2, 0):
        canvas.candidates.choose_next()
        assert document.masks[1, 0].code == answers[expected].mask
        assert canvas.candidates.is_open


def test_a_click_on_a_picture_chooses_it(qtbot, desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...]) -> None:
    assert desk.document is not None
    open_choice(canvas, desk, answers)
    qtbot.mouseClick(canvas.candidates, Qt.MouseButton.LeftButton, pos=canvas.candidates._card(2).center())
    assert desk.document.masks[1, 0].code == answers[2].mask


def test_any_click_on_the_canvas_closes_it(
    qtbot, desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...]
) -> None:
    open_choice(canvas, desk, answers)
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(320, 400))
    assert not canvas.candidates.is_open
    assert not canvas.candidates.has_answers


def test_it_stays_inside_the_canvas_and_off_the_pointer(
    desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...]
) -> None:
    desk.select(1)
    for place in (QPoint(1, 1), QPoint(639, 1), QPoint(639, 479), QPoint(1, 479), QPoint(320, 240)):
        canvas.pointing.last_press = place
        canvas.show_candidates((1, 0), answers)
        shown = canvas.candidates.geometry()
        assert canvas.viewport().rect().contains(shown)
        assert not shown.contains(place)


def test_answers_for_a_cell_that_is_no_longer_in_view_are_not_shown(
    desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...]
) -> None:
    desk.select(2)
    canvas.show_candidates((1, 0), answers)
    assert not canvas.candidates.is_open


def test_one_answer_is_no_choice(desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...]) -> None:
    open_choice(canvas, desk, answers[:1])
    assert not canvas.candidates.is_open


def test_answers_go_with_the_click_that_they_answered(
    desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...]
) -> None:
    project = desk.project
    assert project is not None
    add_point(project, 1, 0, 12, 22)
    open_choice(canvas, desk, answers)
    canvas.candidates.choose_next()
    assert canvas.candidates.is_open, "a choice is no other click"
    project.history.undo()
    assert canvas.candidates.is_open
    project.history.undo()
    assert not canvas.candidates.is_open and not canvas.candidates.has_answers


def test_the_card_that_enter_takes_stands_out_again_when_the_pointer_leaves(
    desk: Desk, canvas: CanvasView, answers: tuple[Candidate, ...], qtbot
) -> None:
    open_choice(canvas, desk, answers)
    before = canvas.candidates.grab().toImage()
    qtbot.mouseMove(canvas.candidates, canvas.candidates._card(2).center())
    assert canvas.candidates.grab().toImage() != before
    QApplication.sendEvent(canvas.candidates, QEvent(QEvent.Type.Leave))
    assert canvas.candidates.grab().toImage() == before
