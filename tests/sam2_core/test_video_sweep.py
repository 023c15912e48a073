"""What a run keeps, and when a later run may go on from it."""

from __future__ import annotations

import pytest
import torch

from sam2_core.memory_bank import PlainPolicy
from sam2_core.sweep import FrameOutput, Sweep


def made() -> FrameOutput:
    empty = torch.zeros(1, 1)
    return FrameOutput(torch.zeros(1, 1, 4, 4), empty, empty, empty, 0.5, 1.0, False, torch.zeros(1, 2, 1, 1))


def run(sweep: Sweep, frames: range, *, prompted: tuple[int, ...] = (), revision: int = 1) -> None:
    for frame in frames:
        sweep.enter(frame, revision)
        sweep.leave(frame, None if frame in prompted else made())


@pytest.mark.parametrize("reverse", [False, True])
def test_a_run_keeps_what_the_next_frame_may_look_at_and_no_more(reverse: bool) -> None:
    policy = PlainPolicy(1000)
    sweep = Sweep(policy, reverse=reverse)
    frames = range(900, 100, -1) if reverse else range(100, 900)
    run(sweep, frames)
    following = frames[-1] + frames.step
    picked = policy.select(following, [], sweep.outputs, reverse=reverse)
    assert len(picked.maps) == 6 and len(picked.pointers) == 15
    assert all(sweep.outputs[frame].memory is not None for frame, _ in picked.maps)
    assert len(sweep.outputs) == 16
    assert sum(output.memory is not None for output in sweep.outputs.values()) == 7
    assert sum(output.low_res is not None for output in sweep.outputs.values()) == 7


def test_the_next_frame_and_the_last_one_again_can_be_done_but_no_earlier_one() -> None:
    sweep = Sweep(PlainPolicy(1000), reverse=False)
    run(sweep, range(0, 60), prompted=(0,))
    assert sweep.goes_on_at(60, 1)
    assert sweep.goes_on_at(59, 1)
    assert not sweep.goes_on_at(58, 1)
    assert not sweep.goes_on_at(61, 1)


def test_near_its_start_a_run_can_be_taken_up_anywhere() -> None:
    sweep = Sweep(PlainPolicy(1000), reverse=False)
    run(sweep, range(20, 26), prompted=(20,))
    assert [frame for frame in range(15, 40) if sweep.goes_on_at(frame, 1)] == [21, 22, 23, 24, 25, 26]


def test_other_prompts_make_a_run_start_anew() -> None:
    sweep = Sweep(PlainPolicy(1000), reverse=False)
    run(sweep, range(0, 30), prompted=(0,))
    assert not sweep.goes_on_at(30, 2)
    sweep.enter(30, 2)
    assert sweep.outputs == {}


def test_taking_up_a_run_forgets_what_lies_ahead() -> None:
    sweep = Sweep(PlainPolicy(1000), reverse=False)
    run(sweep, range(0, 6), prompted=(0,))
    sweep.enter(3, 1)
    assert sorted(sweep.outputs) == [1, 2]


def test_a_frame_without_a_result_is_passed_over() -> None:
    sweep = Sweep(PlainPolicy(1000), reverse=False)
    run(sweep, range(0, 10), prompted=(0,))
    sweep.enter(10, 1)
    sweep.leave(10, None)
    assert sweep.goes_on_at(11, 1)
    sweep.enter(11, 1)
    assert sorted(sweep.outputs) == list(range(1, 10))


def test_a_prompted_frame_inside_a_run_does_not_end_it() -> None:
    sweep = Sweep(PlainPolicy(1000), reverse=False)
    run(sweep, range(0, 40), prompted=(0, 33))
    assert sweep.goes_on_at(40, 1)
    assert 33 not in sweep.outputs


def test_with_a_stride_older_maps_are_kept() -> None:
    policy = PlainPolicy(1000, stride=4)
    sweep = Sweep(policy, reverse=False)
    run(sweep, range(0, 300))
    for frame in range(300, 304):
        picked = policy.select(frame, [], sweep.outputs, reverse=False)
        assert len(picked.maps) == 6
        assert all(sweep.outputs[place].memory is not None for place, _ in picked.maps)
        sweep.enter(frame, 1)
        sweep.leave(frame, made())
