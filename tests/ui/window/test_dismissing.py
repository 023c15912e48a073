"""Alt+S: a false alarm is silent from then on, and the next entry comes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.commands.objects import new_object
from app.document.masks import MaskCode
from app.document.steps import SetMasks
from app.document.values import FrameMask
from app.ui.window import MainWindow


def mask(iou: float = 0.9) -> FrameMask:
    pixels = np.zeros((72, 96), bool)
    pixels[20:40, 8:28] = True
    return FrameMask(MaskCode.from_array(pixels), iou, 6.0)


@pytest.fixture
def doubted(qtbot: Any, opened: MainWindow) -> MainWindow:
    """The model doubts its masks on 4, 5 and 6, and on 11."""
    project = opened.desk.project
    assert project is not None
    new_object(project, "dog")
    doubts = {4: 0.35, 5: 0.3, 6: 0.35, 11: 0.4}
    with project.history.transaction("Run") as transaction:
        transaction.apply(SetMasks({(1, frame): mask(doubts.get(frame, 0.9)) for frame in range(16)}))
    opened.desk.select(1)
    opened.desk.set_frame(5)
    qtbot.waitUntil(lambda: len(opened.suspicions.found) == 4 and opened.frames.is_shown())
    return opened


def test_a_reason_is_dismissed_on_the_frames_around_too_and_the_next_one_comes(qtbot: Any, doubted: MainWindow) -> None:
    document = doubted.desk.document
    assert document is not None
    doubted.desk.actions["dismiss"].trigger()
    assert doubted.desk.frame == 11
    assert set(document.dismissed) == {(1, 4), (1, 5), (1, 6)} and not document.reviews
    assert "Dismissed on frames 4–6: model unsure" in doubted.notices.texts[-1]
    qtbot.waitUntil(lambda: [entry.cell for entry in doubted.suspicions.found] == [(1, 11)])
    doubted.desk.actions["undo"].trigger()
    qtbot.waitUntil(lambda: len(doubted.suspicions.found) == 4)


def test_where_nothing_is_suspicious_it_says_so(qtbot: Any, doubted: MainWindow) -> None:
    doubted.desk.set_frame(9)
    qtbot.waitUntil(doubted.frames.is_shown)
    doubted.desk.actions["dismiss"].trigger()
    assert doubted.notices.texts[-1] == "Nothing makes this mask suspicious."
    assert doubted.desk.document is not None and not doubted.desk.document.dismissed


def test_delete_in_the_queue_dismisses_and_elsewhere_deletes_the_mask(qtbot: Any, doubted: MainWindow) -> None:
    document = doubted.desk.document
    assert document is not None
    doubted.queue_panel.list.setFocus()
    doubted.desk.actions["delete"].trigger()
    assert len(document.dismissed) == 3 and len(document.masks_of(1)) == 16
    doubted.canvas.setFocus()
    qtbot.waitUntil(doubted.frames.is_shown)
    doubted.desk.actions["delete"].trigger()
    assert (1, 11) not in document.masks and len(document.dismissed) == 3
