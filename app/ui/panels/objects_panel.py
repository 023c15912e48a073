"""The object list: every thing that is followed, what kind it is, how far it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.commands import objects
from app.ui import theme
from app.ui.canvas.words import counted
from app.ui.desk import Desk
from app.ui.panels.object_details import ObjectDetails
from app.ui.panels.object_filter import ObjectFilter
from app.ui.panels.object_list import ObjectModel
from app.ui.panels.object_menus import ObjectMenus
from app.ui.panels.object_rows import ROW_HEIGHT, ObjectDelegate, is_on_eye, is_on_lock

if TYPE_CHECKING:
    from app.document.document import Change
    from app.ui.suspicions import Suspicions

LEAST_ROWS, DETAILS_HEIGHT = 3, 190
"""The list keeps some rows while the details are open; those take at most so many pixels, what is more scrolls."""


class ObjectsPanel(QWidget):
    """Upper part of the right panel. Click selects, Shift and Ctrl extend, double click renames, the eye hides, the
    padlock freezes."""

    wanted = Signal()
    """The person is about to type here: wherever it is, it has to be seen."""
    room_wanted = Signal(int)
    """So many pixels of height would show everything that was asked for."""

    def __init__(self, desk: Desk, suspicions: Suspicions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.filter = ObjectFilter(desk)
        self._model = ObjectModel(desk, self.filter, self)
        self._menus = ObjectMenus(desk, self._rename, self)
        self._is_following = False
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(ObjectDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.setAccessibleName("Objects")
        self.list.viewport().installEventFilter(self)
        self._count = QLabel()
        self._count.setProperty("role", "hint")
        self._empty = QLabel("Click a thing on the picture, or draw a box round it: that makes the first object.")
        self._empty.setProperty("role", "hint")
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(14, 4, 14, 4)
        self._new = QPushButton("New object")
        self._new.setToolTip("A new object; the next click on the picture is its first (N)")
        self._new.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._new.clicked.connect(self._make_object)
        self.details = ObjectDetails(desk)
        self._details_room = QScrollArea()
        self._details_room.setAccessibleName("Details of the selected object")
        self._details_room.setFrameShape(QFrame.Shape.NoFrame)
        self._details_room.setWidgetResizable(True)
        self._details_room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._details_room.setMaximumHeight(DETAILS_HEIGHT)
        self._details_room.setWidget(self.details)
        for part in (self.details, self._details_room.viewport()):
            part.setAutoFillBackground(False)
        self._details_room.hide()
        self.details_button = QToolButton()
        self.details_button.setText("Details")
        self.details_button.setCheckable(True)
        self.details_button.setToolTip("Category, flags and attributes of the selected object")
        self.details_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.details_button.toggled.connect(self._show_details)
        self._lay_out()
        self.setFocusProxy(self.list)
        self.list.selectionModel().selectionChanged.connect(self._on_list_selection)
        self.list.customContextMenuRequested.connect(self._show_menu)
        desk.document_changed.connect(self._on_document)
        desk.project_changed.connect(self._show_count)
        desk.selection_changed.connect(self._follow_selection)
        desk.rename_requested.connect(self._rename)
        suspicions.changed.connect(lambda _: self._model.set_to_look_at(suspicions.counts()))
        desk.colors_changed.connect(self.list.viewport().update)
        theme.on_change().changed.connect(self.list.viewport().update)
        self._model.modelReset.connect(self._take_list)
        self._model.settled.connect(self._show_count)
        self._show_count()

    def _lay_out(self) -> None:
        heading = QLabel("Objects")
        heading.setProperty("role", "heading")
        top = QHBoxLayout()
        top.setContentsMargins(14, 10, 14, 6)
        top.addWidget(heading)
        top.addStretch(1)
        top.addWidget(self._count)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(14, 6, 14, 8)
        bottom.addWidget(self._new)
        bottom.addStretch(1)
        bottom.addWidget(self.details_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.filter)
        layout.addWidget(self._empty)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._details_room)
        layout.addLayout(bottom)

    def _show_count(self) -> None:
        document = self._desk.document
        self._new.setEnabled(document is not None)
        is_empty = document is None or not document.objects
        self._empty.setVisible(is_empty)
        self.filter.setVisible(not is_empty)
        if document is None or not document.objects:
            self._count.setText("")
            self.filter.nothing.hide()
            return
        listed, total = self._model.rowCount(), len(document.objects)
        self.filter.nothing.setVisible(not listed)
        if listed < total:
            self._count.setText(f"{listed:,} of {counted(total, 'object')}")
        else:
            self._count.setText(f"{total:,} · {counted(len(document.masks), 'mask')}")

    # --- the document and the desk ---

    def _on_document(self, change: Change) -> None:
        document = self._desk.document
        if document is not None and change.categories:
            self._model.take_change(document.objects.keys())
        else:
            changed = {object_id for object_id, _ in change.cells} | change.objects
            is_run = self._desk.tracking is not None and self._desk.tracking.is_running
            self._model.take_change(changed, at_once=not is_run or bool(change.objects))

    def _take_list(self) -> None:
        self._follow_selection()
        self._show_count()

    def _follow_selection(self, _: object = None) -> None:
        self._is_following = True
        selection = QItemSelection()
        current = QModelIndex()
        for object_id in self._desk.selected_objects:
            row = self._model.row_of(object_id)
            if row is not None:
                current = self._model.index(row)
                selection.select(current, current)
        model = self.list.selectionModel()
        model.setCurrentIndex(current, QItemSelectionModel.SelectionFlag.NoUpdate)
        model.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if current.isValid():
            self.list.scrollTo(current)
        self._is_following = False

    def _on_list_selection(self) -> None:
        if self._is_following:
            return
        model = self.list.selectionModel()
        chosen = [self._model.object_at(index) for index in model.selectedIndexes()]
        current = model.currentIndex()
        if current.isValid() and self._model.object_at(current) in chosen:
            chosen.sort(key=lambda object_id: object_id == self._model.object_at(current))
        self._desk.select_all(tuple(chosen))

    def _show_details(self, is_on: bool) -> None:
        """Open them below the list, with room for some rows above."""
        self._details_room.setVisible(is_on)
        if is_on:
            wanted = min(self.details.sizeHint().height(), DETAILS_HEIGHT)
            self.room_wanted.emit(self.minimumSizeHint().height() + LEAST_ROWS * ROW_HEIGHT + wanted)

    def start_finding(self) -> None:
        """Ctrl+F: type what the object is called."""
        self.wanted.emit()
        self.filter.text.setFocus()
        self.filter.text.selectAll()

    def _rename(self, object_id: int) -> None:
        """Edit the name in its row, also where the list was folded away or the filter left the object out."""
        self.wanted.emit()
        if self._model.row_of(object_id) is None:
            self.filter.clear()
        row = self._model.row_of(object_id)
        if row is not None:
            self.list.edit(self._model.index(row))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click on the eye hides or shows, one on the padlock freezes or unfreezes; neither selects anything."""
        presses = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
        if event.type() in presses and isinstance(event, QMouseEvent) and event.button() is Qt.MouseButton.LeftButton:
            index = self.list.indexAt(event.position().toPoint())
            place, x = self.list.visualRect(index), event.position().x()
            if index.isValid() and (is_on_eye(place, x) or is_on_lock(place, x)):
                toggle = self._toggle_visible if is_on_eye(place, x) else self._toggle_frozen
                toggle(self._model.object_at(index))
                return True
        return bool(super().eventFilter(watched, event))

    # --- what a person does here ---

    def _make_object(self) -> None:
        action = self._desk.actions.get("new_object")
        if action is not None:
            action.trigger()
        elif self._desk.project is not None:
            self._desk.select(objects.new_object(self._desk.project, frame=self._desk.frame).id)

    def _toggle_visible(self, object_id: int) -> None:
        project = self._desk.project
        if project is not None:
            objects.set_object_visible(project, object_id, not project.document.objects[object_id].is_visible)

    def _toggle_frozen(self, object_id: int) -> None:
        project = self._desk.project
        if project is not None:
            objects.set_object_frozen(project, object_id, not project.document.objects[object_id].is_frozen)

    def _show_menu(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        if index.isValid() and self._desk.project is not None:
            self.menu_for(self._model.object_at(index)).popup(self.list.viewport().mapToGlobal(place))

    def menu_for(self, object_id: int) -> QMenu:
        """The context menu of an object."""
        return self._menus.menu_for(object_id)
