"""What the window feels like, in figures: `python -m tests.measure_ui [--quick] [--large]`, from the repository's root.

Draws a 1080p clip with ten objects, opens it in the real window with the built-in model in its worker process, and
prints a table in Markdown: what was measured, the middle value, the 95th and 99th percentile where they say something,
the longest, what the window's process computed in the middle one (the rest is waiting), and what is aimed at. It
asserts nothing, since times depend on the machine and what else it does; the load before and after stands beside them.
`--large` adds a project of two million masks and a clip of two hours.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer, qVersion
from PySide6.QtWidgets import QApplication

from app.commands.masks import accept_masks
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetObject, SetPrompt
from app.document.values import FrameMask, Point, Prompt, TrackedObject
from app.inference.checkpoints import find_checkpoint
from app.inference.devices import visible_devices
from app.inference.plan import make_plan
from app.jobs.background import close_background
from app.jobs.reports import RunProgress
from app.ui import theme
from app.ui.desk import Desk
from app.ui.memory import memory_bytes
from app.ui.places import Places
from app.ui.timeline.lane_cells import LaneState
from app.ui.timeline.view import TimelineView
from app.ui.window import MainWindow
from tests import measure_canvas
from tests.measured_feel import (
    measure_dot,
    measure_first_click,
    measure_fresh_click,
    measure_large,
    measure_long,
    measure_playing,
    measure_stop,
)
from tests.measured_scenes import OBJECTS, Blank, Quick, Row, Span, Spent, center_of, draw_clip, fill, timed, wait_until

FRAMES = 240
TICK_MS = 10
RUN_FRAMES = 1000
LONG_CLIP, MANY_LANES = 100_000, 50

_CHILD = """
import json, os, sys, time
from app.ui import start
def begin(window, *_):
    from PySide6.QtWidgets import QApplication
    window.repaint()
    QApplication.processEvents()
    heavy = [name for name in ("torch", "av", "cv2", "sam2_core", "pycocotools") if name in sys.modules]
    spent = {"seconds": time.time() - float(os.environ["BEGAN"]), "computed": time.process_time()}
    print(json.dumps({**spent, "heavy": heavy}), flush=True)
    window.close()
