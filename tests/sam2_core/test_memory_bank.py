"""Which memories a frame looks at, and the tokens made of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
import torch

from sam2_core.memory_bank import MemoryReader, MemoryTokens, PlainPolicy, Selection


def test_a_frame_looks_at_the_prompted_frame_and_the_six_frames_before_it() -> None:
    picked = PlainPolicy(100).select(40, [3], range(4, 40), reverse=False)
    assert picked.maps == ((3, 6), (34, 5), (35, 4), (36, 3), (37, 2), (38, 1), (39, 0))
    assert picked.pointers == ((3, 37), *((40 - back, back) for back in range(1, 16)))
    assert picked.pointer_span == 15


def test_a_run_towards_the_start_looks_the_other_way() -> None:
    picked = PlainPolicy(100).select(40, [70], range(41, 70), reverse=True)
    assert picked.maps == ((70, 6), (46, 5), (45, 4), (44, 3), (43, 2), (42, 1), (41, 0))
    assert picked.pointers == ((70, 30), *((40 + back, back) for back in range(1, 16)))


def test_a_prompted_frame_still_to_come_lends_its_memory_but_not_its_pointer() -> None:
    policy = PlainPolicy(30)
    assert policy.select(10, [2, 20], [], reverse=False) == Selection(((2, 6), (20, 6)), ((2, 8),), 15)
    assert policy.select(10, [2, 20], [], reverse=True).pointers == ((20, 10),)
    both = PlainPolicy(30, past_pointers_only=False)
    assert both.select(10, [2, 20], [], reverse=False).pointers == ((2, 8), (20, -10))
    unsigned = PlainPolicy(30, past_pointers_only=False, signed=False)
    assert unsigned.select(10, [2, 20], [], reverse=False).pointers == ((2, 8), (20, 10))


def test_the_frame_itself_counts_as_past() -> None:
    assert PlainPolicy(30).select(10, [10], [], reverse=False).pointers == ((10, 0),)


@pytest.mark.parametrize(("stride", "frame", "places"), [(3, 11, (0, 3, 6, 9, 10)), (4, 30, (12, 16, 20, 24, 28, 29))])
def test_with_a_stride_older_memories_lie_on_its_grid(stride: int, frame: int, places: tuple[int, ...]) -> None:
    picked = PlainPolicy(60, stride=stride).select(frame, [], range(frame), reverse=False)
    assert tuple(place for place, _ in picked.maps) == places


def test_a_stride_is_mirrored_when_running_backwards() -> None:
    picked = PlainPolicy(60, stride=3).select(10, [], range(11, 60), reverse=True)
    assert [place for place, _ in picked.maps] == [24, 21, 18, 15, 12, 11]
    assert [row for _, row in picked.maps] == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("limit", "places"), [(1, [9]), (2, [9, 14]), (3, [9, 14, 4]), (4, [0, 4, 9, 14]), (None, [0, 4, 9, 14])]
)
def test_of_too_many_prompted_frames_the_nearest_are_attended(limit: int | None, places: list[int]) -> None:
    picked = PlainPolicy(20, max_conditioning=limit).select(11, [0, 4, 9, 14], [], reverse=False)
    assert [place for place, row in picked.maps if row == 6] == places


def test_a_prompted_frame_that_was_not_attended_may_serve_as_a_recent_one() -> None:
    picked = PlainPolicy(20, max_conditioning=1).select(11, [9, 10], [8], reverse=False)
    assert picked.maps == ((10, 6), (8, 2), (9, 1))
    assert picked.pointers == ((10, 1), (9, 2), (8, 3))


def test_pointers_stop_at_the_ends_of_the_clip() -> None:
    assert PlainPolicy(4).select(3, [0], [1, 2], reverse=False) == Selection(
        ((0, 6), (1, 1), (2, 0)), ((0, 3), (2, 1), (1, 2)), 3
    )
    assert PlainPolicy(5).select(3, [4], [], reverse=True).pointers == ((4, 1),)


def test_a_clip_of_one_frame_has_no_division_by_zero() -> None:
    picked = PlainPolicy(1).select(0, [0], [], reverse=False)
    assert picked == Selection(((0, 6),), ((0, 0),), 1)


@pytest.mark.parametrize(("maps", "stride", "reverse"), list(itertools.product([1, 2, 3, 7], [1, 2, 5], [False, True])))
def test_nothing_is_picked_from_beyond_the_reach(maps: int, stride: int, reverse: bool) -> None:
    policy = PlainPolicy(200, maps=maps, stride=stride)
    furthest = 0
    for frame in range(60, 140):
        picked = policy.select(frame, [], range(200), reverse=reverse)
        distances = [(frame - place) * (-1 if reverse else 1) for place, _ in picked.maps]
        assert all(distance > 0 for distance in distances)
        furthest = max([furthest, *distances])
        assert max(distance for _, distance in picked.pointers) == policy.pointer_reach
    assert furthest == (policy.map_reach if maps > 1 else 0)


@dataclass
class Kept:
    """What a frame left behind."""

    memory: torch.Tensor | None
    pointer: torch.Tensor


def kept(model, seed: int) -> Kept:
    config = model.config
    generator = torch.Generator().manual_seed(seed)
    memory = torch.randn(1, config.memory_dim, config.grid, config.grid, generator=generator)
    return Kept(memory.bfloat16(), torch.randn(1, config.hidden, generator=generator))


def test_tokens_hold_whole_grids_then_pointers_cut_into_pieces(small_model) -> None:
    config = small_model.config
    cells = config.grid**2
    entries = {frame: kept(small_model, frame) for frame in (0, 4)}
    with torch.inference_mode():
        tokens = MemoryReader(small_model).read(Selection(((0, 6), (4, 0)), ((0, 5), (4, 1)), 15), entries)
    assert tokens.pointer_tokens == 2 * config.pointer_tokens
    assert tokens.memory.shape == tokens.position.shape == (2 * cells + tokens.pointer_tokens, 1, config.memory_dim)
    assert tokens.memory.dtype == torch.float32
    memory = entries[4].memory
    assert memory is not None
    assert torch.equal(tokens.memory[cells + 3, 0], memory[0, :, 0, 3].float())
    assert torch.equal(
        tokens.memory[2 * cells :, 0].flatten(), torch.cat([entries[0].pointer, entries[4].pointer]).flatten()
    )
    ages = tokens.position[0, 0] - tokens.position[cells, 0]
    wanted = small_model.maskmem_tpos_enc[6, 0, 0] - small_model.maskmem_tpos_enc[0, 0, 0]
    assert torch.allclose(ages, wanted, atol=1e-6)
    of_pointers = tokens.position[2 * cells :, 0].reshape(2, config.pointer_tokens, -1)
    assert torch.equal(of_pointers[:, :1].expand_as(of_pointers), of_pointers)
    assert not torch.equal(of_pointers[0], of_pointers[1])


def test_without_pointers_there_are_only_grids(small_model) -> None:
    with torch.inference_mode():
        tokens = MemoryReader(small_model).read(Selection(((9, 6),), (), 15), {9: kept(small_model, 1)})
    assert tokens.pointer_tokens == 0
    assert tokens.memory.shape[0] == small_model.config.grid**2


def test_objects_side_by_side_keep_their_own_tokens(small_model) -> None:
    reader, selection = MemoryReader(small_model), Selection(((0, 6),), ((0, 1),), 15)
    with torch.inference_mode():
        alone = [reader.read(selection, {0: kept(small_model, seed)}) for seed in (1, 2, 3)]
        together = MemoryTokens.stack(alone)
    for index, tokens in enumerate(alone):
        assert torch.equal(together.memory[:, index], tokens.memory[:, 0])
        assert torch.equal(together.position[:, index], tokens.position[:, 0])
    assert together.pointer_tokens == alone[0].pointer_tokens
