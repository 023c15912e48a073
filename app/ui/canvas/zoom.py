"""A view that can be zoomed and moved without end, on a picture whose units are its pixels."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QNativeGestureEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

SMALLEST_SCALE, LARGEST_SCALE = 0.02, 64.0
_FIT_MARGIN = 14


class ZoomView(QGraphicsView):
    """Keeps the whole picture in view until it is zoomed. `view_scale` is logical screen pixels per frame pixel."""

    view_moved = Signal()
    """Scale or place have changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene = QGraphicsScene(self)
        self.setScene(self._scene)
        self._is_fitted = True
        self._is_hand = self._has_panned = False
        self._pan_from: QPoint | None = None
        self._middle = QPointF()  # what a resize keeps in the middle
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setMinimumSize(160, 120)
        self.viewport().installEventFilter(self)

    def picture_size(self) -> tuple[int, int]:
        """(height, width) in frame pixels."""
        return 1, 1

    @property
    def view_scale(self) -> float:
        """Logical screen pixels per frame pixel."""
        return self.transform().m11()

    @property
    def is_fitted(self) -> bool:
        """Whether the whole frame is kept in view when the window's size changes."""
        return self._is_fitted

    @property
    def center(self) -> QPointF:
        """The place of the frame in the middle of the view."""
        return self.to_frame(QRectF(self.viewport().rect()).center())

    def to_frame(self, place: QPointF) -> QPointF:
        """From logical pixels of the viewport to pixels of the frame."""
        inverse, _ = self.viewportTransform().inverted()
        return inverse.map(place)

    def from_frame(self, place: QPointF) -> QPointF:
        """From pixels of the frame to logical pixels of the viewport."""
        return self.viewportTransform().map(place)

    wheel_moves = False
    """Whether the wheel moves the picture, not zooms."""

    def picture_rect(self) -> QRectF:
        """Where the frame lies, in logical pixels of the viewport."""
        height, width = self.picture_size()
        return self.viewportTransform().mapRect(QRectF(0, 0, width, height))

    def fit(self) -> None:
        """Show the whole frame as large as it goes."""
        height, width = self.picture_size()
        room = self.viewport().rect()
        margin = _FIT_MARGIN * 2
        scale = min(max(room.width() - margin, 16) / width, max(room.height() - margin, 16) / height)
        self._apply_scale(scale, QPointF(width / 2, height / 2))
        self._is_fitted = True
        self.view_moved.emit()

    def look_at(self, scale: float, center: QPointF) -> None:
        """Show this place of the frame in the middle, at this scale."""
        self._is_fitted = False
        self._apply_scale(min(max(scale, SMALLEST_SCALE), LARGEST_SCALE), center)
        self.view_moved.emit()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom so that what lies at a place of the viewport (its middle if none is given) stays there."""
        middle = QRectF(self.viewport().rect()).center()
        place = at if at is not None else middle
        scale = min(max(self.view_scale * factor, SMALLEST_SCALE), LARGEST_SCALE)
        self.look_at(scale, self.to_frame(place) + (middle - place) / scale)

    def show_box(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Fill a good part of the view with this part of the frame."""
        room = self.viewport().rect()
        scale = min(room.width() * 0.6 / max(x1 - x0, 4), room.height() * 0.6 / max(y1 - y0, 4), 16.0)
        self.look_at(scale, QPointF((x0 + x1) / 2, (y0 + y1) / 2))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pinching zooms. A filter, since an error while painting inside an overridden `viewportEvent` is fatal."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom(1 + event.value(), event.position())
            return True
        return False

    def pan(self, move: QPoint) -> None:
        """Move the picture by so many logical pixels."""
        if not move.isNull():
            self.look_at(self.view_scale, self.center - QPointF(move) / self.view_scale)

    def seen_rect(self) -> QRectF:
        """The part of the frame that is in view, in pixels of the frame."""
        height, width = self.picture_size()
        return self.mapToScene(self.viewport().rect()).boundingRect().intersected(QRectF(0, 0, width, height))

    # --- the hand: middle button, or Space and any button ---

    def set_hand(self, is_hand: bool) -> bool:
        """Space went down or up: while it is down a drag moves the picture. On the way up, whether one did."""
        has_panned, self._has_panned = self._has_panned, False
        self._is_hand = is_hand
        if not is_hand:
            self._pan_from = None
        self.show_cursor()
        return has_panned

    def tool_cursor(self) -> Qt.CursorShape:
        """The pointer's shape while nothing is moved."""
        return Qt.CursorShape.ArrowCursor

    def show_cursor(self) -> None:
        """Show the shape that fits what a press would do."""
        shape = self.tool_cursor()
        if self._pan_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._is_hand:
            shape = Qt.CursorShape.OpenHandCursor
        self.viewport().setCursor(shape)

    def begin_pan(self, event: QMouseEvent) -> bool:
        """Take a press if it belongs to the hand, or comes while the hand holds the picture."""
        if self._pan_from is not None:
            return True
        if event.button() != Qt.MouseButton.MiddleButton and not self._is_hand:
            return False
        self._pan_from = event.position().toPoint()
        self.show_cursor()
        return True

    def go_on_panning(self, event: QMouseEvent) -> bool:
        """Take a move if the hand holds the picture."""
        if self._pan_from is None:
            return False
        place = event.position().toPoint()
        self._has_panned = self._has_panned or place != self._pan_from
        self.pan(place - self._pan_from)
        self._pan_from = place
        return True

    def end_pan(self) -> bool:
        """Take a release if the hand held the picture."""
        was_panning = self._pan_from is not None
        self._pan_from = None
        if was_panning:
            self.show_cursor()
        return was_panning

    def _apply_scale(self, scale: float, center: QPointF) -> None:
        height, width = self.picture_size()
        room = self.viewport().rect()
        # A view's width of nothing on every side, so that any place of the frame can come to the middle.
        around = QPointF(room.width() / scale, room.height() / scale)
        self.setSceneRect(QRectF(-around.x(), -around.y(), width + 2 * around.x(), height + 2 * around.y()))
        self.resetTransform()
        self.scale(scale, scale)
        self.centerOn(center)
        self._middle = center

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_fitted:
            self.fit()
        else:
            self.look_at(self.view_scale, self._middle)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # every key is an action of the window; the view must not scroll

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()
