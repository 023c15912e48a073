"""Suggestions of a frame, looked for while the person goes on: clicks first, runs afterwards, silence when stopped."""

import pytest

from app.commands.prompts import add_point
from app.inference.inline_engine import InlineEngine
from app.inference.plan import make_plan
from app.jobs.tracking import Tracking


@pytest.fixture
def tracking(qtbot, project, clip_folder, checkpoint):
    made = Tracking(project, clip_folder, engine_factory=InlineEngine)
    with qtbot.waitSignal(made.status_changed, timeout=60_000, check_params_cb=lambda status: status.state == "ready"):
        made.use_model(checkpoint, "cpu")
    yield made
    made.close()


@pytest.fixture
def steps(tracking):
    """What the window hears of searches, in order: steps, and ends as sentences."""
    heard = []
    tracking.search_stepped.connect(heard.append)
    tracking.search_ended.connect(heard.append)
    return heard


def test_a_search_tells_how_far_it_is_and_what_it_found_and_records_nothing(qtbot, project, tracking, steps):
    history = project.history.names
    with qtbot.waitSignal(tracking.search_ended, timeout=60_000) as ended:
        tracking.search(0)
    assert ended.args == [""]
    assert steps[0].total == 16 and any(step.found for step in steps[:-1])
    assert not project.document.masks and not project.document.prompts and project.history.names == history


def test_a_search_that_was_stopped_is_silent_and_another_one_may_follow(qtbot, tracking, steps):
    with qtbot.waitSignal(tracking.search_stepped, timeout=60_000):
        tracking.search(0)
    tracking.stop_search()
    heard = len(steps)
    with qtbot.waitSignal(tracking.search_ended, timeout=60_000):
        tracking.search(1)
    assert steps[heard].done == 1 and steps[-1] == ""
    assert steps.count("") == 1


def test_a_click_is_answered_before_the_search_is_over(qtbot, project, tracking, steps):
    cell = (1, 0)
    seen = []
    tracking.prompt_pending.connect(lambda _cell, is_pending: seen.append(("" in steps, is_pending)))
    with qtbot.waitSignal(tracking.search_stepped, timeout=60_000):
        tracking.search(0)
    add_point(project, *cell, 18.0, 30.0)
    tracking.request_prompt(cell)
    qtbot.waitUntil(lambda: (False, False) in seen, timeout=60_000)
    assert cell in project.document.masks
    qtbot.waitUntil(lambda: "" in steps, timeout=60_000)


def test_a_run_waits_for_the_search_and_goes_on_to_the_same_end(qtbot, project, tracking, steps):
    add_point(project, 1, 0, 18.0, 30.0)
    tracking.request_prompt((1, 0))
    qtbot.waitUntil(lambda: not tracking.is_pending((1, 0)), timeout=60_000)
    plan = make_plan(project.document, [1], 0, 39, "forward")
    with qtbot.waitSignal(tracking.run_finished, timeout=60_000) as alone:
        tracking.start_run(plan)
    expected = {cell: mask.code for cell, mask in project.document.masks.items()}
    project.history.undo()
    with qtbot.waitSignal(tracking.run_progress, timeout=60_000):
        tracking.start_run(plan)
    with qtbot.waitSignal(tracking.run_finished, timeout=60_000) as beside:
        tracking.search(7)
    assert steps[-1] == ""
    assert {cell: mask.code for cell, mask in project.document.masks.items()} == expected
    assert beside.args[0].written == alone.args[0].written


def test_a_search_without_an_answer_says_why(qtbot, project, clip_folder, tmp_path, checkpoint):
    nothing = Tracking(project, clip_folder, engine_factory=InlineEngine)
    missing = type(checkpoint)("gone", "Gone", tmp_path / "gone.pt", "file")
    nothing.use_model(missing, "cpu")
    with qtbot.waitSignal(nothing.search_ended, timeout=60_000) as ended:
        nothing.search(0)
    assert "gone.pt" in ended.args[0]
    nothing.close()
