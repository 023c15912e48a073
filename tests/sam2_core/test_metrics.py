"""J and F on masks whose values are known by hand, and the simulated person's distances against a plain search."""

from __future__ import annotations

import numpy as np
import pytest

from sam2_core.evaluation.metrics import boundary, boundary_f, dilate, jaccard
from sam2_core.evaluation.simulation import box_around, central_point, distance_inside, next_click


def _square(y0: int, x0: int, y1: int, x1: int, size: tuple[int, int] = (40, 60)) -> np.ndarray:
    mask = np.zeros(size, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def test_overlap_of_shifted_squares() -> None:
    assert jaccard(_square(10, 10, 20, 20), _square(10, 15, 20, 25)) == pytest.approx(50 / 150)


def test_empty_masks_agree_with_each_other_only() -> None:
    empty, full = _square(0, 0, 0, 0), _square(5, 5, 9, 9)
    assert jaccard(empty, empty) == boundary_f(empty, empty) == 1.0
    assert jaccard(empty, full) == boundary_f(empty, full) == boundary_f(full, empty) == 0.0


def test_boundaries_within_the_tolerance_are_alike() -> None:
    # The diagonal of 40 x 60 is 72 pixels, so the tolerance is one pixel.
    truth = _square(10, 10, 30, 40)
    assert boundary_f(truth, truth) == 1.0
    assert boundary_f(_square(11, 11, 31, 41), truth) == pytest.approx(1.0, abs=0.05)
    assert boundary_f(_square(14, 14, 34, 44), truth) < 0.3


def test_the_boundary_is_one_pixel_wide_and_lies_up_and_left() -> None:
    edge = boundary(_square(2, 2, 4, 4, (6, 6)))
    assert edge.tolist()[1] == [False, True, True, True, False, False]
    assert int(edge.sum()) == 8
    assert not boundary(np.ones((6, 6), bool)).any()


def test_a_point_grows_to_a_disk() -> None:
    point = np.zeros((11, 11), bool)
    point[5, 5] = True
    y, x = np.mgrid[-5:6, -5:6]
    assert np.array_equal(dilate(point, 3), x * x + y * y <= 9)


def test_distances_equal_a_plain_search() -> None:
    mask = np.random.default_rng(0).random((12, 15)) > 0.25
    outside = np.argwhere(~np.pad(mask, 1)) - 1
    expected = np.zeros(mask.shape)
    for y, x in np.argwhere(mask):
        expected[y, x] = np.sqrt(((outside - [y, x]) ** 2).sum(axis=1).min())
    assert np.allclose(distance_inside(mask), expected, atol=1e-5)


def test_the_person_clicks_in_the_middle_and_then_on_the_largest_fault() -> None:
    truth = _square(10, 10, 31, 31)
    assert central_point(truth) == (20.5, 20.5)
    assert box_around(truth) == (10.0, 10.0, 31.0, 31.0)
    (x, y), label = next_click(_square(10, 10, 31, 20), truth)
    assert (label, truth[int(y), int(x)], x > 20) == (1, True, True)
    (x, y), label = next_click(_square(10, 10, 31, 55), truth)
    assert (label, truth[int(y), int(x)], x > 31) == (0, False, True)
