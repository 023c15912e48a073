"""Picture files that may be damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from sam2_core.training.library import DataError

_FAULTS = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What reading a file with wrong bytes in it was seen to raise."""


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A picture whose pixels are read inside the context.

    Raises:
        DataError: the file is no picture, or a damaged one.
    """
    try:
        with Image.open(path) as image:
            yield image
    except _FAULTS as error:
        raise DataError(f"{path} cannot be read as a picture ({error}); get it anew or take it away.") from error
