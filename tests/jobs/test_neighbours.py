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


def test_answers_are_asked_for_again_as_one_step_to_undo(qtbot, project, tracking):
    add_point(project, 2, 0, BESIDE.x, BESIDE.y)
    add_point(project, *CELL, CLICK.x, CLICK.y)
    add_point(project, 1, 5, CLICK.x, CLICK.y)
    cells = [CELL, (1, 5)]
    for cell in cells:
        tracking.request_prompt(cell)
    qtbot.waitUntil(lambda: all(cell in project.document.masks for cell in cells), timeout=30_000)
    before = {cell: project.document.masks[cell] for cell in cells}
    set_keeps_off(project, 1, True)
    tracking.ask_again(cells, "Ask again, 2 prompted frames")
    qtbot.waitUntil(lambda: not any(tracking.is_pending(cell) for cell in cells), timeout=30_000)
    assert project.document.masks[CELL].code != before[CELL].code, "the neighbour's point counts now"
    assert project.document.masks[1, 5].code == before[1, 5].code, "no neighbour stands there"
    assert project.history.undo() == "Ask again, 2 prompted frames"
    assert {cell: project.document.masks[cell] for cell in cells} == before
    assert project.history.undo() == "Keep off neighbours, square"


@pytest.fixture
def answered(qtbot, project, tracking):
    """Two prompted frames of an object beside another; then it is told to keep off. Gives their masks before that."""
    add_point(project, 2, 0, BESIDE.x, BESIDE.y)
    add_point(project, *CELL, CLICK.x, CLICK.y)
    add_point(project, 1, 5, CLICK.x, CLICK.y)
    for cell in (CELL, (1, 5)):
        tracking.request_prompt(cell)
    qtbot.waitUntil(lambda: not any(tracking.is_pending(cell) for cell in (CELL, (1, 5))), timeout=30_000)
    set_keeps_off(project, 1, True)
    return {cell: project.document.masks[cell] for cell in (CELL, (1, 5))}


def test_answers_that_come_after_the_asking_was_undone_change_nothing(qtbot, project, tracking, answered):
    names = project.history.names
    tracking.ask_again(answered, "Ask again")
    assert project.history.undo() == "Ask again"
    qtbot.waitUntil(lambda: not any(tracking.is_pending(cell) for cell in answered), timeout=30_000)
    assert {cell: project.document.masks[cell] for cell in answered} == answered
    assert project.history.names[0] == names[0]


def test_asking_again_twice_at_once_leaves_one_step(qtbot, project, tracking, answered):
    done = project.history.names[0]
    tracking.ask_again(answered, "Ask again")
    tracking.ask_again(answered, "Ask once more")
    qtbot.waitUntil(lambda: not any(tracking.is_pending(cell) for cell in answered), timeout=30_000)
    click = Point(60.0, 33.0)
    with qtbot.waitSignal(tracking.preview_ready, timeout=30_000):  # comes when every answer has come
        tracking.request_preview_of((2, 3), Prompt(points=(click,)))
    assert project.document.masks[CELL] != answered[CELL]
    assert project.history.names[0] == [*done, "Ask once more"]
    project.history.undo()
    assert {cell: project.document.masks[cell] for cell in answered} == answered
