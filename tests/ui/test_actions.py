"""The action table, and what the actions share."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.ui import icons
from app.ui.action_table import ACTIONS, MENUS
from app.ui.actions import REASONS, Actions
from app.ui.desk import Desk
from app.ui.key_sheet import key_page


@pytest.fixture
def window(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def test_no_key_means_two_things() -> None:
    keys = Counter(
        QKeySequence(key).toString()
        for spec in ACTIONS
        for key in (*spec.keys, *([spec.shown_key] if spec.shown_key else []))
    )
    assert not [key for key, count in keys.items() if count > 1]
    assert "" not in keys


def test_names_menus_icons_and_states_exist() -> None:
    names = [spec.name for spec in ACTIONS]
    assert len(names) == len(set(names))
    for spec in ACTIONS:
        assert spec.menu in MENUS
        assert not spec.icon or spec.icon in icons.names()
        assert set(spec.needs) <= set(REASONS)


def test_words_follow_the_wording_rules() -> None:
    for spec in ACTIONS:
        assert not any(word in spec.text.lower() for word in ("please", "!", "track ", "segment"))
        assert spec.text[0].isupper() or spec.text[0].isdigit()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("T", "propagate_forward"), ("Shift+T", "propagate_backward"), ("Ctrl+T", "propagate_both"),
        ("Ctrl+Shift+T", "propagate_all"), ("V", "tool_select"), ("Q", "tool_point"), ("W", "tool_box"),
        ("B", "tool_brush"), ("E", "tool_eraser"), ("G", "tool_lasso"), ("C", "verify"), ("S", "next_suspicious"),
        ("X", "absent_here"), ("N", "new_object"), ("Esc", "stop"), ("Ctrl+K", "find_action"), ("A", "step_back"),
        ("D", "step_forward"), ("I", "range_in"), ("O", "range_out"), ("R", "repair"), ("F", "compute_forward"),
        ("Ctrl+Return", "verify_range"), ("Ctrl+Z", "undo"), ("Ctrl+E", "export"), ("0", "select_10"),
        ("Shift+V", "mask_style"), ("Y", "onion_skin"),
        ("Alt+Left", "nudge_left"), ("Alt+Shift+Up", "nudge_up_far"),
    ],
)  # fmt: skip
def test_keys_are_those_of_the_keyboard_map(key: str, name: str) -> None:
    assert [spec.name for spec in ACTIONS if key in spec.keys] == [name]


def test_on_macos_clips_and_full_screen_have_its_own_keys(window: QWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    desk = Desk()
    Actions(desk, {name: lambda: None for name in ("next_clip", "full_screen", "undo")}, window)
    keys = {name: action.shortcut().toString() for name, action in desk.actions.items()}
    assert keys == {"next_clip": "Meta+Tab", "full_screen": "Meta+Ctrl+F", "undo": "Ctrl+Z"}


def test_an_action_without_a_verb_does_not_exist(qapp: object, window: QWidget) -> None:
    desk = Desk()
    actions = Actions(desk, {"undo": lambda: None}, window)
    assert set(desk.actions) == set(actions.specs) == {"undo"}
    bar = QMenuBar(window)
    actions.fill_menu_bar(bar)
    assert [action.text() for action in bar.actions()] == ["&Edit"]


def test_what_mends_masks_stands_in_a_menu_of_its_own(qapp: object, window: QWidget) -> None:
    desk = Desk()
    actions = Actions(desk, {"undo": lambda: None, "fill_holes": lambda: None, "nudge_left": lambda: None}, window)
    bar = QMenuBar(window)
    actions.fill_menu_bar(bar)
    edit = bar.actions()[0].menu()
    assert isinstance(edit, QMenu)
    assert [action.text() for action in edit.actions()] == ["Undo", "Mask"]
    inner = edit.actions()[1].menu()
    assert isinstance(inner, QMenu)
    assert [action.text() for action in inner.actions() if not action.isSeparator()] == [
        "Fill holes",
        "Nudge left by 1 px",
    ]


def test_a_greyed_out_action_says_why_and_does_nothing(window: QWidget) -> None:
    desk, done = Desk(), []
    actions = Actions(desk, {"undo": lambda: done.append(1)}, window)
    can = [False]
    actions.set_states({"undo": lambda: can[0]})
    actions.trigger("undo")
    assert not actions.trigger_keys(QKeySequence("Ctrl+Z"))
    assert not done
    assert actions.why_not("undo") == REASONS["undo"]
    can[0] = True
    actions.refresh()
    assert actions.trigger_keys(QKeySequence("Ctrl+Z"))
    assert done == [1]
    assert actions.why_not("undo") == ""


def test_a_look_that_finds_every_state_as_it_was_changes_no_action(window: QWidget) -> None:
    desk, held, told = Desk(), {"clip": True, "object": True}, []
    actions = Actions(desk, {"delete_objects": lambda: None}, window)
    actions.set_states({name: lambda name=name: held[name] for name in held})
    assert desk.actions["delete_objects"].isEnabled()
    desk.actions["delete_objects"].changed.connect(lambda: told.append(desk.actions["delete_objects"].isEnabled()))
    actions.refresh()
    held["object"] = False
    actions.refresh()
    held["object"] = True
    actions.refresh()
    assert told == [False, True]


def test_only_stepping_sizes_and_zoom_repeat_while_a_key_is_held() -> None:
    repeating = {spec.name for spec in ACTIONS if spec.repeats}
    steps = {"step_back", "step_forward", "jump_back", "jump_forward"}
    walks = {f"{side}_{what}" for side in ("previous", "next") for what in ("edge", "prompt", "marker", "object")}
    zooms = {"zoom_in", "zoom_out", "timeline_zoom_in", "timeline_zoom_out"}
    assert repeating == steps | walks | zooms | {"brush_smaller", "brush_bigger"}


def test_the_key_sheet_holds_every_key(qapp: object, window: QWidget) -> None:
    desk = Desk()
    actions = Actions(desk, {spec.name: lambda: None for spec in ACTIONS}, window)
    page = key_page(actions)
    for spec in ACTIONS:
        if spec.keys:
            assert actions.key_words(spec.name).split(", ")[0].replace("<", "&lt;") in page
