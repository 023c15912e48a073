"""Box: drag it or click two corners, then pull its handles."""

from __future__ import annotations

from app.document.values import Box
from app.ui.tools.tool import CLICK_SLACK, Bench, BoxMark, Button, Mark, Pointer, Tool, clamped, is_inside

HANDLE_REACH = 12.0
"""A handle is under the pointer within this many screen pixels; of several the nearest."""
SMALLEST = 2.0
"""A box thinner than this many frame pixels is none."""

# Which sides each handle moves: (left, top, right, bottom).
_HANDLES = (
    (True, True, False, False),
    (False, True, False, False),
    (False, True, True, False),
    (False, False, True, False),
    (False, False, True, True),
    (False, False, False, True),
    (True, False, False, True),
    (True, False, False, False),
)


def handle_places(box: Box) -> tuple[tuple[float, float], ...]:
    """Centres of the eight handles, clockwise from the upper left corner."""
    middle_x, middle_y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return (
        (box.x0, box.y0),
        (middle_x, box.y0),
        (box.x1, box.y0),
        (box.x1, middle_y),
        (box.x1, box.y1),
        (middle_x, box.y1),
        (box.x0, box.y1),
        (box.x0, middle_y),
    )


class BoxTool(Tool):
    """A rectangle round the object. Right click: a negative point, as everywhere. Shift: a square."""

    name = "box"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._corner: tuple[float, float] | None = None
        self._is_clicking = False  # the first of two clicks was made
        self._handle: tuple[bool, bool, bool, bool] | None = None
        self._shown: Box | None = None
        self._minus: Pointer | None = None
        self._has_moved = False
        self._pressed: Pointer | None = None

    def press(self, pointer: Pointer) -> None:
        if pointer.takes_away:
            self._minus = pointer
            return
        self._pressed, self._has_moved = pointer, False
        if self._is_clicking:
            self._stretch(pointer)
            return
        handle = self._handle_under(pointer)
        if handle is not None:
            self._handle, self._shown = handle, self.bench.prompt.box
        else:
            self._corner = clamped(self.bench, pointer.x, pointer.y)

    def move(self, pointer: Pointer) -> None:
        if self._minus is not None:
            if pointer.distance(self._minus.x, self._minus.y) >= CLICK_SLACK:
                self._minus = None
            return
        if self._pressed is None:
            return
        if not self._has_moved and pointer.distance(self._pressed.x, self._pressed.y) < CLICK_SLACK:
            return
        self._has_moved = True
        self._stretch(pointer)

    def hover(self, pointer: Pointer | None) -> None:
        if pointer is not None and self._is_clicking:
            self._stretch(pointer)

    def release(self, pointer: Pointer) -> None:
        minus, self._minus = self._minus, None
        if minus is not None:
            if is_inside(self.bench, minus.x, minus.y):
                self.bench.add_point(minus.x, minus.y, False)
            return
        if self._pressed is None or pointer.button is Button.RIGHT:
            return
        self._pressed = None
        if self._handle is not None or self._has_moved or self._is_clicking:
            self._settle()
        else:
            self._is_clicking = self._corner is not None

    def _stretch(self, pointer: Pointer) -> None:
        x, y = clamped(self.bench, pointer.x, pointer.y)
        if self._handle is not None and self._shown is not None:
            left, top, right, bottom = self._handle
            box = self._shown
            if pointer.is_shift and (left or right) and (top or bottom):
                x, y = _squared((box.x1 if left else box.x0, box.y1 if top else box.y0), x, y)
            self._shown = Box(
                x if left else box.x0, y if top else box.y0, x if right else box.x1, y if bottom else box.y1
            )
        elif self._corner is not None:
            if pointer.is_shift:
                x, y = _squared(self._corner, x, y)
            self._shown = Box(*self._corner, x, y)

    def _settle(self) -> None:
        shown = self._shown
        had_handle = self._handle is not None
        self._clear()
        if shown is None:
            return
        box = _upright(shown)
        if had_handle and box == self.bench.prompt.box:
            return
        if box.x1 - box.x0 < SMALLEST or box.y1 - box.y0 < SMALLEST:
            return
        if self.bench.only_inside and not had_handle:
            self.bench.segment_inside(box)
        else:
            self.bench.set_box(box)

    def _handle_under(self, pointer: Pointer) -> tuple[bool, bool, bool, bool] | None:
        box = self.bench.prompt.box
        if box is None:
            return None
        far = [pointer.distance(*place) for place in handle_places(box)]
        return _HANDLES[far.index(min(far))] if min(far) <= HANDLE_REACH else None

    def _clear(self) -> None:
        self._corner = self._handle = self._shown = self._pressed = None
        self._is_clicking = self._has_moved = False

    def cancel(self) -> bool:
        was_pending = self._corner is not None or self._handle is not None
        self._clear()
        self._minus = None
        return was_pending

    @property
    def is_pending(self) -> bool:
        return self._is_clicking

    def finish(self) -> bool:
        """Enter: take the box as it is shown."""
        if not self._is_clicking or self._shown is None:
            return False
        self._settle()
        return True

    def marks(self) -> tuple[Mark, ...]:
        if self._shown is None:
            return () if self.bench.awaited is None else (BoxMark(self.bench.awaited),)
        return (BoxMark(_upright(self._shown), has_handles=self._handle is not None),)

    def hint(self) -> str:
        if self._is_clicking:
            return "Click: second corner · Shift: square · Enter: done · Esc: drop"
        if self.bench.only_inside:
            return "Drag or click two corners: look again inside, the rest of the mask stays · Right: take away"
        if self.bench.prompt.box is not None:
            return "Drag a handle: adjust · Drag: new box · Shift: square · Right: take away"
        return "Drag or click two corners: box · Shift: square · Right: take away"


def _squared(corner: tuple[float, float], x: float, y: float) -> tuple[float, float]:
    """The place nearest to x, y, inside the box that they span with a corner, that spans a square with it."""
    x0, y0 = corner
    side = min(abs(x - x0), abs(y - y0))
    return x0 + (side if x >= x0 else -side), y0 + (side if y >= y0 else -side)


def _upright(box: Box) -> Box:
    return Box(min(box.x0, box.x1), min(box.y0, box.y1), max(box.x0, box.x1), max(box.y0, box.y1))
