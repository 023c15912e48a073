"""A frame as the canvas draws it: whole, and as small as it is seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app.media.opencv import cv2


class LoadedFrame:
    """One frame's picture, uint8 RGB of height x width x 3, and what Qt draws fastest of it, made when asked for.

    Whoever loads the frame asks first, on a thread of its own; from then on the frame belongs to the window's thread.
    """

    def __init__(self, frame: int, picture: NDArray[np.uint8]) -> None:
        self.frame = frame
        self._picture = picture
        self._whole: tuple[QImage, NDArray[np.uint8]] | None = None
        self._reduced: tuple[QImage, NDArray[np.uint8]] | None = None

    @property
    def image(self) -> QImage:
        """The whole picture, 32 bit RGB."""
        if self._whole is None:
            self._whole = _drawable(self._picture)
        return self._whole[0]

    def reduced(self, height: int, width: int) -> QImage:
        """The picture in so many pixels, fewer than its own; the size that was asked for last is kept."""
        if self._reduced is None or self._reduced[1].shape[:2] != (height, width):
            picture = self._picture
            # Halves first: each pixel of the result then sees all those that it stands for.
            while picture.shape[0] >= 2 * height and picture.shape[1] >= 2 * width:
                half = (picture.shape[1] // 2, picture.shape[0] // 2)
                picture = cv2.resize(picture, half, interpolation=cv2.INTER_AREA)
            if picture.shape[:2] != (height, width):
                picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
            self._reduced = _drawable(picture)
        return self._reduced[0]


def _drawable(picture: NDArray[np.uint8]) -> tuple[QImage, NDArray[np.uint8]]:
    """A picture for Qt, and the array under it, which Qt does not keep alive."""
    pixels = cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB32), pixels
