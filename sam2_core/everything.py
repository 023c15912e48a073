"""Masks of everything in a picture, from a grid of clicks (section 6 of the SAM paper, automatic mask generation)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sam2_core.image import LOGIT_BOUND, ImagePredictor
from sam2_core.model.sam2 import Sam2Model
from sam2_core.postprocess import keep_parts_at, stability_scores

_EDGE_TOLERANCE = 20.0
_MASKS_AT_ONCE = 16
_PIXELS_AT_ONCE = 64 * 2**20
"""So many pixels of logits are made at the picture's size at a time, 256 MB of them, unless one mask has more."""


@dataclass(frozen=True)
class EverythingSettings:
    """What counts as a mask. The defaults are those of the published generator.

    Attributes:
        points_per_side: clicks along each side of the picture.
        points_per_batch: clicks that are answered together.
        pred_iou_thresh: masks whose IoU estimate is above this stay; 0 keeps all.
        stability_score_thresh: masks at least this stable stay.
        stability_score_offset: by how much the threshold moves in both directions to judge that.
        mask_threshold: a pixel belongs to a mask where its logit is above this.
        box_nms_thresh: of two masks of a crop whose boxes overlap more than this the better one stays.
        crop_n_layers: layers of crops in which the search is done again: layer i has 2^i x 2^i of them.
        crop_nms_thresh: the same as `box_nms_thresh` between crops, where the smaller crop wins.
        crop_overlap_ratio: overlap of the crops of the first layer, as a share of the picture's shorter side.
        crop_n_points_downscale_factor: layer i has points_per_side / factor^i clicks along a side.
        min_mask_region_area: holes and specks of at most this many pixels of the S / 4 map are taken out.
        use_m2m: each mask goes in once more as a prompt, beside its click.
        multimask_output: three masks for each click instead of one.
        only_clicked_part: of a mask in several parts only the one that its click lies on stays. The published generator
            has no such thing; a small model likes to answer with all things that look alike.
    """

    points_per_side: int = 32
    points_per_batch: int = 64
    pred_iou_thresh: float = 0.8
    stability_score_thresh: float = 0.95
    stability_score_offset: float = 1.0
    mask_threshold: float = 0.0
    box_nms_thresh: float = 0.7
    crop_n_layers: int = 0
    crop_nms_thresh: float = 0.7
    crop_overlap_ratio: float = 512 / 1500
    crop_n_points_downscale_factor: int = 1
    min_mask_region_area: int = 0
    use_m2m: bool = False
    multimask_output: bool = True
    only_clicked_part: bool = False

    def __post_init__(self) -> None:
        if min(self.points_per_side, self.points_per_batch, self.crop_n_points_downscale_factor) < 1:
            raise ValueError("points_per_side, points_per_batch and crop_n_points_downscale_factor must be at least 1")
        if self.crop_n_layers < 0 or self.min_mask_region_area < 0:
            raise ValueError("crop_n_layers and min_mask_region_area cannot be negative")


@dataclass(frozen=True)
class RunLengths:
    """A mask as the lengths of its runs down the columns, first a run of background (which may be 0).

    Attributes:
        height, width: size of the picture.
        counts: int32 run lengths; they add up to height * width.
    """

    height: int
    width: int
    counts: NDArray[np.int32]

    @staticmethod
    def of(mask: NDArray[np.bool_]) -> RunLengths:
        """From a bool array H x W."""
        flat = mask.T.reshape(-1)
        ends = np.append(np.flatnonzero(np.diff(flat)) + 1, flat.size)
        counts = np.diff(ends, prepend=0)
        if flat[0]:
            counts = np.insert(counts, 0, 0)
        return RunLengths(mask.shape[0], mask.shape[1], counts.astype(np.int32))

    def to_array(self) -> NDArray[np.bool_]:
        """As a bool array H x W."""
        values = np.arange(len(self.counts)) % 2 == 1
        return np.repeat(values, self.counts).reshape(self.width, self.height).T

    @property
    def area(self) -> int:
        """Number of pixels in the mask."""
        return int(self.counts[1::2].sum())


@dataclass(frozen=True)
class AutomaticMask:
    """One mask that was found.

    Attributes:
        mask: run lengths at the picture's size.
        box: x0, y0, x1, y1 in pixels, right and bottom exclusive.
        predicted_iou: the model's estimate, 0 to 1.
        stability_score: area at a raised threshold over area at a lowered one.
        point: the click that led to it, x, y in pixels.
        crop_box: the crop that it was found in, x0, y0, x1, y1 in pixels.
    """

    mask: RunLengths
    box: tuple[int, int, int, int]
    predicted_iou: float
    stability_score: float
    point: tuple[float, float]
    crop_box: tuple[int, int, int, int]


@dataclass(frozen=True)
class EverythingProgress:
    """How far the search is: batches of clicks done, of how many, and masks found so far (before duplicates go)."""

    done: int
    total: int
    found: int


