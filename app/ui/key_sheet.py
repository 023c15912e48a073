"""The key sheet (?) and the help (F1): what each part of the window is for, and every key of the program."""

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
    ("Eraser end of a pen", "take away"),
    ("Double click on a lane", "go there and zoom to the object"),
)
AREAS = {
    "picture": (
        "The picture",
        "Click a thing to get its mask; a right click takes away what does not belong to it. After the first "
        "click up to three answers stand at the pointer: 1, 2 or 3 takes one. Drag a point to move it, or "
        "draw with brush and lasso where the model does not see what you see. Without a mouse: Ctrl+Shift+P "
        "shows a cross; arrows move it, Enter adds, Shift+Enter takes away. Masks of a frame with your own "
        "points or strokes are never overwritten by a run.",
    ),
    "objects": (
        "Objects",
        "Every object keeps its number for ever. Double click a name to change it; the eye hides it, and the "
        "padlock freezes it, so that nobody changes it. The order of the list is the order on the picture, "
        "front last.",
    ),
    "queue": (
        "Look at next",
        "Masks that are likely wrong, the worst first, with the reason. S goes to the next one, C says that "
        "it is right, a click on the picture mends it, and R computes the frames around a correction anew. "
        "What is verified is locked: no run writes it, and runs learn from it.",
    ),
    "timeline": (
        "Timeline",
        "One lane for each object. Solid: verified. Hatched: nobody has looked yet. A diamond: your points, "
        "box or strokes. A red notch: likely wrong. A dashed frame: what a run will compute. Drag on the "
        "ruler to move through the clip, with Shift to set a range; every run and review keeps to the range.",
    ),
}
"""What F1 explains, by the part of the window that has the focus: its name and a few sentences."""


class KeySheet(QDialog):
    """Help and keys. It can stay open beside the work."""

    def __init__(self, actions: Actions, parent: QWidget | None = None, area: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle("Help and keys" if area else "Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(640, 680)
        self.page = QTextBrowser(self)
        self.page.setAccessibleName("Keys")
        self.page.setHtml((help_page(area) if area else "") + key_page(actions))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_2, theme.SPACE_2, theme.SPACE_2, theme.SPACE_2)
        layout.addWidget(self.page)


def help_page(area: str) -> str:
    """The parts of the window explained, the one that is asked about first."""
    order = sorted(AREAS, key=lambda name: name != area)
    return "".join(f"<h3>{escape(AREAS[name][0])}</h3><p>{escape(AREAS[name][1])}</p>" for name in order) + "<hr>"


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
