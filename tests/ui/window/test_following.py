"""The playhead goes with a run, until the person takes it elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.ui.window import MainWindow

SQUARE = np.zeros((72, 96), bool)
SQUARE[20:40, 8:28] = True


@pytest.fixture
def painted(opened: MainWindow) -> MainWindow:
    """One object, painted on frame 0."""
    project = opened.desk.project
    assert project is not None
    new_object(project, "dog")
    set_mask(project, 1, 0, SQUARE)
    opened.desk.select(1)
    return opened


def run(qtbot: Any, window: MainWindow, name: str) -> list[int]:
    """Do a run; gives the frames that were shown while it went on."""
    shown: list[int] = []
    window.desk.frame_changed.connect(shown.append)
    tracking = window.desk.tracking
    assert tracking is not None
    with qtbot.waitSignal(tracking.run_finished, timeout=20000):
        window.desk.actions[name].trigger()
    window.desk.frame_changed.disconnect(shown.append)
    return shown


def test_the_playhead_goes_with_a_run_and_comes_back(qtbot: Any, painted: MainWindow) -> None:
    shown = run(qtbot, painted, "propagate_forward")
    assert shown[-1] == 0 and 15 in shown and shown[:-1] == sorted(shown[:-1])


def test_who_goes_elsewhere_stays_there(qtbot: Any, painted: MainWindow) -> None:
    desk = painted.desk
    follow = painted.timeline.transport.run_card.follow
    tracking = desk.tracking
    assert tracking is not None
    tracking.run_started.connect(lambda plan: desk.set_frame(3))
    assert run(qtbot, painted, "propagate_forward") == [3]
    assert not follow.isChecked() and desk.frame == 3


def test_a_run_to_both_sides_leaves_the_playhead_where_it_is(qtbot: Any, painted: MainWindow) -> None:
    project = painted.desk.project
    assert project is not None
    set_mask(project, 1, 8, SQUARE)
    assert run(qtbot, painted, "propagate_both") == []


def test_who_let_the_button_up_is_not_taken_along_again(qtbot: Any, painted: MainWindow) -> None:
    follow = painted.timeline.transport.run_card.follow
    tracking = painted.desk.tracking
    assert tracking is not None
    tracking.run_started.connect(lambda plan: follow.click() if follow.isChecked() else None)
    run(qtbot, painted, "propagate_forward")
    assert run(qtbot, painted, "propagate_forward") == []
