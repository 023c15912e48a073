"""The key sheet (?): every key of the program on one page."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from app.ui import theme
from app.ui.action_table import MENUS
from app.ui.actions import Actions

_MOUSE = (
    ("Wheel", "zoom at the pointer"),
    ("Middle drag, Space + drag", "move the picture"),
    ("Shift + wheel", "move sideways"),
    ("Ctrl + wheel", "one frame; with a brush its size"),
    ("Double click beside the picture", "fit"),
    ("Left click", "add (points), corner (box, polygon), paint (brush)"),
    ("Right click, Ctrl + click", "take away"),
    ("Shift over the picture (points)", "what a click would give"),
    ("Double click on a point", "flip plus and minus"),
)


class KeySheet(QDialog):
    """Keys by subject, then the mouse. It can stay open beside the work."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 640)
        page = QTextBrowser(self)
        page.setAccessibleName("Keys")
        page.setHtml(key_page(actions))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_2, theme.SPACE_2, theme.SPACE_2, theme.SPACE_2)
        layout.addWidget(page)


def key_page(actions: Actions) -> str:
    """All keys as a page of HTML."""
    parts = []
    for menu in MENUS:
        rows = [
            _row(actions.key_words(name), spec.text)
            for name, spec in actions.specs.items()
            if spec.menu == menu and actions.key_words(name)
        ]
        if rows:
            parts.append(f"<h3>{menu}</h3><table cellpadding='3'>{''.join(rows)}</table>")
    mouse = "".join(_row(gesture, what) for gesture, what in _MOUSE)
    return "".join(parts) + f"<h3>Mouse on the picture</h3><table cellpadding='3'>{mouse}</table>"


def _row(keys: str, what: str) -> str:
    return f"<tr><td width='210'><b>{escape(keys)}</b></td><td>{escape(what)}</td></tr>"
