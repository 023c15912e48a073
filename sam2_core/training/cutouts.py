"""Cut-outs: read, turned, and pasted into a picture with their parts and a shadow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from sam2_core.training.library import Cutout
from sam2_core.training.picture_files import opened

_OPAQUE = 127
_SHADOW_REACH = 0.12
_SHADOW_BLUR = 0.03


@dataclass(frozen=True)
class Patch:
    """A cut-out ready to be pasted.

    Attributes:
        picture: RGBA.
        parts: its parts by number, mode L of the same size; 0 where there is none. None for a cut-out without parts.
    """

    picture: Image.Image
    parts: Image.Image | None = None

    @property
    def width(self) -> int:
        """In pixels."""
        return self.picture.width

    @property
    def height(self) -> int:
        """In pixels."""
        return self.picture.height

    def turned(self, side: float, angle: float, *, flip: bool) -> Patch:
        """With the longer side scaled to `side` pixels, then turned by `angle` degrees."""
        parts = None if self.parts is None else _turned(self.parts, side, angle, flip, Image.Resampling.NEAREST)
        return Patch(_turned(self.picture, side, angle, flip, Image.Resampling.BILINEAR), parts)


@dataclass
class Canvas:
    """What cut-outs are pasted into, in place.

    Attributes:
        picture: uint8 RGB H x W x 3.
        objects: int32 H x W, the number of the object on top; 0 is unknown or background.
        parts: the same for parts of objects.
    """

    picture: npt.NDArray[np.uint8]
    objects: npt.NDArray[np.int32]
    parts: npt.NDArray[np.int32]

    def paste(self, patch: Patch, x: int, y: int, number: int) -> None:
        """Blend a patch in with its upper left corner at x, y; what lies outside is cut off.

        Parts are numbered on from those that are there.
        """
        values = np.asarray(patch.picture)
        height, width = self.objects.shape
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + values.shape[1], width), min(y + values.shape[0], height)
        if x0 >= x1 or y0 >= y1:
            return
        there = (slice(y0, y1), slice(x0, x1))
        here = (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
        visible = values[here]
        alpha = visible[..., 3:].astype(np.float32) / 255
        under = self.picture[there]
        self.picture[there] = np.rint(under * (1 - alpha) + visible[..., :3] * alpha).astype(np.uint8)
        covered = visible[..., 3] > _OPAQUE
        self.objects[there][covered] = number
        numbers = np.zeros(covered.shape, np.int32)
        if patch.parts is not None:
            own = np.asarray(patch.parts)[here].astype(np.int32)
            numbers = np.where(own > 0, own + int(self.parts.max()), 0)
        self.parts[there][covered] = numbers[covered]

    def cast_shadow(self, patch: Patch, x: int, y: int, generator: np.random.Generator) -> None:
        """Darken what lies beside a patch that is about to be pasted at x, y."""
        side = max(patch.width, patch.height)
        radius = max(_SHADOW_BLUR * side, 1.0)
        margin = round(3 * radius)
        alpha = Image.new("L", (patch.width + 2 * margin, patch.height + 2 * margin))
        alpha.paste(patch.picture.getchannel("A"), (margin, margin))
        strength = float(generator.uniform(0.2, 0.6))
        across, down = generator.uniform(-_SHADOW_REACH, _SHADOW_REACH, size=2) * side
        shade = alpha.filter(ImageFilter.GaussianBlur(radius)).point([round(value * strength) for value in range(256)])
        picture = Image.fromarray(self.picture)
        black = Image.new("RGB", shade.size)
        picture.paste(black, (x - margin + round(across), y - margin + round(down)), shade)
        self.picture[...] = np.asarray(picture)


def read_cutout(cutout: Cutout, frame: int) -> Patch:
    """One frame of a cut-out on its canvas; DataError if a file of it is damaged."""
    with opened(cutout.frames[frame]) as image:
        picture = image.convert("RGBA")
    parts = None
    if cutout.parts:
        with opened(cutout.parts[frame]) as image:
            parts = Image.fromarray(np.asarray(image).astype(np.uint8))
    if cutout.canvas is None:
        return Patch(picture, parts)
    x, y, width, height = cutout.boxes[frame]
    whole = Image.new("RGBA", cutout.canvas)
    whole.paste(picture.resize((width, height)), (x, y))
    if parts is None:
        return Patch(whole)
    map_of_parts = Image.new("L", cutout.canvas)
    map_of_parts.paste(parts.resize((width, height), Image.Resampling.NEAREST), (x, y))
    return Patch(whole, map_of_parts)


def _turned(
    image: Image.Image,
    side: float,
    angle: float,
    flip: bool,
    filter: Literal[Image.Resampling.NEAREST, Image.Resampling.BILINEAR],
) -> Image.Image:
    scale = side / max(image.size)
    width, height = max(round(image.width * scale), 4), max(round(image.height * scale), 4)
    if flip:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    scaled = image.resize((width, height), filter)
    return scaled.rotate(angle, filter, expand=True) if angle else scaled
