"""The simulated person of the training, and the loss."""

from __future__ import annotations

import pytest
import torch

from sam2_core.model.mask_decoder import DecoderOutput
from sam2_core.training.losses import PAPER_LOSS, SMALL_MODEL_LOSS, decoder_loss, mask_costs, true_ious
from sam2_core.training.prompts import boxes, corrections, first_clicks, interior_depth, wrong_masks


def _masks() -> torch.Tensor:
    masks = torch.zeros(3, 32, 32)
    masks[0, 4:20, 6:18] = 1
    masks[1, 30:32, 0:3] = 1
    masks[2, 10, 10] = 0.3
    return masks


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_depth_counts_cells_to_the_outside() -> None:
    depth = interior_depth(_masks()[:1] > 0.5)
    assert float(depth[0, 4, 6]) == 1
    assert float(depth[0, 11, 12]) == 6
    assert float(depth[0, 0, 0]) == 0


@pytest.mark.parametrize("seed", range(5))
def test_first_clicks_lie_on_their_objects(seed: int) -> None:
    masks = _masks()
    points, labels = first_clicks(masks, _generator(seed))
    assert labels.tolist() == [[1], [1], [1]]
    for mask, point in zip(masks, points[:, 0], strict=True):
        column, row = (int(value // 4) for value in point)
        assert mask[row, column] > 0


def test_boxes_without_wobble_enclose_exactly() -> None:
    corners, labels = boxes(_masks())
    assert labels[0].tolist() == [2, 3]
    assert corners[0].tolist() == [[24.0, 16.0], [72.0, 80.0]]
    assert corners[1].tolist() == [[0.0, 120.0], [12.0, 128.0]]
    assert corners[2].tolist() == [[40.0, 40.0], [44.0, 44.0]]
    wobbled, _ = boxes(_masks(), _generator())
    assert not torch.equal(wobbled, corners)
    assert float((wobbled - corners).abs().max()) <= 10.0


def test_corrections_go_where_the_answer_is_wrong_with_the_right_label() -> None:
    truth = torch.zeros(2, 32, 32)
    truth[:, 8:24, 8:24] = 1
    answer = torch.full((2, 32, 32), -5.0)
    answer[0, 8:24, 8:16] = 5.0
    answer[1, 8:24, 4:24] = 5.0
    points, labels = corrections(truth, answer, _generator())
    assert labels[:, 0].tolist() == [1, 0]
    assert 64 <= float(points[0, 0, 0]) <= 96
    assert 16 <= float(points[1, 0, 0]) <= 32


def test_a_right_answer_gets_a_click_on_the_background() -> None:
    truth = torch.zeros(1, 32, 32)
    truth[:, 8:24, 8:24] = 1
    points, labels = corrections(truth, truth * 10 - 5, _generator())
    column, row = (int(value // 4) for value in points[0, 0])
    assert labels.tolist() == [[0]]
    assert truth[0, row, column] == 0


def test_wrong_masks_resemble_the_truth_but_are_not_it() -> None:
    truth = torch.zeros(8, 64, 64)
    truth[:, 16:48, 20:44] = 1
    logits = wrong_masks(truth, _generator())
    ious = true_ious(logits, truth)
    assert logits.shape == (8, 1, 64, 64)
    assert float(ious.max()) < 0.999
    assert float(ious.mean()) > 0.3


def _output(masks: torch.Tensor, ious: torch.Tensor) -> DecoderOutput:
    count = len(masks)
    return DecoderOutput(masks, ious, torch.zeros(count, 4, 8), torch.full((count, 1), 3.0), masks)


def test_a_better_mask_costs_less_with_either_weights() -> None:
    truth = torch.zeros(1, 16, 16)
    truth[:, 4:12, 4:12] = 1
    good, bad = (truth * 10 - 5)[:, None], torch.full((1, 1, 16, 16), -5.0)
    for weights in (SMALL_MODEL_LOSS, PAPER_LOSS):
        assert float(mask_costs(good, truth, weights)) < float(mask_costs(bad, truth, weights))


def test_the_loss_rewards_picking_the_best_candidate() -> None:
    truth = torch.zeros(1, 16, 16)
    truth[:, 4:12, 4:12] = 1
    masks = torch.full((1, 4, 16, 16), -5.0)
    masks[:, 2] = truth * 10 - 5
    right = decoder_loss(
        _output(masks, torch.tensor([[0.0, 0.0, 1.0, 0.0]])), truth, SMALL_MODEL_LOSS, is_multimask=True
    )
    wrong = decoder_loss(
        _output(masks, torch.tensor([[0.0, 1.0, 0.0, 0.0]])), truth, SMALL_MODEL_LOSS, is_multimask=True
    )
    assert right.parts["pick"] < 0.01 < wrong.parts["pick"]
    assert float(right.ious) == 1.0
    assert float(wrong.ious) == 0.0


def test_an_absent_object_trains_the_score_alone() -> None:
    masks = torch.randn(1, 4, 16, 16, requires_grad=True)
    score = torch.full((1, 1), 2.0, requires_grad=True)
    output = DecoderOutput(masks, torch.full((1, 4), 0.5), torch.zeros(1, 4, 8), score, masks)
    loss = decoder_loss(output, torch.zeros(1, 16, 16), SMALL_MODEL_LOSS, is_multimask=True)
    loss.total.backward()
    assert masks.grad is not None
    assert float(masks.grad.abs().max()) == 0.0
    assert score.grad is not None
    assert float(score.grad) > 0


def test_the_papers_loss_learns_from_the_masks_that_are_answered_alone() -> None:
    truth = torch.zeros(1, 16, 16)
    truth[:, 4:12, 4:12] = 1
    for is_multimask, learning in ((True, {1, 2, 3}), (False, {0})):
        masks = (torch.randn(1, 4, 16, 16)).requires_grad_()
        ious = torch.full((1, 4), 0.5, requires_grad=True)
        decoder_loss(_output(masks, ious), truth, PAPER_LOSS, is_multimask=is_multimask).total.backward()
        assert masks.grad is not None
        assert ious.grad is not None
        assert set(torch.nonzero(ious.grad[0])[:, 0].tolist()) == learning
        moved = set(torch.nonzero(masks.grad[0].abs().sum(dim=(1, 2)))[:, 0].tolist())
        assert len(moved) == 1, "the best of several"
        assert moved <= learning
