"""The engine: what it answers depends on what it is told, and on nothing that it happens to remember."""

from dataclasses import replace

import pytest

from app.document.values import Box, Origin, Point, Prompt
from app.inference.engine import EngineError
from app.inference.inline_engine import InlineEngine
from app.inference.inputs import click_inputs, plan_inputs
from app.inference.plan import make_plan

CLICK = Prompt((Point(22.0, 30.0),))
TWO_CLICKS = Prompt((Point(22.0, 30.0), Point(60.0, 10.0, is_positive=False)))


def answer(engine, work, frame=0, object_id=1, **options):
    return engine.prompt_frame(click(work, frame, object_id, **options), frame)


def click(work, frame=0, object_id=1, **options):
    cell = (object_id, frame)
    return click_inputs(cell, work.document.prompts[cell], work.document.masks.get(cell), **options)


def masks_of(batches):
    return {(one.object_id, one.frame): one.mask for batch in batches for one in batch.cells}


class TestClicks:
    def test_a_click_gives_a_mask_of_the_clips_size_and_up_to_three_candidates(self, engine, small_work):
        small_work.prompt(0, CLICK)
        found = answer(engine, small_work)
        assert found.mask.size == (72, 96) and 0 <= found.iou <= 1
        assert 1 < len(found.candidates) <= 3
        estimates = [candidate.iou for candidate in found.candidates]
        assert estimates == sorted(estimates, reverse=True)

    def test_more_prompts_leave_no_choice_of_candidates(self, engine, small_work):
        small_work.prompt(0, TWO_CLICKS)
        assert answer(engine, small_work).candidates == ()
        small_work.prompt(0, Prompt(box=Box(10, 18, 34, 42)))
        assert answer(engine, small_work).candidates == ()

    def test_taking_a_click_back_gives_the_earlier_mask_again(self, engine, small_work):
        small_work.prompt(0, CLICK)
        before = answer(engine, small_work)
        small_work.prompt(0, TWO_CLICKS)
        assert answer(engine, small_work).mask != before.mask
        small_work.prompt(0, CLICK)
        assert answer(engine, small_work) == before

    def test_an_answer_does_not_depend_on_what_was_asked_before(self, engine, fresh, small_work):
        small_work.prompt(0, CLICK)
        answer(engine, small_work)
        small_work.prompt(5, Prompt(box=Box(60, 20, 92, 31)), object_id=2)
        answer(engine, small_work, 5, 2)
        small_work.prompt(0, TWO_CLICKS)
        assert answer(engine, small_work) == answer(fresh(), small_work)

    def test_a_chosen_candidate_is_the_mask_and_is_mended_by_the_next_click(self, engine, fresh, small_work):
        small_work.prompt(0, CLICK)
        offered = answer(engine, small_work).candidates
        small_work.prompt(0, replace(CLICK, candidate=1))
        assert answer(engine, small_work).mask == offered[1].mask
        small_work.prompt(0, TWO_CLICKS)
        mended = answer(engine, small_work, choice=1)
        assert mended == answer(fresh(), small_work, choice=1)
        assert mended.mask != answer(engine, small_work).mask

    def test_clicks_mend_the_mask_that_a_run_left_there(self, engine, small_work):
        small_work.prompt(4, CLICK)
        alone = answer(engine, small_work, 4)
        small_work.mask([4])
        mended = answer(engine, small_work, 4)
        assert mended.candidates == () and mended.mask != alone.mask
        small_work.accept(mended)
        small_work.prompt(4, TWO_CLICKS)
        assert answer(engine, small_work, 4, base=small_work.seen) != answer(engine, small_work, 4)

    def test_a_painted_mask_is_a_prompt_as_it_is(self, engine, small_work):
        small_work.prompt(2, Prompt(mask=small_work.seen))
        assert answer(engine, small_work, 2).mask == small_work.seen


