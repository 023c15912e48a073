"""A small object in a box is looked at closer, and the answer lands where it belongs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from sam2_core.config import BUILT_IN, CONFIGS
from sam2_core.prompts import FramePrompts, GivenBox, GivenPoint
from sam2_core.zoom import Crop, crop_for

SIZE = (300, 400)


def test_a_small_box_gets_a_part_around_it_that_holds_it_whole() -> None:
    box = GivenBox(10, 200, 60, 240)
    crop = crop_for(FramePrompts(box=box), SIZE, BUILT_IN)
    assert crop is not None
    assert 0 <= crop.x0 <= box.x0 and box.x1 <= crop.x1 <= SIZE[1]
    assert 0 <= crop.y0 <= box.y0 and box.y1 <= crop.y1 <= SIZE[0]
    assert (crop.x1 - crop.x0) / SIZE[1] == pytest.approx(BUILT_IN.box_zoom * 40 / 300, abs=0.01)


@pytest.mark.parametrize(
    "prompts",
    [
        FramePrompts(points=(GivenPoint(30, 30, True),)),
        FramePrompts(box=GivenBox(10, 10, 390, 290)),
        FramePrompts(box=GivenBox(10, 10, 40, 40), points=(GivenPoint(390, 290, False),)),
    ],
    ids=["no box", "a large box", "a point far away"],
)
def test_everything_else_is_answered_on_the_whole_picture(prompts: FramePrompts) -> None:
    assert crop_for(prompts, SIZE, BUILT_IN) is None


def test_published_models_never_zoom() -> None:
    small = FramePrompts(box=GivenBox(10, 10, 40, 40))
    assert all(crop_for(small, SIZE, config) is None for config in CONFIGS.values())


def test_points_are_told_in_pixels_of_the_part() -> None:
    crop = Crop(100, 50, 200, 125, SIZE)
    prompts = FramePrompts(box=GivenBox(100, 50, 150, 125), points=(GivenPoint(150, 87.5, False),))
    points, labels = crop.to_model(prompts, 512, torch.device("cpu"))
    assert points[0].tolist() == [[0, 0], [256, 512], [256, 256]]
    assert labels[0].tolist() == [2, 3, 0]


@pytest.mark.parametrize(
    "crop", [Crop(100, 50, 200, 125, SIZE), Crop(0, 0, 40, 30, SIZE), Crop(320, 180, 400, 240, SIZE)]
)
def test_an_answer_goes_back_to_where_it_was_seen(crop: Crop) -> None:
    rows, columns = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 64), indexing="ij")
    disc = (0.5 - (rows**2 + columns**2)).mul(20)[None, None]
    whole = crop.onto_picture(disc, 512)[0, 0]
    inside = (whole > 0).numpy()
    x = (np.nonzero(inside)[1] + 0.5) * SIZE[1] / 512
    y = (np.nonzero(inside)[0] + 0.5) * SIZE[0] / 512
    assert x.mean() == pytest.approx((crop.x0 + crop.x1) / 2, abs=1)
    assert y.mean() == pytest.approx((crop.y0 + crop.y1) / 2, abs=1)
    covered = inside.sum() / 512**2 * SIZE[0] * SIZE[1]
    assert covered == pytest.approx(np.pi * 0.5 / 4 * (crop.x1 - crop.x0) * (crop.y1 - crop.y0), rel=0.06)
    there_and_back = crop.into(whole[None, None], 64)
    assert ((there_and_back > 0) == (disc > 0)).float().mean() > 0.97


def test_a_session_and_a_picture_give_a_boxed_object_the_same_closer_look(built_in_model, small_object) -> None:  # type: ignore[no-untyped-def]
    from sam2_core.image import ImagePredictor
    from sam2_core.video import VideoSession

    picture, truth, box = small_object
    predictor = ImagePredictor(built_in_model)
    predictor.set_image(picture)
    zooming = predictor.predict(box=box, multimask=False).masks[0].astype(bool)
    session = VideoSession(built_in_model, [picture])
    answered = session.add_points(0, 1, [], [], box=box).mask
    assert (zooming & truth).sum() / (zooming | truth).sum() > 0.7
    assert (answered & truth).sum() / (answered | truth).sum() > 0.7
    point = np.argwhere(truth).mean(axis=0)[::-1] + 0.5
    mended = session.add_points(0, 1, [point], [1], box=box).mask
    assert (mended & truth).sum() / (mended | truth).sum() > 0.7


def test_a_boxed_object_that_was_looked_at_closer_is_followed(built_in_model, small_object) -> None:  # type: ignore[no-untyped-def]
    from sam2_core.video import VideoSession

    picture, truth, box = small_object
    session = VideoSession(built_in_model, [picture] * 3)
    session.add_points(0, 1, [], [], box=box)
    for result in session.propagate(1, 2):
        followed = result.objects[0].mask
        assert (followed & truth).sum() / (followed | truth).sum() > 0.6


@pytest.fixture(scope="module")
def built_in_model():  # type: ignore[no-untyped-def]
    from sam2_core.checkpoint import load_model
    from sam2_core.evaluation.simulation import built_in_checkpoint

    model = load_model(built_in_checkpoint())
    model.config = dataclasses.replace(model.config, box_zoom=2.5)
    return model


@pytest.fixture(scope="module")
def small_object():  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(0)
    picture = generator.integers(80, 110, (360, 480, 3)).astype(np.uint8)
    y, x = np.mgrid[:360, :480]
    truth = ((x - 200) / 14) ** 2 + ((y - 150) / 9) ** 2 <= 1
    picture[truth] = (220, 60, 40)
    return picture, truth, np.array([186, 141, 215, 160])
