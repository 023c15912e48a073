"""The right panel: objects above, *Look at next* below; in a small window it folds to two icons."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QToolButton, QVBoxLayout, QWidget

from app.ui import icons, theme
from app.ui.panels.objects_panel import ObjectsPanel

FOLDED_WIDTH = 44


class RightPanel(QWidget):
    """Holds the two panels. Folded, an icon unfolds it for as long as the person wants."""

    def __init__(self, objects: ObjectsPanel, queue: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._may_unfold, self._is_asked_for = True, False
        self._strip = QWidget(self)
        strip = QVBoxLayout(self._strip)
        strip.setContentsMargins(4, theme.SPACE_3, 4, theme.SPACE_2)
        strip.setSpacing(theme.SPACE_1)
        self.buttons: list[QToolButton] = []
        for icon, words in (("objects", "Objects"), ("queue", "Look at next")):
            button = QToolButton(self._strip)
            button.setObjectName(icon)
            button.setCheckable(True)
            button.setIconSize(QSize(20, 20))
            button.setFixedSize(36, 36)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.clicked.connect(self._ask)
            strip.addWidget(button)
            self.buttons.append(button)
        strip.addStretch(1)
        self._splitter = QSplitter(Qt.Orientation.Vertical, self)
        self._splitter.setHandleWidth(1)
        self._splitter.addWidget(objects)
        self._splitter.addWidget(queue)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([260, 260])
        objects.wanted.connect(self.unfold)
        objects.room_wanted.connect(self._give_room)
        self._splitter.setChildrenCollapsible(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._splitter, 1)
        layout.addWidget(self._strip)
        theme.on_change().changed.connect(self._paint_icons)
        self._paint_icons()
        self.set_room(True)

    @property
    def is_folded(self) -> bool:
        """Whether only the icons are seen."""
        return not (self._may_unfold or self._is_asked_for)

    def set_room(self, has_room: bool) -> None:
        """Whether the window is wide enough for the whole panel."""
        self._may_unfold = has_room
        if has_room:
            self._is_asked_for = False
        self._arrange()

    def unfold(self) -> None:
        """Show the whole panel, until the person folds it again."""
        if self.is_folded:
            self._ask()

    def _give_room(self, height: int) -> None:
        """The objects need so much; the queue keeps what it cannot do without."""
        upper, lower = self._splitter.sizes()
        if upper < height:
            self._splitter.setSizes([height, max(1, upper + lower - height)])

    def _ask(self) -> None:
        self._is_asked_for = not self._is_asked_for
        self._arrange()

    def _arrange(self) -> None:
        self._splitter.setVisible(not self.is_folded)
        self._strip.setVisible(not self._may_unfold)
        for button in self.buttons:
            button.setChecked(self._is_asked_for)
        strip = 0 if self._may_unfold else FOLDED_WIDTH
        self.setFixedWidth(FOLDED_WIDTH if self.is_folded else theme.RIGHT_PANEL_WIDTH + strip)

    def _paint_icons(self) -> None:
        for button in self.buttons:
            button.setIcon(icons.icon(button.objectName()))
