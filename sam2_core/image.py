"""One picture, prompts in, masks out (section 6 of the paper: interactive segmentation of images)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from sam2_core.device import device_of, memory_guard
from sam2_core.errors import PromptError
from sam2_core.model.mask_decoder import shrink_logits, upsample_logits
from sam2_core.model.sam2 import ImageFeatures, Sam2Model
from sam2_core.postprocess import clean_mask_logits, keep_asked_parts
from sam2_core.prompts import FramePrompts, checked_box, checked_points
from sam2_core.zoom import Crop, crop_for

LOGIT_BOUND = 32.0
"""Logits that are fed back as a prompt lie between minus and plus this."""


@dataclass(frozen=True)
class ImagePrediction:
    """The answer to one prompt: C candidates, 3 or 1, in the decoder's order.

    Attributes:
        masks: (C, H, W) bool, or float32 logits if those were asked for.
        iou: (C,) float32 estimates of each mask's IoU with what was meant, 0 to 1.
        low_res: (C, S / 4, S / 4) float32 logits between -32 and 32, to be fed back as `mask_logits`.
        score: logit of anything being there at all; masks are not blanked by it.
    """

    masks: NDArray[np.bool_] | NDArray[np.float32]
    iou: NDArray[np.float32]
    low_res: NDArray[np.float32]
    score: float


@dataclass(frozen=True)
class PromptAnswers:
    """The answers to B prompts, as tensors on the model's device.

    Attributes:
        low_res: (B, C, S / 4, S / 4) float32 logits, not clamped.
        iou: (B, C) float32.
        score: (B, 1) float32 logits.
    """

    low_res: Tensor
    iou: Tensor
    score: Tensor


class ImagePredictor:
    """Keeps one encoded picture and answers prompts about it.

    Args:
        model: in evaluation mode, on the device where it shall compute.
        mask_threshold: a pixel belongs to a mask where its logit is above this.
        max_hole_area: background parts of at most so many pixels of the low-resolution mask are filled; 0 = off.
        max_speck_area: foreground parts of at most so many are wiped; 0 = off.
    """

    def __init__(
        self, model: Sam2Model, *, mask_threshold: float = 0.0, max_hole_area: int = 0, max_speck_area: int = 0
    ) -> None:
        self.model = model
        self.mask_threshold = mask_threshold
        self.max_hole_area = max_hole_area
        self.max_speck_area = max_speck_area
        self._device = device_of(model)
        self._image: ImageFeatures | None = None
        self._picture: NDArray[np.uint8] | None = None
        self._part: tuple[Crop, ImageFeatures] | None = None
        self._features: Tensor | None = None
        self._size = (0, 0)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the picture.

        Raises:
            PromptError: no picture was set.
        """
        if self._image is None:
            raise PromptError("No picture was set: call set_image first.")
        return self._size

    def set_image(self, rgb: NDArray[np.uint8]) -> None:
        """Encode a picture, uint8 RGB H x W x 3; everything asked afterwards is about it.

        Raises:
            PromptError: it is no such array.
            OutOfMemory: the device has too little memory.
        """
        picture = np.asarray(rgb)
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
            raise PromptError(
                f"The picture is an array of shape {picture.shape} and type {picture.dtype}: "
                "give 8-bit RGB, height x width x 3."
            )
        self.clear()
        with memory_guard("encoding a picture"), torch.inference_mode(), self._device.autocast():
            image = self.model.encode_image(self.model.preprocess(picture, "image"))
            self._features = self.model.without_memory(image.vision)
        self._image = image
        self._picture = picture
        self._size = (picture.shape[0], picture.shape[1])

    def clear(self) -> None:
        """Forget the picture and give its memory back."""
        self._image = self._features = self._picture = self._part = None

    def predict(
        self,
        points: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        box: ArrayLike | None = None,
        mask_logits: ArrayLike | None = None,
        multimask: bool = True,
        return_logits: bool = False,
    ) -> ImagePrediction:
        """Answer one prompt.

        Args:
            points: (N, 2) x, y in pixels of the picture; they may lie outside.
            labels: (N,) 1 for points of the object, 0 for points of anything else.
            box: x0, y0, x1, y1 in pixels.
            mask_logits: (1, S / 4, S / 4), one of an earlier answer's `low_res`.
            multimask: three candidates, for ambiguous prompts; else one.
            return_logits: masks as logits instead of bool.

        Raises:
            PromptError: no picture, no prompt, or one that makes no sense.
        """
        size = self.size
        if (points is None) != (labels is None):
            raise PromptError("Points and labels go together: give one label for each point.")
        prompts = FramePrompts(
            box=None if box is None else checked_box(box),
            points=() if points is None or labels is None else checked_points(points, labels),
        )
        given_mask = None if mask_logits is None else self._checked_logits(mask_logits)
        places = signs = None
        if prompts.point_count:
            places, signs = prompts.to_model(size, self.model.config.image_size, self.model.device)
        elif given_mask is None:
            raise PromptError("There is no prompt: give points, a box or the logits of an earlier mask.")
        crop = crop_for(prompts, size, self.model.config)
        if crop is not None:
            answers = self._answer_closer(crop, prompts, given_mask, multimask)
        else:
            answers = self.answer(places, signs, given_mask, multimask)
        if self.model.config.keeps_asked_parts and places is not None and signs is not None:
            low_res = keep_asked_parts(answers.low_res, places, signs, self.model.config.image_size)
            answers = replace(answers, low_res=low_res)
        with memory_guard("enlarging masks"), torch.inference_mode():
            logits = self.enlarge(answers.low_res)[0]
            masks = logits if return_logits else logits > self.mask_threshold
            small = answers.low_res if crop is None else shrink_logits(answers.low_res, self.model.config.low_res)
            low_res = small[0].clamp(-LOGIT_BOUND, LOGIT_BOUND)
        return ImagePrediction(
            masks.cpu().numpy(), answers.iou[0].cpu().numpy(), low_res.cpu().numpy(), float(answers.score)
        )

    def answer(
        self, points: Tensor | None, labels: Tensor | None, mask_logits: Tensor | None, multimask: bool
    ) -> PromptAnswers:
        """Answer B prompts at once.

        Args:
            points: (B, N, 2) x, y in pixels of the model input (picture pixels * S / width and * S / height), or None.
            labels: (B, N): 1, 0, 2 and 3 for the corners of a box (which come first), -1 for padding.
            mask_logits: (B, 1, S / 4, S / 4) or None.
            multimask: three candidates per prompt, else one.

        Raises:
            PromptError: no picture was set.
            OutOfMemory: too many prompts for the device's memory.
        """
        if self._image is None or self._features is None:
            raise PromptError("No picture was set: call set_image first.")
        with memory_guard("answering prompts"), torch.inference_mode(), self._device.autocast():
            output = self.model.decode_raw(self._features, self._image, points, labels, mask_logits)
            choice = self.model.sam_mask_decoder.choose(output, multimask)
        return PromptAnswers(choice.masks.float(), choice.ious.float(), output.score.float())

    def _answer_closer(
        self, crop: Crop, prompts: FramePrompts, mask_logits: Tensor | None, multimask: bool
    ) -> PromptAnswers:
        """The answer found in a part of the picture, its masks on a grid of the model's full side."""
        assert self._picture is not None
        model, side = self.model, self.model.config.image_size
        with memory_guard("answering prompts"), torch.inference_mode(), self._device.autocast():
            if self._part is None or self._part[0] != crop:
                self._part = crop, model.encode_image(model.preprocess(crop.cut(self._picture), "image"))
            image = self._part[1]
            points, labels = crop.to_model(prompts, side, model.device)
            logits = None if mask_logits is None else crop.into(mask_logits, model.config.low_res)
            output = model.decode_raw(model.without_memory(image.vision), image, points, labels, logits)
            choice = model.sam_mask_decoder.choose(output, multimask)
        return PromptAnswers(crop.onto_picture(choice.masks, side), choice.ious.float(), output.score.float())

    def enlarge(self, low_res: Tensor) -> Tensor:
        """Logits (B, C, h, w) at the picture's size, (B, C, H, W), small holes and specks taken out."""
        cleaned = clean_mask_logits(
            low_res,
            max_hole_area=self.max_hole_area,
            max_speck_area=self.max_speck_area,
            threshold=self.mask_threshold,
        )
        return upsample_logits(cleaned, self.size)

    def _checked_logits(self, mask_logits: ArrayLike) -> Tensor:
        logits = np.asarray(mask_logits, dtype=np.float32)
        side = self.model.config.low_res
        if logits.shape not in ((1, side, side), (side, side)):
            raise PromptError(
                f"The mask logits have the shape {logits.shape}: give one of an earlier answer's low_res, "
                f"1 x {side} x {side}."
            )
        return torch.from_numpy(np.array(logits)).reshape(1, 1, side, side).to(self.model.device)
