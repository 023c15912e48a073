"""Carrying masks by features: the windowed search against a dense one, and what it must and must not do."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from sam2_core.matching import (
    MaskCarrier,
    carry_masks,
    find_neighbours,
    matching_features,
    prior_logits,
    soft_mask,
)
from sam2_core.model import precision
from sam2_core.neighbours import TILE, MatchSettings


def _features(height: int, width: int, seed: int, channels: int = 12) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn((channels, height, width), generator=generator), dim=0)


def _dense_masks(query, anchors, recent, masks, settings):
    """The same by comparing every cell with every other; a window is what is around a cell's tile."""
    channels, height, width = query.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    places = torch.stack([y.flatten(), x.flatten()], dim=1)
    first = places // TILE * TILE
    away = torch.maximum(first[:, None] - places[None], places[None] - first[:, None] - (TILE - 1)).amax(-1)
    similarity = []
    for frames, share in ((anchors, settings.anchor_window), (recent, settings.window)):
        for frame in frames:
            alike = query.reshape(channels, -1).T @ frame.reshape(channels, -1)
            similarity.append(alike.masked_fill(away > max(round(share * width), 1), -9.0))
    value, index = torch.cat(similarity, dim=1).topk(settings.neighbours, dim=1)
    weight = torch.softmax(value / settings.temperature, dim=1)
    return (masks.flatten(1)[:, index] * weight).sum(-1).reshape(-1, height, width)


def _random_masks(height: int, width: int) -> torch.Tensor:
    return torch.rand((2, 2, height, width), generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("size", [(16, 16), (20, 24), (9, 13), (40, 48)])
def test_windowed_search_equals_a_dense_one(size: tuple[int, int]) -> None:
    height, width = size
    query, first, second = (_features(height, width, seed) for seed in range(3))
    masks = _random_masks(height, width)
    settings = MatchSettings(window=0.15, anchor_window=0.3)
    carried = carry_masks(find_neighbours(query, [first], [second], settings), masks)
    assert torch.allclose(carried, _dense_masks(query, [first], [second], masks, settings), atol=1e-5)


def test_narrow_numbers_find_neighbours_that_are_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda: True)
    query, first, second = (_features(24, 24, seed, channels=40) for seed in range(3))
    settings = MatchSettings()
    with torch.no_grad():
        carried = carry_masks(find_neighbours(query, [first], [second], settings), _random_masks(24, 24))
    expected = _dense_masks(query, [first], [second], _random_masks(24, 24), settings)
    assert 0 < float((carried - expected).abs().mean()) < 0.02


def test_tiles_without_an_outline_are_not_searched_and_say_the_same() -> None:
    frames = [_features(64, 64, seed) for seed in range(3)]
    masks = torch.zeros(1, 2, 64, 64)
    masks[..., 16:56, 2:30] = 1.0
    settings = MatchSettings(window=0.05, anchor_window=0.05)
    found = find_neighbours(frames[0], [frames[1]], [frames[2]], settings)
    carried = carry_masks(found, masks)
    assert torch.allclose(carried, _dense_masks(frames[0], [frames[1]], [frames[2]], masks, settings), atol=1e-5)
    assert 0 < found.searched < 30


def test_a_seen_object_is_not_looked_for_far_from_where_it_was_last() -> None:
    frames = [_features(64, 64, seed) for seed in range(3)]
    masks = torch.zeros(1, 2, 64, 64)
    masks[:, 0, :8, :8] = 1.0
    query, settings = frames[0], MatchSettings(window=0.1, anchor_window=0.4, neighbours=1)
    lost = carry_masks(find_neighbours(query, [query], [frames[2]], settings), masks)
    assert torch.equal(lost[0], masks[0, 0])
    masks[:, 1, 56:, 56:] = 1.0
    seen = carry_masks(find_neighbours(query, [query], [frames[2]], settings), masks)
    assert float(seen[0, :32, :32].max()) == 0.0