start._begin = begin
sys.exit(start.run_window())
"""


def measure_start(folder: Path, rounds: int) -> tuple[Row, list[str]]:
    """From the start of the interpreter to an empty window that has been painted; and which heavy things it loaded."""
    spent: Spent = []
    heavy: list[str] = []
    # With compiled files beside the sources, as they are from the second start on.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    kept |= {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "XDG_STATE_HOME": str(folder / "state")}
    for _ in range(rounds + 1):
        environment = {**kept, "BEGAN": str(time.time())}
        done = subprocess.run(
            [sys.executable, "-c", _CHILD], env=environment, capture_output=True, text=True, check=True
        )
        said = json.loads(done.stdout.strip().splitlines()[-1])
        span = Span(said["seconds"] * 1000)
        span.computed = said["computed"] * 1000
        spent.append(span)
        heavy = said["heavy"]
    first, *spent = spent
    torch = "torch is imported" if "torch" in heavy else "torch is not imported"
    return Row("start to a visible window", spent, "≤ 800", f"{torch}; the very first start took {first:,.0f}"), heavy


def step_to(window: MainWindow, frame: int) -> float:
    """Milliseconds from the wish to see a frame to its pixels and masks on the screen."""

    def step() -> None:
        window.desk.set_frame(frame)
        wait_until(lambda: window.canvas.shown_frame == frame and not window.loader.is_busy)
        window.canvas.viewport().repaint()

    return timed(step)


def measure_steps(window: MainWindow, count: int) -> list[Row]:
    """Steps through frames that are not decoded yet, through those that are, and jumps to far ones."""
    source = window.desk.source
    assert source is not None
    cold = [step_to(window, frame) for frame in range(1, count)]
    held = [frame for frame in range(count) if source.cached(frame)]
    step_to(window, held[0])
    cached = [step_to(window, frame) for frame in [*held[1:], *reversed(held[:-1])] * 2]
    window.desk.set_frame(0)
    wait_until(lambda: window.canvas.shown_frame == 0)
    far = np.random.default_rng(3).permutation([frame for frame in range(count) if not source.cached(frame)])[:25]
    jumps = [step_to(window, int(frame)) for frame in far if not source.cached(int(frame))]
    rows = [
        Row("step to a decoded frame, ten masks", cached, "p95 ≤ 33"),
        Row("step to the next frame, not decoded yet", cold, "", "one frame of H.264 decoded in it"),
    ]
    if jumps:
        rows.append(Row("jump to a far frame, not decoded yet", jumps, "≤ 300", "up to 30 frames decoded in it"))
    return rows


def measure_click(window: MainWindow, rounds: int) -> Row:
    """From a point to its mask in the document, on a frame that the model has looked at."""
    from app.commands.objects import new_object
    from app.commands.prompts import add_point

    project, tracking = window.desk.project, window.desk.tracking
    assert project is not None and tracking is not None
    spent: Spent = []
    window.desk.set_frame(0)
    for number in range(rounds + 1):
        made = new_object(project)
        cell = (made.id, 0)
        x, y = center_of(number % OBJECTS, 0)

        def click(cell: tuple[int, int] = cell, x: float = x, y: float = y) -> None:
            add_point(project, *cell, x, y)
            tracking.request_prompt(cell)
            wait_until(lambda: cell in project.document.masks)

        spent.append(timed(click))
        project.history.undo()
        project.history.undo()
    # The first one looked at the frame; the others find it looked at.
    return Row("click to mask, frame looked at before", spent[1:], "≤ 400", f"the first one took {spent[0]:,.0f}")


def measure_lateness(window: MainWindow, seconds: float, whose: str) -> Row:
    """How late the window's own 10 ms timer is while ten objects are followed."""
    project, tracking, desk = window.desk.project, window.desk.tracking, window.desk
    assert project is not None and tracking is not None and desk.document is not None
    late: Spent = []
    expected = [0.0]
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(TICK_MS)

    def tick() -> None:
        now = time.perf_counter()
        late.append(max(0.0, (now - expected[0]) * 1000))
        expected[0] = now + TICK_MS / 1000

    timer.timeout.connect(tick)
    undone = len(project.history.names[0])
    plan = make_plan(desk.document, list(range(1, OBJECTS + 1)), 0, desk.frame_count - 1, "forward")
    batches: list[int] = []

    def note(progress: RunProgress) -> None:
        batches.append(progress.done)

    tracking.run_progress.connect(note)
    tracking.start_run(plan)
    wait_until(lambda: len(batches) > 1, 240)
    expected[0] = time.perf_counter() + TICK_MS / 1000
    timer.start()
    until = time.monotonic() + seconds
    first = batches[-1]
    app = QApplication.instance()
    assert app is not None
    while time.monotonic() < until and tracking.is_running:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
    timer.stop()
    done = batches[-1] - first
    tracking.stop()
    wait_until(lambda: not tracking.is_running)
    tracking.run_progress.disconnect(note)
    while len(project.history.names[0]) > undone:
        project.history.undo()
    note_of = f"{done} frame{'' if done == 1 else 's'} of ten objects in {seconds:.0f} s"
    return Row(f"lateness of the event loop during a run, {whose}", late, "p99 ≤ 30", note_of)


