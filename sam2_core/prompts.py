"""What a person gave on one frame of one object, checked, and in the order in which the model gets to see it."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from sam2_core.errors import PromptError

_BOX_LABELS = (2, 3)


@dataclass(frozen=True)
class GivenPoint:
    """A click at (x, y) in pixels of the video."""

    x: float
    y: float
    is_positive: bool


@dataclass(frozen=True)
class GivenBox:
    """A box in pixels of the video, right and bottom exclusive."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class GivenMask:
    """A mask of video size, packed eight pixels to a byte."""

    height: int
    width: int
    bits: bytes

    @staticmethod
    def pack(mask: NDArray[np.bool_]) -> GivenMask:
        """From a bool array H x W."""
        return GivenMask(mask.shape[0], mask.shape[1], np.packbits(mask).tobytes())

    def unpack(self) -> NDArray[np.bool_]:
        """As a bool array H x W."""
        count = self.height * self.width
        bits = np.unpackbits(np.frombuffer(self.bits, dtype=np.uint8), count=count)
        return bits.astype(np.bool_).reshape(self.height, self.width)

    def to_model(self, side: int, device: torch.device) -> Tensor:
        """As the model takes it: float32 (1, 1, side, side) of zeros and ones; at least half covered counts as one."""
        mask = torch.from_numpy(self.unpack()).to(torch.float32)[None, None]
        if mask.shape[-2:] != (side, side):
            mask = F.interpolate(mask, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
        return (mask >= 0.5).to(torch.float32).to(device)


Step = GivenMask | GivenBox | GivenPoint


@dataclass(frozen=True)
class FramePrompts:
    """Everything given on one frame: a mask, which points mend, or a box, which starts anew, then points in order."""

    mask: GivenMask | None = None
    box: GivenBox | None = None
    points: tuple[GivenPoint, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The same one by one, as a person could have given it; a mask is of no effect beside a box."""
        first = self.mask if self.box is None else self.box
        return self.points if first is None else (first, *self.points)

    @property
    def point_count(self) -> int:
        """Points as the model counts them; a box is two."""
        return len(self.points) + (2 if self.box is not None else 0)

    def upto(self, count: int) -> FramePrompts:
        """The first `count` steps."""
        kept = self.steps[:count]
        return FramePrompts(
            mask=next((step for step in kept if isinstance(step, GivenMask)), None),
            box=next((step for step in kept if isinstance(step, GivenBox)), None),
            points=tuple(step for step in kept if isinstance(step, GivenPoint)),
        )

    def with_points(self, box: GivenBox | None, points: Sequence[GivenPoint], *, clear_old: bool) -> FramePrompts:
        """Add a box and points, or put them in the place of earlier ones; a mask stays."""
        if clear_old:
            return replace(self, box=box, points=tuple(points))
        return replace(self, box=self.box if box is None else box, points=(*self.points, *points))

    def to_model(self, size: tuple[int, int], side: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Points (1, N, 2) in model pixels and labels (1, N); the corners of a box come first, as labels 2 and 3."""
        places = [(point.x, point.y) for point in self.points]
        labels = [int(point.is_positive) for point in self.points]
        if self.box is not None:
            places = [(self.box.x0, self.box.y0), (self.box.x1, self.box.y1), *places]
            labels = [*_BOX_LABELS, *labels]
        height, width = size
        scale = torch.tensor([width, height], dtype=torch.float32)
        coordinates = torch.tensor(places, dtype=torch.float32) / scale * side
        return coordinates[None].to(device), torch.tensor([labels], dtype=torch.int32, device=device)


def checked_frame(frame: int, num_frames: int) -> int:
    """A frame number that exists.

    Raises:
        PromptError: it does not.
    """
    number = operator.index(frame)
    if not 0 <= number < num_frames:
        raise PromptError(f"Frame {number} does not exist: the clip's frames are 0 to {num_frames - 1}.")
    return number


def checked_points(points: ArrayLike, labels: ArrayLike) -> tuple[GivenPoint, ...]:
    """Points (N, 2) with labels (N,), 1 for "belongs to the object" and 0 for "does not".

    Raises:
        PromptError: shapes, numbers or labels make no sense.
    """
    places, signs = _numbers(points, "points"), _numbers(labels, "labels")
    if places.size == 0 and signs.size == 0:
        return ()
    if places.ndim != 2 or places.shape[1] != 2:
        raise PromptError(f"Points must be given as x, y pairs (N x 2), not as an array of shape {places.shape}.")
    if signs.shape != (places.shape[0],):
        raise PromptError(f"{places.shape[0]} points came with {signs.size} labels: give one label for each point.")
    if not np.isfinite(places).all():
        raise PromptError("A point has a coordinate that is not a number: give x and y in pixels.")
    if not np.isin(signs, (0, 1)).all():
        raise PromptError("A point's label can be 1 (part of the object) or 0 (not part of it).")
    return tuple(
        GivenPoint(float(x), float(y), bool(sign)) for (x, y), sign in zip(places.tolist(), signs.tolist(), strict=True)
    )


def checked_box(box: ArrayLike) -> GivenBox:
    """A box x0, y0, x1, y1 in pixels.

    Raises:
        PromptError: it is not four numbers, or it is empty.
    """
    corners = _numbers(box, "corners of the box")
    if corners.shape != (4,) or not np.isfinite(corners).all():
        raise PromptError("A box is four numbers: left, top, right and bottom in pixels.")
    x0, y0, x1, y1 = corners.tolist()
    if x1 <= x0 or y1 <= y0:
        raise PromptError(f"The box ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}) is empty: right and bottom must be larger.")
    return GivenBox(x0, y0, x1, y1)


def checked_mask(mask: ArrayLike, size: tuple[int, int]) -> GivenMask:
    """A mask of the video's (height, width); anything but zero is part of the object.

    Raises:
        PromptError: it has another size.
    """
    pixels = np.asarray(mask)
    if pixels.shape != size:
        raise PromptError(
            f"The mask is {' x '.join(map(str, pixels.shape))}, the video {size[0]} x {size[1]} (height x width): "
            "give a mask of the video's size."
        )
    return GivenMask.pack(pixels.astype(np.bool_))


def _numbers(values: ArrayLike, what: str) -> NDArray[np.float64]:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise PromptError(f"The {what} must be numbers, as many for each as for the others.") from None
