"""What every reader needs: paths that stay inside the data set, and its pictures. The files may come from anybody."""

from __future__ import annotations

import warnings
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
from PIL import Image

from exporters.errors import ReadError


def inside(root: Path, relative: str, named_by: str) -> Path:
    """The path of a file below `root` that `named_by` names, or a ReadError if the name leads out of `root`."""
    name = relative.replace("\\", "/")
    windows = PureWindowsPath(relative)
    if not name or "\0" in name or windows.drive or windows.root or ".." in PurePosixPath(name).parts:
        raise ReadError(f"{named_by} names {relative!r}, which lies outside of the data set. It was not opened.")
    found = root / PurePosixPath(name)
    if not found.resolve().is_relative_to(root.resolve()):
        raise ReadError(f"{named_by} names {relative!r}, which leads out of the data set. It was not opened.")
    return found


def open_picture(path: Path) -> Image.Image:
    """An image file, loaded; a ReadError if it is none or far too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                picture.load()
                return picture
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ReadError(f"{path} is not a picture that can be read: {error}.") from error


def rgb(path: Path) -> np.ndarray:
    """A picture as uint8 RGB, height x width x 3."""
    return np.asarray(open_picture(path).convert("RGB"))
