"""A form made from an options dataclass: one row a field, so that a new option needs no new dialog."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QLineEdit, QSpinBox, QWidget

from app.ui import theme

LARGEST_NUMBER = 1_000_000


class OptionsForm(QWidget):
    """Shows the fields of a dataclass type with their defaults; `value()` builds the options from what is entered.

    A field's metadata may hold `title`, `help`, `choices` and their `words`; without them its name stands for itself.
    """

    changed = Signal()

    def __init__(self, options: type[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = options
        self._read: dict[str, Callable[[], Any]] = {}
        self.labels: list[QLabel] = []
        """The names of the rows; a form above this one can be made to line up with them."""
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(16)
        layout.setVerticalSpacing(8)
        kinds = get_type_hints(options)
        for field in dataclasses.fields(options):
            title = field.metadata.get("title", field.name.replace("_", " ").capitalize())
            editor = self._editor(field, kinds[field.name])
            editor.setAccessibleName(title)
            editor.setToolTip(field.metadata.get("help", ""))
            label = QLabel(title)
            self.labels.append(label)
            label.setToolTip(field.metadata.get("help", ""))
            layout.addRow(label, editor)

    def value(self) -> Any:
        """The options as entered; raises what the dataclass raises for values that do not go together."""
        return self._options(**{name: read() for name, read in self._read.items()})

    def _editor(self, field: dataclasses.Field[Any], kind: Any) -> QWidget:
        default = field.default if field.default is not dataclasses.MISSING else None
        choices = field.metadata.get("choices")
        if choices:
            return self._choice(field.name, choices, field.metadata.get("words", {}), default)
        if kind is bool:
            box = QCheckBox()
            box.setChecked(bool(default))
            box.toggled.connect(self.changed)
            self._read[field.name] = box.isChecked
            return box
        if kind is int:
            number = QSpinBox()
            number.setRange(field.metadata.get("smallest", 0), field.metadata.get("largest", LARGEST_NUMBER))
            number.setValue(int(default or 0))
            number.lineEdit().setTextMargins(*theme.NUMBER_MARGINS)
            number.valueChanged.connect(self.changed)
            self._read[field.name] = number.value
            return number
        line = QLineEdit(str(default or ""))
        line.textChanged.connect(self.changed)
        self._read[field.name] = line.text
        return line

    def _choice(self, name: str, choices: tuple[Any, ...], words: Mapping[Any, str], default: Any) -> QComboBox:
        combo = QComboBox()
        for choice in choices:
            combo.addItem(words.get(choice, str(choice)), choice)
        combo.setCurrentIndex(max(0, combo.findData(default)))
        combo.currentIndexChanged.connect(self.changed)
        self._read[name] = combo.currentData
        return combo
