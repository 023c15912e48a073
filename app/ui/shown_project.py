"""What the window says of the project: its names, whether it is saved, where the person left off."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.ui.canvas.view import CanvasView
from app.ui.coming_back import place_on, put_back
from app.ui.desk import Desk
from app.ui.notices import NoticeStack
from app.ui.places import Place
from app.ui.projects import Projects
from app.ui.status_line import StatusLine
from app.ui.top_bar import TopBar


class ShownProject(QObject):
    """Follows `projects`; the window itself only has to call `refresh` when another project is on the desk."""

    def __init__(
        self,
        desk: Desk,
        projects: Projects,
        canvas: CanvasView,
        *,
        window: QWidget,
        top_bar: TopBar,
        status: StatusLine,
        notices: NoticeStack,
    ) -> None:
        super().__init__(window)
        self._desk, self._projects, self._canvas = desk, projects, canvas
        self._window, self._top_bar, self._status, self._notices = window, top_bar, status, notices
        projects.opened.connect(self._take_opened)
        projects.closing.connect(self._note_place)
        projects.problem_changed.connect(self._show_saving)

    def refresh(self) -> None:
        """Another project is on the desk, or none."""
        self._show_names()
        self._show_saving("")

    def _show_names(self) -> None:
        source, path = self._desk.source, self._projects.path
        clip = "" if source is None else source.path.name
        project = "" if path is None else path.stem
        self._top_bar.show_names(clip, project)
        self._window.setWindowTitle(" — ".join(name for name in (clip, project, "Masklet Studio") if name))

    def _take_opened(self, note: str) -> None:
        """Back to where the person left off; then say where the work is kept."""
        project = self._desk.project
        self._show_names()
        if project is not None:
            put_back(Place.from_setting(project.recall("place")), self._desk, self._canvas)
            self._show_saving("" if project.store is None else project.store.problem)
        self._canvas.setFocus()
        self._desk.notice.emit(note, "info" if self._projects.is_kept else "warning")

    def _note_place(self) -> None:
        project = self._desk.project
        if project is not None and self._projects.is_kept:
            project.remember("place", place_on(self._desk, self._canvas).as_setting())

    def _show_saving(self, problem: str) -> None:
        project = self._desk.project
        store = None if project is None else project.store
        if project is None:
            self._status.show_saving("")
        elif store is None or not self._projects.is_kept:
            self._status.show_saving("in memory only", is_alarming=True)
        elif problem:
            self._status.show_saving(f"{store.unsaved_steps} steps are not on disk yet", is_alarming=True)
            self._notices.say(problem, "error")
        else:
            self._status.show_saving("every step saved")
