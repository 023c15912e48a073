"""An object that keeps off its neighbours: their points go to the model with every question about it."""

import pytest

from app.commands.objects import set_keeps_off
from app.commands.prompts import add_point
from app.document.values import Point, Prompt
from app.inference.inline_engine import InlineEngine
from app.jobs.tracking import Tracking

CELL = (1, 0)
CLICK, BESIDE = Point(18.0, 30.0), Point(40.0, 33.0)


@pytest.fixture
def tracking(qtbot, project, clip_folder, checkpoint):
    made = Tracking(project, clip_folder, engine_factory=InlineEngine)
    with qtbot.waitSignal(made.status_changed, timeout=60_000, check_params_cb=lambda status: status.state == "ready"):
        made.use_model(checkpoint, "cpu")
    yield made
    made.close()


def preview(qtbot, tracking, *points):
    with qtbot.waitSignal(tracking.preview_ready, timeout=30_000) as ready:
        tracking.request_preview_of(CELL, Prompt(points=points))
    return ready.args[1]


def test_a_neighbours_point_counts_like_a_negative_one_of_ones_own(qtbot, project, tracking):
    add_point(project, 2, 0, BESIDE.x, BESIDE.y)
    with qtbot.waitSignal(tracking.prompt_pending, timeout=30_000, check_params_cb=lambda cell, waits: not waits):
        tracking.request_prompt((2, 0))
    alone = preview(qtbot, tracking, CLICK)
    by_hand = preview(qtbot, tracking, CLICK, Point(BESIDE.x, BESIDE.y, is_positive=False))
    assert alone != by_hand
    set_keeps_off(project, 1, True)
    assert preview(qtbot, tracking, CLICK) == by_hand
    add_point(project, *CELL, CLICK.x, CLICK.y)
    with qtbot.waitSignal(tracking.prompt_pending, timeout=30_000, check_params_cb=lambda cell, waits: not waits):
        tracking.request_prompt(CELL)
    assert project.document.masks[CELL].code == by_hand
    assert project.document.prompts[CELL] == Prompt((CLICK,))
    set_keeps_off(project, 1, False)
    assert project.document.masks[CELL].code == by_hand
