"""What the held keys do in the window (see `keys.HeldKeys`)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from app.ui.canvas.view import CanvasView
from app.ui.desk import Desk
from app.ui.playback import Playback


class WindowKeys:
    """`compare` shows the masks of before a run or ends that; `is_action` and `trigger` find and do an
    action by its keys."""

    def __init__(
        self,
        desk: Desk,
        canvas: CanvasView,
        playback: Playback,
        *,
        compare: Callable[[bool], object],
        is_action: Callable[[QKeySequence], bool],
        trigger: Callable[[QKeySequence, bool], bool],
    ) -> None:
        self._desk, self._canvas, self._playback = desk, canvas, playback
        self._compare, self._is_action, self._trigger = compare, is_action, trigger

    def set_hand(self, is_hand: bool) -> bool:
        return self._canvas.set_hand(is_hand)

    def is_popup_key(self, key: int) -> bool:
        return self._canvas.candidates.is_key(key)

    def take_popup_key(self, key: int) -> bool:
        return self._canvas.candidates.take_key(key)

    def is_pointer_key(self, key: int) -> bool:
        """On the picture, and not where Enter runs the plan that waits."""
        desk, pointer = self._desk, self._canvas.key_pointer
        running = None if desk.tracking is None else desk.tracking.plan
        is_waiting = desk.planned is not None and desk.planned is not running
        runs_plan = is_waiting and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        return self._canvas.hasFocus() and pointer.is_key(key) and not runs_plan

    def take_pointer_key(self, key: int, is_shift: bool) -> None:
        self._canvas.key_pointer.take_key(key, is_shift=is_shift)

    def tap_space(self) -> None:
        self._playback.toggle()

    def show_masks(self, is_shown: bool) -> None:
        self._desk.set_view(masks=is_shown)

    def show_earlier(self, is_shown: bool) -> None:
        self._compare(is_shown)

    def are_masks_shown(self) -> bool:
        return self._desk.are_masks_visible

    def is_action(self, keys: QKeySequence) -> bool:
        return self._is_action(keys)

    def trigger(self, keys: QKeySequence, is_repeat: bool) -> bool:
        return self._trigger(keys, is_repeat)

    def focus_canvas(self) -> None:
        self._canvas.setFocus()
