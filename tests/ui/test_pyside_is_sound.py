"""PySide6 6.12 loses references to None on Python 3.11 and ends the process after some seconds of painting."""

from __future__ import annotations

import sys

from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

CALLS = 1000
MOST_LOST = 50


def test_calls_that_return_nothing_lose_no_reference_to_none(qtbot: QtBot) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        painter.drawLine(0, 0, 7, 7)
        label.setText("x")
        label.update()
    lost = before - sys.getrefcount(None)
    painter.end()
    assert lost <= MOST_LOST
