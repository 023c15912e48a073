"""Up to three answers to an ambiguous click, at the pointer: 1 to 3 or a click chooses, Enter keeps, Esc drops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.document.masks import MaskCode
from app.media.opencv import cv2
from app.ui import theme

MOST = 3
_CARD = QSize(84, 84)
_PICTURE = QSize(84, 56)
_GAP, _MARGIN, _OFF_POINTER = 6, 7, 22


class Answer(Protocol):
    """One answer of the model: a mask and how good it thinks the mask is (0 to 1)."""

    @property
    def mask(self) -> MaskCode: ...
    @property
    def iou(self) -> float: ...


class CandidatesPopup(QWidget):
    """A child of the canvas, never a window of its own, so that keys and focus stay where they are."""

    chosen = Signal(int, object, float)
    """An answer: its place counted from 0 (best first), its mask and its score."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._answers: tuple[Answer, ...] = ()
        self._pictures: list[QImage] = []
        self._current = 0
        self._hovered: int | None = None
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAccessibleName("Candidates")
        self.hide()

    @property
    def is_open(self) -> bool:
        return self.isVisible()

    def open_at(self, place: QPoint, answers: Sequence[Answer], color: QColor, current: int = 0) -> None:
        """Show answers beside a place of the canvas; with fewer than two there is nothing to choose."""
        self._answers = tuple(answers[:MOST])
        if len(self._answers) < 2:
            self.hide()
            return
        self._current = min(current, len(self._answers) - 1)
        self._pictures = _silhouettes([answer.mask for answer in self._answers], color, self.devicePixelRatioF())
        self._hovered = None
        count = len(self._answers)
        self.resize(2 * _MARGIN + count * _CARD.width() + (count - 1) * _GAP, 2 * _MARGIN + _CARD.height())
        words = ", ".join(f"{place + 1}: score {answer.iou:.2f}" for place, answer in enumerate(self._answers))
        self.setAccessibleDescription(f"{words}. Press the number to choose.")
        self.move(self._beside(place))
        self.show()
        self.raise_()

    @property
    def has_answers(self) -> bool:
        """Whether the last click still has several answers, shown or not."""
        return len(self._answers) > 1

    def is_key(self, key: int) -> bool:
        """Whether the open pop-up takes this key."""
        number = key - Qt.Key.Key_1
        named = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
        return self.is_open and (0 <= number < len(self._answers) or key in named)

    def take_key(self, key: int) -> bool:
        """1 to 3, Enter, Esc; True if the key was one of them and the pop-up is open."""
        if not self.is_key(key):
            return False
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self._current)
        elif key == Qt.Key.Key_Escape:
            self.hide()
        else:
            self._choose(key - Qt.Key.Key_1)
        return True

    def choose_next(self) -> None:
        """Take the answer after the current one, round and round; it stays open if it was."""
        if len(self._answers) > 1:
            was_open = self.is_open
            self._choose((self._current + 1) % len(self._answers))
            self.setVisible(was_open)

    def forget(self) -> None:
        """The click that these answers belong to is history."""
        self._answers, self._pictures = (), []
        self.hide()

    def _choose(self, place: int) -> None:
        self._current = place
        self.hide()
        answer = self._answers[place]
        self.chosen.emit(place, answer.mask, answer.iou)

    def _beside(self, place: QPoint) -> QPoint:
        """Up and to the right of the pointer where there is room, never over the pointer, never outside."""
        parent = self.parentWidget()
        assert parent is not None
        room = parent.rect().adjusted(4, 4, -4, -4)
        x = min(max(place.x() - self.width() // 2, room.left()), room.right() - self.width())
        above = place.y() - self.height() - _OFF_POINTER
        y = above if above >= room.top() else min(place.y() + _OFF_POINTER, room.bottom() - self.height())
        return QPoint(x, y)

    def _card(self, place: int) -> QRect:
        return QRect(_MARGIN + place * (_CARD.width() + _GAP), _MARGIN, _CARD.width(), _CARD.height())

    def _card_at(self, place: QPoint) -> int | None:
        for index in range(len(self._answers)):
            if self._card(index).contains(place):
                return index
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hovered = self._card_at(event.position().toPoint())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._card_at(event.position().toPoint())
        if place is not None:
            self._choose(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.DARK
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.surface_3), 1))
        painter.setBrush(QColor(27, 32, 39, 240))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_POPUP, theme.RADIUS_POPUP
        )
        for place, answer in enumerate(self._answers):
            self._paint_card(painter, place, answer)
        painter.end()

    def _paint_card(self, painter: QPainter, place: int, answer: Answer) -> None:
        tokens = theme.DARK
        card = self._card(place)
        picture = QRectF(card.x(), card.y(), _PICTURE.width(), _PICTURE.height())
        is_current = place == (self._hovered if self._hovered is not None else self._current)
        painter.setPen(QPen(QColor(tokens.accent if is_current else tokens.surface_2), 2 if is_current else 1))
        painter.setBrush(QColor(tokens.ground))
        painter.drawRoundedRect(picture.adjusted(1, 1, -1, -1), theme.RADIUS_CHIP, theme.RADIUS_CHIP)
        painter.drawImage(picture.adjusted(6, 6, -6, -6), self._pictures[place])
        key = QRectF(card.x() + 12, picture.bottom() + 7, 17, 17)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.surface_3))
        painter.drawRoundedRect(key, theme.RADIUS_CHIP, theme.RADIUS_CHIP)
        painter.setFont(theme.interface_font(11, figures=True))
        painter.setPen(QColor(tokens.text_2))
        painter.drawText(key, Qt.AlignmentFlag.AlignCenter, str(place + 1))
        painter.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True))
        score = QRectF(key.right() + 6, key.top(), card.right() - key.right(), key.height())
        painter.drawText(score, Qt.AlignmentFlag.AlignVCenter, f"{answer.iou:.2f}")


