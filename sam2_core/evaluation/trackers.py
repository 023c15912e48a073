"""What can be measured on a clip: a model, and three ways to follow a mask without one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from sam2_core.config import BUILT_IN
from sam2_core.evaluation.labelled import Clip, check_size
from sam2_core.evaluation.scores import Tracker
from sam2_core.evaluation.simulation import box_around, central_point
from sam2_core.matching import MaskCarrier, matching_features
from sam2_core.model.efficientnet import EfficientNetTrunk
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.pictures import IndexMap, Picture
from sam2_core.video import FrameResult, SessionSettings, VideoSession

Prompt = Literal["mask", "box", "click"]
Manner = Literal["auto", "program", "published"]


def session_settings(model: Sam2Model, manner: Manner, *, non_overlap: bool) -> SessionSettings:
    """How a model is run.

    Args:
        model: decides for `auto`: the built-in model runs as in the program, any other as published.
        manner: `program` as the program runs it, `published` as the original predictor, without post-processing.
        non_overlap: every pixel belongs to one object at most.
    """
    if manner == "program" or (manner == "auto" and model.config.name == BUILT_IN.name):
        return SessionSettings(non_overlap_masks=non_overlap)
    return replace(SessionSettings.published(), fill_hole_area=0, non_overlap_masks=non_overlap)


def model_tracker(model: Sam2Model, prompt: Prompt, settings: SessionSettings) -> Tracker:
    """A whole model in a session, all objects at once, each prompted on the first frame with what its mask says."""

    def track(clip: Clip) -> Iterator[tuple[int, IndexMap]]:
        session = VideoSession(model, clip, settings)
        first = first_map(clip)
        for number in clip.object_ids:
            truth = first == number
            if prompt == "mask":
                session.add_mask(0, number, truth)
            elif prompt == "box":
                session.add_points(0, number, box=box_around(truth))
            else:
                session.add_points(0, number, [central_point(truth)], [1])
        for result in session.propagate():
            yield result.frame, map_of(result, first.shape)

    return track


def map_of(result: FrameResult, size: tuple[int, ...]) -> IndexMap:
    """A session's masks as a map of object numbers."""
    index_map = np.zeros(size, np.int32)
    for found in result.objects:
        index_map[found.mask] = found.object_id
    return index_map


def first_map(clip: Clip) -> IndexMap:
    """The true map of the first frame, checked against its picture."""
    truth = clip.truth(0)
    check_size(truth, clip[0].shape[:2], clip.files.maps[0])
    return truth


def copy_tracker(clip: Clip) -> Iterator[tuple[int, IndexMap]]:
    """The first map on every frame: what any tracker must beat."""
    first = first_map(clip)
    for frame in range(1, len(clip)):
        yield frame, first


def flow_tracker(clip: Clip) -> Iterator[tuple[int, IndexMap]]:
    """The first map warped from frame to frame along DIS optical flow.

    Raises:
        MissingOpenCV: OpenCV is not installed.
    """
    # Imported where it is used, because it needs OpenCV, which this package does not ask for.
    from sam2_core.evaluation.opencv import optical_flow, warp

    numbers = clip.object_ids
    soft = [(first_map(clip) == number).astype(np.float32) for number in numbers]
    before = clip[0]
    for frame in range(1, len(clip)):
        now = clip[frame]
        flow = optical_flow(now, before)
        soft = [warp(mask, flow) for mask in soft]
        before = now
        yield frame, _strongest(np.stack(soft), numbers)


def matching_tracker(model: Sam2Model) -> Tracker:
    """Matching with trunk features alone, no trained part.

    Args:
        model: one with an EfficientNet trunk, whose input size is used.
    """
    trunk = model.image_encoder.trunk
    assert isinstance(trunk, EfficientNetTrunk), "matching compares the features of an EfficientNet trunk"
    side = model.config.image_size // 8

    def features(picture: Picture) -> Tensor:
        maps = trunk(model.preprocess(picture, "image"))
        return matching_features(maps[1], maps[2])

    def track(clip: Clip) -> Iterator[tuple[int, IndexMap]]:
        first, numbers = first_map(clip), clip.object_ids
        masks = torch.from_numpy(np.stack([first == number for number in numbers])).float().to(model.device)
        # The mode must not be open while the generator is suspended: it would leak into the caller's code.
        with torch.inference_mode():
            start = F.interpolate(masks[:, None], size=(side, side), mode="area")[:, 0]
            carrier = MaskCarrier(features(clip[0]), start)
        for frame in range(1, len(clip)):
            with torch.inference_mode():
                soft = carrier.track(features(clip[frame]))[:, None]
                enlarged = F.interpolate(soft, size=first.shape, mode="bilinear")[:, 0].cpu().numpy()
            yield frame, _strongest(enlarged, numbers)

    return track


def _strongest(soft: npt.NDArray[np.float32], numbers: Sequence[int]) -> IndexMap:
    """Soft masks (objects, H, W) as a map: each pixel to whom it most belongs, the rest counting as background."""
    claims = np.concatenate([1.0 - soft.sum(axis=0, keepdims=True), soft])
    index_map: IndexMap = np.array([0, *numbers], np.int32)[claims.argmax(axis=0)]
    return index_map
