"""A monkey at the window: hundreds of actions, clicks and drags, with a narrow model that answers nonsense."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QDialog

from app.inference.inline_engine import InlineEngine
from app.jobs.background import close_background
from app.ui import theme
from app.ui.places import Places
from app.ui.timeline.lane_cells import LaneCells
from app.ui.verbs import reviewing
from app.ui.window import MainWindow

pytestmark = pytest.mark.timeout(600)

FRAMES, HEIGHT, WIDTH = 12, 72, 96
LEAVES_THE_WINDOW = {
    "open_clip",
    "open_folder",
    "open_project",
    "open_last",
    "open_bundled",
    "save_copy",
    "export",
    "close_project",
    "quit",
    "models",
    "key_sheet",
    "help",
    "about",
    "categories",
    "finish_masks",
    "mend",
    "marker",
    "choose_jump",
    "choose_stride",
    "choose_range",
    "clips",
    "next_clip",
    "previous_clip",
    "find_action",
    "go_to_frame",
    "restart_model",
    "full_screen",
}
"""Actions that open a dialog, another project or nothing at all."""
WORK = (
    *("new_object", "tool_point", "tool_box", "tool_brush", "tool_lasso", "propagate_forward", "propagate_both"),
    *("verify", "absent_here", "duplicate_object", "split", "grow_mask", "compute_forward", "finish", "select_1"),
)
"""Actions that make something; a monkey that pressed every key as often would hardly get anywhere."""


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    folder = tmp_path / "noise"
    folder.mkdir()
    chance = np.random.default_rng(5)
    for frame in range(FRAMES):
        picture = chance.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        picture[20:45, 10 + 4 * frame : 40 + 4 * frame] = (240, 180, 90)
        Image.fromarray(picture).save(folder / f"{frame:03d}.png")
    return folder


@pytest.fixture
def window(qtbot, tmp_path: Path, clip: Path, weights: Path) -> Iterator[MainWindow]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    places = Places(tmp_path / "places.json")
    places.choose_model(str(weights), "cpu")
    window = MainWindow(places=places, engine_factory=InlineEngine, project_folder=tmp_path / "projects")
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    with qtbot.waitSignal(window.projects.opened, timeout=30000):
        window.projects.open_clip(clip)
    yield window
    window.close()
    window.deleteLater()
    close_background()


class Monkey:
    """Has every action of the window, and a mouse."""

    def __init__(self, qtbot: Any, window: MainWindow, seed: int) -> None:
        self.qtbot, self.window, self.chance = qtbot, window, random.Random(seed)
        self.actions = sorted(set(window.desk.actions) - LEAVES_THE_WINDOW)
        self.done: list[str] = []
        self.mice: list[Callable[[], None]] = [self.click, self.click, self.drag, self.lane, self.double_click]

    def act(self) -> None:
        kind = self.chance.random()
        if kind < 0.5:
            name = self.chance.choice(WORK if self.chance.random() < 0.4 else self.actions)
            if name == "freeze_object" and self.chance.random() < 0.8:
                return  # nothing can be done to what is frozen
            self.done.append(name)
            self.window.desk.actions[name].trigger()
        elif kind < 0.6:
            name = self.chance.choice(("undo", "redo"))
            self.done.append(name)
            self.window.desk.actions[name].trigger()
        elif kind < 0.67:
            self.window.desk.set_frame(self.chance.randrange(FRAMES))
        else:
            mouse = self.chance.choice(self.mice)
            self.done.append(mouse.__name__)
            mouse()
        self.answer()
        if self.chance.random() < 0.4:
            self.qtbot.wait(self.chance.choice((0, 1, 10, 40)))

    def answer(self) -> None:
        """A dialog asks (which mask stays where joined objects differ): any answer is right."""
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QDialog):
            self.done.append("an answer")
            dialog.accept() if self.chance.random() < 0.5 else dialog.reject()

    def place(self) -> QPoint:
        room = self.window.canvas.viewport().rect()
        return QPoint(self.chance.randrange(room.width()), self.chance.randrange(room.height()))

    def held(self) -> Qt.KeyboardModifier:
        none = Qt.KeyboardModifier.NoModifier
        return self.chance.choice((none, none, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier))

    def button(self) -> Qt.MouseButton:
        # In the select tool the right button opens a menu, which would wait for an answer.
        if self.window.desk.tool == "select":
            return Qt.MouseButton.LeftButton
        return self.chance.choice((Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton))

    def click(self) -> None:
        self.qtbot.mouseClick(self.window.canvas.viewport(), self.button(), self.held(), self.place())

    def double_click(self) -> None:
        self.qtbot.mouseDClick(self.window.canvas.viewport(), Qt.MouseButton.LeftButton, self.held(), self.place())

    def drag(self) -> None:
        view, button, held = self.window.canvas.viewport(), self.button(), self.held()
        self.qtbot.mousePress(view, button, held, self.place())
        for _ in range(self.chance.randint(0, 3)):
            self.qtbot.mouseMove(view, self.place())
        if self.chance.random() < 0.2:
            self.window.desk.actions[self.chance.choice(("stop", "step_forward", "undo", "new_object"))].trigger()
        self.qtbot.mouseRelease(view, button, held, self.place())

    def lane(self) -> None:
        lanes = self.window.timeline.lanes
        place = QPoint(self.chance.randrange(max(1, lanes.width())), self.chance.randrange(max(1, lanes.height())))
        self.qtbot.mouseClick(lanes, Qt.MouseButton.LeftButton, self.held(), place)

    def rest(self) -> None:
        """Stop what runs, and wait until nothing is asked of the model any more."""
        desk = self.window.desk
        desk.set_playing(False)
        assert desk.tracking is not None
        desk.tracking.stop()

        def is_at_rest() -> bool:
            assert desk.tracking is not None and desk.document is not None
            return not desk.tracking.is_running and not any(map(desk.tracking.is_pending, desk.document.prompts))

        self.qtbot.waitUntil(is_at_rest, timeout=60000)


def everything(window: MainWindow) -> dict[str, Any]:
    document = window.desk.document
    assert document is not None
    return {
        "objects": list(document.objects.items()),
        "categories": dict(document.categories),
        "prompts": dict(document.prompts.items()),
        "masks": {cell: (mask.code.counts, mask.iou, mask.score, mask.origin) for cell, mask in document.masks.items()},
        "reviews": dict(document.reviews.items()),
        "attributes": list(document.attributes.items()),
        "tags": dict(document.tags.items()),
        "allows overlaps": document.allows_overlaps,
        "cuts": document.cuts,
        "markers": dict(document.markers),
        "excluded": dict(document.excluded.items()),
        "dismissed": dict(document.dismissed.items()),
    }


def check(window: MainWindow) -> None:
    """The document is whole, and every part of the window shows it as it is."""
    desk, document = window.desk, window.desk.document
    assert document is not None
    ids = set(document.objects)
    for table in (document.masks, document.prompts, document.reviews):
        assert all(cell[0] in ids and 0 <= cell[1] < FRAMES for cell in table)
    assert all(cell in document.masks for cell in document.reviews)
    assert set(desk.selected_objects) <= ids and len(set(desk.selected_objects)) == len(desk.selected_objects)
    assert 0 <= desk.frame < FRAMES
    first, last = desk.range
    assert 0 <= first <= last < FRAMES
    lanes, rows = window.timeline.lanes, window.objects_panel._model
    assert [rows.object_at(rows.index(row)) for row in range(rows.rowCount())] == list(document.objects)
    for object_id in ids:
        shown, wanted = lanes.cells_of(object_id), LaneCells.of(document, object_id)
        assert shown is not None
        assert np.array_equal(shown.states, wanted.states) and np.array_equal(shown.prompts, wanted.prompts)
    assert desk.actions["undo"].isEnabled() == window.desk.project.history.can_undo
    assert desk.actions["redo"].isEnabled() == window.desk.project.history.can_redo


@pytest.mark.parametrize("seed", [1, 2])
def test_a_monkey_at_the_window_breaks_nothing(
    qtbot, window: MainWindow, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkey = Monkey(qtbot, window, seed)
    monkeypatch.setattr(reviewing, "confirm", lambda *_: monkey.chance.random() < 0.5)
    start = everything(window)
    history, deeds = window.desk.project.history, set()
    for _ in range(400):
        monkey.act()
        check(window)
        deeds |= set(history.names[0])
    assert len(deeds) > 25, monkey.done
    monkey.rest()
    while history.can_redo:
        window.desk.actions["redo"].trigger()
    end = everything(window)
    while history.can_undo:
        window.desk.actions["undo"].trigger()
    check(window)
    assert everything(window) == start
    while history.can_redo:
        window.desk.actions["redo"].trigger()
    check(window)
    assert everything(window) == end
