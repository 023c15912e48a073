"""A timeline on the small project, 20 pixels a frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.ui.desk import Desk
from app.ui.timeline import TimelineView
from app.ui.timeline.ruler import HEADER_WIDTH


@pytest.fixture
def view(qtbot: QtBot, desk: Desk, qapp: object) -> TimelineView:
    view = TimelineView(desk)
    qtbot.addWidget(view)
    view.resize(HEADER_WIDTH + 16 + 480, 320)
    view.show()
    return view


@pytest.fixture
def mouse() -> Callable[..., None]:
    """mouse(widget, "press" | "move" | "release" | "double", x, y, held=…): an event as Qt would send it."""
    kinds = {
        "press": QMouseEvent.Type.MouseButtonPress,
        "move": QMouseEvent.Type.MouseMove,
        "release": QMouseEvent.Type.MouseButtonRelease,
        "double": QMouseEvent.Type.MouseButtonDblClick,
    }

    def send(widget: QWidget, kind: str, x: float, y: float, *, is_held: bool = True, keys: Any = None) -> None:
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        place = QPointF(x, y)
        event = QMouseEvent(
            kinds[kind],
            place,
            QPointF(widget.mapToGlobal(place.toPoint())),
            none if kind == "move" else left,
            left if is_held and kind != "release" else none,
            keys or Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(widget, event)

    return send
