"""A real bench on a real project, and a hand that moves a pointer on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.ui.canvas.bench import CanvasBench
from app.ui.canvas.label_map import LabelMap
from app.ui.canvas.layers import layers_of
from app.ui.desk import Desk
from app.ui.tools.tool import Button, Pointer, Tool


class Hand:
    """Moves a pointer over the frame at twice its size and lets a tool know."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool

    def at(
        self, x: float, y: float, button: Button | None = None, *, shift: bool = False, ctrl: bool = False
    ) -> Pointer:
        return Pointer(x, y, button, shift, ctrl, scale=2.0)

    def click(
        self, x: float, y: float, button: Button = Button.LEFT, *, shift: bool = False, ctrl: bool = False
    ) -> None:
        pointer = self.at(x, y, button, shift=shift, ctrl=ctrl)
        self.tool.press(pointer)
        self.tool.release(pointer)

    def double_click(self, x: float, y: float) -> None:
        self.click(x, y)
        pointer = self.at(x, y, Button.LEFT)
        self.tool.double_click(pointer)
        self.tool.release(pointer)

    def drag(
        self, *places: tuple[float, float], button: Button = Button.LEFT, shift: bool = False, ctrl: bool = False
    ) -> None:
        start, *rest = places
        self.tool.press(self.at(*start, button, shift=shift, ctrl=ctrl))
        for place in rest:
            self.tool.move(self.at(*place, button, shift=shift, ctrl=ctrl))
        self.tool.release(self.at(*places[-1], button, shift=shift, ctrl=ctrl))


@pytest.fixture
def bench(desk: Desk) -> Iterator[CanvasBench]:
    """The bench with the first object ("dog": one positive point at (10, 20), masks on 0–11) on frame 0."""
    desk.select(1)

    def labels() -> LabelMap:
        document = desk.document
        assert document is not None
        found = LabelMap((document.clip.height, document.clip.width))
        found.set_layers(layers_of(desk, bench.frame))
        return found

    bench = CanvasBench(desk, labels)
    yield bench
    bench.deleteLater()


@pytest.fixture
def hand() -> Callable[[Tool], Hand]:
    return Hand
