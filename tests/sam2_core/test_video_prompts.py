"""Clicks, boxes and masks on the frames of a clip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sam2_core.errors import PromptError
from sam2_core.model.sam2 import Sam2Model
from sam2_core.video import ObjectMask, SessionSettings, VideoSession

HEIGHT, WIDTH = 40, 64
CLICKS = [[15.5, 17.0], [50.0, 30.0], [20.0, 8.0]]
SIGNS = [1, 0, 1]


@pytest.fixture(scope="module")
def clip() -> list[NDArray[np.uint8]]:
    draw = np.random.default_rng(5)
    return [draw.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(6)]


@pytest.fixture
def new_session(small_model: Sam2Model, clip: list[NDArray[np.uint8]]) -> Callable[..., VideoSession]:
    def make(**settings: Any) -> VideoSession:
        return VideoSession(small_model, clip, SessionSettings(**settings))

    return make


@pytest.fixture
def session(new_session: Callable[..., VideoSession]) -> VideoSession:
    return new_session()


@pytest.fixture
def rectangle() -> NDArray[np.bool_]:
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    mask[7:23, 11:31] = True
    return mask


def same(one: ObjectMask, other: ObjectMask) -> bool:
    return np.array_equal(one.mask, other.mask) and (one.iou, one.score) == (other.iou, other.score)


def logits_of(session: VideoSession, frame: int = 0, object_id: int = 1) -> torch.Tensor:
    output = session.output(frame, object_id)
    assert output is not None and output.low_res is not None
    return output.low_res


def pointer_of(session: VideoSession) -> torch.Tensor:
    output = session.output(0, 1)
    assert output is not None
    return output.pointer


def test_clicks_given_one_by_one_or_all_at_once_mean_the_same(new_session: Callable[..., VideoSession]) -> None:
    slow, quick, whole_lists = new_session(), new_session(), new_session()
    for click, sign in zip(CLICKS, SIGNS, strict=True):
        slow.add_points(0, 1, [click], [sign], clear_old=False)
    for count in (1, 2, 3):
        whole_lists.add_points(0, 1, CLICKS[:count], SIGNS[:count])
    answer = quick.add_points(0, 1, CLICKS, SIGNS)
    assert torch.equal(logits_of(quick), logits_of(slow))
    assert torch.equal(logits_of(quick), logits_of(whole_lists))
    assert same(answer, slow.add_points(0, 1, CLICKS, SIGNS))


def test_a_click_taken_back_leaves_nothing_behind(new_session: Callable[..., VideoSession]) -> None:
    used, fresh = new_session(), new_session()
    used.add_points(0, 1, CLICKS, SIGNS)
    for kept in ([0, 2], [1], [2, 1]):
        clicks, signs = [CLICKS[i] for i in kept], [SIGNS[i] for i in kept]
        fresh.reset()
        assert same(used.add_points(0, 1, clicks, signs), fresh.add_points(0, 1, clicks, signs))
        assert torch.equal(logits_of(used), logits_of(fresh))


def test_a_later_click_mends_the_mask_before_it(new_session: Callable[..., VideoSession]) -> None:
    mended, alone = new_session(), new_session()
    mended.add_points(0, 1, CLICKS[:2], SIGNS[:2])
    mended.add_points(0, 1, CLICKS, SIGNS)
    alone.add_points(0, 1, CLICKS[1:], SIGNS[1:])
    assert not torch.equal(logits_of(mended), logits_of(alone))


def test_one_click_has_three_answers_best_first(session: VideoSession) -> None:
    shown = session.add_points(0, 1, CLICKS[:1], SIGNS[:1], candidates=True)
    candidates = session.candidates(0, 1)
    assert len(candidates) == 3
    assert same(candidates[0], shown)
    assert [entry.iou for entry in candidates] == sorted((entry.iou for entry in candidates), reverse=True)
    assert len({entry.mask.tobytes() for entry in candidates}) == 3
    session.add_points(0, 1, CLICKS[:2], SIGNS[:2], candidates=True)
    assert len(session.candidates(0, 1)) == 1


def test_candidates_can_be_asked_for_later(new_session: Callable[..., VideoSession]) -> None:
    held, not_held = new_session(), new_session()
    held.add_points(0, 1, CLICKS[:1], SIGNS[:1], candidates=True)
    not_held.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    not_held.add_points(3, 1, CLICKS[1:2], [1], candidates=True)
    for one, other in zip(held.candidates(0, 1), not_held.candidates(0, 1), strict=True):
        assert same(one, other)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_chosen_candidate_is_the_mask_and_the_pointer(new_session: Callable[..., VideoSession], index: int) -> None:
    chosen, first = new_session(), new_session()
    first_answer = first.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    chosen.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    candidate = chosen.candidates(0, 1)[index]
    answer = chosen.choose_candidate(0, 1, index)
    assert same(answer, candidate)
    assert same(next(chosen.propagate()).objects[0], candidate)
    assert same(answer, first_answer) == (index == 0)
    assert torch.allclose(pointer_of(chosen), pointer_of(first), atol=1e-6) == (index == 0)
    followed = [next(session.propagate(1, 1)).objects[0].iou for session in (chosen, first)]
    assert (abs(followed[0] - followed[1]) < 1e-6) == (index == 0)
    assert same(chosen.choose_candidate(0, 1, 0), first_answer)


def test_a_choice_is_what_later_clicks_mend(new_session: Callable[..., VideoSession]) -> None:
    live, rebuilt, unchosen = new_session(), new_session(), new_session()
    live.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    live.choose_candidate(0, 1, 2)
    live.add_points(0, 1, CLICKS, SIGNS)
    live.add_points(0, 1, CLICKS[:2], SIGNS[:2])
    rebuilt.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    rebuilt.choose_candidate(0, 1, 2)
    rebuilt.add_points(0, 1, CLICKS[:2], SIGNS[:2])
    unchosen.add_points(0, 1, CLICKS[:2], SIGNS[:2])
    assert torch.equal(logits_of(live), logits_of(rebuilt))
    assert not torch.equal(logits_of(live), logits_of(unchosen))


def test_a_choice_goes_with_its_click(new_session: Callable[..., VideoSession]) -> None:
    used, fresh = new_session(), new_session()
    used.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    used.choose_candidate(0, 1, 2)
    fresh.add_points(0, 1, CLICKS[2:], SIGNS[2:])
    assert same(used.add_points(0, 1, CLICKS[2:], SIGNS[2:]), fresh.candidates(0, 1)[0])


def test_a_box_starts_anew_and_clicks_mend_it(new_session: Callable[..., VideoSession]) -> None:
    used, fresh = new_session(), new_session()
    box = [8.0, 4.0, 40.0, 30.0]
    used.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    used.add_points(0, 1, box=box)
    fresh.add_points(0, 1, box=box)
    assert torch.equal(logits_of(used), logits_of(fresh))
    assert len(fresh.candidates(0, 1)) == 1
    fresh.add_points(0, 1, CLICKS[:1], SIGNS[:1], clear_old=False)
    used.add_points(0, 1, CLICKS[:1], SIGNS[:1], box)
    assert torch.equal(logits_of(used), logits_of(fresh))


def test_a_given_mask_is_kept_to_the_pixel(session: VideoSession, rectangle: NDArray[np.bool_]) -> None:
    shown = session.add_mask(2, 1, rectangle)
    assert np.array_equal(shown.mask, rectangle)
    assert (shown.iou, shown.score) == (1.0, 10.0)
    assert [np.array_equal(result.objects[0].mask, rectangle) for result in session.propagate(2, 4)] == [
        True,
        False,
        False,
    ]
    assert np.array_equal(session.candidates(2, 1)[0].mask, rectangle)
    assert np.array_equal(session.add_mask(2, 1, rectangle.astype(np.uint8) * 255).mask, rectangle)


def test_an_empty_mask_says_that_the_object_is_absent(session: VideoSession, rectangle: NDArray[np.bool_]) -> None:
    session.add_mask(0, 1, rectangle)
    shown = session.add_mask(3, 1, np.zeros_like(rectangle))
    assert not shown.mask.any() and shown.score == -10.0


def test_clicks_mend_a_given_mask(new_session: Callable[..., VideoSession], rectangle: NDArray[np.bool_]) -> None:
    used, fresh, bare = new_session(), new_session(), new_session()
    used.add_mask(0, 1, rectangle)
    used.add_points(0, 1, CLICKS, SIGNS)
    used.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    fresh.add_mask(0, 1, rectangle)
    mended = fresh.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    bare.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    assert torch.equal(logits_of(used), logits_of(fresh))
    assert not torch.equal(logits_of(used), logits_of(bare))
    assert not np.array_equal(mended.mask, rectangle)
    fresh.add_mask(0, 1, rectangle)
    assert np.array_equal(next(fresh.propagate()).objects[0].mask, rectangle)


def test_the_first_click_on_a_frame_that_was_just_tracked_mends_its_mask(
    new_session: Callable[..., VideoSession],
) -> None:
    tracked, bare = new_session(), new_session()
    tracked.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    list(tracked.propagate())
    tracked.add_points(4, 1, CLICKS[1:2], [0])
    bare.add_points(4, 1, CLICKS[1:2], [0])
    assert not torch.equal(logits_of(tracked, 4), logits_of(bare, 4))
    mended = logits_of(tracked, 4)
    tracked.add_points(4, 1, CLICKS[1:], [0, 1])
    tracked.add_points(4, 1, CLICKS[1:2], [0])
    assert torch.equal(logits_of(tracked, 4), mended)


def test_a_box_on_a_frame_that_was_tracked_starts_anew(new_session: Callable[..., VideoSession]) -> None:
    tracked, bare = new_session(), new_session()
    tracked.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    list(tracked.propagate())
    for session in (tracked, bare):
        session.add_points(4, 1, box=[8, 4, 40, 30])
    assert torch.equal(logits_of(tracked, 4), logits_of(bare, 4))


def test_the_same_prompts_again_disturb_nothing(session: VideoSession) -> None:
    before = session.add_points(0, 1, CLICKS, SIGNS)
    run = session.propagate()
    for _ in range(3):
        next(run)
    assert session.remembers(3, 1)
    assert same(session.add_points(0, 1, CLICKS, SIGNS), before)
    assert session.remembers(3, 1)
    session.add_points(0, 1, CLICKS[:2], SIGNS[:2])
    assert not session.remembers(3, 1)


def test_known_masks_of_a_frame_can_be_asked_for(session: VideoSession, rectangle: NDArray[np.bool_]) -> None:
    session.add_mask(0, 4, rectangle)
    session.add_points(0, 2, CLICKS[:1], SIGNS[:1])
    assert [shown.object_id for shown in session.masks_on(0).objects] == [4, 2]
    assert np.array_equal(session.masks_on(0).objects[0].mask, rectangle)
    assert session.masks_on(3).objects == ()
    list(session.propagate(0, 3))
    assert [shown.object_id for shown in session.masks_on(3).objects] == [4, 2]


@pytest.mark.parametrize(
    ("prompt", "phrase"),
    [
        (lambda session: session.add_points(6, 1, [[1, 1]], [1]), "Frame 6 does not exist: .* 0 to 5"),
        (lambda session: session.add_points(0, 1), "give a point or a box"),
        (lambda session: session.add_points(0, 1, [[1, 1]], [1, 0]), "1 points came with 2 labels"),
        (lambda session: session.add_points(0, 1, [[1, 1], [2, 2]], [1]), "2 points came with 1 labels"),
        (lambda session: session.add_points(0, 1, [[1, 1, 1]], [1]), "x, y pairs"),
        (lambda session: session.add_points(0, 1, [1, 1], [1]), "x, y pairs"),
        (lambda session: session.add_points(0, 1, [[1, float("nan")]], [1]), "not a number"),
        (lambda session: session.add_points(0, 1, [[1, 1]], [2]), "can be 1 .* or 0"),
        (lambda session: session.add_points(0, 1, [[1, 1], [2]], [1, 1]), "points must be numbers"),
        (lambda session: session.add_points(0, 1, box=[1, 2, 3]), "four numbers"),
        (lambda session: session.add_points(0, 1, box=[9, 2, 3, 8]), "is empty"),
        (lambda session: session.add_mask(0, 1, np.zeros((HEIGHT, WIDTH - 1))), "40 x 63, the video 40 x 64"),
        (lambda session: session.add_mask(-1, 1, np.zeros((HEIGHT, WIDTH))), "Frame -1 does not exist"),
        (lambda session: session.clear_frame(0, 1), "no object 1"),
        (lambda session: session.remove_object(1), "no object 1"),
        (lambda session: session.candidates(0, 1), "no object 1"),
        (lambda session: session.choose_candidate(0, 1, 0), "no object 1"),
        (lambda session: session.prepare_frame(99), "Frame 99 does not exist"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence_and_changes_nothing(
    session: VideoSession, prompt: Callable[[VideoSession], object], phrase: str
) -> None:
    with pytest.raises(PromptError, match=phrase) as caught:
        prompt(session)
    assert str(caught.value).endswith(".")
    assert session.object_ids == ()


def test_choices_that_are_not_there_are_refused(session: VideoSession) -> None:
    session.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    before = logits_of(session).clone()
    for index in (-1, 3):
        with pytest.raises(PromptError, match=f"no candidate {index} on frame 0: choose one of 0 to 2"):
            session.choose_candidate(0, 1, index)
    with pytest.raises(PromptError, match="no prompts on frame 1"):
        session.candidates(1, 1)
    assert torch.equal(logits_of(session), before)


def test_the_published_ways_have_limits_of_their_own(new_session: Callable[..., VideoSession]) -> None:
    session = new_session(as_published=True, corrections_condition=False)
    session.add_points(0, 1, CLICKS[:1], SIGNS[:1])
    with pytest.raises(PromptError, match="no candidates"):
        session.candidates(0, 1)
    with pytest.raises(PromptError, match="before all points"):
        session.add_points(0, 1, box=[1, 1, 9, 9], clear_old=False)
