"""One question with one answer, whose button says what it does."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSpinBox, QVBoxLayout, QWidget

from app.ui import theme


def ask_text(parent: QWidget, title: str, question: str, verb: str, *, text: str = "") -> str | None:
    """A line of text, or None where the person thought better of it."""
    line = QLineEdit(text)
    line.selectAll()
    return line.text() if _is_answered(Question(parent, title, question, verb, line)) else None


def ask_number(
    parent: QWidget, title: str, question: str, verb: str, number: int, most: int, *, least: int = 1
) -> int | None:
    """A whole number from `least` to `most`, or None where the person thought better of it."""
    box = QSpinBox()
    box.setRange(least, most)
    box.setValue(number)
    box.selectAll()
    return box.value() if _is_answered(Question(parent, title, question, verb, box)) else None


class Question(QDialog):
    """A question over the field for its answer; Enter gives the answer, Esc gives none."""

    def __init__(self, parent: QWidget, title: str, question: str, verb: str, field: QLineEdit | QSpinBox) -> None:
        super().__init__(parent)
        self.field = field
        self.setWindowTitle(title)
        self.setMinimumWidth(360)
        asked = QLabel(question)
        asked.setWordWrap(True)
        asked.setBuddy(field)
        field.setAccessibleName(question)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_4, theme.SPACE_4, theme.SPACE_4, theme.SPACE_4)
        layout.setSpacing(theme.SPACE_3)
        layout.addWidget(asked)
        layout.addWidget(field)
        layout.addLayout(decision_row(self, verb))
        field.setFocus()


def decision_row(dialog: QDialog, verb: str) -> QHBoxLayout:
    """Cancel, and the button that says what the dialog does; Enter presses that one, unless Cancel has the focus."""
    cancel, answer = QPushButton("Cancel"), QPushButton(verb)
    cancel.clicked.connect(dialog.reject)
    answer.setProperty("role", "primary")
    answer.setDefault(True)
    answer.clicked.connect(dialog.accept)
    buttons = QHBoxLayout()
    buttons.addStretch(1)
    buttons.addWidget(cancel)
    buttons.addWidget(answer)
    return buttons


def _is_answered(question: Question) -> bool:
    is_given = bool(question.exec())
    question.deleteLater()
    return is_given
