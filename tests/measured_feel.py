"""What `measure_ui.py` measures of single gestures and of long and large work: a dot, Esc, playing, memory, size."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.commands.objects import new_object
from app.commands.prompts import add_point
from app.document.project import Project
from app.document.steps import SetMasks, SetObject
from app.document.values import Clip, FrameMask, TrackedObject
from app.inference.plan import make_plan
from app.media.clip import open_clip
from app.ui.places import Places
from app.ui.window import MainWindow
from tests.measured_scenes import OBJECTS, Row, Spent, center_of, disc, timed, wait_until

LARGE_OBJECTS, LARGE_FRAMES = 200, 10_000
LONG_SECONDS = 7200

_CHILD = """
import json, os, sys, time
from app.ui import start
from app.ui.verbs.filing import bundled_clip
began = start._begin
def begin(window, *_):
    from PySide6.QtCore import QTimer
    began(window, bundled_clip(), None, False)
    timer = QTimer(window)
    def look():
        tracking = window.desk.tracking
        if tracking is not None and tracking.status.state == "ready" and window.frames.is_shown():
            timer.stop()
            print(json.dumps(time.time() - float(os.environ["BEGAN"])), flush=True)
            window.close()
    timer.timeout.connect(look)
    timer.start(5)
start._begin = begin
sys.exit(start.run_window())
"""


def measure_first_click(folder: Path, rounds: int) -> Row:
    """From the start of the interpreter until the bundled clip is on the screen and the model can answer."""
    spent: Spent = []
    for number in range(rounds):
        state = folder / f"ready {number}"
        homes = {name: str(state) for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_DOCUMENTS_DIR", "HOME")}
        environment = {**os.environ, **homes, "BEGAN": str(time.time())}
        command = [sys.executable, "-c", _CHILD]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        spent.append(json.loads(done.stdout.strip().splitlines()[-1]) * 1000)
    return Row(
        "start to ready for a click on the bundled clip", spent, "≤ 10,000", "the model is loaded in its process"
    )


def measure_dot(window: MainWindow, rounds: int) -> Row:
    """From a press on the picture to the dot and the ten masks on the screen."""
    desk, view = window.desk, window.canvas.viewport()
    assert desk.project is not None
    desk.set_tool("point")
    spent: Spent = []
    for number in range(rounds):
        desk.select(None)
        x, y = center_of(number % OBJECTS, 0)
        place = window.canvas.viewportTransform().map(QPointF(x, y)).toPoint()

        def click(place: object = place) -> None:
            QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
            view.repaint()

        spent.append(timed(click))
        wait_until(lambda: desk.tracking is not None and not desk.tracking.is_pending((desk.selected_object or 0, 0)))
        while desk.document is not None and len(desk.document.objects) > OBJECTS:
            desk.project.history.undo()
    return Row("press to its dot on the screen", spent, "≤ 16", "a new object, its lane and its row are drawn in it")


def measure_fresh_click(window: MainWindow, frames: list[int]) -> Row:
    """From a point to its mask on frames that the model has not looked at."""
    project, tracking = window.desk.project, window.desk.tracking
    assert project is not None and tracking is not None
    spent: Spent = []
    for frame in frames:
        window.desk.set_frame(frame)
        cell = (new_object(project).id, frame)
        x, y = center_of(0, frame)

        def click(cell: tuple[int, int] = cell, x: float = x, y: float = y) -> None:
            add_point(project, *cell, x, y)
            tracking.request_prompt(cell)
            wait_until(lambda: cell in project.document.masks)

        spent.append(timed(click))
        project.history.undo()
        project.history.undo()
    return Row("click to mask, frame not looked at before", spent, "≤ 3,000", "decoding and encoding it are in it")


def measure_stop(window: MainWindow, rounds: int) -> list[Row]:
    """From Esc to the end of a run of ten objects, and how soon the window says so."""
    project, tracking, desk = window.desk.project, window.desk.tracking, window.desk
    assert project is not None and tracking is not None and desk.document is not None
    told: Spent = []
    stopped: Spent = []
    for _ in range(rounds):
        undone = len(project.history.names[0])
        progressed: list[object] = []
        tracking.run_progress.connect(progressed.append)
        plan = make_plan(desk.document, list(range(1, OBJECTS + 1)), 0, desk.frame_count - 1, "forward")
        tracking.start_run(plan)
        wait_until(lambda progressed=progressed: bool(progressed), 240)
        said: list[float] = []
        began = time.perf_counter()
        desk.run_stopping.connect(lambda said=said: said.append(time.perf_counter()))
        desk.actions["stop"].trigger()
        wait_until(lambda: not tracking.is_running)
        stopped.append((time.perf_counter() - began) * 1000)
        told.append((said[0] - began) * 1000)
        tracking.run_progress.disconnect(progressed.append)
        while len(project.history.names[0]) > undone:
            project.history.undo()
    return [
        Row("Esc to the word that it stops", told, "≤ 16"),
        Row("Esc to stopped, ten objects followed", stopped, "≤ 4,000", "the object that is computed is finished"),
    ]


def measure_playing(window: MainWindow, seconds: float) -> Row:
    """Time between two shown frames while 1080p at 30 frames a second plays with ten masks."""
    desk = window.desk
    desk.set_frame(0)
    wait_until(lambda: window.frames.is_shown())
    arrivals: list[float] = []
    window.frames.arrived.connect(lambda: arrivals.append(time.perf_counter()))
    began = time.perf_counter()
    desk.set_playing(True)
    wait_until(lambda: not desk.is_playing or time.perf_counter() - began > seconds)
    played = time.perf_counter() - began
    frames = desk.frame
    desk.set_playing(False)
    gaps = [(after - before) * 1000 for before, after in itertools.pairwise(arrivals)]
    note = (
        f"{frames / played:.1f} frames of the clip a second, {100 * len(arrivals) / max(frames, 1):.0f} % of them shown"
    )
    return Row("playing 1080p at 30 frames/s with ten masks: from one frame to the next", gaps, "33", note)


def measure_large(places: Places, folder: Path) -> list[Row]:
    """Opening a project of 200 objects on 10,000 frames, two million masks, to its first painted frame."""
    clip = folder / "long and small.mp4"
    _draw_plain(clip, LARGE_FRAMES, 25)
    with open_clip(clip) as source:
        about = Clip(str(clip), source.name, source.frame_count, source.height, source.width, source.fps)
    project = Project.new(about)
    mask = np.zeros((about.height, about.width), bool)
    mask[4:20, 4:20] = True
    code = FrameMask(type(disc(0, 0)).from_array(mask), 0.9, 5.0)
    for number in range(1, LARGE_OBJECTS + 1):
        project.document.apply(SetObject(number, TrackedObject(number, f"object {number}", color=number % 12)))
        project.document.apply(SetMasks({(number, frame): code for frame in range(about.frame_count)}))
    path = folder / "large.masklet"
    project.save_as(path)
    project.close()
    del project
    window = MainWindow(places=places, project_folder=folder)
    window.resize(1600, 1000)
    window.show()
    opened: list[str] = []
    window.projects.opened.connect(opened.append)

    def open_it() -> None:
        window.projects.open_anything(path)
        wait_until(lambda: bool(opened) and window.frames.is_shown(), 600)
        window.repaint()

    spent = timed(open_it)
    held = psutil.Process().memory_info().rss / 2**20
    window.close()
    window.deleteLater()
    QApplication.processEvents()
    note = f"the window's process holds {held:,.0f} MB afterwards"
    return [Row("open 200 objects × 10,000 frames", [spent], "≤ 4,000", note)]


def measure_long(places: Places, folder: Path) -> list[Row]:
    """A clip of two hours: opening it, and the memory of the window's process before and after 400 far jumps."""
    clip = folder / "two hours.mp4"
    _draw_plain(clip, LONG_SECONDS * 25, 25)
    window = MainWindow(places=places, project_folder=folder)
    window.resize(1600, 1000)
    window.show()
    opened: list[str] = []
    window.projects.opened.connect(opened.append)

    def open_it() -> None:
        window.projects.open_clip(clip)
        wait_until(lambda: bool(opened) and window.frames.is_shown(), 600)

    spent = timed(open_it)
    process = psutil.Process()
    held = []
    jumps: Spent = []
    for part in range(2):
        for frame in np.random.default_rng(part).integers(0, LONG_SECONDS * 25, 200):

            def jump(frame: int = int(frame)) -> None:
                window.desk.set_frame(frame)
                wait_until(window.frames.is_shown)

            jumps.append(timed(jump))
        held.append(process.memory_info().rss / 2**20)
    window.close()
    window.deleteLater()
    QApplication.processEvents()
    note = f"the window's process holds {held[0]:,.0f} MB after 200 jumps, {held[1]:,.0f} MB after 400"
    return [Row("open a clip of two hours (180,000 small frames)", [spent]), Row("jump in it", jumps, "≤ 300", note)]


def _draw_plain(path: Path, count: int, fps: int) -> None:
    """A small moving test picture as H.264."""
    picture = f"testsrc2=size=128x72:rate={fps}:duration={count / fps}"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", picture]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
