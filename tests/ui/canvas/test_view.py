"""The canvas: what events do to view, document and screen."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QInputDevice, QMouseEvent, QPointingDevice, QWheelEvent

from app.commands.masks import delete_masks
from app.commands.objects import delete_objects, set_object_visible
from app.document.masks import MaskCode
from app.document.steps import SetMasks, SetPrompt
from app.document.values import Box, FrameMask, Prompt
from app.ui import theme
from app.ui.canvas import CanvasView
from app.ui.canvas.words import tag_words
from app.ui.desk import Desk
from app.ui.frame_loader import prepare
from app.ui.tools.tool import CircleMark


def place_of(canvas: CanvasView, x: float, y: float) -> QPointF:
    return canvas.viewportTransform().map(QPointF(x, y))


def click(
    qtbot, canvas: CanvasView, x: float, y: float, button=Qt.MouseButton.LeftButton, held=Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.mouseClick(canvas.viewport(), button, held, place_of(canvas, x, y).toPoint())


def move(canvas: CanvasView, x: float, y: float, buttons=Qt.MouseButton.NoButton) -> None:
    at = place_of(canvas, x, y)
    held = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), Qt.MouseButton.NoButton, buttons, held)
    canvas.mouseMoveEvent(event)


def button_event(canvas: CanvasView, kind: QEvent.Type, x: float, y: float, button, buttons) -> None:
    """A press or release as a mouse with several buttons gives it: `buttons` are those that are down afterwards."""
    at = place_of(canvas, x, y)
    event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier)
    (canvas.mousePressEvent if kind == QEvent.Type.MouseButtonPress else canvas.mouseReleaseEvent)(event)


def turn(canvas: CanvasView, at: QPointF, turns: float, held=Qt.KeyboardModifier.NoModifier) -> None:
    event = QWheelEvent(
        at, canvas.mapToGlobal(at), QPoint(), QPoint(0, round(120 * turns)), Qt.MouseButton.NoButton, held,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    canvas.wheelEvent(event)


def seen(canvas: CanvasView, x: float, y: float) -> QColor:
    at = place_of(canvas, x, y).toPoint()
    return canvas.viewport().grab().toImage().pixelColor(at)


def test_the_whole_frame_is_fitted_and_stays_so_when_the_window_changes(canvas: CanvasView) -> None:
    assert canvas.is_fitted
    assert canvas.view_scale == pytest.approx(min((640 - 28) / 64, (480 - 28) / 48))
    canvas.resize(400, 300)
    assert canvas.view_scale == pytest.approx(min((400 - 28) / 64, (300 - 28) / 48))
    middle = canvas.picture_rect().center()
    assert abs(middle.x() - 200) <= 1 and abs(middle.y() - 150) <= 1


def test_the_wheel_zooms_at_the_pointer(canvas: CanvasView) -> None:
    at = place_of(canvas, 50, 10)
    before = canvas.view_scale
    turn(canvas, at, 3)
    assert canvas.view_scale > before
    under = canvas.to_frame(at)
    assert abs(under.x() - 50) < 1 / canvas.view_scale and abs(under.y() - 10) < 1 / canvas.view_scale
    assert not canvas.is_fitted


def test_zoom_keeps_its_middle_when_the_window_changes(canvas: CanvasView) -> None:
    canvas.look_at(30, QPointF(20, 30))
    canvas.resize(500, 333)
    assert canvas.view_scale == pytest.approx(30)
    assert abs(canvas.center.x() - 20) < 0.1 and abs(canvas.center.y() - 30) < 0.1


def test_middle_drag_and_space_drag_move_the_picture(qtbot, canvas: CanvasView) -> None:
    canvas.look_at(20, QPointF(32, 24))
    start = QPoint(300, 200)
    for button, is_hand in ((Qt.MouseButton.MiddleButton, False), (Qt.MouseButton.LeftButton, True)):
        canvas.set_hand(is_hand)
        center = canvas.center
        qtbot.mousePress(canvas.viewport(), button, pos=start)
        end = QPointF(start + QPoint(40, -20))
        canvas.mouseMoveEvent(
            QMouseEvent(
                QEvent.Type.MouseMove, end, end, Qt.MouseButton.NoButton, button, Qt.KeyboardModifier.NoModifier
            )
        )
        qtbot.mouseRelease(canvas.viewport(), button, pos=end.toPoint())
        assert canvas.center.x() == pytest.approx(center.x() - 2, abs=0.1)
        assert canvas.center.y() == pytest.approx(center.y() + 1, abs=0.1)
    assert canvas.set_hand(False)
    assert not canvas.set_hand(False)


def test_a_double_click_beside_the_picture_fits_it(qtbot, canvas: CanvasView) -> None:
    canvas.look_at(4, QPointF(32, 24))
    qtbot.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert canvas.is_fitted


def test_ctrl_and_the_wheel_step_frames_or_size_the_brush(qtbot, desk: Desk, canvas: CanvasView) -> None:
    ctrl = Qt.KeyboardModifier.ControlModifier
    with qtbot.waitSignal(canvas.steps_requested) as steps:
        turn(canvas, QPointF(300, 200), -1, ctrl)
    assert steps.args == [1]
    desk.set_tool("brush")
    size = canvas.brush_size
    turn(canvas, QPointF(300, 200), 1, ctrl)
    assert canvas.brush_size > size


def test_small_turns_of_a_wheel_add_up_to_steps_and_none_is_no_step(desk: Desk, canvas: CanvasView) -> None:
    steps: list[int] = []
    canvas.steps_requested.connect(steps.append)
    ctrl = Qt.KeyboardModifier.ControlModifier
    at = QPointF(300, 200)
    turn(canvas, at, 0, ctrl)
    assert not steps
    for _ in range(6):
        turn(canvas, at, -0.25, ctrl)
    assert steps == [1]
    turn(canvas, at, 0.5, ctrl)  # the other way: what was left over counts no more
    turn(canvas, at, 0.5, ctrl)
    assert steps == [1, -1]
    turn(canvas, at, 0)
    assert canvas.is_fitted


def test_a_click_draws_its_dot_at_once(qtbot, desk: Desk, canvas: CanvasView) -> None:
    desk.select(2)
    click(qtbot, canvas, 55, 40)
    document = desk.document
    assert document is not None
    assert len(document.prompts[2, 0].points) == 1
    ring = place_of(canvas, 55, 40).toPoint() + QPoint(4, 4)
    assert canvas.viewport().grab().toImage().pixelColor(ring) == QColor(theme.DARK.good)


def test_prompts_are_eighteen_pixels_at_any_zoom(desk: Desk, canvas: CanvasView) -> None:
    desk.select(1)
    widths = []
    for scale in (6.0, 24.0):
        canvas.look_at(scale, QPointF(10, 20))
        picture = canvas.viewport().grab().toImage()
        at = place_of(canvas, 10, 20).toPoint()
        white = [dx for dx in range(-30, 31) if picture.pixelColor(at.x() + dx, at.y() + 3) == QColor("white")]
        widths.append(max(white) - min(white) + 1)
    assert widths[0] == widths[1]
    assert 15 <= widths[0] <= 19


@pytest.mark.parametrize("given", ["box", "mask"])
def test_a_box_and_a_painted_mask_of_another_object_are_ten_pixels_and_hollow(
    desk: Desk, canvas: CanvasView, given: str
) -> None:
    document, color = desk.document, theme.picture_color(1)
    assert document is not None
    area = np.zeros((48, 64), bool)
    area[34:46, 40:60] = True
    prompt = Prompt(box=Box(40, 34, 60, 46)) if given == "box" else Prompt(mask=MaskCode.from_array(area))
    document.apply(SetPrompt((2, 0), prompt))
    desk.select(1)
    at = place_of(canvas, 50, 40).toPoint()
    picture = canvas.viewport().grab().toImage()
    across = [dx for dx in range(-12, 13) if picture.pixelColor(at.x() + dx, at.y() - 1).hue() == color.hue()]
    assert {-5, 5} <= set(across) and min(across) >= -6 and max(across) <= 6
    assert not {-3, 3} & set(across), "hollow"
    desk.set_view(prompts=False)
    assert canvas.viewport().grab().toImage().pixelColor(at - QPoint(5, 1)).hue() != color.hue()


def test_masks_are_drawn_over_the_frame_and_can_be_hidden(desk: Desk, canvas: CanvasView) -> None:
    desk.select(None)
    covered, bare = seen(canvas, 15.5, 15.5), seen(canvas, 50.5, 40.5)
    assert bare == QColor(40, 40, 40)
    assert covered != QColor(220, 180, 90)
    desk.set_view(masks=False)
    assert seen(canvas, 15.5, 15.5) == QColor(220, 180, 90)
    desk.set_view(masks=True)
    assert desk.project is not None
    set_object_visible(desk.project, 1, False)
    assert seen(canvas, 15.5, 15.5) == QColor(220, 180, 90)


def test_hover_strengthens_the_mask_under_the_pointer(canvas: CanvasView, desk: Desk) -> None:
    desk.select(None)
    before = seen(canvas, 15.5, 25.5)
    move(canvas, 15, 15)
    assert seen(canvas, 15.5, 25.5) != before
    canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert seen(canvas, 15.5, 25.5) == before


def test_the_selected_and_the_hovered_object_have_a_tag_at_the_upper_edge_of_the_mask(
    qtbot, desk: Desk, canvas: CanvasView
) -> None:
    document = desk.document
    assert document is not None
    document.apply(
        SetMasks({(2, 0): FrameMask(MaskCode.from_array(np.pad(np.ones((9, 9), bool), ((39, 0), (50, 5)))))})
    )
    heads = {1: place_of(canvas, 10, 10), 2: place_of(canvas, 54.5, 39)}

    def tagged() -> set[int]:
        picture = canvas.viewport().grab().toImage()
        rows = {key: picture.copy(int(at.x()) - 60, int(at.y()) - 10, 120, 1) for key, at in heads.items()}
        colors = {key: theme.picture_color(document.objects[key].color) for key in heads}
        return {key for key, row in rows.items() if [row.pixelColor(x, 0) for x in range(120)].count(colors[key]) > 8}

    assert [tag_words(document, key) for key in (1, 2)] == ["1 · dog", "2 · ball"]
    assert tagged() == set()
    desk.select(1)
    assert tagged() == {1}
    move(canvas, 53, 44)
    assert tagged() == {1, 2}
    qtbot.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place_of(canvas, 30, 2).toPoint())
    assert tagged() == set(), "whoever draws sees what lies above the mask"
    qtbot.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place_of(canvas, 30, 2).toPoint())
    canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert tagged() == {1}
    document.apply(
        SetMasks({(1, 0): FrameMask(MaskCode.from_array(np.pad(np.ones((30, 40), bool), ((2, 16), (0, 24)))))})
    )
    heads[1] = QPointF(place_of(canvas, 20, 0).x(), canvas.notes.done.geometry().bottom() + 23)
    assert tagged() == {1}, "below the note in the corner"
    canvas.look_at(40.0, QPointF(60, 5))
    picture = canvas.viewport().grab().toImage()
    assert not any(picture.pixelColor(x, 12) == theme.picture_color(0) for x in range(picture.width())), "out of view"


def test_a_change_on_another_frame_does_not_redraw(desk: Desk, canvas: CanvasView, mask_of) -> None:
    from app.document.steps import SetMasks

    assert desk.document is not None
    before = canvas._overlay._version
    desk.document.apply(SetMasks({(2, 5): mask_of(5)}, by_person=False))
    assert canvas._overlay._version == before
    desk.document.apply(SetMasks({(2, 0): mask_of(0)}, by_person=False))
    assert canvas._overlay._version > before


def test_another_frame_forgets_what_was_pending(qtbot, desk: Desk, canvas: CanvasView) -> None:
    desk.set_tool("lasso")
    click(qtbot, canvas, 40, 5)
    click(qtbot, canvas, 60, 5)
    assert canvas.tool.marks()
    assert desk.source is not None
    canvas.show_frame(3, prepare(3, desk.source.read(3)))
    assert not canvas.tool.marks()
    assert canvas.shown_frame == 3


def test_a_frame_that_cannot_be_shown_is_dark_and_keeps_its_masks(desk: Desk, canvas: CanvasView) -> None:
    desk.select(None)
    canvas.show_frame(1, None)
    assert seen(canvas, 60.5, 40.5) == QColor(0, 0, 0)
    assert seen(canvas, 15.5, 25.5) != QColor(0, 0, 0)


def test_brush_strokes_are_seen_while_they_are_drawn(qtbot, desk: Desk, canvas: CanvasView) -> None:
    desk.select(2)
    desk.set_tool("brush")
    canvas.set_brush_size(8)
    before = seen(canvas, 50.5, 40.5)
    qtbot.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place_of(canvas, 50, 40).toPoint())
    move(canvas, 56, 40, Qt.MouseButton.LeftButton)
    assert seen(canvas, 50.5, 40.5) != before
    assert desk.document is not None and (2, 0) not in desk.document.masks
    qtbot.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place_of(canvas, 56, 40).toPoint())
    assert desk.document.masks[2, 0].code.to_array()[40, 50:56].all()


def test_notes_say_what_was_done_here_and_fade_near_the_pointer(desk: Desk, canvas: CanvasView) -> None:
    desk.select(1)
    assert canvas.notes.done.text.startswith("dog: 1 prompt here")
    assert canvas.notes.zoom.text.startswith("Fit · ")
    inside = canvas.notes.done.geometry().center()
    canvas.notes.mind_pointer(inside)
    canvas.notes.done._fade.stop()
    assert canvas.notes.done._fade.endValue() < 0.5 or canvas.notes.done.strength < 0.5
    canvas.notes.mind_pointer(None)
    assert canvas.notes.done._fade.endValue() == 1.0


def test_the_canvas_tells_its_state_in_words(desk: Desk, canvas: CanvasView) -> None:
    desk.select(1)
    assert canvas.accessibleName() == "Picture"
    assert canvas.accessibleDescription() == "Frame 0, dog: not looked at, 1 prompt"
    desk.select(2)
    assert canvas.accessibleDescription() == "Frame 0, ball: not computed, 0 prompts"


def test_zooming_to_an_object_brings_it_to_the_middle(canvas: CanvasView) -> None:
    assert canvas.zoom_to_object(1)
    assert abs(canvas.center.x() - 10) < 0.2 and abs(canvas.center.y() - 20) < 0.2
    assert not canvas.zoom_to_object(2)


def test_clicks_during_a_held_button_are_ignored(desk: Desk, canvas: CanvasView) -> None:
    desk.select(2)
    left, right = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
    document = desk.document
    assert document is not None
    button_event(canvas, QEvent.Type.MouseButtonPress, 50, 40, left, left)
    button_event(canvas, QEvent.Type.MouseButtonPress, 50, 40, right, left | right)
    button_event(canvas, QEvent.Type.MouseButtonRelease, 50, 40, right, left)
    assert (2, 0) not in document.prompts
    button_event(canvas, QEvent.Type.MouseButtonRelease, 50, 40, left, Qt.MouseButton.NoButton)
    assert [point.is_positive for point in document.prompts[2, 0].points] == [True]


def test_the_first_click_after_a_menu_that_took_the_release_counts(qtbot, desk: Desk, canvas: CanvasView) -> None:
    desk.set_tool("select")
    left, right = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
    with qtbot.waitSignal(canvas.menu_requested):
        button_event(canvas, QEvent.Type.MouseButtonPress, 50, 40, right, right)
    button_event(canvas, QEvent.Type.MouseButtonPress, 15, 15, left, left)
    button_event(canvas, QEvent.Type.MouseButtonRelease, 15, 15, left, Qt.MouseButton.NoButton)
    assert desk.selected_object == 1


def test_a_press_while_the_hand_holds_the_picture_is_no_click(desk: Desk, canvas: CanvasView) -> None:
    desk.select(2)
    left, middle = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
    button_event(canvas, QEvent.Type.MouseButtonPress, 50, 40, middle, middle)
    button_event(canvas, QEvent.Type.MouseButtonPress, 50, 40, left, left | middle)
    button_event(canvas, QEvent.Type.MouseButtonRelease, 50, 40, left, middle)
    button_event(canvas, QEvent.Type.MouseButtonRelease, 50, 40, middle, Qt.MouseButton.NoButton)
    document = desk.document
    assert document is not None and (2, 0) not in document.prompts


@pytest.mark.parametrize("tool", ["box", "lasso"])
def test_a_double_click_beside_the_picture_begins_nothing(qtbot, desk: Desk, canvas: CanvasView, tool: str) -> None:
    desk.set_tool(tool)
    canvas.look_at(4, QPointF(32, 24))
    at = QPoint(3, 3)
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert canvas.is_fitted
    move(canvas, 30, 30)
    assert not canvas.tool.marks()


def test_a_double_click_beside_the_picture_closes_a_polygon(qtbot, desk: Desk, canvas: CanvasView) -> None:
    desk.select(2)
    desk.set_tool("lasso")
    canvas.look_at(4, QPointF(32, 24))
    for x, y in ((40, 20), (60, 20), (60, 40)):
        click(qtbot, canvas, x, y)
    at = place_of(canvas, 40, 52).toPoint()
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert not canvas.is_fitted
    assert desk.document is not None and desk.document.masks[2, 0].code.to_array()[25, 45]


def test_strength_changes_the_fill_only(canvas: CanvasView, desk: Desk) -> None:
    desk.select(None)
    before = np.array(seen(canvas, 15.5, 25.5).getRgb(), int)
    canvas.change_strength(-3)
    after = np.array(seen(canvas, 15.5, 25.5).getRgb(), int)
    bare = np.array((220, 180, 90, 255), int)
    assert np.abs(after - bare).sum() < np.abs(before - bare).sum()


def test_alpha_shows_the_mask_white_and_the_frame_black(canvas: CanvasView, desk: Desk) -> None:
    desk.set_view(style="alpha")
    assert seen(canvas, 10.5, 26) == QColor(255, 255, 255)
    assert seen(canvas, 50, 40) == QColor(0, 0, 0)
    desk.set_view(masks=False)
    assert seen(canvas, 50, 40) == QColor(40, 40, 40)


def test_the_onion_skin_outlines_the_neighbouring_frames_and_follows_their_changes(
    canvas: CanvasView, desk: Desk
) -> None:
    assert desk.project is not None and desk.source is not None
    canvas.show_frame(11, prepare(11, desk.source.read(11)))
    delete_masks(desk.project, [1], 11, 11)
    # Frame 10 has the square at 10 to 30, frame 12 none: a line stands left of 30.
    middle = place_of(canvas, 30, 20).toPoint()

    def across() -> list[QColor]:
        picture = canvas.viewport().grab().toImage()
        return [picture.pixelColor(middle + QPoint(step, 0)) for step in range(-4, 5)]

    before = across()
    desk.set_view(onion_skin=True)
    assert sum(one != other for one, other in zip(across(), before, strict=True)) == 1
    delete_masks(desk.project, [1], 10, 10)
    assert across() == before


@pytest.mark.parametrize(("scale", "has_grid"), [(7.9, False), (8.0, True), (20.0, True)])
def test_pixels_are_told_apart_by_a_grid_from_eight_times_on(canvas: CanvasView, scale: float, has_grid: bool) -> None:
    canvas.look_at(scale, QPointF(55, 40))  # plain ground, without a mask
    picture = canvas.viewport().grab().toImage()
    middle = place_of(canvas, 55, 40).toPoint()
    row = [picture.pixelColor(middle + QPoint(step, 3)).red() for step in range(-30, 31)]
    bright = [place for place, red in enumerate(row) if red > 40]
    if has_grid:
        # One line at every edge between two pixels of the frame, and nothing between the lines.
        assert {after - before for before, after in itertools.pairwise(bright)} == {round(scale)}
    else:
        assert bright == []


def test_a_tool_that_is_taken_by_key_knows_where_the_pointer_rests(desk: Desk, canvas: CanvasView) -> None:
    desk.set_tool("brush")
    move(canvas, 50, 40)
    desk.set_tool("eraser")
    move(canvas, 20, 20)
    desk.set_tool("brush")
    (circle,) = canvas.tool.marks()
    assert isinstance(circle, CircleMark)
    assert (circle.x, circle.y) == pytest.approx((20, 20))


def test_the_menu_of_the_right_button_is_about_what_lies_under_it(desk: Desk, canvas: CanvasView) -> None:
    desk.set_tool("select")
    desk.select(2)
    right = Qt.MouseButton.RightButton
    button_event(canvas, QEvent.Type.MouseButtonPress, 50, 40, right, right)
    assert desk.selected_object == 2, "nothing lies there"
    button_event(canvas, QEvent.Type.MouseButtonRelease, 50, 40, right, Qt.MouseButton.NoButton)
    button_event(canvas, QEvent.Type.MouseButtonPress, 15, 15, right, right)
    assert desk.selected_object == 1


def test_the_menu_key_leaves_the_selection_alone(qtbot, desk: Desk, canvas: CanvasView) -> None:
    desk.select(2)
    move(canvas, 15, 15)
    canvas.look_at(8, QPointF(60, 10))
    with qtbot.waitSignal(canvas.menu_requested) as asked:
        event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint(), Qt.KeyboardModifier.NoModifier)
        canvas.contextMenuEvent(event)
    assert desk.selected_object == 2
    assert canvas.viewport().rect().contains(canvas.viewport().mapFromGlobal(asked.args[0]))


def test_what_was_under_the_pointer_is_looked_at_again_on_another_frame(desk: Desk, canvas: CanvasView) -> None:
    desk.select(1)
    move(canvas, 10, 20)
    assert canvas.pointing.hovered_object == 1 and canvas.pointing.hovered_point == 0
    canvas.show_frame(11, None)  # the square lies at 11 to 31 now, and no point
    assert canvas.pointing.hovered_object is None and canvas.pointing.hovered_point is None


def test_undoing_a_point_unselects_it_and_drops_its_drag(qtbot, desk: Desk, canvas: CanvasView) -> None:
    desk.select(1)
    click(qtbot, canvas, 40, 35)
    click(qtbot, canvas, 40, 35)
    assert canvas.tool.selected_points == (1,)
    project = desk.project
    assert project is not None
    said: list[str] = []
    desk.notice.connect(lambda sentence, _: said.append(sentence))
    qtbot.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place_of(canvas, 40, 35).toPoint())
    move(canvas, 50, 35, Qt.MouseButton.LeftButton)
    assert canvas.tool.marks()
    project.history.undo()
    assert canvas.tool.selected_points == () and not canvas.tool.marks()
    qtbot.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place_of(canvas, 50, 35).toPoint())
    assert not said and len(project.document.prompts[1, 0].points) == 1


def test_what_would_be_a_new_object_has_the_colour_that_it_will_have(qtbot, desk: Desk, canvas: CanvasView) -> None:
    assert desk.project is not None
    delete_objects(desk.project, [1])  # its colour is free again, though there is one object fewer
    desk.select(None)
    foreseen = desk.working_shade
    click(qtbot, canvas, 40, 35)
    assert desk.selected_object == 3 and desk.working_shade == foreseen == 0


@pytest.mark.parametrize("tool", ["brush", "eraser", "point"])
def test_the_eraser_end_of_a_pen_takes_away(desk: Desk, canvas: CanvasView, tool: str) -> None:
    desk.select(1)
    desk.set_tool(tool)
    pen = QPointingDevice(
        "pen", 7, QInputDevice.DeviceType.Stylus, QPointingDevice.PointerType.Eraser,
        QInputDevice.Capability.Position, 1, 3,
    )  # fmt: skip
    at = place_of(canvas, 15, 15)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, buttons in ((QEvent.Type.MouseButtonPress, left), (QEvent.Type.MouseButtonRelease, none)):
        event = QMouseEvent(kind, at, at, canvas.mapToGlobal(at), left, buttons, Qt.KeyboardModifier.NoModifier, pen)
        (canvas.mousePressEvent if buttons == left else canvas.mouseReleaseEvent)(event)
    assert desk.document is not None
    if tool == "point":
        assert [point.is_positive for point in desk.document.prompts[1, 0].points] == [True, False]
    else:
        assert not desk.document.masks[1, 0].code.to_array()[15, 15]


def test_a_double_click_on_a_prompt_beside_every_mask_flips_it_and_moves_nothing(
    qtbot, desk: Desk, canvas: CanvasView
) -> None:
    desk.select(1)
    click(qtbot, canvas, 55, 40, Qt.MouseButton.RightButton)
    desk.set_tool("select")
    canvas.zoom(1.5)
    at, scale = place_of(canvas, 55, 40).toPoint(), canvas.view_scale
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert canvas.view_scale == scale
    assert desk.document is not None and desk.document.prompts[1, 0].points[-1].is_positive
