"""Top bar: menus on the left, clip and project in the middle, action search and model chip on the right."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenuBar, QPushButton, QSizePolicy, QWidget

from app.jobs.reports import EngineStatus
from app.ui import theme

_STATE_COLORS = {
    "starting": "caution",
    "ready": "good",
    "running": "accent",
    "stopped": "attention",
    "failed": "attention",
}


SEARCH_FROM = 1180
"""In a narrower window the search is reached by its key and by the menu only."""


CHIP_WIDEST = 250


class ModelChip(QPushButton):
    """Which model computes, on which device, and how it is. A click opens the list of models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("role", "chip")
        self._state = "off"
        self.show_status(EngineStatus("off", "No model yet"))

    def show_status(self, status: EngineStatus) -> None:
        """Show the engine's state in words and as a dot."""
        self._state = status.state
        self.setText(f"    {self.fontMetrics().elidedText(status.text, Qt.TextElideMode.ElideRight, CHIP_WIDEST)}")
        self.updateGeometry()
        self.setToolTip(status.detail or f"{status.text}. Click to choose another model or device.")
        self.setAccessibleName(f"Model: {status.text}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        tokens = theme.current()
        color = getattr(tokens, _STATE_COLORS.get(self._state, "text_3"))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(color))
        painter.drawEllipse(12, self.height() // 2 - 3, 7, 7)
        painter.end()


class TopBar(QWidget):
    """Fixed height; the title gives way first when the window is narrow."""

    search_requested = Signal()
    models_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.TOP_BAR_HEIGHT)
        self.menus = QMenuBar(self)
        self.menus.setNativeMenuBar(True)
        self.menus.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self._clip, self._project = "", ""
        self.title = QLabel(self)
        self.title.setTextFormat(Qt.TextFormat.RichText)
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.search = QPushButton(self)
        self.search.setAccessibleName("Find an action")
        self.search.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.search.setProperty("role", "chip")
        self.search.clicked.connect(self.search_requested)
        inner = QHBoxLayout(self.search)
        inner.setContentsMargins(10, 0, 6, 0)
        inner.setSpacing(theme.SPACE_2)
        for role, words in (("secondary", "Find an action"), ("key", "Ctrl K")):
            label = QLabel(words, self.search)
            label.setProperty("role", role)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            inner.addWidget(label, 0, Qt.AlignmentFlag.AlignVCenter)
        self.search.setMinimumWidth(inner.sizeHint().width())
        self.model = ModelChip(self)
        self.model.clicked.connect(self.models_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_1, 0, theme.SPACE_3, 0)
        layout.setSpacing(theme.SPACE_3)
        layout.addWidget(self.menus, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addStretch(1)
        layout.addWidget(self.search)
        layout.addWidget(self.model)
        theme.on_change().changed.connect(self._arrange)

    def show_names(self, clip: str, project: str) -> None:
        """The clip's name, and the project's where it says something else."""
        self._clip, self._project = clip, project
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Put the title in the middle of the window, as far as menus and chips leave room."""
        has_search = self.width() >= SEARCH_FROM
        self.search.setVisible(has_search)
        left = self.menus.sizeHint().width() + theme.SPACE_4
        right = self.width() - self.model.sizeHint().width() - 2 * theme.SPACE_3 - theme.SPACE_2
        right -= self.search.minimumWidth() + theme.SPACE_3 if has_search else 0
        tokens = theme.current()
        metrics = self.title.fontMetrics()
        room = max(right - left, 0)
        clip = metrics.elidedText(self._clip, Qt.TextElideMode.ElideMiddle, room)
        rest = room - metrics.horizontalAdvance(clip) - metrics.horizontalAdvance(" — ") - 8
        project = metrics.elidedText(self._project, Qt.TextElideMode.ElideMiddle, max(rest, 0)) if rest > 40 else ""
        text = f"<span style='font-weight:{QFont.Weight.DemiBold.value}'>{_plain(clip)}</span>"
        if project and self._project:
            text += f"<span style='color:{tokens.text_3}'> — {_plain(project)}</span>"
        self.title.setText(text if clip else "")
        self.title.setToolTip(" — ".join(name for name in (self._clip, self._project) if name))
        width = min(self.title.sizeHint().width() + 8, room)
        x = min(max((self.width() - width) // 2, left), max(right - width, left))
        self.title.setGeometry(x, 0, width, self.height())


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
