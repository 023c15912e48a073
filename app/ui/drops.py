"""Files dropped anywhere on the window: it says what it would do before the drop."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QWidget

from app.document.project import SUFFIX
from app.ui import theme

WEIGHT_SUFFIXES = (".pt", ".pth")


class DropHint(QLabel):
    """Lies over the window while something is dragged on it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "drop")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def say(self, words: str) -> None:
        """Cover the window with these words."""
        parent = self.parentWidget()
        assert parent is not None
        self.setText(words)
        self.setGeometry(parent.rect().adjusted(*(side * theme.SPACE_3 for side in (1, 1, -1, -1))))
        self.show()
        self.raise_()

    def take_enter(self, event: QDragEnterEvent) -> None:
        """Take what is dragged onto the window if it is one file or folder, and say what a drop would do."""
        path = dropped_path(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.say(drop_words(path))

    def take_drop(self, event: QDropEvent) -> Path | None:
        """What was dropped, if it is one file or folder."""
        self.hide()
        path = dropped_path(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
        return path


def dropped_path(data: QMimeData) -> Path | None:
    """The one file or folder that is dragged; None for several or for something else."""
    paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    return Path(paths[0]) if len(paths) == 1 else None


def drop_words(path: Path) -> str:
    """What the window would do with it."""
    if path.suffix.lower() == SUFFIX:
        return f"Open the project {path.stem}"
    if path.suffix.lower() in WEIGHT_SUFFIXES:
        return f"Use the model in {path.name}"
    if path.is_dir():
        return f"Open the folder of images {path.name}"
    return f"Open {path.name}"
