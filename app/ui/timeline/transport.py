"""The transport: time, playback, what can be run, and what is running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QEnterEvent, QFont, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QToolButton, QWidget

from app.ui import theme
from app.ui.desk import Desk
from app.ui.timeline.plan_card import PlanCard

if TYPE_CHECKING:
    from app.inference.plan import Plan
    from app.jobs.tracking import RunProgress

HEIGHT = 46
NARROW = 1180


def time_words(seconds: float) -> str:
    """A time as mm:ss.hh, with hours where there are any."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02d}:{rest / 100:05.2f}"
    return f"{hours}:{text}" if hours else text


def left_words(seconds: float) -> str:
    """A remaining time as a person says it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s left"
    if seconds < 5400:
        return f"{round(seconds / 60)} min left"
    return f"{seconds / 3600:.1f} h left"


class Transport(QWidget):
    """The bar over the ruler. Buttons show the window's actions, so that key, name and state are told once."""

    stop_requested = Signal()
    run_pointed_at = Signal(str)
    """The pointer rests on the button of this action, which starts a run; "" when it has left."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._plan_words = ""
        self.setFixedHeight(HEIGHT)
        self._time = QLabel("00:00.00")
        self._time.setFont(theme.interface_font(18, weight=QFont.Weight.DemiBold, figures=True))
        self._count = QLabel()
        self._count.setProperty("role", "secondary")
        self._count.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True))
        self._scope = QLabel()
        self._scope.setProperty("role", "secondary")
        self._range = QLabel()
        self._range.setProperty("role", "secondary")
        self.plan_card = PlanCard(self)
        self.run_card = RunCard(self)
        self.run_card.stop_requested.connect(self.stop_requested)
        self.run_card.shown_changed.connect(self._make_room)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(12, 6, 12, 6)
        self._layout.setSpacing(6)
        self._layout.addWidget(self._time)
        self._layout.addWidget(self._count)
        self._layout.addSpacing(8)
        self._actions_at = self._layout.count()
        self._layout.addSpacing(8)
        self._layout.addWidget(self._scope)
        self._layout.addWidget(self._range)
        self._layout.addStretch(1)
        self._layout.addWidget(self.plan_card, 3)
        self._layout.addWidget(self.run_card)
        desk.frame_changed.connect(self._show_time)
        desk.project_changed.connect(self._show_time)
        desk.project_changed.connect(self._show_scope)
        desk.selection_changed.connect(self._show_scope)
        desk.document_changed.connect(self._on_document_changed)
        desk.range_changed.connect(self._show_range)
        self._show_time()
        self._show_scope()
        self._show_range()

    def add_actions(self, transport: list[QAction], runs: list[QAction]) -> None:
        """Show these actions: transport as bare icons, runs with their words and keys."""
        place = self._actions_at
        for action in transport:
            self._layout.insertWidget(place, _icon_button(action))
            place += 1
        self._layout.insertSpacing(place, 8)
        place += 1
        for action in runs:
            button = ActionButton(action)
            button.pointed_at.connect(self.run_pointed_at)
            self._layout.insertWidget(place, button)
            place += 1

    def show_waiting_plan(self, words: str) -> None:
        """What the plan that waits on the lanes comes to; "" if none does."""
        self.plan_card.show_words(words)
        self._make_room()

    def show_plan_words(self, words: str) -> None:
        """What the run that is pointed at comes to, in place of the selection; "" ends that."""
        self._plan_words = words
        self._show_scope()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """In a narrow window a running job takes the place of the words that say what could be run."""
        is_narrow = self.width() < NARROW
        self.run_card.set_narrow(is_narrow)
        is_running = self.run_card.isVisibleTo(self)
        if is_running:
            self.plan_card.show_words("")
        has_room = not (is_narrow and is_running) and not self.plan_card.words
        self._scope.setVisible(has_room)
        self._range.setVisible(has_room)

    def _show_time(self) -> None:
        count = self._desk.frame_count
        self._time.setText(time_words(self._desk.time_of(self._desk.frame)))
        self._count.setText(f"frame {self._desk.frame:,} / {count - 1:,}" if count else "")
        # As wide as the last frame's words, so that nothing to the right moves while the clip plays.
        widest = self._count.fontMetrics().horizontalAdvance(f"frame {count:,} / {count:,}")
        self._count.setMinimumWidth(widest if count else 0)

    def _show_scope(self) -> None:
        document = self._desk.document
        chosen = self._desk.selected_objects
        if self._plan_words:
            self._scope.setText(self._plan_words)
            return
        if document is None or not chosen:
            self._scope.setText("")
            return
        names = [document.objects[object_id].name for object_id in chosen if object_id in document.objects]
        self._scope.setText(f"Selected: {names[0]}" if len(names) == 1 else f"Selected: {len(names)} objects")

    def _on_document_changed(self, change: object) -> None:
        self._show_scope()

    def _show_range(self) -> None:
        if self._desk.range_in is None and self._desk.range_out is None:
            self._range.setText("")
        else:
            first, last = self._desk.range
            self._range.setText(f"In {first:,} · Out {last:,}")


class RunCard(QWidget):
    """What is running: whom it follows, how far it is, how fast, how long still, and how to stop it."""

    stop_requested = Signal()
    shown_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._is_narrow = False
        self._told, self._clicks, self._is_stopping = "", 0, False
        self._what = QLabel()
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

    def show_plan(self, plan: Plan) -> None:
        """A run of this plan has started."""
        self._what.setText(f"Propagating {plan.summary}")
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
            parts.append(f"{progress.fps:.1f} frames/s")
        if progress.seconds_left is not None:
            parts.append(left_words(progress.seconds_left))
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


class ActionButton(QPushButton):
    """A button that shows an action with its words and key, and follows its state."""

    pointed_at = Signal(str)
    """The action's name when the pointer comes here, "" when it leaves."""

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        name = self._action.iconText() or self._action.text()
        key = self._action.shortcut().toString()
        self.setText(f"{name}  {key}" if key else name)
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self._action.isEnabled())
        self.setVisible(self._action.isVisible())

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.pointed_at.emit(self._action.objectName())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed_at.emit("")


def _icon_button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(18, 18))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setFixedSize(30, 30)
    return button
