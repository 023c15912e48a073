"""Plans that run a span from both ends, and plans that leave frames out."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.document.marks import SetCuts
from app.document.values import Origin
from app.inference.engine import EngineInfo
from app.inference.forecast import amount, forecast
from app.inference.plan import PlanError, make_plan

BUILT_IN = EngineInfo("built_in", "Built-in", "cpu", "processor", 7_000_000)
TINY = EngineInfo("2.1_tiny", "SAM 2.1 tiny", "cpu", "processor", 38_962_498)


def spans(plan):
    return [(meeting.frames[0], meeting.frames[-1]) for meeting in plan.meetings]


class TestRepair:
    def test_the_frames_between_two_anchors_run_from_either_end(self, work):
        work.click(10, 20)
        plan = make_plan(work.document, [1], 11, 19, "repair")
        forward, backward = plan.stretches
        assert list(forward.frames) == list(range(11, 20)) and list(backward.frames) == list(range(19, 10, -1))
        assert spans(plan) == [(11, 19)]
        assert plan.cells == {(1, frame) for frame in range(11, 20)}
        assert plan.summary == "9 frames of red ball, from both ends" and plan.deed == ("Repair", "Repairing")
        assert [step.frame for step in plan.steps()][:4] == [11, 19, 12, 18]

    def test_a_corrected_frame_makes_two_spans_that_run_one_after_the_other(self, work):
        work.mask(range(100))
        work.verify([10, 30])
        work.click(20)
        plan = make_plan(work.document, [1], 11, 29, "repair")
        assert spans(plan) == [(11, 19), (21, 29)]
        steps = [(step.frame, step.is_reverse) for step in plan.steps()]
        assert steps[:2] == [(11, False), (19, True)] and steps[18:20] == [(21, False), (29, True)]
        assert len(steps) == 36

    def test_an_end_without_an_anchor_or_where_it_is_absent_is_run_from_the_other(self, work):
        work.click(10)
        work.mask([20], Origin.MANUAL, is_absent=True)
        plan = make_plan(work.document, [1], 0, 19, "repair")
        assert not plan.meetings and plan.deed == ("Propagate", "Propagating")
        assert [(one.frames[0], one.frames[-1]) for one in plan.stretches] == [(11, 19), (9, 0)]

    def test_no_run_of_a_repair_passes_a_cut(self, work):
        work.click(10, 30)
        work.document.apply(SetCuts({20: True}))
        plan = make_plan(work.document, [1], 11, 29, "repair")
        assert not plan.meetings
        assert sorted(frame for _, frame in plan.cells) == [*range(11, 30)]

    def test_the_forecast_says_how_long_it_takes_at_most(self, work):
        work.click(0, 99)
        plan = make_plan(work.document, [1], 1, 98, "repair")
        seen = forecast(plan, BUILT_IN)
        assert amount(plan) == (196, 196)
        assert seen.most_seconds == pytest.approx(seen.seconds * 196 / 101)
        assert " at most), " in seen.words


class TestDraft:
    def test_it_computes_every_other_frame_that_has_no_mask(self, work):
        work.click(5)
        work.mask(range(6, 20))
        plan = make_plan(work.document, [1], 0, 29, stride=2)
        assert sorted(frame for _, frame in plan.cells) == [0, 2, 4, *range(20, 30, 2)]
        assert plan.is_draft and plan.deed == ("Draft", "Drafting")
        assert plan.summary == "8 frames of red ball, both ways"

    def test_what_is_a_draft_is_drafted_anew_and_replaced_by_a_run(self, work):
        work.click(0)
        work.mask(range(2, 100, 2), Origin.DRAFT)
        work.mask(range(1, 11), Origin.PROPAGATED)
        again = make_plan(work.document, [1], 0, 99, stride=2)
        assert sorted(frame for _, frame in again.cells) == list(range(12, 100, 2))
        rest = make_plan(work.document, [1], 0, 99, only_missing=True)
        assert sorted(frame for _, frame in rest.cells) == list(range(11, 100))

    def test_where_all_have_masks_there_is_nothing_to_draft(self, work):
        work.click(0)
        work.mask(range(1, 100))
        with pytest.raises(PlanError, match="has a mask already"):
            make_plan(work.document, [1], 0, 99, stride=2)

    @pytest.mark.parametrize("first, last", [(7, 7), (1, 5)])
    def test_a_range_whose_bare_frames_it_leaves_out_is_refused_with_the_reason(self, work, first, last):
        work.click(0)
        work.mask([2, 4])
        with pytest.raises(PlanError, match=r"A draft leaves out every frame of red ball .* propagate instead"):
            make_plan(work.document, [1], first, last, stride=2)

    def test_it_takes_about_half_as_long_and_with_a_large_model_far_less(self, work):
        work.click(0)
        whole, draft = make_plan(work.document, [1], 0, 99), make_plan(work.document, [1], 0, 99, stride=2)
        assert amount(draft)[0] == pytest.approx(amount(whole)[0] / 2, abs=1)
        assert forecast(draft, BUILT_IN).seconds == pytest.approx(forecast(whole, BUILT_IN).seconds / 2, rel=0.05)
        assert forecast(draft, TINY).seconds == forecast(draft, BUILT_IN).seconds

    def test_a_cut_between_two_drafted_frames_ends_it(self, work):
        work.click(0)
        work.document.apply(SetCuts({41: True}))
        plan = make_plan(work.document, [1], 0, 99, "forward", stride=4)
        assert sorted(frame for _, frame in plan.cells) == list(range(4, 41, 4))
        assert plan.cuts == (41,)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    anchors=st.dictionaries(st.integers(0, 39), st.sampled_from(["click", "hand", "absent"]), min_size=1, max_size=6),
    first=st.integers(0, 39),
    length=st.integers(1, 40),
    direction=st.sampled_from(["forward", "backward", "both", "repair"]),
    stride=st.integers(1, 5),
    computed=st.sets(st.integers(0, 39)),
)
def test_every_step_of_such_plans_stays_where_it_may(work_of, anchors, first, length, direction, stride, computed):
    work = work_of(40)
    work.add()
    work.mask(computed)
    for frame, kind in anchors.items():
        if kind == "click":
            work.click(frame)
        else:
            work.mask([frame], Origin.MANUAL, is_absent=kind == "absent")
    try:
        plan = make_plan(work.document, [1], first, first + length - 1, direction, stride=stride)
    except PlanError:
        return
    written = {frame for _, frame in plan.cells}
    assert written <= set(range(first, first + length)) - set(anchors)
    assert all(frame % stride == 0 for frame in written)
    assert not (stride > 1 and written & computed)
    order = [(step.is_reverse, step.frame) for step in plan.steps()]
    assert len(order) == len(set(order)) and written <= {frame for _, frame in order}
    for stretch in plan.stretches:
        ends = sorted((stretch.source, stretch.frames[-1]))
        assert not set(range(ends[0] + 1, ends[1])) & set(anchors)
