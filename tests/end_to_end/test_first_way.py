"""The whole first way through: from a clip on the disk to a data set, and back the next day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_masks
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from app.ui.dialogs.export_dialog import ExportDialog

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # Said by the offscreen platform alone, when the file dialog completes a path.
    pytest.mark.qt_log_ignore("does not support raise", "does not support grabbing the keyboard"),
]


def open_by_dialog(person: Any, path: Path) -> None:
    """Ctrl+O, the path, Enter."""

    def answer(box: QWidget) -> None:
        assert isinstance(box, QFileDialog)
        field = box.findChild(QLineEdit, "fileNameEdit")
        assert field is not None
        field.setFocus()
        field.selectAll()
        person.qtbot.keyClicks(field, str(path))
        person.qtbot.keyClick(field, Qt.Key.Key_Return)

    with person.qtbot.waitSignal(person.window.projects.opened, timeout=60000), person.dialog(answer):
        person.key("Ctrl+O")
    person.take_over()


def export_by_dialog(person: Any, format_name: str, folder: Path) -> Any:
    """Ctrl+E, format, folder, Export; gives the report."""
    person.key("Ctrl+E")
    dialog = next(found for found in person.window.findChildren(ExportDialog) if found.isVisible())
    dialog.activateWindow()
    person.wait(dialog.isActiveWindow)
    dialog.format.setFocus()
    while dialog.format.currentData() != format_name:
        before = dialog.format.currentIndex()
        person.key("Down")
        assert dialog.format.currentIndex() != before, f"no format {format_name}"
    dialog.folder.setFocus()
    dialog.folder.selectAll()
    person.qtbot.keyClicks(dialog.folder, str(folder))
    with person.qtbot.waitSignal(dialog.exported, timeout=120000) as exported:
        person.press_button(dialog.export_button)
    person.wait(lambda: dialog.export_button.text() == "Export")
    dialog.close()
    person.come_back()
    return exported.args[0]


def check_coco(person: Any, folder: Path) -> None:
    """Every mask of the document is in the file, pixel for pixel, as pycocotools reads it."""
    content = json.loads(next(folder.rglob("*.json")).read_text(encoding="utf-8"))
    frames = {image["id"]: int(Path(image["file_name"]).stem) for image in content["images"]}
    shown = {cell: mask for cell, mask in person.document.masks.items() if not mask.is_absent}
    assert len(content["annotations"]) == len(shown)
    names = {item.name: item.id for item in person.document.objects.values()}
    tracks = {track["id"]: names[track["name"]] for track in content.get("tracks", [])}
    for found in content["annotations"]:
        code = found["segmentation"]
        if isinstance(code["counts"], list):
            code = coco_masks.frPyObjects(code, *code["size"])
        cell = (tracks.get(found.get("track_id"), found.get("track_id")), frames[found["image_id"]])
        assert np.array_equal(coco_masks.decode(code).astype(bool), person.mask(*cell))


def check_davis(person: Any, folder: Path) -> None:
    """Where no two objects overlap, the palette pictures hold every pixel."""
    pictures = sorted(path for path in folder.rglob("*.png") if path.parent.name != "Overlay")
    assert len(pictures) == person.document.clip.frame_count
    for frame, path in enumerate(pictures):
        painted = np.asarray(Image.open(path)) > 0
        wanted = np.zeros_like(painted)
        for mask in person.document.masks_at(frame).values():
            wanted |= mask.code.to_array()
        assert np.array_equal(painted, wanted), path.name


def test_from_a_clip_to_a_data_set_and_back(person: Any, balls: Any, tmp_path: Path) -> None:
    last = balls.frame_count - 1
    open_by_dialog(person, balls.path)
    document, tracking = person.document, person.tracking
    assert (document.clip.frame_count, document.clip.height, document.clip.width) == (balls.frame_count, 360, 640)
    assert not document.objects and not person.history.can_undo

    # Click: the dot stands before the model has answered, then the mask appears.
    person.click(*balls.center("red", 0))
    assert len(document.prompts[1, 0].points) == 1
    person.wait_for_answer((1, 0))
    person.window.canvas.candidates.hide()
    assert not document.masks[1, 0].is_absent
    clicked = document.masks[1, 0]

    # Propagate, and click on another frame while it goes on.
    person.key("T")
    assert tracking.is_running
    person.wait(lambda: len(document.masks_of(1)) > 2)
    reached = person.desk.frame  # the playhead goes with the run until now
    person.key("Shift+Right")
    person.wait_for_frame()
    here = person.desk.frame
    assert here >= reached + 10
    person.key("N")
    person.click(*balls.center("blue", here))
    person.wait_for_answer((2, here))
    assert tracking.is_running, "the run was over before the click was answered"
    person.window.canvas.candidates.hide()

    # Esc stops it within a frame: what was being computed may still come in, and nothing more.
    done = len(document.masks_of(1))
    person.key("Esc")
    end = person.wait_for_end()
    assert end.cancelled
    assert len(document.masks_of(1)) - done <= 2
    assert len(document.masks_of(1)) < balls.frame_count
    assert document.masks[1, 0] == clicked

    # Both objects to the end; undo takes the run back, redo brings it, each as one step.
    person.go_to(0)
    person.key("Ctrl+A")
    before = person.state
    person.run("Ctrl+T")
    assert sorted(document.masks_of(2)) == list(range(balls.frame_count))
    after = person.state
    person.key("Ctrl+Z")
    assert person.state == before
    person.key("Ctrl+Shift+Z")
    assert person.state == after

    # All the way back to the beginning and forth again.
    while person.desk.actions["undo"].isEnabled():
        person.key("Ctrl+Z")
    assert not document.objects and not document.masks and not document.prompts
    while person.desk.actions["redo"].isEnabled():
        person.key("Ctrl+Y")
    assert person.state == after

    coco = export_by_dialog(person, "coco", tmp_path / "as coco")
    check_coco(person, coco.target)
    davis = export_by_dialog(person, "davis", tmp_path / "as davis")
    check_davis(person, davis.target)
    for report in (coco, davis):
        assert report.verdict in ("pass", "pass_with_losses")
        assert report.readback.masks_identical == report.readback.masks_compared > last

    person.reopen()
    assert person.state == after
