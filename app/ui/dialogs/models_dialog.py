"""The models: which are on this computer, which one works now, on which device, and how others get here."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QListWidgetItem, QPushButton, QWidget

from app.inference.checkpoints import (
    OFFICIAL,
    Checkpoint,
    CheckpointNotFound,
    catalogue,
    checkpoint_folder,
    find_checkpoint,
)
from app.ui.desk import Desk
from app.ui.list_dialog import ListDialog, button_row

DEVICES = (
    ("auto", "the best that is here"),
    ("cuda", "NVIDIA graphics card"),
    ("mps", "Apple graphics"),
    ("cpu", "processor"),
)


class ModelsDialog(ListDialog):
    """Choose the model and the device. It does not block the window; a choice takes effect with *Use this model*."""

    chosen = Signal(object, str)
    """The Checkpoint to use, and the device's short name."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("Models", "Models on this computer", parent)
        self._desk = desk
        self.setMinimumWidth(560)
        self.list.itemDoubleClicked.connect(lambda _: self._use())
        self.device = QComboBox()
        for name, title in DEVICES:
            self.device.addItem(title, name)
        self.device.setAccessibleName("Device")
        self._state = QLabel()
        self._state.setProperty("role", "secondary")
        self._state.setWordWrap(True)
        self._use_button = QPushButton("Use this model")
        self._use_button.setProperty("role", "primary")
        self._use_button.setDefault(True)
        self._use_button.clicked.connect(self._use)
        self._lay_out()
        self.refresh()

    def _lay_out(self) -> None:
        here = QLabel("On this computer")
        here.setProperty("role", "heading")
        add = QPushButton("Add a weight file …")
        add.clicked.connect(self._add_file)
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        device_row = QHBoxLayout()
        device_row.addWidget(QLabel("Computes on"))
        device_row.addWidget(self.device, 1)
        hint = QLabel(
            f"Official SAM 2 and 2.1 files ({OFFICIAL[0].file}, …) are free to download from their authors and "
            f"far stronger than the built-in model. Put them into {checkpoint_folder()}, or add a file from anywhere."
        )
        hint.setProperty("role", "hint")
        hint.setWordWrap(True)
        hint.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.stack(here, self.list, hint, device_row, self._state, button_row([add], [close, self._use_button]))

    def refresh(self) -> None:
        """Look again at what is here and what works now."""
        self.list.clear()
        for checkpoint in catalogue():
            self._add(checkpoint)
        if self.list.count():
            self.list.setCurrentRow(0)
        self._use_button.setEnabled(self.list.count() > 0)
        tracking = self._desk.tracking
        self._state.setText("" if tracking is None else f"Now: {tracking.status.text}")

    def _add(self, checkpoint: Checkpoint) -> QListWidgetItem:
        megabytes = checkpoint.path.stat().st_size / 1e6
        words = [
            checkpoint.title,
            f"{megabytes:,.0f} MB",
            *([] if checkpoint.kind == "built-in" else [checkpoint.kind]),
        ]
        item = QListWidgetItem("  ·  ".join(words))
        item.setData(Qt.ItemDataRole.UserRole, checkpoint)
        item.setToolTip(str(checkpoint.path))
        self.list.addItem(item)
        return item

    def _add_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Add a weight file", "", "Weights (*.pt *.pth);;All files (*)")
        if path:
            self.add_path(Path(path))

    def add_path(self, path: Path) -> None:
        """List a weight file from anywhere, and choose it."""
        try:
            item = self._add(find_checkpoint(path))
        except (CheckpointNotFound, OSError) as error:
            self._desk.notice.emit(str(error), "warning")
            return
        self.list.setCurrentItem(item)
        self._use_button.setEnabled(True)

    def _use(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole), self.device.currentData())
            self.close()
