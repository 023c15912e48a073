"""Status line: the active tool and what the mouse does now; saving; memory; progress of the review."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFont, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QWidget

from app.ui import theme
from app.ui.desk import Desk
from app.ui.memory import memory_bytes

_MEMORY_MS = 2000
_REVIEW_MS = 250
_TOOL_NAMES = {
    "select": "Select",
    "point": "Points",
    "box": "Box",
    "brush": "Brush",
    "eraser": "Eraser",
    "lasso": "Lasso",
}


class StatusLine(QWidget):
    """One line of small text; everything on it is also said elsewhere, so it never asks for anything."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.setProperty("role", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.STATUS_HEIGHT)
        self.tool = QLabel()
        self.tool.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY, weight=QFont.Weight.DemiBold))
        self.hint = _label("hint")
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.saving, self.memory, self.review = _label("secondary"), _label("secondary"), _label("secondary")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(64)
        self.bar.setAccessibleName("Verified")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_3, 0, theme.SPACE_3, 0)
        layout.setSpacing(theme.SPACE_4)
        layout.addWidget(self.tool)
        layout.addWidget(self.hint, 1)
        layout.addWidget(self.saving)
        layout.addWidget(self.memory)
        layout.addWidget(self.bar)
        layout.addWidget(self.review)
        self._memory_timer = QTimer(self)
        self._memory_timer.setInterval(_MEMORY_MS)
        self._memory_timer.timeout.connect(self._show_memory)
        self._review_timer = QTimer(self)
        self._review_timer.setSingleShot(True)
        self._review_timer.setInterval(_REVIEW_MS)
        self._review_timer.timeout.connect(self._show_review)
        desk.document_changed.connect(self._count_soon)
        desk.project_changed.connect(self._show_review)
        self._show_review()

    def show_tool(self, hint: str) -> None:
        """The active tool and what the mouse does now; neither without a clip."""
        is_open = self._desk.source is not None
        self.tool.setText(_TOOL_NAMES[self._desk.tool] if is_open else "Ready")
        self.hint.setText(hint if is_open else "")
        self.hint.setToolTip(hint if is_open else "")

    def show_saving(self, text: str, *, is_alarming: bool = False) -> None:
        """Whether the work is on the disk."""
        self.saving.setProperty("role", "attention" if is_alarming else "secondary")
        self.saving.style().unpolish(self.saving)
        self.saving.style().polish(self.saving)
        self.saving.setText(text)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_memory()
        self._memory_timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._memory_timer.stop()
        super().hideEvent(event)

    def _show_memory(self) -> None:
        held = memory_bytes()
        self.memory.setText("" if held is None else f"memory {held / 1e9:.1f} GB")

    def _count_soon(self, _change: object) -> None:
        if not self._review_timer.isActive():
            self._review_timer.start()

    def _show_review(self) -> None:
        document = self._desk.document
        total = 0 if document is None else len(document.masks)
        verified = 0 if document is None else len(document.reviews)
        self.bar.setVisible(total > 0)
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(verified)
        self.review.setText(f"{verified:,} of {total:,} masks verified" if total else "")


def _label(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True))
    return label
