"""How pictures and clips are varied where a recipe follows the paper (section 10.2), all frames of a clip together.

The recipes of small models vary more: see `pictures.vary_colours` and the crops there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance

Picture = npt.NDArray[np.uint8]
Masks = npt.NDArray[np.bool_]
_Kind = type[ImageEnhance.Brightness] | type[ImageEnhance.Contrast] | type[ImageEnhance.Color]

_FILL = (123, 116, 103)
"""Colour of what lies outside the picture: the mean of what the published trunks have seen."""


@dataclass(frozen=True)
class Jitter:
    """Colours changed by factors between 1 - v and 1 + v, in random order.

    Attributes:
        brightness, contrast, saturation: v of each.
    """

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0


@dataclass(frozen=True)
class Augmentation:
    """What is changed, in this order.

    Attributes:
        flip: how often left and right are exchanged.
        degrees: largest turn, either way.
        shear: largest slant along x in degrees, either way. Where an object would leave the first frame, a clip is
            neither turned nor slanted.
        mosaic: how often a clip is shown four times in a 2 x 2 grid, each flipped half of the time; the objects are
            those of one cell, and what looks like them in the others is none.
        jitter: the same factors on all frames.
        grey: how often all frames lose their colours.
        frame_jitter: factors drawn for every frame.
    """

    flip: float = 0.5
    degrees: float = 0.0
    shear: float = 0.0
    mosaic: float = 0.0
    jitter: Jitter = Jitter()
    grey: float = 0.0
    frame_jitter: Jitter = Jitter()


STILL_AUGMENTATION = Augmentation()
"""Of the paper's stills: a flip."""

CLIP_AUGMENTATION = Augmentation(
    degrees=25.0,
    shear=20.0,
    jitter=Jitter(0.1, 0.03, 0.03),
    grey=0.05,
    frame_jitter=Jitter(0.1, 0.05, 0.05),
)
"""Of the paper's clips; version 2.1 adds the mosaic."""


def augmented(
    pictures: Sequence[Picture], masks: Masks, how: Augmentation, size: int, generator: np.random.Generator
) -> tuple[Picture, Masks]:
    """Vary the frames of a clip together and stretch them to size x size.

    Args:
        pictures: uint8 RGB, T of H x W x 3.
        masks: T x K x H x W.
        how: what is changed.
        size: side S of the result.
        generator: where all draws come from.

    Returns:
        T x S x S x 3 and T x K x S x S; an object can be too small to be left on the first frame.
    """
    frames = [Image.fromarray(picture) for picture in pictures]
    if generator.random() < how.flip:
        frames = [frame.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for frame in frames]
        masks = masks[..., ::-1]
    if how.degrees or how.shear:
        frames, masks = _slanted(frames, masks, how, generator)
    frames = [frame.resize((size, size), Image.Resampling.BILINEAR) for frame in frames]
    masks = _each(masks, (size, size), lambda mask: mask.resize((size, size), Image.Resampling.BILINEAR))
    if generator.random() < how.mosaic:
        frames, masks = _mosaic(frames, masks, generator)
    factors = _draw_factors(how.jitter, generator)
    frames = [_jittered(frame, factors) for frame in frames]
    if generator.random() < how.grey:
        frames = [frame.convert("L").convert("RGB") for frame in frames]
    frames = [_jittered(frame, _draw_factors(how.frame_jitter, generator)) for frame in frames]
    return np.stack([np.asarray(frame) for frame in frames]), masks


def _each(masks: Masks, size: tuple[int, int], change: Callable[[Image.Image], Image.Image]) -> Masks:
    """Every mask of T x K changed as a picture of 0 and 255; `size` is the height and width that come out."""
    changed = np.empty((*masks.shape[:2], *size), np.bool_)
    for place in np.ndindex(*masks.shape[:2]):
        changed[place] = np.asarray(change(Image.fromarray(masks[place].astype(np.uint8) * 255))) >= 128
    return changed


def _slanted(
    frames: list[Image.Image], masks: Masks, how: Augmentation, generator: np.random.Generator
) -> tuple[list[Image.Image], Masks]:
    """Frames turned and slanted about their centre; as they were where an object would leave the first one."""
    turn = math.radians(generator.uniform(-how.degrees, how.degrees))
    slant = math.tan(math.radians(generator.uniform(-how.shear, how.shear)))
    # From a place in the result to the place in the picture that it shows.
    rows = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    rows = np.array([[1.0, slant], [0.0, 1.0]]) @ rows
    size = frames[0].size
    centre = np.array(size) / 2
    x, y = centre - rows @ centre
    matrix = (rows[0, 0], rows[0, 1], x, rows[1, 0], rows[1, 1], y)

    def moved(image: Image.Image, how: Image.Resampling, fill: int | tuple[int, int, int]) -> Image.Image:
        return image.transform(size, Image.Transform.AFFINE, matrix, how, fillcolor=fill)

    slanted = _each(masks, masks.shape[-2:], lambda mask: moved(mask, Image.Resampling.NEAREST, 0))
    if not slanted[0].any(axis=(1, 2)).all():
        return frames, masks
    return [moved(frame, Image.Resampling.BILINEAR, _FILL) for frame in frames], slanted


def _mosaic(frames: list[Image.Image], masks: Masks, generator: np.random.Generator) -> tuple[list[Image.Image], Masks]:
    """Four small copies of a clip; as it was where an object would become too small to be seen on the first frame."""
    side = frames[0].width
    half = side // 2
    corners = [(0, 0), (half, 0), (0, half), (half, half)]
    flips = generator.random(4) < 0.5
    chosen = int(generator.integers(4))
    small = _each(masks, (half, half), lambda mask: mask.resize((half, half), Image.Resampling.BILINEAR))
    if not small[0].any(axis=(1, 2)).all():
        return frames, masks
    together = [Image.new("RGB", (side, side)) for _ in frames]
    for frame, whole in zip(frames, together, strict=True):
        copy = frame.resize((half, half), Image.Resampling.BILINEAR)
        mirrored = copy.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        for corner, is_flipped in zip(corners, flips, strict=True):
            whole.paste(mirrored if is_flipped else copy, corner)
    x, y = corners[chosen]
    placed = np.zeros_like(masks)
    placed[..., y : y + half, x : x + half] = small[..., ::-1] if flips[chosen] else small
    return together, placed


def _draw_factors(jitter: Jitter, generator: np.random.Generator) -> list[tuple[_Kind, float]]:
    """What to change by which factor, in a random order; nothing where nothing is to be changed."""
    kinds: tuple[_Kind, ...] = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
    reaches = (jitter.brightness, jitter.contrast, jitter.saturation)
    drawn = [(kind, 1 + generator.uniform(-v, v)) for kind, v in zip(kinds, reaches, strict=True) if v]
    return [drawn[int(index)] for index in generator.permutation(len(drawn))]


def _jittered(frame: Image.Image, factors: Sequence[tuple[_Kind, float]]) -> Image.Image:
    for kind, factor in factors:
        frame = kind(frame).enhance(factor)
    return frame
