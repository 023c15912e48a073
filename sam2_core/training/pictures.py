"""Training pictures: stills with a random crop, and cut-outs pasted over other pictures.

A sample is determined by its generator alone, so that an interrupted training can make the same samples again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from sam2_core.training.augmentation import Augmentation, augmented
from sam2_core.training.cutouts import Canvas, read_cutout
from sam2_core.training.library import Background, DataError, IndexMapSource, Library, OverlappingMasks, Still
from sam2_core.training.picture_files import opened

Picture = npt.NDArray[np.uint8]
IndexMap = npt.NDArray[np.int32]
Item = TypeVar("Item")

TRIES = 50
_SHADOW_SHARE = 0.3
_LARGEST_SHARE = 0.9
"""What fills more of the picture has no border to learn from."""


@dataclass(frozen=True)
class Sample:
    """One picture and some of its objects.

    Attributes:
        picture: uint8 RGB, S x S x 3.
        masks: bool, K x S x S, each with at least a few pixels.
        source: where the picture comes from.
    """

    picture: Picture
    masks: npt.NDArray[np.bool_]
    source: str


@dataclass(frozen=True)
class PictureSettings:
    """How training pictures are drawn.

    Attributes:
        size: side S of the model's input.
        objects: objects per picture, K; one object is repeated where a picture has fewer.
        tightest_crop: a crop shows at least this share of each side of a still.
        composite_share: share of pictures that are cut-outs pasted over something.
        source_weights: weight of each source of stills; a source that is not named has weight 1.
        cutout_weights: the same for cut-outs.
        smallest_area: objects with fewer pixels at S x S are not asked for.
        augmentation: how a still is varied, whole, instead of the crops and colours that small models learn with; there
            are then as many objects as it shows, at most K.
    """

    size: int = 512
    objects: int = 4
    tightest_crop: float = 0.35
    composite_share: float = 0.3
    source_weights: Mapping[str, float] = ()  # type: ignore[assignment]
    cutout_weights: Mapping[str, float] = ()  # type: ignore[assignment]
    smallest_area: int = 48
    augmentation: Augmentation | None = None


def draw_sample(library: Library, settings: PictureSettings, generator: np.random.Generator) -> Sample:
    """One training picture; files that cannot be read are passed over.

    Raises:
        DataError: no picture with a large enough object was found in many tries.
    """
    return first_found("picture", lambda: _try_sample(library, settings, generator))


def first_found(what: str, attempt: Callable[[], Item | None], tries: int = TRIES) -> Item:
    """What the first of many attempts gives that finds anything; a damaged file makes an attempt fail, not a training.

    Raises:
        DataError: none found anything.
    """
    fault = ""
    for _ in range(tries):
        try:
            found = attempt()
        except DataError as error:
            fault = f" The last fault: {error}"
            continue
        if found is not None:
            return found
    raise DataError(
        f"No training {what} with a large enough object was found in {tries} tries; check the data folders.{fault}"
    )


def _try_sample(library: Library, settings: PictureSettings, generator: np.random.Generator) -> Sample | None:
    if library.cutouts and (not library.stills or generator.random() < settings.composite_share):
        canvas = _composite(library, settings, generator)
        picture, maps, source = canvas.picture, [canvas.objects, canvas.parts], "composite"
    else:
        still = draw_item(library.stills, settings.source_weights, generator)
        if settings.augmentation is not None:
            return _whole_still(still, settings.augmentation, settings, generator)
        picture, index_map = _cropped_still(still, settings, generator)
        maps, source = [index_map], still.source
    masks = _draw_objects(maps, settings, generator)
    return None if masks is None else Sample(vary_colours(picture, generator), masks, source)


def _whole_still(
    still: Still, how: Augmentation, settings: PictureSettings, generator: np.random.Generator
) -> Sample | None:
    """A still as the paper takes it: all of it, with up to K of its objects, none of them nearly as large as itself."""
    if isinstance(still.index_map, OverlappingMasks):
        picture = read_picture(still.image)
        masks = still.index_map.draw(settings.objects, _LARGEST_SHARE, generator)
        _check_size(still.image, picture.shape[:2], masks.shape[1:])
    else:
        picture, index_map = read_labelled(still.image, still.index_map)
        areas = np.bincount(index_map.ravel())
        areas[0] = 0
        usable = np.flatnonzero((areas > 0) & (areas <= _LARGEST_SHARE * index_map.size))
        masks = index_map == generator.permutation(usable)[: settings.objects, None, None]
    if not len(masks):
        return None
    pictures, varied = augmented([picture], masks[None], how, settings.size, generator)
    is_seen = varied[0].any(axis=(1, 2))
    return Sample(pictures[0], varied[0, is_seen], still.source) if is_seen.any() else None


def draw_item(
    by_source: Mapping[str, Sequence[Item]], weights: Mapping[str, float], generator: np.random.Generator
) -> Item:
    """A source by weight, then any of its items."""
    sources = sorted(by_source)
    shares = np.array([dict(weights).get(source, 1.0) for source in sources], dtype=np.float64)
    items = by_source[sources[int(generator.choice(len(sources), p=shares / shares.sum()))]]
    return items[int(generator.integers(len(items)))]


def read_picture(path: Path) -> Picture:
    """uint8 RGB H x W x 3; DataError if the file is no picture."""
    with opened(path) as image:
        return np.asarray(image.convert("RGB"))


def read_index_map(source: IndexMapSource) -> IndexMap:
    """int32 H x W of object numbers; a file is read as indices, never as colours. DataError if it is no picture."""
    if not isinstance(source, Path):
        return source.read()
    with opened(source) as image:
        return np.asarray(image).astype(np.int32)


def read_labelled(image: Path, source: IndexMapSource) -> tuple[Picture, IndexMap]:
    """A picture and its index map; DataError if either is damaged, or they differ in size."""
    picture, index_map = read_picture(image), read_index_map(source)
    _check_size(image, picture.shape[:2], index_map.shape)
    return picture, index_map


def _check_size(image: Path, size: tuple[int, ...], of_masks: tuple[int, ...]) -> None:
    if size != of_masks:
        raise DataError(
            f"{image} is {size[1]} x {size[0]} pixels and its masks {of_masks[1]} x {of_masks[0]}; get both anew or "
            "take them away."
        )


def _cropped_still(still: Still, settings: PictureSettings, generator: np.random.Generator) -> tuple[Picture, IndexMap]:
    size = settings.size
    picture, index_map = read_labelled(still.image, still.index_map)
    height, width = index_map.shape
    box = (0, 0, width, height)
    if generator.random() < 0.6:
        box = _crop_around_object(index_map, settings.tightest_crop, generator)
    flip = generator.random() < 0.5
    return resize_picture(picture, box, size, flip=flip), resize_index_map(index_map, box, size, flip=flip)


def _crop_around_object(
    index_map: IndexMap, tightest: float, generator: np.random.Generator
) -> tuple[int, int, int, int]:
    """A crop of `tightest` to all of each side that holds some pixel of some object."""
    height, width = index_map.shape
    scale = generator.uniform(tightest, 1.0)
    crop_height = max(int(height * min(scale * generator.uniform(0.85, 1.2), 1.0)), 32)
    crop_width = max(int(width * min(scale * generator.uniform(0.85, 1.2), 1.0)), 32)
    crop_height, crop_width = min(crop_height, height), min(crop_width, width)
    rows, columns = np.nonzero(index_map[::4, ::4])
    if len(rows):
        chosen = int(generator.integers(len(rows)))
        row, column = int(rows[chosen]) * 4, int(columns[chosen]) * 4
    else:
        row, column = height // 2, width // 2
    y0 = int(np.clip(row - generator.uniform(0.2, 0.8) * crop_height, 0, height - crop_height))
    x0 = int(np.clip(column - generator.uniform(0.2, 0.8) * crop_width, 0, width - crop_width))
    return x0, y0, x0 + crop_width, y0 + crop_height


def resize_picture(picture: Picture, box: tuple[int, int, int, int], size: int, *, flip: bool = False) -> Picture:
    """The box x0, y0, x1, y1 of a picture, stretched to size x size."""
    resized = np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR, box=box))
    return resized[:, ::-1] if flip else resized


def resize_index_map(index_map: IndexMap, box: tuple[int, int, int, int], size: int, *, flip: bool = False) -> IndexMap:
    """The same for an index map, without mixing numbers."""
    image = Image.fromarray(index_map)
    resized = np.asarray(image.resize((size, size), Image.Resampling.NEAREST, box=box))
    return resized[:, ::-1] if flip else resized


def _draw_objects(
    maps: Sequence[IndexMap], settings: PictureSettings, generator: np.random.Generator
) -> npt.NDArray[np.bool_] | None:
    """Some of the objects of all maps, wholes and parts alike."""
    found: list[tuple[IndexMap, int]] = []
    for index_map in maps:
        areas = np.bincount(index_map.ravel())
        areas[0] = 0
        usable = np.flatnonzero((areas >= settings.smallest_area) & (areas <= _LARGEST_SHARE * index_map.size))
        found += [(index_map, int(number)) for number in usable]
    if not found:
        return None
    chosen = np.resize(generator.permutation(len(found))[: settings.objects], settings.objects)
    return np.stack([found[index][0] == found[index][1] for index in chosen.tolist()])


def _composite(library: Library, settings: PictureSettings, generator: np.random.Generator) -> Canvas:
    """Two to seven cut-outs over a photograph, or over a still whose own objects keep their labels."""
    size = settings.size
    photographs = library.photographs
    index_map = np.zeros((size, size), np.int32)
    if library.stills and (not photographs or generator.random() < 0.4):
        still = draw_item(library.stills, settings.source_weights, generator)
        picture, index_map = _cropped_still(still, settings, generator)
    elif photographs:
        picture = background_picture(draw_item(photographs, {}, generator), size, generator)
    else:
        picture = np.full((size, size, 3), generator.integers(256, size=3), np.uint8)
    canvas = Canvas(picture.copy(), index_map.copy(), np.zeros((size, size), np.int32))
    number = int(index_map.max())
    for _ in range(int(generator.integers(2, 8))):
        cutout = draw_item(library.cutouts, settings.cutout_weights, generator)
        number += 1
        side = size * float(np.exp(generator.uniform(np.log(0.05), np.log(0.7))))
        patch = read_cutout(cutout, int(generator.integers(len(cutout.frames))))
        patch = patch.turned(side, generator.uniform(-30, 30), flip=generator.random() < 0.5)
        x, y = (int(place) for place in generator.uniform(-0.15, 0.95, size=2) * size)
        if generator.random() < _SHADOW_SHARE:
            canvas.cast_shadow(patch, x, y, generator)
        canvas.paste(patch, x, y, number)
    return canvas


def background_picture(background: Background, size: int, generator: np.random.Generator) -> Picture:
    """A random crop of a photograph, stretched to size x size."""
    picture = read_picture(background.path)
    return resize_picture(picture, most_of(picture, generator), size, flip=generator.random() < 0.5)


def most_of(picture: Picture, generator: np.random.Generator) -> tuple[int, int, int, int]:
    """A box x0, y0, x1, y1 of 60 to 100 % of each side."""
    height, width = picture.shape[:2]
    scale = generator.uniform(0.6, 1.0)
    crop_height, crop_width = int(height * scale), int(width * scale)
    y0 = int(generator.integers(height - crop_height + 1))
    x0 = int(generator.integers(width - crop_width + 1))
    return x0, y0, x0 + crop_width, y0 + crop_height


def vary_colours(picture: Picture, generator: np.random.Generator) -> Picture:
    """Random brightness, contrast, tint, grey and blur, each now and then."""
    gain = generator.uniform(0.75, 1.25) * generator.uniform(0.93, 1.07, size=3)
    shift = generator.uniform(-20, 20)
    is_grey, is_blurred = generator.random() < 0.06, generator.random() < 0.12
    radius = generator.uniform(0.4, 1.6)
    table = np.clip(np.arange(256)[:, None] * gain + shift, 0, 255).astype(np.uint8)
    varied = np.stack([table[picture[..., channel], channel] for channel in range(3)], axis=-1)
    if is_grey or is_blurred:
        image = Image.fromarray(varied)
        image = image.convert("L").convert("RGB") if is_grey else image
        image = image.filter(ImageFilter.GaussianBlur(radius)) if is_blurred else image
        varied = np.asarray(image)
    return varied
