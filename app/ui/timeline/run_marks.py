"""What a run shows on the lanes besides its masks: how far it has come, and where its ends met."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.ui import theme

if TYPE_CHECKING:
    from app.document.document import Change
    from app.inference.engine import Joint
    from app.inference.plan import Plan
    from app.jobs.reports import RunEnd, RunProgress


STEP_SECONDS = 1.0


class RunMarks(QObject):
    """Kept from the start of a run to the start of the next one; a seam only for as long as its masks stand."""

    changed = Signal(object)
    """The ids of the objects whose lanes show something else now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.heads: dict[bool, int] = {}
        """The frame that the sweep up (False) and the sweep down (True) of the open run came to last."""
        self.joints: tuple[Joint, ...] = ()
        """Of the last run: the spans that were run from both ends, and where they became one."""
        self._objects: frozenset[int] = frozenset()
        self._stepped = -STEP_SECONDS

    def forget(self) -> None:
        """Another project is on the desk."""
        self.heads, self.joints, self._objects = {}, (), frozenset()

    def take_start(self, plan: Plan) -> None:
        """A run of this plan has begun; what the one before left goes."""
        before, self._objects = self._objects, frozenset(plan.object_ids)
        self.heads, self.joints = {}, ()
        self.changed.emit(before | self._objects)

    def take_progress(self, progress: RunProgress) -> None:
        """The run has come so far. Where motion is unwanted the heads step once a second."""
        now = time.monotonic()
        if theme.is_motion_reduced() and now - self._stepped < STEP_SECONDS:
            return
        self._stepped = now
        self.heads = dict(progress.heads)
        self.changed.emit(self._objects)

    def take_end(self, end: RunEnd) -> None:
        """It has ended."""
        self.heads, self.joints = {}, end.joints
        self.changed.emit(self._objects)

    def take_change(self, change: Change) -> None:
        """Where a mask beside a seam was made anew or taken away, nothing is joined any more."""
        if not change.masks:
            return
        kept = tuple(
            one
            for one in self.joints
            if change.cells.isdisjoint({(one.object_id, one.frame), (one.object_id, one.frame + 1)})
        )
        if len(kept) < len(self.joints):
            self.joints = kept
            self.changed.emit(self._objects)

    def joints_of(self, object_id: int) -> list[Joint]:
        """The joints on an object's lane."""
        return [joint for joint in self.joints if joint.object_id == object_id]
