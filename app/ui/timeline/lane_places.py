"""What is at a place of a lane: the frame that is meant there, and what it says in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from app.document.values import Origin
from app.ui.canvas.words import counted, prompt_count
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.axis_marks import AxisMark
from app.ui.timeline.lane_cells import LaneCells, LaneState

if TYPE_CHECKING:
    from app.document.document import DocumentView

DIAMOND = 6
"""Half the width of a diamond in pixels: so near a click means its frame."""
_ORIGIN_WORDS = {
    Origin.PROMPTED: "answers prompts",
    Origin.PROPAGATED: "from a run",
    Origin.DRAFT: "from a draft",
    Origin.MANUAL: "made by hand",
    Origin.IMPORTED: "imported",
}
PEAK_REACH = 8
"""So near in pixels a click on the curve means its peak."""


def diamond_near(axis: TimeAxis, cells: LaneCells, x: float) -> int:
    """The frame of the diamond at a pixel of the axis, else the frame under it."""
    first = axis.frame_at(x - DIAMOND)
    near = np.flatnonzero(cells.prompts[first : axis.frame_at(x + DIAMOND) + 1]) + first
    nearest = min(near.tolist(), key=lambda frame: axis.distance(frame, x), default=None)
    is_near = nearest is not None and axis.distance(nearest, x) <= DIAMOND
    return nearest if nearest is not None and is_near else axis.frame_at(x)


def peak_near(axis: TimeAxis, suspicions: Mapping[int, float], x: float) -> int:
    """The most suspicious frame within reach of a pixel of the axis, else the frame under it."""
    frame = axis.frame_at(x)
    near = range(axis.frame_at(x - PEAK_REACH), axis.frame_at(x + PEAK_REACH) + 1)
    within = [one for one in suspicions if one in near]
    return max(within, key=lambda one: (suspicions[one], -abs(one - frame)), default=frame)


def cell_words(
    document: DocumentView,
    cells: LaneCells,
    object_id: int,
    frame: int,
    reason: str | None,
    *,
    is_planned: bool = False,
    is_by_origin: bool = False,
) -> str:
    """What the lane says on a frame; `reason` says why the mask is suspicious, None if it is not. With `is_by_origin`
    also who made the mask."""
    parts = [f"{document.objects[object_id].name}, frame {frame:,}: {LaneState(cells.states[frame]).words}"]
    if cells.ends_at == frame:
        parts.append("ends here")
    if cells.stale[frame] and cells.states[frame] != LaneState.STALE:
        parts.append(LaneState.STALE.words)
    if cells.drafted[frame] and cells.states[frame] == LaneState.ABSENT:
        parts.append("draft")
    if is_planned:
        parts.append("will be computed")
    prompts = prompt_count(document, object_id, frame)
    if prompts:
        parts.append(counted(prompts, "prompt"))
    mask = document.masks.get((object_id, frame))
    if is_by_origin and mask is not None:
        parts.append(_ORIGIN_WORDS[mask.origin])
    elif cells.by_hand[frame]:
        parts.append("made by hand")
    if cells.excluded[frame]:
        parts.append("runs do not learn from it")
    if reason is not None:
        parts.append(f"suspicious: {reason}" if reason else "suspicious")
    if frame in document.cuts:
        parts.append(AxisMark("cut", frame).words)
    if frame in document.markers:
        parts.append(AxisMark("marker", frame, document.markers[frame]).words)
    return "; ".join(parts)
