"""Starting the window. Nothing heavy is imported here: the model's process starts after the window is shown."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.errors import record_bug

if TYPE_CHECKING:
    from app.ui.window import MainWindow


def run_window(path: str | Path | None = None, prompts: str | Path | None = None, propagate: bool = False) -> int:
    """Show the window and run it until it is closed; gives the exit status.

    `path` is a clip or a project to open; without one the project that was open last is opened. `prompts` is a prompts
    file to apply to the clip, and with `propagate` its objects are propagated through the clip at once.
    """
    from app.ui import theme
    from app.ui.places import Places
    from app.ui.window import MainWindow

    QGuiApplication.setApplicationDisplayName("Masklet Studio")
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("masklet-studio")
    app.setDesktopFileName("masklet-studio")
    sys.setswitchinterval(0.001)  # threads that hold the interpreter give way to the window sooner
    places = Places()
    theme.apply(app, theme.THEMES.get(places.theme) or theme.system_theme())
    window = MainWindow(places=places)
    sys.excepthook = lambda kind, error, trace: _tell_bug(window, error)
    threading.excepthook = lambda caught: _tell_bug(window, caught.exc_value)
    window.show()
    QTimer.singleShot(0, lambda: _begin(window, path, prompts, propagate))
    status = app.exec()
    sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    window.deleteLater()
    return int(status)


def _tell_bug(window: MainWindow, error: BaseException | None) -> None:
    """Something went wrong that nobody expected: say so, with details in a file; every step is saved already."""
    if isinstance(error, KeyboardInterrupt):
        window.close()
    elif error is not None:
        window.desk.notice.emit(record_bug(error, "The window"), "error")


def _begin(window: MainWindow, path: str | Path | None, prompts: str | Path | None, propagate: bool) -> None:
    """The first thing after the window is on the screen."""
    wanted = Path(path) if path is not None else window.places.left_open
    window.models.show()
    window.models.keep_warm()
    if wanted is None:
        return
    if prompts is not None:
        apply_when_open(window, Path(prompts), propagate=propagate)
    window.projects.open_anything(wanted)


def apply_when_open(window: MainWindow, prompts: Path, *, propagate: bool) -> None:
    """Give the clip that is being opened the prompts of a file, ask for their masks, and propagate them if wanted."""

    def apply(_note: str) -> None:
        window.projects.opened.disconnect(apply)
        project, tracking = window.desk.project, window.desk.tracking
        if project is None:
            return
        clip = project.document.clip
        is_new = not project.document.objects
        # A clip that was worked on before comes back as it was left: the prompts are in it already.
        if is_new and window.desk.attempt(lambda: apply_prompts(project, load_prompts(prompts, clip))) is None:
            return
        window.desk.select(next(iter(project.document.objects), None))
        if not is_new or tracking is None:
            return
        for cell in project.document.prompts:
            tracking.request_prompt(cell)
        if propagate:
            window.desk.actions["propagate_all"].trigger()

    from app.commands.prompts_file import apply_prompts, load_prompts

    window.projects.opened.connect(apply)
