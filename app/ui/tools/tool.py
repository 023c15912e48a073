"""What every tool is: pointer events in, requests to a bench and marks to draw out. No widget, no event of Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

import numpy as np

from app.document.values import Box, Prompt

CLICK_SLACK = 4.0
"""A press that moves under this many screen pixels is a click."""
POINT_REACH = 12.0
"""A point is under the pointer within this many screen pixels of its centre."""


class Button(Enum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is and what is held. x, y are pixels of the frame; `scale` is screen pixels per frame pixel."""

    x: float
    y: float
    button: Button | None = None
    is_shift: bool = False
    is_ctrl: bool = False
    scale: float = 1.0

    @property
    def takes_away(self) -> bool:
        """Right button, or Ctrl with the left one: the same gesture everywhere."""
        return self.button is Button.RIGHT or (self.button is Button.LEFT and self.is_ctrl)

    def distance(self, x: float, y: float) -> float:
        """Distance to a place of the frame in screen pixels."""
        return float(np.hypot(self.x - x, self.y - y)) * self.scale

    def at(self, x: float, y: float) -> Pointer:
        return replace(self, x=x, y=y)


# What a tool asks the canvas to draw over the picture; coordinates are pixels of the frame.


@dataclass(frozen=True, slots=True)
class BoxMark:
    """A dashed rectangle being drawn; with handles once it stands."""

    box: Box
    has_handles: bool = False


@dataclass(frozen=True, slots=True)
class CircleMark:
    """The brush at its true size."""

    x: float
    y: float
    radius: float
    erases: bool = False


@dataclass(frozen=True, slots=True)
class PathMark:
    """Corners or a free-hand line of a lasso."""

    points: tuple[tuple[float, float], ...]
    takes_away: bool = False
    has_corners: bool = True


@dataclass(frozen=True, slots=True)
class PointMark:
    """A point where the person is dragging it to."""

    index: int
    x: float
    y: float


Mark = BoxMark | CircleMark | PathMark | PointMark


class Bench(Protocol):
    """What lies before a tool: one frame, one selected object, and the deeds that a gesture can end in."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the frame."""

    @property
    def prompt(self) -> Prompt:
        """Everything that the person gave for the selected object on this frame."""

    def mask(self) -> np.ndarray | None:
        """A writable copy (bool, height by width) of the selected object's mask on this frame, or None."""

    def objects_at(self, x: float, y: float) -> Sequence[int]:
        """Objects whose mask covers this place, the topmost first."""

    @property
    def selected(self) -> Sequence[int]:
        """The selected objects, the primary one last."""

    def select(self, object_id: int | None, *, extend: bool = False) -> None: ...

    def add_point(self, x: float, y: float, is_positive: bool) -> None: ...

    def drag_point(self, index: int, x: float, y: float) -> None:
        """A point is on its way; the mask may follow."""

    def drop_point(self, index: int, x: float, y: float) -> None:
        """The drag ended here: one step of history."""

    def release_point(self) -> None:
        """The drag was called off: the point is where it was."""

    def consider_point(self, x: float, y: float, is_positive: bool) -> None:
        """The person wants to see what a click here would give, without giving it."""

    def stop_considering(self) -> None:
        """No longer: nothing is shown but what is there."""

    def flip_point(self, index: int) -> None: ...

    def delete_points(self, indices: Sequence[int]) -> None: ...

    def take_back_prompt(self) -> None:
        """Take the last prompt of this frame away."""

    def set_box(self, box: Box | None) -> None: ...

    @property
    def only_inside(self) -> bool:
        """Whether a box asks for the mask inside it alone, and the rest of the mask stays."""

    @property
    def awaited(self) -> Box | None:
        """The box whose inside the model is looking at."""

    def segment_inside(self, box: Box) -> None:
        """Ask what the object is inside a box; the answer takes the place of the mask there. No prompt is recorded."""

    def show_stroke(self, mask: np.ndarray | None) -> None:
        """Show this mask in place of the object's while a stroke is drawn; None ends that."""

    def set_mask(self, mask: np.ndarray) -> None:
        """The person's own mask for the object on this frame (bool, height by width), in place of any other."""

    def paint(self, area: np.ndarray, *, erase: bool = False) -> None:
        """Add an area (bool, height by width) to the object's mask on this frame, or take it out of it."""

    def open_menu(self) -> None:
        """The menu of what is under the pointer."""


class Tool:
    """One tool's state. The canvas feeds it; after every call the canvas draws `marks()` again.

    `press`, `move` and `release` come in this order with the same button; `hover` comes while no button is held.
    """

    name = ""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.selected_points: tuple[int, ...] = ()

    def press(self, pointer: Pointer) -> None:
        """A button went down."""

    def move(self, pointer: Pointer) -> None:
        """The pointer moved while the button is held."""

    def release(self, pointer: Pointer) -> None:
        """The button went up."""

    def double_click(self, pointer: Pointer) -> None:
        """The second press of a double click, instead of `press`."""
        self.press(pointer)

    def hover(self, pointer: Pointer | None) -> None:
        """The pointer moved with no button held, or left the picture (None)."""

    def wheel(self, steps: int) -> bool:
        """Ctrl and the wheel; True if the tool used it."""
        return False

    def cancel(self) -> bool:
        """Esc: drop what is pending; True if there was something."""
        return False

    def finish(self) -> bool:
        """Enter: finish what is pending; True if there was something."""
        return False

    @property
    def is_pending(self) -> bool:
        """Whether earlier clicks have begun something that goes on with the next one."""
        return False

    def take_back(self) -> bool:
        """Backspace: the last part of what is pending; True if there was something."""
        return False

    def delete(self) -> bool:
        """Delete: remove the selected prompts; True if there were some."""
        if not self.selected_points:
            return False
        chosen, self.selected_points = self.selected_points, ()
        self.bench.delete_points(chosen)
        return True

    def forget(self) -> None:
        """Another frame or object is before the tool: what was pending has lost its meaning."""
        self.cancel()
        self.selected_points = ()

    def mind_points(self) -> None:
        """The prompt in view may be another: points that are gone are not selected, and not dragged, any more."""
        count = len(self.bench.prompt.points)
        self.selected_points = tuple(index for index in self.selected_points if index < count)

    def marks(self) -> tuple[Mark, ...]:
        """What to draw over the picture now."""
        return ()

    def hint(self) -> str:
        """What the mouse does now, for the status line."""
        return ""


def point_under(bench: Bench, pointer: Pointer) -> int | None:
    """Index of the selected object's point that lies under the pointer, the latest first."""
    points = bench.prompt.points
    for index in range(len(points) - 1, -1, -1):
        if pointer.distance(points[index].x, points[index].y) <= POINT_REACH:
            return index
    return None


def is_inside(bench: Bench, x: float, y: float) -> bool:
    """Whether a place lies on the frame."""
    height, width = bench.size
    return 0 <= x < width and 0 <= y < height


def clamped(bench: Bench, x: float, y: float) -> tuple[float, float]:
    """The nearest place on the frame."""
    height, width = bench.size
    return min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))
