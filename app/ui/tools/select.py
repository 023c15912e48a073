"""Select: the mask under the pointer, or several prompts in a rectangle."""

from __future__ import annotations

from app.document.values import Box
from app.ui.tools.point import PointDrag
from app.ui.tools.tool import CLICK_SLACK, Bench, BoxMark, Button, Mark, Pointer, Tool, clamped, point_under


class SelectTool(Tool):
    """A click selects the mask under it and, again, the next one below; a drag selects prompts, or moves one; a double
    click flips one. Shift adds to what is selected, Ctrl takes in or out."""

    name = "select"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._pressed: Pointer | None = None
        self._band: Box | None = None
        self._drag = PointDrag(bench)
        self._last: tuple[float, float, int] | None = None

    def press(self, pointer: Pointer) -> None:
        if pointer.button is Button.RIGHT:
            self.bench.open_menu()
            return
        index = point_under(self.bench, pointer)
        if index is not None and pointer.is_ctrl:
            others = tuple(other for other in self.selected_points if other != index)
            self.selected_points = others if index in self.selected_points else (*others, index)
        elif index is not None:
            if index not in self.selected_points:
                self.selected_points = (*self.selected_points, index) if pointer.is_shift else (index,)
            self._drag.begin(index, pointer)
        else:
            self._pressed = pointer

    def move(self, pointer: Pointer) -> None:
        if self._drag.is_on:
            self._drag.move(pointer)
        elif self._pressed is not None and (
            self._band is not None or pointer.distance(self._pressed.x, self._pressed.y) >= CLICK_SLACK
        ):
            x0, y0 = clamped(self.bench, self._pressed.x, self._pressed.y)
            x1, y1 = clamped(self.bench, pointer.x, pointer.y)
            self._band = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    def release(self, pointer: Pointer) -> None:
        pressed, band = self._pressed, self._band
        self._pressed = self._band = None
        if self._drag.is_on:
            self._drag.end()
        elif band is not None:
            self._take_points(band, extend=pointer.is_shift)
        elif pressed is not None:
            self.selected_points = ()
            self._take_object(pressed)

    def _take_points(self, band: Box, *, extend: bool) -> None:
        inside = tuple(
            index
            for index, point in enumerate(self.bench.prompt.points)
            if band.x0 <= point.x <= band.x1 and band.y0 <= point.y <= band.y1
        )
        kept = self.selected_points if extend else ()
        self.selected_points = tuple(dict.fromkeys((*kept, *inside)))

    def _take_object(self, pointer: Pointer) -> None:
        under = list(self.bench.objects_at(pointer.x, pointer.y))
        extend = pointer.is_shift or pointer.is_ctrl
        if not under:
            self._last = None
            if not extend:
                self.bench.select(None)
            return
        chosen = under[0]
        if not extend and self._last is not None and self._last[2] in under:
            x, y, before = self._last
            if pointer.distance(x, y) < CLICK_SLACK:
                chosen = under[(under.index(before) + 1) % len(under)]
        self._last = (pointer.x, pointer.y, chosen)
        if pointer.is_shift and chosen in self.bench.selected:
            return
        self.bench.select(chosen, extend=extend)

    def double_click(self, pointer: Pointer) -> None:
        """Flip a point; a second click on anything else is one more click."""
        index = point_under(self.bench, pointer)
        if index is None or pointer.button is Button.RIGHT:
            self.press(pointer)
        else:
            self.bench.flip_point(index)

    def cancel(self) -> bool:
        had_band = self._band is not None
        self._pressed = self._band = None
        return self._drag.cancel() or had_band

    def mind_points(self) -> None:
        super().mind_points()
        self._drag.mind_points()

    def marks(self) -> tuple[Mark, ...]:
        if self._band is not None:
            return (BoxMark(self._band),)
        return self._drag.marks()

    def hint(self) -> str:
        if self.selected_points:
            return "Drag: move the prompt · Double click: flip · Delete: remove · Ctrl: in or out"
        return "Click: select, again: the next below · Shift: add · Ctrl: in or out · Drag: prompts · Right: menu"
