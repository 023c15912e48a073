"""The tool rail: one column of tools, the active one filled; what the tool in hand lets one set; undo and redo."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from app.ui import theme
from app.ui.desk import TOOLS, Desk
from app.ui.tools.brush import LARGEST, SMALLEST


class ToolRail(QWidget):
    """Shows the desk's `tool_…` actions."""

    brush_size_chosen = Signal(int)
    """Diameter in frame pixels."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.setProperty("role", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(theme.TOOL_RAIL_WIDTH)
        self.setAccessibleName("Tools")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_2, theme.SPACE_3, theme.SPACE_2, theme.SPACE_2)
        layout.setSpacing(theme.SPACE_1)
        self.buttons: dict[str, QToolButton] = {}
        for tool in TOOLS:
            button = QToolButton(self)
            button.setDefaultAction(desk.actions[f"tool_{tool}"])
            button.setIconSize(QSize(20, 20))
            button.setFixedSize(36, 36)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(desk.actions[f"tool_{tool}"].text())
            layout.addWidget(button)
            self.buttons[tool] = button
        layout.addSpacing(theme.SPACE_3)
        self.size_box = QLineEdit(self)
        self.size_box.setValidator(QIntValidator(SMALLEST, LARGEST, self.size_box))
        self.size_box.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.size_box.setFixedWidth(36)
        self.size_box.setStyleSheet("padding: 2px 0px;")
        self.size_box.setToolTip("Brush size in pixels of the frame  ([ and ])")
        self.size_box.setAccessibleName("Brush size")
        self.size_box.editingFinished.connect(lambda: self.brush_size_chosen.emit(int(self.size_box.text())))
        self._unit = QLabel("px", self)
        self._unit.setProperty("role", "hint")
        self._unit.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.inside = QToolButton(self)
        self.inside.setDefaultAction(desk.actions["only_inside"])
        self.inside.setIconSize(QSize(20, 20))
        self.inside.setFixedSize(36, 36)
        self.inside.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.inside.setToolTip("Only inside: a box looks again inside it, the rest of the mask stays")
        self.inside.setAccessibleName("Box: only inside")
        self._mode = QLabel(self)
        self._mode.setProperty("role", "hint")
        self._mode.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self.inside)
        layout.addWidget(self._mode)
        layout.addWidget(self.size_box)
        layout.addWidget(self._unit)
        layout.addStretch(1)
        for name in ("undo", "redo"):
            button = QToolButton(self)
            button.setDefaultAction(desk.actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setIconSize(QSize(20, 20))
            button.setFixedSize(36, 36)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(name.capitalize())
            layout.addWidget(button)
            self.buttons[name] = button
        desk.tool_changed.connect(self.show_tool)
        self.show_tool(desk.tool)

    def show_tool(self, tool: str) -> None:
        """Fill the active tool's button."""
        self._desk.actions[f"tool_{tool}"].setChecked(True)
        paints = tool in ("brush", "eraser")
        self.size_box.setVisible(paints)
        self._unit.setVisible(paints)
        self._mode.setVisible(paints)
        self._mode.setText("erase" if tool == "eraser" else "paint")
        self.inside.setVisible(tool == "box")

    def show_brush_size(self, diameter: int) -> None:
        """The size was changed by keys or wheel."""
        if not self.size_box.hasFocus():
            self.size_box.setText(str(diameter))
