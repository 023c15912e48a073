"""The plan that waits on the lanes: what it comes to, and the two ways on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from app.ui import theme


class PlanCard(QWidget):
    """Stands where the running job stands later. Enter and Esc do the same as its buttons, wherever the focus is."""

    run_requested = Signal()
    drop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._said = ""
        self._words = QLabel()
        self._words.setMinimumWidth(60)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._words.setFont(theme.interface_font(theme.FONT_SIZE_SECONDARY, figures=True))
        self._words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.run, self.drop = QPushButton("Run  Enter"), QPushButton("Drop  Esc")
        self.run.setProperty("role", "good")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._words, 1)
        for button, requested in ((self.run, self.run_requested), (self.drop, self.drop_requested)):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(requested)
            layout.addWidget(button)
        self.hide()

    @property
    def words(self) -> str:
        """What the plan comes to, as a whole."""
        return self._said

    def tell(self, words: str) -> None:
        """What the plan that waits comes to; "" if none does. Whether there is room for it, its place knows."""
        self._said = words
        self._words.setToolTip(words)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        """The numbers stand at the front: what there is no room for goes at the end."""
        metrics = self._words.fontMetrics()
        self._words.setText(metrics.elidedText(self._said, Qt.TextElideMode.ElideRight, self._words.width()))
