"""The run that is open: its transaction, what it has done so far, and how fast it is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from app.commands.masks import accept_masks
from app.document.project import Project
from app.inference.engine import FrameBatch, Joint
from app.inference.inputs import run_results
from app.inference.plan import Plan
from app.jobs.reports import RunEnd, RunProgress

SPEED_SECONDS = 8.0
"""Speed is told over so long a time."""


class OpenRun:
    """Takes a run's masks into the document, in one transaction that undo takes back whole."""

    def __init__(self, project: Project, plan: Plan) -> None:
        self.plan = plan
        self.transaction = project.history.begin(f"{plan.deed[0]} {plan.summary}")
        self._project = project
        self._began = project.document.clock
        self._dropped = 0
        self._joints: list[Joint] = []
        self._heads: dict[bool, int] = {}
        self._marks = deque([(time.monotonic(), 0)])

    def take(self, batches: Sequence[FrameBatch]) -> tuple[RunProgress, int, float]:
        """Put masks into the document; gives how far the run is, how many masks came, and the seconds they took."""
        results = list(run_results(self._project.document, batches, self._began, is_draft=self.plan.is_draft))
        if self.transaction.is_open:  # else it was taken back, and nothing of it is wanted
            self._dropped += accept_masks(self._project, self.transaction, results).dropped
        for batch in batches:
            self._joints += batch.joints
            if batch.done:
                self._heads[batch.is_reverse] = batch.frame
        progress, seconds = self._advance(batches[-1])
        return progress, len(results), seconds

    def end(self, end: RunEnd) -> RunEnd:
        """Close the transaction; gives the end with what was written, unless it was taken back."""
        is_kept = self.transaction.is_open
        written = len(self.transaction.masks_before) if is_kept else 0
        self.transaction.commit()
        joints = tuple(self._joints) if is_kept else ()
        return replace(end, written=written, dropped=self._dropped, joints=joints, is_taken_back=not is_kept)

    def _advance(self, batch: FrameBatch) -> tuple[RunProgress, float]:
        now = time.monotonic()
        seconds = now - self._marks[-1][0]
        self._marks.append((now, batch.done))
        while now - self._marks[1][0] > SPEED_SECONDS:
            self._marks.popleft()
        began, done_before = self._marks[0]
        fps = (batch.done - done_before) / max(now - began, 1e-6)
        left = (batch.total - batch.done) / fps if fps > 0 else None
        heads = tuple(sorted(self._heads.items()))
        return RunProgress(batch.done, batch.total, fps, left, heads), seconds
