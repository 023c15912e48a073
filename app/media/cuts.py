"""Shot cuts: frames at which the picture changes at once, as it does where one shot ends and the next begins.

A change counts as a cut when it is large, stands out from the changes around it (a fast pan changes every frame as
much), and lasts: after a flash the picture is the one before again. Fades and dissolves have no such frame:
`fades.py` finds them by how they are mixed, and their cut lies where the new shot begins to prevail.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.media.fades import MEMORY, FadeDetector
from app.media.opencv import cv2
from app.media.source import ClipError, FrameSource, Picture

LARGE = 8.0
"""So much the picture must change at a cut: mean difference of its colours, of 255."""
STANDS_OUT = 3.0
"""So many times more than at the frames around."""
LASTS = 0.6
"""Share of the change that is still there one frame before against one frame after."""
ROWS = 18
"""Height of the pictures that are compared; as wide as the clip's shape asks for."""
READER_BYTES = 8 * 1024 * 1024
TOLD_EVERY = 25
_AROUND = 2

_Small: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CutSearch:
    """How far the search is: `done` of `total` frames; `found` are the cuts so far, in the order of their finding.

    That is ascending, except that a dissolve is only known when it is over.
    """

    done: int
    total: int
    found: tuple[int, ...]


def find_cuts(source: FrameSource, start: int = 0) -> Generator[CutSearch, None, tuple[int, ...]]:
    """Look through a clip for shot cuts; gives the first frame of every shot but the first, as found.

    Reads every frame once with a decoder of its own, and holds a handful of tiny pictures, whatever the clip's length.
    A damaged frame is passed over. Close the generator to stop; `start` goes on where a search was `done`, and gives
    what comes from there on. ClipError when the clip is gone.
    """
    total = source.frame_count
    detector = CutDetector()
    found: list[int] = []
    with source.reopen(READER_BYTES) as own:
        for frame in range(max(0, start - MEMORY), total):
            try:
                small = own.thumbnail(frame, 4 * ROWS, exact=True)
            except ClipError:
                if not own.path.exists():
                    raise
                small = None
            if small is not None:
                cuts = detector.take(frame, small)
                found += cuts if frame >= start else ()  # what an earlier search has told already
            if frame % TOLD_EVERY == 0 and frame >= start:
                yield CutSearch(frame + 1, total, tuple(found))
    found += detector.end()
    return tuple(found)


class CutDetector:
    """Takes pictures in running order and names cuts a few frames later, when it has seen what follows."""

    def __init__(self) -> None:
        self._pictures: deque[tuple[int, _Small]] = deque(maxlen=2 * _AROUND + 2)
        self._changes: deque[float] = deque(maxlen=2 * _AROUND + 1)
        self._fades = FadeDetector()

    def take(self, frame: int, picture: Picture) -> list[int]:
        """One more picture (uint8 RGB); gives the cuts that are sure now."""
        small = _small(picture)
        if self._pictures:
            self._changes.append(_difference(self._pictures[-1][1], small))
        self._pictures.append((frame, small))
        cuts = self._judge(_AROUND) if len(self._changes) > _AROUND else []
        for cut in cuts:
            self._fades.break_off(cut)
        return cuts + self._fades.take(frame, small)

    def end(self) -> list[int]:
        """Nothing more comes; gives the cuts among the last frames."""
        rest = range(min(_AROUND, len(self._changes)) - 1, -1, -1)
        cuts = [cut for behind in rest for cut in self._judge(behind)]
        for cut in cuts:
            self._fades.break_off(cut)
        return cuts + self._fades.end()

    def _judge(self, behind: int) -> list[int]:
        """Whether the change that is so many frames back is a cut."""
        place = len(self._changes) - 1 - behind
        change = self._changes[place]
        if change < LARGE:
            return []
        others = [other for number, other in enumerate(self._changes) if number != place]
        if change < max(others, default=0.0) or (others and change < STANDS_OUT * float(np.median(others))):
            return []
        first = len(self._pictures) - 1 - behind
        before, after = self._pictures[first - 1][1], self._pictures[first][1]
        if first >= 2 and _difference(self._pictures[first - 2][1], after) < LASTS * change:
            return []
        if behind and _difference(before, self._pictures[first + 1][1]) < LASTS * change:
            return []
        return [self._pictures[first][0]]


def _small(picture: Picture) -> _Small:
    height, width = picture.shape[:2]
    columns = max(1, round(ROWS * width / height))
    small = cv2.resize(picture, (columns, ROWS), interpolation=cv2.INTER_AREA)
    result: _Small = cv2.cvtColor(small, cv2.COLOR_RGB2Lab).astype(np.float32)
    return result


def _difference(one: _Small, other: _Small) -> float:
    return float(np.abs(one - other).mean())
