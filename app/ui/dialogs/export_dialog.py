"""Export: format, folder, what goes in; then the progress, and the report of what was read back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.commands import export as exporting
from app.commands.targets import counted
from app.errors import record_bug, sentence_of
from app.jobs.background import run_in_background
from app.ui.desk import Desk
from app.ui.dialogs.options_form import OptionsForm

if TYPE_CHECKING:
    from app.jobs.job import Job
    from exporters.format import Progress
    from exporters.report import Report


_BETWEEN = 16
"""Pixels from a name to what it names."""


class ExportDialog(QDialog):
    """Stays beside the work: it does not block the window, and what is exported is frozen when *Export* is clicked."""

    exported = Signal(object)
    """A Report, when a data set is in its place."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: Job | None = None
        self._target: Path | None = None
        self._written: Path | None = None
        """What has just been written: it is no *earlier* export before it is asked for again."""
        self.setWindowTitle("Export")
        self.setMinimumSize(560, 560)
        self.format = QComboBox()
        self.format.setAccessibleName("Format")
        for name, chosen in exporting.FORMATS.items():
            self.format.addItem(chosen.title, name)
        self.format.currentIndexChanged.connect(self._show_format)
        self._summary = _hint()
        self.folder = QLineEdit()
        self.folder.setAccessibleName("Folder")
        self.folder.textEdited.connect(self._show_facts)
        self.only_range = QCheckBox("Only the range")
        self.only_range.toggled.connect(self._show_facts)
        self.only_worked = QCheckBox()
        self.only_worked.toggled.connect(self._show_facts)
        self.only_verified = QCheckBox("Only what is verified")
        self.replace = QCheckBox("Replace an earlier export there")
        self._facts = QLabel()
        self._options_area = QScrollArea()
        self._options_area.setWidgetResizable(True)
        self._options_area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._options_area.setProperty("role", "panel")
        self._options_area.viewport().setProperty("role", "panel")
        self.options: OptionsForm | None = None
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.hide()
        self._said = QLabel()
        self._said.setWordWrap(True)
        self._said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.export_button = QPushButton("Export")
        self.export_button.setProperty("role", "primary")
        self.export_button.setDefault(True)
        self.export_button.clicked.connect(self._toggle)
        self._open_folder = QPushButton("Show folder")
        self._open_folder.clicked.connect(self._show_folder)
        self._copy_path = QPushButton("Copy path")
        self._copy_path.clicked.connect(self._copy)
        for button in (self._open_folder, self._copy_path):
            button.hide()
        self._lay_out()
        self._show_format()

    def _lay_out(self) -> None:
        self._choose = QPushButton("Choose …")
        self._choose.clicked.connect(self._browse)
        folder_row = QHBoxLayout()
        folder_row.setSpacing(8)
        folder_row.addWidget(self.folder, 1)
        folder_row.addWidget(self._choose)
        rows = QFormLayout()
        rows.setHorizontalSpacing(_BETWEEN)
        rows.setVerticalSpacing(8)
        top = QFormLayout()
        top.setHorizontalSpacing(_BETWEEN)
        self._labels = [QLabel(words) for words in ("Format", "Folder", "What")]
        format_label, folder_label, what_label = self._labels
        top.addRow(format_label, self.format)
        rows.addRow(folder_label, folder_row)
        rows.addRow("", self.replace)
        rows.addRow(what_label, self.only_range)
        rows.addRow("", self.only_worked)
        rows.addRow("", self.only_verified)
        rows.addRow("", self._facts)
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(self._open_folder)
        buttons.addWidget(self._copy_path)
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.export_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(10)
        layout.addLayout(top)
        layout.addWidget(self._summary)
        layout.addLayout(rows)
        layout.addWidget(self._options_area, 1)
        layout.addWidget(self._bar)
        layout.addWidget(self._said)
        layout.addLayout(buttons)

    # --- what is chosen ---

    def refresh(self) -> None:
        """Look at the project again; called whenever the dialog is shown."""
        project = self._desk.project
        if project is None:
            return
        has_range = self._has_range
        self.only_range.setEnabled(has_range and self._job is None)
        self.only_range.setChecked(has_range and self.only_range.isChecked())
        first, last = self._desk.range
        self.only_range.setText(f"Only the range {first:,} to {last:,}" if has_range else "Only the range")
        stride = self._desk.stride
        self.only_worked.setText(f"Only the frames that are worked on, 1 in {stride:,}")
        self.only_worked.setVisible(stride > 1)
        self.only_worked.setChecked(stride > 1 and self.only_worked.isChecked())
        if not self.folder.text():
            self.folder.setText(str(self._proposed()))
        self._show_facts()

    def _proposed(self) -> Path:
        clip = Path(self._desk.project.document.clip.path) if self._desk.project is not None else Path.home()
        return clip.parent / f"{clip.stem}_{self.format.currentData()}"

    def _show_format(self) -> None:
        chosen = exporting.FORMATS[self.format.currentData()]
        self._summary.setText(f"{_sentence(chosen.summary)} {_sentence(chosen.loses)}")
        self.options = OptionsForm(chosen.options)
        self.options.setProperty("role", "panel")
        self._options_area.setWidget(self.options)
        self._line_up(self.options)
        if self._desk.project is not None and self._is_proposal(self.folder.text()):
            self.folder.setText(str(self._proposed()))

    def _line_up(self, options: OptionsForm) -> None:
        """One column of names for the whole dialog."""
        labels = [*self._labels, *options.labels]
        for label in labels:
            label.setMinimumWidth(0)
        width = max(label.sizeHint().width() for label in labels)
        for label in labels:
            label.setMinimumWidth(width)
        self._summary.setContentsMargins(width + _BETWEEN, 0, 0, 4)

    def _is_proposal(self, text: str) -> bool:
        return not text or any(text.endswith(f"_{name}") for name in exporting.FORMATS)

    def _frames(self) -> range | None:
        first, last = self._desk.range if self.only_range.isChecked() else (0, self._desk.frame_count - 1)
        if self.only_worked.isChecked():
            return self._desk.worked_frames(first, last)
        return range(first, last + 1) if self.only_range.isChecked() else None

    def _show_facts(self) -> None:
        document = self._desk.document
        if document is None:
            return
        frames = self._frames()
        cells = [cell for cell in document.masks if frames is None or cell[1] in frames]
        verified = sum(document.is_verified(cell) for cell in cells)
        share = round(100 * verified / len(cells)) if cells else 0
        count = document.clip.frame_count if frames is None else len(frames)
        self._facts.setText(
            f"{counted(len(document.objects), 'object')}, {counted(count, 'frame')}, {counted(len(cells), 'mask')}; "
            f"{share} % verified"
        )
        folder = Path(self.folder.text()).expanduser()
        is_there = bool(self.folder.text()) and folder.exists()
        self.replace.setVisible(is_there and (folder != self._written or self.replace.isChecked()))
        self.export_button.setEnabled(bool(self.folder.text().strip()))

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder for the data set", self.folder.text())
        if folder:
            self.folder.setText(folder)
            self._show_facts()

    # --- the work ---

    def _toggle(self) -> None:
        if self._job is not None:
            self._job.cancel()
        else:
            self.start()

    def start(self) -> None:
        """Freeze the project as it is now and write it in the background."""
        project, form = self._desk.project, self.options
        if project is None or form is None:
            return
        self._target, self._written = Path(self.folder.text()).expanduser(), None
        try:
            work = exporting.export(
                project,
                self._desk.source,
                self.format.currentData(),
                self._target,
                form.value(),
                self._frames(),
                only_verified=self.only_verified.isChecked(),
                overwrite=self.replace.isVisible() and self.replace.isChecked(),
            )
        except Exception as error:
            self._say(sentence_of(error) or record_bug(error, "The export"), "attention")
            return
        self._set_running(True)
        self._say("", "secondary")
        self._job = job = run_in_background(lambda: work, "The export")
        job.progress.connect(self._show_progress)
        job.finished.connect(self._finish)
        job.failed.connect(lambda sentence: self._say(sentence, "attention"))
        job.cancelled.connect(lambda: self._say("Stopped. Nothing was written.", "secondary"))
        job.ended.connect(self._end)

    def _set_running(self, is_running: bool) -> None:
        self._bar.setVisible(is_running)
        self._bar.setRange(0, 0)
        self.export_button.setText("Stop" if is_running else "Export")
        self._set_open(not is_running)
        for button in (self._open_folder, self._copy_path):
            button.hide()

    def _set_open(self, is_open: bool) -> None:
        """Whether what shall be exported can still be changed."""
        parts: tuple[QWidget, ...] = (self.format, self.folder, self._choose, self._options_area)
        for part in (*parts, self.only_worked, self.only_verified, self.replace):
            part.setEnabled(is_open)
        self.only_range.setEnabled(is_open and self._has_range)

    @property
    def _has_range(self) -> bool:
        return self._desk.range_in is not None or self._desk.range_out is not None

    def _show_progress(self, progress: Progress) -> None:
        self._bar.setRange(0, max(1, progress.total))
        self._bar.setValue(progress.done)
        self._say(progress.what, "secondary")

    def _finish(self, report: Report) -> None:
        back = report.readback
        parts = [f"Read back: {back.masks_identical:,} of {back.masks_compared:,} masks equal."]
        parts += [loss.note for loss in report.losses if loss.note]
        parts += report.warnings
        self._say(" ".join(parts), "good" if report.verdict == "pass" else "secondary")
        self._open_folder.show()
        self._copy_path.show()
        self._written = self._target
        self.exported.emit(report)

    def _end(self) -> None:
        self._job = None
        self._bar.hide()
        self.export_button.setText("Export")
        self._set_open(True)
        self._show_facts()

    def _say(self, text: str, role: str) -> None:
        self._said.setProperty("role", role)
        self._said.style().unpolish(self._said)
        self._said.style().polish(self._said)
        self._said.setText(text)

    def _show_folder(self) -> None:
        if self._target is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._target.absolute())))

    def _copy(self) -> None:
        if self._target is not None:
            QGuiApplication.clipboard().setText(str(self._target.absolute()))

    def showEvent(self, event: Any) -> None:
        self._written = None
        self.refresh()
        super().showEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing stops an export; nothing of it stays."""
        if self._job is not None:
            self._job.cancel()
        super().closeEvent(event)


def _sentence(text: str) -> str:
    """The words as a sentence of their own."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _hint() -> QLabel:
    label = QLabel()
    label.setProperty("role", "hint")
    label.setWordWrap(True)
    return label
