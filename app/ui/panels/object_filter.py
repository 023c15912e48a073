"""Which objects the list shows: by what they are called, on which frames they are seen, and how they stand."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.document.document import DocumentView
from app.document.values import TrackedObject
from app.ui import icons, theme
from app.ui.desk import Desk

SCOPES = ("All", "This frame", "In range")


def _verified(document: DocumentView, item: TrackedObject) -> int:
    return len(document.reviews_of(item.id))


State = Callable[[DocumentView, TrackedObject, int], bool]
STATES: Mapping[str, State] = {
    "Any state": lambda document, item, count: True,
    "To look at": lambda document, item, count: count > 0,
    "Never verified": lambda document, item, count: not document.reviews_of(item.id),
    "Not all verified": lambda document, item, count: _verified(document, item) < len(document.masks_of(item.id)),
    "All verified": lambda document, item, count: 0 < len(document.masks_of(item.id)) <= _verified(document, item),
    "No masks": lambda document, item, count: not document.masks_of(item.id),
    "Frozen": lambda document, item, count: item.is_frozen,
    "Hidden": lambda document, item, count: not item.is_visible,
}
"""How an object may stand; each is asked with how many of the object's frames are suspicious."""
ANY = next(iter(STATES))


class ObjectFilter(QWidget):
    """One line above the list. With no text, every frame and any state it keeps every object."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._state = ANY
        self.text = QLineEdit()
        self.text.setPlaceholderText("Name or category")
        self.text.setClearButtonEnabled(True)
        self.text.setAccessibleName("Filter objects by name or category")
        self.scope = QComboBox()
        self.scope.addItems(SCOPES)
        self.scope.setToolTip("Objects of the whole clip, of the frame in view, or of the range")
        self.scope.setAccessibleName("On which frames")
        self.state_button = QToolButton()
        self.state_button.setIconSize(QSize(16, 16))
        self.state_button.setCheckable(True)
        self.state_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.state_button.setMenu(self._state_menu())
        self.nothing = QPushButton("No object is like that. Show all")
        self.nothing.setProperty("role", "link")
        self.nothing.clicked.connect(self.clear)
        self.nothing.hide()
        self._lay_out()
        self.text.textChanged.connect(self.changed)
        self.scope.currentIndexChanged.connect(self.changed)
        desk.frame_changed.connect(self._take_frame)
        desk.range_changed.connect(self._take_range)
        theme.on_change().changed.connect(self._paint_icon)
        self._show_state()

    def _state_menu(self) -> QMenu:
        menu = QMenu(self)
        self._states = QActionGroup(self)
        for name in STATES:
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(name == ANY)
            self._states.addAction(action)
        self._states.triggered.connect(self._take_state)
        return menu

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.text, 1)
        line.addWidget(self.scope)
        line.addWidget(self.state_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 0, 8, 6)
        layout.setSpacing(6)
        layout.addLayout(line)
        layout.addWidget(self.nothing)

    @property
    def is_on(self) -> bool:
        """Whether anything may be kept out."""
        return bool(self.text.text().strip()) or self.scope.currentIndex() > 0 or self._state != ANY

    def set_state(self, name: str) -> None:
        """Keep only objects that stand like this: one of `STATES`."""
        next(action for action in self._states.actions() if action.text() == name).trigger()

    def clear(self) -> None:
        """Show every object again."""
        self.text.clear()
        self.scope.setCurrentIndex(0)
        self.set_state(ANY)

    def keeps(self, document: DocumentView, item: TrackedObject, to_look_at: int) -> bool:
        """Whether an object is listed, of whose frames so many are suspicious."""
        category = None if item.category_id is None else document.categories.get(item.category_id)
        kind = "" if category is None else f"{category.name} {category.supercategory}"
        words = f"{item.name} {kind} {item.id}".casefold()
        return (
            all(part in words for part in self.text.text().casefold().split())
            and STATES[self._state](document, item, to_look_at)
            and self._is_in_scope(document, item.id)
        )

    def _is_in_scope(self, document: DocumentView, object_id: int) -> bool:
        scope = self.scope.currentText()
        if scope == "All":
            return True
        masks, prompts, frame = document.masks_of(object_id), document.prompts_of(object_id), self._desk.frame
        if scope == "This frame":
            mask = masks.get(frame)
            return frame in prompts or (mask is not None and not mask.is_absent)
        first, last = self._desk.range
        seen = (frame for frame, mask in masks.items() if not mask.is_absent)
        return any(first <= frame <= last for frame in itertools.chain(seen, prompts))

    def _take_state(self, action: QAction) -> None:
        self._state = action.text()
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        is_on = self._state != ANY
        self.state_button.setChecked(is_on)
        self.state_button.setToolTip(f"Only: {self._state}" if is_on else "Filter by state")
        self.state_button.setAccessibleName(f"State: {self._state}")
        self._paint_icon()

    def _paint_icon(self) -> None:
        self.state_button.setIcon(icons.icon("filter"))

    def _take_frame(self) -> None:
        if self.scope.currentText() == "This frame":
            self.changed.emit()

    def _take_range(self) -> None:
        if self.scope.currentText() == "In range":
            self.changed.emit()
