"""Fades and dissolves: one shot turns into the next over many frames, none of which changes much by itself.

What tells them from a moving camera or a moving thing is how they are made: every picture on the way is a mixture of
the first and the last one, in a share that grows. Light that changes gives such mixtures too, but its last picture
shows the same things as its first.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Small: TypeAlias = NDArray[np.float32]
"""A tiny picture in Lab, rows x columns x 3."""

SPANS = (8, 12, 18, 26, 38)
"""Lengths in frames of the transitions that are looked for."""
LARGE = 10.0
"""So much first and last picture must differ beyond their mean colours: mean difference, of 255."""
OFF_THE_MIX = 0.2
"""Share of that change that a picture on the way may be away from the mixture."""
ALIKE = 0.5
"""First and last picture show the same things when their brightness correlates so well."""
BACK, STEP, ON_THE_WAY = 0.1, 0.4, 3
"""The share never falls by more, never grows by more in one frame, and is in between on at least so many frames."""
PLAIN, SEEN = 4.0, 8.0
"""A picture whose brightness varies less is as good as black or white; one that varies more shows something."""
PATIENCE = 14
"""Frames to wait for a window that shows the transition more fully."""
MEMORY = 100
"""A search that starts so many frames earlier finds what one from the very start finds."""


@dataclass(frozen=True, slots=True)
class _Passage:
    """A transition as one window shows it: the frames before which and in which it happens, and where to cut."""

    first: int
    last: int
    cut: int
    change: float


class FadeDetector:
    """Takes tiny pictures in running order and names the first frame of the new shot when the transition is over."""

    def __init__(self) -> None:
        self._pictures: deque[tuple[int, Small]] = deque(maxlen=SPANS[-1] + 1)
        self._best: _Passage | None = None
        self._from = 0
        self._seen_at: int | None = None

    def take(self, frame: int, picture: Small) -> list[int]:
        """One more picture; gives the cuts that are sure now, at most one."""
        self._pictures.append((frame, picture))
        for span in SPANS:
            if len(self._pictures) > span and self._pictures[-span - 1][0] >= self._from:
                self._consider(_passage(list(self._pictures)[-span - 1 :], self._seen_at))
        if self._seen_at is None and _variation(picture) > SEEN:
            self._seen_at = frame
        return self._decide() if self._best is not None and frame >= self._best.last + PATIENCE else []

    def end(self) -> list[int]:
        """Nothing more comes; gives the cut of a transition that was just over."""
        return self._decide() if self._best is not None else []

    def break_off(self, frame: int) -> None:
        """The picture changes at once at this frame: no transition goes past it."""
        self._from = max(self._from, frame)
        if self._best is not None and self._best.last >= frame:
            self._best = None

    def _consider(self, found: _Passage | None) -> None:
        if found is not None and (self._best is None or found.change > self._best.change):
            self._best = found

    def _decide(self) -> list[int]:
        best, self._best = self._best, None
        assert best is not None
        self._from = max(self._from, best.last)
        return [best.cut]


def _passage(window: list[tuple[int, Small]], seen_at: int | None) -> _Passage | None:
    """What happens from the first to the last picture of a window, if that is a transition between two shots.

    A fade to black is none yet: the fade that follows it is, and the cut lies where that begins. `seen_at` is the
    first frame of the clip that shows something.
    """
    first, last = window[0][1], window[-1][1]
    way = last - first
    change = float(np.abs(way - way.mean(axis=(0, 1))).mean())
    if change < LARGE or _variation(last) < PLAIN:
        return None
    begins_plain = _variation(first) < PLAIN
    if begins_plain:
        if seen_at is None or seen_at > window[0][0]:
            return None
    elif _likeness(first, last) > ALIKE or any(_variation(picture) < PLAIN for _, picture in window):
        return None
    pictures = np.stack([picture for _, picture in window])
    off = pictures - first
    shares = (off * way).sum(axis=(1, 2, 3)) / float((way * way).sum())
    strays = np.abs(off - shares[:, None, None, None] * way).mean(axis=(1, 2, 3))
    steps = np.diff(shares)
    if strays.max() > OFF_THE_MIX * float(np.abs(way).mean()) or steps.min() < -BACK or steps.max() > STEP:
        return None
    if int(((shares > 0.15) & (shares < 0.85)).sum()) < ON_THE_WAY:
        return None
    cut = int(np.argmax(shares > (0.05 if begins_plain else 0.5)))
    return _Passage(window[0][0], window[-1][0], window[cut][0], change)


def _variation(picture: Small) -> float:
    """How much brightness varies over a picture."""
    return float(picture[..., 0].std())


def _likeness(one: Small, other: Small) -> float:
    """Correlation of the brightness of two pictures that are not plain, from -1 to 1."""
    first, second = (picture[..., 0] - picture[..., 0].mean() for picture in (one, other))
    return float((first * second).mean() / max(float(first.std() * second.std()), 1e-6))
