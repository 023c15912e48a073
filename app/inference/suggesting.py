"""Masks of everything on a frame, for a person to choose from: a grid of clicks, answered a few at a time."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from app.document.masks import MaskCode
from app.inference.engine import Suggestion, SuggestionStep
from sam2_core.everything import AutomaticMask, AutomaticMasks, EverythingSettings
from sam2_core.model.sam2 import Sam2Model

_SETTINGS = EverythingSettings(
    points_per_side=16,
    # Few at a time, since a person's own click waits for the batch that is being answered.
    points_per_batch=16,
    # Well below the published 0.8 and 0.95, which leave nothing of a small model's answers; the person filters.
    pred_iou_thresh=0.35,
    stability_score_thresh=0.35,
    min_mask_region_area=25,
    only_clicked_part=True,
)
_MASKS_PER_STEP = 8


def suggest(model: Sam2Model, rgb: NDArray[np.uint8]) -> Generator[SuggestionStep, None, None]:
    """A step after each batch of clicks, then steps with what was found, best first.

    Args:
        model: in evaluation mode.
        rgb: the frame, uint8 RGB H x W x 3.

    Raises:
        PromptError, OutOfMemory: see `AutomaticMasks`.
    """
    work = AutomaticMasks(model, _SETTINGS).work(rgb)
    done = total = 0
    try:
        while True:
            progress = next(work)
            done, total = progress.done, progress.total
            yield SuggestionStep(done, total)
    except StopIteration as end:
        found: list[AutomaticMask] = [one for one in end.value if one.mask.area]
    finally:
        work.close()
    found.sort(key=_quality, reverse=True)
    for start in range(0, len(found), _MASKS_PER_STEP):
        chosen = found[start : start + _MASKS_PER_STEP]
        yield SuggestionStep(done, total, tuple(Suggestion(_code(one), _quality(one)) for one in chosen))


def _quality(found: AutomaticMask) -> float:
    """0 to 1: the estimate and the stability, either of which is low where the mask is no thing."""
    return min(1.0, math.sqrt(max(0.0, found.predicted_iou * found.stability_score)))


def _code(found: AutomaticMask) -> MaskCode:
    mask = found.mask
    return MaskCode.from_rle({"size": [mask.height, mask.width], "counts": mask.counts.tolist()})
