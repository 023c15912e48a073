"""From the model's answers to masks of the clip's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sam2_core.model.mask_decoder import upsample_logits
from sam2_core.model.sam2 import HeadOutput
from sam2_core.postprocess import fill_small_holes, resolve_overlaps
from sam2_core.prompts import GivenMask
from sam2_core.sweep import FrameOutput


@dataclass(frozen=True)
class ObjectMask:
    """One object on one frame.

    Attributes:
        object_id: whose mask it is.
        mask: bool H x W, video size; empty where the object is absent.
        iou: estimated IoU with the truth, 0 to 1.
        score: object score logit; above 0 the object is on this frame.
    """

    object_id: int
    mask: NDArray[np.bool_]
    iou: float
    score: float


@dataclass(frozen=True)
class FrameResult:
    """The objects of one frame of a run; those that have not begun there are left out."""

    frame: int
    objects: tuple[ObjectMask, ...]


@dataclass(frozen=True)
class Answer:
    """What is to be shown of an object: the model's answer, or the very mask that a person gave."""

    object_id: int
    output: FrameOutput
    given: GivenMask | None = None

    def logits(self, size: tuple[int, int]) -> Tensor:
        """(1, 1, H, W) float32."""
        if self.given is not None:
            mask = torch.from_numpy(self.given.unpack()).to(self.output.score.device, torch.float32)
            return (20.0 * mask - 10.0)[None, None]
        assert self.output.low_res is not None, "this answer was given up"
        return upsample_logits(self.output.low_res, size)


def object_masks(answers: Sequence[Answer], size: tuple[int, int], *, non_overlap: bool) -> tuple[ObjectMask, ...]:
    """Masks of (height, width) = `size`; with `non_overlap`, a pixel belongs to the object that claims it most."""
    if not answers:
        return ()
    if non_overlap:
        shown = resolve_overlaps(torch.cat([answer.logits(size) for answer in answers])) > 0
    else:
        # One by one, because logits take 32 times the room of the masks they become.
        shown = torch.cat([answer.logits(size) > 0 for answer in answers])
    masks = shown[:, 0].cpu().numpy()
    return tuple(
        ObjectMask(answer.object_id, mask, answer.output.iou, answer.output.presence)
        for answer, mask in zip(answers, masks, strict=True)
    )


def candidate_masks(
    object_id: int, head: HeadOutput, size: tuple[int, int], fill_hole_area: int
) -> tuple[ObjectMask, ...]:
    """Every mask of an answer for one object, best estimate first."""
    logits = fill_small_holes(head.candidates[0][:, None], fill_hole_area)
    masks = (upsample_logits(logits, size) > 0)[:, 0].cpu().numpy()
    ious, score = head.ious[0].tolist(), head.score.item()
    return tuple(ObjectMask(object_id, masks[index], ious[index], score) for index in ranking(head))


def ranking(head: HeadOutput) -> list[int]:
    """Places of the candidates of an answer for one object, best estimate first."""
    order: list[int] = torch.argsort(head.ious[0], descending=True, stable=True).tolist()
    return order
