"""Following objects through a clip."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sam2_core.errors import PromptError
from sam2_core.model.sam2 import Sam2Model
from sam2_core.video import FrameResult, SessionSettings, VideoSession

Frames = Sequence[NDArray[np.uint8]]
HEIGHT, WIDTH = 48, 72


def make_clip(length: int) -> list[NDArray[np.uint8]]:
    """A red square that moves over noise that moves the other way."""
    ground = np.random.default_rng(3).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    frames = []
    for index in range(length):
        frame = np.roll(ground, -index, axis=1)
        frame[10:25, 5 + index % 40 : 25 + index % 40] = (250, 20, 10)
        frames.append(frame)
    return frames


@pytest.fixture(scope="module")
def clip() -> Frames:
    return make_clip(14)


@pytest.fixture
def session(small_model: Sam2Model, clip: Frames) -> VideoSession:
    return VideoSession(small_model, clip)


def masks_of(results: Iterable[FrameResult], object_id: int) -> dict[int, NDArray[np.bool_]]:
    return {result.frame: shown.mask for result in results for shown in result.objects if shown.object_id == object_id}


def assert_same(one: dict[int, NDArray[np.bool_]], other: dict[int, NDArray[np.bool_]]) -> None:
    assert one.keys() == other.keys()
    assert [frame for frame in one if not np.array_equal(one[frame], other[frame])] == []


def differing(one: dict[int, NDArray[np.bool_]], other: dict[int, NDArray[np.bool_]]) -> list[int]:
    return [frame for frame in one.keys() & other.keys() if not np.array_equal(one[frame], other[frame])]


def test_a_click_is_followed_to_the_end_of_the_clip(session: VideoSession) -> None:
    first = session.add_points(0, 7, [[15, 17]], [1])
    results = list(session.propagate())
    assert [result.frame for result in results] == list(range(14))
    assert all(shown.object_id == 7 for result in results for shown in result.objects)
    assert np.array_equal(results[0].objects[0].mask, first.mask)
    shown = results[5].objects[0]
    assert shown.mask.shape == (HEIGHT, WIDTH) and shown.mask.dtype == np.bool_
    assert 0 < shown.iou < 1 and shown.score > 0
    assert differing(masks_of(results, 7), dict.fromkeys(range(14), first.mask))


def test_a_correction_survives_a_later_run_and_changes_what_follows(session: VideoSession) -> None:
    session.add_points(0, 1, [[15, 17]], [1])
    before = masks_of(session.propagate(), 1)
    corrected = session.add_points(6, 1, [[60, 40]], [0]).mask
    assert not np.array_equal(corrected, before[6])
    after = masks_of(session.propagate(), 1)
    assert np.array_equal(after[6], corrected)
    assert 7 in differing(before, after)
    assert np.array_equal(masks_of(session.propagate(8, 4, reverse=True), 1)[6], corrected)


def test_objects_together_are_what_each_is_alone(small_model: Sam2Model, clip: Frames) -> None:
    prompts: list[Callable[[VideoSession], object]] = [
        lambda session: session.add_points(0, 3, [[15, 17]], [1]),
        lambda session: session.add_points(2, 1, [], [], [40, 5, 70, 40]),
        lambda session: session.add_points(5, 9, [[20, 40], [60, 10]], [1, 0]),
    ]
    together = VideoSession(small_model, clip)
    for prompt in prompts:
        prompt(together)
    results = list(together.propagate())
    for prompt, object_id in zip(prompts, (3, 1, 9), strict=True):
        alone = VideoSession(small_model, clip)
        prompt(alone)
        assert_same(masks_of(alone.propagate(), object_id), masks_of(results, object_id))


def test_batches_of_objects_change_no_more_than_rounding(small_model: Sam2Model, clip: Frames) -> None:
    logits = []
    for size in (1, 4):
        session = VideoSession(small_model, clip, SessionSettings(objects_per_batch=size, memory_dtype=torch.float32))
        for object_id in range(5):
            session.add_points(object_id % 2, object_id, [[12 * object_id + 5, 20]], [1])
        for result in session.propagate(last=6):
            assert result.frame <= 6
        outputs = [session.output(6, object_id) for object_id in range(5)]
        logits.append(torch.cat([output.low_res for output in outputs if output is not None]))
    assert logits[0].shape[0] == 5
    assert torch.allclose(logits[0], logits[1], atol=2e-3)


def live_tensor_bytes() -> int:
    gc.collect()
    tensors = [thing for thing in gc.get_objects() if type(thing) is torch.Tensor]
    return sum(tensor.untyped_storage().nbytes() for tensor in tensors)


def test_memory_does_not_grow_with_the_length_of_the_clip(small_model: Sam2Model) -> None:
    session = VideoSession(small_model, make_clip(60))
    session.add_points(0, 1, [[15, 17]], [1])
    session.add_points(0, 2, [[50, 30]], [1])
    held, alive = {}, {}
    for result in session.propagate():
        if result.frame in (24, 41, 59):
            held[result.frame], alive[result.frame] = session.held_bytes, live_tensor_bytes()
    assert held[24] == held[41] == held[59]
    assert alive[24] == alive[41] == alive[59]
    for _ in session.propagate(59, 0, reverse=True):
        pass
    there_and_back = session.held_bytes
    for _ in session.propagate():
        pass
    assert session.held_bytes == there_and_back


def test_frames_are_read_one_at_a_time_and_encoded_once(small_model: Sam2Model, clip: Frames) -> None:
    class Counting(Sequence[NDArray[np.uint8]]):
        def __init__(self) -> None:
            self.reads: list[int] = []

        def __len__(self) -> int:
            return len(clip)

        def __getitem__(self, index):
            self.reads.append(index)
            return clip[index]

    frames = Counting()
    session = VideoSession(small_model, frames, SessionSettings(feature_frames=3))
    assert frames.reads == []
    session.prepare_frame(2)
    session.add_points(2, 1, [[15, 17]], [1])
    session.add_points(2, 2, [[50, 17]], [1])
    assert frames.reads == [2]
    list(session.propagate(2, 6))
    assert frames.reads == [2, 3, 4, 5, 6]
    session.add_points(2, 1, [[15, 17], [16, 18]], [1, 1])
    assert frames.reads == [2, 3, 4, 5, 6, 2]


def test_ranges_hold_both_ends(session: VideoSession) -> None:
    session.add_points(4, 1, [[15, 17]], [1])
    assert [result.frame for result in session.propagate(4, 7)] == [4, 5, 6, 7]
    assert [result.frame for result in session.propagate(6, 2, reverse=True)] == [6, 5, 4, 3, 2]
    assert [result.frame for result in session.propagate(9, 9)] == [9]
    assert [result.frame for result in session.propagate(reverse=True)] == [4, 3, 2, 1, 0]
    assert [result.frame for result in session.propagate()] == list(range(4, 14))


@pytest.mark.parametrize(
    ("first", "last", "reverse", "phrase"),
    [
        (5, 3, False, "Frame 3 comes before frame 5"),
        (3, 5, True, "Frame 5 comes before frame 3"),
        (0, 14, False, "Frame 14 does not exist: the clip's frames are 0 to 13"),
        (-1, None, False, "Frame -1 does not exist"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused_at_once(
    session: VideoSession, first: int, last: int | None, reverse: bool, phrase: str
) -> None:
    session.add_points(0, 1, [[15, 17]], [1])
    with pytest.raises(PromptError, match=phrase):
        session.propagate(first, last, reverse=reverse)


def test_there_must_be_something_to_follow(session: VideoSession) -> None:
    with pytest.raises(PromptError, match="nothing to follow"):
        session.propagate()
    session.add_points(0, 1, [[15, 17]], [1])
    with pytest.raises(PromptError, match="no object 2"):
        session.propagate(object_ids=[1, 2])
    session.clear_frame(0, 1)
    with pytest.raises(PromptError, match="nothing to follow"):
        session.propagate()


def test_each_object_begins_at_its_own_first_prompt(session: VideoSession) -> None:
    session.add_points(3, 1, [[15, 17]], [1])
    session.add_points(6, 2, [[50, 30]], [1])
    session.add_points(10, 2, [[50, 30]], [1])
    forward = list(session.propagate(0, 13))
    assert sorted(masks_of(forward, 1)) == list(range(3, 14))
    assert sorted(masks_of(forward, 2)) == list(range(6, 14))
    backward = list(session.propagate(13, 0, reverse=True))
    assert sorted(masks_of(backward, 1)) == list(range(0, 4))
    assert sorted(masks_of(backward, 2)) == list(range(0, 11))


def test_objects_without_prompts_are_left_out(session: VideoSession) -> None:
    session.add_points(0, 1, [[15, 17]], [1])
    session.add_points(0, 2, [[50, 30]], [1])
    session.clear_frame(0, 2)
    assert masks_of(session.propagate(), 2) == {}
    assert session.object_ids == (1, 2)


def test_only_the_wanted_objects_are_followed(session: VideoSession) -> None:
    for object_id in (1, 2, 3):
        session.add_points(0, object_id, [[15 * object_id, 17]], [1])
    for result in session.propagate(object_ids=[3, 1]):
        assert [shown.object_id for shown in result.objects] == [1, 3]


def test_a_closed_run_goes_on_as_if_it_had_never_stopped(small_model: Sam2Model, clip: Frames) -> None:
    whole, parts = VideoSession(small_model, clip), VideoSession(small_model, clip)
    for session in (whole, parts):
        session.add_points(0, 1, [[15, 17]], [1])
        session.add_points(1, 2, [[50, 30]], [1])
    wanted = masks_of(whole.propagate(), 1)
    run = parts.propagate()
    seen = [next(run) for _ in range(6)]
    run.close()
    assert parts.remembers(6, 1) and parts.remembers(6, 2)
    assert_same(masks_of([*seen, *parts.propagate(6)], 1), wanted)


def test_a_run_that_cannot_be_taken_up_looks_at_prompts_alone(small_model: Sam2Model, clip: Frames) -> None:
    used, fresh = VideoSession(small_model, clip), VideoSession(small_model, clip)
    for session in (used, fresh):
        session.add_points(0, 1, [[15, 17]], [1])
    list(used.propagate())
    assert not used.remembers(9, 1)
    assert used.remembers(0, 1)
    assert_same(masks_of(used.propagate(9), 1), masks_of(fresh.propagate(9), 1))


def test_runs_in_both_directions_may_take_turns(small_model: Sam2Model, clip: Frames) -> None:
    apart, turns = VideoSession(small_model, clip), VideoSession(small_model, clip)
    for session in (apart, turns):
        session.add_points(6, 1, [[15, 17]], [1])
    wanted = masks_of(apart.propagate(), 1) | masks_of(apart.propagate(reverse=True), 1)
    up, down = turns.propagate(), turns.propagate(reverse=True)
    found = {}
    for _ in range(7):
        found |= masks_of([next(up)], 1) | masks_of([next(down)], 1)
    found |= masks_of(up, 1)
    assert list(down) == []
    assert_same(found, wanted)


def test_objects_come_and_go_during_a_run(session: VideoSession) -> None:
    session.add_points(0, 1, [[15, 17]], [1])
    session.add_points(0, 2, [[50, 30]], [1])
    seen = {}
    for result in session.propagate():
        seen[result.frame] = [shown.object_id for shown in result.objects]
        if result.frame == 3:
            session.remove_object(2)
            session.add_points(1, 5, [[30, 30]], [1])
            session.add_points(8, 6, [[30, 30]], [1])
    assert seen == {frame: [1, 2] for frame in range(4)} | {frame: [1, 5] for frame in range(4, 8)} | {
        frame: [1, 5, 6] for frame in range(8, 14)
    }


def test_a_run_ends_when_its_last_object_goes(session: VideoSession) -> None:
    session.add_points(0, 1, [[15, 17]], [1])
    run = session.propagate()
    next(run)
    session.remove_object(1)
    assert list(run) == []


def test_a_prompt_during_a_run_is_as_a_run_begun_after_it(small_model: Sam2Model, clip: Frames) -> None:
    during, after = VideoSession(small_model, clip), VideoSession(small_model, clip)
    for session in (during, after):
        session.add_points(0, 1, [[15, 17]], [1])
    run = during.propagate()
    for _ in range(5):
        next(run)
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    mask[5:30, 40:60] = True
    for session in (during, after):
        session.add_mask(9, 1, mask)
    rest = masks_of(run, 1)
    assert np.array_equal(rest[9], mask)
    assert_same(rest, masks_of(after.propagate(5), 1))


def test_a_rebuilt_session_gives_the_same_masks(small_model: Sam2Model, clip: Frames) -> None:
    used = VideoSession(small_model, clip)
    used.add_points(11, 1, [[30, 40]], [1])
    used.add_points(0, 1, [[15, 17]], [1])
    used.add_points(4, 1, [[2, 2]], [1])
    list(used.propagate(0, 8))
    used.add_points(0, 1, [[15, 17], [60, 40]], [1, 0])
    used.clear_frame(4, 1)
    list(used.propagate(8, 0, reverse=True))
    used.add_points(5, 2, [[3, 3]], [1])
    rebuilt = VideoSession(small_model, clip)
    rebuilt.add_points(0, 1, [[15, 17], [60, 40]], [1, 0])
    rebuilt.add_points(11, 1, [[30, 40]], [1])
    assert_same(masks_of(rebuilt.propagate(), 1), masks_of(used.propagate(), 1))
    outputs = [session.output(13, 1) for session in (rebuilt, used)]
    logits = [output.low_res for output in outputs if output is not None and output.low_res is not None]
    assert len(logits) == 2 and torch.equal(*logits)
    assert_same(masks_of(rebuilt.propagate(reverse=True), 1), masks_of(used.propagate(reverse=True), 1))


def test_cleared_prompts_leave_nothing_behind(small_model: Sam2Model, clip: Frames) -> None:
    used, fresh = VideoSession(small_model, clip), VideoSession(small_model, clip)
    for session in (used, fresh):
        session.add_points(0, 1, [[15, 17]], [1])
    used.add_points(5, 1, [[60, 40]], [1])
    list(used.propagate())
    used.clear_frame(5, 1)
    used.clear_frame(7, 1)
    assert_same(masks_of(used.propagate(), 1), masks_of(fresh.propagate(), 1))


def test_reset_forgets_objects_and_ends_runs(session: VideoSession) -> None:
    session.add_points(0, 1, [[15, 17]], [1])
    run = session.propagate()
    next(run)
    session.reset()
    session.add_points(0, 1, [[15, 17]], [1])
    assert list(run) == []
    assert session.object_ids == (1,)


class StopsAt(Sequence[NDArray[np.uint8]]):
    """Frames during whose reading something happens."""

    def __init__(self, frames: Frames, frame: int, happen: Callable[[], None]) -> None:
        self._frames, self._frame, self._happen = frames, frame, happen

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index):
        if index == self._frame:
            self._happen()
        return self._frames[index]


def test_a_run_stops_between_two_objects_of_a_frame(small_model: Sam2Model, clip: Frames) -> None:
    # The first object's features of frame 4 are read while it is being tracked, so the second one is never begun.
    stopped = VideoSession(small_model, StopsAt(clip, 4, lambda: stopped.stop()))
    whole = VideoSession(small_model, clip)
    for session in (stopped, whole):
        session.add_points(0, 1, [[15, 17]], [1])
        session.add_points(0, 2, [[50, 30]], [1])
    seen = list(stopped.propagate())
    assert [result.frame for result in seen] == [0, 1, 2, 3]
    assert stopped.output(4, 1) is None
    resumed = [*seen, *stopped.propagate(4)]
    for object_id in (1, 2):
        assert_same(masks_of(resumed, object_id), masks_of(whole.propagate(), object_id))


def test_a_frame_that_cannot_be_read_is_passed_over(small_model: Sam2Model, clip: Frames) -> None:
    def refuse() -> None:
        raise OSError("frame 5 is damaged")

    session = VideoSession(small_model, StopsAt(clip, 5, refuse))
    session.add_points(0, 1, [[15, 17]], [1])
    run = session.propagate()
    for _ in range(5):
        next(run)
    with pytest.raises(OSError, match="frame 5 is damaged"):
        next(run)
    assert session.remembers(6, 1)
    assert sorted(masks_of(session.propagate(6), 1)) == list(range(6, 14))


def test_a_suspended_run_leaves_torch_as_it_was(session: VideoSession) -> None:
    session.add_points(0, 1, [[15, 17]], [1])
    for _ in session.propagate():
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()


def test_a_clip_of_one_frame_can_be_prompted_run_and_prompted_again(small_model: Sam2Model, clip: Frames) -> None:
    for settings in (SessionSettings(), SessionSettings.published()):
        session = VideoSession(small_model, clip[:1], settings)
        session.add_points(0, 1, [[15, 17]], [1])
        assert len(list(session.propagate())) == 1
        again = session.add_points(0, 1, [[15, 17], [60, 40]], [1, 0])
        assert np.isfinite([again.iou, again.score]).all()
        assert len(list(session.propagate())) == 1


def test_an_absent_object_has_an_empty_mask(small_model: Sam2Model, clip: Frames) -> None:
    with torch.no_grad():
        small_model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(-4.0)
    session = VideoSession(small_model, clip)
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    mask[10:25, 5:25] = True
    assert session.add_mask(0, 1, mask).score == 10.0
    results = list(session.propagate())
    assert np.array_equal(results[0].objects[0].mask, mask)
    assert all(result.objects[0].score < 0 and not result.objects[0].mask.any() for result in results[1:])


def test_results_need_not_overlap(small_model: Sam2Model, clip: Frames) -> None:
    overlapping, apart = (
        VideoSession(small_model, clip, SessionSettings(non_overlap_masks=value)) for value in (False, True)
    )
    for session in (overlapping, apart):
        session.add_points(0, 1, [[15, 17]], [1])
        session.add_points(0, 2, [[18, 20]], [1])
    claimed = np.stack([shown.mask for result in overlapping.propagate() for shown in result.objects])
    given = [np.stack([shown.mask for shown in result.objects]) for result in apart.propagate()]
    assert (claimed.reshape(14, 2, HEIGHT, WIDTH).sum(axis=1) == 2).any()
    assert all((masks.sum(axis=0) <= 1).all() for masks in given)
    assert np.array_equal(np.stack(given).any(axis=1), claimed.reshape(14, 2, HEIGHT, WIDTH).any(axis=1))


def test_a_single_attended_prompt_is_enough(small_model: Sam2Model, clip: Frames) -> None:
    session = VideoSession(small_model, clip, SessionSettings(max_conditioning_frames=1))
    for frame in (0, 4, 8):
        session.add_points(frame, 1, [[15 + frame, 17]], [1])
    assert sorted(masks_of(session.propagate(), 1)) == list(range(14))


def test_sessions_may_share_features(small_model: Sam2Model, clip: Frames) -> None:
    one = VideoSession(small_model, clip)
    other = VideoSession(small_model, clip, features=one.features)
    one.prepare_frame(3)
    assert 3 in other.features


def test_clips_that_make_no_sense_are_refused(small_model: Sam2Model, clip: Frames) -> None:
    with pytest.raises(PromptError, match="no frames"):
        VideoSession(small_model, [])
    mixed = VideoSession(small_model, [clip[0], clip[1][:-1]])
    mixed.add_points(0, 1, [[15, 17]], [1])
    with pytest.raises(PromptError, match="all frames of a clip must be of one size"):
        list(mixed.propagate())
    with pytest.raises(PromptError, match="8-bit RGB"):
        VideoSession(small_model, [clip[0].astype(np.float32)]).prepare_frame(0)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="corrections_condition"):
        SessionSettings(corrections_condition=False)
    with pytest.raises(ValueError, match="max_conditioning_frames"):
        SessionSettings(max_conditioning_frames=0)
    with pytest.raises(ValueError, match="memory_stride"):
        SessionSettings(memory_stride=0)
