"""The two things in the canvas's scene: the frame, and the overlay of masks that lies on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from app.ui.canvas.label_map import LabelMap, Layer
from app.ui.canvas.overlay import Look, Window, parts_of, render
from app.ui.loaded_frame import LoadedFrame


class FrameItem(QGraphicsItem):
    """The picture. One scene unit is one frame pixel; the first pixel covers (0, 0) to (1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self._size = (1, 1)
        self._loaded: LoadedFrame | None = None

    def set_size(self, height: int, width: int) -> None:
        """Another clip: nothing to show yet, but room for it."""
        self.prepareGeometryChange()
        self._size, self._loaded = (height, width), None

    def show_frame(self, loaded: LoadedFrame | None) -> None:
        """Show this frame; None leaves the place dark (a frame that cannot be decoded)."""
        self._loaded = loaded
        self.update()

    @property
    def loaded(self) -> LoadedFrame | None:
        return self._loaded

    def boundingRect(self) -> QRectF:
        height, width = self._size
        return QRectF(0, 0, width, height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._loaded is None:
            painter.fillRect(self.boundingRect(), QColor(0, 0, 0))
            return
        ratio = widget.devicePixelRatioF() if widget is not None else 1.0
        to_view = painter.worldTransform()
        scale = to_view.m11() * ratio
        reduced = None if widget is None else reduced_size(self._size, scale, widget.size() * ratio)
        if reduced is None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 2)
            painter.drawImage(self.boundingRect(), self._loaded.image)
            return
        image = self._loaded.reduced(*reduced)
        image.setDevicePixelRatio(ratio)
        painter.save()
        painter.resetTransform()
        painter.drawImage(QPointF(round(to_view.dx() * ratio) / ratio, round(to_view.dy() * ratio) / ratio), image)
        painter.restore()


def reduced_size(size: tuple[int, int], scale: float, room: QSize) -> tuple[int, int] | None:
    """Height and width in device pixels of a frame (its `size` is height, width) that is seen whole and smaller than
    it is; None where it is not. `scale` is device pixels per frame pixel, `room` the view in device pixels."""
    height, width = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    return (height, width) if scale < 1 and height <= room.height() and width <= room.width() else None


class OverlayItem(QGraphicsItem):
    """Masks at the resolution of the view: rendered again when the view, the masks or their look change."""

    def __init__(self) -> None:
        super().__init__()
        self.labels = LabelMap((1, 1))
        self.look = Look()
        self.ghosts: tuple[LabelMap, ...] = ()
        """What is shown as outlines (see `render`); empty while there is nothing."""
        self._version = 0
        self._key: tuple[object, ...] = ()
        self._painted: list[tuple[QPointF, QImage, NDArray[np.uint32]]] = []
        """Where what lies, and the pixels under it, which Qt does not keep alive."""

    def set_size(self, height: int, width: int) -> None:
        """Another clip: no masks yet."""
        self.prepareGeometryChange()
        self.labels, self.ghosts = LabelMap((height, width)), ()
        self.refresh()

    def set_look(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self.update()

    def show_layers(self, layers: Sequence[Layer], ghosts: Sequence[Sequence[Layer]] = ()) -> None:
        """Show these masks, and those as outlines."""
        self.labels.set_layers(layers)
        if not any(ghosts):
            self.ghosts = ()
        elif len(self.ghosts) != len(ghosts):
            self.ghosts = tuple(LabelMap(self.labels.size) for _ in ghosts)
        for ghost, its_layers in zip(self.ghosts, ghosts, strict=False):
            ghost.set_layers(its_layers)
        self.refresh()

    def refresh(self) -> None:
        """The label map has changed."""
        self._version += 1
        self.update()

    def boundingRect(self) -> QRectF:
        height, width = self.labels.size
        return QRectF(-4, -4, width + 8, height + 8)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not (self.labels.layers or self.ghosts) or widget is None:
            return
        ratio = widget.devicePixelRatioF()
        key = (painter.worldTransform(), widget.size(), ratio, self.look, self._version)
        if key != self._key:
            self._key = key
            self._render(painter.worldTransform(), widget.width(), widget.height(), ratio)
        painter.save()
        painter.resetTransform()
        for place, image, _ in self._painted:
            painter.drawImage(place, image)
        painter.restore()

    def _render(self, to_view: QTransform, width: int, height: int, ratio: float) -> None:
        frame_height, frame_width = self.labels.size
        shown = to_view.mapRect(QRectF(0, 0, frame_width, frame_height)).adjusted(-2, -2, 2, 2)
        seen = shown.intersected(QRectF(0, 0, width, height))
        left, top = math.floor(seen.left() * ratio), math.floor(seen.top() * ratio)
        columns = math.ceil(seen.right() * ratio) - left
        rows = math.ceil(seen.bottom() * ratio) - top
        self._painted = []
        if seen.isEmpty() or columns < 1 or rows < 1:
            return
        to_frame, _ = to_view.inverted()
        start = to_frame.map(QPointF(left / ratio, top / ratio))
        end = to_frame.map(QPointF((left + columns) / ratio, (top + rows) / ratio))
        window = Window(start.x(), start.y(), end.x(), end.y(), columns, rows)
        for part in parts_of(self.labels, self.look, window, ratio, self.ghosts):
            pixels = render(self.labels, self.look, window, ratio, self.ghosts, part)
            image = _image_on(pixels, ratio)
            self._painted.append((QPointF((left + part.left) / ratio, (top + part.top) / ratio), image, pixels))


def _image_on(pixels: NDArray[np.uint32], ratio: float) -> QImage:
    height, width = pixels.shape
    image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    return image
