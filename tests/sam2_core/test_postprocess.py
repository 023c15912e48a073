"""Holes, specks and overlaps of masks."""

import numpy as np
import pytest
import torch

from sam2_core.postprocess import (
    clean_mask_logits,
    connected_areas,
    fill_small_holes,
    keep_asked_parts,
    keep_parts_at,
    resolve_overlaps,
    stability_scores,
)


def areas_by_flooding(mask):
    """The same by the plainest way there is: flood from every pixel."""
    height, width = mask.shape
    areas = np.zeros(mask.shape, dtype=np.int64)
    for row, column in np.argwhere(mask):
        if areas[row, column]:
            continue
        part, waiting = {(row, column)}, [(row, column)]
        while waiting:
            y, x = waiting.pop()
            for near in ((y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)):
                if 0 <= near[0] < height and 0 <= near[1] < width and mask[near] and near not in part:
                    part.add(near)
                    waiting.append(near)
        for pixel in part:
            areas[pixel] = len(part)
    return areas


@pytest.mark.parametrize("density", [0.05, 0.3, 0.42, 0.5, 0.9])
@pytest.mark.parametrize("size", [(1, 1), (1, 17), (13, 1), (40, 31)])
def test_areas_are_those_of_flooding(density, size):
    mask = np.random.default_rng(7).random(size) < density
    assert np.array_equal(connected_areas(mask), areas_by_flooding(mask))


def test_winding_parts_are_one_part():
    spiral = np.zeros((41, 41), dtype=bool)
    for ring in range(0, 20, 2):
        spiral[ring, ring : 41 - ring] = True
        spiral[ring : 41 - ring, 40 - ring] = True
        spiral[40 - ring, ring : 41 - ring] = True
        spiral[ring + 2 : 41 - ring, ring] = True
        spiral[ring + 2, ring : ring + 3] = True
    comb = np.zeros((30, 61), dtype=bool)
    comb[:, ::2] = True
    comb[-1] = True
    for mask in (spiral, comb):
        assert np.array_equal(connected_areas(mask), np.where(mask, mask.sum(), 0))


def test_pictures_of_a_stack_do_not_touch():
    full = np.ones((3, 2, 5, 4), dtype=bool)
    assert np.array_equal(connected_areas(full), np.full((3, 2, 5, 4), 20))
    assert not connected_areas(np.zeros((2, 3, 3), dtype=bool)).any()


def test_only_the_part_at_a_place_is_kept_in_each_picture():
    logits = torch.full((3, 6, 9), -1.0)
    logits[:, 1:4, 1:3] = 2.0
    logits[:, 1:4, 5:7] = 3.0  # as large as the other one
    logits[:, 4, 4] = 4.0  # touches the second one by a corner
    places = torch.tensor([[1.7, 3.2], [6.0, 1.0], [8.0, 5.0]])
    kept = keep_parts_at(logits, places) > 0
    first, second = torch.zeros(6, 9, dtype=torch.bool), torch.zeros(6, 9, dtype=torch.bool)
    first[1:4, 1:3] = True
    second[1:4, 5:7] = second[4, 4] = True
    assert torch.equal(kept, torch.stack([first, second, torch.zeros_like(first)]))
    assert not (keep_parts_at(logits, places, threshold=2.5) > 2.5)[0].any()


def two_parts():
    """Two masks of one object, 4 x 8 cells of 4 pixels each: a left and a right part, and the right part alone."""
    logits = torch.full((1, 2, 8, 8), -1.0)
    logits[0, 0, 1:4, 0:3] = 2.0
    logits[0, :, 2:6, 5:8] = 3.0
    return logits


def parts_kept(points, labels, beneath=None, logits=None):
    kept = keep_asked_parts(
        two_parts() if logits is None else logits, torch.tensor([points]), torch.tensor([labels]), 32, beneath
    )
    return [[bool(mask[2, 1] > 0), bool(mask[3, 6] > 0)] for mask in kept[0]]


def test_a_part_that_no_click_lies_on_is_wiped():
    assert parts_kept([[5.0, 9.0]], [1]) == [[True, False], [False, True]]
    assert parts_kept([[26.0, 16.0]], [1]) == [[False, True], [False, True]]
    assert parts_kept([[5.0, 9.0], [26.0, 16.0]], [1, 1]) == [[True, True], [False, True]]


