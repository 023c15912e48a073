"""Two runs through the same frames become one where they agree; where they never do, the worst frame is told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.document.masks import MaskCode
from app.inference.engine import CellResult
from app.inference.joining import Joining
from app.inference.plan import Meeting, Stretch

HEIGHT, WIDTH = 20, 200
Shown = dict[int, CellResult]


def mask_at(x: int | None) -> MaskCode:
    pixels = np.zeros((HEIGHT, WIDTH), bool)
    if x is not None:
        pixels[5:15, x : x + 20] = True
    return MaskCode.from_array(pixels)


def joined(
    first: int,
    last: int,
    up: Callable[[int], int | None],
    down: Callable[[int], int | None],
    *,
    damaged: tuple[int, ...] = (),
    held_bytes: int = 1 << 20,
) -> tuple[Joining, Shown, list[tuple[int, bool]]]:
    """Both runs in turns over the frames, with their masks' left edges; what is shown in the end, and what was run."""
    forward, backward = range(first, last + 1), range(last, first - 1, -1)
    joining = Joining(
        Meeting(
            Stretch(1, first - 1, forward, range(first, first), ""),
            Stretch(1, last + 1, backward, range(last, last, -1), ""),
        ),
        held_bytes,
    )
    shown: Shown = {}
    ran = []
    for frames in zip(forward, backward, strict=True):
        for frame, is_reverse in zip(frames, (False, True), strict=True):
            if joining.is_settled:
                return joining, shown, ran
            place = (down if is_reverse else up)(frame)
            score = -1.0 if is_reverse else 1.0  # says who made it
            result = None if frame in damaged else CellResult(1, frame, mask_at(place), 0.9, score)
            ran.append((frame, is_reverse))
            shown |= {one.frame: one for one in joining.take(frame, result, is_reverse=is_reverse)}
    return joining, shown, ran


def makers(shown: Shown) -> str:
    return "".join("u" if shown[frame].score > 0 else "d" for frame in sorted(shown))


def test_runs_that_agree_are_joined_in_the_middle_three_frames_after_they_met() -> None:
    joining, shown, ran = joined(10, 19, lambda frame: 50, lambda frame: 51)
    assert joining.joint is not None and joining.joint.is_agreed
    assert makers(shown) == "uuuuuudddd"
    assert len(ran) == 10 + 3 and joining.spared == 20 - 13
    assert all(one.agreement == 1 for one in shown.values())


def test_where_they_agree_only_near_one_end_the_run_that_came_through_takes_over() -> None:
    """The run down loses the object on frame 35; the run up holds it to the end."""
    joining, shown, _ = joined(10, 39, lambda frame: 50, lambda frame: 50 if frame >= 35 else 150)
    joint = joining.joint
    assert joint is not None and joint.is_agreed
    assert (joint.first, joint.last, joint.frame) == (10, 39, 36)
    assert makers(shown) == "u" * 27 + "d" * 3


@pytest.mark.parametrize("lost_until", [15, 20])
def test_the_same_holds_at_the_other_end(lost_until: int) -> None:
    joining, shown, _ = joined(10, 39, lambda frame: 50 if frame < lost_until else 150, lambda frame: 50)
    assert joining.joint is not None and joining.joint.is_agreed
    assert makers(shown) == "u" * (joining.joint.frame - 9) + "d" * (39 - joining.joint.frame)
    assert joining.joint.frame < lost_until
    assert all(one.mask == mask_at(50) for one in shown.values())


def test_two_frames_in_a_row_are_no_agreement() -> None:
    joining, _, ran = joined(0, 20, lambda frame: 50, lambda frame: 50 if frame in (10, 11) else 100)
    assert joining.joint is not None and not joining.joint.is_agreed
    assert len(ran) == 42


def test_where_they_never_agree_they_are_joined_where_they_differ_least_and_the_worst_frame_is_told() -> None:
    joining, shown, ran = joined(0, 30, lambda frame: 50, lambda frame: 50 + abs(frame - 22) // 2 + 3)
    joint = joining.joint
    assert joint is not None and not joint.is_agreed
    assert len(ran) == 62
    assert joint.frame == 22
    assert joint.worst == 0 and joint.share == pytest.approx(6 / 34)
    assert shown[joint.worst].agreement == joint.share
    assert [frame for frame, one in shown.items() if one.agreement < 1] == [joint.worst]
    assert makers(shown) == "u" * 23 + "d" * 8


def test_of_frames_that_are_equally_wrong_the_one_in_their_middle_is_told() -> None:
    joining, _, _ = joined(0, 30, lambda frame: 50, lambda frame: 150)
    assert joining.joint is not None
    assert joining.joint.worst == 15 and joining.joint.share == 0


def test_both_runs_saying_that_it_is_absent_is_agreement() -> None:
    joining, shown, _ = joined(0, 20, lambda frame: 50 if frame < 5 else None, lambda frame: 90 if frame > 15 else None)
    assert joining.joint is not None and joining.joint.is_agreed
    assert sorted(shown) == list(range(21))


@pytest.mark.parametrize("count", [1, 2])
def test_a_span_that_is_shorter_agrees_on_all_its_frames(count: int) -> None:
    joining, shown, _ = joined(5, 4 + count, lambda frame: 50, lambda frame: 50)
    assert joining.joint is not None and joining.joint.is_agreed
    assert len(shown) == count


def test_damaged_frames_are_passed() -> None:
    joining, shown, _ = joined(0, 12, lambda frame: 50, lambda frame: 50, damaged=(5, 6, 7))
    assert joining.joint is not None and joining.joint.is_agreed
    assert sorted(shown) == [0, 1, 2, 3, 4, 8, 9, 10, 11, 12]


def test_a_span_of_damaged_frames_has_no_joint() -> None:
    joining, shown, ran = joined(0, 4, lambda frame: 50, lambda frame: 50, damaged=(0, 1, 2, 3, 4))
    assert joining.is_settled and joining.joint is None and not shown
    assert len(ran) == 10


def test_no_more_is_held_than_may_be_and_what_was_compared_by_then_decides() -> None:
    size = len(mask_at(50).counts)
    joining, shown, ran = joined(0, 99, lambda frame: 50, lambda frame: 150, held_bytes=20 * size)
    joint = joining.joint
    assert joint is not None and not joint.is_agreed
    assert len(ran) < 120
    assert abs(joint.worst - 50) < 6
    assert sorted(shown) == list(range(100))
