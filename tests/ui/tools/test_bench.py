"""What the bench knows of the cell in view."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter

from app.commands import masks, objects, prompts
from app.document.project import Project
from app.document.values import Point
from app.ui import theme
from app.ui.canvas import decorations
from app.ui.canvas.bench import CanvasBench
from app.ui.desk import Desk


def test_neighbours_are_known_while_the_object_keeps_off(bench: CanvasBench, project: Project, desk: Desk) -> None:
    mask = np.zeros((48, 64), bool)
    mask[12:28, 18:30] = True
    masks.set_mask(project, 2, 0, mask)
    assert bench.kept_off == ()
    objects.set_keeps_off(project, 1, True)
    (point,) = bench.kept_off
    assert 20 <= point.x < 30
    prompts.add_point(project, 2, 0, 27, 15)
    assert bench.kept_off == (Point(27, 15, is_positive=False),)
    desk.select(2)
    assert bench.kept_off == ()
    desk.select(1)
    bench.frame = 3
    assert bench.kept_off == ()


def test_neighbour_points_are_small_hollow_dots(qapp: object) -> None:
    picture = QImage(40, 40, QImage.Format.Format_RGB32)
    picture.fill(QColor("white"))
    painter = QPainter(picture)
    decorations.draw_neighbour_points(painter, lambda x, y: QPointF(x, y), [Point(20, 20, is_positive=False)])
    painter.end()
    assert picture.pixelColor(24, 20) != QColor("white") and picture.pixelColor(20, 17) == QColor("white")
    assert picture.pixelColor(20, 20).name() == theme.DARK.attention.lower()
    assert picture.pixelColor(30, 20) == QColor("white")
