"""The small panel beside suggestions: how far the search is, what is shown of what it found, and what is added."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.ui import theme
from app.ui.canvas.suggestions import Suggestions
from app.ui.canvas.words import counted

HINT = "Left: pick · Right: the larger one beneath · Enter: add what is picked · Esc: leave"
_WIDTH = 268
_SMALLEST_SHARE, _LARGEST_SHARE = 1e-4, 0.5
_STEPS = 100


class SuggestionsPanel(QFrame):
    """A child of the canvas, never a window of its own, so that keys and focus stay where they are."""

    def __init__(self, suggestions: Suggestions, parent: QWidget) -> None:
        super().__init__(parent)
        self._suggestions = suggestions
        self.setProperty("role", "popup")
        self.setAccessibleName("Suggested objects")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setFixedWidth(_WIDTH)
        self.setToolTip("Drag it where it is not in the way")
        self._held: QPoint | None = None
        self._is_moved = False
        self.title, self.state, self.hint = QLabel(), QLabel(), QLabel()
        self.title.setFont(theme.interface_font(weight=QFont.Weight.DemiBold))
        for label in (self.state, self.hint):
            label.setProperty("role", "secondary")
            label.setWordWrap(True)
        self.hint.setText("A click picks, a right click takes the larger one beneath.")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("How far the search is")
        self.share, self.share_words = _slider("Least size"), QLabel()
        self.quality, self.quality_words = _slider("Least quality"), QLabel()
        self.all_button, self.none_button = _button("Pick all"), _button("Pick none")
        self.add_button, self.leave_button = _button("Add objects", "primary"), _button("Leave")
        self._lay_out()
        self.share.valueChanged.connect(lambda value: suggestions.set_filter(share=_share_at(value)))
        self.quality.valueChanged.connect(lambda value: suggestions.set_filter(quality=value / _STEPS))
        self.all_button.clicked.connect(suggestions.pick_all)
        self.none_button.clicked.connect(suggestions.pick_none)
        self.add_button.clicked.connect(suggestions.add)
        self.leave_button.clicked.connect(suggestions.close)
        suggestions.changed.connect(self.refresh)
        self.hide()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_3, theme.SPACE_3, theme.SPACE_3, theme.SPACE_3)
        column.setSpacing(theme.SPACE_2)
        for widget in (self.title, self.state, self.progress, self.hint):
            column.addWidget(widget)
        self._choices = QWidget()
        choices = QVBoxLayout(self._choices)
        choices.setContentsMargins(0, 0, 0, 0)
        choices.setSpacing(theme.SPACE_1)
        for words, slider in ((self.share_words, self.share), (self.quality_words, self.quality)):
            choices.addWidget(words)
            choices.addWidget(slider)
        choices.addLayout(_row(self.all_button, self.none_button))
        column.addWidget(self._choices)
        column.addLayout(_row(self.add_button, self.leave_button))

    def refresh(self) -> None:
        """Show how it stands, or nothing."""
        model = self._suggestions
        if not model.is_open:
            self._is_moved = False
            self.hide()
            return
        self.title.setText(f"Suggested objects, frame {model.frame:,}")
        self.state.setText(self._state_words())
        self.progress.setRange(0, model.total)  # 0 to 0 while nothing is known: a bar that only moves
        self.progress.setValue(model.done)
        self.progress.setVisible(model.is_searching)
        self.hint.setVisible(model.is_choosing)
        self._choices.setVisible(model.is_choosing)
        for slider, value in (
            (self.share, _step_of(model.least_share)),
            (self.quality, round(model.least_quality * _STEPS)),
        ):
            slider.blockSignals(True)
            slider.setValue(value)
            slider.blockSignals(False)
        self.share_words.setText(f"Least size: {_percent(model.least_share)} of the picture")
        self.quality_words.setText(f"Least quality: {round(model.least_quality * 100)} of 100")
        count = len(model.picked)
        self.add_button.setText(f"Add {counted(count, 'object')}" if count else "Add objects")
        self.add_button.setEnabled(count > 0)
        self.none_button.setEnabled(count > 0)
        self.adjustSize()
        self.arrange()
        self.show()
        self.raise_()

    def arrange(self) -> None:
        """In the upper right corner, or where it was dragged; never outside the view."""
        parent = self.parentWidget()
        assert parent is not None
        place = self.pos() if self._is_moved else QPoint(parent.width(), 0)
        right, bottom = parent.width() - self.width() - theme.SPACE_2, parent.height() - self.height() - theme.SPACE_2
        x, y = min(max(place.x(), theme.SPACE_2), right), min(max(place.y(), theme.SPACE_2), bottom)
        self.move(max(x, 0), max(y, 0))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            self._is_moved = True
            self.move(self.pos() + event.position().toPoint() - self._held)
            self.arrange()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def _state_words(self) -> str:
        model = self._suggestions
        if model.waits_for_model:
            return "Getting the model ready …"
        if model.is_searching:
            left = model.seconds_left
            return "Looking at the frame …" if left is None else f"Looking … about {max(1, round(left))} s left"
        if not model.found:
            return "Nothing stands out on this frame. Click the thing itself, or drag a box around it (W)."
        there = sum(1 for place in model.shown if model.found[place].there)
        words = f"{len(model.shown)} of {len(model.found)} shown, found in {model.seconds:.1f} s"
        return f"{words}; {there} already there" if there else words

    def hovered_words(self) -> str:
        """About the suggestion under the pointer, "" if there is none."""
        model = self._suggestions
        if model.hovered is None:
            return ""
        one = model.found[model.hovered]
        return (
            f"{one.there}: already there" if one.there else f"quality {one.quality * 100:.0f} · {_percent(one.share)}"
        )


def _slider(name: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, _STEPS)
    slider.setAccessibleName(name)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider


def _button(text: str, role: str = "") -> QPushButton:
    button = QPushButton(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if role:
        button.setProperty("role", role)
    return button


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.SPACE_2)
    for widget in widgets:
        row.addWidget(widget, 1)
    return row


def _share_at(step: int) -> float:
    """Sizes differ by factors, so the slider's steps do."""
    return 0.0 if step == 0 else _SMALLEST_SHARE * math.pow(_LARGEST_SHARE / _SMALLEST_SHARE, step / _STEPS)


def _step_of(share: float) -> int:
    if share <= _SMALLEST_SHARE:
        return 0
    return round(_STEPS * math.log(share / _SMALLEST_SHARE) / math.log(_LARGEST_SHARE / _SMALLEST_SHARE))


def _percent(share: float) -> str:
    """ "0.12 %", "17 %"."""
    percent = share * 100
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"