def _silhouettes(masks: Sequence[MaskCode], color: QColor, ratio: float) -> list[QImage]:
    """Each mask in colour on the grey shadow of all of them, cut to what they cover together."""
    boxes = [mask.box for mask in masks if mask.box is not None]
    size = (_PICTURE - QSize(12, 12)) * ratio
    if not boxes:
        nothing = np.zeros((size.height(), size.width()), np.uint8)
        return [_picture(nothing, nothing, color) for _ in masks]
    x0, y0 = int(min(box.x0 for box in boxes)), int(min(box.y0 for box in boxes))
    x1, y1 = int(max(box.x1 for box in boxes)), int(max(box.y1 for box in boxes))
    parts = [_fitted(mask.to_array()[y0:y1, x0:x1], size) for mask in masks]
    shadow = np.maximum.reduce(parts)
    return [_picture(part, shadow, color) for part in parts]


def _fitted(mask: np.ndarray, size: QSize) -> np.ndarray:
    """The mask scaled into the middle of `size`, as coverage 0 to 255."""
    height, width = mask.shape
    scale = min(size.width() / width, size.height() / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    small = cv2.resize(mask.astype(np.uint8) * 255, inner, interpolation=method)
    result = np.zeros((size.height(), size.width()), np.uint8)
    top, left = (size.height() - small.shape[0]) // 2, (size.width() - small.shape[1]) // 2
    part = result[max(top, 0) :, max(left, 0) :][: small.shape[0], : small.shape[1]]
    part[:] = small[: part.shape[0], : part.shape[1]]
    return result


def _picture(part: np.ndarray, shadow: np.ndarray, color: QColor) -> QImage:
    grey = QColor(theme.DARK.surface_3)
    covered, beside = part.astype(np.uint32), (shadow - part).astype(np.uint32)
    channels = [
        (covered * own + beside * other) // 255
        for own, other in (
            (255, 255),
            (color.red(), grey.red()),
            (color.green(), grey.green()),
            (color.blue(), grey.blue()),
        )
    ]
    packed = np.ascontiguousarray(channels[0] << 24 | channels[1] << 16 | channels[2] << 8 | channels[3])
    height, width = packed.shape
    return QImage(packed.data, width, height, packed.strides[0], QImage.Format.Format_ARGB32_Premultiplied).copy()
