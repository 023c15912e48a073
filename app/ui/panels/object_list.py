"""The rows of the object list: what they say, how they are drawn, and what a click on them means."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.commands import objects
from app.commands.errors import CommandError
from app.document.document import DocumentView
from app.document.values import TrackedObject
from app.ui import icons, theme
from app.ui.desk import Desk

ROW_HEIGHT = 46
EYE_WIDTH = 36

Index = QModelIndex | QPersistentModelIndex
ObjectRole = Qt.ItemDataRole.UserRole
CategoryRole = Qt.ItemDataRole.UserRole + 1
CountRole = Qt.ItemDataRole.UserRole + 2
StateRole = Qt.ItemDataRole.UserRole + 3


class ObjectModel(QAbstractListModel):
    """The document's objects, top of the list first. Names can be edited; everything else is read."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._ids: list[int] = []
        self._to_look_at: dict[int, int] = {}
        desk.project_changed.connect(self.reload)
        self.reload()

    def reload(self) -> None:
        """Read the list of objects again."""
        self.beginResetModel()
        document = self._desk.document
        self._ids = [] if document is None else list(document.objects)
        self._to_look_at = {}
        self.endResetModel()

    def is_current(self) -> bool:
        """Whether the rows are still the document's objects, in order."""
        document = self._desk.document
        return self._ids == ([] if document is None else list(document.objects))

    def set_to_look_at(self, counts: dict[int, int]) -> None:
        """How many frames of each object are suspicious."""
        self._to_look_at = counts
        self.refresh(self._ids)

    def refresh(self, object_ids: Any) -> None:
        """These objects' rows say something else now."""
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
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

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
            category = None if item.category_id is None else document.categories.get(item.category_id)
            return "no category" if category is None else category.name
        if role == CountRole:
            return f"{len(document.masks_of(item.id)):,} / {document.clip.frame_count:,}"
        if role == StateRole:
            return self._state(document, item)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{item.name}, {self._state(document, item)[0]}"
        return None

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


class ObjectDelegate(QStyledItemDelegate):
    """Draws a row: colour, name and category on the left, counts and state on the right, the eye at the end."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item = index.data(ObjectRole)
        if item is None:
            return
        tokens = theme.current()
        place: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(place, QColor(tokens.surface_2))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(place, QColor(tokens.surface_0))
        self._paint_chip(painter, place, item)
        self._paint_words(painter, place, index, item)
        self._paint_eye(painter, place, item, bool(state & QStyle.StateFlag.State_MouseOver))
        painter.restore()

    def _paint_chip(self, painter: QPainter, place: QRect, item: TrackedObject) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().object_color(item.color))
        painter.drawRoundedRect(QRectF(place.left() + 14, place.center().y() - 4.5, 10, 10), 2, 2)

    def _paint_words(self, painter: QPainter, place: QRect, index: Index, item: TrackedObject) -> None:
        tokens = theme.current()
        upper = QRectF(place.left() + 36, place.top() + 5, place.width() - 36 - EYE_WIDTH, 18)
        lower = upper.translated(0, 18)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        small = theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True)
        painter.setFont(small)
        counts = index.data(CountRole)
        painter.setPen(QColor(tokens.text_2))
        painter.drawText(upper, right, counts)
        words, role = index.data(StateRole)
        colors = {"good": tokens.good_text, "attention": tokens.attention_text, "hint": tokens.text_3}
        painter.setPen(QColor(colors[role]))
        painter.drawText(lower, right, words)
        painter.setPen(QColor(tokens.text_3))
        width = int(lower.width()) - painter.fontMetrics().horizontalAdvance(words) - 12
        category = painter.fontMetrics().elidedText(index.data(CategoryRole), Qt.TextElideMode.ElideRight, width)
        painter.drawText(lower, Qt.AlignmentFlag.AlignVCenter, category)
        width = int(upper.width()) - painter.fontMetrics().horizontalAdvance(counts) - 12
        painter.setFont(theme.interface_font(weight=QFont.Weight.Medium))
        painter.setPen(QColor(tokens.text_1 if item.is_visible else tokens.text_3))
        name = painter.fontMetrics().elidedText(item.name, Qt.TextElideMode.ElideRight, width)
        painter.drawText(upper, Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_eye(self, painter: QPainter, place: QRect, item: TrackedObject, is_hovered: bool) -> None:
        tokens = theme.current()
        color = tokens.text_2 if item.is_visible or is_hovered else tokens.text_3
        icon = QRectF(place.right() - 27, place.center().y() - 8, 17, 17)
        icons.paint_icon(painter, icon, "eye" if item.is_visible else "eye-off", color)

    def updateEditorGeometry(self, editor: Any, option: QStyleOptionViewItem, index: Index) -> None:
        place: QRect = option.rect
        editor.setGeometry(QRect(place.left() + 30, place.top() + 8, place.width() - 30 - EYE_WIDTH - 60, 30))


def is_on_eye(place: QRect, x: float) -> bool:
    """Whether a click at x in a row's rectangle is on its eye."""
    return x > place.right() - EYE_WIDTH
