"""One line that shows what an attribute says, and takes what it shall say."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from app.document.attributes import Attribute, AttributeKind, AttributeValue, Tag

NOTHING = "–"
_NUMBER = r"\s*([-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d{1,2})?)?\s*"
_YES_NO = {"yes": True, "no": False}


class ChoiceBox(QComboBox):
    """A list to choose from that the wheel scrolls past: turning it changes nothing."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class AttributeEditor(QWidget):
    """A field for text and numbers, a list for choices and yes or no. Empty, and the dash, say nothing."""

    given = Signal(object, object)
    """The value that the person gave, or None; and what it is said of, as told to `show_value` before typing began."""
    settled = Signal()
    """Typing has ended: the field may show something else."""

    def __init__(self, attribute: Attribute, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.attribute = attribute
        self._shown: AttributeValue | None = None
        self._about: object = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.field: QLineEdit | QComboBox
        if attribute.kind in (AttributeKind.TEXT, AttributeKind.NUMBER):
            self.field = line = QLineEdit()
            if attribute.kind is AttributeKind.NUMBER:
                line.setValidator(QRegularExpressionValidator(QRegularExpression(_NUMBER), line))
            line.editingFinished.connect(self._take_text)
        else:
            self.field = choice = ChoiceBox()
            choice.addItems([NOTHING, *(attribute.choices or _YES_NO)])
            choice.activated.connect(lambda _: self._give(self._chosen(choice.currentText())))
        self.field.setAccessibleName(attribute.name)
        layout.addWidget(self.field)

    def show_value(self, value: AttributeValue | None, about: object) -> None:
        """Show what is said, and remember of what; while something is typed the field stays with what it was about."""
        if isinstance(self.field, QLineEdit):
            if self.field.hasFocus() and self.field.isModified():
                return
            self.field.setText(value_words(value) if value is not None else "")
        else:
            self.field.setCurrentText(NOTHING if value is None else value_words(value))
        self._shown, self._about = value, about

    def _chosen(self, text: str) -> AttributeValue | None:
        if text == NOTHING and NOTHING not in self.attribute.choices:
            return None
        return _YES_NO[text] if self.attribute.kind is AttributeKind.YES_NO else text

    def _take_text(self) -> None:
        assert isinstance(self.field, QLineEdit)
        text = self.field.text().strip()
        self.field.setModified(False)
        if self.attribute.kind is AttributeKind.NUMBER:
            self._give(float(text.replace(",", ".")) if text else None)
        else:
            self._give(text or None)
        self.settled.emit()

    def _give(self, value: AttributeValue | None) -> None:
        if value != self._shown:
            self.given.emit(value, self._about)


def value_words(value: AttributeValue) -> str:
    """A value as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else value


def stretch_words(tag: Tag, name: str = "") -> str:
    """What is said of single stretches: "runs on 12–40, stands on 55"; with a name for yes: "truncated on 12–40"."""
    parts = []
    for stretch in tag.stretches:
        said = value_words(stretch.value)
        if name:
            said = name if stretch.value is True else f"not {name}"
        last = "" if stretch.last == stretch.first else f"–{stretch.last:,}"
        parts.append(f"{said} on {stretch.first:,}{last}")
    return ", ".join(parts)
