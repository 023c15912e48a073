"""One picture, prompts in, masks out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sam2_core.errors import PromptError
from sam2_core.image import ImagePredictor
from sam2_core.model.sam2 import Sam2Model


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (48, 80, 3), dtype=np.uint8)


@pytest.fixture
def predictor(small_model: Sam2Model, picture: np.ndarray) -> ImagePredictor:
    predictor = ImagePredictor(small_model)
    predictor.set_image(picture)
    return predictor


def test_a_click_gives_three_masks_of_the_pictures_size(predictor: ImagePredictor) -> None:
    answer = predictor.predict([[40.0, 20.0]], [1])
    assert answer.masks.shape == (3, 48, 80)
    assert answer.masks.dtype == np.bool_
    assert answer.masks.any() and not answer.masks.all()
    assert answer.iou.shape == (3,)
    assert ((answer.iou >= 0) & (answer.iou <= 1)).all()
    assert answer.low_res.shape == (3, 16, 16)
    assert np.abs(answer.low_res).max() <= 32


def test_masks_are_the_logits_above_zero(predictor: ImagePredictor) -> None:
    masks = predictor.predict([[40.0, 20.0]], [1]).masks
    logits = predictor.predict([[40.0, 20.0]], [1], return_logits=True).masks
    assert logits.dtype == np.float32
    np.testing.assert_array_equal(masks, logits > 0)


def test_the_threshold_and_the_areas_shape_the_masks(small_model: Sam2Model, picture: np.ndarray) -> None:
    strict = ImagePredictor(small_model, mask_threshold=1.0)
    clean = ImagePredictor(small_model, max_hole_area=40, max_speck_area=40)
    plain = ImagePredictor(small_model)
    for predictor in (strict, clean, plain):
        predictor.set_image(picture)
    wide = plain.predict([[40.0, 20.0]], [1]).masks
    narrow = strict.predict([[40.0, 20.0]], [1]).masks
    assert (narrow <= wide).all() and narrow.sum() < wide.sum()
    cleaned = clean.predict([[40.0, 20.0]], [1])
    assert (cleaned.masks != wide).any()
    np.testing.assert_array_equal(cleaned.low_res, plain.predict([[40.0, 20.0]], [1]).low_res)


def test_a_box_is_two_points_in_front_of_the_others(predictor: ImagePredictor) -> None:
    answer = predictor.predict([[30.0, 20.0]], [0], box=[10.0, 8.0, 60.0, 40.0], multimask=False)
    scale = torch.tensor([64 / 80, 64 / 48])
    points = torch.tensor([[[10.0, 8.0], [60.0, 40.0], [30.0, 20.0]]]) * scale
    raw = predictor.answer(points, torch.tensor([[2, 3, 0]]), None, False)
    np.testing.assert_allclose(answer.low_res, raw.low_res[0].clamp(-32, 32).numpy(), atol=1e-5)
    assert answer.masks.shape == (1, 48, 80)


def test_an_earlier_answer_can_be_refined_or_stand_alone(predictor: ImagePredictor) -> None:
    first = predictor.predict([[40.0, 20.0]], [1])
    refined = predictor.predict([[40.0, 20.0], [5.0, 5.0]], [1, 0], mask_logits=first.low_res[:1], multimask=False)
    plain = predictor.predict([[40.0, 20.0], [5.0, 5.0]], [1, 0], multimask=False)
    assert np.abs(refined.low_res - plain.low_res).max() > 0.01
    assert predictor.predict(mask_logits=first.low_res[1]).masks.shape == (3, 48, 80)


def test_prompts_answered_together_equal_those_answered_alone(predictor: ImagePredictor) -> None:
    points = torch.tensor([[[10.0, 12.0]], [[50.0, 40.0]], [[32.0, 3.0]]])
    labels = torch.ones(3, 1)
    together = predictor.answer(points, labels, None, True)
    for i in range(3):
        alone = predictor.answer(points[i : i + 1], labels[i : i + 1], None, True)
        torch.testing.assert_close(together.low_res[i], alone.low_res[0], atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(together.iou[i], alone.iou[0], atol=1e-5, rtol=1e-4)


def test_a_second_picture_replaces_the_first(predictor: ImagePredictor, picture: np.ndarray) -> None:
    before = predictor.predict([[10.0, 10.0]], [1], return_logits=True)
    predictor.set_image(np.ascontiguousarray(picture[::-1, :40]))
    assert predictor.size == (48, 40)
    assert predictor.predict([[10.0, 10.0]], [1]).masks.shape == (3, 48, 40)
    predictor.set_image(picture)
    np.testing.assert_array_equal(predictor.predict([[10.0, 10.0]], [1], return_logits=True).masks, before.masks)


@pytest.mark.parametrize(
    ("prompt", "phrase"),
    [
        ({}, "There is no prompt"),
        ({"points": [], "labels": []}, "There is no prompt"),
        ({"points": [[1.0, 2.0]]}, "go together"),
        ({"points": [[1.0, 2.0]], "labels": [1, 0]}, "2 labels"),
        ({"points": [[1.0, 2.0, 3.0]], "labels": [1]}, "x, y pairs"),
        ({"points": [[1.0, np.nan]], "labels": [1]}, "not a number"),
        ({"points": [[1.0, 2.0]], "labels": [2]}, "label"),
        ({"box": [1.0, 2.0, 3.0]}, "four numbers"),
        ({"box": [5.0, 2.0, 5.0, 9.0]}, "is empty"),
        ({"mask_logits": np.zeros((1, 48, 80))}, "1 x 16 x 16"),
    ],
)
def test_prompts_that_make_no_sense_are_refused(predictor: ImagePredictor, prompt: dict, phrase: str) -> None:
    with pytest.raises(PromptError, match=phrase):
        predictor.predict(**prompt)


def test_something_must_be_set_and_be_a_picture(small_model: Sam2Model, picture: np.ndarray) -> None:
    predictor = ImagePredictor(small_model)
    with pytest.raises(PromptError, match="set_image"):
        predictor.predict([[1.0, 1.0]], [1])
    for wrong in (picture[..., 0], picture.astype(np.float32), picture[:0]):
        with pytest.raises(PromptError, match="8-bit RGB"):
            predictor.set_image(wrong)
    predictor.set_image(picture)
    predictor.clear()
    with pytest.raises(PromptError, match="set_image"):
        predictor.predict([[1.0, 1.0]], [1])
