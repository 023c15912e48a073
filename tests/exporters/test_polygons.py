"""Polygons lose no pixel, whoever fills them."""

from __future__ import annotations

import numpy as np
import pycocotools.mask
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from exporters import rle
from exporters.polygons import polygons_of
from exporters.verification.polygons import filled

ISLAND = np.pad(np.pad(np.pad(np.ones((1, 1), bool), 1), 2, constant_values=True), 1)
"""A pixel inside a hole."""


@given(arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24))))
@example(ISLAND)
@example(np.ones((7, 3), bool))
@example(np.eye(8, dtype=bool))
@example(~np.eye(8, dtype=bool))
@example(np.zeros((3, 3), bool))
def test_any_mask_comes_back_exactly(mask: np.ndarray) -> None:
    height, width = mask.shape
    polygons, _ = polygons_of(mask)
    assert np.array_equal(filled(polygons, height, width), mask)
    if mask.any():
        code = pycocotools.mask.merge(pycocotools.mask.frPyObjects(polygons, height, width))
        assert code["counts"].decode("ascii") == rle.encode(mask)["counts"]
        assert all(len(polygon) >= 8 for polygon in polygons)  # four numbers would be taken for a box
    else:
        assert polygons == []


def test_a_box_has_its_four_corners_and_nothing_else() -> None:
    mask = np.zeros((20, 30), bool)
    mask[5:15, 10:20] = True
    polygons, is_joined = polygons_of(mask)
    assert polygons == [[10, 5, 20, 5, 20, 15, 10, 15]]
    assert not is_joined


def test_each_part_is_one_polygon_and_holes_are_told() -> None:
    mask = np.zeros((20, 30), bool)
    mask[2:8, 2:8] = True
    mask[4:6, 4:6] = False
    mask[10:12, 20:25] = True
    polygons, is_joined = polygons_of(mask)
    assert len(polygons) == 2
    assert is_joined
    assert [polygons_of(part)[1] for part in (mask, mask[9:])] == [True, False]


@pytest.mark.parametrize(
    "polygon",
    [[0, 0, 4, 4, 0, 4], [0.5, 0, 4, 0, 4, 4, 0.5, 4], [0, 0, 9, 0, 9, 4, 0, 4], [0, 0, 2, 2]],
    ids=["slanted", "between pixels", "outside", "a line"],
)
def test_the_check_fills_nothing_that_it_cannot_fill_exactly(polygon: list[float]) -> None:
    with pytest.raises(ValueError, match="polygon"):
        filled([polygon], 5, 5)