class TestRuns:
    def test_every_frame_comes_once_in_the_plans_order_with_all_its_objects(self, engine, small_work):
        small_work.prompt(0, CLICK)
        small_work.prompt(4, Prompt(box=Box(60, 24, 92, 30)), object_id=2)
        plan = make_plan(small_work.document, [1, 2], 0, 23, "forward")
        batches = list(engine.run(plan, plan_inputs(small_work.document, plan)))
        results = [batch for batch in batches if batch.cells]
        assert [batch.frame for batch in results] == list(range(1, 24))
        assert [one.object_id for one in results[2].cells] == [1]
        assert [one.object_id for one in results[7].cells] == [1, 2]
        assert masks_of(batches).keys() == plan.cells
        assert [batch.done for batch in batches] == [0, 0, *range(1, 24)]
        assert {batch.total for batch in batches} == {23}

    def test_both_ways_come_in_turns(self, engine, small_work):
        small_work.prompt(10, CLICK)
        plan = make_plan(small_work.document, [1], 0, 23)
        batches = list(engine.run(plan, plan_inputs(small_work.document, plan)))
        assert [batch.frame for batch in batches if batch.cells][:4] == [11, 9, 12, 8]

    def test_verified_masks_are_memories(self, engine, small_work):
        small_work.prompt(0, CLICK)
        small_work.accept(answer(engine, small_work))
        plan = make_plan(small_work.document, [1], 0, 23)
        without = masks_of(engine.run(plan, plan_inputs(small_work.document, plan)))
        small_work.mask([12])
        small_work.verify([12])
        plan = make_plan(small_work.document, [1], 0, 23)
        inputs = plan_inputs(small_work.document, plan)
        assert inputs[0].masks == {12: small_work.seen}
        with_it = masks_of(engine.run(plan, inputs))
        assert (1, 12) not in with_it
        assert any(with_it[cell] != without[cell] for cell in with_it)

    def test_a_dropped_session_is_rebuilt_to_the_same_masks(self, engine, fresh, small_work):
        small_work.prompt(3, TWO_CLICKS)
        small_work.accept(answer(engine, small_work, 3))
        small_work.mask([15], Origin.MANUAL)
        plan = make_plan(small_work.document, [1], 0, 23)
        inputs = plan_inputs(small_work.document, plan)
        first = masks_of(engine.run(plan, inputs))
        assert masks_of(engine.run(plan, inputs)) == first
        assert masks_of(fresh().run(plan, inputs)) == first

    @pytest.mark.parametrize("is_dropped", [False, True])
    def test_a_stopped_run_goes_on_to_the_masks_of_one_that_never_stopped(self, engine, fresh, small_work, is_dropped):
        small_work.prompt(0, CLICK)
        plan = make_plan(small_work.document, [1], 0, 23, "forward")
        inputs = plan_inputs(small_work.document, plan)
        whole = masks_of(fresh().run(plan, inputs))
        run = engine.run(plan, inputs)
        begun = []
        for batch in run:
            begun.append(batch)
            if batch.frame == 9:
                break
        run.close()
        rest = make_plan(small_work.document, [1], 10, 23, "forward")
        again = fresh() if is_dropped else engine
        ended = list(again.run(rest, plan_inputs(small_work.document, rest)))
        assert masks_of(begun) | masks_of(ended) == whole
        computed = [batch.frame for batch in ended if not batch.cells]
        assert computed == ([0, *range(1, 10)] if is_dropped else [])

    def test_clicks_between_two_frames_do_not_disturb_the_run(self, engine, fresh, small_work):
        small_work.prompt(0, CLICK)
        plan = make_plan(small_work.document, [1], 0, 23, "forward")
        inputs = plan_inputs(small_work.document, plan)
        whole = masks_of(fresh().run(plan, inputs))
        disturbed = []
        for batch in engine.run(plan, inputs):
            disturbed.append(batch)
            if batch.frame == 6:
                small_work.prompt(6, TWO_CLICKS)
                answer(engine, small_work, 6)
                engine.prepare_frame(20)
        assert masks_of(disturbed) == whole

    def test_a_new_run_ends_an_open_one(self, engine, small_work):
        small_work.prompt(0, CLICK)
        plan = make_plan(small_work.document, [1], 0, 23, "forward")
        inputs = plan_inputs(small_work.document, plan)
        first = engine.run(plan, inputs)
        next(first)
        second = engine.run(plan, inputs)
        next(second)
        assert list(first) == []
        assert list(second)[-1].frame == 23

    def test_what_a_person_kept_outranks_what_the_prompts_give(self, engine, small_work):
        small_work.prompt(0, CLICK)
        own = answer(engine, small_work)
        small_work.accept(own)
        plan = make_plan(small_work.document, [1], 0, 23, "forward")
        as_answered = masks_of(engine.run(plan, plan_inputs(small_work.document, plan)))
        small_work.accept(replace(own, mask=small_work.seen))
        as_kept = masks_of(engine.run(plan, plan_inputs(small_work.document, plan)))
        assert as_kept != as_answered


