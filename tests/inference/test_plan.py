"""Plans: which frames run, in which order, from where, and what is said where none does."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.document.marks import SetExcluded
from app.document.values import Origin
from app.inference.plan import PlanError, make_plan, span_around


def frames_of(plan, object_id=1):
    return sorted(frame for cell_object, frame in plan.cells if cell_object == object_id)


def test_forward_runs_from_the_prompt_to_the_end_of_the_clip(work):
    work.click(10)
    plan = make_plan(work.document, [1], 0, 99, "forward")
    (stretch,) = plan.stretches
    assert list(stretch.frames) == list(range(11, 100))
    assert stretch.source == 10 and not stretch.is_reverse
    assert stretch.reason == "forward from the prompt on frame 10 to the end of the clip"
    assert plan.conditioning == {1: (10,)}
    assert plan.summary == "89 frames of red ball, forward"


def test_backward_runs_down_from_the_prompt(work):
    work.click(3)
    (stretch,) = make_plan(work.document, [1], 0, 99, "backward").stretches
    assert list(stretch.frames) == [2, 1, 0]
    assert stretch.reason == "backward from the prompt on frame 3 to the start of the clip"


def test_both_ways_near_frames_come_first(work):
    work.click(50)
    plan = make_plan(work.document, [1], 0, 99)
    assert [step.frame for step in plan.steps()][:6] == [51, 49, 52, 48, 53, 47]
    assert len(plan.cells) == 99
    assert plan.summary == "99 frames of red ball, both ways"


def test_two_prompts_share_the_frames_between_them(work):
    work.click(10, 21)
    plan = make_plan(work.document, [1], 11, 20)
    forward, backward = plan.stretches
    assert list(forward.frames) == [11, 12, 13, 14, 15]
    assert list(backward.frames) == [20, 19, 18, 17, 16]
    assert forward.reason == "forward from the prompt on frame 10 until it meets the run from the prompt on frame 21"
    assert plan.conditioning == {1: (10, 21)}


def test_one_way_every_prompt_runs_to_the_next(work):
    work.click(10, 21)
    plan = make_plan(work.document, [1], 0, 30, "forward")
    assert [(stretch.source, stretch.frames[0], stretch.frames[-1]) for stretch in plan.stretches] == [
        (10, 11, 20),
        (21, 22, 30),
    ]
    assert plan.stretches[1].reason == "forward from the prompt on frame 21 to frame 30"


@pytest.mark.parametrize("origin", [Origin.MANUAL, Origin.IMPORTED])
def test_what_a_person_made_or_brought_is_never_written_and_conditions_the_run(work, origin):
    work.click(0)
    work.mask([40], origin)
    plan = make_plan(work.document, [1], 0, 99)
    assert 40 not in frames_of(plan) and 0 not in frames_of(plan)
    assert plan.conditioning == {1: (0, 40)}


def test_a_verified_frame_is_a_barrier_and_a_memory(work):
    work.click(0)
    work.mask(range(1, 100))
    work.verify([40])
    plan = make_plan(work.document, [1], 0, 99, "forward")
    assert frames_of(plan) == [*range(1, 40), *range(41, 100)]
    assert plan.conditioning == {1: (0, 40)}
    assert plan.stretches[0].reason == "forward from the prompt on frame 0 to the verified frame 40"


def test_only_the_verified_frames_around_a_gap_condition_it(work):
    work.mask(range(100))
    work.verify([*range(0, 41), *range(60, 100)])
    plan = make_plan(work.document, [1], 0, 99)
    assert frames_of(plan) == list(range(41, 60))
    assert plan.conditioning == {1: (39, 40, 60)}


def test_a_run_up_to_the_next_lock_ends_there_but_passes_prompts(work):
    work.click(0, 30)
    work.mask(range(1, 100))
    work.verify([50])
    plan = make_plan(work.document, [1], 0, 99, "forward", stop_at_locks=True)
    assert frames_of(plan) == [*range(1, 30), *range(31, 50)]
    back = make_plan(work.document, [1], 60, 70, "forward", stop_at_locks=True)
    assert frames_of(back) == list(range(60, 71))


def test_verified_absence_stops_the_run_and_is_no_memory(work):
    work.click(0)
    work.mask([50], Origin.MANUAL, is_absent=True)
    plan = make_plan(work.document, [1], 0, 99)
    assert frames_of(plan) == [*range(1, 50), *range(51, 100)]
    assert [(stretch.source, stretch.is_reverse) for stretch in plan.stretches] == [(0, False), (50, False)]
    assert plan.conditioning == {1: (0,)}


def test_nothing_runs_from_an_absent_end_where_the_other_end_shows_the_object(work):
    work.mask([10], Origin.MANUAL, is_absent=True)
    work.click(20)
    plan = make_plan(work.document, [1], 11, 19)
    (stretch,) = plan.stretches
    assert stretch.is_reverse and list(stretch.frames) == list(range(19, 10, -1))


def test_a_range_in_the_distance_is_led_in_from_the_prompt(work):
    work.click(0)
    plan = make_plan(work.document, [1], 40, 50, "forward")
    (stretch,) = plan.stretches
    assert list(stretch.lead_in) == list(range(1, 40)) and list(stretch.frames) == list(range(40, 51))
    assert [step.frame for step in plan.steps()] == list(range(1, 51))
    assert len(plan.cells) == 11
    assert stretch.reason == "forward from the prompt on frame 0, going on at frame 40, to frame 50"


def test_what_is_missing_goes_on_where_an_earlier_run_ended(work):
    work.click(50)
    work.mask(range(51, 70))
    work.mask(range(40, 50))
    plan = make_plan(work.document, [1], 0, 99, only_missing=True)
    assert frames_of(plan) == [*range(0, 40), *range(70, 100)]
    assert sorted(list(stretch.lead_in) for stretch in plan.stretches) == [
        list(range(49, 39, -1)),
        list(range(51, 70)),
    ]


def test_objects_that_run_on_the_same_frame_share_its_step(work):
    work.add(2, "dog")
    work.click(0)
    work.click(5, object_id=2)
    plan = make_plan(work.document, [2, 1], 0, 10, "forward")
    steps = list(plan.steps())
    assert [step.frame for step in steps] == list(range(1, 11))
    assert {stretch.object_id for stretch in steps[3].stretches} == {1}
    assert {stretch.object_id for stretch in steps[7].stretches} == {1, 2}
    assert plan.summary == "15 masks of 2 objects, forward"
    assert plan.object_ids == (2, 1)


def test_many_prompts_condition_only_what_is_near(work):
    work.click(*range(0, 100, 10))
    plan = make_plan(work.document, [1], 51, 59)
    assert plan.conditioning == {1: (0, 40, 50, 60)}


def test_objects_with_nothing_to_run_are_named_beside_those_that_run(work):
    work.add(2, "dog", is_frozen=True)
    work.click(0)
    work.click(0, object_id=2)
    plan = make_plan(work.document, [1, 2], 0, 99)
    assert plan.object_ids == (1,)
    assert plan.notes == ("dog is frozen: take its padlock off first.",)


def test_a_change_reaches_the_neighbouring_anchors(work):
    work.click(10, 50)
    work.mask([80], Origin.MANUAL)
    assert span_around(work.document, 1, 50) == (11, 79)
    assert span_around(work.document, 1, 5) == (0, 9)
    assert span_around(work.document, 1, 90) == (81, 99)


class TestRefusals:
    def refusal(self, document, *arguments, **options):
        with pytest.raises(PlanError) as caught:
            make_plan(document, *arguments, **options)
        return str(caught.value)

    def test_every_frame_is_verified(self, work):
        work.mask(range(100))
        work.verify(range(12, 97))
        assert self.refusal(work.document, [1], 12, 96) == (
            "Nothing to propagate. Every frame of red ball in 12–96 is verified: "
            "choose another range, or take some of that back."
        )

    def test_no_prompts(self, work):
        said = self.refusal(work.document, [1], 0, 99)
        assert said == "Nothing to propagate. red ball has no prompts: click on it on one frame first."

    def test_a_propagated_mask_alone_is_no_start(self, work):
        work.mask([3])
        assert "has no prompts" in self.refusal(work.document, [1], 0, 99)

    def test_absent_everywhere(self, work):
        work.mask([3], Origin.MANUAL, is_absent=True)
        assert "absent wherever a person looked" in self.refusal(work.document, [1], 0, 99)

    @pytest.mark.parametrize(("first", "last"), [(50, 40), (100, 120), (-9, -1)])
    def test_the_range_holds_no_frame(self, work, first, last):
        work.click(0)
        assert f"{first}–{last} holds no frame of this clip" in self.refusal(work.document, [1], first, last)

    def test_the_wrong_way(self, work):
        work.click(60)
        assert self.refusal(work.document, [1], 12, 39, "forward") == (
            "Nothing to propagate. red ball has no frame to run forward from in 12–39 (the nearest is the prompt on "
            "frame 60): propagate the other way, or both ways."
        )

    def test_everything_has_a_mask(self, work):
        work.click(0)
        work.mask(range(1, 100))
        with pytest.raises(PlanError, match="has a mask already") as caught:
            make_plan(work.document, [1], 0, 99, only_missing=True)
        assert caught.value.is_complete

    def test_no_object_is_chosen(self, work):
        assert "No object is chosen" in self.refusal(work.document, [], 0, 99)
        assert "no object 7" in self.refusal(work.document, [7], 0, 99)

    def test_only_some_of_many_are_named(self, work):
        for object_id in range(2, 9):
            work.add(object_id, f"cell {object_id}")
        said = self.refusal(work.document, list(range(1, 9)), 0, 99)
        assert "cell 3 has no prompts" in said and "cell 4" not in said and "5 more objects" in said


KINDS = st.sampled_from(["click", "hand", "absent", "imported", "verified"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    anchors=st.dictionaries(st.integers(0, 29), KINDS, max_size=6),
    first=st.integers(0, 29),
    length=st.integers(1, 30),
    direction=st.sampled_from(["forward", "backward", "both"]),
    only_missing=st.booleans(),
    computed=st.sets(st.integers(0, 29)),
)
def test_a_plan_writes_each_frame_once_and_never_what_a_person_made(
    work_of, anchors, first, length, direction, only_missing, computed
):
    work = work_of(30)
    work.add()
    work.mask(computed)
    for frame, kind in anchors.items():
        if kind == "click":
            work.click(frame)
        elif kind == "verified":
            work.mask([frame])
            work.verify([frame])
        else:
            origin = Origin.IMPORTED if kind == "imported" else Origin.MANUAL
            work.mask([frame], origin, is_absent=kind == "absent")
    try:
        plan = make_plan(work.document, [1], first, first + length - 1, direction, only_missing=only_missing)
    except PlanError as error:
        assert len(str(error)) > len("Nothing to propagate. ")
        return
    written = [frame for stretch in plan.stretches for frame in stretch.frames]
    assert len(written) == len(set(written)) == len(plan.cells)
    assert not set(written) & set(anchors)
    assert set(written) <= set(range(first, first + length))
    assert not (only_missing and set(written) & computed)
    for stretch in plan.stretches:
        step = stretch.frames.step
        path = [*stretch.lead_in, *stretch.frames]
        assert path == list(range(stretch.source + step, stretch.frames.stop, step))
        assert stretch.source in anchors and not set(path) & set(anchors)
        assert direction == "both" or stretch.is_reverse == (direction == "backward")
    assert plan.conditioning[1] and all(anchors[frame] != "absent" for frame in plan.conditioning[1])
    order = [(step.is_reverse, step.frame) for step in plan.steps()]
    assert len(order) == len(set(order))


def test_an_excluded_frame_stays_a_barrier_and_teaches_nothing(work):
    work.click(10, 40)
    work.document.apply(SetExcluded({(1, 40): True}))
    plan = make_plan(work.document, [1], 0, 99, "forward")
    assert plan.conditioning == {1: (10,)}
    assert frames_of(plan) == [*range(11, 40), *range(41, 100)]
    both = make_plan(work.document, [1], 11, 39)
    assert [stretch.source for stretch in both.stretches] == [10], "nothing comes from the excluded side"
    work.document.apply(SetExcluded({(1, 10): True}))
    with pytest.raises(PlanError, match="red ball has no frame to learn from"):
        make_plan(work.document, [1], 0, 99, "forward")
