"""Pointing without a mouse: a cross that arrows move and Enter clicks with."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.commands.objects import new_object
from app.ui.window import MainWindow

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def pointed(opened: MainWindow) -> MainWindow:
    """A dog to give prompts to, the key pointer on."""
    assert opened.desk.project is not None
    opened.desk.select(new_object(opened.desk.project, "dog").id)
    opened.desk.actions["key_pointer"].trigger()
    return opened


def place(window: MainWindow) -> tuple[float, float]:
    cross = window.canvas.pointing.cross
    assert cross is not None
    return cross.x(), cross.y()


def test_arrows_move_it_by_eight_pixels_of_the_screen_with_shift_by_one_and_no_frame_is_stepped(
    qtbot, pointed: MainWindow
) -> None:
    canvas = pointed.canvas
    assert canvas.hasFocus() and pointed.desk.actions["key_pointer"].isChecked()
    assert place(pointed) == pytest.approx((48, 36))
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Up, SHIFT)
    scale = canvas.view_scale
    assert place(pointed) == pytest.approx((48 + 8 / scale, 36 - 1 / scale))
    assert (pointed.desk.frame, pointed.desk.selected_object) == (0, 1)
    qtbot.keyClick(canvas, Qt.Key.Key_D)
    assert pointed.desk.frame == 1 and place(pointed) == pytest.approx((48 + 8 / scale, 36 - 1 / scale))


def test_it_stays_on_the_frame_and_in_view(qtbot, pointed: MainWindow) -> None:
    canvas = pointed.canvas
    canvas.zoom(4)
    for _ in range(300):
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert place(pointed) == (95.5, pytest.approx(36, abs=0.1))
    assert canvas.viewport().rect().contains(canvas.from_frame(canvas.pointing.cross).toPoint())


def test_enter_adds_and_shift_enter_takes_away(qtbot, pointed: MainWindow) -> None:
    document = pointed.desk.document
    assert document is not None
    qtbot.keyClick(pointed.canvas, Qt.Key.Key_Return)
    for _ in range(10):
        qtbot.keyClick(pointed.canvas, Qt.Key.Key_Left)
    qtbot.keyClick(pointed.canvas, Qt.Key.Key_Return, SHIFT)
    points = document.prompts[1, 0].points
    assert [point.is_positive for point in points] == [True, False]
    assert (points[0].x, points[0].y) == pytest.approx((48, 36))
    assert points[1].x < points[0].x


def test_two_enters_make_a_box(qtbot, pointed: MainWindow) -> None:
    canvas, document = pointed.canvas, pointed.desk.document
    assert document is not None
    qtbot.keyClick(canvas, Qt.Key.Key_W)
    qtbot.keyClick(canvas, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    for _ in range(12):
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
        qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.tool.marks()
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    box = document.prompts[1, 0].box
    assert box is not None and (box.x0, box.y0) == pytest.approx((48, 36))
    assert box.x1 - box.x0 == pytest.approx(96 / canvas.view_scale)


def test_esc_drops_a_corner_first_then_leaves_and_gives_the_arrows_back(qtbot, pointed: MainWindow) -> None:
    canvas, desk = pointed.canvas, pointed.desk
    desk.set_tool("box")
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not canvas.tool.is_pending and canvas.key_pointer.is_on
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not canvas.key_pointer.is_on and not desk.actions["key_pointer"].isChecked()
    assert desk.selected_object == 1
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert desk.frame == 1


def test_the_brush_says_that_it_needs_a_pointer_and_paints_nothing(qtbot, pointed: MainWindow) -> None:
    pointed.desk.set_tool("brush")
    assert "The brush needs a mouse or pen" in pointed.canvas.hint()
    qtbot.keyClick(pointed.canvas, Qt.Key.Key_Return)
    assert any("Points (Q), Box (W)" in text for text in pointed.notices.texts)
    assert pointed.desk.document is not None and not pointed.desk.document.masks


def test_the_object_under_it_is_the_one_that_backtick_takes(qtbot, painted: MainWindow) -> None:
    desk = painted.desk
    desk.set_frame(2)
    qtbot.waitUntil(painted.frames.is_shown)
    desk.select(None)
    desk.actions["key_pointer"].trigger()
    qtbot.keyClick(painted.canvas, Qt.Key.Key_QuoteLeft)
    assert desk.selected_object is None
    for _ in range(60):
        qtbot.keyClick(painted.canvas, Qt.Key.Key_Left)
        if painted.canvas.pointing.hovered_object == 1:
            break
    qtbot.keyClick(painted.canvas, Qt.Key.Key_QuoteLeft)
    assert desk.selected_object == 1


def test_enter_runs_the_plan_that_waits_and_clicks_nowhere(qtbot, painted: MainWindow) -> None:
    desk = painted.desk
    desk.actions["key_pointer"].trigger()
    desk.actions["show_repair"].trigger()
    assert desk.planned is not None and desk.tracking is not None
    with qtbot.waitSignal(desk.tracking.run_finished, timeout=20000):
        qtbot.keyClick(painted.canvas, Qt.Key.Key_Return)
    assert desk.document is not None and not desk.document.prompts and (1, 6) in desk.document.masks
