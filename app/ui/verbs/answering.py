"""Esc, Enter, Delete and F1: what they mean depends on where the person is and on what is going on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QWidget

from app.ui.canvas.view import CanvasView
from app.ui.desk import Desk
from app.ui.verbs import Verbs
from app.ui.verbs.propagating import Propagating


class Answering:
    """`areas` are the parts of the window beside the picture, by the names that the help knows."""

    def __init__(self, desk: Desk, canvas: CanvasView, propagating: Propagating, window: QWidget) -> None:
        self._desk, self._canvas, self._propagating, self._window = desk, canvas, propagating, window
        self.areas: Mapping[str, QWidget] = {}
        self.show_help: Callable[[str], object] = lambda area: None
        self.delete_in_queue: Callable[[], object] = lambda: None
        self.delete_on_canvas: Callable[[], object] = lambda: None

    def verbs(self) -> Verbs:
        return {
            "stop": self.stop,
            "finish": self.finish,
            "help": lambda: self.show_help(self.area()),
            "delete": lambda: (self.delete_in_queue if self.is_in_queue() else self.delete_on_canvas)(),
        }

    def stop(self) -> None:
        """Esc: one thing, innermost first: pop-up, stroke or drag, shown plan, running job, a list that has the
        keyboard, selection."""
        if self._canvas.cancel():
            return
        if self._propagating.is_plan_waiting:
            self._propagating.drop_plan()
        elif self._propagating.stop():
            return
        elif self.area() != "picture":
            self._canvas.setFocus()
        else:
            self._desk.select(None)

    def finish(self) -> None:
        """Enter: what is pending on the picture, else the plan that waits."""
        if not self._canvas.finish():
            self._propagating.run_shown_plan()

    def area(self) -> str:
        """Where the keyboard is: the name of an area, or "picture"."""
        focused = self._window.focusWidget()
        inside = [name for name, area in self.areas.items() if focused is not None and area.isAncestorOf(focused)]
        return inside[0] if inside else "picture"

    def is_in_queue(self) -> bool:
        """Whether the keyboard is in *Look at next*."""
        return self.area() == "queue"
