"""*Look at next*: the masks most likely wrong, with a picture and the reason in words; and the verbs of review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.ui import theme
from app.ui.announcer import Announcer
from app.ui.chips import paint_chip
from app.ui.desk import Desk
from app.ui.thumbnails import Thumbnails, thumbnails_of
from app.ui.timeline.transport import ActionButton

if TYPE_CHECKING:
    from app.document.suspicion import Suspicion
    from app.ui.suspicions import Suspicions

ROW_HEIGHT = 50
PICTURE_WIDTH = 72
Index = QModelIndex | QPersistentModelIndex
EntryRole = Qt.ItemDataRole.UserRole


class QueueModel(QAbstractListModel):
    """The list of suspicions, most suspicious first."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.entries: list[Suspicion] = []

    def show_entries(self, entries: list[Suspicion]) -> None:
        """Show these."""
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        document = self._desk.document
        if document is None or not index.isValid():
            return None
        entry = self.entries[index.row()]
        item = document.objects.get(entry.cell[0])
        if role == EntryRole:
            return entry
        if role == Qt.ItemDataRole.DisplayRole and item is not None:
            return f"{item.name} · frame {entry.cell[1]:,}"
        if role == Qt.ItemDataRole.ToolTipRole and item is not None:
            return f"{item.name}, frame {entry.cell[1]:,}\n{entry.reason}"
        if role == Qt.ItemDataRole.AccessibleTextRole and item is not None:
            return f"{item.name}, frame {entry.cell[1]}: {entry.reason}"
        return None


class QueueDelegate(QStyledItemDelegate):
    """Draws an entry: picture, object and frame, reason, and a bar as long as it is suspicious."""

    def __init__(self, desk: Desk, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._thumbnails = desk, thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry, document = index.data(EntryRole), self._desk.document
        if entry is None or document is None or entry.cell[0] not in document.objects:
            return
        tokens = theme.current()
        place: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.fillRect(place, QColor(tokens.surface_2))
        picture_place = QRectF(place.left() + 14, place.top() + 5, PICTURE_WIDTH, ROW_HEIGHT - 10)
        self._paint_picture(painter, picture_place, entry.cell[1])
        left = picture_place.right() + 8
        paint_chip(painter, QRectF(left, place.top() + 13, 9, 9), self._desk.shade_of(entry.cell[0]))
        words = QRectF(left + 16, place.top() + 7, place.right() - left - 80, 20)
        painter.setPen(QColor(tokens.text_1))
        painter.setFont(theme.interface_font())
        name = f" · frame {entry.cell[1]:,}"
        room = int(words.width()) - painter.fontMetrics().horizontalAdvance(name)
        thing = document.objects[entry.cell[0]].name
        name = painter.fontMetrics().elidedText(thing, Qt.TextElideMode.ElideRight, room) + name
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY))
        painter.setPen(QColor(tokens.text_3))
        below = QRectF(left, place.top() + 26, place.right() - left - 4, 18)
        reason = painter.fontMetrics().elidedText(entry.reason, Qt.TextElideMode.ElideRight, int(below.width()))
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, reason)
        bar = QRectF(place.right() - 58, place.top() + 16, 44, 3)
        painter.fillRect(bar, QColor(tokens.surface_3))
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * entry.value, 3), QColor(tokens.attention))
        painter.restore()

    def _paint_picture(self, painter: QPainter, place: QRectF, frame: int) -> None:
        picture = self._thumbnails.picture(frame)
        if picture is None:
            painter.fillRect(place, QColor(theme.current().surface_3))
            return
        shape = place.width() / place.height()
        width = min(picture.width(), picture.height() * shape)
        height = width / shape
        middle = QRectF((picture.width() - width) / 2, (picture.height() - height) / 2, width, height)
        painter.drawPixmap(place, picture, middle)


class QueuePanel(QWidget):
    """Lower part of the right panel. Click goes there; S and Shift+S walk; the buttons are the verbs of review."""

    def __init__(self, desk: Desk, suspicions: Suspicions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._suspicions = desk, suspicions
        self._model = QueueModel(desk, self)
        thumbnails = thumbnails_of(desk)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(QueueDelegate(desk, thumbnails, self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setAccessibleName("Look at next")
        self.setFocusProxy(self.list)
        self.list.clicked.connect(self._go)
        self.announcer = Announcer(self)
        self._count = QLabel()
        self._count.setProperty("role", "hint")
        self._empty = QLabel()
        self._empty.setProperty("role", "hint")
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(14, 4, 14, 4)
        self._rest = QWidget()  # takes the list's room while there is none
        self._verbs = QHBoxLayout()
        self._verbs.setContentsMargins(14, 8, 14, 12)
        self._verbs.setSpacing(8)
        heading = QLabel("Look at next")
        heading.setProperty("role", "heading")
        top = QHBoxLayout()
        top.setContentsMargins(14, 8, 14, 6)
        top.addWidget(heading)
        top.addStretch(1)
        top.addWidget(self._count)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._empty)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._rest, 1)
        layout.addLayout(self._verbs)
        suspicions.changed.connect(self._show)
        thumbnails.ready.connect(self.list.viewport().update)
        desk.queue_step_requested.connect(self.step)
        desk.project_changed.connect(lambda: self._show(suspicions.found))
        desk.document_changed.connect(self._on_document)
        desk.colors_changed.connect(self.list.viewport().update)
        theme.on_change().changed.connect(self.list.viewport().update)
        self._show([])

    def set_actions(self, verbs: list[QAction]) -> None:
        """The verbs of review, as buttons; the first is the good one."""
        for place, action in enumerate(verbs):
            button = ActionButton(action)
            if place == 0:
                button.setProperty("role", "good")
            self._verbs.addWidget(button, 1)

    def step(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) entry after the one where the desk is."""
        entries = self._model.entries
        if not entries:
            self._desk.notice.emit("Nothing suspicious is left to look at.", "good")
            return
        here = self._place_of(entries)
        place = (0 if direction > 0 else -1) if here is None else here + direction
        self._go(self._model.index(place % len(entries)))

    def _go(self, index: QModelIndex) -> None:
        entry = index.data(EntryRole)
        if entry is not None:
            self._desk.select(entry.cell[0])
            self._desk.set_frame(entry.cell[1])
            self.list.setCurrentIndex(index)

    def _show(self, entries: list[Suspicion]) -> None:
        self._model.show_entries(entries)
        place = self._place_of(entries)
        if place is not None:
            self.list.setCurrentIndex(self._model.index(place))
        self._describe()

    def _place_of(self, entries: list[Suspicion]) -> int | None:
        """Where in the list the desk looks at."""
        here = (self._desk.selected_object, self._desk.frame)
        return next((place for place, entry in enumerate(entries) if entry.cell == here), None)

    def _on_document(self, change: object) -> None:
        self._describe()

    def _describe(self) -> None:
        document, entries = self._desk.document, self._model.entries
        masks = 0 if document is None else len(document.masks)
        self._count.setText(f"{len(entries):,} of {masks:,}" if entries else "")
        if masks:
            self.announcer.say(f"{len(entries):,} to look at" if entries else "Nothing to look at")
        self._empty.setVisible(not entries)
        self._rest.setVisible(not entries)
        self.list.setVisible(bool(entries))
        if document is None or not masks:
            self._empty.setText("Masks that are likely wrong will stand here, the worst first.")
        elif len(document.reviews) >= masks:
            self._empty.setText("Everything is verified.")
        else:
            self._empty.setText("Nothing suspicious. What you have looked at, you can verify.")
