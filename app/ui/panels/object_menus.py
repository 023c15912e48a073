"""The context menu of an object, in the list and on the picture."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from app.commands import objects
from app.commands.coloring import PALETTE_SIZE
from app.ui import theme
from app.ui.chips import chip_icon
from app.ui.desk import Desk
from app.ui.dialogs.color_dialog import ask_color
from app.ui.dialogs.question import ask_text


class ObjectMenus:
    """Makes one for every right click; `rename` starts editing the name of an object."""

    def __init__(self, desk: Desk, rename: Callable[[int], None], home: QWidget) -> None:
        self._desk, self._rename, self._home = desk, rename, home

    def menu_for(self, object_id: int) -> QMenu:
        """The context menu of an object: name, category, colour, padlock, deletion."""
        project = self._desk.project
        assert project is not None
        item = project.document.objects[object_id]
        menu = QMenu(self._home)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename", lambda: self._rename(object_id))
        categories = menu.addMenu("Category")
        for category in project.document.categories.values():
            action = categories.addAction(category.name)
            action.setCheckable(True)
            action.setChecked(item.category_id == category.id)
            action.triggered.connect(lambda _=False, key=category.id: self._give_category(object_id, key))
        if project.document.categories:
            categories.addSeparator()
            categories.addAction("None", lambda: self._give_category(object_id, None))
        categories.addAction("New category …", lambda: self._new_category(object_id))
        if "categories" in self._desk.actions:
            categories.addAction(self._desk.actions["categories"])
        colors = menu.addMenu("Colour")
        for place in range(PALETTE_SIZE):
            action = colors.addAction(chip_icon(place), f"Colour {place + 1}")
            action.triggered.connect(lambda _=False, key=place: objects.set_object_color(project, object_id, key))
        colors.addSeparator()
        colors.addAction("Other colour …", lambda: self._ask_color(object_id))
        menu.addSeparator()
        frozen = menu.addAction("Frozen: nobody changes it")
        frozen.setCheckable(True)
        frozen.setChecked(item.is_frozen)
        frozen.toggled.connect(
            lambda is_on: self._desk.attempt(lambda: objects.set_object_frozen(project, object_id, is_on))
        )
        if "keep_off" in self._desk.actions:
            menu.addAction(self._desk.actions["keep_off"])
        menu.addAction("Delete object", lambda: self._delete(object_id))
        return menu

    def _ask_color(self, object_id: int) -> None:
        project = self._desk.project
        assert project is not None
        thing = project.document.objects[object_id]
        color = ask_color(theme.current().object_color(thing.color), self._home, f"Colour of {thing.name}")
        if color is not None:
            self._desk.attempt(lambda: objects.set_object_color(project, object_id, color))

    def _give_category(self, object_id: int, category_id: int | None) -> None:
        project = self._desk.project
        if project is not None:
            self._desk.attempt(lambda: objects.set_object_category(project, object_id, category_id))

    def _new_category(self, object_id: int) -> None:
        project = self._desk.project
        if project is None:
            return
        name = ask_text(self._home, "New category", "What kind of thing is it?", "Make it")
        if name and name.strip():
            self._desk.attempt(lambda: self._make_category(object_id, name))

    def _make_category(self, object_id: int, name: str) -> None:
        project = self._desk.project
        assert project is not None
        with project.history.transaction(f"New category, {name.strip()}"):
            category = objects.new_category(project, name)
            objects.set_object_category(project, object_id, category.id)

    def _delete(self, object_id: int) -> None:
        project = self._desk.project
        assert project is not None
        name = project.document.objects[object_id].name
        self._desk.attempt(lambda: objects.delete_objects(project, [object_id]))
        if object_id not in project.document.objects:
            self._desk.done_in_bulk.emit(f"Deleted {name}.")
