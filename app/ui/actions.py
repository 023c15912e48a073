"""Every action as something that menus, buttons and keys share. What an action does is given by the verbs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.ui import icons, theme
from app.ui.action_table import ACTIONS, HIDDEN_IN_MENUS, MAC_KEYS, MENUS, ActionSpec
from app.ui.desk import Desk

REASONS = {
    "clip": "Open a clip first.",
    "object": "Select an object first.",
    "objects": "There is no object yet.",
    "two": "Select two objects.",
    "mask": "The object has no mask on this frame.",
    "prompt": "The object has no prompt on this frame.",
    "object_prompts": "The object has no prompts.",
    "prompts": "There is no prompt yet.",
    "copied": "No mask has been copied.",
    "candidates": "The last click had one answer only.",
    "range": "No range is set.",
    "earlier": "No run has replaced a mask yet.",
    "marker": "There is no marker on this frame.",
    "markers": "There is no marker yet.",
    "doubt": "The ends of the last repair agreed, or there was none.",
    "line": "No run waits in line, or the line is running.",
    "cuts": "No shot cut is known in this clip.",
    "undo": "There is nothing to undo.",
    "redo": "There is nothing to redo.",
    "last": "No project has been opened yet.",
    "bundled": "No clip came with this program.",
    "restart": "The model is running.",
}
"""Why an action is greyed out, by the state that is missing."""


class Actions(QObject):
    """All actions whose verb exists, in `desk.actions` by name. An action without a verb is not made at all."""

    def __init__(self, desk: Desk, verbs: Mapping[str, Callable[[], object]], window: QWidget) -> None:
        super().__init__(window)
        self._desk = desk
        self._specs: dict[str, ActionSpec] = {}
        self._states: dict[str, Callable[[], bool]] = {}
        self._held: dict[str, bool] = {}
        """How the states stood when they were asked last."""
        self._needing: dict[str, list[str]] = {}
        """The actions that need a state."""
        self._icons: dict[str, str] = {}
        groups = {kind: QActionGroup(self) for kind in ("tool", "theme", "speed", "color")}
        for spec in ACTIONS:
            if spec.name not in verbs:
                continue
            action = self._make(spec, verbs[spec.name], window)
            group = groups.get(spec.name.partition("_")[0])
            if group is not None and spec.is_checkable:
                group.addAction(action)
        self._paint_icons()
        theme.on_change().changed.connect(self._paint_icons)

    def _make(self, spec: ActionSpec, verb: Callable[[], object], window: QWidget) -> QAction:
        action = QAction(spec.text, window)
        action.setObjectName(spec.name)
        if spec.shown_key:
            # Shown in menus and on buttons; `KeyWatch` acts on it, since holding it means something else than tapping.
            action.setShortcut(QKeySequence(spec.shown_key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        else:
            keys = MAC_KEYS.get(spec.name, spec.keys) if sys.platform == "darwin" else spec.keys
            action.setShortcuts([QKeySequence(key) for key in keys])
        action.setAutoRepeat(spec.repeats)
        action.setCheckable(spec.is_checkable)
        action.setMenuRole(QAction.MenuRole.NoRole)
        if spec.short:
            action.setIconText(spec.short)
        if spec.offered:
            action.setProperty("offered", spec.offered)
        action.triggered.connect(lambda _checked=False: verb())
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{spec.short or spec.text}  ({key})" if key else spec.short or spec.text)
        window.addAction(action)
        self._specs[spec.name] = spec
        self._desk.actions[spec.name] = action
        return action

    @property
    def specs(self) -> Mapping[str, ActionSpec]:
        """The actions that exist, in the order of the table."""
        return self._specs

    def set_states(self, states: Mapping[str, Callable[[], bool]]) -> None:
        """How to find out whether a state of `REASONS` holds."""
        self._states, self._held = dict(states), {}
        self._needing = {
            state: [name for name, spec in self._specs.items() if state in spec.needs] for state in self._states
        }
        self.refresh()

    def refresh(self) -> None:
        """Grey out what makes no sense now. Where no state has changed it costs next to nothing: ask it at any time."""
        before, self._held = self._held, {name: bool(is_held()) for name, is_held in self._states.items()}
        for name in {
            name for state, held in self._held.items() if held != before.get(state) for name in self._needing[state]
        }:
            needs = self._specs[name].needs
            self._desk.actions[name].setEnabled(all(self._held.get(need, True) for need in needs))

    def trigger(self, name: str) -> None:
        """Do an action, if it makes sense now."""
        self._desk.actions[name].trigger()

    def has_keys(self, keys: QKeySequence) -> bool:
        """Whether an action has these keys, now or when it makes sense."""
        return any(keys in action.shortcuts() for action in self._desk.actions.values())

    def trigger_keys(self, keys: QKeySequence, *, is_repeat: bool = False) -> bool:
        """Do the action of these keys, if there is one that makes sense now; `is_repeat`: because they are held."""
        for action in self._desk.actions.values():
            if keys in action.shortcuts() and action.isEnabled():
                if action.autoRepeat() or not is_repeat:
                    action.trigger()
                return True
        return False

    def set_icon(self, name: str, icon: str) -> None:
        """Show another icon from now on."""
        self._icons[name] = icon
        self._paint_icons()

    def why_not(self, name: str) -> str:
        """Why an action is greyed out; "" if it is not."""
        for need in self._specs[name].needs:
            if need in self._states and not self._states[need]():
                return REASONS[need]
        return ""

    def key_words(self, name: str) -> str:
        """The keys of an action as they stand on the keyboard: "Left, A"."""
        text = QKeySequence.SequenceFormat.NativeText
        keys = [keys.toString(text) for keys in self._desk.actions[name].shortcuts()]
        # Two names of one key: the main one and that of the number pad, or Tab with Shift held.
        shown = [key.replace("Return", "Enter").replace("Backtab", "Shift+Tab") for key in keys]
        return ", ".join(dict.fromkeys(shown))

    def fill_menu_bar(self, bar: QMenuBar) -> None:
        """Every action into the menu of its kind."""
        for title in MENUS:
            menu = QMenu(f"&{title}" if title != "Object" else "O&bject", bar)
            inner: dict[str, QMenu] = {}
            for name, spec in self._specs.items():
                if spec.menu != title or name in HIDDEN_IN_MENUS:
                    continue
                if spec.submenu and spec.submenu not in inner:
                    inner[spec.submenu] = menu.addMenu(spec.submenu)
                place = inner.get(spec.submenu, menu)
                if spec.starts_group and not place.isEmpty():
                    place.addSeparator()
                place.addAction(self._desk.actions[name])
            if not menu.isEmpty():
                bar.addMenu(menu)

    def _paint_icons(self) -> None:
        for name, spec in self._specs.items():
            if spec.icon:
                self._desk.actions[name].setIcon(icons.icon(self._icons.get(name, spec.icon)))
