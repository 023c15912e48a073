"""The empty window: open a clip, open the last project, try the bundled clip."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFont
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.ui import icons, theme
from app.ui.desk import Desk

_OFFERS = (
    ("open_clip", "clip", "Open a clip …"),
    ("open_last", "folder", "Open the last project"),
    ("open_bundled", "play", "Try the bundled clip"),
)


class OfferButton(QPushButton):
    """A line that can be pressed; it follows its action's state."""

    def __init__(self, action: QAction, icon: str, text: str) -> None:
        super().__init__(text)
        self._action, self._icon = action, icon
        self.setProperty("role", "offer")
        self.setMinimumWidth(300)
        self.setMinimumHeight(40)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        theme.on_change().changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setIcon(icons.icon(self._icon))


class Welcome(QWidget):
    """Stands where the canvas will be."""

    recent_chosen = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "ground")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        title = QLabel("Masklet Studio")
        title.setFont(theme.interface_font(22, weight=QFont.Weight.DemiBold))
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        what = QLabel("Point at things in a video, and let SAM 2 follow them.")
        what.setProperty("role", "secondary")
        what.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._state = QLabel()
        self._state.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout = QVBoxLayout(self)
        layout.setSpacing(theme.SPACE_2)
        layout.addStretch(3)
        layout.addWidget(title)
        layout.addWidget(what)
        layout.addSpacing(theme.SPACE_6)
        self.offers: dict[str, OfferButton] = {}
        for name, icon, text in _OFFERS:
            button = OfferButton(desk.actions[name], icon, text)
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
            self.offers[name] = button
        layout.addSpacing(theme.SPACE_3)
        drop = QLabel("Or drop a video, a folder of images or a project anywhere.")
        drop.setProperty("role", "hint")
        drop.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(drop)
        layout.addWidget(self._state)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._recent_title = QLabel("Go on with")
        self._recent_title.setProperty("role", "heading")
        self._recent_title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(theme.SPACE_4)
        layout.addWidget(self._recent_title)
        layout.addLayout(self._recent)
        layout.addStretch(4)
        promise = QLabel("Nothing leaves this computer.")
        promise.setProperty("role", "hint")
        promise.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(promise)
        layout.addSpacing(theme.SPACE_3)

    def show_state(self, text: str) -> None:
        """What is being opened, "" when nothing is."""
        self._state.setText(text)

    def show_recent(self, projects: list[Path]) -> None:
        """Projects to go on with, the last one first."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._recent_title.setVisible(bool(projects))
        for path in projects[:5]:
            button = QPushButton(f"{path.stem}  ·  {last_worked_on(path)}")
            button.setProperty("role", "link")
            button.setToolTip(str(path))
            button.clicked.connect(lambda _checked=False, name=str(path): self.recent_chosen.emit(name))
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)


def last_worked_on(path: Path) -> str:
    """When a project was written last: "today", "yesterday", "12 May 2026"; "not here" if it is gone."""
    try:
        day = datetime.fromtimestamp(path.stat().st_mtime).date()
    except OSError:
        return "not here"
    days = (date.today() - day).days
    return ("today", "yesterday")[days] if 0 <= days <= 1 else f"{day.day} {day:%B %Y}"
