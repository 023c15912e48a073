"""Runs in line: put there, ordered, done one after the other over several clips, and still there after a restart."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.document.project import Project
from app.ui import run_line
from app.ui.waiting_runs import WaitingRun
from app.ui.window import MainWindow

SQUARE = np.zeros((72, 96), bool)
SQUARE[20:40, 8:28] = True
Open = Callable[[MainWindow, Path], None]


def do(window: MainWindow, name: str) -> None:
    window.desk.actions[name].trigger()


def add_dog(window: MainWindow) -> Path:
    """An object that is painted on the first frame; gives the project's file."""
    project = window.desk.project
    assert project is not None and project.path is not None
    new_object(project, "dog")
    set_mask(project, 1, 0, SQUARE)
    window.desk.select(1)
    return project.path


@pytest.fixture
def two_lined_up(
    qtbot: Any, window: MainWindow, clip: Path, tmp_path: Path, open_clip: Open
) -> tuple[MainWindow, Path, Path]:
    """The dog is in line on "another square", then on the usual clip, which is on the desk; and both projects."""
    other = tmp_path / "another square"
    shutil.copytree(clip, other)
    paths = []
    for folder in (other, clip):
        open_clip(window, folder)
        qtbot.waitUntil(lambda: window.desk.source is not None and window.desk.tracking is not None)
        paths.append(add_dog(window))
        do(window, "line_up")
    return window, paths[0], paths[1]


def masks_in(path: Path) -> int:
    project = Project.open(path, read_only=True)
    count = len(project.document.masks)
    project.close()
    return count


def test_the_line_is_done_from_clip_to_clip(qtbot: Any, two_lined_up: tuple[MainWindow, Path, Path]) -> None:
    window, other, here = two_lined_up
    line, button = window.lining_up.line, window.timeline.transport.line
    assert button.isVisible() and button.text() == "2 in line"
    assert not window.desk.tracking.is_running
    do(window, "run_line")
    assert not window.desk.actions["run_line"].isEnabled()
    qtbot.waitUntil(lambda: not line.is_on, timeout=60000)
    assert window.projects.path == other, "the clip that was on the desk came first"
    assert not line.waiting.runs and not button.isVisible()
    assert "2 runs of the line done." in window.notices.texts
    document = window.desk.document
    assert document is not None and len(document.masks) == 16
    assert masks_in(here) == 16
    assert (
        window.desk.project is not None and window.desk.project.history.undo() == "Propagate 15 frames of dog, forward"
    )
    assert len(document.masks) == 1


def test_it_outlives_the_program(
    two_lined_up: tuple[MainWindow, Path, Path], make_window: Callable[[], MainWindow]
) -> None:
    window, other, here = two_lined_up
    before = window.lining_up.line.waiting.runs
    window.close()
    again = make_window()
    assert again.lining_up.line.waiting.runs == before
    assert [run.project for run in before] == [str(other), str(here)]
    assert again.timeline.transport.line.text() == "2 in line"


def test_runs_are_ordered_and_taken_out_in_the_list(qtbot: Any, two_lined_up: tuple[MainWindow, Path, Path]) -> None:
    window, _, _ = two_lined_up
    panel, waiting = window.lining_up.panel, window.lining_up.line.waiting
    qtbot.mouseClick(window.timeline.transport.line, Qt.MouseButton.LeftButton)
    assert panel.isVisible()
    rows = [panel.list.item(row).text() for row in range(panel.list.count())]
    assert rows == [
        "another square · dog, both ways, frames 0–15",
        "square goes right · dog, both ways, frames 0–15",
    ]
    panel.list.setCurrentRow(1)
    assert not panel.later.isEnabled()
    panel.earlier.click()
    assert [run.place for run in waiting.runs] == ["square goes right", "another square"]
    assert panel.list.currentRow() == 0
    panel.take_out.click()
    assert [run.place for run in waiting.runs] == ["another square"]
    panel.close()


def test_the_same_run_does_not_stand_in_line_twice(two_lined_up: tuple[MainWindow, Path, Path]) -> None:
    window, _, _ = two_lined_up
    do(window, "line_up")
    assert len(window.lining_up.line.waiting.runs) == 2
    assert "stands in line already" in window.notices.texts[-1]


