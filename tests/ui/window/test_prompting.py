"""Prompts and runs by the window's actions: what is cleared, what becomes a prompt, what exactly is computed."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.commands.masks import set_mask
from app.commands.objects import new_object, set_object_frozen, set_object_visible
from app.commands.prompts import add_point, set_box
from app.commands.review import verify_cells
from app.document.values import Box, Origin
from app.inference.checkpoints import BUILT_IN_NAME, find_checkpoint
from app.ui.models import REST_MS
from app.ui.verbs import reviewing
from app.ui.window import MainWindow


def square(x: int) -> np.ndarray:
    mask = np.zeros((72, 96), bool)
    mask[20:40, x : x + 20] = True
    return mask


def do(window: MainWindow, name: str) -> None:
    assert window.desk.actions[name].isEnabled(), name
    window.desk.actions[name].trigger()


@pytest.fixture
def drawn(qtbot, opened: MainWindow) -> MainWindow:
    """Two objects, each with a mask made by hand on frame 3, the first one selected, the model ready."""
    project = opened.desk.project
    for name, x in (("dog", 10), ("ball", 60)):
        made = new_object(project, name)
        set_mask(project, made.id, 3, square(x))
    opened.desk.select(1)
    opened.desk.set_frame(3)
    qtbot.waitUntil(opened.frames.is_shown)
    qtbot.waitUntil(lambda: opened.desk.tracking.status.state == "ready", timeout=60000)
    return opened


def run(qtbot, window: MainWindow, name: str) -> None:
    with qtbot.waitSignal(window.desk.tracking.run_finished, timeout=60000):
        do(window, name)


def frames_of(window: MainWindow, object_id: int) -> list[int]:
    return sorted(window.desk.document.masks_of(object_id))


def test_any_mask_can_be_turned_into_a_prompt_and_back(qtbot, drawn: MainWindow) -> None:
    document, history = drawn.desk.document, drawn.desk.project.history
    steps = len(history.names[0])
    do(drawn, "use_as_prompt")
    qtbot.waitUntil(lambda: not drawn.desk.tracking.is_pending((1, 3)))
    assert document.prompts[1, 3].mask == document.masks[1, 3].code
    assert np.array_equal(document.masks[1, 3].code.to_array(), square(10))
    assert document.masks[1, 3].origin is Origin.PROMPTED
    while len(history.names[0]) > steps:
        do(drawn, "undo")
    assert not document.prompts and document.masks[1, 3].origin is Origin.MANUAL


def test_prompts_are_cleared_on_the_frame_of_the_object_and_everywhere_under_names_that_count(
    qtbot,
    drawn: MainWindow,
) -> None:
    desk, project, document = drawn.desk, drawn.desk.project, drawn.desk.document
    for frame, count in ((3, 2), (5, 1)):
        for place in range(count):
            add_point(project, 1, frame, 20.0 + place, 30.0)
    set_box(project, 1, 3, Box(5, 5, 50, 50))
    add_point(project, 2, 3, 70.0, 30.0)
    before = dict(document.prompts)
    qtbot.waitUntil(lambda: desk.actions["clear_prompts"].text() == "Clear 3 prompts on this frame")
    assert desk.actions["clear_object_prompts"].text() == "Clear 4 prompts of dog"
    assert desk.actions["clear_all_prompts"].text() == "Clear all 5 prompts"
    for name, left in (
        ("clear_prompts", {(1, 5), (2, 3)}),
        ("clear_object_prompts", {(2, 3)}),
        ("clear_all_prompts", set()),
    ):
        do(drawn, name)
        assert set(document.prompts) == left
        do(drawn, "undo")
        assert document.prompts == before


def test_one_frame_is_computed_and_stepped_onto(qtbot, drawn: MainWindow) -> None:
    run(qtbot, drawn, "compute_forward")
    assert drawn.desk.frame == 4 and frames_of(drawn, 1) == [3, 4]
    drawn.desk.set_frame(3)
    run(qtbot, drawn, "compute_backward")
    assert drawn.desk.frame == 2 and frames_of(drawn, 1) == [2, 3, 4]
    assert frames_of(drawn, 2) == [3]


def test_a_run_computes_the_selected_objects_alone_also_hidden_ones(qtbot, drawn: MainWindow) -> None:
    set_object_visible(drawn.desk.project, 1, False)
    run(qtbot, drawn, "propagate_forward")
    assert frames_of(drawn, 1) == list(range(3, 16)) and frames_of(drawn, 2) == [3]


def test_all_objects_but_frozen_ones_are_computed_in_the_range(qtbot, drawn: MainWindow) -> None:
    project = drawn.desk.project
    third = new_object(project, "still")
    set_mask(project, third.id, 3, square(30))
    set_object_frozen(project, third.id, True)
    drawn.desk.set_range(2, 6)
    run(qtbot, drawn, "propagate_all")
    assert frames_of(drawn, 1) == frames_of(drawn, 2) == [2, 3, 4, 5, 6]
    assert frames_of(drawn, third.id) == [3]


def test_prompt_frames_of_the_selected_object_are_walked(drawn: MainWindow) -> None:
    desk, project = drawn.desk, drawn.desk.project
    for frame in (1, 8, 12):
        add_point(project, 1, frame, 20.0, 30.0)
    add_point(project, 2, 10, 70.0, 30.0)
    stops = []
    for name in ("next_prompt", "next_prompt", "next_prompt", "previous_prompt", "previous_prompt", "previous_prompt"):
        do(drawn, name)
        stops.append(desk.frame)
    assert stops == [8, 12, 12, 8, 1, 1]


def test_the_model_looks_at_the_resting_frame_again_after_a_run_and_after_another_choice(
    qtbot, drawn: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking = drawn.desk.tracking
    qtbot.wait(REST_MS * 2)  # the frame that was gone to has been looked at
    looked_at: list[int] = []
    monkeypatch.setattr(tracking, "prepare", looked_at.append)
    run(qtbot, drawn, "propagate_forward")
    qtbot.waitUntil(lambda: looked_at == [3], timeout=5000)
    drawn.models.choose(find_checkpoint(BUILT_IN_NAME), "cpu")
    qtbot.waitUntil(lambda: looked_at == [3, 3], timeout=5000)


def test_a_run_with_everything_verified_offers_another_range_and_to_take_that_back(
    qtbot, drawn: MainWindow, monkeypatch
) -> None:
    desk = drawn.desk
    for frame in (4, 5):
        set_mask(desk.project, 1, frame, square(10))
    verify_cells(desk.project, [(1, 3), (1, 4), (1, 5)])
    desk.set_range(3, 5)
    do(drawn, "propagate_forward")
    notice = drawn.notices._notices[-1]
    assert notice.text.startswith("Nothing to propagate. Every frame of dog in 3–5 is verified")
    assert [offer.text() for offer in notice.offers] == ["Choose another range", "Take verification back …"]
    asked = []
    monkeypatch.setattr(reviewing, "confirm", lambda window, *words: bool(asked.append(words)) or True)
    qtbot.mouseClick(notice.offers[1], Qt.MouseButton.LeftButton)
    assert asked == [("Take verification back from 3 frames of dog?", "Take back 3")]
    assert not desk.document.reviews
    do(drawn, "unverify_range")
    assert drawn.notices.texts[-1] == "Nothing on frames 3–5 is verified."


def test_a_click_that_changes_nothing_says_so_and_offers_the_brush(qtbot, drawn: MainWindow) -> None:
    desk = drawn.desk
    do(drawn, "tool_point")
    desk.tracking.prompt_unchanged.emit((1, 3))
    assert not any("did not change" in text for text in drawn.notices.texts), "nobody has clicked"
    drawn.canvas.bench.clicked = (1, 3)
    desk.tracking.prompt_unchanged.emit((1, 3))
    (notice,) = [one for one in drawn.notices._notices if one.offers]
    assert notice.text == "The mask did not change after your click. The model gives the same answer on this frame."
    assert [offer.text() for offer in notice.offers] == ["Brush it"]
    qtbot.mouseClick(notice.offers[0], Qt.MouseButton.LeftButton)
    assert desk.tool == "brush"
