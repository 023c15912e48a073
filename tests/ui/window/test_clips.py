"""The list of clips: picture, frames, how much is verified and what is to look at; Ctrl+Tab goes through it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.commands.review import verify_cells
from app.ui.clip_shelf import ClipProgress
from app.ui.window import MainWindow

SQUARE = np.zeros((72, 96), bool)
SQUARE[20:40, 8:28] = True


@pytest.fixture
def two_clips(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, open_clip: Callable[[MainWindow, Path], None]
) -> MainWindow:
    """Worked on "another square", three of four masks verified; then on the usual clip, which is open."""
    other = tmp_path / "another square"
    shutil.copytree(clip, other)
    open_clip(window, other)
    qtbot.waitUntil(lambda: window.shelf.picture_of(window.projects.path) is not None)
    project = window.desk.project
    assert project is not None
    new_object(project, "dog")
    for frame in range(4):
        set_mask(project, 1, frame, SQUARE)
    verify_cells(project, [(1, frame) for frame in range(3)])
    open_clip(window, clip)
    qtbot.waitUntil(lambda: window.desk.source is not None and window.desk.source.path == clip)
    return window


def test_the_list_says_how_far_each_clip_is(two_clips: MainWindow) -> None:
    two_clips.desk.actions["clips"].trigger()
    panel = two_clips.clips.panel
    assert [panel.list.item(row).text() for row in range(panel.list.count())] == ["another square", "square goes right"]
    assert panel.list.currentRow() == 1
    assert "16 frames · 75 % verified" in panel.list.item(0).toolTip()
    assert "16 frames · nothing computed yet" in panel.list.item(1).toolTip()
    colors = panel.list.grab().toImage()
    assert any(colors.pixelColor(x, 20).red() > 200 for x in range(10, 90)), "the square in the picture of the first"
    panel.reject()


def test_a_click_opens_a_clip_and_ctrl_tab_goes_round(qtbot: Any, two_clips: MainWindow) -> None:
    def opened(name: str) -> bool:
        return two_clips.projects.path is not None and two_clips.projects.path.stem == name

    two_clips.desk.actions["clips"].trigger()
    panel = two_clips.clips.panel
    panel.list.itemClicked.emit(panel.list.item(0))
    qtbot.waitUntil(lambda: opened("another square") and not panel.isVisible(), timeout=20000)
    assert two_clips.desk.document is not None and len(two_clips.desk.document.reviews) == 3
    for name in ("square goes right", "another square"):
        two_clips.desk.actions["next_clip"].trigger()
        qtbot.waitUntil(lambda name=name: opened(name), timeout=20000)
    two_clips.desk.actions["previous_clip"].trigger()
    qtbot.waitUntil(lambda: opened("square goes right"), timeout=20000)


def test_with_one_clip_there_is_no_next(opened: MainWindow) -> None:
    opened.desk.actions["next_clip"].trigger()
    assert opened.notices.texts[-1] == "There is no other clip yet. Ctrl+O opens one."


def test_what_was_noted_is_read_with_care() -> None:
    held = {"frames": 96, "masks": 50, "verified": 29, "to_look_at": 3}
    progress = ClipProgress.from_held(held)
    assert progress is not None and progress.words == "96 frames · 58 % verified · 3 to look at"
    assert ClipProgress.from_held(held | {"masks": "many"}) is None and ClipProgress.from_held(None) is None