def test_the_inside_of_a_large_object_is_not_searched_while_it_is_seen() -> None:
    query, first, second = (_features(80, 80, seed) for seed in range(3))
    masks = torch.zeros(1, 2, 80, 80)
    masks[:, 0, :, :40] = 1.0
    masks[:, 1, :, 16:] = 1.0
    found = find_neighbours(query, [first], [second], MatchSettings(step=0.05))
    carried = carry_masks(found, masks)
    # Its outline is at column 16 now; where the anchor saw it is of no matter.
    assert found.searched == 10 * 2
    assert torch.equal(carried[:, :, 24:], torch.ones(1, 80, 56))
    assert torch.equal(carried[:, :, :8], torch.zeros(1, 80, 8))


def test_no_neighbour_lies_outside_the_picture() -> None:
    query = _features(10, 10, 0)
    carried = carry_masks(find_neighbours(query, [-query], [], MatchSettings()), torch.full((1, 1, 10, 10), 0.5))
    assert torch.allclose(carried, torch.tensor(0.5), atol=1e-5)


def test_one_search_serves_objects_asked_for_one_after_the_other() -> None:
    frames = [_features(32, 32, seed) for seed in range(3)]
    masks = torch.zeros(2, 2, 32, 32)
    masks[0, :, 2:9, 2:9], masks[1, :, 20:30, 14:30] = 1.0, 1.0
    found = find_neighbours(frames[0], frames[1:2], frames[2:])
    one_by_one = torch.cat([carry_masks(found, mask[None]) for mask in masks])
    assert torch.equal(one_by_one, carry_masks(find_neighbours(frames[0], frames[1:2], frames[2:]), masks))


def test_a_mask_follows_features_that_move() -> None:
    still = _features(24, 24, 3)
    mask = torch.zeros(1, 24, 24)
    mask[:, 6:14, 6:14] = 1.0
    carrier = MaskCarrier(still, mask, MatchSettings(neighbours=1))
    moved = carrier.track(torch.roll(still, shifts=(2, 1), dims=(1, 2)))
    assert torch.equal(moved[0, 3:-1, 3:-1] > 0.5, torch.roll(mask, (2, 1), (1, 2))[0, 3:-1, 3:-1] > 0.5)


def test_objects_do_not_disturb_each_other() -> None:
    frames = [_features(16, 16, seed) for seed in range(3)]
    masks = torch.rand((3, 16, 16), generator=torch.Generator().manual_seed(1))
    together, alone = MaskCarrier(frames[0], masks), MaskCarrier(frames[0], masks[1:2])
    for frame in frames[1:]:
        assert torch.allclose(together.track(frame)[1:2], alone.track(frame), atol=1e-6)


def test_features_have_length_one_and_the_finer_grid() -> None:
    features = matching_features(torch.randn(1, 5, 16, 16), torch.randn(1, 7, 8, 8))
    assert features.shape == (12, 16, 16)
    assert torch.allclose(features.norm(dim=0), torch.ones(16, 16), atol=1e-5)


def test_a_prior_says_what_the_carried_mask_says() -> None:
    logits = torch.full((1, 1, 32, 32), -8.0)
    logits[..., 8:24, 8:24] = 8.0
    again = prior_logits(soft_mask(logits, 16), 32)
    assert again.shape == (1, 1, 32, 32)
    assert torch.equal(again > 0, logits > 0)


def test_matching_without_an_earlier_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="no earlier frame"):
        find_neighbours(_features(8, 8, 0), [], [])


def test_a_carried_mask_is_not_blurred_by_being_kept_enlarged() -> None:
    soft = F.avg_pool2d((torch.rand((1, 1, 64, 64), generator=torch.Generator().manual_seed(0)) > 0.5).float(), 4)[:, 0]
    kept = soft_mask(prior_logits(soft, 32), 16, was_enlarged=True)
    blurred = soft_mask(prior_logits(soft, 32), 16)
    assert float((kept - soft)[:, 2:-2, 2:-2].abs().max()) < 0.02
    assert float((blurred - soft).abs().mean()) > 3 * float((kept - soft).abs().mean())
