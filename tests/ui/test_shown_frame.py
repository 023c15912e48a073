"""The frame that is asked for is the one that stays on the screen, and a wait names what is waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from app.document.project import Project
from app.media.source import ClipError, FrameSource
from app.ui.canvas import CanvasView
from app.ui.desk import Desk
from app.ui.shown_frame import ShownFrame

KEY_FRAMES = 8


class SlowSource:
    """Frames of another source, as long as the test lets them through; a far one is stood in for by its key frame."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self.frame_count, self.times = source.frame_count, source.times
        self.reads: list[int] = []
        self.may_go = threading.Event()
        self.damaged: set[int] = set()

    def cached(self, frame: int) -> bool:
        return False

    def preview(self, frame: int) -> tuple[int, np.ndarray]:
        key = frame // KEY_FRAMES * KEY_FRAMES
        return key, self.read(key)

    def read(self, frame: int) -> np.ndarray:
        self.reads.append(frame)
        assert self.may_go.wait(timeout=10)
        if frame in self.damaged:
            raise ClipError(f"Frame {frame} is damaged.")
        return self._source.read(frame)


@pytest.fixture
def slow(source: FrameSource) -> SlowSource:
    return SlowSource(source)


@pytest.fixture
def frames(qtbot, project: Project, slow: SlowSource) -> Iterator[tuple[Desk, CanvasView, ShownFrame]]:
    desk = Desk()
    canvas = CanvasView(desk)
    qtbot.addWidget(canvas)
    shown = ShownFrame(desk, canvas)
    desk.project_changed.connect(shown.take_project)
    desk.show_project(project, slow, None)  # type: ignore[arg-type]
    yield desk, canvas, shown
    slow.may_go.set()
    desk.show_project(None)
    shown.close()


def test_a_playhead_that_is_dragged_away_and_back_ends_on_its_own_frame(qtbot, frames, slow: SlowSource) -> None:
    desk, canvas, shown = frames
    slow.may_go.set()
    desk.set_frame(20)
    qtbot.waitUntil(lambda: slow.reads[-1:] == [21] and shown.is_shown(), timeout=10000)
    slow.may_go.clear()
    desk.set_scrubbing(True)
    desk.set_frame(5)
    qtbot.waitUntil(lambda: slow.reads[-1:] == [0], timeout=10000)
    desk.set_frame(20)
    desk.set_scrubbing(False)
    slow.may_go.set()
    qtbot.waitUntil(lambda: not shown.loader.is_busy, timeout=10000)
    qtbot.wait(50)
    assert canvas.shown_frame == 20


def test_a_long_wait_names_the_frame_that_is_waited_for_now(qtbot, frames, slow: SlowSource) -> None:
    desk, canvas, _ = frames
    for frame in (3, 4, 5):
        desk.set_frame(frame)
    qtbot.waitUntil(lambda: bool(canvas.notes.waiting.text))
    assert canvas.notes.waiting.text == "Loading frame 5"


def test_the_first_frame_of_another_clip_has_its_neighbour_made_ready(
    qtbot, frames, project: Project, slow: SlowSource
) -> None:
    desk, _, shown = frames
    slow.may_go.set()
    desk.set_frame(3)
    qtbot.waitUntil(lambda: slow.reads[-1:] == [6] and shown.is_shown(), timeout=10000)
    slow.reads.clear()
    desk.show_project(project, slow, None)  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: slow.reads[-1:] == [1], timeout=2000)


def test_a_press_while_playing_speaks_to_the_frame_that_is_seen_and_stays_there(
    qtbot, frames, slow: SlowSource
) -> None:
    desk, canvas, shown = frames
    slow.may_go.set()
    desk.set_frame(10)
    qtbot.waitUntil(shown.is_shown, timeout=10000)
    slow.may_go.clear()
    desk.set_playing(True)
    desk.set_frame(20)
    qtbot.waitUntil(lambda: slow.reads[-1:] == [20], timeout=10000)
    at = canvas.mapFromScene(QPointF(40, 35))
    qtbot.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    slow.may_go.set()
    qtbot.waitUntil(lambda: not shown.loader.is_busy, timeout=10000)
    qtbot.wait(50)
    qtbot.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert desk.document is not None and desk.selected_object is not None
    assert (desk.selected_object, 10) in desk.document.prompts
    assert desk.frame == canvas.shown_frame == 10 and not desk.is_playing


def test_a_damaged_frame_is_told_where_it_is_wanted_and_passed_over_where_it_is_not(
    qtbot, frames, slow: SlowSource
) -> None:
    desk, canvas, shown = frames
    said: list[str] = []
    desk.notice.connect(lambda sentence, _: said.append(sentence))
    slow.may_go.set()
    qtbot.waitUntil(shown.is_shown, timeout=10000)
    slow.damaged.add(10)
    slow.may_go.clear()
    desk.set_frame(10)
    qtbot.waitUntil(lambda: slow.reads[-1:] == [10], timeout=10000)
    desk.set_frame(20)
    slow.may_go.set()
    qtbot.waitUntil(shown.is_shown, timeout=10000)
    assert not said and canvas.shown_frame == 20
    desk.set_frame(10)
    qtbot.waitUntil(lambda: said == ["Frame 10 is damaged."], timeout=10000)
    assert canvas.shown_frame == 10
