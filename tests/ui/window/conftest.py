"""A whole window on a small clip, with a small model that computes in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication

from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.inference.inline_engine import InlineEngine
from app.jobs.background import close_background
from app.ui import theme
from app.ui.places import Places
from app.ui.window import MainWindow

FRAMES, HEIGHT, WIDTH = 16, 72, 96


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen pictures of a bright square that goes right."""
    folder = tmp_path_factory.mktemp("window") / "square goes right"
    folder.mkdir()
    ground = np.random.default_rng(3).integers(40, 120, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    for frame in range(FRAMES):
        picture = ground.copy()
        picture[20:40, 8 + 3 * frame : 28 + 3 * frame] = (250, 180, 90)
        Image.fromarray(picture).save(folder / f"{frame:05d}.png")
    return folder


@pytest.fixture
def places(tmp_path: Path, weights: Path) -> Places:
    made = Places(tmp_path / "state" / "places.json")
    made.choose_model(str(weights), "cpu")
    return made


@pytest.fixture
def make_window(qtbot, places: Places, tmp_path: Path) -> Iterator[Callable[[], MainWindow]]:
    """Makes windows that are shown; all of them share their memory and their projects' folder."""
    windows: list[MainWindow] = []

    def make() -> MainWindow:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, theme.DARK)
        window = MainWindow(places=places, engine_factory=InlineEngine, project_folder=tmp_path / "projects")
        windows.append(window)
        window.resize(1440, 900)
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    close_background()


@pytest.fixture
def window(make_window: Callable[[], MainWindow]) -> MainWindow:
    return make_window()


@pytest.fixture
def open_clip(qtbot) -> Callable[[MainWindow, Path], None]:
    """Opens something and waits until its frame is on the screen."""

    def open_it(window: MainWindow, path: Path) -> None:
        with qtbot.waitSignal(window.projects.opened, timeout=20000):
            window.projects.open_anything(path)
        qtbot.waitUntil(window.frames.is_shown)

    return open_it


@pytest.fixture
def opened(window: MainWindow, clip: Path, open_clip) -> MainWindow:
    """The window with the clip on it, the model ready."""
    open_clip(window, clip)
    return window


@pytest.fixture
def square() -> np.ndarray:
    """A mask of the clip's size."""
    mask = np.zeros((72, 96), bool)
    mask[20:40, 8:28] = True
    return mask


@pytest.fixture
def painted(qtbot, opened: MainWindow, square: np.ndarray) -> MainWindow:
    """A dog painted on 2 and 12, the playhead between, the model there."""
    project, tracking = opened.desk.project, opened.desk.tracking
    assert project is not None and tracking is not None
    new_object(project, "dog")
    for frame in (2, 12):
        set_mask(project, 1, frame, square)
    opened.desk.select(1)
    opened.desk.set_frame(6)
    qtbot.waitUntil(lambda: tracking.status.info is not None, timeout=20000)
    return opened
