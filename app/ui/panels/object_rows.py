"""How the rows of the object list are drawn and edited, and where their eyes and padlocks are."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.document.values import TrackedObject
from app.ui import icons, theme
from app.ui.chips import paint_chip
from app.ui.panels.object_list import CategoryColorRole, CategoryRole, FramesRole, ObjectRole, ShadeRole, StateRole

ROW_HEIGHT = 46
EYE_WIDTH, LOCK_WIDTH = 36, 26
_IS_FILLED = "isFilled"
Index = QModelIndex | QPersistentModelIndex


class ObjectDelegate(QStyledItemDelegate):
    """Draws a row: colour, name and category on the left, frames and state on the right, padlock and eye at the end."""

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
        self._paint_chip(painter, place, index)
        self._paint_words(painter, place, index, item)
        self._paint_eye(painter, place, item, bool(state & QStyle.StateFlag.State_MouseOver))
        if item.is_frozen or state & QStyle.StateFlag.State_MouseOver:
            self._paint_lock(painter, place, is_frozen=item.is_frozen)
        painter.restore()

    def _paint_chip(self, painter: QPainter, place: QRect, index: Index) -> None:
        paint_chip(painter, QRectF(place.left() + 14, place.center().y() - 4.5, 10, 10), index.data(ShadeRole))

    def _paint_words(self, painter: QPainter, place: QRect, index: Index, item: TrackedObject) -> None:
        tokens = theme.current()
        upper = QRectF(place.left() + 36, place.top() + 5, place.width() - 36 - EYE_WIDTH - LOCK_WIDTH, 18)
        lower = upper.translated(0, 18)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        small = theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True)
        painter.setFont(small)
        frames = index.data(FramesRole)
        painter.setPen(QColor(tokens.text_2))
        painter.drawText(upper, right, frames)
        words, role = index.data(StateRole)
        colors = {"good": tokens.good_text, "attention": tokens.attention_text, "hint": tokens.text_3}
        painter.setPen(QColor(colors[role]))
        painter.drawText(lower, right, words)
        painter.setPen(QColor(tokens.text_3))
        width = int(lower.width()) - painter.fontMetrics().horizontalAdvance(words) - 25
        category = painter.fontMetrics().elidedText(index.data(CategoryRole), Qt.TextElideMode.ElideRight, width)
        color = index.data(CategoryColorRole)
        if color:
            painter.fillRect(QRectF(lower.left() + 1, lower.center().y() - 3, 7, 7), QColor(color))
            lower.setLeft(lower.left() + 13)
        painter.drawText(lower, Qt.AlignmentFlag.AlignVCenter, category)
        width = int(upper.width()) - painter.fontMetrics().horizontalAdvance(frames) - 12
        painter.setFont(theme.interface_font(weight=QFont.Weight.Medium))
        painter.setPen(QColor(tokens.text_1 if item.is_visible else tokens.text_3))
        name = painter.fontMetrics().elidedText(item.name, Qt.TextElideMode.ElideRight, width)
        painter.drawText(upper, Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_eye(self, painter: QPainter, place: QRect, item: TrackedObject, is_hovered: bool) -> None:
        tokens = theme.current()
        color = tokens.text_2 if item.is_visible or is_hovered else tokens.text_3
        icon = QRectF(place.right() - 27, place.center().y() - 8, 17, 17)
        icons.paint_icon(painter, icon, "eye" if item.is_visible else "eye-off", color)

    def _paint_lock(self, painter: QPainter, place: QRect, *, is_frozen: bool) -> None:
        """Closed while the object is frozen; faint where a click would freeze it."""
        tokens = theme.current()
        middle = place.right() - EYE_WIDTH - LOCK_WIDTH / 2
        icon = QRectF(middle - 7, place.center().y() - 7, 15, 15)
        icons.paint_icon(painter, icon, "lock", tokens.text_1 if is_frozen else tokens.text_3)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Once: rows are told anew all the time while a run goes on, and would take away what the person types."""
        if not editor.property(_IS_FILLED):
            super().setEditorData(editor, index)
            editor.setProperty(_IS_FILLED, True)

    def updateEditorGeometry(self, editor: Any, option: QStyleOptionViewItem, index: Index) -> None:
        place: QRect = option.rect
        editor.setGeometry(QRect(place.left() + 30, place.top() + 8, place.width() - 30 - EYE_WIDTH - 60, 30))


def is_on_eye(place: QRect, x: float) -> bool:
    """Whether a click at x in a row's rectangle is on its eye."""
    return x > place.right() - EYE_WIDTH


def is_on_lock(place: QRect, x: float) -> bool:
    """Whether a click at x in a row's rectangle is on its padlock."""
    return 0 <= place.right() - EYE_WIDTH - x < LOCK_WIDTH
