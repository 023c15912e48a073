"""Image features of a clip's frames: read one at a time, encoded once, the last few kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sam2_core.errors import PromptError
from sam2_core.model.sam2 import ImageFeatures, Sam2Model
from sam2_core.zoom import Crop


class FrameFeatures:
    """The features of the frames that were asked for last.

    Args:
        model: encodes the frames; call `features` where its gradients and number types are as they should be.
        frames: uint8 RGB H x W x 3 by 0-based index, all of one size.
        keep: number of frames whose features are kept.
    """

    def __init__(self, model: Sam2Model, frames: Sequence[NDArray[np.uint8]], keep: int) -> None:
        self._model = model
        self._frames = frames
        self._keep = max(keep, 1)
        self._kept: OrderedDict[int, ImageFeatures] = OrderedDict()
        self._size: tuple[int, int] | None = None
        self._part: tuple[int, Crop, ImageFeatures] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the clip."""
        if self._size is None:
            self._read(0)
        assert self._size is not None
        return self._size

    @property
    def held_bytes(self) -> int:
        """Bytes of the features that are kept."""
        parts = [] if self._part is None else [self._part[2]]
        return sum(_bytes(features) for features in [*self._kept.values(), *parts])

    def __contains__(self, frame: int) -> bool:
        return frame in self._kept

    def features(self, frame: int) -> ImageFeatures:
        """Features of a frame, from the kept ones or anew.

        Raises:
            PromptError: the frame is no picture of the clip's size.
        """
        found = self._kept.get(frame)
        if found is None:
            found = self._model.encode_image(self._model.preprocess(self._read(frame), "video"))
            self._kept[frame] = found
            while len(self._kept) > self._keep:
                self._kept.popitem(last=False)
        self._kept.move_to_end(frame)
        return found

    def features_of(self, frame: int, crop: Crop) -> ImageFeatures:
        """Features of a part of a frame; the last one is kept, for the next prompt goes to the same part."""
        if self._part is None or self._part[:2] != (frame, crop):
            pixels = self._model.preprocess(crop.cut(self._read(frame)), "video")
            self._part = frame, crop, self._model.encode_image(pixels)
        return self._part[2]

    def _read(self, frame: int) -> NDArray[np.uint8]:
        picture = np.asarray(self._frames[frame])
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise PromptError(
                f"Frame {frame} is an array of shape {picture.shape} and type {picture.dtype}: "
                "frames are 8-bit RGB pictures, height x width x 3."
            )
        size = (picture.shape[0], picture.shape[1])
        if self._size is None:
            self._size = size
        if size != self._size:
            raise PromptError(
                f"Frame {frame} is {size[0]} x {size[1]}, others are {self._size[0]} x {self._size[1]} "
                "(height x width): all frames of a clip must be of one size."
            )
        return picture


def _bytes(features: ImageFeatures) -> int:
    tensors = [features.high_res_0, features.high_res_1, features.vision, *(features.trunk or ())]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
