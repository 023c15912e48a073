"""The playhead goes with a run, for as long as the person leaves it there, and comes back when the run is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractButton

from app.ui.desk import Desk

if TYPE_CHECKING:
    from app.document.document import Change
    from app.inference.plan import Plan
    from app.jobs.reports import RunEnd


class Following(QObject):
    """Watches the frames that the open run writes. The button is up again as soon as the person goes elsewhere.

    A run that goes one way from the playhead is followed by itself, unless the person let the button up before; of a
    run to both sides, or from elsewhere, the playhead stays away until the button is pressed.
    """

    def __init__(self, desk: Desk, button: QAbstractButton, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._button = desk, button
        self._is_moving = False
        self._is_wanted = True
        self._began: int | None = None
        button.clicked.connect(self._take_wish)
        desk.project_changed.connect(self._take_project)
        desk.document_changed.connect(self._take_change)
        desk.frame_changed.connect(self._take_frame)
        self._take_project()

    def _take_wish(self, is_wanted: bool) -> None:
        self._is_wanted = is_wanted
        self._began = self._desk.frame

    def _take_project(self) -> None:
        tracking = self._desk.tracking
        self._button.setChecked(False)
        if tracking is not None:
            tracking.run_started.connect(self._take_start)
            tracking.run_finished.connect(self._take_end)

    def _take_start(self, plan: Plan) -> None:
        self._began = self._desk.frame
        is_one_way = len({stretch.is_reverse for stretch in plan.stretches}) == 1
        starts_here = any(abs(stretch.frames[0] - self._began) <= 1 for stretch in plan.stretches)
        self._button.setChecked(self._is_wanted and is_one_way and starts_here)

    def _take_change(self, change: Change) -> None:
        if change.prompts:
            self._button.setChecked(False)  # who clicks on a picture does not want it to go away
        tracking = self._desk.tracking
        plan = None if tracking is None else tracking.plan
        if plan is None or not self._button.isChecked() or not change.masks:
            return
        frames = [cell[1] for cell in change.cells if cell in plan.cells]
        if frames:
            self._move(min(frames) if plan.stretches[0].is_reverse else max(frames))

    def _take_end(self, end: RunEnd) -> None:
        """Back to where the run was asked for; where it was stopped or failed, the person wants to see that place."""
        is_followed, began = self._button.isChecked(), self._began
        self._button.setChecked(False)
        if is_followed and began is not None and not end.cancelled and end.error is None:
            self._move(began)

    def _move(self, frame: int) -> None:
        self._is_moving = True
        self._desk.set_frame(frame)
        self._is_moving = False

    def _take_frame(self, _frame: int) -> None:
        if not self._is_moving:
            self._button.setChecked(False)
