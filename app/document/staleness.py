"""Which masks are out of date: what they were computed from has been changed since."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


def stale_frames(made_at: NDArray[np.float64], is_anchor: Flags, cuts: Sequence[int] = ()) -> Flags:
    """Which computed masks of one object are older than the frame from which their run came.

    `made_at` is when the mask of every frame was made (`FrameMask.made_at`), NaN without one; `is_anchor` says whose
    mask no run made, or a person has verified. A run ends at anchors and at shot cuts, so a mask comes from the anchor
    before it or from the one behind it: runs make masks in their order, which tells the one from the other. Masks that
    do not know when they were made are never out of date.
    """
    stale = np.zeros(len(made_at), bool)
    is_computed = ~is_anchor & (made_at > 0)
    anchors = np.flatnonzero(is_anchor)
    bounds = np.concatenate(([-1], anchors, [len(made_at)]))
    # In most stretches between two anchors even the oldest mask is younger than both.
    oldest = np.minimum.reduceat(np.where(is_computed, made_at, np.inf), np.concatenate(([0], anchors)))
    changed = np.concatenate(([-np.inf], np.nan_to_num(made_at[anchors], nan=-np.inf), [-np.inf]))
    for place in np.flatnonzero(oldest < np.maximum(changed[:-1], changed[1:])).tolist():
        before, behind = int(bounds[place]), int(bounds[place + 1])
        frames = np.flatnonzero(is_computed[before + 1 : behind]) + before + 1
        ages = made_at[frames]
        is_down = _came_down(ages, has_before=before >= 0, has_behind=behind < len(made_at))
        first_cut, last_cut = bisect_right(cuts, before), bisect_right(cuts, behind) - 1
        if before >= 0:
            end = cuts[first_cut] if first_cut < len(cuts) else behind
            stale[frames[~is_down & (frames < end) & (ages < made_at[before])]] = True
        if behind < len(made_at):
            start = cuts[last_cut] if last_cut >= 0 else 0
            stale[frames[is_down & (frames >= start) & (ages < made_at[behind])]] = True
    return stale


def _came_down(ages: NDArray[np.float64], *, has_before: bool, has_behind: bool) -> Flags:
    """Which masks between two anchors a run down the clip made: those before them are younger, those behind them are
    older. Masks that came at once go together."""
    group = np.concatenate(([0], np.cumsum(np.diff(ages) != 0)))
    values = ages[np.concatenate(([True], np.diff(group) > 0))]
    falls = values[1:] < values[:-1]
    if not len(falls):
        return np.full(len(ages), not has_before)
    falls_before = np.concatenate(([True], falls))
    falls_behind = np.concatenate((falls, [has_behind]))
    return np.asarray((falls_before & falls_behind)[group])
