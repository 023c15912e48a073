"""Notices above the status line: what happened, in a sentence. Errors stay until closed, the rest goes by itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.ui import icons, theme
from app.ui.announcer import Announcer

MOST = 3
STAY_MS = 10_000
"""So long everything but an error stands: long enough to be read by everybody."""
_ICONS = {
    "info": ("info", "text_2"),
    "good": ("check", "good"),
    "warning": ("warning", "caution"),
    "error": ("warning", "attention"),
}
_WIDEST = 760


class Notice(QFrame):
    """One sentence with a sign of its kind and a button to close it."""

    def __init__(self, text: str, kind: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.text, self.kind, self.count = text, kind, 1
        self.setProperty("role", "popup")
        self._sign = QLabel()
        self._label = QLabel(text)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        # A wrapped label asks for the height of a narrow one at least; here the height follows from the width alone.
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.offers: list[QPushButton] = []
        """They take back what the sentence tells, or go on from there."""
        self.close_button = QToolButton()
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.setAccessibleName("Close this notice")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_3, theme.SPACE_1, theme.SPACE_1, theme.SPACE_1)
        layout.setSpacing(theme.SPACE_2)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._label, 1)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName(text)
        self.paint_signs()
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        if kind != "error":
            self.timer.start(STAY_MS)

    def paint_signs(self) -> None:
        """Draw sign and cross in the colours of the theme."""
        name, token = _ICONS.get(self.kind, _ICONS["info"])
        tokens = theme.current()
        self._sign.setPixmap(icons.pixmap(name, 16, getattr(tokens, token), self.devicePixelRatioF()))
        self.close_button.setIcon(icons.icon("cross"))

    def add_offer(self, action: QAction, words: str) -> None:
        """A button that does the action, for as long as the notice stands."""
        offer = QPushButton(words)
        offer.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        offer.clicked.connect(action.trigger)
        layout = self.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.insertWidget(2 + len(self.offers), offer)
        self.offers.append(offer)

    @property
    def offer(self) -> QPushButton | None:
        """The first of them, if it is that kind of sentence."""
        return self.offers[0] if self.offers else None

    def needed_height(self, width: int) -> int:
        """Pixels that it needs at a width."""
        self.ensurePolished()
        self._label.ensurePolished()
        layout = self.layout()
        assert layout is not None
        layout.invalidate()
        # -1 where nothing in it can be wrapped.
        return layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()

    def say_again(self) -> None:
        """The same cause once more: counted, not repeated."""
        self.count += 1
        self._label.setText(f"{self.text}  (× {self.count})")
        if self.kind != "error":
            self.timer.start(STAY_MS)


class NoticeStack(QWidget):
    """The notices that stand, the newest at the bottom; it floats over the lower edge of its parent."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._notices: list[Notice] = []
        self.announcer = Announcer(self)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.SPACE_1)
        parent.installEventFilter(self)
        theme.on_change().changed.connect(self._repaint)
        self.hide()

    @property
    def texts(self) -> list[str]:
        """What stands there, the newest last."""
        return [notice.text for notice in self._notices]

    def say(self, text: str, kind: str) -> None:
        """Show a sentence; kind is "info", "good", "warning" or "error"."""
        for notice in self._notices:
            if (notice.text, notice.kind) == (text, kind):
                notice.say_again()
                self.arrange()
                return
        if kind in ("info", "good"):
            for notice in [old for old in self._notices if old.kind in ("info", "good") and old.offer is None]:
                self._remove(notice)
        notice = Notice(text, kind, self)
        self._add(notice)

    def offer(self, text: str, *actions: QAction) -> None:
        """Say what was done, with buttons that take it back or go on; it goes when anything else is done."""
        self.withdraw_offer()
        notice = Notice(text, "info", self)
        for action in actions:
            notice.add_offer(action, action.property("offered") or action.iconText())
        self._add(notice)

    def withdraw_offer(self) -> None:
        """What was offered to be taken back is not the newest deed any more."""
        for notice in [old for old in self._notices if old.offer is not None]:
            self._remove(notice)

    def _add(self, notice: Notice) -> None:
        while len(self._notices) >= MOST:
            self._remove(next((old for old in self._notices if old.kind != "error"), self._notices[0]))
        notice.close_button.clicked.connect(lambda: self._remove(notice))
        notice.timer.timeout.connect(lambda: self._remove(notice))
        self._notices.append(notice)
        self._layout.addWidget(notice)
        self.announcer.say(notice.text)
        self.show()
        self.raise_()
        self.arrange()

    def clear(self) -> None:
        """Nothing that was said matters any more."""
        for notice in list(self._notices):
            self._remove(notice)

    def arrange(self) -> None:
        """Sit above the lower edge of the parent, in the middle."""
        parent = self.parentWidget()
        if parent is None or not self._notices:
            return
        width = min(parent.width() - 2 * theme.SPACE_4, _WIDEST)
        # Each by itself: the layout's own answer is from before the newest notice got its style.
        heights = [notice.needed_height(width) for notice in self._notices]
        for notice, needed in zip(self._notices, heights, strict=True):
            notice.setFixedHeight(needed)
        height = sum(heights) + (len(heights) - 1) * self._layout.spacing()
        bottom = parent.height() - theme.STATUS_HEIGHT - theme.SPACE_2
        self.setGeometry((parent.width() - width) // 2, bottom - height, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.arrange()
        return False

    def _remove(self, notice: Notice) -> None:
        if notice in self._notices:
            self._notices.remove(notice)
            self._layout.removeWidget(notice)
            notice.timer.stop()
            notice.hide()
            notice.deleteLater()
        self.setVisible(bool(self._notices))
        self.arrange()

    def _repaint(self) -> None:
        for notice in self._notices:
            notice.paint_signs()