def measure_undo(places: Places, folder: Path) -> list[Row]:
    """Undo of a run of 1,000 frames, with the window and the project file listening."""
    rows = []
    for objects in (1, 10):
        window = MainWindow(places=places, project_folder=folder)
        window.resize(1600, 1000)
        window.show()
        source = Blank(RUN_FRAMES)
        project = Project.new(source.clip)
        for number in range(1, objects + 1):
            project.document.apply(SetObject(number, TrackedObject(number, f"object {number}")))
            project.document.apply(SetPrompt((number, 0), Prompt((Point(300, 150),))))
        project.save_as(folder / f"undo {objects}.masklet", overwrite=True)
        window.desk.show_project(project, source, None)  # type: ignore[arg-type]
        window.desk.select(1)
        codes = {number: _column(number) for number in range(1, objects + 1)}
        undo: Spent = []
        redo: Spent = []
        run = project.history.begin("Propagate 999 frames")
        for frame in range(1, RUN_FRAMES):
            cells = [((number, frame), FrameMask(codes[number], 0.9, 5.0), 0) for number in range(1, objects + 1)]
            accept_masks(project, run, cells)
        run.commit()
        QApplication.processEvents()
        for _ in range(5):
            undo.append(timed(lambda history=project.history: (history.undo(), QApplication.processEvents())))
            redo.append(timed(lambda history=project.history: (history.redo(), QApplication.processEvents())))
        things = "one object" if objects == 1 else f"{objects} objects"
        rows.append(Row(f"undo of a run of 1,000 frames, {things}", undo, "≤ 100"))
        rows.append(Row(f"redo of the same, {things}", redo))
        window.desk.show_project(None)
        window.close()
        window.deleteLater()
        project.close()
    return rows


def _column(number: int) -> MaskCode:
    mask = np.zeros((360, 640), bool)
    mask[100:200, 60 * number - 40 : 60 * number] = True
    return MaskCode.from_array(mask)


