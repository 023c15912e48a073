"""Points: a click adds or takes away, a point can be dragged, flipped and deleted."""

from __future__ import annotations

from app.ui.tools.tool import CLICK_SLACK, Bench, Mark, Pointer, PointMark, Tool, clamped, is_inside, point_under


class PointDrag:
    """A press on a point that becomes a drag after four pixels. Shared by the point and the select tool."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._index: int | None = None
        self._start: Pointer | None = None
        self._place: tuple[float, float] | None = None

    @property
    def is_on(self) -> bool:
        return self._index is not None

    def begin(self, index: int, pointer: Pointer) -> None:
        self._index, self._start, self._place = index, pointer, None

    def move(self, pointer: Pointer) -> None:
        """Follow the pointer; the point stays on the frame."""
        if self._index is None or self._start is None:
            return
        if self._place is None and pointer.distance(self._start.x, self._start.y) < CLICK_SLACK:
            return
        self._place = clamped(self._bench, pointer.x, pointer.y)
        self._bench.drag_point(self._index, *self._place)

    def end(self) -> None:
        """The button went up: one step of history if the point moved."""
        index, place = self._index, self._place
        self._index = self._start = self._place = None
        if index is not None and place is not None:
            self._bench.drop_point(index, *place)

    def cancel(self) -> bool:
        """Put the point back; True if one was on its way."""
        was_moving = self._place is not None
        self._index = self._start = self._place = None
        if was_moving:
            self._bench.release_point()
        return was_moving

    def mind_points(self) -> None:
        """Drop a point that is gone."""
        if self._index is not None and self._index >= len(self._bench.prompt.points):
            self.cancel()

    def marks(self) -> tuple[Mark, ...]:
        if self._index is None or self._place is None:
            return ()
        return (PointMark(self._index, *self._place),)


class PointTool(Tool):
    """Left adds, right or Ctrl+click takes away; on a point: drag moves, double click flips, Delete removes.

    While Shift is held over the picture, what a click would give is shown.
    """

    name = "point"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._pressed: Pointer | None = None
        self._drag = PointDrag(bench)
        self._pressed_point: int | None = None
        self._is_considering = False

    def press(self, pointer: Pointer) -> None:
        index = point_under(self.bench, pointer)
        self._pressed_point = index
        self._pressed = pointer if index is None else None
        if index is None:
            self.selected_points = ()
        else:
            self.selected_points = (index,)
            if not pointer.takes_away:
                self._drag.begin(index, pointer)

    def move(self, pointer: Pointer) -> None:
        if self._drag.is_on:
            self._drag.move(pointer)
        elif self._pressed is not None and pointer.distance(self._pressed.x, self._pressed.y) >= CLICK_SLACK:
            self._pressed = None

    def release(self, pointer: Pointer) -> None:
        pressed, self._pressed = self._pressed, None
        if self._drag.is_on:
            self._drag.end()
        elif pressed is not None and is_inside(self.bench, pressed.x, pressed.y):
            self.bench.add_point(pressed.x, pressed.y, not pressed.takes_away)

    def hover(self, pointer: Pointer | None) -> None:
        """With Shift: show what a click here would give."""
        if pointer is None or not pointer.is_shift or not is_inside(self.bench, pointer.x, pointer.y):
            if self._is_considering:
                self._is_considering = False
                self.bench.stop_considering()
        elif point_under(self.bench, pointer) is None:
            self._is_considering = True
            self.bench.consider_point(pointer.x, pointer.y, not pointer.is_ctrl)

    def double_click(self, pointer: Pointer) -> None:
        """Flip a point, unless the first click of the pair has only just made it."""
        index = point_under(self.bench, pointer)
        if index is None:
            self.press(pointer)
        elif index == self._pressed_point:
            self.bench.flip_point(index)

    def cancel(self) -> bool:
        self._pressed = None
        return self._drag.cancel()

    def forget(self) -> None:
        super().forget()
        self._pressed_point = None
        self.hover(None)

    def mind_points(self) -> None:
        super().mind_points()
        self._drag.mind_points()

    def marks(self) -> tuple[Mark, ...]:
        return self._drag.marks()

    def hint(self) -> str:
        if self.selected_points:
            return "Drag: move · Double click: flip · Delete: remove"
        return "Left: add · Right: take away · Shift: preview · Drag a point: move"
