"""Masks as pixels, made ahead or kept from the last time, so that a step need not make them."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from app.document.errors import ProjectError
from app.document.masks import MaskCode

CAPACITY = 48 << 20


class Crops:
    """What was made last of masks' pixels inside their boxes, at most `capacity` bytes. Any thread may ask."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self._lock = threading.Lock()
        self._held: OrderedDict[int, tuple[MaskCode, NDArray[np.bool_]]] = OrderedDict()
        """By the code's identity, which the code that is held along keeps from being given anew."""
        self._bytes = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of pixels that are kept."""
        return self._bytes

    def of(self, code: MaskCode) -> NDArray[np.bool_]:
        """`code.crop()`, not to be written to. Raises ProjectError where its run lengths can no longer be read."""
        with self._lock:
            found = self._held.get(id(code))
            if found is not None:
                self._held.move_to_end(id(code))
                return found[1]
        pixels = code.crop()
        with self._lock:
            if id(code) not in self._held:
                self._held[id(code)] = code, pixels
                self._bytes += pixels.nbytes
            while self._bytes > self.capacity:
                _, (_, oldest) = self._held.popitem(last=False)
                self._bytes -= oldest.nbytes
        return pixels

    def make(self, codes: Iterable[MaskCode]) -> None:
        """Make these ahead. What cannot be read is told to whoever asks for it."""
        with contextlib.suppress(ProjectError):
            for code in codes:
                self.of(code)


crops = Crops()
"""Of the whole program: what one window has made, another one shows as well."""
