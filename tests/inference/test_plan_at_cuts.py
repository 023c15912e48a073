"""Shot cuts are barriers: where runs end, what is said, and how one is passed."""

import pytest

from app.document.marks import SetCuts
from app.inference.plan import PlanError, make_plan, span_around


def cut(work, *frames):
    work.document.apply(SetCuts(dict.fromkeys(frames, True)))


def frames_of(plan):
    return sorted(frame for _, frame in plan.cells)


def test_forward_ends_before_the_cut_and_says_so(work):
    work.click(10)
    cut(work, 40, 70)
    plan = make_plan(work.document, [1], 0, 99, "forward")
    assert frames_of(plan) == list(range(11, 40))
    assert plan.cuts == (40,)
    assert plan.stretches[0].reason == "forward from the prompt on frame 10 to the cut before frame 40"


def test_backward_ends_with_the_first_frame_of_the_shot(work):
    work.click(60)
    cut(work, 40, 70)
    plan = make_plan(work.document, [1], 0, 99, "backward")
    assert frames_of(plan) == list(range(40, 60))
    assert plan.cuts == (40,)
    assert plan.stretches[0].reason == "backward from the prompt on frame 60 to the cut before frame 40"


def test_both_ways_fills_the_shot_alone(work):
    work.click(50)
    cut(work, 40, 70)
    plan = make_plan(work.document, [1], 0, 99)
    assert frames_of(plan) == [*range(40, 50), *range(51, 70)]
    assert plan.cuts == (40, 70)


def test_a_cut_between_two_prompts_is_where_their_runs_end(work):
    work.click(10, 60)
    cut(work, 20)
    plan = make_plan(work.document, [1], 10, 60)
    forward, backward = plan.stretches
    assert list(forward.frames) == list(range(11, 20))
    assert list(backward.frames) == list(range(59, 19, -1))


def test_prompts_in_every_shot_are_followed_each_through_its_own(work):
    work.click(10, 60)
    cut(work, 40)
    plan = make_plan(work.document, [1], 0, 99, "forward")
    assert [(stretch.source, stretch.frames[0], stretch.frames[-1]) for stretch in plan.stretches] == [
        (10, 11, 39),
        (60, 61, 99),
    ]
    assert plan.conditioning == {1: (10, 60)}


def test_a_cut_that_is_passed_is_none_and_the_next_one_is(work):
    work.click(10)
    cut(work, 40, 70)
    plan = make_plan(work.document, [1], 0, 99, "forward", passed_cuts=[40])
    assert frames_of(plan) == list(range(11, 70))
    assert plan.cuts == (70,)


def test_the_frames_after_a_passed_cut_alone_are_written_with_the_others_as_lead_in(work):
    work.click(10)
    cut(work, 40)
    (stretch,) = make_plan(work.document, [1], 40, 99, "forward", passed_cuts=[40]).stretches
    assert stretch.frames == range(40, 100) and stretch.lead_in == range(11, 40)


def test_a_range_or_a_prompt_that_ends_there_too_leaves_nothing_to_pass(work):
    work.click(10, 40)
    cut(work, 40, 70)
    assert make_plan(work.document, [1], 0, 45, "forward").cuts == ()
    assert make_plan(work.document, [1], 0, 69, "forward").cuts == ()
    assert make_plan(work.document, [1], 0, 70, "forward").cuts == (70,)


def test_where_a_cut_alone_is_in_the_way_the_sentence_names_it(work):
    work.click(10)
    cut(work, 11, 40)
    with pytest.raises(PlanError, match="A cut before frame 11 keeps red ball out of 10–99: pass the cut"):
        make_plan(work.document, [1], 10, 99, "forward")
    with pytest.raises(PlanError, match="A cut before frame 11 keeps red ball out of 50–99"):
        make_plan(work.document, [1], 50, 99, "forward")


def test_a_correction_reaches_no_further_than_its_shot(work):
    work.click(10, 80)
    cut(work, 40, 70)
    assert span_around(work.document, 1, 50) == (40, 69)
    assert span_around(work.document, 1, 40) == (40, 69)
    assert span_around(work.document, 1, 39) == (11, 39)
