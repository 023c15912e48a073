"""The list of clips: picture, name, how far each one is; a click opens it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QLabel, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.ui import theme
from app.ui.clip_shelf import ClipProgress, ClipShelf
from app.ui.list_dialog import ListDialog

ROW_HEIGHT, PICTURE_WIDTH = 58, 88
_PATH = Qt.ItemDataRole.UserRole
_PROGRESS = Qt.ItemDataRole.UserRole + 1
_PICTURE = Qt.ItemDataRole.UserRole + 2


class ClipsPanel(ListDialog):
    """Shown over the window until a clip is chosen or Esc is pressed; it reads the shelf anew every time."""

    chosen = Signal(object)
    """The path of a project."""

    def __init__(self, shelf: ClipShelf, parent: QWidget | None = None) -> None:
        super().__init__("Clips", "Clips", parent)
        self._shelf = shelf
        self.setMinimumSize(520, 360)
        self.list.setItemDelegate(_ClipDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.itemActivated.connect(self._choose)
        self.list.itemClicked.connect(self._choose)
        self._empty = QLabel("The clips that you work on will stand here. Open one with Ctrl+O.")
        self._empty.setProperty("role", "hint")
        self.stack(self._empty, self.list)

    def open_list(self, current: Path | None) -> None:
        """Show the clips, with the open one marked."""
        self.list.clear()
        for path in self._shelf.projects:
            item = QListWidgetItem(path.stem)
            progress = self._shelf.progress_of(path)
            item.setData(_PATH, path)
            item.setData(_PROGRESS, progress)
            item.setData(_PICTURE, self._shelf.picture_of(path))
            words = progress.words if progress is not None else "not opened since"
            item.setToolTip(f"{path}\n{words}")
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{path.stem}, {words}")
            self.list.addItem(item)
            if path == current:
                self.list.setCurrentItem(item)
        self._empty.setVisible(self.list.count() == 0)
        self.list.setVisible(self.list.count() > 0)
        self.list.setFocus()
        self.open()

    def _choose(self, item: QListWidgetItem) -> None:
        self.accept()
        self.chosen.emit(item.data(_PATH))


class _ClipDelegate(QStyledItemDelegate):
    """Picture on the left; name, then words, then a bar as long as the verified share."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(300, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tokens = theme.current()
        place: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.fillRect(place, QColor(tokens.surface_2))
        frame = QRectF(place.left() + 8, place.top() + 5, PICTURE_WIDTH, ROW_HEIGHT - 10)
        painter.fillRect(frame, QColor(tokens.surface_3))
        picture = index.data(_PICTURE)
        if picture is not None:
            size = picture.size().scaled(frame.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            left = frame.center().x() - size.width() / 2
            top = frame.center().y() - size.height() / 2
            painter.drawPixmap(QRectF(left, top, size.width(), size.height()), picture, QRectF(picture.rect()))
        left = frame.right() + 12
        room = place.right() - left - 12
        painter.setPen(QColor(tokens.text_1))
        painter.setFont(theme.interface_font())
        name = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, int(room))
        painter.drawText(QRectF(left, place.top() + 7, room, 20), Qt.AlignmentFlag.AlignVCenter, name)
        progress: ClipProgress | None = index.data(_PROGRESS)
        if progress is not None:
            painter.setPen(QColor(tokens.text_3))
            painter.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True))
            painter.drawText(QRectF(left, place.top() + 26, room, 18), Qt.AlignmentFlag.AlignVCenter, progress.words)
            share = progress.verified / progress.masks if progress.masks else 0.0
            bar = QRectF(left, place.bottom() - 8, room, 3)
            painter.fillRect(bar, QColor(tokens.surface_3))
            painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * min(share, 1.0), 3), QColor(tokens.good))
        painter.restore()
