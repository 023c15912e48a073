"""A canvas that is shown, on the small project, with the frame on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.ui.canvas import CanvasView
from app.ui.desk import Desk
from app.ui.frame_loader import prepare


@pytest.fixture
def canvas(qtbot, desk: Desk) -> Iterator[CanvasView]:
    """640 x 480 logical pixels, showing frame 0 of the 64 x 48 clip."""
    view = CanvasView(desk)
    qtbot.addWidget(view)
    view.resize(640, 480)
    view.show()
    qtbot.waitExposed(view)
    assert desk.source is not None
    view._take_project()
    view.show_frame(0, prepare(0, desk.source.read(0)))
    yield view
    view.hide()
