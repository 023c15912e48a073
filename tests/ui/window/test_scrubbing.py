"""While the playhead is dragged near frames do; when it rests its own frame is on the screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest

from app.ui.window import MainWindow

COUNT, HEIGHT, WIDTH = 90, 64, 96


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video with a key frame every 30 frames, each frame a little lighter."""
    path = tmp_path_factory.mktemp("video") / "lighter.mp4"
    writer = imageio_ffmpeg.write_frames(
        str(path), (WIDTH, HEIGHT), fps=25, codec="libx264", output_params=["-g", "30", "-sc_threshold", "0"]
    )
    writer.send(None)
    for frame in range(COUNT):
        writer.send(np.full((HEIGHT, WIDTH, 3), 40 + 2 * frame, np.uint8).tobytes())
    writer.close()
    return path


def test_far_jumps_show_a_near_frame_first_and_the_right_one_at_rest(
    qtbot: Any, window: MainWindow, video: Path, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    open_clip(window, video)
    desk, canvas = window.desk, window.canvas
    shown: list[int] = []
    window.loader.loaded.connect(lambda loaded: shown.append(loaded.frame) if loaded.frame else None)
    desk.set_scrubbing(True)
    desk.set_frame(80)
    qtbot.waitUntil(lambda: bool(shown))
    assert shown[0] == 60, "the key frame before it"
    qtbot.waitUntil(window.frames.is_shown)
    assert shown[-1] == 80 and desk.is_scrubbing, "it rests, though the button is down"
    desk.set_frame(50)
    desk.set_scrubbing(False)
    qtbot.waitUntil(window.frames.is_shown)
    assert canvas.shown_frame == 50 and shown[-1] == 50


def test_without_dragging_no_other_frame_stands_in(
    qtbot: Any, window: MainWindow, video: Path, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    open_clip(window, video)
    shown: list[int] = []
    window.loader.loaded.connect(lambda loaded: shown.append(loaded.frame) if loaded.frame else None)
    window.desk.set_frame(80)
    qtbot.waitUntil(window.frames.is_shown)
    assert shown == [80]


def test_small_drags_show_every_frame_itself(
    qtbot: Any, window: MainWindow, video: Path, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    open_clip(window, video)
    shown: list[int] = []
    window.loader.loaded.connect(lambda loaded: shown.append(loaded.frame) if loaded.frame else None)
    window.desk.set_scrubbing(True)
    for frame in (5, 10, 13, 9):
        window.desk.set_frame(frame)
        qtbot.waitUntil(window.frames.is_shown)
    window.desk.set_scrubbing(False)
    assert shown == [5, 10, 13, 9]
