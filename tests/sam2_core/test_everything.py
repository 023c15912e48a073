"""Masks of everything in a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sam2_core import everything
from sam2_core.errors import PromptError
from sam2_core.everything import AutomaticMask, AutomaticMasks, EverythingSettings, RunLengths
from sam2_core.image import ImagePredictor
from sam2_core.model.sam2 import Sam2Model

HEIGHT, WIDTH = 80, 100
# The random weights of the tests promise little, so little is asked of them.
EASY = EverythingSettings(
    points_per_side=4,
    points_per_batch=6,
    pred_iou_thresh=0.3,
    stability_score_thresh=0.3,
    stability_score_offset=0.1,
    mask_threshold=1.0,
)


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    coarse = np.random.default_rng(11).integers(0, 255, (10, 10, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((8, 10, 1), dtype=np.uint8))


@pytest.fixture
def find(small_model: Sam2Model, picture: NDArray[np.uint8]) -> Callable[..., list[AutomaticMask]]:
    def run(**changes: Any) -> list[AutomaticMask]:
        return AutomaticMasks(small_model, replace(EASY, **changes)).find(picture)

    return run


def overlap(one: AutomaticMask, other: AutomaticMask) -> float:
    (a0, b0, a1, b1), (c0, d0, c1, d1) = one.box, other.box
    shared = max(min(a1, c1) - max(a0, c0) - 1, 0) * max(min(b1, d1) - max(b0, d0) - 1, 0)
    areas = (a1 - a0 - 1) * (b1 - b0 - 1) + (c1 - c0 - 1) * (d1 - d0 - 1)
    return shared / (areas - shared)


def test_records_describe_their_masks(find: Callable[..., list[AutomaticMask]]) -> None:
    found = find(box_nms_thresh=0.9)
    assert len(found) > 1
    for record in found:
        mask = record.mask.to_array()
        assert mask.shape == (HEIGHT, WIDTH)
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert record.box == (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        assert record.mask.area == mask.sum()
        assert record.predicted_iou > 0.3 and record.stability_score >= 0.3
        assert record.crop_box == (0, 0, WIDTH, HEIGHT)
    assert [record.predicted_iou for record in found] == sorted((r.predicted_iou for r in found), reverse=True)


def test_a_record_is_the_predictors_answer_to_its_click(
    find: Callable[..., list[AutomaticMask]], small_model: Sam2Model, picture: NDArray[np.uint8]
) -> None:
    predictor = ImagePredictor(small_model, mask_threshold=1.0)
    predictor.set_image(picture)
    for record in find()[:3]:
        answer = predictor.predict([record.point], [1])
        index = int(np.abs(answer.iou - record.predicted_iou).argmin())
        assert answer.iou[index] == pytest.approx(record.predicted_iou, abs=1e-5)
        assert (answer.masks[index] != record.mask.to_array()).sum() <= 2


def test_how_many_masks_are_enlarged_at_a_time_changes_nothing(
    find: Callable[..., list[AutomaticMask]], monkeypatch: pytest.MonkeyPatch
) -> None:
    together = find()
    monkeypatch.setattr(everything, "_PIXELS_AT_ONCE", 1)
    one_by_one = find()
    assert [(each.box, each.point, each.mask.area) for each in one_by_one] == [
        (each.box, each.point, each.mask.area) for each in together
    ]


def test_only_the_clicked_part_may_be_kept(find: Callable[..., list[AutomaticMask]]) -> None:
    options = {"box_nms_thresh": 1.0, "stability_score_thresh": 0.0}
    whole, parts = find(**options), find(**options, only_clicked_part=True)
    assert parts
    for record in parts:
        x, y = (int(value) for value in record.point)
        mask = record.mask.to_array()
        # Connected at the map's resolution, and enlarged from there: near the click there is a pixel of the mask.
        assert not mask.any() or mask[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4].any()
    assert sum(record.mask.area for record in parts) < sum(record.mask.area for record in whole)


def test_of_masks_with_nearly_the_same_box_the_best_stays(find: Callable[..., list[AutomaticMask]]) -> None:
    many, few = find(box_nms_thresh=1.0), find(box_nms_thresh=0.5)
    assert len(few) < len(many)
    assert all(overlap(a, b) <= 0.5 for i, a in enumerate(few) for b in few[:i])
    for gone in many:
        if gone.mask.counts.tolist() not in [kept.mask.counts.tolist() for kept in few]:
            assert any(overlap(gone, kept) > 0.5 and kept.predicted_iou >= gone.predicted_iou for kept in few)


def test_thresholds_are_kept(find: Callable[..., list[AutomaticMask]]) -> None:
    everything = find(pred_iou_thresh=0.0, stability_score_thresh=0.0, box_nms_thresh=1.0)
    middle = float(np.median([record.predicted_iou for record in everything]))
    assert 0 < len(find(pred_iou_thresh=middle, stability_score_thresh=0.0, box_nms_thresh=1.0)) < len(everything)
    stable = float(np.nanmedian([record.stability_score for record in everything]))
    kept = find(pred_iou_thresh=0.0, stability_score_thresh=stable, box_nms_thresh=1.0)
    assert 0 < len(kept) < len(everything)
    assert min(record.stability_score for record in kept) >= stable


def test_the_size_of_batches_does_not_matter(find: Callable[..., list[AutomaticMask]]) -> None:
    one, other = find(points_per_batch=1), find(points_per_batch=16)
    assert [record.point for record in one] == [record.point for record in other]
    assert [record.predicted_iou for record in one] == pytest.approx([r.predicted_iou for r in other], abs=1e-5)


def test_crops_look_closer_and_leave_out_what_they_cut_off(find: Callable[..., list[AutomaticMask]]) -> None:
    found = find(
        crop_n_layers=1, mask_threshold=1.2, stability_score_thresh=0.0, box_nms_thresh=0.9, crop_nms_thresh=0.9
    )
    crops = {record.crop_box for record in found}
    assert len(crops) > 1
    overlap_pixels = int(512 / 1500 * HEIGHT)
    side = -(-(overlap_pixels + WIDTH) // 2)
    assert {crop[2] - crop[0] for crop in crops} <= {WIDTH, side, WIDTH - (side - overlap_pixels)}
    for record in found:
        x0, y0, x1, y1 = record.crop_box
        outside = record.mask.to_array()
        outside[y0:y1, x0:x1] = False
        assert not outside.any()
        assert x0 <= record.point[0] < x1 and y0 <= record.point[1] < y1
        for side_of_box, side_of_crop, side_of_picture in zip(
            record.box, record.crop_box, (0, 0, WIDTH, HEIGHT), strict=True
        ):
            if abs(side_of_crop - side_of_picture) > 21:
                assert abs(side_of_box - side_of_crop) > 19
    areas = [(r.crop_box[2] - r.crop_box[0]) * (r.crop_box[3] - r.crop_box[1]) for r in found]
    assert areas == sorted(areas)


def test_masks_may_go_in_once_more_as_prompts(find: Callable[..., list[AutomaticMask]]) -> None:
    plain, refined = find(pred_iou_thresh=0.0), find(pred_iou_thresh=0.0, use_m2m=True)
    assert refined
    assert {r.mask.counts.tobytes() for r in plain} != {r.mask.counts.tobytes() for r in refined}


def test_a_single_mask_for_each_click(find: Callable[..., list[AutomaticMask]]) -> None:
    found = find(multimask_output=False, pred_iou_thresh=0.0, stability_score_thresh=0.0, box_nms_thresh=1.0)
    points = [record.point for record in found]
    assert 0 < len(points) == len(set(points)) <= 16


def test_progress_is_told_after_each_batch(small_model: Sam2Model, picture: NDArray[np.uint8]) -> None:
    generator = AutomaticMasks(small_model, replace(EASY, crop_n_layers=1, crop_n_points_downscale_factor=2))
    work, told = generator.work(picture), []
    while True:
        try:
            told.append(next(work))
            assert not torch.is_inference_mode_enabled()
        except StopIteration as end:
            found = end.value
            break
    assert [progress.done for progress in told] == list(range(1, 8))
    assert {progress.total for progress in told} == {7}
    assert told[-1].found >= len(found) > 0
    assert [record.point for record in generator.find(picture)] == [record.point for record in found]


def test_closing_the_work_cancels_it(small_model: Sam2Model, picture: NDArray[np.uint8]) -> None:
    generator = AutomaticMasks(small_model, EASY)
    work = generator.work(picture)
    next(work)
    work.close()
    with pytest.raises(StopIteration):
        next(work)
    assert generator.find(picture)


def test_a_picture_without_anything_good_has_no_masks(find: Callable[..., list[AutomaticMask]]) -> None:
    assert find(pred_iou_thresh=0.999) == []
    assert find(crop_n_layers=1, pred_iou_thresh=0.999) == []


def test_what_is_no_picture_is_refused(small_model: Sam2Model) -> None:
    with pytest.raises(PromptError, match="8-bit RGB"):
        AutomaticMasks(small_model).find(np.zeros((8, 8), dtype=np.uint8))


@pytest.mark.parametrize("name", ["points_per_side", "points_per_batch", "crop_n_layers", "min_mask_region_area"])
def test_settings_that_make_no_sense_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        EverythingSettings(**{name: -1})


@pytest.mark.parametrize("density", [0.0, 0.3, 1.0])
def test_run_lengths_give_the_mask_back(density: float) -> None:
    mask = np.random.default_rng(2).random((7, 5)) < density
    runs = RunLengths.of(mask)
    assert np.array_equal(runs.to_array(), mask)
    assert runs.counts.sum() == 35 and runs.area == mask.sum()
    assert (runs.counts[1:] > 0).all()


def test_run_lengths_go_down_the_columns_and_begin_with_background() -> None:
    mask = np.array([[True, False], [True, True], [False, True]])
    assert RunLengths.of(mask).counts.tolist() == [0, 2, 2, 2]
