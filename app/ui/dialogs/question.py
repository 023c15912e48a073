"""One question with one answer, whose button says what it does."""

from __future__ import annotations

from PySide6.QtWidgets import QInputDialog, QWidget


def ask_text(parent: QWidget, title: str, question: str, verb: str, *, text: str = "") -> str | None:
    """A line of text, or None where the person thought better of it."""
    dialog = _dialog(parent, title, question, verb)
    dialog.setTextValue(text)
    return dialog.textValue() if _is_answered(dialog) else None


def ask_number(
    parent: QWidget, title: str, question: str, verb: str, number: int, most: int, *, least: int = 1
) -> int | None:
    """A whole number from `least` to `most`, or None where the person thought better of it."""
    dialog = _dialog(parent, title, question, verb)
    dialog.setInputMode(QInputDialog.InputMode.IntInput)
    dialog.setIntRange(least, most)
    dialog.setIntValue(number)
    return dialog.intValue() if _is_answered(dialog) else None


def _dialog(parent: QWidget, title: str, question: str, verb: str) -> QInputDialog:
    dialog = QInputDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setLabelText(question)
    dialog.setOkButtonText(verb)
    dialog.setMinimumWidth(320)
    return dialog


def _is_answered(dialog: QInputDialog) -> bool:
    is_given = bool(dialog.exec())
    dialog.deleteLater()
    return is_given
