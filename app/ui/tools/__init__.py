"""One state machine per tool, testable without a window."""

from __future__ import annotations

from app.ui.tools.box import BoxTool
from app.ui.tools.brush import BrushSize, BrushTool, EraserTool
from app.ui.tools.lasso import LassoTool
from app.ui.tools.point import PointTool
from app.ui.tools.select import SelectTool
from app.ui.tools.tool import Bench, Tool

__all__ = ["Bench", "BrushSize", "Tool", "make_tools"]


def make_tools(bench: Bench, size: BrushSize) -> dict[str, Tool]:
    """Every tool by its name on the desk, all before the same bench; brush and eraser share their size."""
    tools: tuple[Tool, ...] = (
        SelectTool(bench),
        PointTool(bench),
        BoxTool(bench),
        BrushTool(bench, size),
        EraserTool(bench, size),
        LassoTool(bench),
    )
    return {tool.name: tool for tool in tools}
