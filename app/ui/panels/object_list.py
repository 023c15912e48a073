"""The rows of the object list: which objects they are, and what they say of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from app.commands import objects
from app.commands.errors import CommandError
from app.document.document import DocumentView
from app.document.values import TrackedObject
from app.ui.canvas.words import counted, frames_words
from app.ui.desk import Desk
from app.ui.panels.object_filter import ObjectFilter

REST_MS = 100
"""Rows follow the masks of a run this often."""

Index = QModelIndex | QPersistentModelIndex
ObjectRole = Qt.ItemDataRole.UserRole
CategoryRole = Qt.ItemDataRole.UserRole + 1
FramesRole = Qt.ItemDataRole.UserRole + 2
StateRole = Qt.ItemDataRole.UserRole + 3
CategoryColorRole = Qt.ItemDataRole.UserRole + 4
ShadeRole = Qt.ItemDataRole.UserRole + 5
MIME_TYPE = "application/x-masklet-objects"


class ObjectModel(QAbstractListModel):
    """The document's objects that the filter keeps, back to front. Names can be edited; everything else is read."""

    settled = Signal()
    """What has changed is shown."""

    def __init__(self, desk: Desk, shown: ObjectFilter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._filter = desk, shown
        self._ids: list[int] = []
        self._to_look_at: dict[int, int] = {}
        self._frames: dict[int, str] = {}
        self._changed: set[int] = set()
        """What has changed since rows were drawn again: a run's batches come thirty times a second."""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REST_MS)
        self._later.timeout.connect(self._show_changes)
        desk.project_changed.connect(self._forget)
        shown.changed.connect(self._filter_again)
        self.reload()

    def reload(self) -> None:
        """Read the list of objects again."""
        self.beginResetModel()
        self._ids = self._listed()
        self.endResetModel()

    def _forget(self) -> None:
        """Another project is on the desk: its objects may have the same numbers."""
        self._frames = {}
        self._changed.clear()
        self.reload()

    def _listed(self) -> list[int]:
        document = self._desk.document
        if document is None:
            return []
        if not self._filter.is_on:
            return list(document.objects)
        keeps, counts = self._filter.keeps, self._to_look_at
        return [item.id for item in document.objects.values() if keeps(document, item, counts.get(item.id, 0))]

    def _filter_again(self) -> None:
        if self._ids != self._listed():
            self.reload()

    def set_to_look_at(self, counts: dict[int, int]) -> None:
        """How many frames of each object are suspicious."""
        self._to_look_at = counts
        self._filter_again()
        self.refresh(self._ids)

    def take_change(self, object_ids: Collection[int], *, at_once: bool = True) -> None:
        """These objects have changed: they may be listed or not, and their rows say something else.

        Unless `at_once`, that is seen in a moment, together with what else will have changed.
        """
        for object_id in object_ids:
            self._frames.pop(object_id, None)
        self._changed.update(object_ids)
        if at_once:
            self._show_changes()
        elif not self._later.isActive():
            self._later.start()

    def _show_changes(self) -> None:
        self._later.stop()
        changed, self._changed = self._changed, set()
        self._filter_again()
        self.refresh(changed)
        self.settled.emit()

    def refresh(self, object_ids: Iterable[int]) -> None:
        """Draw these objects' rows again."""
        rows = [self._ids.index(object_id) for object_id in object_ids if object_id in self._ids]
        if rows:
            self.dataChanged.emit(self.index(min(rows)), self.index(max(rows)))

    def row_of(self, object_id: int) -> int | None:
        """Where the object stands in the list."""
        return self._ids.index(object_id) if object_id in self._ids else None

    def object_at(self, index: Index) -> int:
        """The id of the object in a row."""
        return self._ids[index.row()]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._ids)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags if self._filter.is_on else Qt.ItemFlag.ItemIsDropEnabled
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
        return flags if self._filter.is_on else flags | Qt.ItemFlag.ItemIsDragEnabled

    # Dragging rows puts the objects in another order. With a filter on nobody could say between which ones.

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME_TYPE]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        rows = sorted(index.row() for index in indexes)
        data.setData(MIME_TYPE, json.dumps([self._ids[row] for row in rows]).encode())
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Put the dragged objects before a row. False, since the model reads its rows from the document anyway."""
        project = self._desk.project
        if project is None or not data.hasFormat(MIME_TYPE) or self._filter.is_on:
            return False
        moved = [object_id for object_id in json.loads(bytes(data.data(MIME_TYPE).data())) if object_id in self._ids]
        before = self._ids[: row if row >= 0 else len(self._ids)]
        rest = [object_id for object_id in self._ids if object_id not in moved]
        place = sum(object_id not in moved for object_id in before)
        self._desk.attempt(lambda: objects.reorder_objects(project, [*rest[:place], *moved, *rest[place:]]))
        return False

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        document = self._desk.document
        if document is None or not index.isValid() or self._ids[index.row()] not in document.objects:
            return None
        item = document.objects[self._ids[index.row()]]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return item.name
        if role == ObjectRole:
            return item
        if role == CategoryRole:
            return self._category(document, item)
        if role == CategoryColorRole:
            return "" if item.category_id is None else document.categories[item.category_id].color
        if role == ShadeRole:
            return self._desk.shade_of(item.id)
        if role == FramesRole:
            if item.id not in self._frames:
                self._frames[item.id] = frames_words(document, item.id)
            return self._frames[item.id]
        if role == Qt.ItemDataRole.ToolTipRole:
            masks, frames = len(document.masks_of(item.id)), document.clip.frame_count
            verified = len(document.reviews_of(item.id))
            return f"{item.name}: {masks:,} of {counted(frames, 'frame')} known, {verified:,} verified"
        if role == StateRole:
            return self._state(document, item)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = (
                item.name,
                index.data(FramesRole),
                self._state(document, item)[0],
                "" if item.is_visible else "hidden",
            )
            return ", ".join(word for word in words if word)
        return None

    def _category(self, document: DocumentView, item: TrackedObject) -> str:
        category = None if item.category_id is None else document.categories.get(item.category_id)
        return "no category" if category is None else category.name

    def _state(self, document: DocumentView, item: TrackedObject) -> tuple[str, str]:
        """A word or two on how the object stands, and the label role that gives them their colour."""
        masks = len(document.masks_of(item.id))
        count = self._to_look_at.get(item.id, 0)
        if item.is_frozen:
            return "frozen", "hint"
        if not masks:
            return "no masks yet", "hint"
        if count:
            return f"{count:,} to look at", "attention"
        verified = len(document.reviews_of(item.id))
        return ("verified", "good") if verified >= masks else ("nothing suspicious", "good")

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        project = self._desk.project
        if project is None or role != Qt.ItemDataRole.EditRole:
            return False
        try:
            objects.rename_object(project, self._ids[index.row()], str(value))
        except CommandError as error:
            self._desk.notice.emit(str(error), "warning")
            return False
        return True
