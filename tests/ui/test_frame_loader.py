"""Frames off the GUI thread: the newest request wins, nothing of another clip arrives."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from app.media.source import FrameSource
from app.ui.frame_loader import FrameLoader, prepare


class Gate:
    """A source that shows the frames of another one, each when the test lets it."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self.frame_count = source.frame_count
        self.reads: list[int] = []
        self.begun = threading.Semaphore(0)
        self.may_go = threading.Semaphore(0)

    def read(self, frame: int) -> np.ndarray:
        self.reads.append(frame)
        self.begun.release()
        assert self.may_go.acquire(timeout=10)
        return self._source.read(frame)


@pytest.fixture
def loader(qapp: object) -> Iterator[FrameLoader]:
    made = FrameLoader()
    yield made
    made.close()


def test_a_frame_arrives_with_its_own_pixels(qtbot, loader: FrameLoader, source: FrameSource) -> None:
    loader.set_source(source)
    with qtbot.waitSignal(loader.loaded, timeout=10000) as loaded:
        loader.request(3)
    found = loaded.args[0]
    assert found.frame == 3
    expected = source.read(3)
    for x, y in ((0, 0), (5, 15), (30, 40)):
        color = found.image.pixelColor(x, y)
        assert (color.red(), color.green(), color.blue()) == tuple(int(part) for part in expected[y, x])


def test_only_the_newest_of_many_requests_is_decoded(qtbot, loader: FrameLoader, source: FrameSource) -> None:
    gate = Gate(source)
    seen: list[int] = []
    loader.loaded.connect(lambda loaded: seen.append(loaded.frame))
    loader.set_source(gate)  # type: ignore[arg-type]
    loader.request(0)
    assert gate.begun.acquire(timeout=10)
    for frame in range(1, 20):
        loader.request(frame)
    assert loader.is_busy
    gate.may_go.release(2)
    qtbot.waitUntil(lambda: seen == [0, 19], timeout=10000)
    assert gate.reads == [0, 19]
    assert not loader.is_busy


def test_nothing_of_the_old_clip_arrives_after_a_change(qtbot, loader: FrameLoader, source: FrameSource) -> None:
    gate = Gate(source)
    seen: list[int] = []
    loader.loaded.connect(lambda loaded: seen.append(loaded.frame))
    loader.set_source(gate)  # type: ignore[arg-type]
    loader.request(5)
    assert gate.begun.acquire(timeout=10)
    gate.may_go.release()
    loader.set_source(source)
    loader.request(7)
    qtbot.waitUntil(lambda: bool(seen), timeout=10000)
    qtbot.wait(30)
    assert seen == [7]


def test_a_frame_that_cannot_be_read_is_told(qtbot, loader: FrameLoader, source: FrameSource) -> None:
    loader.set_source(source)
    with qtbot.waitSignal(loader.failed, timeout=10000) as failed:
        loader.request(900)
    assert failed.args[0] == 900
    assert "0 to 23" in failed.args[1]


def test_closing_ends_the_thread_also_while_it_decodes(qapp: object, source: FrameSource) -> None:
    gate = Gate(source)
    loader = FrameLoader()
    loader.set_source(gate)  # type: ignore[arg-type]
    loader.request(1)
    assert gate.begun.acquire(timeout=10)
    gate.may_go.release()
    loader.close()
    assert not loader._thread.is_alive()


def test_an_expected_frame_is_there_as_soon_as_it_is_requested(qtbot, loader: FrameLoader, source: FrameSource) -> None:
    seen: list[int] = []
    loader.loaded.connect(lambda loaded: seen.append(loaded.frame))
    loader.set_source(source)
    loader.request(3)
    qtbot.waitUntil(lambda: seen == [3], timeout=10000)
    loader.expect(4)
    qtbot.waitUntil(lambda: loader._ready is not None, timeout=10000)
    assert not loader.is_busy
    loader.request(4)
    assert seen == [3, 4] and not loader.is_busy


def test_what_is_read_for_an_earlier_request_does_not_come_after_an_expected_frame(
    qtbot, loader: FrameLoader, source: FrameSource
) -> None:
    gate = Gate(source)
    gate.cached = lambda frame: True  # type: ignore[attr-defined]
    seen: list[int] = []
    loader.loaded.connect(lambda loaded: seen.append(loaded.frame))
    loader.set_source(gate)  # type: ignore[arg-type]
    loader.expect(6)
    assert gate.begun.acquire(timeout=10)
    gate.may_go.release()
    qtbot.waitUntil(lambda: loader._ready is not None, timeout=10000)
    loader.request(5)
    assert gate.begun.acquire(timeout=10)
    loader.request(6)
    assert seen == [6] and not loader.is_busy
    gate.may_go.release()
    qtbot.waitUntil(lambda: not loader._is_reading, timeout=10000)
    qtbot.wait(30)
    assert seen == [6]


def test_a_far_frame_is_not_decoded_before_somebody_wants_it(qtbot, loader: FrameLoader, source: FrameSource) -> None:
    gate = Gate(source)
    gate.cached = lambda frame: False  # type: ignore[attr-defined]
    loader.set_source(gate)  # type: ignore[arg-type]
    loader.expect(20)
    qtbot.waitUntil(lambda: loader._expected is None and not loader._is_reading, timeout=10000)
    assert not gate.reads


def test_a_frame_is_reduced_to_the_size_in_which_it_is_seen() -> None:
    picture = np.zeros((1200, 2400, 3), np.uint8)
    picture[:, :, 0] = 200
    image = prepare(0, picture, (300, 600)).reduced(300, 600)
    assert (image.width(), image.height()) == (600, 300)
    assert image.pixelColor(300, 150).red() == 200


def test_a_strongly_reduced_frame_shows_the_mean_of_its_pixels() -> None:
    picture = np.zeros((400, 400, 3), np.uint8)
    picture[:, ::4] = 240
    image = prepare(0, picture, (100, 100)).reduced(100, 100)
    assert {image.pixelColor(x, 50).red() for x in range(100)} == {60}
