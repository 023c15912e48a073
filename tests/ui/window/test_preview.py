"""Looking first: the mask follows a point that is dragged, and Shift shows what a click would give."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from app.commands.objects import set_object_frozen
from app.ui.window import MainWindow
from sam2_core.checkpoint import load_model, save_checkpoint
from sam2_core.model.sam2 import Sam2Model

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(scope="module")
def weights(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another narrow model, a louder one: its masks have pixels, and differ from click to click."""
    torch.manual_seed(35)
    model = Sam2Model(load_model(weights).config).eval()
    with torch.no_grad():
        for name, values in model.named_parameters():
            if name.startswith("sam_mask_decoder") and values.dim() > 1:
                values.mul_(1.5)
    path = tmp_path_factory.mktemp("louder") / "louder.pt"
    save_checkpoint(path, model)
    return path


def place_of(window: MainWindow, x: float, y: float) -> QPointF:
    """The whole pixel of the view that shows this place of the frame."""
    return QPointF(window.canvas.viewportTransform().map(QPointF(x, y)).toPoint())


def move(
    window: MainWindow, x: float, y: float, buttons: Qt.MouseButton = NONE, held=Qt.KeyboardModifier.NoModifier
) -> None:
    at = place_of(window, x, y)
    kind = QEvent.Type.MouseMove
    window.canvas.mouseMoveEvent(QMouseEvent(kind, at, window.canvas.mapToGlobal(at), NONE, buttons, held))


def press(qtbot, window: MainWindow, x: float, y: float) -> None:
    qtbot.mousePress(window.canvas.viewport(), LEFT, pos=place_of(window, x, y).toPoint())


def release(qtbot, window: MainWindow, x: float, y: float) -> None:
    qtbot.mouseRelease(window.canvas.viewport(), LEFT, pos=place_of(window, x, y).toPoint())


@pytest.fixture
def clicked(qtbot, opened: MainWindow) -> MainWindow:
    """One object with one point and the mask that answers it."""
    press(qtbot, opened, 20, 30)
    release(qtbot, opened, 20, 30)
    document = opened.desk.document
    assert document is not None
    qtbot.waitUntil(lambda: (1, 0) in document.masks, timeout=60_000)
    opened.canvas.cancel()
    return opened


def test_the_mask_follows_a_point_and_the_document_waits_for_the_drop(qtbot, clicked: MainWindow) -> None:
    document, preview = clicked.desk.document, clicked.canvas.bench.preview
    assert document is not None and clicked.desk.project is not None
    mask, step = document.masks[1, 0], clicked.desk.project.history.undo_name
    press(qtbot, clicked, 20, 30)
    move(clicked, 60, 50, LEFT)
    qtbot.waitUntil(lambda: preview.moved is not None, timeout=30_000)
    shown = preview.moved
    assert shown is not None and not shown.is_empty and shown != mask.code
    assert clicked.canvas.labels.layers[-1].mask == shown
    assert document.masks[1, 0] == mask and clicked.desk.project.history.undo_name == step
    release(qtbot, clicked, 60, 50)
    assert preview.moved == shown, "until the answer is there, the old mask does not flash up"
    qtbot.waitUntil(lambda: preview.moved is None, timeout=30_000)
    assert document.masks[1, 0].code == shown
    assert [point.x for point in document.prompts[1, 0].points] == pytest.approx([60], abs=0.2)


def test_esc_puts_point_and_mask_back(qtbot, clicked: MainWindow) -> None:
    document, preview = clicked.desk.document, clicked.canvas.bench.preview
    assert document is not None
    press(qtbot, clicked, 20, 30)
    move(clicked, 60, 50, LEFT)
    qtbot.waitUntil(lambda: preview.moved is not None, timeout=30_000)
    clicked.stop()
    assert preview.moved is None
    assert all(layer.mask == document.masks[1, 0].code for layer in clicked.canvas.labels.layers)
    release(qtbot, clicked, 60, 50)
    assert len(document.prompts[1, 0].points) == 1


def test_shift_over_the_picture_shows_what_a_click_would_give(qtbot, clicked: MainWindow) -> None:
    document, preview = clicked.desk.document, clicked.canvas.bench.preview
    assert document is not None
    before = document.masks[1, 0]
    move(clicked, 70, 60)
    assert preview.considered is None
    qtbot.keyPress(clicked.canvas, Qt.Key.Key_Shift)
    qtbot.waitUntil(lambda: preview.considered is not None, timeout=30_000)
    assert document.masks[1, 0] == before and len(document.prompts[1, 0].points) == 1
    qtbot.keyRelease(clicked.canvas, Qt.Key.Key_Shift)
    assert preview.considered is None


def test_a_click_with_shift_is_recorded_and_a_new_object_can_be_looked_at(qtbot, opened: MainWindow) -> None:
    document, preview = opened.desk.document, opened.canvas.bench.preview
    assert document is not None
    qtbot.waitUntil(lambda: opened.desk.tracking.status.state == "ready", timeout=60_000)  # type: ignore[union-attr]
    move(opened, 20, 30, held=SHIFT)
    qtbot.waitUntil(lambda: preview.considered is not None, timeout=30_000)
    considered = preview.considered
    assert not document.objects
    qtbot.mouseClick(opened.canvas.viewport(), LEFT, SHIFT, place_of(opened, 20, 30).toPoint())
    assert preview.considered is None
    qtbot.waitUntil(lambda: (1, 0) in document.masks, timeout=30_000)
    assert document.masks[1, 0].code == considered


def test_nothing_is_looked_at_for_a_frozen_object_or_another_frame(qtbot, clicked: MainWindow) -> None:
    preview, desk = clicked.canvas.bench.preview, clicked.desk
    move(clicked, 70, 60, held=SHIFT)
    qtbot.waitUntil(lambda: preview.considered is not None, timeout=30_000)
    desk.set_frame(3)
    qtbot.waitUntil(clicked.frames.is_shown)
    assert preview.considered is None
    assert desk.project is not None
    set_object_frozen(desk.project, 1, True)
    move(clicked, 70, 60, held=SHIFT)
    assert preview.considered is None and preview._asked is None
