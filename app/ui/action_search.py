"""Find an action (Ctrl+K): every action with its key, and why one is greyed out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.ui import theme
from app.ui.actions import Actions

_NAME, _KEYS, _REASON = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
_NOT_LISTED = frozenset({"find_action", "finish", "stop"})
_ROW, _SHOWN, _WIDTH = 30, 10, 520


class _Rows(QStyledItemDelegate):
    """Words on the left, key or reason on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(_WIDTH, _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tokens = theme.current()
        rect: QRect = option.rect
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(tokens.surface_2))
        inner = rect.adjusted(theme.SPACE_3, 0, -theme.SPACE_3, 0)
        reason = index.data(_REASON)
        painter.setFont(theme.interface_font())
        painter.setPen(QColor(tokens.text_3 if reason else tokens.text_1))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, index.data())
        painter.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY))
        painter.setPen(QColor(tokens.text_3))
        painter.drawText(
            inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, reason or index.data(_KEYS)
        )


class ActionSearch(QFrame):
    """A pop-up inside the window: type, Enter does it, Esc leaves."""

    closed = Signal()

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions = actions
        self.setProperty("role", "popup")
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find an action")
        self.field.setAccessibleName("Find an action")
        self.list = QListWidget()
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_2, theme.SPACE_2, theme.SPACE_2, theme.SPACE_2)
        layout.setSpacing(theme.SPACE_2)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self._do())
        self.hide()

    def open(self) -> None:
        """Show every action, ready to be narrowed down."""
        parent = self.parentWidget()
        assert parent is not None
        width = min(_WIDTH + 2 * theme.SPACE_3, parent.width() - 2 * theme.SPACE_4)
        height = min(_ROW * _SHOWN + 60, parent.height() - theme.TOP_BAR_HEIGHT - theme.SPACE_6)
        self.setGeometry((parent.width() - width) // 2, theme.TOP_BAR_HEIGHT + theme.SPACE_2, width, height)
        self.field.clear()
        self._fill("")
        self.show()
        self.raise_()
        self.field.setFocus()

    def leave(self) -> None:
        """Close without doing anything."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def _fill(self, text: str) -> None:
        self.list.clear()
        typed = text.casefold().strip()
        found = []
        for name, spec in self._actions.specs.items():
            said = f"{spec.text} {spec.short} {spec.menu}".casefold()
            if name not in _NOT_LISTED and all(word in said for word in typed.split()):
                found.append((name, spec))
        # What was typed in one piece comes first, at the start of the words before anywhere else.
        found.sort(key=lambda one: (not one[1].text.casefold().startswith(typed), typed not in one[1].text.casefold()))
        for name, spec in found:
            item = QListWidgetItem(spec.text)
            item.setData(_NAME, name)
            item.setData(_KEYS, self._actions.key_words(name))
            item.setData(_REASON, self._actions.why_not(name))
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _do(self) -> None:
        item = self.list.currentItem()
        self.leave()
        if item is not None:
            self._actions.trigger(item.data(_NAME))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the field that speak to the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            row = self.list.currentRow()
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                self.list.setCurrentRow(min(max(row + step, 0), self.list.count() - 1))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        if event.type() == QEvent.Type.FocusOut and watched is self.field:
            self.leave()
        return False
