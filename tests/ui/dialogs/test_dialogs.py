from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from app.document.project import Project
from app.inference.checkpoints import BUILT_IN_PATH, Checkpoint
from app.ui.desk import Desk
from app.ui.dialogs.about_dialog import AboutDialog, version
from app.ui.dialogs.export_dialog import ExportDialog
from app.ui.dialogs.models_dialog import ModelsDialog
from app.ui.dialogs.options_form import OptionsForm


@dataclass(frozen=True)
class Options:
    split: str = field(default="train", metadata={"title": "Split"})
    with_images: bool = True
    quality: int = 95
    kind: str = field(default="png", metadata={"choices": ("jpg", "png")})


def test_a_form_shows_every_option_with_its_default_and_gives_back_what_is_entered(qtbot: QtBot) -> None:
    form = OptionsForm(Options)
    qtbot.addWidget(form)
    assert form.value() == Options()
    form.findChild(QLineEdit).setText("val")
    form.findChild(QCheckBox).setChecked(False)
    form.findChild(QSpinBox).setValue(80)
    form.findChild(QComboBox).setCurrentText("jpg")
    assert form.value() == Options("val", False, 80, "jpg")


@pytest.fixture
def dialog(qtbot: QtBot, desk: Desk) -> ExportDialog:
    dialog = ExportDialog(desk)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


@pytest.mark.parametrize("name", ["coco", "davis"])
def test_an_export_is_written_and_read_back(qtbot: QtBot, dialog: ExportDialog, name: str, tmp_path: Path) -> None:
    dialog.format.setCurrentIndex(dialog.format.findData(name))
    dialog.folder.setText(str(tmp_path / "out"))
    with qtbot.waitSignal(dialog.exported, timeout=20_000) as told:
        dialog.export_button.click()
    report = told.args[0]
    assert report.readback.masks_identical == report.readback.masks_compared == 12
    assert (tmp_path / "out").is_dir()
    assert json.loads((tmp_path / "out.report.json").read_text())["verdict"].startswith("pass")
    qtbot.waitUntil(lambda: dialog.export_button.text() == "Export")
    assert any("Read back: 12 of 12 masks equal." in label.text() for label in dialog.findChildren(QLabel))


def test_what_is_exported_cannot_be_changed_while_it_is_written(
    qtbot: QtBot, dialog: ExportDialog, desk: Desk, tmp_path: Path
) -> None:
    desk.set_range(0, 5)
    dialog.refresh()
    inputs = (dialog.format, dialog.folder, dialog.only_range, dialog.only_verified, dialog.replace)
    assert all(part.isEnabled() for part in inputs)
    dialog.folder.setText(str(tmp_path / "out"))
    with qtbot.waitSignal(dialog.exported, timeout=20_000):
        dialog.export_button.click()
        assert not any(part.isEnabled() for part in inputs)
    qtbot.waitUntil(lambda: all(part.isEnabled() for part in inputs))


def test_the_dialog_counts_what_goes_in(dialog: ExportDialog, desk: Desk) -> None:
    assert any(label.text() == "2 objects, 24 frames, 12 masks; 0 % verified" for label in dialog.findChildren(QLabel))
    desk.set_range(0, 5)
    dialog.refresh()
    dialog.only_range.setChecked(True)
    assert any(label.text() == "2 objects, 6 frames, 6 masks; 0 % verified" for label in dialog.findChildren(QLabel))


def test_an_earlier_export_is_only_replaced_when_asked(qtbot: QtBot, dialog: ExportDialog, tmp_path: Path) -> None:
    dialog.folder.setText(str(tmp_path / "out"))
    with qtbot.waitSignal(dialog.exported, timeout=20_000):
        dialog.start()
    qtbot.waitUntil(lambda: dialog.export_button.text() == "Export")
    with qtbot.assertNotEmitted(dialog.exported, wait=500):
        dialog.start()
    assert any("out" in label.text() and label.property("role") == "attention" for label in dialog.findChildren(QLabel))
    dialog.refresh()
    dialog.replace.setChecked(True)
    with qtbot.waitSignal(dialog.exported, timeout=20_000):
        dialog.start()
    qtbot.waitUntil(lambda: dialog.export_button.text() == "Export")


def test_what_has_just_been_written_is_called_an_earlier_export_only_when_asked_for_again(
    qtbot: QtBot, dialog: ExportDialog, tmp_path: Path
) -> None:
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.show()
    with qtbot.waitSignal(dialog.exported, timeout=20_000):
        dialog.start()
    qtbot.waitUntil(lambda: dialog.export_button.text() == "Export")
    assert not dialog.replace.isVisible()
    dialog.start()
    qtbot.waitUntil(dialog.replace.isVisible)
    assert any("exists already" in label.text() for label in dialog.findChildren(QLabel))


def test_nothing_to_export_is_a_sentence(qtbot: QtBot, dialog: ExportDialog, project: Project, tmp_path: Path) -> None:
    from app.commands.objects import delete_objects

    delete_objects(project, [1, 2])
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.start()
    assert any("nothing to export" in label.text().lower() for label in dialog.findChildren(QLabel))
    assert not (tmp_path / "out").exists()


def test_a_weight_file_from_anywhere_can_be_chosen(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "mine.pt"
    file.write_bytes(b"weights")
    dialog = ModelsDialog(desk)
    qtbot.addWidget(dialog)
    dialog.add_path(file)
    dialog.device.setCurrentIndex(dialog.device.findData("cpu"))
    with qtbot.waitSignal(dialog.chosen) as told:
        dialog._use()
    assert told.args == [Checkpoint("mine", "mine", file, "file"), "cpu"]


def test_the_built_in_model_stands_first(qtbot: QtBot, desk: Desk) -> None:
    dialog = ModelsDialog(desk)
    qtbot.addWidget(dialog)
    assert dialog.list.item(0).text().startswith("Built-in model")
    assert dialog.list.item(0).toolTip() == str(BUILT_IN_PATH)


def test_a_fine_tuned_model_is_offered_by_what_its_card_calls_it(
    qtbot: QtBot, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "walk.pt").write_bytes(b"weights")
    title = "walk (Built-in model, fine-tuned, J&F 71.0 → 74.5)"
    (tmp_path / "walk.json").write_text(json.dumps({"kind": "fine-tuned", "title": title}))
    monkeypatch.setenv("MASKLET_CHECKPOINTS", str(tmp_path))
    dialog = ModelsDialog(desk)
    qtbot.addWidget(dialog)
    rows = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert any(row.startswith(title) and row.endswith("fine-tuned") for row in rows)


def test_about_tells_the_version(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    assert any(version() in label.text() for label in dialog.findChildren(QLabel))
