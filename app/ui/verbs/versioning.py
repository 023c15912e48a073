"""Masks as they were before a run: to compare, and to take back."""

from __future__ import annotations

import time

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.commands import masks
from app.document.versions import Version
from app.ui.canvas.view import CanvasView
from app.ui.canvas.words import counted
from app.ui.desk import Desk
from app.ui.verbs import Verbs


class Versioning:
    """U and Shift+U speak of the last run; the lane's menu offers the last versions of its object."""

    def __init__(self, desk: Desk, canvas: CanvasView) -> None:
        self._desk, self._canvas = desk, canvas

    def verbs(self) -> Verbs:
        return {
            "compare_earlier": lambda: self.compare(self._desk.earlier is None),
            "take_earlier": self._take_here,
        }

    def compare(self, is_on: bool) -> None:
        """Show the masks as before the last run, with outlines of what they are now; or things as they are."""
        project = self._desk.project
        before = None if project is None else project.versions.before_last_run
        self._desk.show_earlier(before if is_on and before else None)

    def _take_here(self) -> None:
        """Shift+U: the mask that the selected objects had here before the last run."""
        project, frame = self._desk.project, self._canvas.shown_frame
        if project is None:
            return
        before = project.versions.before_last_run
        cells = {cell: before[cell] for one in self._desk.selected_objects if (cell := (one, frame)) in before}
        if cells:
            self._desk.attempt(lambda: masks.restore_masks(project, cells, "Earlier mask"))
        else:
            self._desk.notice.emit("The last run did not write this mask.", "info")

    def restore(self, version: Version) -> None:
        """Put a version back where nobody answers for the masks of now."""
        project = self._desk.project
        if project is None:
            return
        count = self._desk.attempt(lambda: masks.restore_masks(project, version.cells, "Restore"))
        if count is not None:
            self._desk.done_in_bulk.emit(f"Put {counted(count, 'mask')} back as they were before “{version.run}”.")

    def fill_menu(self, menu: QMenu, object_id: int) -> None:
        """The versions of an object; while the pointer is on one of them the canvas shows it."""
        project = self._desk.project
        versions = [] if project is None else project.versions.of(object_id)
        for version in versions:
            self._add(menu, version)
        menu.setEnabled(bool(versions))
        menu.aboutToHide.connect(lambda: self._desk.show_earlier(None))

    def _add(self, menu: QMenu, version: Version) -> QAction:
        first, last = version.frames
        action = menu.addAction(f"{moment_words(version.moment)}  {first:,}–{last:,}, before “{version.run}”")
        action.hovered.connect(lambda: self._desk.show_earlier(version.cells))
        action.triggered.connect(lambda: self.restore(version))
        return action


def moment_words(moment: float) -> str:
    """When something was, in seconds since 1970: the time alone on the same day, else with its date."""
    then, now = time.localtime(moment), time.localtime()
    return time.strftime("%H:%M" if then[:3] == now[:3] else "%Y-%m-%d %H:%M", then)
