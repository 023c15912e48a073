"""Shot cuts and markers at the playhead."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from app.commands import marks
from app.ui.desk import Desk
from app.ui.dialogs.question import ask_text
from app.ui.verbs import Verbs


class Marking:
    """The verbs that set what stands on the time axis; going to it is `Going`'s."""

    def __init__(self, desk: Desk, window: QWidget) -> None:
        self._desk, self._window = desk, window

    def verbs(self) -> Verbs:
        return {
            "marker": self._mark,
            "remove_marker": lambda: self.remove_marker(self._desk.frame),
            "toggle_cut": lambda: self.toggle_cut(self._desk.frame),
        }

    @property
    def has_marker(self) -> bool:
        """Whether there is a marker on the frame in view."""
        return self._desk.document is not None and self._desk.frame in self._desk.document.markers

    def _mark(self) -> None:
        """M: a marker here; on one, its note."""
        project, frame = self._desk.project, self._desk.frame
        if project is None:
            return
        if self.has_marker:
            self.edit_note(frame)
        else:
            self._desk.attempt(lambda: marks.set_marker(project, frame, ""))

    def menu_for(self, frame: int) -> QMenu:
        """What can be done with a frame of the ruler and the marks on it."""
        menu, document, desk = QMenu(self._window), self._desk.document, self._desk
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(f"Go to frame {frame:,}", lambda: desk.set_frame(frame))
        menu.addAction("Range in here", lambda: desk.set_range(frame, desk.range_out))
        menu.addAction("Range out here", lambda: desk.set_range(desk.range_in, frame))
        menu.addSeparator()
        if document is not None and frame in document.markers:
            menu.addAction("Note of the marker …", lambda: self.edit_note(frame))
            menu.addAction("Remove the marker", lambda: self.remove_marker(frame))
        else:
            menu.addAction("Marker here …", lambda: self.edit_note(frame))
        if frame > 0:
            is_cut = document is not None and frame in document.cuts
            menu.addAction("Remove the shot cut" if is_cut else "Shot cut here", lambda: self.toggle_cut(frame))
        return menu

    def edit_note(self, frame: int) -> None:
        """Ask for the note of a marker."""
        project = self._desk.project
        if project is None:
            return
        note = project.document.markers.get(frame, "")
        text = ask_text(self._window, "Marker", f"Note for the marker on frame {frame:,}", "Keep", text=note)
        if text is not None:
            self._desk.attempt(lambda: marks.set_marker(project, frame, text))

    def remove_marker(self, frame: int) -> None:
        """Take a marker away."""
        project = self._desk.project
        if project is not None:
            marks.remove_marker(project, frame)

    def toggle_cut(self, frame: int) -> None:
        """A shot begins on this frame, or, where one began, none does."""
        project = self._desk.project
        if project is None:
            return
        if not marks.remove_cut(project, frame):
            self._desk.attempt(lambda: marks.add_cut(project, frame))
