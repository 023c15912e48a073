"""Dialogs whose middle is a list: the clips, the runs in line, the models."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLayout, QListWidget, QPushButton, QVBoxLayout, QWidget

from app.ui import theme


class ListDialog(QDialog):
    """`list` is there from the start; `stack` puts it between what else the dialog shows."""

    def __init__(self, title: str, list_name: str, parent: QWidget | None = None) -> None:
        """`list_name` is what the list is called for those who do not see it."""
        super().__init__(parent)
        self.setWindowTitle(title)
        self.list = QListWidget()
        self.list.setAccessibleName(list_name)

    def stack(self, *parts: QWidget | QLayout) -> None:
        """Lay these out from the top down; the list takes the room that the others leave."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_3, theme.SPACE_3, theme.SPACE_3, theme.SPACE_3)
        layout.setSpacing(theme.SPACE_2)
        for part in parts:
            if isinstance(part, QLayout):
                layout.addLayout(part)
            else:
                layout.addWidget(part, 1 if part is self.list else 0)


def button_row(left: Iterable[QPushButton], right: Iterable[QPushButton]) -> QHBoxLayout:
    """Buttons on either side of the dialog's lower edge."""
    row = QHBoxLayout()
    for button in left:
        row.addWidget(button)
    row.addStretch(1)
    for button in right:
        row.addWidget(button)
    return row
