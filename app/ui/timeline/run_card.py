"""The running job: whom it follows, how far it is, how long still, and how to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QToolButton, QWidget

from app.ui import theme
from app.ui.announcer import Announcer

if TYPE_CHECKING:
    from app.inference.plan import Plan
    from app.jobs.tracking import RunProgress


def left_words(seconds: float) -> str:
    """A remaining time as a person says it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s left"
    if seconds < 5400:
        return f"{round(seconds / 60)} min left"
    return f"{seconds / 3600:.1f} h left"


class _CutLabel(QLabel):
    """Words that end in dots where there is too little room for them."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()


class RunCard(QWidget):
    """What is running: whom it follows, how far it is, how fast, how long still, and how to stop it."""

    stop_requested = Signal()
    shown_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._is_narrow = self._may_end_early = False
        self._told, self._clicks, self._is_stopping = "", 0, False
        self.announcer = Announcer(self)
        self._what = _CutLabel()
        self._what.setMinimumWidth(40)  # where room is short it is cut, never the time that is left
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(120)
        self._progress = QLabel()
        self._progress.setProperty("role", "secondary")
        self._progress.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True))
        self.follow = QToolButton()
        self.follow.setText("Follow")
        self.follow.setCheckable(True)
        self.follow.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.follow.setToolTip("Let the playhead go with the run until you go elsewhere")
        stop = QPushButton("Stop")
        stop.setToolTip("Stop the run (Esc); what is done stays")
        stop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        stop.clicked.connect(self.stop_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget in (self._what, self._bar, self._progress, self.follow, stop):
            layout.addWidget(widget)
        self.hide()

    def set_narrow(self, is_narrow: bool) -> None:
        """Leave out whom it follows, which the lanes show too, and the speed."""
        self._is_narrow = is_narrow
        self._what.setVisible(not is_narrow)
        self._bar.setFixedWidth(80 if is_narrow else 120)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.shown_changed.emit()

    def show_plan(self, plan: Plan, whom: str) -> None:
        """A run of this plan has started; how far it is says how much it is."""
        self._what.setText(f"{plan.deed[1]} {whom}")
        self._what.setToolTip(f"{plan.deed[1]} {plan.summary}")
        self._may_end_early = bool(plan.meetings)
        self._bar.setRange(0, 0)
        self._clicks, self._is_stopping = 0, False
        self._tell("getting ready")
        self.show()

    def show_progress(self, progress: RunProgress) -> None:
        """The run is so far."""
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        parts = [f"{progress.done:,} of {progress.total:,}"]
        if progress.fps and not self._is_narrow:
            parts.append(f"{progress.fps:.{0 if progress.fps >= 10 else 1}f} frames/s")
        if progress.seconds_left is not None:
            parts.append(left_words(progress.seconds_left) + (" at most" if self._may_end_early else ""))
        self._tell(" · ".join(parts))

    def show_click(self, _cell: object, is_pending: bool) -> None:
        """A click is being answered between two frames of the run, or has been."""
        self._clicks = max(0, self._clicks + (1 if is_pending else -1))
        self._tell(self._told)

    def show_stopping(self) -> None:
        """The run ends with the frame that is being computed."""
        self._is_stopping = True
        self._tell(self._told)

    @property
    def title(self) -> str:
        """What runs: "Propagating dog"."""
        return self._what.text()

    @property
    def words(self) -> str:
        """How far the run is, as it stands beside the bar."""
        return self._progress.text()

    def _tell(self, progress: str) -> None:
        self._told = progress
        if self._is_stopping:
            progress = "Stopping"
        elif self._clicks:
            progress += " · paused for your click"
        self._progress.setText(progress)
        self.announcer.say(f"{self.title}: {progress}")
