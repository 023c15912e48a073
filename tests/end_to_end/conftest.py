"""The real window, the real model in its own process, small clips with known masks, and a person at mouse and keys.

The stories are written with the frame numbers of the full clips. By default the clips are drawn with every fifth frame
only, so that all stories finish in minutes on two cores; `at` turns a story's number into a frame of the clip that was
drawn. With `MASKLET_STORIES=full` in the environment every frame is drawn and `at(70)` is 70.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.document.document import DocumentView
from app.document.masks import MaskCode
from app.jobs.background import close_background
from app.jobs.reports import RunEnd
from app.jobs.tracking import Tracking
from app.ui import theme
from app.ui.desk import Desk
from app.ui.places import Places
from app.ui.verbs.filing import bundled_clip
from app.ui.window import MainWindow

STEP = 1 if os.environ.get("MASKLET_STORIES") == "full" else 5
HEIGHT, WIDTH, RADIUS = 360, 640, 40
CROSSING = 58
"""The balls meet on this frame of the story; they overlap on 56 to 60."""
RED, BLUE, GREY = (205, 60, 50), (60, 90, 210), (150, 150, 152)
PATIENCE_MS = 900_000 if STEP == 1 else 180_000
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NO_KEY = Qt.KeyboardModifier.NoModifier


def at(number: int) -> int:
    """The frame of the drawn clip that shows what the story's frame shows, or the last one before it."""
    return number // STEP


