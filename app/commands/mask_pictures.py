"""Masks from picture files: what is not 0 in a picture, or one number of an index map."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from app.document.masks import MaskCode

INDEX_MODES = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")
MAX_LISTED = 12


class PictureError(Exception):
    """A picture that cannot serve as a mask; the message says why, without its place and full stop."""


class MaskPictures:
    """Pictures in one folder that belong to a clip of height x width pixels; each file is read once."""

    def __init__(self, folder: Path, height: int, width: int) -> None:
        self._folder = folder
        self._height = height
        self._width = width
        self._read: dict[str, NDArray[Any]] = {}

    def read(self, name: str, index: int | None = None) -> MaskCode:
        """The pixels that are not 0, or with an index those that have that number. Raises PictureError."""
        values = self._values(name)
        if index is None:
            pixels = _is_set(values)
            if not pixels.any():
                raise PictureError(f"every pixel of {name} is 0; the object has at least one pixel")
            return MaskCode.from_array(pixels)
        if values.ndim != 2:
            raise PictureError(f"{name} is a colour picture; an index map has one number for each pixel")
        pixels = values == index
        if not pixels.any():
            there = [str(int(value)) for value in np.unique(values) if value]
            listed = ", ".join(there[:MAX_LISTED]) + (" and more" if len(there) > MAX_LISTED else "")
            raise PictureError(f"no pixel of {name} is {index}; it has {listed or 'only 0'}")
        return MaskCode.from_array(pixels)

    def _values(self, name: str) -> NDArray[Any]:
        if name not in self._read:
            self._read[name] = self._load(name)
        return self._read[name]

    def _load(self, name: str) -> NDArray[Any]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked right below
                picture = Image.open(self._folder / name)
            with picture:
                if picture.size != (self._width, self._height):
                    raise PictureError(
                        f"{name} has {picture.width} x {picture.height} pixels; the clip has "
                        f"{self._width} x {self._height}"
                    )
                if picture.mode in INDEX_MODES or picture.mode in ("LA", "RGB", "RGBA"):
                    return np.asarray(picture)
                return np.asarray(picture.convert("RGBA"))
        except FileNotFoundError:
            raise PictureError(f"there is no picture {name} beside the file") from None
        except UnidentifiedImageError:
            raise PictureError(f"{name} is not a picture that can be read") from None
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise PictureError(f"{name} cannot be read: {error}") from None


def _is_set(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels with any colour; where a picture has transparency, what is wholly transparent is none."""
    if values.ndim == 2:
        is_set: NDArray[np.bool_] = values != 0
        return is_set
    has_alpha = values.shape[2] in (2, 4)
    colours = values[..., :-1] if has_alpha else values
    is_set = (colours != 0).any(axis=2)
    return is_set & (values[..., -1] != 0) if has_alpha else is_set
