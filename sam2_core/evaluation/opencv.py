"""What the baselines take from OpenCV: optical flow and GrabCut.

This package does without OpenCV, and a machine that only tracks need not have it. So it is loaded by name, here alone,
when a baseline asks for it.
"""

from __future__ import annotations

import importlib
import os
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from sam2_core.errors import Sam2Error
from sam2_core.evaluation.metrics import Mask
from sam2_core.training.pictures import Picture

GRABCUT_ROUNDS = 5
_QT_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")


class MissingOpenCV(Sam2Error):
    """A baseline needs OpenCV and it is not installed."""


@lru_cache(maxsize=1)
def _opencv() -> ModuleType:
    # Its desktop wheel points these at plug-ins of its own, which are not for the rest of this process.
    before = {name: os.environ.get(name) for name in _QT_VARIABLES}
    try:
        opencv = importlib.import_module("cv2")
    except ImportError as error:
        raise MissingOpenCV("The baselines flow and grabcut need OpenCV: pip install opencv-python.") from error
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return opencv


@lru_cache(maxsize=1)
def _flow_finder() -> Any:
    opencv = _opencv()
    return opencv.DISOpticalFlow_create(opencv.DISOPTICAL_FLOW_PRESET_MEDIUM)


def optical_flow(picture: Picture, other: Picture) -> npt.NDArray[np.float32]:
    """Where each pixel of a picture lies in another one of the same size: (H, W, 2) offsets x, y in pixels."""
    opencv = _opencv()
    grey = [opencv.cvtColor(rgb, opencv.COLOR_RGB2GRAY) for rgb in (picture, other)]
    flow: npt.NDArray[np.float32] = _flow_finder().calc(*grey, None)
    return flow


def warp(mask: npt.NDArray[np.float32], flow: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A soft mask of the other picture, brought to this one; 0 where it comes from outside."""
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]].astype(np.float32)
    opencv = _opencv()
    moved = opencv.remap(mask, columns + flow[..., 0], rows + flow[..., 1], opencv.INTER_LINEAR)
    return np.asarray(moved, np.float32)


def grabcut(picture: Picture, box: tuple[float, float, float, float]) -> Mask:
    """GrabCut in a box x0, y0, x1, y1 (whole pixels), five rounds; the box itself if nothing lies outside it."""
    x0, y0, x1, y1 = (int(value) for value in box)
    inside = np.zeros(picture.shape[:2], bool)
    inside[y0:y1, x0:x1] = True
    if inside.all():
        return inside
    opencv = _opencv()
    # Its colour clusters begin at random.
    opencv.setRNGSeed(0)
    labels = np.where(inside, opencv.GC_PR_FGD, opencv.GC_BGD).astype(np.uint8)
    models = np.zeros((2, 1, 65))
    bgr = opencv.cvtColor(picture, opencv.COLOR_RGB2BGR)
    try:
        opencv.grabCut(bgr, labels, None, models[0], models[1], GRABCUT_ROUNDS, opencv.GC_INIT_WITH_MASK)
    except opencv.error:
        # Fewer pixels inside or outside than colour clusters.
        return inside
    found: Mask = (labels == opencv.GC_FGD) | (labels == opencv.GC_PR_FGD)
    return found