class AutomaticMasks:
    """Finds masks of everything.

    Args:
        model: in evaluation mode, on the device where it shall compute.
        settings: see `EverythingSettings`.
    """

    def __init__(self, model: Sam2Model, settings: EverythingSettings | None = None) -> None:
        self._settings = settings or EverythingSettings()
        self._side = model.config.image_size
        self._predictor = ImagePredictor(
            model,
            mask_threshold=self._settings.mask_threshold,
            max_hole_area=self._settings.min_mask_region_area,
            max_speck_area=self._settings.min_mask_region_area,
        )

    def find(self, rgb: NDArray[np.uint8]) -> list[AutomaticMask]:
        """All masks of a picture, uint8 RGB H x W x 3; best first within each crop, smaller crops first.

        Raises:
            PromptError: it is no such picture.
            OutOfMemory: too many points in a batch for the device.
        """
        work = self.work(rgb)
        while True:
            try:
                next(work)
            except StopIteration as end:
                found: list[AutomaticMask] = end.value
                return found

    def work(self, rgb: NDArray[np.uint8]) -> Generator[EverythingProgress, None, list[AutomaticMask]]:
        """The same as a generator that yields after each batch of clicks and returns the masks; closing it cancels."""
        settings = self._settings
        self._predictor.set_image(rgb)
        height, width = self._predictor.size
        crops = list(_crops(height, width, settings.crop_n_layers, settings.crop_overlap_ratio))
        grids = [self._grid(layer) for layer in range(settings.crop_n_layers + 1)]
        total = sum(math.ceil(len(grids[layer]) / settings.points_per_batch) for layer, _ in crops)
        done = 0
        kept: list[AutomaticMask] = []
        try:
            for layer, crop in crops:
                x0, y0, x1, y1 = crop
                if layer > 0:
                    self._predictor.set_image(rgb[y0:y1, x0:x1])
                points = grids[layer] * (x1 - x0, y1 - y0)
                found: list[AutomaticMask] = []
                for part in _slices(len(points), settings.points_per_batch):
                    found += self._answer(points[part].astype(np.float32), crop, (height, width))
                    done += 1
                    yield EverythingProgress(done, total, len(kept) + len(found))
                scores = np.array([mask.predicted_iou for mask in found], dtype=np.float32)
                kept += [found[i] for i in _suppress(found, scores, settings.box_nms_thresh)]
        finally:
            self._predictor.clear()
        if len(crops) > 1:
            areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (mask.crop_box for mask in kept)]
            scores = 1.0 / np.array(areas, dtype=np.float32)
            kept = [kept[i] for i in _suppress(kept, scores, settings.crop_nms_thresh)]
        return kept

    def _grid(self, layer: int) -> NDArray[np.float64]:
        """Clicks (N, 2) of a layer in 0 to 1, row by row."""
        settings = self._settings
        count = max(settings.points_per_side // settings.crop_n_points_downscale_factor**layer, 1)
        places = (np.arange(count) + 0.5) / count
        return np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)

    def _answer(
        self, points: NDArray[np.float32], crop: tuple[int, int, int, int], size: tuple[int, int]
    ) -> list[AutomaticMask]:
        """Masks of a batch of clicks (pixels of the crop) that are good enough."""
        with torch.inference_mode():
            low_res, ious, clicks = self._decode(torch.from_numpy(points))
            if self._settings.pred_iou_thresh > 0:
                is_good = ious > self._settings.pred_iou_thresh
                low_res, ious, clicks = low_res[is_good], ious[is_good], clicks[is_good.cpu()]
            if self._settings.only_clicked_part and len(ious):
                low_res = self._clicked_parts(low_res, clicks)
            found: list[AutomaticMask] = []
            # A few at a time: at the picture's size a mask takes far more room.
            at_once = max(1, min(_MASKS_AT_ONCE, _PIXELS_AT_ONCE // math.prod(self._predictor.size)))
            for part in _slices(len(ious), at_once):
                found += self._take(low_res[part], ious[part].tolist(), clicks[part].tolist(), crop, size)
        return found

    def _clicked_parts(self, low_res: Tensor, clicks: Tensor) -> Tensor:
        """Logits (M, S / 4, S / 4) of the parts that the clicks (M, 2), pixels of the crop, lie on."""
        height, width = self._predictor.size
        share = clicks / torch.tensor([width, height], dtype=torch.float32)
        side = low_res.shape[-1]
        places = (share * side).clamp(max=side - 1)
        return keep_parts_at(low_res, places, threshold=self._settings.mask_threshold)

    def _decode(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (M, S / 4, S / 4), estimates (M,) and clicks (M, 2) of all masks of a batch, click by click."""
        height, width = self._predictor.size
        places = (points / torch.tensor([width, height], dtype=torch.float32) * self._side)[:, None]
        places = places.to(self._predictor.model.device)
        labels = torch.ones(places.shape[:2], dtype=torch.int32, device=places.device)
        answers = self._predictor.answer(places, labels, None, self._settings.multimask_output)
        count = answers.low_res.shape[1]
        low_res, ious = answers.low_res.flatten(0, 1), answers.iou.flatten()
        places, labels, clicks = (values.repeat_interleave(count, dim=0) for values in (places, labels, points))
        if self._settings.use_m2m:
            refined, estimates = [], []
            earlier = low_res.clamp(-LOGIT_BOUND, LOGIT_BOUND)[:, None]
            for part in _slices(len(ious), self._settings.points_per_batch):
                again = self._predictor.answer(places[part], labels[part], earlier[part], False)
                refined.append(again.low_res[:, 0])
                estimates.append(again.iou[:, 0])
            low_res, ious = torch.cat(refined), torch.cat(estimates)
        return low_res, ious, clicks

    def _take(
        self,
        low_res: Tensor,
        ious: Sequence[float],
        clicks: Sequence[Sequence[float]],
        crop: tuple[int, int, int, int],
        size: tuple[int, int],
    ) -> Iterator[AutomaticMask]:
        """Records of the masks that are stable and are not cut off by the crop."""
        settings = self._settings
        logits = self._predictor.enlarge(low_res[:, None])[:, 0]
        stability = stability_scores(
            logits, threshold=settings.mask_threshold, offset=settings.stability_score_offset
        ).tolist()
        masks = (logits > settings.mask_threshold).cpu().numpy()
        x0, y0, x1, y1 = crop
        for mask, iou, score, (x, y) in zip(masks, ious, stability, clicks, strict=True):
            # Written so that a score that is no number fails.
            if settings.stability_score_thresh > 0 and not score >= settings.stability_score_thresh:
                continue
            whole = np.zeros(size, dtype=np.bool_)
            whole[y0:y1, x0:x1] = mask
            box = _box_of(whole)
            if not _is_cut_off(box, crop, size):
                point = (float(np.float32(x) + np.float32(x0)), float(np.float32(y) + np.float32(y0)))
                yield AutomaticMask(RunLengths.of(whole), box, iou, score, point, crop)


def _slices(count: int, length: int) -> Iterator[slice]:
    for start in range(0, count, length):
        yield slice(start, start + length)


def _crops(height: int, width: int, layers: int, ratio: float) -> Iterator[tuple[int, tuple[int, int, int, int]]]:
    """(layer, crop box): the whole picture, then 2^i x 2^i overlapping crops for each layer i."""
    yield 0, (0, 0, width, height)
    for layer in range(1, layers + 1):
        count = 2**layer
        overlap = int(ratio * min(height, width) * (2 / count))
        crop_width = math.ceil((overlap * (count - 1) + width) / count)
        crop_height = math.ceil((overlap * (count - 1) + height) / count)
        for column, row in itertools.product(range(count), repeat=2):
            x0, y0 = (crop_width - overlap) * column, (crop_height - overlap) * row
            yield layer, (x0, y0, min(x0 + crop_width, width), min(y0 + crop_height, height))


def _box_of(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 around a mask, right and bottom exclusive; all zero if it is empty."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if len(columns) == 0:
        return (0, 0, 0, 0)
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _is_cut_off(box: tuple[int, int, int, int], crop: tuple[int, int, int, int], size: tuple[int, int]) -> bool:
    """Whether a side of the box lies close to a side of its crop that is no side of the picture."""
    sides = np.array(_inclusive(box), dtype=np.float32)
    near_crop = np.abs(sides - np.array(crop)) <= _EDGE_TOLERANCE
    near_picture = np.abs(sides - np.array((0, 0, size[1], size[0]))) <= _EDGE_TOLERANCE
    return bool((near_crop & ~near_picture).any())


def _inclusive(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The same box by the indices of its last pixels, which is how the published generator measures overlap."""
    x0, y0, x1, y1 = box
    return (x0, y0, max(x1 - 1, 0), max(y1 - 1, 0))


def _suppress(masks: Sequence[AutomaticMask], scores: NDArray[np.float32], threshold: float) -> list[int]:
    """Indices of the masks that stay, best score first: greedy non-maximum suppression of boxes."""
    boxes = np.array([_inclusive(mask.box) for mask in masks], dtype=np.float32).reshape(-1, 4)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    waiting = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        corners = np.minimum(boxes[waiting, 2:], boxes[best, 2:]) - np.maximum(boxes[waiting, :2], boxes[best, :2])
        shared = np.prod(corners.clip(min=0), axis=1)
        united = areas[waiting] + areas[best] - shared
        # Two boxes without area have no overlap to speak of; then none is suppressed.
        overlap = np.divide(shared, united, out=np.zeros_like(shared), where=united > 0)
        waiting = waiting[overlap <= threshold]
    return kept