def test_a_click_beside_a_part_by_one_cell_means_that_part():
    assert parts_kept([[14.0, 9.0]], [1])[0] == [True, False]


def test_a_mask_that_no_click_lies_on_stays_as_it_is():
    assert parts_kept([[16.0, 31.0]], [1]) == [[True, True], [False, True]]
    assert parts_kept([[5.0, 9.0]], [0]) == [[True, True], [False, True]]


def test_parts_that_lay_there_before_the_clicks_are_kept():
    beneath = torch.zeros(1, 8, 8, dtype=torch.bool)
    beneath[0, :, 4:] = True
    assert parts_kept([[5.0, 9.0]], [1], beneath)[0] == [True, True]
    beneath[0, :, :7] = False  # a third of the part is no more than a touch
    assert parts_kept([[5.0, 9.0]], [1], beneath)[0] == [True, False]


def test_parts_in_the_box_are_kept():
    assert parts_kept([[16.0, 0.0], [32.0, 32.0], [5.0, 9.0]], [2, 3, 1])[0] == [True, True]
    assert parts_kept([[16.0, 0.0], [32.0, 32.0], [26.0, 16.0]], [2, 3, 1])[0] == [False, True]


def test_objects_of_a_batch_do_not_lend_each_other_their_clicks():
    logits = two_parts()[:, :1].repeat(2, 1, 1, 1)
    kept = keep_asked_parts(logits, torch.tensor([[[5.0, 9.0]], [[26.0, 16.0]]]), torch.tensor([[1], [1]]), 32) > 0
    assert kept[0, 0, 2, 1] and not kept[0, 0, 3, 6]
    assert kept[1, 0, 3, 6] and not kept[1, 0, 2, 1]


def test_diagonal_neighbours_belong_together():
    checkered = np.indices((6, 6)).sum(axis=0) % 2 == 0
    assert set(np.unique(connected_areas(checkered))) == {0, 18}


def test_holes_up_to_the_limit_are_filled_and_larger_ones_stay():
    logits = torch.full((1, 1, 20, 20), 5.0)
    logits[..., 2:4, 2:6] = -3.0  # eight pixels
    logits[..., 8:11, 8:11] = -3.0  # nine pixels
    logits[..., 19, 0] = 0.0  # background in the corner: zero is not foreground
    filled = fill_small_holes(logits, 8)
    assert torch.all(filled[..., 2:4, 2:6] == 0.1)
    assert torch.all(filled[..., 8:11, 8:11] == -3.0)
    assert filled[0, 0, 19, 0] == pytest.approx(0.1)
    assert torch.equal(fill_small_holes(logits, 0), logits)


def test_specks_are_looked_for_in_the_logits_before_filling():
    logits = torch.full((10, 10), 5.0)
    logits[2:5, 2:5] = -1.0
    logits[3, 3] = 2.0  # a speck of one pixel inside a hole of eight
    cleaned = clean_mask_logits(logits, max_hole_area=8, max_speck_area=1)
    assert cleaned[3, 3] == -10.0
    assert torch.all(cleaned[2, 2:5] == 10.0)
    assert torch.equal(clean_mask_logits(logits), logits)


def test_cleaning_respects_the_threshold():
    logits = torch.full((8, 8), 3.0)
    logits[1, 1] = 9.0
    cleaned = clean_mask_logits(logits, max_speck_area=1, threshold=4.0)
    assert cleaned[1, 1] == -6.0
    assert (cleaned == 3.0).sum() == 63


def test_each_pixel_goes_to_the_strongest_object_and_ties_to_the_first():
    logits = torch.tensor([[[1.0, 4.0, -20.0]], [[1.0, 7.0, -30.0]]])
    resolved = resolve_overlaps(logits)
    assert resolved.tolist() == [[[1.0, -10.0, -20.0]], [[-10.0, 7.0, -30.0]]]
    assert torch.equal(resolve_overlaps(logits[:1]), logits[:1])


def test_stability_compares_two_thresholds():
    logits = torch.tensor([[[2.0, 0.5, -0.5, -2.0]], [[-9.0, -9.0, -9.0, -9.0]]])
    scores = stability_scores(logits)
    assert scores[0] == pytest.approx(1 / 3)
    assert torch.isnan(scores[1])
