"""What runs have replaced: the last versions of each object's masks, to look at again and to take back."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.document.values import Cell, FrameMask

KEPT = 5
"""Versions of each object, the newest ones."""


@dataclass(frozen=True)
class Version:
    """An object's masks from before a run, on the frames that the run wrote; None where there was no mask."""

    object_id: int
    run: str
    """What the run was called: "39 frames of red ball, forward"."""
    moment: float
    """When it ended, in seconds since 1970."""
    cells: Mapping[Cell, FrameMask | None]

    @property
    def frames(self) -> tuple[int, int]:
        """First and last of the frames."""
        frames = [frame for _, frame in self.cells]
        return min(frames), max(frames)


class Versions:
    """Kept while the project is open. The masks are shared with the history, which needs them for undo anyway."""

    def __init__(self) -> None:
        self._by_object: dict[int, deque[Version]] = {}
        self._last: Mapping[Cell, FrameMask | None] = MappingProxyType({})

    @property
    def before_last_run(self) -> Mapping[Cell, FrameMask | None]:
        """What the cells that the last run wrote held before it."""
        return self._last

    def of(self, object_id: int) -> list[Version]:
        """The versions of an object, the newest first; those in which it had no mask at all are left out."""
        return list(self._by_object.get(object_id, ()))

    def keep(self, run: str, before: Mapping[Cell, FrameMask | None]) -> None:
        """A run has ended; `before` is what its cells held. The oldest version of an object makes room."""
        if not before:
            return
        self._last = MappingProxyType(dict(before))
        moment = time.time()
        for object_id in dict.fromkeys(cell[0] for cell in before):
            cells = {cell: mask for cell, mask in before.items() if cell[0] == object_id}
            if any(mask is not None for mask in cells.values()):
                kept = self._by_object.setdefault(object_id, deque(maxlen=KEPT))
                kept.appendleft(Version(object_id, run, moment, MappingProxyType(cells)))
