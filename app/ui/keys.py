"""Keys that are more than a shortcut: held keys, keys of a pop-up, keys in text fields, keys of other alphabets."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

HOLD_SECONDS = 0.25
"""A key that is held longer than this was no tap."""

# Keys of the US keyboard by place: evdev codes (Linux; X adds 8) and Windows scan codes agree on these.
_ROWS = {16: "QWERTYUIOP[]", 30: "ASDFGHJKL", 44: "ZXCVBNM"}
_US_KEYS = {start + place: key for start, row in _ROWS.items() for place, key in enumerate(row)}
_US_SIGNS = {2 + place: key for place, key in enumerate("1234567890-=")} | {
    26: "[",
    27: "]",
    41: "`",
    43: "\\",
    53: "/",
}
_TEXT_WIDGETS = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class HeldKeys(Protocol):
    """What the held keys do."""

    def set_hand(self, is_hand: bool) -> bool: ...
    def take_popup_key(self, key: int) -> bool: ...
    def is_popup_key(self, key: int) -> bool: ...
    def is_pointer_key(self, key: int) -> bool: ...
    def take_pointer_key(self, key: int, is_shift: bool) -> None: ...
    def tap_space(self) -> None: ...
    def show_masks(self, is_shown: bool) -> None: ...
    def are_masks_shown(self) -> bool: ...
    def show_earlier(self, is_shown: bool) -> None: ...
    def is_action(self, keys: QKeySequence) -> bool: ...
    def trigger(self, keys: QKeySequence, is_repeat: bool) -> bool: ...
    def focus_canvas(self) -> None: ...


class KeyWatch(QObject):
    """Watches the keys of whatever has the focus inside one window."""

    def __init__(self, window: QWidget, held: HeldKeys, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(window)
        self._window, self._held, self._clock = window, held, clock
        self._watched: QWidget | None = None
        self._space_since: float | None = None
        self._hide_since: float | None = None
        self._were_shown = True
        self._is_comparing = False
        self.is_stop_held = False
        """K is down: J and L play slowly."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._take_focus)

    def _take_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._watched is not None:
            self._watched.removeEventFilter(self)
            self._watched.destroyed.disconnect(self._lose)
        self._watched = new if new is not None and self._window.isAncestorOf(new) else None
        if self._watched is not None:
            self._watched.installEventFilter(self)
            self._watched.destroyed.connect(self._lose)
        if new is None:
            self._release_all()

    def _lose(self) -> None:
        self._watched = None

    def _release_all(self) -> None:
        """The window lost the focus: no release will be seen for what is held."""
        if self._space_since is not None:
            self._space_since = None
            self._held.set_hand(False)
        if self._hide_since is not None:
            self._hide_since = None
            self._held.show_masks(self._were_shown)
        self._compare(False)
        self.is_stop_held = False

    def _compare(self, is_on: bool) -> None:
        if is_on != self._is_comparing:
            self._is_comparing = is_on
            self._held.show_earlier(is_on)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QWidget):
            return False
        if is_text_field(watched):
            return self._in_text(watched, event)
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride:
            return self._claim(watched, event)
        if kind == QEvent.Type.KeyPress:
            return self._press(watched, event)
        if kind == QEvent.Type.KeyRelease:
            return self._release(event)
        return False

    def _in_text(self, widget: QWidget, event: QKeyEvent) -> bool:
        """A text field keeps every key that is not a command; Esc gives the keys back to the canvas."""
        bare = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        is_function = Qt.Key.Key_F1 <= event.key() <= Qt.Key.Key_F35
        if event.type() == QEvent.Type.ShortcutOverride and not bare and not is_function:
            event.accept()
            return True
        is_escape = event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape
        if is_escape and not _is_cell_editor(widget):
            self._held.focus_canvas()
            return True
        return False

    def _claim(self, widget: QWidget, event: QKeyEvent) -> bool:
        """Whether a key is kept from being a shortcut, because the pop-up, a button or a list takes it."""
        key = meant_key(event)
        if key == Qt.Key.Key_K and not event.isAutoRepeat():
            self.is_stop_held = True
        is_bare = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        is_kept = is_bare and (
            self._held.is_popup_key(key)
            or (isinstance(widget, QAbstractButton) and key in (Qt.Key.Key_Space, *_ENTER))
            or (isinstance(widget, QAbstractItemView) and key in (Qt.Key.Key_Up, Qt.Key.Key_Down))
        )
        sign = sign_by_place(event)
        is_kept = is_kept or self._moves_pointer(event) or (sign is not None and self._held.is_action(sign))
        if is_kept:
            event.accept()
        return is_kept

    def _press(self, widget: QWidget, event: QKeyEvent) -> bool:
        key, is_bare = meant_key(event), not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if is_bare and self._held.is_popup_key(key):
            return self._held.take_popup_key(key)
        if self._moves_pointer(event):
            if key not in _ENTER or not event.isAutoRepeat():
                self._held.take_pointer_key(key, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            return True
        if isinstance(widget, QAbstractButton):
            if is_bare and key in _ENTER:
                widget.click()
                return True
            if is_bare and key == Qt.Key.Key_Space:
                return False
        if is_bare and key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space_since = self._clock()
                self._held.set_hand(True)
            return True
        if is_bare and (key == Qt.Key.Key_H or us_key(event) == "H"):
            if not event.isAutoRepeat():
                self._hide_since, self._were_shown = self._clock(), self._held.are_masks_shown()
                self._held.show_masks(not self._were_shown)
            return True
        if is_bare and (key == Qt.Key.Key_U or us_key(event) == "U"):
            self._compare(True)
            return True
        return self._try_by_place(event)

    def _moves_pointer(self, event: QKeyEvent) -> bool:
        """Whether the key pointer takes this key, alone or with Shift."""
        others = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        return not others and self._held.is_pointer_key(event.key())

    def _release(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat():
            return False
        if event.key() == Qt.Key.Key_K:
            self.is_stop_held = False
        if event.key() == Qt.Key.Key_Space and self._space_since is not None:
            self._space_since = None
            if not self._held.set_hand(False):
                self._held.tap_space()
            return True
        if (event.key() == Qt.Key.Key_H or us_key(event) == "H") and self._hide_since is not None:
            was_held = self._clock() - self._hide_since > HOLD_SECONDS
            self._hide_since = None
            if was_held:
                self._held.show_masks(self._were_shown)
            return True
        if self._is_comparing and (event.key() == Qt.Key.Key_U or us_key(event) == "U"):
            self._compare(False)
            return True
        return False

    def _try_by_place(self, event: QKeyEvent) -> bool:
        """For digits and signs the US place of a key counts, in a layout without Latin letters for letters, too."""
        sign = sign_by_place(event)
        if sign is not None and self._held.is_action(sign):
            return self._held.trigger(sign, event.isAutoRepeat())
        if event.key() < 0x80:
            return False
        key = us_key(event)
        if not key:
            return False
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return self._held.trigger(QKeySequence(modifiers.value | ord(key)), event.isAutoRepeat())


def is_text_field(widget: QWidget) -> bool:
    """Whether letters typed into this widget are text."""
    return isinstance(widget, _TEXT_WIDGETS) or (isinstance(widget, QComboBox) and widget.isEditable())


def us_key(event: QKeyEvent) -> str:
    """What the US keyboard has at the place of this key: a capital letter or bracket; "" if it is none of those."""
    return _US_KEYS.get(_place(event), "")


def meant_key(event: QKeyEvent) -> int:
    """The key of an event; of a digit or sign that is pressed alone, what the US keyboard has there."""
    sign = "" if event.modifiers() or _is_letter(event) else _US_SIGNS.get(_place(event), "")
    return ord(sign) if sign else event.key()


def sign_by_place(event: QKeyEvent) -> QKeySequence | None:
    """What a digit or sign means whose key says something else in the person's layout than on the US keyboard: the
    key of a French 1 says "&". None for every other key, and for what AltGr makes."""
    sign, held = _US_SIGNS.get(_place(event), ""), event.modifiers()
    is_alt_gr = bool(held & Qt.KeyboardModifier.GroupSwitchModifier) or (
        bool(held & Qt.KeyboardModifier.ControlModifier) and bool(held & Qt.KeyboardModifier.AltModifier)
    )
    if not sign or is_alt_gr or _is_letter(event) or event.key() == ord(sign):
        return None
    if sign == "/" and held == Qt.KeyboardModifier.ShiftModifier:
        return QKeySequence("?")
    return QKeySequence(held.value | ord(sign))


def _is_letter(event: QKeyEvent) -> bool:
    return Qt.Key.Key_A <= event.key() <= Qt.Key.Key_Z


def _place(event: QKeyEvent) -> int:
    """Where the key is, as evdev and Windows count."""
    code = event.nativeScanCode()
    return code - 8 if sys.platform.startswith("linux") else code


def _is_cell_editor(widget: QWidget) -> bool:
    """Whether this is the editor of a list's or table's cell, which has its own Esc."""
    parent = widget.parentWidget()
    view = parent.parentWidget() if parent is not None else None
    return isinstance(view, QAbstractItemView)
