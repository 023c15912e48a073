"""Tracking: clicks and runs of a project, answered by a model while the document goes on changing."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.commands.masklets import join_masklets, split_masklet, swap_masklets
from app.commands.masks import set_mask
from app.commands.objects import delete_objects, duplicate_object
from app.commands.prompts import add_point, choose_candidate, clear_prompts, delete_point
from app.commands.review import verify_cells
from app.document.project import Project
from app.document.values import FrameMask, Origin, Point
from app.inference.inline_engine import InlineEngine
from app.inference.plan import make_plan
from app.jobs.tracking import Tracking

CELL = (1, 0)


@pytest.fixture
def tracking(qtbot, project, clip_folder, checkpoint):
    made = Tracking(project, clip_folder, engine_factory=InlineEngine)
    with qtbot.waitSignal(made.status_changed, timeout=60_000, check_params_cb=lambda status: status.state == "ready"):
        made.use_model(checkpoint, "cpu")
    yield made
    made.close()


def click(qtbot, project, tracking, cell=CELL, x=18.0, y=30.0, is_positive=True):
    """A click, and its answer."""
    add_point(project, *cell, x, y, is_positive)
    ask(qtbot, tracking, cell)


def ask(qtbot, tracking, cell=CELL):
    with qtbot.waitSignal(
        tracking.prompt_pending, timeout=30_000, check_params_cb=lambda asked, pending: asked == cell and not pending
    ):
        tracking.request_prompt(cell)


def click_for_second_candidate(qtbot, project, tracking, cell):
    """An ambiguous click of whose candidates the second is taken."""
    with qtbot.waitSignal(tracking.candidates_ready, timeout=30_000) as ready:
        click(qtbot, project, tracking, cell=cell)
    chosen = ready.args[1][1]
    choose_candidate(project, *cell, 1, FrameMask(chosen.mask, chosen.iou))


def run(qtbot, project, tracking, ids=(1,), first=0, last=39, direction="both"):
    """A whole run; gives its end."""
    plan = make_plan(project.document, list(ids), first, last, direction)
    with qtbot.waitSignal(tracking.run_finished, timeout=60_000) as finished:
        tracking.start_run(plan)
    return finished.args[0]


def masks_of(project):
    return {cell: mask.code for cell, mask in project.document.masks.items()}


class TestClicks:
    def test_click_and_answer_are_one_step_to_undo(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        mask = project.document.masks[CELL]
        assert mask.origin is Origin.PROMPTED
        project.history.undo()
        assert CELL not in project.document.masks and CELL not in project.document.prompts
        project.history.redo()
        assert project.document.masks[CELL] == mask

    def test_undo_of_the_second_click_brings_the_first_mask_back(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        before = project.document.masks[CELL]
        click(qtbot, project, tracking, x=60.0, is_positive=False)
        project.history.undo()
        assert project.document.masks[CELL] == before
        click(qtbot, project, tracking, x=60.0, is_positive=False)
        delete_point(project, *CELL, 1)
        ask(qtbot, tracking)
        assert project.document.masks[CELL] == before

    def test_an_answer_that_is_the_mask_of_before_is_told(self, qtbot, project, tracking):
        told = []
        tracking.prompt_unchanged.connect(told.append)
        click(qtbot, project, tracking)
        click(qtbot, project, tracking, x=60.0, is_positive=False)
        assert not told
        ask(qtbot, tracking)
        assert told == [CELL]

    def test_an_ambiguous_click_offers_candidates_and_the_chosen_one_is_mended(self, qtbot, project, tracking):
        with qtbot.waitSignal(tracking.candidates_ready, timeout=30_000) as ready:
            click(qtbot, project, tracking)
        cell, candidates = ready.args
        assert cell == CELL and len(candidates) > 1
        chosen = candidates[1]
        choose_candidate(project, *CELL, 1, FrameMask(chosen.mask, chosen.iou))
        click(qtbot, project, tracking, x=60.0, is_positive=False)
        mended = project.document.masks[CELL].code
        project.history.undo()
        project.history.undo()
        click(qtbot, project, tracking, x=60.0, is_positive=False)
        assert project.document.masks[CELL].code != mended

    def test_a_project_that_was_closed_goes_on_with_the_same_answers(
        self, qtbot, project, tracking, clip_folder, checkpoint, tmp_path
    ):
        click(qtbot, project, tracking)
        run(qtbot, project, tracking, last=9)
        click(qtbot, project, tracking, cell=(1, 9), x=70.0, is_positive=False)
        click_for_second_candidate(qtbot, project, tracking, (2, 3))
        project.save_copy(tmp_path / "copy.masklet")
        again = Project.open(tmp_path / "copy.masklet")
        other = Tracking(again, clip_folder, engine_factory=InlineEngine)
        other.use_model(checkpoint, "cpu")
        for cell in [(1, 9), (2, 3)]:
            click(qtbot, project, tracking, cell=cell, x=30.0, y=25.0)
            click(qtbot, again, other, cell=cell, x=30.0, y=25.0)
            assert again.document.masks[cell].code == project.document.masks[cell].code
        other.close()
        again.close()

    @pytest.mark.parametrize(
        ("deed", "about"),
        [(swap_masklets, (1, 2, 5)), (split_masklet, (1, 5)), (join_masklets, (2, 1)), (duplicate_object, (1,))],
    )
    def test_clicks_that_went_to_another_object_are_gone_on_with_as_if_they_had_not(
        self, qtbot, project, tracking, deed, about
    ):
        click(qtbot, project, tracking)
        run(qtbot, project, tracking, last=9)
        click(qtbot, project, tracking, cell=(1, 9), x=70.0, is_positive=False)
        click_for_second_candidate(qtbot, project, tracking, (1, 12))
        steps = len(project.history.names[0])

        def mended(object_id):
            click(qtbot, project, tracking, cell=(object_id, 9), x=30.0, y=25.0)
            click(qtbot, project, tracking, cell=(object_id, 9), x=33.0, y=22.0)
            click(qtbot, project, tracking, cell=(object_id, 12), x=30.0, y=25.0)
            masks = [project.document.masks[object_id, frame].code for frame in (9, 12)]
            while len(project.history.names[0]) > steps:
                project.history.undo()
            return masks

        expected = mended(1)
        deed(project, *about)
        steps += 1
        assert mended(max(project.document.objects)) == expected
        project.history.undo()
        steps -= 1
        assert mended(1) == expected

    def test_only_the_latest_of_many_quick_changes_counts(self, qtbot, project, tracking):
        add_point(project, *CELL, 18.0, 30.0)
        tracking.request_prompt(CELL)
        add_point(project, *CELL, 22.0, 34.0)
        ask(qtbot, tracking)
        both = project.document.masks[CELL]
        clear_prompts(project, *CELL)
        click(qtbot, project, tracking)
        click(qtbot, project, tracking, x=22.0, y=34.0)
        assert project.document.masks[CELL].code == both.code

    def test_an_answer_that_comes_after_the_prompt_was_taken_back_is_dropped(self, qtbot, project, tracking):
        add_point(project, *CELL, 18.0, 30.0)
        with qtbot.waitSignal(
            tracking.prompt_pending, timeout=30_000, check_params_cb=lambda asked, pending: not pending
        ):
            tracking.request_prompt(CELL)
            clear_prompts(project, *CELL)
        assert CELL not in project.document.masks

    def test_a_click_that_was_undone_before_its_answer_came_is_answered_when_it_is_redone(
        self, qtbot, project, tracking
    ):
        add_point(project, *CELL, 18.0, 30.0)
        tracking.request_prompt(CELL)
        project.history.undo()
        qtbot.waitUntil(lambda: not tracking.is_pending(CELL), timeout=30_000)
        assert CELL not in project.document.masks
        project.history.redo()
        qtbot.waitUntil(lambda: CELL in project.document.masks, timeout=30_000)
        project.history.undo()
        assert CELL not in project.document.masks and CELL not in project.document.prompts

    def test_a_preview_shows_what_a_click_would_give_and_records_nothing(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        before = project.document.masks[CELL]
        for x in (40.0, 50.0):
            tracking.request_preview(CELL, Point(x, 30.0))
        with qtbot.waitSignal(tracking.preview_ready, timeout=30_000) as ready:
            tracking.request_preview(CELL, Point(60.0, 30.0, is_positive=False))
        assert ready.args[0] == CELL
        assert project.document.masks[CELL] == before and len(project.document.prompts[CELL].points) == 1
        qtbot.waitUntil(lambda: not tracking.is_pending(CELL))
        shown = []
        tracking.preview_ready.connect(lambda _, mask: shown.append(mask))
        tracking.request_preview(CELL, Point(60.0, 30.0, is_positive=False))
        qtbot.waitUntil(lambda: bool(shown), timeout=30_000)
        click(qtbot, project, tracking, x=60.0, is_positive=False)
        assert project.document.masks[CELL].code == shown[-1]

    def test_a_cell_without_prompts_is_not_asked_for(self, tracking):
        tracking.request_prompt(CELL)
        assert not tracking.is_pending(CELL)


class TestRuns:
    def test_a_run_fills_the_clip_and_one_undo_takes_it_back(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        progress = []
        tracking.run_progress.connect(progress.append)
        end = run(qtbot, project, tracking)
        assert (end.written, end.dropped, end.cancelled, end.error) == (39, 0, False, None)
        assert project.document.frames_with_masks(1) == list(range(40))
        assert progress[-1].done == progress[-1].total == end.total
        assert project.history.undo_name == "Propagate 39 frames of square, forward"
        after = masks_of(project)
        project.history.undo()
        assert project.document.frames_with_masks(1) == [0]
        project.history.redo()
        assert masks_of(project) == after

    def test_a_click_in_the_middle_of_a_run_is_answered_and_wins(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        plan = make_plan(project.document, [1], 0, 39, "forward")
        clicked = []

        def on_progress(_):
            if not clicked:
                clicked.append(True)
                add_point(project, 1, 30, 50.0, 30.0)
                tracking.request_prompt((1, 30))

        tracking.run_progress.connect(on_progress)
        with qtbot.waitSignal(tracking.run_finished, timeout=60_000) as finished:
            tracking.start_run(plan)
        qtbot.waitUntil(lambda: not tracking.is_pending((1, 30)), timeout=30_000)
        assert project.document.masks[1, 30].origin is Origin.PROMPTED
        end = finished.args[0]
        assert end.written + end.dropped == 39 and end.dropped <= 1

    def test_what_a_person_touched_during_the_run_is_not_overwritten(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        plan = make_plan(project.document, [1], 0, 39, "forward")
        drawn = project.document.masks[CELL].code.complement()
        tracking.start_run(plan)
        set_mask(project, 1, 7, drawn)
        verify_cells(project, [(1, 7)])
        with qtbot.waitSignal(tracking.run_finished, timeout=60_000) as finished:
            pass
        assert finished.args[0].dropped == 1
        assert project.document.masks[1, 7].code == drawn

    def test_a_stopped_run_keeps_what_is_complete_and_goes_on_to_the_same_masks(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        run(qtbot, project, tracking)
        whole = masks_of(project)
        project.history.undo()
        stopped = []

        def stop_once(progress):
            if not stopped and progress.done >= 4:
                stopped.append(progress.done)
                tracking.stop()

        tracking.run_progress.connect(stop_once)
        end = run(qtbot, project, tracking)
        assert end.cancelled and 0 < end.written < 39
        kept = masks_of(project)
        assert kept.items() <= whole.items()
        plan = make_plan(project.document, [1], 0, 39, only_missing=True)
        with qtbot.waitSignal(tracking.run_finished, timeout=60_000):
            tracking.start_run(plan)
        assert masks_of(project) == whole

    def test_undo_during_a_run_takes_it_back_and_stops_it(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        undone = []

        def undo_once(progress):
            if not undone and progress.done >= 3:
                undone.append(project.history.undo())

        tracking.run_progress.connect(undo_once)
        end = run(qtbot, project, tracking)
        assert end.cancelled and (end.written, end.dropped) == (0, 0)
        assert undone == ["Propagate 39 frames of square, forward"]
        assert project.document.frames_with_masks(1) == [0]
        assert not tracking.is_running

    def test_a_second_run_stops_the_first_and_follows_it(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        click(qtbot, project, tracking, cell=(2, 20), x=70.0, y=8.0)
        ends = []
        tracking.run_finished.connect(ends.append)
        tracking.start_run(make_plan(project.document, [1], 0, 39))
        tracking.start_run(make_plan(project.document, [2], 0, 39))
        qtbot.waitUntil(lambda: len(ends) == 2, timeout=60_000)
        assert ends[0].cancelled and not ends[1].cancelled
        assert project.document.frames_with_masks(2) == list(range(40))

    def test_a_second_run_of_an_object_that_goes_before_its_turn_is_given_up(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        click(qtbot, project, tracking, cell=(2, 20), x=70.0, y=8.0)
        started = []
        tracking.run_started.connect(started.append)
        first, second = (make_plan(project.document, [object_id], 0, 39) for object_id in (1, 2))
        tracking.start_run(first)
        with qtbot.waitSignal(tracking.run_finished, timeout=60_000):
            tracking.start_run(second)
            delete_objects(project, [2])
        assert started == [first] and not tracking.is_running

    def test_a_run_is_forecast_before_and_better_after(self, qtbot, project, tracking):
        click(qtbot, project, tracking)
        plan = make_plan(project.document, [1], 0, 39)
        assert tracking.forecast(plan).seconds > 0 and not tracking.forecast(plan).is_measured
        run(qtbot, project, tracking)
        assert tracking.forecast(plan).is_measured

    def test_closing_in_the_middle_keeps_what_is_complete(self, qtbot, project, clip_folder, checkpoint):
        tracking = Tracking(project, clip_folder, engine_factory=InlineEngine)
        tracking.use_model(checkpoint, "cpu")
        click(qtbot, project, tracking)
        tracking.start_run(make_plan(project.document, [1], 0, 39))
        qtbot.waitUntil(lambda: len(project.document.frames_with_masks(1)) > 1, timeout=60_000)
        tracking.close()
        assert project.history.undo_name.startswith("Propagate")
        project.history.undo()
        assert project.document.frames_with_masks(1) == [0]


class TestTheModel:
    def test_status_tells_model_and_device(self, tracking):
        status = tracking.status
        assert status.state == "ready" and status.info.model == "narrow"
        assert status.text.startswith("narrow · ") and not status.can_restart

    def test_a_model_that_cannot_be_loaded_is_told_and_another_can_be_taken(
        self, qtbot, project, clip_folder, checkpoint, tmp_path
    ):
        tracking = Tracking(project, clip_folder, engine_factory=InlineEngine)
        said = []
        tracking.error.connect(said.append)
        bad = tmp_path / "bad.pt"
        bad.write_bytes(b"no weights")
        with qtbot.waitSignal(
            tracking.status_changed, timeout=60_000, check_params_cb=lambda status: status.state == "failed"
        ):
            tracking.use_model(type(checkpoint)("bad", "Bad", bad, "file"), "cpu")
        assert "bad.pt" in said[0] and tracking.status.can_restart
        add_point(project, *CELL, 18.0, 30.0)
        ask(qtbot, tracking)
        assert CELL not in project.document.masks
        tracking.use_model(checkpoint, "cpu")
        ask(qtbot, tracking)
        assert CELL in project.document.masks
        tracking.close()

    def test_a_run_without_its_clip_ends_with_a_sentence(self, qtbot, project, checkpoint, tmp_path):
        tracking = Tracking(project, tmp_path / "gone", engine_factory=InlineEngine)
        tracking.use_model(checkpoint, "cpu")
        add_point(project, *CELL, 18.0, 30.0)
        end = run(qtbot, project, tracking)
        assert end.error is not None and "gone" in end.error
        assert tracking.status.state == "failed"
        assert not tracking.is_running and project.history.undo_name.startswith("Add point")
        tracking.close()


class TestTheProcess:
    """The same through the worker process, which the window uses."""

    @pytest.fixture
    def far(self, qtbot, project, clip_folder, checkpoint):
        made = Tracking(project, clip_folder)
        with qtbot.waitSignal(
            made.status_changed, timeout=60_000, check_params_cb=lambda status: status.state == "ready"
        ):
            made.use_model(checkpoint, "cpu")
        yield made
        made.close()

    def test_runs_and_clicks_are_answered_as_inline(self, qtbot, project, far, tracking):
        click(qtbot, project, far)
        assert run(qtbot, project, far).written == 39
        there = masks_of(project)
        project.history.undo()
        ask(qtbot, tracking)
        run(qtbot, project, tracking)
        assert masks_of(project) == there

    def test_a_dead_worker_is_told_and_the_next_click_starts_another(self, qtbot, project, far):
        click(qtbot, project, far)
        first = project.document.masks[CELL]
        worker = far._thread._work._engine
        with qtbot.waitSignal(
            far.status_changed, timeout=60_000, check_params_cb=lambda status: status.state == "stopped"
        ):
            worker.interrupt()
        assert far.status.can_restart and far.status.text == "The model stopped"
        clear_prompts(project, *CELL)
        click(qtbot, project, far)
        assert project.document.masks[CELL] == first
        assert far.status.state == "ready"

    def test_a_worker_that_dies_in_a_run_ends_it_and_keeps_the_work(self, qtbot, project, far):
        click(qtbot, project, far)
        killed = []

        def kill_once(progress):
            if not killed and len(project.document.frames_with_masks(1)) > 1:
                killed.append(True)
                far._thread._work._engine.interrupt()

        far.run_progress.connect(kill_once)
        end = run(qtbot, project, far)
        assert end.error is not None and end.written > 0
        assert project.history.undo_name.startswith("Propagate")
        with qtbot.waitSignal(
            far.status_changed, timeout=60_000, check_params_cb=lambda status: status.state == "ready"
        ):
            far.restart()


def test_this_room_asks_for_no_torch():
    code = "import sys; import app.jobs.tracking, app.jobs.background; print('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    said = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