def at_or_after(number: int) -> int:
    """The frame of the drawn clip that shows what the story's frame shows, or the first one after it."""
    return -(-number // STEP)


@dataclass(frozen=True)
class Balls:
    """A red ball goes right, a blue one left; they cross, and before that a pillar hides red on 40 to 47."""

    path: Path
    frame_count: int
    are_grey: bool = False

    def center(self, which: str, frame: int) -> tuple[float, float]:
        """x, y of a ball ("red" or "blue") on a frame of the drawn clip."""
        far = 4.2 * (_there_and_back(frame * STEP) - CROSSING)
        return (300 + far, 120.0) if which == "red" else (300 - far, 197.0)

    def mask(self, which: str, frame: int) -> np.ndarray:
        """The pixels of a ball that are seen, bool height x width."""
        seen = _disc(self.center(which, frame), RADIUS)
        if which == "red":
            seen[:, _PILLAR] = False
            seen &= ~_disc(self.center("blue", frame), RADIUS)
        return seen

    def spot(self, which: str, frame: int) -> tuple[float, float]:
        """x, y of a pixel of the ball that is seen, in the middle of what is seen."""
        seen = np.argwhere(self.mask(which, frame))
        y, x = seen[np.abs(seen - seen.mean(0)).sum(1).argmin()] + 0.5
        return float(x), float(y)

    def code(self, which: str, frame: int) -> MaskCode:
        """The same as run lengths."""
        return MaskCode.from_array(self.mask(which, frame))

    def picture(self, frame: int) -> np.ndarray:
        """The frame as it is drawn, uint8 RGB."""
        picture = _GROUND.copy()
        _paint_ball(picture, self.center("red", frame), GREY if self.are_grey else RED)
        picture[:, _PILLAR] = (96, 88, 74)
        _paint_ball(picture, self.center("blue", frame), GREY if self.are_grey else BLUE)
        return picture


def _there_and_back(number: int) -> int:
    return number if number < 120 else 239 - number


def _disc(center: tuple[float, float], radius: float) -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    return np.asarray((x - center[0]) ** 2 + (y - center[1]) ** 2 <= radius**2)


def _paint_ball(picture: np.ndarray, center: tuple[float, float], color: tuple[int, int, int]) -> None:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    ball = _disc(center, RADIUS)
    light = np.hypot(x - center[0] + RADIUS * 0.35, y - center[1] + RADIUS * 0.35) / (1.6 * RADIUS)
    shine = 60 * np.exp(-((light * 1.6 / 0.3) ** 2))
    shaded = np.array(color) * np.clip(1.25 - 0.9 * light, 0.2, 1.3)[..., None] + shine[..., None]
    picture[ball] = np.clip(shaded, 0, 255)[ball].astype(np.uint8)


def _ground() -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([60 + 60 * y / HEIGHT, 80 + 50 * y / HEIGHT, 90 + 30 * x / WIDTH], -1).astype(np.uint8)


_GROUND = _ground()
_PILLAR = slice(int(300 + 4.2 * (40 - CROSSING) - RADIUS), int(300 + 4.2 * (47 - CROSSING) + RADIUS) + 1)


def _draw_clip(folder: Path, name: str, numbers: int, *, are_grey: bool = False) -> Balls:
    balls = Balls(folder / f"{name}.mp4", numbers // STEP, are_grey)
    pictures = b"".join(balls.picture(frame).tobytes() for frame in range(balls.frame_count))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", "-", "-c:v", "libx264", "-crf", "12"]
    command += ["-pix_fmt", "yuv420p", str(balls.path)]
    subprocess.run(command, input=pictures, check=True)
    return balls


@pytest.fixture(scope="session")
def balls(tmp_path_factory: pytest.TempPathFactory) -> Balls:
    return _draw_clip(tmp_path_factory.mktemp("clips"), "balls", 120)


@pytest.fixture(scope="session")
def swap(tmp_path_factory: pytest.TempPathFactory) -> Balls:
    """As balls, but both balls are grey."""
    return _draw_clip(tmp_path_factory.mktemp("clips"), "swap", 120, are_grey=True)


@pytest.fixture(scope="session")
def balls_twice(tmp_path_factory: pytest.TempPathFactory) -> Balls:
    """Twice as long: there and back again."""
    return _draw_clip(tmp_path_factory.mktemp("clips"), "balls twice", 240)


@pytest.fixture(scope="session")
def park() -> Path:
    clip = bundled_clip()
    assert clip is not None, "the bundled clip is missing"
    return clip


@pytest.fixture(scope="session")
def story_frame() -> Callable[[int], int]:
    """From a number of the story to a frame of the drawn clip, at or before it."""
    return at


@pytest.fixture(scope="session")
def story_frame_after() -> Callable[[int], int]:
    """From a number of the story to a frame of the drawn clip, at or after it."""
    return at_or_after


@pytest.fixture(scope="session")
def is_full() -> bool:
    """Whether every frame of the stories is drawn and computed."""
    return STEP == 1


State = dict[str, Any]


def state_of(document: DocumentView) -> State:
    """Everything that a project holds, as values that compare bit for bit."""
    return {
        "clip": document.clip,
        "objects": list(document.objects.values()),
        "categories": dict(document.categories),
        "prompts": dict(document.prompts.items()),
        "masks": {cell: _bits(mask) for cell, mask in document.masks.items()},
        "reviews": dict(document.reviews.items()),
        "next ids": (document.next_object_id, document.next_category_id),
    }


def _bits(mask: Any) -> tuple[Any, ...]:
    return mask.code.counts, mask.code.size, mask.iou, mask.score, mask.origin


class Person:
    """Does what a person does, by events that the window takes for real ones, and waits for what a person would see."""

    def __init__(self, qtbot: Any, window: MainWindow, make_window: Callable[[], MainWindow]) -> None:
        self.qtbot, self.window, self._make_window = qtbot, window, make_window
        self.ends: list[RunEnd] = []
        """How every run of the open project ended."""
        self.plans: list[Any] = []
        """The plan of every run of the open project."""

    # --- what the window holds ---

    @property
    def desk(self) -> Desk:
        return self.window.desk

    @property
    def document(self) -> Any:
        assert self.desk.document is not None
        return self.desk.document

    @property
    def history(self) -> Any:
        assert self.desk.project is not None
        return self.desk.project.history

    @property
    def tracking(self) -> Tracking:
        assert self.desk.tracking is not None
        return self.desk.tracking

    @property
    def state(self) -> State:
        return state_of(self.document)

    def lane(self, object_id: int) -> State:
        """Everything on one object's lane, bit for bit."""
        return {
            "masks": {frame: _bits(mask) for frame, mask in self.document.masks_of(object_id).items()},
            "prompts": dict(self.document.prompts_of(object_id)),
            "reviews": dict(self.document.reviews_of(object_id)),
        }

    def mask(self, object_id: int, frame: int) -> np.ndarray:
        return np.asarray(self.document.masks[object_id, frame].code.to_array())

    @property
    def said(self) -> str:
        """All notices that stand."""
        return " | ".join(self.window.notices.texts)

    # --- keys ---

    def key(self, keys: str, times: int = 1) -> None:
        """Press and release keys such as "Ctrl+Shift+Z" where the focus is."""
        pressed = QKeySequence(keys)[0]
        for _ in range(times):
            target = QApplication.focusWidget() or self.window
            self.qtbot.keyClick(target, pressed.key(), pressed.keyboardModifiers())

    def type(self, text: str) -> None:
        """Type letters where the focus is."""
        for letter in text:
            self.qtbot.keyClicks(QApplication.focusWidget() or self.window, letter)

    @contextmanager
    def dialog(self, answer: Callable[[QWidget], None]) -> Iterator[None]:
        """A dialog that waits for its answer opens inside; `answer` gives it."""
        answered: list[QWidget] = []
        faults: list[BaseException] = []
        timer = QTimer()
        timer.setInterval(20)

        def look() -> None:
            box = QApplication.activeModalWidget()
            if box is None or not box.isVisible() or not box.isActiveWindow():
                return
            timer.stop()
            answered.append(box)
            try:
                answer(box)
            except BaseException as fault:
                faults.append(fault)
            finally:
                box.close()  # one that nobody closed would wait for ever

        timer.timeout.connect(look)
        timer.start()
        yield
        timer.stop()
        if faults:
            raise faults[0]
        assert answered, "no dialog asked anything"
        self.come_back()

    def come_back(self) -> None:
        """A dialog has closed: the window is in front again, which elsewhere the window manager sees to."""
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)

    def go_to(self, words: str | int) -> None:
        """Ctrl+G, the number or time, Enter; then wait until the frame is on the screen."""

        def answer(box: QWidget) -> None:
            field = box.findChild(QLineEdit)
            assert field is not None
            field.selectAll()
            self.qtbot.keyClicks(field, str(words))
            self.qtbot.keyClick(field, Qt.Key.Key_Return)

        with self.dialog(answer):
            self.key("Ctrl+G")
        self.wait_for_frame()

    # --- mouse ---

    def place(self, x: float, y: float) -> QPoint:
        """Where a pixel of the frame is on the canvas."""
        return self.window.canvas.viewportTransform().map(QPointF(x, y)).toPoint()

    def click(self, x: float, y: float, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = NO_KEY) -> None:
        """Click on the picture; x and y are pixels of the frame."""
        view, place = self.window.canvas.viewport(), self.place(x, y)
        self.qtbot.mouseMove(view, place)
        self.qtbot.mouseClick(view, button, held, place)

    def drag(
        self,
        start: tuple[float, float],
        *through: tuple[float, float],
        button: Qt.MouseButton = LEFT,
        on_the_way: Callable[[], None] = lambda: None,
    ) -> None:
        """Press at `start`, move through the places, let go at the last; all in pixels of the frame."""
        view = self.window.canvas.viewport()
        self.qtbot.mouseMove(view, self.place(*start))
        self.qtbot.mousePress(view, button, NO_KEY, self.place(*start))
        for stop in through:
            self._move_held(view, self.place(*stop), button)
        on_the_way()
        self.qtbot.mouseRelease(view, button, NO_KEY, self.place(*through[-1]))

    def _move_held(self, view: QWidget, place: QPoint, button: Qt.MouseButton) -> None:
        from PySide6.QtCore import QEvent
        from PySide6.QtGui import QMouseEvent

        # QTest moves with no button held; a drag needs the button in the event.
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(place),
            QPointF(view.mapToGlobal(place)),
            Qt.MouseButton.NoButton,
            button,
            NO_KEY,
        )
        QApplication.sendEvent(view, event)

    def press_button(self, button: QWidget) -> None:
        """Click a button of the window in its middle."""
        self.qtbot.mouseClick(button, LEFT, NO_KEY, button.rect().center())

    def hover(self, widget: QWidget) -> None:
        """Put the pointer on a widget, without a click."""
        from PySide6.QtGui import QEnterEvent

        middle = QPointF(widget.rect().center())
        spot = QPointF(widget.mapToGlobal(widget.rect().center()))
        QApplication.sendEvent(widget, QEnterEvent(middle, middle, spot))
        self.qtbot.mouseMove(widget, widget.rect().center())

    def unhover(self, widget: QWidget) -> None:
        """Take the pointer away from a widget."""
        from PySide6.QtCore import QEvent

        QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))

    # --- waiting, always for a state ---

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def wait_for_frame(self) -> None:
        """Until the desk's frame is on the screen, and everything has its place."""
        QApplication.processEvents()
        self.wait(lambda: self.window.canvas.shown_frame == self.desk.frame and not self.window.loader.is_busy)

    def wait_for_answer(self, cell: tuple[int, int]) -> None:
        """Until the model has answered what was asked for a cell."""
        self.wait(lambda: not self.tracking.is_pending(cell) and cell in self.document.masks)

    def wait_for_end(self) -> RunEnd:
        """Until no run is open; gives how the last one ended."""
        self.wait(lambda: not self.tracking.is_running)
        assert self.ends[-1].error is None, self.ends[-1].error
        return self.ends[-1]

    def run(self, keys: str) -> RunEnd:
        """Press the key of a run and wait for its end."""
        count = len(self.ends)
        self.key(keys)
        self.wait(lambda: len(self.ends) > count)
        return self.wait_for_end()

    # --- whole deeds ---

    def open(self, path: Path) -> None:
        """Have something opened, and wait until it is on the screen."""
        with self.qtbot.waitSignal(self.window.projects.opened, timeout=PATIENCE_MS):
            self.window.projects.open_anything(path)
        self.take_over()

    def take_over(self) -> None:
        """A project has just been opened: listen to its runs, wait for its picture."""
        self.ends, self.plans = [], []
        self.tracking.run_finished.connect(self.ends.append)
        self.tracking.run_started.connect(self.plans.append)
        self.wait_for_frame()

    def point_at(self, x: float, y: float, truth: np.ndarray | None = None) -> tuple[int, int]:
        """Click on a thing and wait for its mask. Of several answers take the one that is nearest to what is true."""
        self.click(x, y)
        assert self.desk.selected_object is not None
        cell = (self.desk.selected_object, self.window.canvas.shown_frame)
        self.wait_for_answer(cell)
        if self.window.canvas.candidates.is_open:
            if truth is None:
                self.key("Esc")
            else:
                self.key(str(1 + self._nearest_answer(truth)))
        return cell

    def _nearest_answer(self, truth: np.ndarray) -> int:
        answers: Sequence[Any] = self.window.canvas.candidates._answers
        return int(np.argmax([iou(answer.mask.to_array(), truth) for answer in answers]))

    def reopen(self) -> None:
        """Close the window, start again, and find everything as it was, bit for bit."""
        before, place = self.state, (self.desk.frame, self.desk.selected_object, self.desk.tool, self.desk.range)
        path = self.window.projects.path
        assert path is not None
        self.window.close()
        self.window = self._make_window()
        assert self.window.places.left_open == path
        self.open(path)
        assert self.state == before
        assert (self.desk.frame, self.desk.selected_object, self.desk.tool, self.desk.range) == place


def iou(one: np.ndarray, other: np.ndarray) -> float:
    """Shared over united pixels; 1 where both are empty."""
    united = int((one | other).sum())
    return float((one & other).sum()) / united if united else 1.0


@pytest.fixture(scope="session")
def overlap() -> Callable[[np.ndarray, np.ndarray], float]:
    return iou


@pytest.fixture
def person(qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """Sits at an empty window; the program's memory and its projects lie in a folder of this test."""
    places = Places(tmp_path / "state" / "places.json")
    places.choose_model("", "cpu")
    windows: list[MainWindow] = []

    def make() -> MainWindow:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, theme.DARK)
        window = MainWindow(places=places, project_folder=tmp_path / "projects")
        windows.append(window)
        window.resize(1440, 900)
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        window.models.show()
        return window

    yield Person(qtbot, make(), make)
    for window in windows:
        window.close()
        window.deleteLater()
    close_background()


@pytest.fixture
def at_balls(person: Person, balls: Balls) -> Person:
    """The person with the balls on the screen."""
    person.open(balls.path)
    return person
