"""What was not asked for does not stay in an answer, in a session as on a picture."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sam2_core.image import ImagePredictor
from sam2_core.model.sam2 import Sam2Model
from sam2_core.postprocess import keep_asked_parts
from sam2_core.video import SessionSettings, VideoSession

SIDE = 64
CLICK = [[15.5, 17.0]]


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)


@pytest.fixture
def keeping_model(small_model: Sam2Model) -> Sam2Model:
    """Answers with noise, of which it keeps what was asked for."""
    small_model.config = dataclasses.replace(small_model.config, keeps_asked_parts=True)
    return small_model


def keep_everything(model: Sam2Model) -> None:
    model.config = dataclasses.replace(model.config, keeps_asked_parts=False)


def session_answer(model: Sam2Model, picture: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None) -> torch.Tensor:
    session = VideoSession(model, [picture], SessionSettings(fill_hole_area=0))
    if mask is not None:
        session.add_mask(0, 1, mask)
    session.add_points(0, 1, CLICK, [1])
    output = session.output(0, 1)
    assert output is not None and output.low_res is not None
    return output.low_res


def asked_for(logits: torch.Tensor, beneath: torch.Tensor | None = None) -> torch.Tensor:
    return keep_asked_parts(logits, torch.tensor([CLICK]), torch.tensor([[1]]), SIDE, beneath)


def test_a_session_and_a_picture_keep_the_part_that_was_clicked(
    keeping_model: Sam2Model, picture: NDArray[np.uint8]
) -> None:
    in_session = session_answer(keeping_model, picture)
    predictor = ImagePredictor(keeping_model)
    predictor.set_image(picture)
    on_picture = predictor.predict(CLICK, [1])
    keep_everything(keeping_model)
    whole = session_answer(keeping_model, picture)
    assert (in_session > 0).sum() < (whole > 0).sum(), "the noise is one part, so nothing was tried"
    assert torch.equal(in_session > 0, asked_for(whole) > 0)
    all_of_it = torch.from_numpy(predictor.predict(CLICK, [1]).low_res)[None]
    assert np.array_equal(on_picture.low_res > 0, (asked_for(all_of_it) > 0)[0].numpy())


def test_clicks_that_mend_a_mask_keep_its_other_parts(keeping_model: Sam2Model, picture: NDArray[np.uint8]) -> None:
    mask = np.zeros((SIDE, SIDE), dtype=np.bool_)
    mask[:, SIDE // 2 :] = True
    mended = session_answer(keeping_model, picture, mask)
    keep_everything(keeping_model)
    whole = session_answer(keeping_model, picture, mask)
    beneath = torch.zeros(1, SIDE // 4, SIDE // 4, dtype=torch.bool)
    beneath[:, :, SIDE // 8 :] = True
    assert torch.equal(mended > 0, asked_for(whole, beneath) > 0)
    assert (mended > 0).sum() > (asked_for(whole) > 0).sum()
