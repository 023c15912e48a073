"""Categories and attributes of a project: added, named, coloured, ordered, tidied, carried to other projects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.commands import categories, objects
from app.commands.coloring import category_shade
from app.ui import theme
from app.ui.canvas.words import counted
from app.ui.chips import chip_icon
from app.ui.desk import Desk
from app.ui.dialogs.attributes_page import AttributesPage
from app.ui.dialogs.color_dialog import ask_color

if TYPE_CHECKING:
    from app.document.document import Change
    from app.document.project import Project

KEY, COLOR, NAME, PARENT, OBJECTS = range(5)
_TITLES = ("Key", "", "Name", "Parent", "Objects")
_IdRole = Qt.ItemDataRole.UserRole
_JSON = "Templates and COCO files (*.json)"


class CategoriesDialog(QDialog):
    """Two pages. Everything takes effect at once and can be undone; masks are never touched."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Categories and attributes")
        self.resize(560, 420)
        self.categories = CategoriesPage(desk)
        self.attributes = AttributesPage(desk)
        self.pages = QTabWidget()
        self.pages.addTab(self.categories, "Categories")
        self.pages.addTab(self.attributes, "Attributes")
        load, save, close = (QPushButton(words) for words in ("Load template …", "Save as template …", "Close"))
        load.setToolTip("Add the categories and attributes of another project, or of a COCO file")
        load.clicked.connect(self._ask_to_load)
        save.clicked.connect(self._ask_to_save)
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(load)
        buttons.addWidget(save)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(10)
        layout.addWidget(self.pages, 1)
        layout.addLayout(buttons)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
        self._desk = desk
        desk.project_changed.connect(self.close)

    def load(self, path: Path) -> None:
        """Add what a template has and the project lacks."""
        project = self._desk.project
        if project is None:
            return
        report = self._desk.attempt(lambda: categories.load_template(project, path))
        if report is not None:
            said = [f"{len(report.added):,} added"] if report.added else []
            said += [f"{len(report.changed):,} changed"] if report.changed else []
            self._desk.notice.emit(f"{path.name}: {', '.join(said) or 'nothing new'}.", "info")

    def save(self, path: Path) -> None:
        """Write categories and attributes for other projects."""
        project = self._desk.project
        if project is not None:
            path = path if path.suffix else path.with_suffix(".json")

            def write() -> bool:
                categories.save_template(project, path)
                return True

            if self._desk.attempt(write):
                self._desk.notice.emit(f"Saved {path.name}.", "good")

    def _ask_to_load(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Load template", "", _JSON)
        if name:
            self.load(Path(name))

    def _ask_to_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save as template", "categories.json", _JSON)
        if name:
            self.save(Path(name))


class CategoriesPage(QWidget):
    """The list; a double click edits name and parent, or asks for a colour."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._is_filling = False
        self.list = QTreeWidget()
        self.list.setHeaderLabels(_TITLES)
        self.list.setRootIsDecorated(False)
        self.list.setIconSize(QSize(14, 14))
        self.list.setAccessibleName("Categories")
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.list.header()
        header.setStretchLastSection(False)
        for column in (KEY, COLOR, OBJECTS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for column in (NAME, PARENT):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.list.itemDoubleClicked.connect(self._edit)
        self.list.itemChanged.connect(self._take_text)
        self.list.currentItemChanged.connect(lambda *_: self._show_buttons())
        self.add = QPushButton("Add")
        self.up, self.down = QPushButton("Up"), QPushButton("Down")
        self.delete = QPushButton("Delete")
        self.tidy = QPushButton()
        for button, deed in (
            (self.add, self._add),
            (self.up, lambda: self._move(-1)),
            (self.down, lambda: self._move(1)),
            (self.delete, self._delete),
            (self.tidy, self._tidy),
        ):
            button.clicked.connect(deed)
        row = QHBoxLayout()
        for button in (self.add, self.up, self.down, self.delete):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.tidy)
        hint = QLabel("Double click changes name, parent or colour. Masks are never touched.")
        hint.setProperty("role", "hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.addWidget(self.list, 1)
        layout.addWidget(hint)
        layout.addLayout(row)
        desk.document_changed.connect(self._take_change)
        self._fill()

    @property
    def chosen(self) -> int | None:
        """The id of the category that the buttons speak of."""
        item = self.list.currentItem()
        return None if item is None else int(item.data(NAME, _IdRole))

    def choose(self, category_id: int) -> None:
        """Make a category the one that the buttons speak of."""
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None and item.data(NAME, _IdRole) == category_id:
                self.list.setCurrentItem(item)

    def set_color(self, category_id: int, color: str) -> None:
        """Give a category a colour, "#rrggbb"."""
        self._do(lambda: objects.set_category_color(self._project(), category_id, color))

    # --- showing ---

    def _take_change(self, change: Change) -> None:
        if change.categories or change.objects:
            self._fill()

    def _fill(self) -> None:
        document, chosen = self._desk.document, self.chosen
        if document is None:
            return
        used = [thing.category_id for thing in document.objects.values()]
        self._is_filling = True
        self.list.clear()
        for place, category in enumerate(document.categories.values(), 1):
            key = f"Alt+{place}" if place < 10 else ""
            item = QTreeWidgetItem([key, "", category.name, category.supercategory, str(used.count(category.id))])
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setData(NAME, _IdRole, category.id)
            item.setIcon(COLOR, chip_icon(category_shade(document, category.id), 14))
            item.setToolTip(COLOR, category.color or "A colour of the palette. Double click to choose another.")
            item.setTextAlignment(OBJECTS, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.list.addTopLevelItem(item)
        self._is_filling = False
        if chosen is not None:
            self.choose(chosen)
        self._show_buttons()

    def _show_buttons(self) -> None:
        row, count = self.list.currentIndex().row(), self.list.topLevelItemCount()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < count - 1)
        self.delete.setEnabled(row >= 0)
        project = self._desk.project
        unused = 0 if project is None else len(categories.unused_categories(project))
        self.tidy.setText(f"Delete {unused:,} unused" if unused else "Delete unused")
        self.tidy.setEnabled(unused > 0)

    # --- doing ---

    def _project(self) -> Project:
        project = self._desk.project
        assert project is not None
        return project

    def _do(self, deed: Callable[[], object]) -> None:
        if self._desk.project is not None:
            self._desk.attempt(deed)
            self._fill()  # a refused change must not stay in the list

    def _edit(self, item: QTreeWidgetItem, column: int) -> None:
        if column in (NAME, PARENT):
            self.list.editItem(item, column)
        elif column == COLOR:
            category = self._project().document.categories[item.data(NAME, _IdRole)]
            shown = theme.current().object_color(category_shade(self._project().document, category.id))
            color = ask_color(shown, self, f"Colour of {category.name}")
            if color is not None:
                self.set_color(category.id, color)

    def _take_text(self, item: QTreeWidgetItem, column: int) -> None:
        if self._is_filling:
            return
        key, text = item.data(NAME, _IdRole), item.text(column)
        change = objects.rename_category if column == NAME else objects.set_supercategory
        # Later: the list is filled anew, and its editor is still open.
        QTimer.singleShot(0, self, lambda: self._do(lambda: change(self._project(), key, text)))

    def _add(self) -> None:
        names = {category.name for category in self._project().document.categories.values()}
        number = next(number for number in range(1, len(names) + 2) if f"category {number}" not in names)
        made = self._desk.attempt(lambda: objects.new_category(self._project(), f"category {number}"))
        if made is not None:
            self.choose(made.id)
            self.list.edit(self.list.currentIndex().siblingAtColumn(NAME))

    def _move(self, step: int) -> None:
        key, row = self.chosen, self.list.currentIndex().row()
        if key is not None:
            self._do(lambda: categories.move_category(self._project(), key, row + step))

    def _delete(self) -> None:
        key = self.chosen
        if key is None:
            return
        document = self._project().document
        name = document.categories[key].name
        count = sum(thing.category_id == key for thing in document.objects.values())
        self._do(lambda: objects.delete_category(self._project(), key))
        if count:
            have = "has" if count == 1 else "have"
            self._desk.done_in_bulk.emit(f"Deleted {name}: {counted(count, 'object')} {have} no category now.")

    def _tidy(self) -> None:
        self._do(lambda: categories.delete_unused_categories(self._project()))
