"""What one object's lane shows on every frame, as arrays that are quick to reduce to pixels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.document.staleness import stale_frames
from app.document.values import DRAFT_STEPS, Origin, Review

if TYPE_CHECKING:
    from app.document.document import DocumentView

ORIGINS = tuple(Origin)
_STATES = 16
HAND_MADE = (Origin.MANUAL, Origin.IMPORTED)


class LaneState(IntEnum):
    """States of a cell, the one that deserves more attention being larger: zoomed out, a pixel shows its largest."""

    VERIFIED = 1
    ABSENT_VERIFIED = 2
    ABSENT = 3
    UNSEEN = 4
    DRAFT = 5
    UNKNOWN = 6
    STALE = 7

    @property
    def words(self) -> str:
        """The state as it is spoken."""
        return _WORDS[self]


_WORDS = {
    LaneState.VERIFIED: "verified",
    LaneState.ABSENT_VERIFIED: "absent, verified",
    LaneState.ABSENT: "absent, not looked at",
    LaneState.UNSEEN: "not looked at",
    LaneState.DRAFT: "draft, not looked at",
    LaneState.UNKNOWN: "not computed",
    LaneState.STALE: "out of date",
}
SEEN = (LaneState.VERIFIED, LaneState.UNSEEN, LaneState.DRAFT, LaneState.STALE)
"""States of an object that is there."""


class LaneCells:
    """States, prompts and scores of one object, frame by frame.

    `states` uint8 of LaneState; `prompts`, `by_hand`, `drafted` (absent frames too), `stale` (absent frames too; see
    `stale_frames`) and `excluded` (no run learns from it) bool; `origins` uint8, places in `ORIGINS`; `visibility`
    float32: how sure the model is that the object is in view, 0 to 1, NaN where there is no mask. All of length
    frame_count. `ends_at`: the frame from which a person said that the object is gone for good, if one did.
    """

    def __init__(self, frame_count: int) -> None:
        self._states = np.full(frame_count, LaneState.UNKNOWN, np.uint8)
        self._stale = np.zeros(frame_count, bool)
        self._made_at = np.full(frame_count, np.nan)
        self._cuts: tuple[int, ...] = ()
        self._is_settled = True
        self.prompts = np.zeros(frame_count, bool)
        self.by_hand = np.zeros(frame_count, bool)
        self.drafted = np.zeros(frame_count, bool)
        self.excluded = np.zeros(frame_count, bool)
        self.origins = np.zeros(frame_count, np.uint8)
        self.visibility = np.full(frame_count, np.nan, np.float32)

    @property
    def states(self) -> NDArray[np.uint8]:
        self._settle()
        return self._states

    @property
    def stale(self) -> NDArray[np.bool_]:
        self._settle()
        return self._stale

    @property
    def ends_at(self) -> int | None:
        seen = np.flatnonzero(np.isin(self.states, SEEN))
        behind = int(seen[-1]) + 1 if len(seen) else len(self.states)
        return behind if behind < len(self.states) and self.states[behind] == LaneState.ABSENT_VERIFIED else None

    @classmethod
    def of(cls, document: DocumentView, object_id: int) -> LaneCells:
        """The lane of an object as the document has it."""
        cells = cls(document.clip.frame_count)
        frames = document.masks_of(object_id).keys() | document.prompts_of(object_id).keys()
        frames |= document.excluded_of(object_id).keys()
        cells.update(document, object_id, frames)
        return cells

    def update(self, document: DocumentView, object_id: int, frames: Iterable[int]) -> None:
        """Look at these frames again, and at what is out of date when that is asked for: a run changes many frames
        between two looks."""
        self._is_settled, self._cuts = False, document.cuts
        masks, prompts = document.masks_of(object_id), document.prompts_of(object_id)
        reviews, excluded = document.reviews_of(object_id), document.excluded_of(object_id)
        for frame in frames:
            self.excluded[frame] = frame in excluded
            mask = masks.get(frame)
            is_verified = reviews.get(frame) is Review.VERIFIED
            self.prompts[frame] = frame in prompts
            self.by_hand[frame] = mask is not None and mask.origin in HAND_MADE
            self.drafted[frame] = mask is not None and mask.origin is Origin.DRAFT and not is_verified
            if mask is None:
                self._states[frame] = LaneState.UNKNOWN
                self.visibility[frame] = self._made_at[frame] = np.nan
                continue
            self._made_at[frame] = mask.made_at
            self.origins[frame] = ORIGINS.index(mask.origin)
            if mask.is_absent:
                self._states[frame] = LaneState.ABSENT_VERIFIED if is_verified else LaneState.ABSENT
            elif self.drafted[frame]:
                self._states[frame] = LaneState.DRAFT
            else:
                self._states[frame] = LaneState.VERIFIED if is_verified else LaneState.UNSEEN
            self.visibility[frame] = 1 / (1 + math.exp(-min(max(mask.score, -30.0), 30.0)))

    def _settle(self) -> None:
        if self._is_settled:
            return
        self._is_settled = True
        states = self._states
        is_verified = (states == LaneState.VERIFIED) | (states == LaneState.ABSENT_VERIFIED)
        self._stale = stale_frames(self._made_at, is_verified | self.prompts | self.by_hand, self._cuts)
        states[states == LaneState.STALE] = LaneState.UNSEEN
        states[self._stale & (states == LaneState.UNSEEN)] = LaneState.STALE

    def left_out(self) -> NDArray[np.bool_]:
        """Which frames have no mask because a draft left them out."""
        known = np.flatnonzero(self.states != LaneState.UNKNOWN)
        steps, drafted = np.diff(known), self.drafted[known]
        is_passed = (steps > 1) & (steps <= DRAFT_STEPS) & (drafted[1:] | drafted[:-1])
        turns = np.zeros(len(self.states) + 1, np.int8)
        turns[known[:-1][is_passed] + 1] = 1
        turns[known[1:][is_passed]] -= 1
        return np.cumsum(turns[:-1]) > 0

    def columns(self, edges: NDArray[np.int64], end: int | None = None) -> NDArray[np.uint8]:
        """The state to show in every pixel column; `edges` is the first frame of each, not falling.

        `end` is the first frame that is out of view on the right. What a draft left out is seen only where the pixel
        shows nothing else.
        """
        if not self.drafted.any():
            return np.maximum.reduceat(self.states[:end], edges)
        shown = np.maximum.reduceat(np.where(self.left_out(), 0, self.states)[:end].astype(np.uint8), edges)
        shown[shown == 0] = LaneState.UNKNOWN
        return shown

    def columns_by_origin(self, edges: NDArray[np.int64], end: int | None = None) -> NDArray[np.uint8]:
        """The place in `ORIGINS` of a mask that has the state of `columns`, in every pixel column."""
        told = self.states * np.uint8(_STATES) + self.origins
        if self.drafted.any():
            told[self.left_out()] = 0
        return np.maximum.reduceat(told[:end], edges) % _STATES

    def columns_by_hand(self, edges: NDArray[np.int64], end: int | None = None) -> NDArray[np.uint8]:
        """1 in every pixel column under which a mask was made by hand."""
        return np.maximum.reduceat(self.by_hand[:end].view(np.uint8), edges)


def runs(values: NDArray[np.uint8]) -> list[tuple[int, int, int]]:
    """Stretches of equal values as (first, past the last, value)."""
    if not len(values):
        return []
    starts = np.flatnonzero(np.diff(values)) + 1
    bounds = [0, *starts.tolist(), len(values)]
    return [(first, last, int(values[first])) for first, last in itertools.pairwise(bounds)]