class TestFaults:
    def test_without_a_model_or_a_clip(self, small_model, small_work):
        engine = InlineEngine()
        with pytest.raises(EngineError, match="No model is loaded"):
            engine.prepare_frame(0)
        engine.load(small_model, "cpu")
        with pytest.raises(EngineError, match="No clip is open"):
            engine.prepare_frame(0)
        engine.close()

    def test_a_file_that_is_no_model(self, tmp_path):
        path = tmp_path / "notes.pt"
        path.write_text("no weights")
        with pytest.raises(EngineError, match=r"notes\.pt"):
            InlineEngine().load(path, "cpu")

    def test_a_device_that_is_not_here(self, small_model):
        with pytest.raises(EngineError, match="choose the device"):
            InlineEngine().load(small_model, "cuda:99")

    def test_a_clip_that_is_not_there(self, engine, tmp_path):
        with pytest.raises(EngineError, match=r"gone\.mp4"):
            engine.open_clip(tmp_path / "gone.mp4")

    def test_a_damaged_frame_is_passed_and_told(self, small_model, small_clip, small_work, tmp_path):
        folder = tmp_path / "clip"
        folder.mkdir()
        for file in small_clip.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        engine = InlineEngine()
        engine.load(small_model, "cpu")
        engine.open_clip(folder)
        content = (folder / "00007.png").read_bytes()
        (folder / "00007.png").write_bytes(content[:60] + b"\0" * (len(content) - 60))
        small_work.prompt(0, CLICK)
        plan = make_plan(small_work.document, [1], 0, 23, "forward")
        batches = list(engine.run(plan, plan_inputs(small_work.document, plan)))
        faults = [batch for batch in batches if batch.fault]
        assert [batch.frame for batch in faults] == [7] and "00007.png" in faults[0].fault
        assert {frame for _, frame in masks_of(batches)} == set(range(1, 24)) - {7}
        engine.close()


class TestRepair:
    @pytest.fixture
    def spanned(self, engine, small_work):
        """Clicked on frame 2 and on frame 16."""
        for frame, x in ((2, 24.0), (16, 52.0)):
            small_work.prompt(frame, Prompt((Point(x, 30.0),)))
            small_work.accept(answer(engine, small_work, frame))
        return small_work

    def run_from(self, engine, work, direction):
        plan = make_plan(work.document, [1], 3, 15, direction)
        return plan, list(engine.run(plan, plan_inputs(work.document, plan)))

    def test_it_joins_what_runs_from_either_end_would_give(self, engine, fresh, spanned):
        plan, batches = self.run_from(engine, spanned, "repair")
        (joint,) = [joint for batch in batches for joint in batch.joints]
        assert (joint.object_id, joint.first, joint.last) == (1, 3, 15)
        assert batches[-1].done == batches[-1].total <= 26
        up = masks_of(self.run_from(fresh(), spanned, "forward")[1])
        down = masks_of(self.run_from(fresh(), spanned, "backward")[1])
        found = masks_of(batches)
        assert set(found) == plan.cells
        for cell, mask in found.items():
            assert mask == (up if cell[1] <= joint.frame else down)[cell]
        shares = {cell[1]: up[cell].iou(down[cell]) for cell in found}
        if joint.is_agreed:
            assert all(shares[frame] >= 0.9 for frame in range(joint.frame - 1, joint.frame + 2))
        else:
            assert shares[joint.worst] == min(shares.values()) == joint.share

    def test_it_may_be_closed_after_any_frame(self, engine, fresh, spanned):
        plan = make_plan(spanned.document, [1], 3, 15, "repair")
        run = engine.run(plan, plan_inputs(spanned.document, plan))
        for _ in range(9):
            next(run)
        run.close()
        assert masks_of(self.run_from(engine, spanned, "repair")[1]) == masks_of(
            self.run_from(fresh(), spanned, "repair")[1]
        )


class TestDraft:
    def test_it_follows_objects_through_every_other_frame(self, engine, fresh, small_work):
        """The object that is clicked between the frames of the draft is followed just so by itself."""
        small_work.prompt(0, CLICK)
        small_work.prompt(7, Prompt((Point(76.0, 30.0),)), object_id=2)
        for object_id, frame in ((1, 0), (2, 7)):
            small_work.accept(answer(engine, small_work, frame, object_id))
        plan = make_plan(small_work.document, [1, 2], 0, 23, stride=2)
        batches = list(engine.run(plan, plan_inputs(small_work.document, plan)))
        found = masks_of(batches)
        assert set(found) == plan.cells
        assert {frame for _, frame in found} == set(range(0, 24, 2))
        assert batches[-1].done == batches[-1].total
        alone = make_plan(small_work.document, [2], 0, 23, stride=2)
        apart = masks_of(fresh().run(alone, plan_inputs(small_work.document, alone)))
        assert {cell: mask for cell, mask in found.items() if cell[0] == 2} == apart

    def test_a_run_afterwards_is_none_the_wiser(self, engine, fresh, small_work):
        small_work.prompt(0, CLICK)
        small_work.accept(answer(engine, small_work))
        plan = make_plan(small_work.document, [1], 0, 23, stride=2)
        list(engine.run(plan, plan_inputs(small_work.document, plan)))
        whole = make_plan(small_work.document, [1], 0, 23)
        after = masks_of(engine.run(whole, plan_inputs(small_work.document, whole)))
        assert after == masks_of(fresh().run(whole, plan_inputs(small_work.document, whole)))
