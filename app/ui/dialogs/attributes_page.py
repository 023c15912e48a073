"""The attributes of a project: what can be said of every object beside its category."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.commands import attributes
from app.document.attributes import AttributeKind
from app.ui.canvas.words import counted
from app.ui.desk import Desk

if TYPE_CHECKING:
    from app.document.document import Change
    from app.document.project import Project

NAME, KIND, CHOICES, OBJECTS = range(4)
_TITLES = ("Name", "Kind", "Choices", "Objects")
_IdRole = Qt.ItemDataRole.UserRole


class AttributesPage(QWidget):
    """The list, and a line for a new attribute. A double click edits a name or the choices, parted by commas."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._is_filling = False
        self.list = QTreeWidget()
        self.list.setHeaderLabels(_TITLES)
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Attributes")
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.list.header()
        header.setStretchLastSection(False)
        for column in (KIND, OBJECTS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for column in (NAME, CHOICES):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.list.itemDoubleClicked.connect(self._edit)
        self.list.itemChanged.connect(self._take_text)
        self.list.currentItemChanged.connect(lambda *_: self._show_buttons())
        self.name, self.kind, self.choices = QLineEdit(), QComboBox(), QLineEdit()
        self.name.setPlaceholderText("New attribute")
        self.name.setAccessibleName("Name of the new attribute")
        self.kind.addItems([kind.value for kind in AttributeKind])
        self.kind.setAccessibleName("Kind of the new attribute")
        self.kind.currentTextChanged.connect(lambda _: self._show_buttons())
        self.choices.setPlaceholderText("stands, runs")
        self.choices.setAccessibleName("Choices, parted by commas")
        self.add = QPushButton("Add")
        self.up, self.down, self.delete = QPushButton("Up"), QPushButton("Down"), QPushButton("Delete")
        self.add.clicked.connect(self._add)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.delete.clicked.connect(self._delete)
        self.name.returnPressed.connect(self._add)
        self.choices.returnPressed.connect(self._add)
        self.name.textChanged.connect(lambda _: self._show_buttons())
        self._lay_out()
        desk.document_changed.connect(self._take_change)
        self._fill()

    def _lay_out(self) -> None:
        new = QHBoxLayout()
        new.addWidget(self.name, 2)
        new.addWidget(self.kind)
        new.addWidget(self.choices, 2)
        new.addWidget(self.add)
        row = QHBoxLayout()
        for button in (self.up, self.down, self.delete):
            row.addWidget(button)
        row.addStretch(1)
        hint = QLabel("Crowd, difficult and truncated are always there. Values are given in the object panel.")
        hint.setProperty("role", "hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.addWidget(self.list, 1)
        layout.addWidget(hint)
        layout.addLayout(new)
        layout.addLayout(row)

    @property
    def chosen(self) -> int | None:
        """The id of the attribute that the buttons speak of."""
        item = self.list.currentItem()
        return None if item is None else int(item.data(NAME, _IdRole))

    # --- showing ---

    def _take_change(self, change: Change) -> None:
        if change.attributes or change.tags:
            self._fill()

    def _fill(self) -> None:
        document, chosen = self._desk.document, self.chosen
        if document is None:
            return
        said = [key for _, key in document.tags]
        self._is_filling = True
        self.list.clear()
        for attribute in document.attributes.values():
            words = [attribute.name, attribute.kind.value, ", ".join(attribute.choices), str(said.count(attribute.id))]
            item = QTreeWidgetItem(words)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setData(NAME, _IdRole, attribute.id)
            item.setTextAlignment(OBJECTS, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.list.addTopLevelItem(item)
            if attribute.id == chosen:
                self.list.setCurrentItem(item)
        self._is_filling = False
        self._show_buttons()

    def _show_buttons(self) -> None:
        row, count = self.list.currentIndex().row(), self.list.topLevelItemCount()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < count - 1)
        self.delete.setEnabled(row >= 0)
        self.choices.setVisible(self.kind.currentText() == AttributeKind.CHOICE)
        self.add.setEnabled(bool(self.name.text().strip()))

    # --- doing ---

    def _do(self, deed: Callable[[Project], object]) -> bool:
        """Run a command; a refused change does not stay in the list. Whether it was done."""
        project, said = self._desk.project, False
        if project is not None:

            def done() -> bool:
                deed(project)
                return True

            said = bool(self._desk.attempt(done))
            self._fill()
        return said

    def _edit(self, item: QTreeWidgetItem, column: int) -> None:
        if column == NAME or (column == CHOICES and item.text(KIND) == AttributeKind.CHOICE):
            self.list.editItem(item, column)

    def _take_text(self, item: QTreeWidgetItem, column: int) -> None:
        if self._is_filling:
            return
        key, text = int(item.data(NAME, _IdRole)), item.text(column)
        # Later: the list is filled anew, and its editor is still open.
        QTimer.singleShot(0, self, lambda: self._change(key, column, text))

    def _change(self, key: int, column: int, text: str) -> None:
        if column == NAME:
            self._do(lambda project: attributes.rename_attribute(project, key, text))
        else:
            self._do(lambda project: attributes.set_choices(project, key, _parted(text)))

    def _add(self) -> None:
        kind, choices = AttributeKind(self.kind.currentText()), _parted(self.choices.text())
        if self._do(lambda project: attributes.new_attribute(project, self.name.text(), kind, choices)):
            self.name.clear()
            self.choices.clear()

    def _move(self, step: int) -> None:
        key, row = self.chosen, self.list.currentIndex().row()
        if key is not None:
            self._do(lambda project: attributes.move_attribute(project, key, row + step))

    def _delete(self) -> None:
        key, document = self.chosen, self._desk.document
        if key is None or document is None:
            return
        name, count = document.attributes[key].name, sum(one == key for _, one in document.tags)
        if self._do(lambda project: attributes.delete_attribute(project, key)) and count:
            self._desk.done_in_bulk.emit(f"Deleted {name}, which was said of {counted(count, 'object')}.")


def _parted(text: str) -> list[str]:
    """The words between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]
