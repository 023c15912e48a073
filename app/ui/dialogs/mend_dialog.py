"""Mending masks with a look at the result first: holes, specks, edges, another object's pixels; here or in range."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.commands.mask_editing import MAX_DISTANCE, Combination, Mending, accept_mended, combined, mended, mending_work
from app.document.masks import MaskCode
from app.document.values import Cell
from app.jobs.background import run_in_background
from app.jobs.job import Job
from app.ui import theme
from app.ui.canvas.view import CanvasView
from app.ui.canvas.words import counted, object_name
from app.ui.desk import Desk

MAX_AREA = 10_000_000
_USUAL = {Mending.FILL_HOLES: 1000, Mending.REMOVE_SPECKS: 100, Mending.SMOOTH: 3}
WAYS: tuple[Mending | Combination, ...] = (*Mending, *Combination)


class MendDialog(QDialog):
    """While it is open the canvas shows the mask in view as it would be, and where it was as dots. Blocks nothing."""

    def __init__(self, desk: Desk, canvas: CanvasView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._canvas = desk, canvas
        self._job: Job | None = None
        self.setWindowTitle("Mend masks")
        self.what = QComboBox()
        self.what.addItems([way.value for way in WAYS])
        self.what.insertSeparator(len(Mending))
        self.what.setAccessibleName("What to do")
        self.size_box = QSpinBox()
        self.size_box.setKeyboardTracking(False)
        self.size_box.lineEdit().setTextMargins(*theme.NUMBER_MARGINS)
        self.size_box.setAccessibleName("Size in pixels")
        self.other = QComboBox()
        self.other.setAccessibleName("The other object")
        self.here, self.range = QRadioButton(), QRadioButton()
        scopes = QButtonGroup(self)
        scopes.addButton(self.here)
        scopes.addButton(self.range)
        self.here.setChecked(True)
        self.effect = QLabel()
        self.effect.setProperty("role", "secondary")
        self.apply_button = QPushButton("Apply")
        self.apply_button.setProperty("role", "primary")
        self.apply_button.setDefault(True)
        self.apply_button.clicked.connect(self.apply)
        self._lay_out()
        self.what.currentIndexChanged.connect(self._take_way)
        self.size_box.valueChanged.connect(self._look)
        self.other.currentIndexChanged.connect(self._look)
        scopes.buttonClicked.connect(lambda _: self._describe())
        desk.project_changed.connect(self.close)
        canvas.hint_changed.connect(lambda _: self._describe())
        for changed in (desk.selection_changed, desk.range_changed, desk.document_changed):
            changed.connect(self._follow)
        self._take_way()

    def _lay_out(self) -> None:
        self._size_name = QLabel()
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Do", self.what)
        self._form.addRow(self._size_name, self.size_box)
        self._form.addRow("With", self.other)
        self._form.addRow("On", self.here)
        self._form.addRow("", self.range)
        close = QPushButton("Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.apply_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(10)
        layout.addLayout(self._form)
        layout.addWidget(self.effect)
        layout.addLayout(buttons)
        self.setMinimumWidth(440)

    # --- what is chosen ---

    @property
    def way(self) -> Mending | Combination:
        """What is to be done."""
        place = self.what.currentIndex()
        return WAYS[place if place < len(Mending) else place - 1]  # a line parts the two kinds

    def choose(self, way: Mending | Combination, size: int | None = None) -> None:
        """Choose what to do, and how large."""
        self.what.setCurrentText(way.value)
        if size is not None:
            self.size_box.setValue(size)

    def cells(self) -> list[Cell]:
        """The cells with a mask that *Apply* would change: the one in view, or those of the range nobody verified."""
        document, selected = self._desk.document, self._desk.selected_object
        if document is None or selected is None:
            return []
        masks = document.masks_of(selected)
        if self.here.isChecked():
            frame = self._canvas.shown_frame
            return [(selected, frame)] if frame in masks and not masks[frame].is_absent else []
        first, last = self._desk.range
        return [
            (selected, frame)
            for frame in sorted(masks)
            if first <= frame <= last and not masks[frame].is_absent and not document.is_verified((selected, frame))
        ]

    def _change(self, others: dict[int, MaskCode] | None = None) -> partial[MaskCode]:
        """What happens to one cell's mask. `others` are the other object's masks by frame, taken now."""
        way = self.way
        if isinstance(way, Mending):
            return partial(_mended, way, self.size_box.value())
        return partial(_combined, way, self._others() if others is None else others)

    def _others(self) -> dict[int, MaskCode]:
        document, other = self._desk.document, self.other.currentData()
        if document is None or other not in document.objects:
            return {}
        return {frame: mask.code for frame, mask in document.masks_of(other).items()}

    # --- showing ---

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()
        self.adjustSize()
        corner = self._canvas.mapToGlobal(self._canvas.rect().topRight())
        self.move(corner.x() - self.width() - 12, corner.y() + 12)

    def hideEvent(self, event: QHideEvent) -> None:
        self._canvas.bench.consider_mending(None)
        super().hideEvent(event)

    def _take_way(self) -> None:
        way = self.way
        is_mending = isinstance(way, Mending)
        self._form.setRowVisible(self.size_box, is_mending)
        self._form.setRowVisible(self.other, not is_mending)
        if isinstance(way, Mending):
            self.size_box.blockSignals(True)
            self.size_box.setRange(1, MAX_AREA if way.is_area else MAX_DISTANCE)
            self.size_box.setValue(_USUAL.get(way, 1))
            self.size_box.setSuffix(" px of area" if way.is_area else " px")
            self.size_box.blockSignals(False)
            self._size_name.setText("Up to" if way.is_area else "By")
        self._look()

    def _follow(self, _change: object = None) -> None:
        """Another object, range or document: the other objects may be others, too."""
        document, selected, chosen = self._desk.document, self._desk.selected_objects, self.other.currentData()
        if not self.isVisible() or document is None:
            return
        names = {key: object_name(document, key) for key in document.objects if key != self._desk.selected_object}
        shown = [(self.other.itemData(place), self.other.itemText(place)) for place in range(self.other.count())]
        if shown != list(names.items()):
            self.other.blockSignals(True)
            self.other.clear()
            for key, name in names.items():
                self.other.addItem(name, key)
            wanted = chosen if chosen in names else next((key for key in selected if key in names), None)
            self.other.setCurrentIndex(max(0, self.other.findData(wanted)))
            self.other.blockSignals(False)
        self._look()

    def _look(self, _value: object = None) -> None:
        """Show the mask in view as it would be."""
        if self.isVisible():
            self._canvas.bench.consider_mending(self._change())
            self._describe()

    def _describe(self) -> None:
        if not self.isVisible() or self._job is not None:
            return
        first, last = self._desk.range
        self.here.setText(f"this frame ({self._canvas.shown_frame:,})")
        self.range.setText(f"all masks in {first:,}–{last:,} that are not verified")
        if self.width() < self.sizeHint().width():
            self.adjustSize()
        shown, cells = self._canvas.bench.mended, self.cells()
        if self._desk.selected_object is None:
            words = "Select an object first."
        elif shown is None:
            words = "The object has no mask on this frame."
        else:
            before, after = shown
            gained, lost = after.minus(before).area, before.minus(after).area
            words = f"Here: {gained:,} px more, {lost:,} px less" if gained or lost else "Here nothing would change."
        self.effect.setText(words)
        self.apply_button.setText("Apply" if self.here.isChecked() else f"Apply to {counted(len(cells), 'mask')}")
        self.apply_button.setEnabled(bool(cells))

    # --- doing ---

    def apply(self) -> None:
        """Change the masks, many of them in the background; one step to undo."""
        project, cells = self._desk.project, self.cells()
        if project is None or not cells or self._job is not None:
            return
        before = {cell: project.document.masks[cell].code for cell in cells}
        verb, change, total = self.way.value, self._change(self._others()), len(cells)
        self.apply_button.setEnabled(False)
        self._job = job = run_in_background(lambda: mending_work(before, change), verb)
        job.progress.connect(lambda done: self.effect.setText(f"{done:,} of {total:,} masks"))
        job.finished.connect(lambda codes: self._take(verb, codes, before))
        job.failed.connect(lambda said: self._desk.notice.emit(said, "error"))
        job.ended.connect(self._end)
        self.destroyed.connect(job.cancel)

    def _take(self, verb: str, codes: dict[Cell, MaskCode], before: dict[Cell, MaskCode]) -> None:
        project = self._desk.project
        if project is None:
            return
        is_one = len(before) == 1
        done = self._desk.attempt(lambda: accept_mended(project, verb, codes, before, even_verified=is_one))
        if done is not None:
            changed, left = done
            kept = f" {counted(left, 'mask')} changed meanwhile and stayed." if left else ""
            said = f"{verb}: {counted(changed, 'mask')} changed.{kept}"
            if changed and not is_one:
                self._desk.done_in_bulk.emit(said)
            elif not changed:
                self._desk.notice.emit(f"{verb}: nothing to change.{kept}", "info")

    def _end(self) -> None:
        self._job = None
        self._look()


def _mended(way: Mending, size: int, _cell: Cell, code: MaskCode) -> MaskCode:
    return mended(code, way, size)


def _combined(way: Combination, others: dict[int, MaskCode], cell: Cell, code: MaskCode) -> MaskCode:
    """Without a mask of the other object on the frame nothing changes."""
    return combined(code, others[cell[1]], way) if cell[1] in others else code
