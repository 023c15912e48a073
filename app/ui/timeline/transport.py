"""The transport: time, playback, what can be run, and what is running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QEnterEvent, QFont, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from app.inference.anchors import name_of
from app.ui import theme
from app.ui.desk import Desk
from app.ui.timeline.plan_card import PlanCard
from app.ui.timeline.run_card import RunCard

if TYPE_CHECKING:
    from app.inference.plan import Plan

HEIGHT = 46
NARROW = 1180
WIDEST_NAME = 200
"""Pixels of an object's name between the buttons."""


def time_words(seconds: float) -> str:
    """A time as mm:ss.hh, with hours where there are any."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02d}:{rest / 100:05.2f}"
    return f"{hours}:{text}" if hours else text


class Transport(QWidget):
    """The bar over the ruler. Buttons show the window's actions, so that key, name and state are told once."""

    stop_requested = Signal()
    line_requested = Signal()
    """The person wants to see the runs in line."""
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
        self._range.setContentsMargins(theme.SPACE_2, 0, 0, 0)
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
        self._actions_at = self._speed_at = self._layout.count()
        self._layout.addSpacing(8)
        self._layout.addWidget(self._scope)
        self._layout.addWidget(self._range)
        self._layout.addStretch(1)
        self._layout.addWidget(self.plan_card, 100)
        self._layout.addWidget(self.run_card)
        self.line = QPushButton()
        self.line.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.line.setAccessibleName("Runs in line")
        self.line.setToolTip("Runs in line: see them, order them, run them")
        self.line.clicked.connect(self.line_requested)
        self.line.hide()
        self._layout.addWidget(self.line)
        desk.frame_changed.connect(self._show_time)
        desk.stride_changed.connect(self._show_time)
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
        self._speed_at = place + len(transport)
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

    def add_speeds(self, speeds: list[QAction]) -> None:
        """Show the chosen one of these actions, and the others in its menu."""
        self._layout.insertWidget(self._speed_at, SpeedButton(speeds))

    def show_line(self, words: str) -> None:
        """How many runs wait in line, "" if none does."""
        self.line.setText(words)
        self.line.setAccessibleName(f"Runs in line: {words}" if words else "Runs in line")
        self.line.setVisible(bool(words))

    def show_waiting_plan(self, words: str) -> None:
        """What the plan that waits on the lanes comes to; "" if none does."""
        self.plan_card.tell(words)
        self._make_room()

    def show_run(self, plan: Plan) -> None:
        """A run of this plan has started."""
        document, chosen = self._desk.document, plan.object_ids
        assert document is not None
        whom = name_of(document, chosen[0]) if len(chosen) == 1 else f"{len(chosen):,} objects"
        self.run_card.show_plan(plan, whom)

    def show_plan_words(self, words: str) -> None:
        """What the run that is pointed at comes to, in place of the selection; "" ends that."""
        self._plan_words = words
        self._show_scope()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """A running job takes the place of the words that say what could be run."""
        is_narrow = self.width() < NARROW
        self.run_card.set_narrow(is_narrow)
        is_running = self.run_card.isVisibleTo(self)
        has_plan = bool(self.plan_card.words)
        self.plan_card.setVisible(has_plan and not is_running)
        has_room = not is_running and not has_plan
        self._scope.setVisible(has_room)
        self._range.setVisible(has_room)

    def _show_time(self) -> None:
        count = self._desk.frame_count
        self._time.setText(time_words(self._desk.time_of(self._desk.frame)))
        stride = "" if self._desk.stride == 1 else f" · 1 in {self._desk.stride:,}"
        self._count.setText(f"frame {self._desk.frame:,} / {count - 1:,}{stride}" if count else "")
        # As wide as the last frame's words, so that nothing to the right moves while the clip plays.
        widest = self._count.fontMetrics().horizontalAdvance(f"frame {count:,} / {count:,}{stride}")
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
        name = self._scope.fontMetrics().elidedText(names[0], Qt.TextElideMode.ElideRight, WIDEST_NAME) if names else ""
        self._scope.setText(f"Selected: {name}" if len(names) == 1 else f"Selected: {len(names)} objects")
        self._scope.setToolTip(", ".join(names))

    def _on_document_changed(self, change: object) -> None:
        self._show_scope()

    def _show_range(self) -> None:
        if self._desk.range_in is None and self._desk.range_out is None:
            self._range.setText("")
        else:
            first, last = self._desk.range
            self._range.setText(f"In {first:,} · Out {last:,}")


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


class SpeedButton(QToolButton):
    """The chosen speed; a click offers the others."""

    def __init__(self, speeds: list[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._speeds = speeds
        menu = QMenu(self)
        menu.addActions(speeds)
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip("How fast the clip is played")
        self.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True))
        self.setFixedHeight(30)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.25 ×") + 28)
        for action in speeds:
            action.toggled.connect(self._follow)
            action.changed.connect(self._follow)
        self._follow()

    def _follow(self, _value: object = None) -> None:
        chosen = next((action for action in self._speeds if action.isChecked()), None)
        if chosen is not None:
            self.setText(chosen.text())
            self.setAccessibleName(f"Speed: {chosen.text()}")
        self.setEnabled(any(action.isEnabled() for action in self._speeds))


def _icon_button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(18, 18))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setFixedSize(30, 30)
    return button
