"""Dense hints: every prompt shows in its map, and objects do not see each other's prompts."""

from __future__ import annotations

import torch

from sam2_core.model.hints import DenseHints, hint_maps

SIZE = (32, 32)


def _trunk(count: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn((count, 6, 16, 16), generator=generator), torch.randn((count, 8, 8, 8), generator=generator)


def _maps(points, labels, previous=None):
    return hint_maps(torch.tensor(points).float(), torch.tensor(labels), previous, _trunk(), SIZE)


def test_a_click_is_a_hill_where_it_was_made_and_alike_to_itself() -> None:
    maps = _maps([[[80.0, 40.0]]], [[1]])
    assert maps.shape == (1, 9, 32, 32)
    row, column = divmod(int(maps[0, 0].argmax()), 32)
    assert abs(row - 10) <= 1
    assert abs(column - 20) <= 1
    assert maps[0, 1].abs().max() == 0
    # The similarity maps of positive clicks peak near the click; those of negative clicks are empty.
    assert float(maps[0, 3, 10, 20]) > 0.5
    assert maps[0, 4].abs().max() == 0


def test_without_fine_likeness_a_positive_click_is_compared_at_stride_16_alone() -> None:
    points, labels = torch.tensor([[[80.0, 40.0], [20.0, 100.0]]]), torch.tensor([[1, 0]])
    whole = hint_maps(points, labels, None, _trunk(), SIZE)
    coarse = hint_maps(points, labels, None, _trunk(), SIZE, fine_likeness=False)
    assert whole[:, 5].abs().max() > 0.5
    assert coarse[:, 5].abs().max() == 0
    others = [0, 1, 2, 3, 4, 6, 7, 8]
    assert torch.equal(whole[:, others], coarse[:, others])


def test_a_negative_click_goes_to_its_own_maps() -> None:
    maps = _maps([[[80.0, 40.0]]], [[0]])
    assert maps[0, 0].max() == 0
    assert maps[0, 1].max() > 0.8
    assert maps[0, 3].abs().max() == 0
    assert maps[0, 4].abs().max() > 0.5


def test_a_box_is_filled_and_a_padding_point_leaves_no_trace() -> None:
    maps = _maps([[[16.0, 32.0], [64.0, 96.0]], [[0.0, 0.0], [0.0, 0.0]]], [[2, 3], [-1, -1]])
    box = maps[0, 2]
    assert float(box.sum()) == 12 * 16
    assert torch.equal(box[8:24, 4:16], torch.ones(16, 12))
    assert maps[1].abs().max() == 0


def test_a_box_smaller_than_a_cell_still_shows() -> None:
    maps = _maps([[[17.0, 33.0], [19.0, 35.0]]], [[2, 3]])
    assert 0 < float(maps[0, 2].sum()) < 1


def test_previous_logits_are_bounded_and_flagged() -> None:
    maps = _maps([[[4.0, 4.0]]], [[1]], torch.full((1, 1, 32, 32), -100.0))
    assert torch.equal(maps[0, 7], torch.full(SIZE, -1.0))
    assert torch.equal(maps[0, 8], torch.ones(SIZE))
    assert _maps([[[4.0, 4.0]]], [[1]])[0, 7:].abs().max() == 0


def test_objects_of_one_picture_are_answered_independently() -> None:
    torch.manual_seed(0)
    hints = DenseHints(32, (4, 6, 8, 10)).eval()
    trunk = _trunk()
    skips = torch.randn(1, 4, 32, 32), torch.randn(1, 8, 16, 16)
    points, labels = torch.rand(3, 2, 2) * 128, torch.tensor([[1, 0], [2, 3], [1, -1]])
    previous = torch.randn(3, 1, 32, 32)
    with torch.no_grad():
        together = hints(points, labels, previous, trunk, skips)
        for row in range(3):
            rows = slice(row, row + 1)
            alone = hints(points[rows], labels[rows], previous[rows], trunk, skips)
            assert torch.allclose(together.dense[rows], alone.dense, atol=1e-5)
            assert torch.allclose(together.fine[rows], alone.fine, atol=1e-5)
            assert torch.allclose(together.middle[rows], alone.middle, atol=1e-5)
    assert together.dense.shape == (3, 32, 8, 8)
    assert together.fine.shape == (3, 4, 32, 32)
    assert together.middle.shape == (3, 8, 16, 16)
