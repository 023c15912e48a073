"""The small picture beside the pointer: the frame under it with its masks, while the playhead stays where it is."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from app.ui import theme
from app.ui.canvas.label_map import LabelMap
from app.ui.canvas.layers import layers_of
from app.ui.canvas.overlay import Look, Window, render
from app.ui.desk import Desk
from app.ui.thumbnails import thumbnails_of
from app.ui.timeline.transport import time_words

PICTURE_HEIGHT = 120
DELAY_MS = 150
MARGIN, LINE, MOST_WIDE = 6, 17, 320
GAP = 8
"""Between the card and what it tells of."""


class HoverCard(QWidget):
    """One for the timeline; it floats over the whole window and takes no clicks. `point` shows it, `leave` hides it."""

    def __init__(self, desk: Desk, home: QWidget) -> None:
        super().__init__(home)
        self._desk = desk
        self._thumbnails = thumbnails_of(desk, PICTURE_HEIGHT)
        self._frame = 0
        self._lines: list[str] = []
        self._overlay: QImage | None = None
        self._place = QPoint()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(DELAY_MS)
        self._delay.timeout.connect(self._appear)
        self._thumbnails.ready.connect(self._take_picture)
        desk.project_changed.connect(self.leave)
        self.hide()

    @property
    def frame(self) -> int | None:
        """The frame that is shown, None while the card is hidden."""
        return self._frame if self.isVisible() else None

    @property
    def words(self) -> str:
        """What stands under the picture."""
        return " · ".join(self._lines)

    def point(self, place: QPoint, frame: int, words: str = "") -> None:
        """The pointer is over this frame; `place` is a point of the screen above which the card may stand.

        Parts of `words` between semicolons get a line each.
        """
        if self._desk.source is None:
            return
        self._place = place
        self._lines = [f"frame {frame:,} · {time_words(self._desk.time_of(frame))}", *filter(None, words.split("; "))]
        is_other = frame != self._frame
        self._frame = frame
        if not self.isVisible():
            self._delay.start()
        elif is_other:
            self._appear()
        else:
            self._settle()

    def leave(self) -> None:
        """The pointer is elsewhere, or a button is down."""
        self._delay.stop()
        if self.isVisible():
            self._thumbnails.drop_wishes()
            self.hide()

    def _appear(self) -> None:
        self._overlay = self._masks()
        self._thumbnails.drop_wishes()
        self._settle()
        self.show()
        self.raise_()

    def _settle(self) -> None:
        """Take the size of picture and words, and the place over the pointer, inside the window."""
        window = self.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        metrics = self.fontMetrics()
        picture = self._picture_size()
        widest = max(metrics.horizontalAdvance(line) for line in self._lines)
        width = max(picture[0], min(widest, MOST_WIDE)) + 2 * MARGIN
        height = picture[1] + LINE * len(self._lines) + 2 * MARGIN
        spot = window.mapFromGlobal(self._place)
        left = max(4, min(spot.x() - width // 2, window.width() - width - 4))
        self.setGeometry(left, max(4, spot.y() - height - GAP), width, height)
        self.update()

    def _picture_size(self) -> tuple[int, int]:
        source = self._desk.source
        assert source is not None
        return max(1, round(PICTURE_HEIGHT * source.width / source.height)), PICTURE_HEIGHT

    def _masks(self) -> QImage | None:
        source, layers = self._desk.source, layers_of(self._desk, self._frame)
        if source is None or not layers:
            return None
        labels = LabelMap((source.height, source.width))
        labels.set_layers(layers)
        ratio = self.devicePixelRatioF()
        width, height = (round(side * ratio) for side in self._picture_size())
        look = Look(selected=self._desk.selected_object, style="fill")
        pixels = render(labels, look, Window(0, 0, source.width, source.height, width, height), ratio)
        kind = QImage.Format.Format_ARGB32_Premultiplied
        return QImage(pixels.tobytes(), width, height, 4 * width, kind).copy()

    def _take_picture(self, frame: int) -> None:
        if self.isVisible() and frame == self._frame:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._desk.source is None:
            return
        tokens = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(QPen(QColor(tokens.surface_3), 1))
        painter.setBrush(QColor(tokens.surface_1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        width, height = self._picture_size()
        place = QRectF((self.width() - width) / 2, MARGIN, width, height)
        picture: QPixmap | None = self._thumbnails.picture(self._frame)
        if picture is None:
            painter.fillRect(place, QColor(tokens.surface_2))
        else:
            painter.drawPixmap(place, picture, QRectF(picture.rect()))
        if self._overlay is not None:
            painter.drawImage(place, self._overlay)
        painter.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True))
        painter.setPen(QColor(tokens.text_1))
        for number, line in enumerate(self._lines):
            base = MARGIN + height + LINE * (number + 1) - 4
            room = self.width() - 2 * MARGIN
            painter.drawText(
                QPointF(MARGIN, base), painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, room)
            )
            painter.setPen(QColor(tokens.text_2))
        painter.end()
