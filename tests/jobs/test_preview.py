"""Previews: what prompts would give, asked of a model while the document stays as it is."""

import pytest

from app.commands.prompts import add_point, move_point
from app.document.values import Point, Prompt
from app.inference.inline_engine import InlineEngine
from app.jobs.tracking import Tracking

CELL = (1, 0)


@pytest.fixture
def tracking(qtbot, project, clip_folder, checkpoint):
    made = Tracking(project, clip_folder, engine_factory=InlineEngine)
    with qtbot.waitSignal(made.status_changed, timeout=60_000, check_params_cb=lambda status: status.state == "ready"):
        made.use_model(checkpoint, "cpu")
    yield made
    made.close()


def preview(qtbot, tracking, points, cell=CELL):
    with qtbot.waitSignal(tracking.preview_ready, timeout=30_000) as ready:
        tracking.request_preview_of(cell, Prompt(points=tuple(points)))
    assert ready.args[0] == cell
    return ready.args[1]


def answer(qtbot, tracking):
    with qtbot.waitSignal(
        tracking.prompt_pending, timeout=30_000, check_params_cb=lambda asked, pending: asked == CELL and not pending
    ):
        tracking.request_prompt(CELL)


def test_a_preview_is_what_the_click_will_give_and_changes_nothing(qtbot, project, tracking):
    step = project.history.undo_name
    mask = preview(qtbot, tracking, [Point(18.0, 30.0)])
    assert not project.document.masks and not project.document.prompts and project.history.undo_name == step
    assert not tracking.is_pending(CELL)
    add_point(project, *CELL, 18.0, 30.0)
    answer(qtbot, tracking)
    assert project.document.masks[CELL].code == mask


def test_a_point_on_its_way_is_previewed_as_it_will_be_answered_when_it_is_dropped(qtbot, project, tracking):
    add_point(project, *CELL, 18.0, 30.0)
    answer(qtbot, tracking)
    before = project.document.masks[CELL]
    for x in (40.0, 60.0, 90.0):
        mask = preview(qtbot, tracking, [Point(x, 50.0)])
    assert project.document.masks[CELL] == before
    move_point(project, *CELL, 0, 90.0, 50.0)
    answer(qtbot, tracking)
    assert project.document.masks[CELL].code == mask


def test_an_object_that_does_not_exist_yet_can_be_previewed(qtbot, project, tracking):
    cell = (project.document.next_object_id, 5)
    assert preview(qtbot, tracking, [Point(30.0, 30.0)], cell).size == (64, 140)


def test_only_the_latest_of_many_quick_questions_is_sure_to_be_answered(qtbot, tracking):
    answers = []
    tracking.preview_ready.connect(lambda cell, mask: answers.append(cell))
    for frame in range(12):
        tracking.request_preview_of((1, frame), Prompt(points=(Point(30.0, 30.0),)))
    qtbot.waitUntil(lambda: (1, 11) in answers, timeout=30_000)
    assert len(answers) < 12 and answers[-1] == (1, 11)
