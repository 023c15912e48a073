"""How the selected objects' masks are finished whenever they are shown or exported; the masks themselves stay."""

from __future__ import annotations

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.commands.finishing import MAX_AREA, set_finish
from app.commands.mask_editing import MAX_DISTANCE
from app.document.values import Finish
from app.ui import theme
from app.ui.canvas.words import counted, object_name
from app.ui.desk import Desk

_ROWS = (
    ("fill_holes", "Fill holes up to", 0, MAX_AREA, " px of area"),
    ("remove_specks", "Remove specks up to", 0, MAX_AREA, " px of area"),
    ("close_edge", "Close gaps to the edge up to", 0, MAX_DISTANCE, " px"),
    ("smooth", "Smooth by", 0, MAX_DISTANCE, " px"),
    ("grow", "Grow by (below 0: shrink)", -MAX_DISTANCE, MAX_DISTANCE, " px"),
)


class FinishDialog(QDialog):
    """Every change is seen at once on the canvas, and is one step to undo. It shows the primary selected object and
    speaks to all selected ones."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._is_showing = False
        self.setWindowTitle("Finish masks")
        self.is_on = QCheckBox("Switched on")
        self.is_on.clicked.connect(self._take)
        self.sizes: dict[str, QSpinBox] = {}
        form = QFormLayout()
        for name, words, smallest, largest, unit in _ROWS:
            box = QSpinBox()
            box.setRange(smallest, largest)
            box.setSuffix(unit)
            box.lineEdit().setTextMargins(*theme.NUMBER_MARGINS)
            box.setKeyboardTracking(False)
            box.setAccessibleName(words)
            box.valueChanged.connect(self._take)
            form.addRow(words, box)
            self.sizes[name] = box
        self._whose = QLabel()
        self._whose.setProperty("role", "heading")
        hint = QLabel("Done whenever masks are shown or exported. The masks themselves stay as they are.")
        hint.setProperty("role", "hint")
        hint.setWordWrap(True)
        reset, close = QPushButton("Finish nothing"), QPushButton("Close")
        reset.setToolTip("Show and export the masks as they are")
        for button in (reset, close):
            button.setAutoDefault(False)
        reset.clicked.connect(lambda: self._set(Finish()))
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(reset)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(10)
        for part in (self._whose, self.is_on):
            layout.addWidget(part)
        layout.addLayout(form)
        layout.addWidget(hint)
        layout.addLayout(buttons)
        desk.project_changed.connect(self.close)
        desk.selection_changed.connect(self._show)
        desk.document_changed.connect(self._show)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def _show(self, _change: object = None) -> None:
        document, chosen = self._desk.document, self._desk.selected_objects
        self.setEnabled(document is not None and bool(chosen))
        if document is None or not chosen or chosen[-1] not in document.objects:
            self._whose.setText("Select an object first.")
            return
        finish = document.objects[chosen[-1]].finish
        self._whose.setText(object_name(document, chosen[0]) if len(chosen) == 1 else counted(len(chosen), "object"))
        self._is_showing = True
        self.is_on.setChecked(finish.is_on)
        for name, box in self.sizes.items():
            box.setValue(getattr(finish, name))
        self._is_showing = False

    def _take(self) -> None:
        if not self._is_showing:
            sizes = {name: box.value() for name, box in self.sizes.items()}
            self._set(Finish(**sizes, is_on=self.is_on.isChecked()))

    def _set(self, finish: Finish) -> None:
        project, chosen = self._desk.project, self._desk.selected_objects
        if project is not None:
            self._desk.attempt(lambda: set_finish(project, chosen, finish))