def measure_timeline() -> list[Row]:
    """Painting 50 lanes of 100,000 frames: in the window's usual height, all at once, and a stretch of 500 frames."""
    source = Blank(LONG_CLIP)
    project = Project.new(source.clip)
    for number in range(1, MANY_LANES + 1):
        project.document.apply(SetObject(number, TrackedObject(number, f"object {number}", color=number)))
    desk = Desk()
    view = TimelineView(desk)
    view.resize(1600, 290)
    desk.show_project(project, source, None)  # type: ignore[arg-type]
    view.show()
    chance = np.random.default_rng(4)
    states = [int(state) for state in LaneState]
    for number in range(1, MANY_LANES + 1):
        cells = view.lanes.cells_of(number)
        assert cells is not None
        cells.states[:] = np.repeat(chance.choice(states, LONG_CLIP // 1000), 1000)
        cells.prompts[chance.integers(0, LONG_CLIP, 200)] = True
        cells.by_hand[chance.integers(0, LONG_CLIP, 2000)] = True
        cells.visibility[:] = chance.random(LONG_CLIP, dtype=np.float32)
    desk.select(1)

    def paint() -> None:
        view.lanes._repaint()
        view.lanes.repaint()

    def paint_one() -> None:
        view.lanes._repaint_lane(1)
        QApplication.processEvents()

    QApplication.processEvents()
    usual = [timed(paint) for _ in range(15)]
    one = [timed(paint_one) for _ in range(25)]
    view.resize(1600, 290 + 26 * MANY_LANES)
    QApplication.processEvents()
    whole = [timed(paint) for _ in range(15)]
    view.axis.zoom(LONG_CLIP / 500, 400.0)
    QApplication.processEvents()
    near = [timed(paint) for _ in range(15)]
    playhead = [timed(lambda frame=frame: (desk.set_frame(frame), QApplication.processEvents())) for frame in range(60)]
    view.hide()
    desk.show_project(None)
    view.deleteLater()
    return [
        Row("50 lanes of 100,000 frames: paint what the window shows of them", usual),
        Row("50 lanes of 100,000 frames: one of them has changed", one, "≤ 16"),
        Row("50 lanes of 100,000 frames: paint all of them at once", whole),
        Row("50 lanes of 100,000 frames: the same, 500 frames in view", near),
        Row("move the playhead over them", playhead, "≤ 16"),
    ]


def measure_4k() -> Row:
    """A whole new 4K frame with 20 masks on the canvas; processor time, see `measure_canvas.py`."""
    figures = measure_canvas.measure(2160, 3840, 20)
    return Row("paint a new 4K frame with 20 masks", [figures["frame"]], "", f"the same again {figures['repaint']:.1f}")


def machine() -> str:
    """What it was measured on."""
    return (
        f"{visible_devices()[-1].label}; {platform.system()} {platform.machine()}; Python {platform.python_version()}; "
        f"Qt {qVersion()} ({QApplication.platformName()}); load before {load()}"
    )


def load() -> str:
    """How many processes wanted a processor in the last one, five and fifteen minutes."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "?"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what the window feels like.")
    parser.add_argument("--quick", action="store_true", help="a shorter clip and fewer rounds")
    parser.add_argument("--large", action="store_true", help="also a very large project and a very long clip")
    chosen = parser.parse_args()
    is_quick = chosen.quick
    count = 60 if is_quick else FRAMES
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    print(machine(), flush=True)
    titles = ("what (ms)", "middle", "p95", "p99", "longest", "computed", "aim", "times", "note")
    print(f"\n| {' | '.join(titles)} |\n{'|---' * len(titles)}|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for row in rows_of(folder, count, is_quick=is_quick, is_large=chosen.large):
            print(row.line(), flush=True)
        close_background()
    print(f"\nLoad after: {load()}", flush=True)
    return 0


def rows_of(folder: Path, count: int, *, is_quick: bool, is_large: bool) -> Any:
    """Every row of the table, one after the other."""
    start, heavy = measure_start(folder, 3 if is_quick else 7)
    yield start
    print(f"<!-- loaded before the first frame: {', '.join(heavy) or 'nothing heavy'} -->", flush=True)
    yield measure_first_click(folder, 1 if is_quick else 3)
    clip = folder / "discs.mp4"
    draw_clip(clip, count)
    places = Places(folder / "places.json")
    places.choose_model("", "cpu")
    window = MainWindow(places=places, project_folder=folder)
    window.resize(1600, 1000)
    window.show()
    opened: list[str] = []
    window.projects.opened.connect(opened.append)
    began = time.perf_counter()
    window.projects.open_clip(clip)
    wait_until(lambda: bool(opened) and window.canvas.shown_frame == 0 and not window.loader.is_busy)
    yield Row("open a 1080p clip, to its first frame", [(time.perf_counter() - began) * 1000])
    assert window.desk.project is not None and window.desk.tracking is not None
    fill(window.desk.project, count)
    wait_until(lambda: window.desk.tracking is not None and window.desk.tracking.status.state == "ready", 300)
    yield from measure_steps(window, count)
    yield measure_dot(window, 5 if is_quick else 25)
    yield measure_click(window, 4 if is_quick else 12)
    yield measure_fresh_click(window, [count // 2 + 3 * number for number in range(3 if is_quick else 8)])
    yield measure_playing(window, min(5.0, count / 30))
    yield from measure_stop(window, 1 if is_quick else 3)
    held = memory_bytes()
    if held is not None:
        print(f"<!-- window and model together hold {held / 2**20:,.0f} MB -->", flush=True)
    seconds = 10 if is_quick else 30
    yield measure_lateness(window, seconds, "the built-in model")
    window.desk.tracking._engine_factory = lambda: Quick(count)
    window.desk.tracking.use_model(find_checkpoint("built-in"), "cpu")
    yield measure_lateness(window, min(seconds, count / Quick.RATE), "a model that does 30 frames a second")
    window.close()
    window.deleteLater()
    yield measure_4k()
    yield from measure_undo(places, folder)
    yield from measure_timeline()
    if is_large:
        yield from measure_large(places, folder)
        yield from measure_long(places, folder)


if __name__ == "__main__":
    sys.exit(main())
