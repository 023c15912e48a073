"""From clip to clip: the list of them, the next and the previous one."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.ui.clip_shelf import ClipShelf
from app.ui.desk import Desk
from app.ui.panels.clips_panel import ClipsPanel
from app.ui.projects import Projects
from app.ui.verbs import Verbs


class Clips:
    """Each clip has a project of its own; going to another closes the one on the desk, with every step saved."""

    def __init__(self, desk: Desk, projects: Projects, shelf: ClipShelf, window: QWidget) -> None:
        self._desk, self._projects, self._shelf = desk, projects, shelf
        self.panel = ClipsPanel(shelf, window)
        self.panel.chosen.connect(projects.open_project)

    def verbs(self) -> Verbs:
        return {
            "clips": lambda: self.panel.open_list(self._projects.path),
            "next_clip": lambda: self._go(1),
            "previous_clip": lambda: self._go(-1),
        }

    def _go(self, step: int) -> None:
        """Ctrl+Tab: the next one in the list, where it was left."""
        project = self._shelf.neighbour(step)
        if project is None:
            self._desk.notice.emit("There is no other clip yet. Ctrl+O opens one.", "info")
        else:
            self._projects.open_project(project)
