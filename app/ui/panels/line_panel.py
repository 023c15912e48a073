"""The runs that wait in line: what each will do, in which order, and why one could not be done."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListWidgetItem, QPushButton, QWidget

from app.ui.list_dialog import ListDialog, button_row
from app.ui.run_line import RunLine
from app.ui.waiting_runs import WaitingRun

_RUN = Qt.ItemDataRole.UserRole


class LinePanel(ListDialog):
    """Stays beside the work and follows the line. Alt+Up and Alt+Down move a run, Delete takes it out."""

    def __init__(self, line: RunLine, parent: QWidget | None = None) -> None:
        super().__init__("Runs in line", "Runs in line", parent)
        self._line = line
        self.setMinimumSize(560, 340)
        self.list.setWordWrap(True)
        self.list.currentRowChanged.connect(lambda _: self._refresh())
        self._hint = QLabel()
        self._hint.setProperty("role", "hint")
        self._hint.setWordWrap(True)
        self.earlier, self.later = QPushButton("Earlier"), QPushButton("Later")
        self.take_out, self.run = QPushButton("Take out"), QPushButton("Run the line")
        self.earlier.setShortcut("Alt+Up")
        self.later.setShortcut("Alt+Down")
        self.take_out.setShortcut("Del")
        self.run.setProperty("role", "good")
        self.earlier.clicked.connect(lambda: self._move(-1))
        self.later.clicked.connect(lambda: self._move(1))
        self.take_out.clicked.connect(self._take_out)
        self.run.clicked.connect(self._run_or_stop)
        movers = (self.earlier, self.later, self.take_out)
        for button in movers:
            button.setAutoDefault(False)
        self.stack(self._hint, self.list, button_row(movers, [self.run]))
        line.changed.connect(self._show)
        line.waiting.changed.connect(self._show)
        self._show()

    @property
    def chosen(self) -> WaitingRun | None:
        """The run that is marked in the list."""
        item = self.list.currentItem()
        found: WaitingRun | None = None if item is None else item.data(_RUN)
        return found

    def _show(self) -> None:
        before = self.chosen
        self.list.blockSignals(True)
        self.list.clear()
        for run in self._line.waiting.runs:
            is_current = self._line.current is not None and run.is_same(self._line.current)
            state = " · running" if is_current else f"\n{run.fault}" if run.fault else ""
            item = QListWidgetItem(f"{run.place} · {run.words}{state}")
            item.setData(_RUN, run)
            item.setToolTip(run.project)
            self.list.addItem(item)
            if before is not None and run.is_same(before):
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self._refresh()

    def _refresh(self) -> None:
        line, row, count = self._line, self.list.currentRow(), self.list.count()
        is_current = self.chosen is not None and line.current is not None and self.chosen.is_same(line.current)
        self.earlier.setEnabled(row > 0)
        self.later.setEnabled(0 <= row < count - 1)
        self.take_out.setEnabled(row >= 0 and not is_current)
        self.run.setEnabled(line.is_on or count > 0)
        self.run.setText("Stop" if line.is_on else "Run the line")
        self._hint.setText(
            "Runs are put in line from the menu Propagate."
            if not count
            else "The window goes from clip to clip by itself and leaves you the one that you work on. Each run is one "
            "step to undo in its own project; a click still goes first."
        )

    def _move(self, steps: int) -> None:
        run = self.chosen
        if run is not None:
            self._line.waiting.move(run, steps)

    def _take_out(self) -> None:
        run = self.chosen
        if run is not None:
            self._line.waiting.remove(run)

    def _run_or_stop(self) -> None:
        if self._line.is_on:
            self._line.stop()
        else:
            self._line.start()
