"""The window as a whole: from a clip to masks, and back where one left."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from app.ui.window import MainWindow


def click(qtbot, window: MainWindow, x: float, y: float, button=Qt.MouseButton.LeftButton) -> None:
    at = window.canvas.viewportTransform().map(QPointF(x, y)).toPoint()
    qtbot.mouseClick(window.canvas.viewport(), button, pos=at)


def key(qtbot, window: MainWindow, pressed, held=Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(window.focusWidget() or window, pressed, held)


def wait_for_answer(qtbot, window: MainWindow, cell: tuple[int, int]) -> None:
    tracking = window.desk.tracking
    assert tracking is not None
    qtbot.waitUntil(lambda: not tracking.is_pending(cell) and cell in window.desk.document.masks, timeout=30000)


def paint(qtbot, window: MainWindow, x: float, y: float) -> None:
    """Give the object a mask on this frame that does not hang on what the model thinks."""
    window.desk.set_tool("brush")
    window.canvas.set_brush_size(16)
    click(qtbot, window, x, y)
    window.desk.set_tool("point")


def test_an_empty_window_offers_three_ways_in(window: MainWindow) -> None:
    assert window.picture.currentWidget() is window.welcome
    assert [button.text() for button in window.welcome.offers.values()] == [
        "Open a clip …",
        "Open the last project",
        "Try the bundled clip",
    ]
    assert window.welcome.offers["open_clip"].isEnabled()
    assert not window.welcome.offers["open_last"].isEnabled()
    assert not window.timeline.isVisible() and not window.right.isVisible()
    assert window.status.tool.text() == "Ready"


def test_the_empty_window_lists_the_last_projects_with_their_day(tmp_path: Path, window: MainWindow) -> None:
    welcome = window.welcome
    assert not welcome._recent_title.isVisible()
    made = {"park": 0, "yard": 1, "sea": 400}
    for name, days in made.items():
        (tmp_path / f"{name}.masklet").touch()
        then = time.time() - days * 86400
        os.utime(tmp_path / f"{name}.masklet", (then, then))
    welcome.show_recent([tmp_path / f"{name}.masklet" for name in (*made, "gone")])
    texts = [button.text() for button in welcome.findChildren(QPushButton) if button.property("role") == "link"]
    assert texts[:2] == ["park  ·  today", "yard  ·  yesterday"] and texts[3] == "gone  ·  not here"
    assert texts[2].startswith("sea  ·  ") and texts[2][-4:].isdigit()
    chosen: list[str] = []
    welcome.recent_chosen.connect(chosen.append)
    next(button for button in welcome.findChildren(QPushButton) if button.text() == texts[1]).click()
    assert chosen == [str(tmp_path / "yard.masklet")]


def test_opening_a_clip_makes_a_project_file_and_says_where(opened: MainWindow, clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "projects" / f"{clip.name}.masklet"
    assert path.is_file()
    assert any(str(path) in text for text in opened.notices.texts)
    assert opened.windowTitle() == f"{clip.name} — {clip.name} — Masklet Studio"
    assert opened.picture.currentWidget() is opened.canvas
    assert opened.desk.tool == "point"
    assert opened.status.saving.text() == "every step saved"


def test_a_click_makes_an_object_with_a_mask_and_undo_takes_both_back(qtbot, opened: MainWindow) -> None:
    document = opened.desk.document
    assert document is not None
    click(qtbot, opened, 18, 30)
    assert len(document.prompts[1, 0].points) == 1
    wait_for_answer(qtbot, opened, (1, 0))
    key(qtbot, opened, Qt.Key.Key_Escape)
    key(qtbot, opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not document.objects and not document.masks
    assert not opened.desk.actions["undo"].isEnabled()
    key(qtbot, opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert (1, 0) in document.masks


def test_t_propagates_the_plan_is_shown_and_undo_takes_the_run_back(qtbot, opened: MainWindow) -> None:
    document, tracking = opened.desk.document, opened.desk.tracking
    assert document is not None and tracking is not None
    paint(qtbot, opened, 18, 30)
    answer = document.masks[1, 0]
    plans: list[object] = []
    opened.desk.plan_changed.connect(plans.append)
    with qtbot.waitSignal(tracking.run_finished, timeout=15000) as end:
        key(qtbot, opened, Qt.Key.Key_T)
    assert end.args[0].error is None
    assert sorted(document.masks_of(1)) == list(range(16))
    assert document.masks[1, 0] == answer
    assert plans[0] is not None and plans[-1] is None
    key(qtbot, opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert sorted(document.masks_of(1)) == [0]


def test_clicks_work_while_a_run_is_open_and_esc_stops_it(qtbot, opened: MainWindow) -> None:
    document, tracking = opened.desk.document, opened.desk.tracking
    assert document is not None and tracking is not None
    paint(qtbot, opened, 18, 30)
    key(qtbot, opened, Qt.Key.Key_T)
    assert tracking.is_running
    opened.desk.actions["new_object"].trigger()
    click(qtbot, opened, 70, 60)
    assert len(document.prompts[2, 0].points) == 1
    wait_for_answer(qtbot, opened, (2, 0))
    opened.canvas.candidates.hide()
    opened.stop()
    qtbot.waitUntil(lambda: not tracking.is_running, timeout=30000)
    assert (2, 0) in document.masks


def test_t_after_a_stop_goes_on_with_what_is_missing(qtbot, opened: MainWindow) -> None:
    document, tracking = opened.desk.document, opened.desk.tracking
    assert document is not None and tracking is not None
    paint(qtbot, opened, 18, 30)
    seen: list[int] = []
    tracking.run_progress.connect(lambda progress: (seen.append(progress.done), tracking.stop()))
    with qtbot.waitSignal(tracking.run_finished, timeout=15000) as end:
        key(qtbot, opened, Qt.Key.Key_T)
    tracking.run_progress.disconnect()
    done = set(document.masks_of(1))
    if not end.args[0].cancelled:
        pytest.skip("the run was over before it could be stopped")
    plan = opened.propagating.plan("forward")
    assert plan is not None
    assert {frame for _, frame in plan.cells} == set(range(16)) - done
    # The playhead went with the run.
    opened.desk.set_frame(0)
    qtbot.waitUntil(opened.frames.is_shown)
    paint(qtbot, opened, 22, 34)
    again = opened.propagating.plan("forward")
    assert again is not None
    assert {frame for _, frame in again.cells} == set(range(1, 16))


def test_the_next_start_is_where_one_left(
    qtbot, opened: MainWindow, clip: Path, open_clip: Callable[[MainWindow, Path], None], make_window
) -> None:
    click(qtbot, opened, 18, 30)
    wait_for_answer(qtbot, opened, (1, 0))
    mask = opened.desk.document.masks[1, 0]
    opened.desk.set_frame(7)
    opened.desk.set_range(3, 12)
    opened.desk.set_tool("brush")
    qtbot.waitUntil(opened.frames.is_shown)
    opened.canvas.look_at(20.0, QPointF(40, 30))
    path = opened.projects.path
    assert path is not None
    opened.close()
    again = make_window()
    assert again.places.left_open == path
    open_clip(again, path)
    desk = again.desk
    assert (desk.frame, desk.selected_object, desk.tool, desk.range) == (7, 1, "brush", (3, 12))
    assert again.canvas.view_scale == pytest.approx(20.0)
    assert desk.document is not None and desk.document.masks[1, 0] == mask
    assert again.canvas.shown_frame == 7


def test_a_clip_that_was_worked_on_opens_with_its_project(
    qtbot, opened: MainWindow, clip: Path, open_clip: Callable[[MainWindow, Path], None], tmp_path: Path
) -> None:
    click(qtbot, opened, 18, 30)
    assert opened.projects.close()
    open_clip(opened, clip)
    assert opened.desk.document is not None
    assert list(opened.desk.document.objects) == [1]
    assert len(list((tmp_path / "projects").glob("*.masklet"))) == 1


def test_closing_the_project_gives_the_empty_window_back(opened: MainWindow) -> None:
    opened.desk.actions["close_project"].trigger()
    assert opened.picture.currentWidget() is opened.welcome
    assert opened.places.left_open is None
    assert opened.welcome.offers["open_last"].isEnabled()
    assert opened.desk.project is None


def test_closing_the_window_stops_every_thread(opened: MainWindow) -> None:
    names = {thread.name for thread in threading.enumerate()}
    assert {"inference", "frame loader"} <= names
    opened.close()
    left = {thread.name for thread in threading.enumerate()}
    assert not {"inference", "frame loader"} & left
    assert not any(name.startswith("writer of") for name in left)


def test_what_cannot_be_opened_becomes_a_notice_and_the_window_stays_as_it_was(
    qtbot, opened: MainWindow, tmp_path: Path
) -> None:
    bad = tmp_path / "walk.mp4"
    bad.write_text("this is no video")
    project = opened.desk.project
    opened.projects.open_anything(bad)
    qtbot.waitUntil(lambda: not opened.projects.is_opening)
    assert any("walk.mp4" in text for text in opened.notices.texts)
    assert opened.desk.project is project


def test_a_project_whose_clip_is_gone_asks_for_it_and_takes_only_the_right_one(
    qtbot, opened: MainWindow, clip: Path, tmp_path: Path, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    import shutil

    copy = tmp_path / "moved away"
    shutil.copytree(clip, copy)
    open_clip(opened, copy)
    path = opened.projects.path
    assert path is not None
    opened.projects.close()
    elsewhere = tmp_path / "found again"
    copy.rename(elsewhere)
    opened.projects.clip_missing.disconnect()
    with qtbot.waitSignal(opened.projects.clip_missing, timeout=10000) as missing:
        opened.projects.open_project(path)
    assert missing.args[0] == str(path) and "moved away" in missing.args[1]
    shorter = tmp_path / "shorter"
    shutil.copytree(elsewhere, shorter)
    (shorter / "00000.png").unlink()
    opened.projects.open_project(path, shorter)
    qtbot.waitUntil(lambda: not opened.projects.is_opening)
    assert any("is not the clip of" in text for text in opened.notices.texts)
    with qtbot.waitSignal(opened.projects.opened, timeout=10000):
        opened.projects.open_project(path, elsewhere)
    assert opened.desk.source is not None and opened.desk.source.path == elsewhere


def test_a_project_that_is_open_elsewhere_is_opened_to_look_at(
    qtbot, opened: MainWindow, make_window, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    path = opened.projects.path
    assert path is not None
    other = make_window()
    open_clip(other, path)
    assert other.status.saving.text() == "in memory only"
    assert any("look at only" in text for text in other.notices.texts)
    other.close()
    assert opened.status.saving.text() == "every step saved"


def test_a_copy_opens_with_the_same_work(
    qtbot, opened: MainWindow, tmp_path: Path, open_clip: Callable[[MainWindow, Path], None]
) -> None:
    click(qtbot, opened, 18, 30)
    opened.projects.save_copy(tmp_path / "a copy")
    assert (tmp_path / "a copy.masklet").is_file()
    open_clip(opened, tmp_path / "a copy.masklet")
    assert opened.desk.document is not None
    assert len(opened.desk.document.prompts[1, 0].points) == 1


def test_drops_say_what_they_do_and_do_it(qtbot, window: MainWindow, clip: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(clip))])
    where, copy = QPoint(50, 50), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dragEnterEvent(QDragEnterEvent(where, copy, data, left, none))
    assert window.drop_hint.isVisible()
    assert window.drop_hint.text() == f"Open the folder of images {clip.name}"
    with qtbot.waitSignal(window.projects.opened, timeout=20000):
        window.dropEvent(QDropEvent(QPointF(where), copy, data, left, none))
    assert not window.drop_hint.isVisible()


def test_a_small_window_folds_the_right_panel_and_keeps_lane_and_transport(qtbot, opened: MainWindow) -> None:
    opened.resize(1024, 640)
    qtbot.waitUntil(lambda: opened.right.is_folded)
    assert opened.right.width() < 60
    assert opened.timeline.height() < 230
    assert opened.canvas.height() > 250
    opened.right.buttons[0].click()
    assert not opened.right.is_folded
    opened.right.buttons[0].click()
    assert opened.right.is_folded
    opened.resize(1440, 900)
    qtbot.waitUntil(lambda: not opened.right.is_folded)


def test_the_canvas_alone_hides_everything_else_and_brings_it_back(opened: MainWindow) -> None:
    opened.desk.actions["canvas_only"].trigger()
    assert not opened.rail.isVisible() and not opened.timeline.isVisible() and not opened.top_bar.isVisible()
    opened.desk.actions["canvas_only"].trigger()
    assert opened.rail.isVisible() and opened.timeline.isVisible() and opened.top_bar.isVisible()


def test_themes_change_without_a_restart(opened: MainWindow) -> None:
    from app.ui import theme

    opened.desk.actions["theme_light"].trigger()
    assert theme.current() is theme.LIGHT
    assert opened.places.theme == "light"
    image = opened.grab().toImage()
    assert image.pixelColor(opened.width() // 2 + 300, 4).lightness() > 200
    opened.desk.actions["theme_dark"].trigger()
    assert opened.grab().toImage().pixelColor(opened.width() // 2 + 300, 4).lightness() < 80


def test_every_widget_that_takes_the_focus_has_a_name_and_a_role(opened: MainWindow) -> None:
    opened.desk.actions["new_object"].trigger()
    opened.objects_panel.details_button.click()
    reached = [
        widget
        for widget in opened.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None and widget.window() is opened
    ]
    assert len(reached) > 40
    nameless = []
    for widget in reached:
        told = QAccessible.queryAccessibleInterface(widget)
        if not told.text(QAccessible.Text.Name) or told.role() is QAccessible.Role.NoRole:
            nameless.append((type(widget).__name__, type(widget.parentWidget()).__name__, widget.toolTip()))
    assert not nameless, "\n".join(map(str, nameless))


def test_frames_that_cannot_be_read_are_told_and_passed(qtbot, opened: MainWindow) -> None:
    class Broken:
        frame_count, times = opened.desk.source.frame_count, opened.desk.source.times

        def read(self, frame: int) -> np.ndarray:
            from app.media.source import ClipError

            raise ClipError(f"Frame {frame} cannot be decoded.")

    opened.frames.loader.set_source(Broken())  # type: ignore[arg-type]
    opened.desk.set_frame(5)
    qtbot.waitUntil(lambda: "Frame 5 cannot be decoded." in opened.notices.texts)
    assert opened.canvas.shown_frame == 5
    opened.frames.loader.set_source(opened.desk.source)


def test_notices_are_counted_not_repeated_and_errors_stay(window: MainWindow) -> None:
    for _ in range(3):
        window.desk.notice.emit("The disk is full.", "error")
    window.desk.notice.emit("Undone: Box", "info")
    window.desk.notice.emit("Redone: Box", "info")
    assert window.notices.texts == ["The disk is full.", "Redone: Box"]
    assert window.notices._notices[0].count == 3
    assert not window.notices._notices[0].timer.isActive()
    assert window.notices._notices[1].timer.isActive()
    window.notices._notices[0].close_button.click()
    assert window.notices.texts == ["Redone: Box"]
    QApplication.processEvents()


def test_prompts_of_a_file_are_applied_and_propagated_once_the_clip_is_open(
    qtbot, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    import json

    from app.ui.start import apply_when_open

    file = tmp_path / "prompts.json"
    given = {"objects": [{"name": "square", "prompts": [{"frame": 0, "box": [8, 20, 28, 40]}]}]}
    file.write_text(json.dumps(given))
    apply_when_open(window, file, propagate=True)
    window.projects.open_anything(clip)
    qtbot.waitUntil(lambda: window.desk.tracking is not None and window.desk.tracking.is_running, timeout=20000)
    document, tracking = window.desk.document, window.desk.tracking
    assert document is not None and tracking is not None
    assert document.objects[1].name == "square"
    qtbot.waitUntil(lambda: not tracking.is_running, timeout=60000)
    assert sorted(document.masks_of(1)) == list(range(16))
    assert window.desk.selected_object == 1
    window.projects.close()
    apply_when_open(window, file, propagate=True)
    with qtbot.waitSignal(window.projects.opened, timeout=20000):
        window.projects.open_anything(clip)
    assert list(window.desk.document.objects) == [1], "prompts are not given twice"


def test_a_prompts_file_with_faults_is_told_and_the_clip_stays_open(
    qtbot, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    from app.ui.start import apply_when_open

    file = tmp_path / "prompts.json"
    file.write_text("{")
    apply_when_open(window, file, propagate=True)
    with qtbot.waitSignal(window.projects.opened, timeout=20000):
        window.projects.open_anything(clip)
    qtbot.waitUntil(lambda: any("prompts.json" in text for text in window.notices.texts))
    assert window.desk.document is not None and not window.desk.document.objects


def test_work_that_cannot_be_written_is_not_closed_unasked(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.document.project import ProjectError

    store = opened.desk.project.store

    def full() -> None:
        raise ProjectError("The disk is full; 2 steps are not saved yet.")

    asked: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(store, "flush", full)
        patch.setattr(opened.filing, "may_lose", lambda sentence: bool(asked.append(sentence)))
        opened.close()
        assert opened.isVisible() and opened.desk.project is not None
        assert asked == ["The disk is full; 2 steps are not saved yet."]
        opened.projects.problem_changed.emit("The disk is full; 2 steps are not saved yet.")
        assert "not on disk yet" in opened.status.saving.text()
        opened.projects.problem_changed.emit("")
        assert opened.status.saving.text() == "every step saved"
    opened.close()
    assert not opened.isVisible()