def test_put_in_line_behind_a_run_that_is_open_it_follows_by_itself(qtbot: Any, opened: MainWindow) -> None:
    add_dog(opened)
    project, tracking = opened.desk.project, opened.desk.tracking
    assert project is not None and tracking is not None
    new_object(project, "cat")
    set_mask(project, 2, 15, SQUARE)
    opened.desk.select(1)
    do(opened, "propagate_forward")
    opened.desk.select(2)
    do(opened, "line_up")
    assert tracking.is_running and tracking.plan is not None and tracking.plan.object_ids == (1,)
    qtbot.waitUntil(lambda: not opened.lining_up.line.is_on, timeout=60000)
    assert len(project.document.masks_of(1)) == 16 and len(project.document.masks_of(2)) == 16


def test_esc_stops_the_line_and_what_is_not_done_keeps_its_place(
    qtbot: Any, two_lined_up: tuple[MainWindow, Path, Path]
) -> None:
    window, _, here = two_lined_up
    line = window.lining_up.line
    do(window, "run_line")
    qtbot.waitUntil(lambda: window.desk.tracking.is_running, timeout=20000)
    do(window, "stop")
    qtbot.waitUntil(lambda: not line.is_on, timeout=20000)
    assert window.projects.path == here
    assert [run.has_begun for run in line.waiting.runs] == [False, True]
    assert "The line was stopped; 2 runs in it." in window.notices.texts


def test_a_run_that_cannot_be_done_says_why_and_the_line_goes_on(
    qtbot: Any, two_lined_up: tuple[MainWindow, Path, Path]
) -> None:
    window, other, _ = two_lined_up
    line, panel = window.lining_up.line, window.lining_up.panel
    line.waiting.add(WaitingRun("/nowhere/gone.masklet", "/nowhere/gone.mp4", "cat, both ways, frames 0–9", (1,), 0, 9))
    line.waiting.move(line.waiting.runs[2], -2)
    do(window, "run_line")
    qtbot.waitUntil(lambda: not line.is_on, timeout=60000)
    assert window.projects.path == other
    (left,) = line.waiting.runs
    assert "/nowhere/gone.masklet is not where it was" in left.fault
    assert left.fault in panel.list.item(0).text()
    assert "2 runs of the line done." not in window.notices.texts
    assert any("1 run could not be done" in text for text in window.notices.texts)


def test_a_run_whose_objects_are_gone_says_so(qtbot: Any, opened: MainWindow) -> None:
    add_dog(opened)
    do(opened, "line_up")
    do(opened, "delete_objects")
    line = opened.lining_up.line
    do(opened, "run_line")
    qtbot.waitUntil(lambda: not line.is_on, timeout=20000)
    assert [run.fault for run in line.waiting.runs] == ["The objects of this run are gone: take it out of the line."]


def test_a_clip_is_not_taken_from_somebody_who_works_on_it(
    qtbot: Any, two_lined_up: tuple[MainWindow, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    window, other, here = two_lined_up
    line = window.lining_up.line
    do(window, "run_line")
    qtbot.waitUntil(lambda: window.desk.tracking.is_running, timeout=20000)
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: len(line.waiting.runs) == 1, timeout=20000)
    qtbot.wait(1200)
    assert line.is_on and window.projects.path == here
    monkeypatch.setattr(run_line, "REST_SECONDS", 0)
    qtbot.waitUntil(lambda: not line.is_on, timeout=60000)
    assert window.projects.path == other


def test_a_clip_is_not_taken_from_under_a_question_nor_while_it_plays(
    qtbot: Any, two_lined_up: tuple[MainWindow, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    window, other, here = two_lined_up
    line = window.lining_up.line
    monkeypatch.setattr(run_line, "REST_SECONDS", 0)
    question = QDialog(window)
    question.open()
    do(window, "run_line")
    qtbot.waitUntil(lambda: len(line.waiting.runs) == 1 and line.current is None, timeout=20000)
    qtbot.wait(1200)
    assert line.is_on and window.projects.path == here
    do(window, "loop_range")
    question.close()
    qtbot.wait(1200)
    assert line.is_on and window.projects.path == here and window.desk.is_playing
    do(window, "play_stop")
    qtbot.waitUntil(lambda: not line.is_on, timeout=60000)
    assert window.projects.path == other


def test_closing_the_window_ends_the_line(qtbot: Any, two_lined_up: tuple[MainWindow, Path, Path]) -> None:
    window, _, here = two_lined_up
    do(window, "run_line")
    qtbot.waitUntil(lambda: window.desk.tracking.is_running, timeout=20000)
    window.close()
    assert not window.lining_up.line.is_on
    qtbot.wait(100)
    assert window.places.left_open == here and len(window.lining_up.line.waiting.runs) == 2
