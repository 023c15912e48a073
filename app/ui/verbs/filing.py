"""Opening, saving, exporting, and the program's own dialogs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog, QMainWindow, QMessageBox, QPushButton

from app.document.project import SUFFIX
from app.media.clip import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from app.ui.actions import Actions
from app.ui.desk import Desk
from app.ui.models import Models
from app.ui.places import Places
from app.ui.projects import Projects
from app.ui.verbs import Verbs

CLIPS_FOLDER = Path(__file__).resolve().parents[3] / "resources" / "clips"


class Filing:
    """The verbs of the File and Help menus. `actions` is given once it exists, for the key sheet."""

    def __init__(self, desk: Desk, projects: Projects, models: Models, places: Places, window: QMainWindow) -> None:
        self._desk, self._projects, self._models = desk, projects, models
        self._places, self._window = places, window
        self.actions: Actions | None = None

    def verbs(self) -> Verbs:
        projects = self._projects
        verbs: dict[str, Callable[[], object]] = {
            "open_clip": self._open,
            "open_folder": self._open_folder,
            "open_project": self._open_project,
            "open_last": self._open_last,
            "open_bundled": self._open_bundled,
            "save_now": projects.save_now,
            "save_copy": self._save_copy,
            "export": self._export,
            "close_project": self.close_project,
            "quit": self._window.close,
            "models": self.show_models,
            "key_sheet": lambda: self.show_help(""),
            "about": self._show_about,
        }
        return verbs

    # --- opening ---

    def _open(self) -> None:
        clips = " ".join(f"*{suffix}" for suffix in (*VIDEO_SUFFIXES, *IMAGE_SUFFIXES))
        filters = f"Clips and projects ({clips} *{SUFFIX});;All files (*)"
        self._choose_file("Open a clip or a project", filters, self._projects.open_anything)

    def _open_project(self) -> None:
        self._choose_file("Open a project", f"Projects (*{SUFFIX})", self._projects.open_project)

    def _choose_file(self, title: str, filters: str, take: Callable[[Path], None]) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, title, str(self._start_folder()), filters)
        if name:
            take(Path(name))

    def _open_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self._window, "Open a folder of images", str(self._start_folder()))
        if name:
            self._projects.open_clip(Path(name))

    def _start_folder(self) -> Path:
        source = self._desk.source
        return source.path.parent if source is not None else Path.home()

    def _open_last(self) -> None:
        recent = self._places.recent
        if recent:
            self._projects.open_project(recent[0])

    def _open_bundled(self) -> None:
        clip = bundled_clip()
        if clip is not None:
            self._projects.open_clip(clip)

    def find_missing_clip(self, project: str, sentence: str) -> None:
        """The clip of a project is gone: ask where it is now."""
        box = QMessageBox(self._window)
        box.setWindowTitle("Clip not found")
        box.setText(f"{sentence}\nThe project itself is whole; show where the clip is now.")
        choose = QPushButton("Choose …")
        box.addButton(choose, QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(choose)
        box.exec()
        is_wanted = box.clickedButton() is choose
        box.deleteLater()
        if is_wanted:
            self._choose_file(
                "Where is the clip?", "All files (*)", lambda path: self._projects.open_project(Path(project), path)
            )

    # --- saving and leaving ---

    def _save_copy(self) -> None:
        path = self._projects.path
        start = path.with_name(f"{path.stem} copy{SUFFIX}") if path is not None else Path.home() / f"project{SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(self._window, "Save a copy", str(start), f"Projects (*{SUFFIX})")
        if name:
            self._projects.save_copy(Path(name))

    def close_project(self) -> None:
        """Back to the empty window; the next start is one, too."""
        if self._projects.close(may_lose=self.may_lose):
            self._places.note_closed()

    def may_lose(self, sentence: str) -> bool:
        """Steps cannot be written: whether the person closes all the same."""
        box = QMessageBox(self._window)
        box.setWindowTitle("Not everything is saved")
        box.setText(f"{sentence}\nSave a copy elsewhere first, or lose what is not saved.")
        lose = QPushButton("Close without saving")
        box.addButton(lose, QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        is_wanted = box.clickedButton() is lose
        box.deleteLater()
        return is_wanted

    # --- dialogs ---

    def _export(self) -> None:
        from app.ui.dialogs.export_dialog import ExportDialog

        self._show(ExportDialog(self._desk, self._window))

    def show_models(self) -> None:
        """The list of models; it does not hold up the work."""
        from app.ui.dialogs.models_dialog import ModelsDialog

        dialog = ModelsDialog(self._desk, self._window)
        dialog.chosen.connect(self._models.choose)
        self._show(dialog)

    def _show_about(self) -> None:
        from app.ui.dialogs.about_dialog import AboutDialog

        self._show(AboutDialog(self._window))

    def show_help(self, area: str) -> None:
        """Help for a part of the window (see `key_sheet.AREAS`), and the keys below it; with "" the keys alone."""
        from app.ui.key_sheet import KeySheet

        if self.actions is not None:
            self._show(KeySheet(self.actions, self._window, area))

    def _show(self, dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open() if dialog.isModal() else dialog.show()
        dialog.activateWindow()


def bundled_clip() -> Path | None:
    """The clip that came with the program."""
    found = sorted(path for path in CLIPS_FOLDER.glob("*") if path.suffix.lower() in VIDEO_SUFFIXES)
    return found[0] if found else None
