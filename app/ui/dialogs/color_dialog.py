"""Choosing any colour for an object or a category; one that lists and lanes would swallow is told of."""

from __future__ import annotations

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from app.ui import theme


def ask_color(shown: QColor, parent: QWidget, title: str) -> str | None:
    """A colour as "#rrggbb", at first `shown`, or None where the person thought better of it."""
    dialog = ColorDialog(shown, parent, title)
    is_given = bool(dialog.exec())
    dialog.deleteLater()
    return dialog.currentColor().name() if is_given else None


class ColorDialog(QColorDialog):
    """Qt's own dialog, the same on every system, with a line on how well the colour is seen."""

    def __init__(self, shown: QColor, parent: QWidget, title: str) -> None:
        super().__init__(shown, parent)
        self.setWindowTitle(title)
        self.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        self.remark = QLabel()
        self.remark.setProperty("role", "attention")
        self.remark.setWordWrap(True)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(layout.count() - 1, self.remark)
        buttons = self.findChild(QDialogButtonBox)
        take = None if buttons is None else buttons.button(QDialogButtonBox.StandardButton.Ok)
        if isinstance(take, QPushButton):
            take.setText("Use colour")
        self.currentColorChanged.connect(self._tell)
        self._tell(shown)

    def _tell(self, color: QColor) -> None:
        words = f"Hard to see on lists and lanes ({theme.contrast(color, theme.current().surface_1):.1f} : 1). "
        self.remark.setText(f"{words}It gets a border there." if theme.is_hard_to_see(color) else "")
