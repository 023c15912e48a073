"""The filmstrip: small pictures of the clip over the lanes. It scrubs like the ruler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.ui import theme
from app.ui.desk import Desk
from app.ui.thumbnails import thumbnails_of
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.axis_marks import paint_cuts
from app.ui.timeline.playhead import Playhead
from app.ui.timeline.ruler import HEADER_WIDTH, turn_time

if TYPE_CHECKING:
    from app.ui.timeline.hover_card import HoverCard

HEIGHT = 36
REST_MS = 120


class Filmstrip(QWidget):
    """One row of pictures, each standing for the frame at its middle."""

    def __init__(self, desk: Desk, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._axis = desk, axis
        self._thumbnails = thumbnails_of(desk)
        self._may_ask = True
        self.card: HoverCard | None = None
        self.setMouseTracking(True)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Filmstrip")
        # While the view moves nothing is asked for: what flies by would only delay what stays.
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._on_rest)
        self._strip: QPixmap | None = None
        """Everything but the playhead, kept until it changes."""
        self._playhead = Playhead(self, axis, HEADER_WIDTH)
        self._thumbnails.ready.connect(self._repaint)
        axis.changed.connect(self._on_move)
        desk.frame_changed.connect(self._playhead.move)
        desk.project_changed.connect(self._on_move)
        desk.document_changed.connect(lambda change: self._repaint() if change.cuts else None)
        theme.on_change().changed.connect(self._repaint)

    def _repaint(self) -> None:
        self._strip = None
        self.update()

    def _on_move(self) -> None:
        self._may_ask = False
        self._thumbnails.drop_wishes()
        self._rest.start()
        self._repaint()

    def _on_rest(self) -> None:
        self._may_ask = True
        self._repaint()

    def frames(self) -> list[tuple[float, int]]:
        """Left edge in pixels and frame of every picture in view."""
        source = self._desk.source
        if source is None:
            return []
        width = self.picture_width()
        per_picture = max(1, round(width / self._axis.scale))
        first = self._axis.visible().start // per_picture * per_picture
        shown = range(first, self._axis.visible().stop, per_picture)
        return [(self._axis.x_of(frame), min(frame + per_picture // 2, source.frame_count - 1)) for frame in shown]

    def picture_width(self) -> int:
        """Width of one picture in pixels, by the clip's shape."""
        source = self._desk.source
        return 1 if source is None else max(12, round((HEIGHT - 4) * source.width / source.height))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._strip = None

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._desk.source is None:
            return
        if self._strip is None or self._strip.devicePixelRatio() != self.devicePixelRatioF():
            self._strip = self._painted_strip()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._strip)
        painter.translate(HEADER_WIDTH, 0)
        painter.setClipRect(QRectF(0, 0, self._end, HEIGHT))
        painter.setPen(QColor(theme.current().text_1))
        x = self._axis.center_of(self._desk.frame)
        painter.drawLine(QPointF(x, 0), QPointF(x, HEIGHT))
        painter.end()

    @property
    def _end(self) -> float:
        """Where the clip ends, in pixels of the axis."""
        return min(float(self._axis.width), self._axis.x_of(self._axis.frame_count))

    def _painted_strip(self) -> QPixmap:
        """The pictures in view and the cuts between them."""
        strip = QPixmap((QSizeF(self.size()) * self.devicePixelRatioF()).toSize())
        strip.setDevicePixelRatio(self.devicePixelRatioF())
        strip.fill(Qt.GlobalColor.transparent)
        painter = QPainter(strip)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(QColor(theme.current().text_3))
        painter.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY))
        painter.drawText(QRectF(12, 0, HEADER_WIDTH - 20, HEIGHT), Qt.AlignmentFlag.AlignVCenter, "Clip")
        painter.translate(HEADER_WIDTH, 0)
        painter.setClipRect(QRectF(0, 0, self._end, HEIGHT))
        for x, frame in self.frames():
            self._paint_picture(painter, x, frame)
        if self._desk.document is not None:
            paint_cuts(painter, self._desk.document, self._axis, 0, HEIGHT)
        painter.end()
        return strip

    def _paint_picture(self, painter: QPainter, x: float, frame: int) -> None:
        step = max(1, round(self.picture_width() / self._axis.scale)) * self._axis.scale
        place = QRectF(x, 2, max(1.0, step - 1), HEIGHT - 4)
        picture = self._thumbnails.picture(frame, exact=False) if self._may_ask else None
        if picture is None:
            painter.fillRect(place, QColor(theme.current().surface_2))
            return
        # The middle of the picture, cut to the place, so that nothing is squeezed.
        shown = picture.height() * place.width() / place.height()
        left = max(0.0, (picture.width() - shown) / 2)
        painter.drawPixmap(place, picture, QRectF(left, 0, min(shown, picture.width()), picture.height()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._scrub(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._scrub(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._desk.set_scrubbing(False)

    def leaveEvent(self, event: QEvent) -> None:
        if self.card is not None:
            self.card.leave()

    def _scrub(self, event: QMouseEvent) -> None:
        x = event.position().x() - HEADER_WIDTH
        if self._desk.source is None:
            return
        if event.buttons() & Qt.MouseButton.LeftButton:
            if self.card is not None:
                self.card.leave()
            self._desk.set_scrubbing(True)
            self._desk.set_frame(self._axis.frame_at(x))
        elif self.card is not None and 0 <= x <= self._axis.width:
            self.card.point(self.mapToGlobal(QPoint(round(event.position().x()), 0)), self._axis.frame_at(x))

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn_time(self._axis, event)
