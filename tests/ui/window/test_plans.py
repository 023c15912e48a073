"""A plan that waits: shown on the lanes with time and memory, run by Enter, dropped by Esc."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.commands.masks import set_mask
from app.commands.objects import delete_objects, new_object, set_object_frozen, set_object_visible
from app.commands.review import verify_cells
from app.inference.plan import make_plan
from app.jobs.reports import RunEnd
from app.ui.window import MainWindow


@pytest.fixture
def waiting(painted: MainWindow) -> MainWindow:
    """The plan of a repair waits."""
    painted.desk.actions["show_repair"].trigger()
    return painted


def test_it_says_frames_time_and_memory_of_this_model(waiting: MainWindow) -> None:
    card = waiting.timeline.transport.plan_card
    assert card.isVisible()
    assert card.words.startswith("9 frames of dog, from both ends, about ") and card.words.endswith(" GB")


def test_enter_runs_it(qtbot: Any, waiting: MainWindow) -> None:
    tracking, card = waiting.desk.tracking, waiting.timeline.transport.plan_card
    assert tracking is not None and waiting.desk.document is not None
    with qtbot.waitSignal(tracking.run_finished, timeout=20000):
        waiting.desk.actions["finish"].trigger()
        run = waiting.timeline.transport.run_card
        assert not card.isVisible() and run.isVisible() and run.title == "Repairing dog"
    assert sorted(waiting.desk.document.masks_of(1)) == list(range(2, 13))
    assert not card.isVisible() and card.words == ""


def test_its_buttons_do_the_same(qtbot: Any, waiting: MainWindow) -> None:
    tracking, card = waiting.desk.tracking, waiting.timeline.transport.plan_card
    assert tracking is not None
    card.drop.click()
    assert waiting.desk.planned is None and not card.isVisible()
    waiting.desk.actions["show_repair"].trigger()
    with qtbot.waitSignal(tracking.run_finished, timeout=20000):
        card.run.click()


def test_esc_drops_it(waiting: MainWindow) -> None:
    waiting.desk.actions["stop"].trigger()
    assert waiting.desk.planned is None and not waiting.timeline.transport.plan_card.isVisible()
    assert waiting.desk.selected_object == 1


def test_a_plan_of_an_object_that_is_gone_waits_no_longer(waiting: MainWindow) -> None:
    project, card = waiting.desk.project, waiting.timeline.transport.plan_card
    assert project is not None and card.isVisible()
    delete_objects(project, [1])
    assert waiting.desk.planned is None and not card.isVisible()
    waiting.desk.actions["finish"].trigger()
    assert not waiting.desk.tracking.is_running


def test_a_plan_that_waits_goes_with_what_the_person_does_meanwhile(
    qtbot: Any, waiting: MainWindow, square: np.ndarray
) -> None:
    project, tracking, card = waiting.desk.project, waiting.desk.tracking, waiting.timeline.transport.plan_card
    assert project is not None and tracking is not None
    set_mask(project, 1, 9, square[:, ::-1])
    assert card.words.startswith("6 frames of dog, from both ends"), "to the frame that was painted"
    set_mask(project, 1, 5, square)
    verify_cells(project, [(1, 5)])
    assert card.words.startswith("3 frames of dog, from both ends"), "between both"
    with qtbot.waitSignal(tracking.run_finished, timeout=20000):
        waiting.desk.actions["finish"].trigger()
    assert sorted(project.document.masks_of(1)) == [2, 5, 6, 7, 8, 9, 12]


def test_a_plan_that_is_asked_for_during_a_run_waits_for_its_end(qtbot: Any, painted: MainWindow) -> None:
    desk, transport = painted.desk, painted.timeline.transport
    assert desk.tracking is not None and desk.project is not None
    new_object(desk.project, "cat")
    set_mask(desk.project, 2, 0, np.ones((72, 96), bool))
    desk.select(2)
    with qtbot.waitSignal(desk.tracking.run_finished, timeout=20000):
        painted.desk.actions["propagate_forward"].trigger()
        running = desk.planned
        desk.select(1)
        painted.desk.actions["show_repair"].trigger()
        assert desk.planned is not running and not transport.plan_card.isVisible()
        painted.desk.actions["stop"].trigger()
        assert desk.planned is running and desk.tracking.is_running, "Esc dropped the plan, the run goes on"
        painted.desk.actions["show_repair"].trigger()
    assert desk.planned is not None and transport.plan_card.isVisible()
    assert transport.plan_card.words.startswith("9 frames of dog, from both ends")


def test_all_objects_are_those_in_view_and_what_is_selected(qtbot: Any, opened: MainWindow, square: np.ndarray) -> None:
    project, tracking = opened.desk.project, opened.desk.tracking
    assert project is not None and tracking is not None
    for object_id, name in ((1, "dog"), (2, "ball"), (3, "cat")):
        new_object(project, name)
        set_mask(project, object_id, 0, square)
    set_object_visible(project, 2, False)
    set_object_frozen(project, 3, True)
    plans: list[Any] = []
    tracking.run_started.connect(plans.append)
    for chosen, expected in ((None, (1,)), (2, (1, 2))):
        opened.desk.select(chosen)
        with qtbot.waitSignal(tracking.run_finished, timeout=20000):
            opened.desk.actions["propagate_all"].trigger()
            said = " ".join(opened.notices.texts)
        assert plans[-1].object_ids == expected
        assert ("Without 1 hidden object" in said) == (expected == (1,))


def test_all_objects_in_line_are_the_same_that_a_run_of_all_takes(opened: MainWindow) -> None:
    project, line = opened.desk.project, opened.lining_up.line
    assert project is not None
    for name in ("dog", "ball", "cat"):
        new_object(project, name)
    set_object_visible(project, 2, False)
    opened.desk.select(1)
    opened.desk.actions["line_up_all"].trigger()
    assert line.waiting.runs[-1].object_ids == (1, 3)
    assert "Without 1 hidden object: show them or select them to compute them too." in opened.notices.texts


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("propagate_forward", "T goes on."),
        ("propagate_backward", "Shift+T goes on."),
        ("propagate_both", "Ctrl+T goes on."),
        ("repair", "R starts it again."),
        ("propagate_draft", "T computes every frame."),
    ],
)
def test_a_stopped_run_says_how_it_goes_on(qtbot: Any, painted: MainWindow, action: str, said: str) -> None:
    tracking = painted.desk.tracking
    assert tracking is not None
    painted.desk.actions[action].trigger()
    with qtbot.waitSignal(tracking.run_finished, timeout=20000):
        painted.desk.actions["finish"].trigger()
        painted.desk.actions["stop"].trigger()
    text = painted.notices.texts[-1]
    assert text.startswith("Stopped at ") and text.endswith(f". {said}")


def test_a_run_that_was_undone_while_it_went_on_says_that_nothing_is_kept(qtbot: Any, painted: MainWindow) -> None:
    desk = painted.desk
    assert desk.tracking is not None and desk.project is not None
    before, written = dict(desk.project.document.masks_of(1)), []

    def take_back(_progress: object) -> None:
        count = len(desk.project.document.masks_of(1)) - len(before)
        if count and not written:
            written.append(count)
            desk.actions["undo"].trigger()

    desk.tracking.run_progress.connect(take_back)
    with qtbot.waitSignal(desk.tracking.run_finished, timeout=20000) as ended:
        desk.actions["propagate_forward"].trigger()
    assert written and dict(desk.project.document.masks_of(1)) == before and ended.args[0].is_taken_back
    assert painted.notices.texts[-1] == "The run was taken back: nothing of it is kept. T starts it again."


def test_a_run_that_failed_says_what_is_kept_in_one_number(opened: MainWindow, square: np.ndarray) -> None:
    project, tracking = opened.desk.project, opened.desk.tracking
    assert project is not None and tracking is not None
    new_object(project, "dog")
    set_mask(project, 1, 0, square)
    plan = make_plan(project.document, [1], 0, 3)
    for written, kept in ((0, ""), (1, "1 mask is kept. "), (2, "2 masks are kept. ")):
        tracking.run_started.emit(plan)
        tracking.run_finished.emit(RunEnd(written, 3, error="The model stopped.", written=written))
        assert opened.notices.texts[-1] == f"The model stopped. {kept}T goes on."
