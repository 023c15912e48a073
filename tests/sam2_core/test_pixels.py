"""Pictures into the model's square: the two published filters."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from sam2_core.model.pixels import resize_video_frame, to_pixels

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width"), [(90, 160), (64, 200), (40, 30), (128, 128), (37, 401)])
def test_video_frames_are_resized_as_pillow_does_columns_first(height: int, width: int) -> None:
    frame = noise(height, width)
    # Two calls fix the order of the axes, which newer versions choose by the picture's shape.
    expected = Image.fromarray(frame).resize((128, height)).resize((128, 128))
    np.testing.assert_array_equal(resize_video_frame(frame, 128), np.array(expected))


@pytest.mark.parametrize(("height", "width"), [(90, 160), (40, 30), (64, 64)])
def test_the_quick_video_filter_is_pillows_but_for_rounding(height: int, width: int) -> None:
    frame = noise(height, width)
    exact, quick = (to_pixels(frame, 64, "video", (0, 0, 0), (1, 1, 1), is_exact=exact) for exact in (True, False))
    assert quick.shape == exact.shape == (1, 3, 64, 64)
    steps = (exact - quick).abs() * 255
    assert float(steps.max()) < 2.5
    assert float((steps > 0.5).float().mean()) < 0.03


def test_a_picture_of_the_models_size_is_only_normalised() -> None:
    picture = noise(64, 64)
    expected = (picture.astype(np.float32) / 255 - np.float32(MEAN)) / np.float32(STD)
    for mode in ("image", "video"):
        pixels = to_pixels(picture, 64, mode, MEAN, STD)
        assert pixels.shape == (1, 3, 64, 64)
        np.testing.assert_allclose(pixels[0].permute(1, 2, 0).numpy(), expected, atol=1e-6)


def test_pictures_are_squashed_not_padded() -> None:
    picture = np.full((20, 90, 3), 200, dtype=np.uint8)
    picture[:, :45] = 50
    for mode in ("image", "video"):
        pixels = to_pixels(picture, 64, mode, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))[0, 0] * 255
        torch.testing.assert_close(pixels[:, 2], torch.full((64,), 50.0))
        torch.testing.assert_close(pixels[:, -2], torch.full((64,), 200.0))


def test_the_two_filters_differ() -> None:
    picture = noise(100, 150)
    image, video = (to_pixels(picture, 64, mode, MEAN, STD) for mode in ("image", "video"))
    assert (image - video).abs().max() > 0.05


def test_a_read_only_frame_is_not_touched() -> None:
    frame = noise(30, 40)
    before = frame.copy()
    frame.flags.writeable = False
    for mode, is_exact in (("image", True), ("video", True), ("video", False)):
        to_pixels(frame, 64, mode, MEAN, STD, is_exact=is_exact)
    np.testing.assert_array_equal(frame, before)
