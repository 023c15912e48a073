"""A plan that waits: shown on the lanes with time and memory, run by Enter, dropped by Esc."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.commands.masks import set_mask
from app.commands.objects import new_object, set_object_frozen, set_object_visible
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
        assert not card.isVisible() and waiting.timeline.transport.run_card.isVisible()
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
