"""Suggested objects in the whole window: shown, filtered, picked, added in one step, and left without a trace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.document.masks import MaskCode
from app.inference.engine import EngineError, Suggestion, SuggestionStep
from app.inference.inline_engine import InlineEngine
from app.jobs.background import close_background
from app.ui.places import Places
from app.ui.window import MainWindow

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NO_KEY = Qt.KeyboardModifier.NoModifier
HEIGHT, WIDTH = 72, 96
WHOLE, PART, SPECK, DOUBTFUL = (
    (0.9, 10, 10, 50, 50),
    (0.8, 20, 20, 30, 30),
    (0.95, 90, 2, 92, 4),
    (0.45, 60, 40, 90, 70),
)


def code(x0: int, y0: int, x1: int, y1: int) -> MaskCode:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y0:y1, x0:x1] = True
    return MaskCode.from_array(mask)


class Finder(InlineEngine):
    """The engine, which finds the same four things on every frame, in steps that the test lets go."""

    may_step = threading.Semaphore(0)
    fault = ""

    def suggest(self, frame: int) -> Iterator[SuggestionStep]:  # type: ignore[override]
        for done in (1, 2):
            self.may_step.acquire(timeout=20)
            yield SuggestionStep(done, 2)
        if self.fault:
            raise EngineError(self.fault)
        yield SuggestionStep(2, 2, (suggested(SPECK), suggested(WHOLE)))
        yield SuggestionStep(2, 2, (suggested(PART), suggested(DOUBTFUL)))


def suggested(thing: tuple[float, int, int, int, int]) -> Suggestion:
    return Suggestion(code(*thing[1:]), thing[0])


@pytest.fixture
def window(qtbot, places: Places, tmp_path: Path, clip: Path, open_clip) -> Iterator[MainWindow]:
    Finder.may_step, Finder.fault = threading.Semaphore(0), ""
    made = MainWindow(places=places, engine_factory=Finder, project_folder=tmp_path / "projects")
    made.resize(1440, 900)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    made.models.show()
    open_clip(made, clip)
    qtbot.waitUntil(lambda: made.desk.tracking.status.state == "ready", timeout=60000)
    yield made
    Finder.may_step.release(1000)
    made.close()
    made.deleteLater()
    close_background()


@pytest.fixture
def press(qtbot, window: MainWindow) -> Callable[..., None]:
    """Press a key on the canvas."""
    return lambda key, held=Qt.KeyboardModifier.NoModifier: qtbot.keyClick(window.canvas, key, held)


@pytest.fixture
def click(qtbot, window: MainWindow) -> Callable[..., None]:
    """Click on a pixel of the frame."""

    def at(x: float, y: float, button: Qt.MouseButton = LEFT) -> None:
        place = window.canvas.viewportTransform().map(QPointF(x + 0.5, y + 0.5)).toPoint()
        qtbot.mouseMove(window.canvas.viewport(), place)
        qtbot.mouseClick(window.canvas.viewport(), button, pos=place)

    return at


@pytest.fixture
def offered(qtbot, window: MainWindow, press) -> MainWindow:
    """The window with the search done and its suggestions on the picture."""
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    Finder.may_step.release(2)
    qtbot.waitUntil(lambda: window.canvas.suggestions.is_open and not window.canvas.suggestions.is_searching)
    return window


def masks_picked(window: MainWindow) -> list[MaskCode]:
    suggestions = window.canvas.suggestions
    return [suggestions.found[place].mask for place in sorted(suggestions.picked)]


def everything(window: MainWindow) -> tuple[object, ...]:
    document, project = window.desk.document, window.desk.project
    assert document is not None and project is not None
    return dict(document.objects), dict(document.masks), dict(document.prompts), project.history.names


def test_the_panel_says_how_far_the_search_is_and_how_long_it_took(qtbot, window, press):
    panel, suggestions = window.canvas.suggestions_panel, window.canvas.suggestions
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert panel.isVisible() and panel.progress.isVisible() and "frame 0" in panel.title.text()
    Finder.may_step.release()
    qtbot.waitUntil(lambda: suggestions.done == 1)
    assert panel.progress.value() == 1 and panel.progress.maximum() == 2 and "s left" in panel.state.text()
    Finder.may_step.release()
    qtbot.waitUntil(lambda: not suggestions.is_searching)
    assert not panel.progress.isVisible() and "2 of 4 shown, found in" in panel.state.text()


def test_escape_leaves_at_once_and_without_a_trace_in_the_search_and_after_it(qtbot, window, press, click):
    before = everything(window)
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    press(Qt.Key.Key_Escape)
    assert not window.canvas.suggestions.is_open and not window.canvas.suggestions_panel.isVisible()
    Finder.may_step.release(4)
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: window.canvas.suggestions.is_choosing)
    click(15, 15)
    assert window.canvas.suggestions.picked
    press(Qt.Key.Key_Escape)
    assert not window.canvas.suggestions.is_open and everything(window) == before


def test_a_click_in_the_search_is_the_tools_and_is_answered_before_the_search_ends(qtbot, window, press, click):
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    Finder.may_step.release()
    qtbot.waitUntil(lambda: window.canvas.suggestions.done == 1)
    click(70, 10)
    Finder.may_step.release()
    qtbot.waitUntil(lambda: not window.desk.tracking.is_pending((1, 0)))
    assert (1, 0) in window.desk.document.prompts and (1, 0) in window.desk.document.masks


def test_clicks_pick_and_unpick_the_smallest_and_a_right_click_takes_what_lies_beneath(offered, click):
    click(25, 25)
    assert masks_picked(offered) == [code(*PART[1:])]
    click(25, 25)
    assert masks_picked(offered) == []
    click(25, 25, RIGHT)
    assert masks_picked(offered) == [code(*WHOLE[1:])]
    click(25, 25, RIGHT)
    assert masks_picked(offered) == [code(*PART[1:])]
    click(80, 10)
    assert len(masks_picked(offered)) == 1


def test_hovering_shows_which_one_a_click_would_pick_and_how_good_it_is(qtbot, offered, click):
    suggestions, panel = offered.canvas.suggestions, offered.canvas.suggestions_panel
    suggestions.hover(12, 12)
    assert suggestions.found[suggestions.hovered].mask == code(*WHOLE[1:])
    assert "quality 90" in panel.hovered_words() and "23 %" in panel.hovered_words()
    suggestions.hover(80, 10)
    assert suggestions.hovered is None and panel.hovered_words() == ""


def test_the_filters_act_at_once_and_what_they_hide_is_no_longer_picked(offered):
    suggestions, panel = offered.canvas.suggestions, offered.canvas.suggestions_panel
    assert len(suggestions.shown) == 2
    panel.share.setValue(0)
    panel.quality.setValue(40)
    assert len(suggestions.shown) == 4 and "4 of 4" in panel.state.text()
    panel.all_button.click()
    assert len(suggestions.picked) == 4 and panel.add_button.text() == "Add 4 objects"
    panel.quality.setValue(85)
    assert len(suggestions.shown) == 2 and panel.add_button.text() == "Add 2 objects"
    panel.none_button.click()
    assert not suggestions.picked and not panel.add_button.isEnabled()


def test_adding_makes_objects_with_mask_prompts_in_one_step(offered, press, click):
    document, history = offered.desk.document, offered.desk.project.history
    steps = len(history.names[0])
    click(25, 25)
    click(12, 12)
    press(Qt.Key.Key_Return)
    assert not offered.canvas.suggestions.is_open
    assert len(document.objects) == 2 and offered.desk.selected_objects == tuple(document.objects)
    assert {document.prompts[number, 0].mask for number in document.objects} == {code(*PART[1:]), code(*WHOLE[1:])}
    assert not any(offered.desk.tracking.is_pending((number, 0)) for number in document.objects)
    assert len(history.names[0]) == steps + 1
    assert "Added 2 objects on frame 0" in " ".join(offered.notices.texts)
    history.undo()
    assert not document.objects and not document.masks and not document.prompts


def test_what_is_an_object_already_is_marked_and_cannot_be_picked(qtbot, offered, press, click):
    click(12, 12)
    press(Qt.Key.Key_Return)
    Finder.may_step.release(2)
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    suggestions, panel = offered.canvas.suggestions, offered.canvas.suggestions_panel
    qtbot.waitUntil(lambda: suggestions.is_open and not suggestions.is_searching)
    assert [one.there for one in suggestions.found if one.mask == code(*WHOLE[1:])] == ["object 1"]
    assert "1 already there" in panel.state.text()
    click(12, 12)
    panel.all_button.click()
    assert masks_picked(offered) == [code(*PART[1:])]
    suggestions.hover(12, 12)
    assert panel.hovered_words() == "object 1: already there"
    # Taken back while the suggestions stand, it is one of them again.
    offered.desk.project.history.undo()
    assert not any(one.there for one in suggestions.found)


@pytest.mark.parametrize("deed", ["another frame", "another tool", "the key again", "the project closed"])
def test_suggestions_go_when_the_person_turns_to_something_else(qtbot, offered, press, deed):
    deeds = {
        "another frame": lambda: press(Qt.Key.Key_D),
        "another tool": lambda: press(Qt.Key.Key_B),
        "the key again": lambda: press(Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier),
        "the project closed": lambda: offered.projects.close(),
    }
    deeds[deed]()
    qtbot.waitUntil(lambda: not offered.canvas.suggestions.is_open)
    assert not offered.canvas.suggestions_panel.isVisible()


def test_the_panel_can_be_dragged_out_of_the_way_but_not_out_of_the_view(qtbot, offered):
    panel, view = offered.canvas.suggestions_panel, offered.canvas.viewport()
    at_first = panel.pos()
    grip = QPoint(5, 5)

    def drag(by: QPoint) -> None:
        qtbot.mousePress(panel, LEFT, pos=grip)
        moved = QMouseEvent(QMouseEvent.Type.MouseMove, QPointF(grip + by), QPointF(grip + by), LEFT, LEFT, NO_KEY)
        QApplication.sendEvent(panel, moved)
        qtbot.mouseRelease(panel, LEFT, pos=grip)

    drag(QPoint(-200, 30))
    assert panel.pos() == at_first + QPoint(-200, 30)
    offered.canvas.suggestions.pick_all()
    offered.canvas.zoom(1.5)
    assert panel.pos() == at_first + QPoint(-200, 30)
    drag(QPoint(-5000, 5000))
    assert view.rect().contains(panel.geometry())


def test_a_search_that_fails_says_why(qtbot, window, press):
    Finder.fault = "Frame 0 cannot be decoded."
    Finder.may_step.release(2)
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: "Frame 0 cannot be decoded." in window.notices.texts)
    assert not window.canvas.suggestions.is_open


def test_another_model_looks_at_the_frame_anew(qtbot, window, press):
    press(Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    Finder.may_step.release()
    qtbot.waitUntil(lambda: window.canvas.suggestions.done == 1)
    window.desk.tracking.restart()
    Finder.may_step.release(3)
    qtbot.waitUntil(lambda: window.canvas.suggestions.is_choosing, timeout=20000)
    assert len(window.canvas.suggestions.found) == 4
