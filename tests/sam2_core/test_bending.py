"""Answers to several clicks hold to each of them, and change no more than that takes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from sam2_core.image import ImagePredictor
from sam2_core.model.bending import bend_to_clicks
from sam2_core.model.sam2 import Sam2Model

CELLS, SIDE, MARGIN = 16, 64, 4.0
LEFT, RIGHT, MIDDLE = [10.0, 32.0], [54.0, 32.0], [32.0, 32.0]


def features() -> Tensor:
    """Three upright stripes that look different, each the same all over."""
    maps = torch.zeros(1, 3, CELLS, CELLS)
    for number, columns in enumerate((slice(0, 5), slice(5, 11), slice(11, 16))):
        maps[0, number, :, columns] = 1.0
    return maps


def bent(masks: Tensor, points: list[list[float]], labels: list[int]) -> Tensor:
    return bend_to_clicks(masks, features(), torch.tensor([points]), torch.tensor([labels]), MARGIN, SIDE)


def full(logit: float = 3.0) -> Tensor:
    return torch.full((1, 1, CELLS, CELLS), logit)


def test_what_looks_like_a_negative_click_goes_and_the_rest_stays() -> None:
    result = bent(full(), [LEFT, RIGHT], [1, 0])[0, 0]
    assert bool((result[:, :11] > 0).all())
    assert bool((result[:, 11:] < 0).all())


def test_every_click_gets_its_margin() -> None:
    result = bent(full(-1.0), [LEFT, MIDDLE, RIGHT], [1, 0, 1])[0, 0]
    assert result[8, 2] == pytest.approx(MARGIN, abs=0.2)
    assert result[8, 8] < -MARGIN + 0.2
    assert result[8, 13] == pytest.approx(MARGIN, abs=0.2)


def test_an_answer_that_obeys_its_clicks_is_the_very_same() -> None:
    masks = full(9.0)
    assert bent(masks, [LEFT, RIGHT], [1, 1]) is masks


def test_a_first_click_bends_nothing() -> None:
    masks = full(-3.0)
    assert bent(masks, [LEFT, [0.0, 0.0]], [1, -1]) is masks


def test_corners_of_a_box_and_clicks_outside_the_picture_are_no_clicks() -> None:
    masks = full(-3.0)
    assert bent(masks, [[4.0, 4.0], [60.0, 60.0], LEFT], [2, 3, 1]) is masks
    assert bent(masks, [LEFT, [-5.0, 10.0], [10.0, 64.0]], [1, 1, 1]) is masks


def test_contrary_clicks_on_one_place_leave_a_finite_mask() -> None:
    result = bent(full(1.0), [LEFT, LEFT, RIGHT], [1, 0, 1])
    assert bool(torch.isfinite(result).all()) and float(result.abs().max()) < 50 * MARGIN
    assert result[0, 0, 8, 13] > 0


def test_objects_side_by_side_are_bent_each_by_its_own_clicks() -> None:
    masks = full().repeat(2, 1, 1, 1)
    points, labels = torch.tensor([[LEFT, RIGHT], [LEFT, RIGHT]]), torch.tensor([[1, 0], [0, 1]])
    both = bend_to_clicks(masks, features().repeat(2, 1, 1, 1), points, labels, MARGIN, SIDE)
    assert torch.allclose(both[:1], bent(full(), [LEFT, RIGHT], [1, 0]))
    assert torch.allclose(both[1:], bent(full(), [LEFT, RIGHT], [0, 1]))


def test_a_model_that_bends_obeys_clicks_that_it_would_pass_over(small_model: Sam2Model) -> None:
    picture = np.random.default_rng(5).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
    points, labels = [[8.5, 8.5], [40.5, 40.5], [56.5, 12.5]], np.array([1, 0, 1])

    def logits() -> np.ndarray:
        predictor = ImagePredictor(small_model)
        predictor.set_image(picture)
        low_res = predictor.predict(points, labels, multimask=False).low_res[0]
        step = SIDE // len(low_res)
        return np.array([low_res[int(y) // step, int(x) // step] for x, y in points])

    small_model.config = dataclasses.replace(small_model.config, dynamic_multimask_via_stability=False)
    assert (np.sign(logits()) != 2 * labels - 1).any(), "the model obeys anyway, so nothing was tried"
    small_model.config = dataclasses.replace(small_model.config, click_margin=MARGIN)
    assert (np.sign(logits()) == 2 * labels - 1).all()


def test_a_narrower_type_for_products_bends_alike() -> None:
    wanted = bent(full(), [LEFT, MIDDLE, RIGHT], [1, 1, 0])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = bent(full(), [LEFT, MIDDLE, RIGHT], [1, 1, 0])
    assert result.dtype == torch.float32 and torch.equal(result, wanted)
