"""What the mouse does on the canvas: moves the picture, picks a suggestion, or speaks to the tool in hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPointingDevice, QWheelEvent

from app.ui.canvas.bench import CanvasBench
from app.ui.canvas.candidates import CandidatesPopup
from app.ui.canvas.label_map import LabelMap
from app.ui.canvas.notes import CornerNotes
from app.ui.canvas.suggestions import Suggestions
from app.ui.canvas.zoom import ZoomView
from app.ui.desk import Desk
from app.ui.tools.tool import Button, Pointer, Tool, point_under

WHEEL_FACTOR, WHEEL_WAY = 1.2, 80
"""What one step of the wheel zooms by, and how many pixels it moves the picture."""
_BUTTONS = {Qt.MouseButton.LeftButton: Button.LEFT, Qt.MouseButton.RightButton: Button.RIGHT}
_DOWN = {button: down for down, button in _BUTTONS.items()}


@dataclass(frozen=True)
class CanvasParts:
    """What of a canvas the mouse has to do with; the last five are asked or told anew each time."""

    bench: CanvasBench
    notes: CornerNotes
    candidates: CandidatesPopup
    suggestions: Suggestions
    tool: Callable[[], Tool]
    labels: Callable[[], LabelMap]
    after_tool: Callable[[], None]
    refresh_look: Callable[[], None]
    step: Callable[[int], None]
    """Ask for so many frames forward."""


class Pointing:
    """Where the pointer is, what it holds, and what lies under it. Places are logical pixels of the viewport."""

    def __init__(self, view: ZoomView, parts: CanvasParts, desk: Desk) -> None:
        self._view, self._parts, self._desk = view, parts, desk
        self.held: Button | None = None
        """The button of a press that the tool has not seen the end of."""
        self._began_idle = True
        """Whether the tool had nothing pending at the last press that was no double click."""
        self.hovered_object: int | None = None
        self.hovered_point: int | None = None
        """Of the selected object's prompt on this frame."""
        self.last_press = QPoint()
        self.rest: QPointF | None = None
        """Where the pointer was seen last; None while it is elsewhere."""
        self.cross: QPointF | None = None
        """The place of the frame where the key pointer stands; None while it is off."""
        self._turned = 0.0
        """What the wheel was turned with Ctrl beyond whole steps."""

    def press(self, event: QMouseEvent, *, is_double: bool) -> None:
        """A button went down, for the second time if `is_double`."""
        view, parts = self._view, self._parts
        event.accept()
        self._mind_lost_release(event)
        if self._desk.source is None or self.held is not None:
            return
        if view.begin_pan(event):
            return
        button = _BUTTONS.get(event.button())
        if button is None:
            return
        pointer = self._pointer(event, button)
        if not self._begin(pointer, event.position().toPoint()):
            return
        if not is_double:
            self._began_idle = not parts.tool().is_pending
        elif self._is_on_nothing(pointer) and (self._began_idle or not parts.tool().is_pending):
            parts.tool().cancel()  # what the first of the two clicks began
            view.fit()
            parts.after_tool()
            return
        self.held = button
        if is_double:
            parts.tool().double_click(pointer)
        else:
            parts.tool().press(pointer)
        parts.after_tool()

    def _begin(self, pointer: Pointer, place: QPoint) -> bool:
        """What every press does, at a place of the viewport; False if it was not meant for the tool."""
        parts = self._parts
        if self._desk.is_playing:
            self._desk.set_playing(False)
            self._desk.set_frame(parts.bench.frame)  # the one that is seen; the next may be on its way
        parts.candidates.forget()
        self.last_press = place
        if parts.suggestions.is_choosing:
            parts.suggestions.pick(pointer.x, pointer.y, beneath=pointer.takes_away)
            return False
        return True

    def move_cross(self, place: QPointF | None) -> None:
        """The key pointer stands here now, in pixels of the frame; None: it is off."""
        view = self._view
        self.cross = place
        self.rest = None if place is None else view.from_frame(place)
        pointer = self._resting()
        if pointer is not None and self._parts.suggestions.is_choosing:
            self._parts.suggestions.hover(pointer.x, pointer.y)
        elif self.held is None:
            self._parts.tool().hover(pointer)
            self._hover(pointer)
        view.viewport().update()

    def click_at(self, place: QPointF, button: Button) -> None:
        """A whole click without a mouse, at a place of the frame."""
        if self._desk.source is None or self.held is not None:
            return
        pointer = Pointer(place.x(), place.y(), button, scale=self._view.view_scale)
        if self._begin(pointer, self._view.from_frame(place).toPoint()):
            self._parts.tool().press(pointer)
            self._parts.tool().release(pointer)
            self._parts.after_tool()

    def move(self, event: QMouseEvent) -> None:
        """The pointer moved, with or without a button down."""
        view, parts = self._view, self._parts
        event.accept()
        self.rest = event.position()
        parts.notes.mind_pointer(event.position().toPoint())
        if view.go_on_panning(event) or self._desk.source is None:
            return
        pointer = self._pointer(event, self.held)
        if parts.suggestions.is_choosing:
            parts.suggestions.hover(pointer.x, pointer.y)
        elif self.held is not None:
            parts.tool().move(pointer)
        else:
            parts.tool().hover(pointer)
            self._hover(pointer)
        view.viewport().update()

    def release(self, event: QMouseEvent) -> None:
        """A button went up."""
        event.accept()
        button = self.held
        if self._view.end_pan() or button is None or event.button() != _DOWN[button]:
            return
        self.held = None
        self._parts.tool().release(self._pointer(event, button))
        self._parts.after_tool()

    def look_again(self) -> None:
        """Under a pointer that rests lies something else now, perhaps."""
        if self.held is None and not self._parts.suggestions.is_choosing:
            self._hover(self._resting())
        else:
            self._parts.refresh_look()

    def take_tool(self) -> None:
        """Another tool is in the hand: it hears where the pointer rests."""
        self._parts.tool().hover(self._resting())

    def leave(self) -> None:
        """The pointer left the canvas."""
        view, parts = self._view, self._parts
        self.rest = None
        parts.notes.mind_pointer(None)
        parts.suggestions.leave()
        parts.tool().hover(None)
        self._hover(None)
        view.viewport().update()

    def turn(self, event: QWheelEvent) -> None:
        """The wheel: zoom, or move; with Shift sideways; with Ctrl the tool's own, or frames. Two fingers move."""
        view, parts = self._view, self._parts
        event.accept()
        held = event.modifiers()
        delta = event.angleDelta()
        turns = (delta.y() or delta.x()) / 120
        # A touchpad also tells when fingers come and go, and nothing was turned then.
        if self._desk.source is None or (not turns and event.pixelDelta().isNull()):
            return
        if held & Qt.KeyboardModifier.ControlModifier:
            self._turned = turns if turns * self._turned < 0 else self._turned + turns
            steps = int(self._turned)
            self._turned -= steps
            if steps and not parts.tool().wheel(steps):
                parts.step(-steps)
            parts.after_tool()
        elif event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull():
            view.pan(event.pixelDelta())
        elif held & Qt.KeyboardModifier.ShiftModifier:
            view.pan(QPoint(round(turns * WHEEL_WAY), 0))
        elif view.wheel_moves:
            view.pan(QPoint(0, round(turns * WHEEL_WAY)))
        else:
            view.zoom(math.pow(WHEEL_FACTOR, turns), event.position())

    def take_shift(self, event: QKeyEvent, *, is_down: bool) -> None:
        """Shift went down or up under a pointer that rests: the tool hears of it as if the pointer had moved."""
        if event.key() != Qt.Key.Key_Shift or event.isAutoRepeat() or self.held is not None:
            return
        pointer = self._resting(is_shift=is_down)
        if pointer is not None and self._desk.source is not None:
            self._parts.tool().hover(pointer)
            self._view.viewport().update()

    def objects_under(self) -> list[int]:
        """Objects under the key pointer or the mouse, the topmost first; none while it is elsewhere."""
        view, parts = self._view, self._parts
        if self.cross is not None:
            return parts.labels().objects_at(self.cross.x(), self.cross.y())
        place = view.viewport().mapFromGlobal(view.cursor().pos())
        if not view.viewport().rect().contains(place):
            return []
        at = view.to_frame(QPointF(place))
        return parts.labels().objects_at(at.x(), at.y())

    def _mind_lost_release(self, event: QMouseEvent) -> None:
        """A button that is held no more was let go elsewhere: on a menu that its press had opened, for one."""
        if self.held is None:
            return
        down = _DOWN[self.held]
        if event.button() == down or not event.buttons() & down:
            self.held = None
            self._parts.tool().cancel()

    def _resting(self, *, is_shift: bool = False) -> Pointer | None:
        if self.cross is not None:
            place = self.cross
        elif self.rest is not None:
            place = self._view.to_frame(self.rest)
        else:
            return None
        return Pointer(place.x(), place.y(), None, is_shift, False, self._view.view_scale)

    def _pointer(self, event: QMouseEvent, button: Button | None) -> Pointer:
        """The eraser end of a pen takes away with every tool that has something to take away from."""
        is_eraser = event.pointerType() is QPointingDevice.PointerType.Eraser
        takes_away = is_eraser and self._desk.tool not in ("eraser", "select")
        place = self._view.to_frame(event.position())
        held = event.modifiers()
        return Pointer(
            place.x(),
            place.y(),
            button,
            bool(held & Qt.KeyboardModifier.ShiftModifier),
            takes_away or bool(held & Qt.KeyboardModifier.ControlModifier),
            self._view.view_scale,
        )

    def _is_on_nothing(self, pointer: Pointer) -> bool:
        height, width = self._view.picture_size()
        if not (0 <= pointer.x < width and 0 <= pointer.y < height):
            return True
        is_beside = not self._parts.labels().objects_at(pointer.x, pointer.y)
        return self._desk.tool == "select" and is_beside and point_under(self._parts.bench, pointer) is None

    def _hover(self, pointer: Pointer | None) -> None:
        parts = self._parts
        on = parts.labels().objects_at(pointer.x, pointer.y) if pointer is not None else []
        self.hovered_object = on[0] if on else None
        takes_points = self._desk.tool in ("point", "select")
        self.hovered_point = point_under(parts.bench, pointer) if pointer is not None and takes_points else None
        parts.refresh_look()
