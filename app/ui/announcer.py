"""What changes by itself is told to those who listen instead of looking: politely, and not all of it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

PAUSE_MS = 2000
"""Between two announcements of one widget; of what happens meanwhile the last counts."""


class Announcer(QTimer):
    """Speaks for one widget, through the screen reader where one listens."""

    announced = Signal(str)

    def __init__(self, widget: QWidget, *, pause_ms: int = PAUSE_MS) -> None:
        super().__init__(widget)
        self._widget, self._waiting, self._last = widget, "", ""
        self.setSingleShot(True)
        self.setInterval(pause_ms)
        self.timeout.connect(self._go_on)

    def say(self, words: str) -> None:
        """Announce this now, or when the pause after the last announcement is over. The same again is not said."""
        self._waiting = words
        if not self.isActive():
            self._go_on()

    def _go_on(self) -> None:
        words, self._waiting = self._waiting, ""
        if not words or words == self._last:
            return
        self._last = words
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._widget, words))
        self.announced.emit(words)
        self.start()
