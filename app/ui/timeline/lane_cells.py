"""What one object's lane shows on every frame, as arrays that are quick to reduce to pixels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.document.values import DRAFT_STEPS, Origin, Review

if TYPE_CHECKING:
    from app.document.document import DocumentView

HAND_MADE = (Origin.MANUAL, Origin.IMPORTED)


class LaneState(IntEnum):
    """States of a cell, the one that deserves more attention being larger: zoomed out, a pixel shows its largest."""

    VERIFIED = 1
    ABSENT_VERIFIED = 2
    ABSENT = 3
    UNSEEN = 4
    DRAFT = 5
    UNKNOWN = 6

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
}


class LaneCells:
    """States, prompts and scores of one object, frame by frame.

    `states` uint8 of LaneState; `prompts`, `by_hand`, `drafted` (absent frames too) and `excluded` (no run learns from
    it) bool; `visibility` float32: how sure the model is that the object is in view, 0 to 1, NaN where there is no
    mask. All of length frame_count.
    """

    def __init__(self, frame_count: int) -> None:
        self.states = np.full(frame_count, LaneState.UNKNOWN, np.uint8)
        self.prompts = np.zeros(frame_count, bool)
        self.by_hand = np.zeros(frame_count, bool)
        self.drafted = np.zeros(frame_count, bool)
        self.excluded = np.zeros(frame_count, bool)
        self.visibility = np.full(frame_count, np.nan, np.float32)

    @classmethod
    def of(cls, document: DocumentView, object_id: int) -> LaneCells:
        """The lane of an object as the document has it."""
        cells = cls(document.clip.frame_count)
        frames = document.masks_of(object_id).keys() | document.prompts_of(object_id).keys()
        frames |= document.excluded_of(object_id).keys()
        cells.update(document, object_id, frames)
        return cells

    def update(self, document: DocumentView, object_id: int, frames: Iterable[int]) -> None:
        """Look at these frames again."""
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
                self.states[frame] = LaneState.UNKNOWN
                self.visibility[frame] = np.nan
                continue
            if mask.is_absent:
                self.states[frame] = LaneState.ABSENT_VERIFIED if is_verified else LaneState.ABSENT
            elif self.drafted[frame]:
                self.states[frame] = LaneState.DRAFT
            else:
                self.states[frame] = LaneState.VERIFIED if is_verified else LaneState.UNSEEN
            self.visibility[frame] = 1 / (1 + math.exp(-min(max(mask.score, -30.0), 30.0)))

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
