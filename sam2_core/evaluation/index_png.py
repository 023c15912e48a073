"""Answers as files: one index PNG a frame, as the benchmark of DAVIS and its like read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from sam2_core.evaluation.labelled import Clip
from sam2_core.evaluation.options import OptionError
from sam2_core.training.pictures import IndexMap


def palette() -> list[int]:
    """The 256 colours of DAVIS: the bits of a number, dealt out to red, green and blue from the highest down."""
    numbers = np.arange(256)[:, None]
    colours = sum(((numbers >> (3 * bit + np.arange(3))) & 1) << (7 - bit) for bit in range(3))
    return [int(value) for value in np.ravel(colours)]


class MaskFolder:
    """Writes answers to `folder/source/clip/frame.png`.

    Args:
        folder: is made if it is missing.

    Raises:
        OptionError: it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._palette = palette()
        _make(folder)

    def keep(self, clip: Clip, frame: int, index_map: IndexMap) -> None:
        """Write one frame's map; numbers above 255 make it a 16-bit grey PNG."""
        place = self._folder / clip.source / clip.name
        _make(place)
        if index_map.max() > 255:
            image = Image.fromarray(index_map.astype(np.uint16))
        else:
            image = Image.fromarray(index_map.astype(np.uint8))
            image.putpalette(self._palette)
        path = place / f"{clip.files.frames[frame].stem}.png"
        try:
            image.save(path)
        except OSError as error:
            raise OptionError(f"{path} could not be written ({error.strerror}); choose another folder.") from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"The folder {folder} could not be made ({error.strerror}); choose another one.") from error
