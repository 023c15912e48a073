"""Shot cuts in the window: found by itself, shown, in the way of runs, passed with a key, set and removed by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QPushButton

from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.ui import cut_finder, theme
from app.ui.timeline.ruler import HEADER_WIDTH
from app.ui.window import MainWindow

SQUARE = np.zeros((72, 96), bool)
SQUARE[20:40, 8:28] = True
FIRST, SECOND = 14, 26
"""The shots begin here; the clip has 36 frames."""


@pytest.fixture(scope="session")
def three_shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shots") / "three shots"
    folder.mkdir()
    grounds = [np.random.default_rng(seed).integers(0, 255, (9, 12, 3), dtype=np.uint8) for seed in range(3)]
    for frame in range(36):
        ground = grounds[(frame >= FIRST) + (frame >= SECOND)]
        picture = np.repeat(np.repeat(ground, 8, 0), 8, 1)
        picture[30:40, frame : frame + 10] = 255
        Image.fromarray(picture).save(folder / f"{frame:03d}.png")
    return folder


@pytest.fixture
def searched(
    qtbot: Any,
    window: MainWindow,
    three_shots: Path,
    open_clip: Callable[[MainWindow, Path], None],
) -> MainWindow:
    """The clip in the window, its cuts found; an object painted on frame 0 and selected."""
    window.cut_finder._rest.setInterval(0)
    open_clip(window, three_shots)
    qtbot.waitUntil(lambda: not window.cut_finder.is_searching, timeout=20000)
    project = window.desk.project
    assert project is not None
    new_object(project, "dog")
    set_mask(project, 1, 0, SQUARE)
    window.desk.select(1)
    return window


def run(qtbot: Any, window: MainWindow, name: str) -> None:
    tracking = window.desk.tracking
    assert tracking is not None
    with qtbot.waitSignal(tracking.run_finished, timeout=20000):
        window.desk.actions[name].trigger()


def test_cuts_are_found_once_and_are_there_when_the_project_comes_back(
    qtbot: Any, searched: MainWindow, three_shots: Path, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    document = searched.desk.document
    assert document is not None and document.cuts == (FIRST, SECOND)
    assert "2 shot cuts found" in " ".join(searched.notices.texts)
    searched.desk.set_frame(FIRST)
    searched.desk.actions["toggle_cut"].trigger()
    searched.projects.close()
    open_clip(searched, three_shots)
    assert not searched.cut_finder.is_searching
    assert searched.desk.document is not None and searched.desk.document.cuts == (SECOND,)


def test_a_search_that_was_cut_short_goes_on_at_the_next_opening(
    qtbot: Any, window: MainWindow, three_shots: Path, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    open_clip(window, three_shots)
    assert window.cut_finder.is_searching and window.desk.project is not None
    window.projects.close()
    assert not window.cut_finder.is_searching
    window.cut_finder._rest.setInterval(0)
    open_clip(window, three_shots)
    qtbot.waitUntil(lambda: not window.cut_finder.is_searching, timeout=20000)
    assert window.desk.document is not None and window.desk.document.cuts == (FIRST, SECOND)
    assert window.desk.project.recall(cut_finder.SETTING) == 36


def test_a_run_stops_at_the_cut_and_the_offer_goes_on_through_it(qtbot: Any, searched: MainWindow) -> None:
    document = searched.desk.document
    assert document is not None
    run(qtbot, searched, "propagate_forward")
    assert sorted(document.masks_of(1)) == list(range(FIRST))
    assert f"to the cut before frame {FIRST}" in searched.notices.texts[-1]
    (offer,) = [button for button in searched.notices.findChildren(QPushButton) if button.text() == "Pass the cut"]
    kept = {frame: document.masks_of(1)[frame] for frame in range(FIRST)}
    tracking = searched.desk.tracking
    assert tracking is not None
    with qtbot.waitSignal(tracking.run_finished, timeout=20000):
        offer.click()
    assert sorted(document.masks_of(1)) == list(range(SECOND))
    assert all(document.masks_of(1)[frame] is mask for frame, mask in kept.items())
    run(qtbot, searched, "pass_cut")
    assert sorted(document.masks_of(1)) == list(range(36))


def test_behind_a_cut_with_nothing_to_go_on_from_the_sentence_offers_to_pass_it(
    qtbot: Any, searched: MainWindow
) -> None:
    searched.desk.set_frame(20)
    searched.desk.actions["propagate_forward"].trigger()
    assert f"A cut before frame {FIRST} keeps dog out of 20–35" in searched.notices.texts[-1]
    assert any(button.text() == "Pass the cut" for button in searched.notices.findChildren(QPushButton))


def test_backward_the_cut_behind_is_passed(qtbot: Any, searched: MainWindow) -> None:
    project = searched.desk.project
    assert project is not None
    set_mask(project, 1, 20, SQUARE)
    searched.desk.set_frame(20)
    run(qtbot, searched, "propagate_backward")
    assert sorted(project.document.masks_of(1)) == [0, *range(FIRST, 21)]
    run(qtbot, searched, "pass_cut")
    assert sorted(project.document.masks_of(1)) == list(range(21))


def test_edges_stop_at_cuts_once_each(searched: MainWindow) -> None:
    desk, stops = searched.desk, []
    for _ in range(4):
        desk.actions["next_edge"].trigger()
        stops.append(desk.frame)
    assert stops == [FIRST, SECOND, SECOND, SECOND]
    for _ in range(3):
        desk.actions["previous_edge"].trigger()
        stops.append(desk.frame)
    assert stops[-3:] == [FIRST, 0, 0]


def test_a_cut_is_set_and_removed_at_the_playhead_and_drawn(qtbot: Any, searched: MainWindow) -> None:
    desk, timeline = searched.desk, searched.timeline
    assert desk.document is not None
    desk.set_frame(5)
    desk.actions["toggle_cut"].trigger()
    assert desk.document.cuts == (5, FIRST, SECOND)
    desk.set_frame(9)
    caution = QColor(theme.current().caution)
    for widget in (timeline.ruler, timeline.lanes):
        picture = widget.grab().toImage()
        x = HEADER_WIDTH + round(timeline.axis.x_of(5))
        column = [picture.pixelColor(x + side, y) for side in (-1, 0, 1) for y in range(widget.height())]
        assert any(abs(color.hue() - caution.hue()) < 12 and color.saturation() > 120 for color in column)
    desk.set_frame(5)
    desk.actions["toggle_cut"].trigger()
    assert desk.document.cuts == (FIRST, SECOND)
    desk.actions["undo"].trigger()
    assert desk.document.cuts == (5, FIRST, SECOND)
    desk.set_frame(0)
    desk.actions["toggle_cut"].trigger()
    assert "any later frame" in searched.notices.texts[-1]


def test_without_a_cut_ahead_there_is_nothing_to_pass(searched: MainWindow) -> None:
    searched.desk.set_frame(30)
    searched.desk.set_range(28, 35)
    searched.desk.actions["pass_cut"].trigger()
    assert searched.notices.texts[-1] == "No shot cut lies ahead of this frame."
    searched.desk.set_frame(20)
    searched.desk.set_range(18, 22)
    searched.desk.actions["pass_cut"].trigger()
    assert f"The cut before frame {SECOND} lies outside the range" in searched.notices.texts[-1]
