"""Every action of the program once: its words, icon, keys, menu, and what must be there for it to make sense."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. `needs` are names of states (see `actions.REASONS`); with one of them missing it is greyed out.

    `shown_key` is a key that the window handles itself because holding it means something else than tapping it.
    """

    name: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: tuple[str, ...] = ()
    repeats: bool = False
    is_checkable: bool = False
    short: str = ""
    """What a button says, where that is less than the menu."""
    offered: str = ""
    """What the button of a notice says, where that is neither."""
    shown_key: str = ""
    starts_group: bool = False
    submenu: str = ""
    """The sub-menu of `menu` in which it stands; actions of one sub-menu follow each other in the table."""


MENUS = ("File", "Edit", "View", "Go", "Object", "Propagate", "Review", "Help")
_A = ActionSpec
_CLIP, _OBJECT, _MASK = ("clip",), ("clip", "object"), ("clip", "object", "mask")

SPECK_AREA = 100
"""Pieces of at most so many pixels are specks."""
SMOOTH_RADIUS = 3
"""Smoothing rounds off what is finer than this, in pixels."""
SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Of the clip's own speed."""
JUMP = 10
"""Frames of a big step until a person chooses another number."""
NUDGES = {
    f"nudge_{side}{far}": (right * pixels, down * pixels, f"{keys}+{side.capitalize()}")
    for keys, far, pixels in (("Alt", "", 1), ("Alt+Shift", "_far", 10))
    for side, right, down in (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1))
}
"""Nudging actions: pixels to the right, pixels down, and the key."""

MAC_KEYS = {
    "next_clip": ("Meta+Tab",),
    "previous_clip": ("Meta+Shift+Tab", "Meta+Backtab"),
    "full_screen": ("Ctrl+Meta+F",),
}
"""Keys that macOS has for something else; Meta is its Control key, Ctrl its Command key."""

FILE = (
    _A("open_clip", "Open …", "File", ("Ctrl+O", "Ctrl+N"), "clip"),
    _A("open_folder", "Open a folder of images …", "File", (), "folder"),
    _A("open_project", "Open a project …", "File"),
    _A("open_last", "Open the last project", "File", (), "", ("last",)),
    _A("open_bundled", "Try the bundled clip", "File", (), "", ("bundled",)),
    _A("clips", "Clips …", "File", (), "", ("last",), starts_group=True),
    _A("next_clip", "Next clip", "File", ("Ctrl+Tab",), "", ("last",)),
    _A("previous_clip", "Previous clip", "File", ("Ctrl+Shift+Tab", "Ctrl+Backtab"), "", ("last",)),
    _A("save_now", "Save now", "File", ("Ctrl+S",), "", _CLIP, starts_group=True),
    _A("save_copy", "Save a copy …", "File", ("Ctrl+Shift+S",), "save-copy", _CLIP),
    _A("export", "Export …", "File", ("Ctrl+E",), "export", _CLIP),
    _A("close_project", "Close project", "File", ("Ctrl+W",), "", _CLIP, starts_group=True),
    _A("quit", "Quit", "File", ("Ctrl+Q",)),
)
EDIT = (
    _A("undo", "Undo", "Edit", ("Ctrl+Z",), "undo", ("undo",), short="Undo"),
    _A("redo", "Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", ("redo",), short="Redo"),
    _A("tool_select", "Select", "Edit", ("V",), "select", is_checkable=True, starts_group=True),
    _A("tool_point", "Points", "Edit", ("Q",), "point", is_checkable=True),
    _A("tool_box", "Box", "Edit", ("W",), "box", is_checkable=True),
    _A("tool_brush", "Brush", "Edit", ("B",), "brush", is_checkable=True, offered="Brush it"),
    _A("tool_eraser", "Eraser", "Edit", ("E",), "eraser", is_checkable=True),
    _A("tool_lasso", "Lasso / polygon", "Edit", ("G",), "lasso", is_checkable=True),
    _A("brush_smaller", "Brush smaller", "Edit", ("[",), repeats=True, starts_group=True),
    _A("brush_bigger", "Brush bigger", "Edit", ("]",), repeats=True),
    _A("only_inside", "Box: only inside", "Edit", (), "inside", _CLIP, is_checkable=True),
    _A(
        "next_candidate",
        "Next candidate for the last click",
        "Edit",
        ("Shift+Q",),
        "",
        ("clip", "candidates"),
        short="Try next candidate",
    ),
    _A("finish", "Finish what is pending", "Edit", ("Return", "Enter"), "", _CLIP),
    _A("take_back_prompt", "Take the last prompt of this frame away", "Edit", ("Backspace",), "", _OBJECT),
    _A("clear_prompts", "Clear the prompts on this frame", "Edit", (), "", ("clip", "object", "prompt")),
    _A("clear_object_prompts", "Clear the prompts of the object", "Edit", (), "", ("clip", "object", "object_prompts")),
    _A("clear_all_prompts", "Clear all prompts", "Edit", (), "", ("clip", "prompts")),
    _A("use_as_prompt", "Use as prompt", "Edit", (), "brush", _MASK),
    _A("delete", "Delete what is selected", "Edit", ("Del",), "delete", _OBJECT),
    _A("copy_mask", "Copy the mask on this frame", "Edit", ("Ctrl+C",), "", _MASK, starts_group=True),
    _A("cut_mask", "Cut the mask on this frame", "Edit", ("Ctrl+X",), "", _MASK),
    _A("paste_mask", "Paste the mask on this frame", "Edit", ("Ctrl+V",), "", ("clip", "object", "copied")),
    _A("mend", "Mend or combine, with a look first …", "Edit", (), "", _OBJECT, submenu="Mask", starts_group=True),
    _A("fill_holes", "Fill holes", "Edit", (), "", _MASK, submenu="Mask", starts_group=True),
    _A("remove_specks", f"Remove specks up to {SPECK_AREA} px", "Edit", (), "", _MASK, submenu="Mask"),
    _A("grow_mask", "Grow by 1 px", "Edit", (), "", _MASK, submenu="Mask"),
    _A("shrink_mask", "Shrink by 1 px", "Edit", (), "", _MASK, submenu="Mask"),
    _A("smooth_mask", f"Smooth by {SMOOTH_RADIUS} px", "Edit", (), "", _MASK, submenu="Mask"),
    _A("interpolate", "Interpolate between the neighbouring masks", "Edit", (), "", _OBJECT, submenu="Mask"),
    *(
        _A(
            name,
            f"Nudge {name.split('_')[1]} by {abs(right + down)} px",
            "Edit",
            (key,),
            "",
            _MASK,
            submenu="Mask",
            starts_group=name == "nudge_left",
        )
        for name, (right, down, key) in NUDGES.items()
    ),
    _A("find_action", "Find an action", "Edit", ("Ctrl+K",), "search", starts_group=True),
    _A("stop", "Stop, innermost first", "Edit", ("Esc",), "stop"),
)
VIEW = (
    _A("hide_masks", "Hide masks", "View", (), "eye-off", _CLIP, is_checkable=True, shown_key="H"),
    _A("solo", "Solo the selected object", "View", ("Shift+H",), "", _OBJECT, is_checkable=True),
    _A("show_prompts", "Show prompts", "View", ("P",), "", _CLIP, is_checkable=True),
    _A("onion_skin", "Onion skin", "View", ("Y",), "", _CLIP, is_checkable=True),
    _A("mask_style", "Mask style: fill, outline, cut-out, alpha", "View", ("Shift+V",), "", _CLIP),
    _A("color_by_object", "Object", "View", (), "", is_checkable=True, submenu="Colour by"),
    _A("color_by_category", "Category", "View", (), "", is_checkable=True, submenu="Colour by"),
    _A("color_by_origin", "Origin of masks", "View", (), "", is_checkable=True, submenu="Colour by"),
    _A("masks_fainter", "Masks fainter", "View", ("Ctrl+[",), "", _CLIP),
    _A("masks_stronger", "Masks stronger", "View", ("Ctrl+]",), "", _CLIP),
    _A("zoom_object", "Zoom to the selected object; again: back", "View", ("Z",), "", _MASK, starts_group=True),
    _A("follow_object", "Follow the selected object", "View", (), "", _OBJECT, is_checkable=True),
    _A("zoom_in", "Zoom in", "View", ("Ctrl+=", "Ctrl++"), "zoom-in", _CLIP, repeats=True),
    _A("zoom_out", "Zoom out", "View", ("Ctrl+-",), "zoom-out", _CLIP, repeats=True),
    _A("zoom_fit", "Fit the frame", "View", ("Shift+Z", "Ctrl+0"), "fit", _CLIP),
    _A("zoom_full", "100 %", "View", ("Ctrl+1",), "", _CLIP),
    _A("timeline_zoom_in", "Timeline: zoom in", "View", ("=",), "", _CLIP, repeats=True, starts_group=True),
    _A("timeline_zoom_out", "Timeline: zoom out", "View", ("-",), "", _CLIP, repeats=True),
    _A("timeline_zoom_fit", "Timeline: fit", "View", ("\\",), "", _CLIP),
    _A("wheel_moves", "Wheel moves the picture", "View", is_checkable=True),
    _A("key_pointer", "Key pointer on the picture", "View", ("Ctrl+Shift+P",), "", _CLIP, is_checkable=True),
    _A("canvas_only", "Canvas only", "View", ("Shift+F11",), "", is_checkable=True, starts_group=True),
    _A("full_screen", "Full screen", "View", ("F11",), "", is_checkable=True),
    _A("next_area", "Next area", "View", ("F6",)),
    _A("previous_area", "Previous area", "View", ("Shift+F6",)),
    _A("theme_dark", "Dark theme", "View", is_checkable=True, starts_group=True),
    _A("theme_light", "Light theme", "View", is_checkable=True),
    _A("theme_system", "Theme of the desktop", "View", is_checkable=True),
)
GO = (
    _A("play", "Play / pause", "Go", (), "play", _CLIP, shown_key="Space"),
    _A("play_backward", "Play backward; again: faster", "Go", ("J",), "", _CLIP),
    _A("play_stop", "Stop playing", "Go", ("K",), "", _CLIP),
    _A("play_forward", "Play forward; again: faster", "Go", ("L",), "", _CLIP),
    *(
        _A(f"speed_{speed}", f"{speed:g} ×", "Go", (), "", _CLIP, is_checkable=True, submenu="Speed")
        for speed in SPEEDS
    ),
    _A("loop_range", "Loop the range", "Go", ("Shift+Space",), "loop", _CLIP),
    _A("play_around", "Play around this frame", "Go", ("Shift+K",), "", _CLIP),
    _A("step_back", "One frame back", "Go", ("Left", "A"), "step-back", _CLIP, repeats=True, starts_group=True),
    _A("step_forward", "One frame forward", "Go", ("Right", "D"), "step-forward", _CLIP, repeats=True),
    _A("jump_back", f"{JUMP} frames back", "Go", ("Shift+Left", "Shift+A"), "", _CLIP, repeats=True),
    _A("jump_forward", f"{JUMP} frames forward", "Go", ("Shift+Right", "Shift+D"), "", _CLIP, repeats=True),
    _A("choose_jump", "How far a big step goes …", "Go"),
    _A("choose_stride", "Work on every n-th frame …", "Go", (), "", _CLIP),
    _A("first_frame", "First frame", "Go", ("Home",), "first", _CLIP),
    _A("last_frame", "Last frame", "Go", ("End",), "last", _CLIP),
    _A("previous_edge", "Previous edge", "Go", ("Ctrl+Left",), "", _CLIP, repeats=True),
    _A("next_edge", "Next edge", "Go", ("Ctrl+Right",), "", _CLIP, repeats=True),
    _A("previous_prompt", "Previous prompt frame", "Go", ("PgUp",), "", _OBJECT, repeats=True),
    _A("next_prompt", "Next prompt frame", "Go", ("PgDown",), "", _OBJECT, repeats=True),
    _A("halfway_back", "Halfway to the previous frame looked at", "Go", ("Ctrl+Up",), "", _CLIP),
    _A("halfway_forward", "Halfway to the next frame looked at", "Go", ("Ctrl+Down",), "", _CLIP),
    _A("go_to_frame", "Go to frame or time …", "Go", ("Ctrl+G",), "", _CLIP),
    _A("range_in", "Range in here", "Go", ("I",), "range-in", _CLIP, starts_group=True),
    _A("range_out", "Range out here", "Go", ("O",), "range-out", _CLIP),
    _A("choose_range", "Range by its frames …", "Go", (), "", _CLIP, offered="Choose another range"),
    _A("go_range_in", "Go to range in", "Go", ("Shift+I",), "", ("clip", "range")),
    _A("go_range_out", "Go to range out", "Go", ("Shift+O",), "", ("clip", "range")),
    _A("clear_range_in", "Clear range in", "Go", ("Alt+I",), "", ("clip", "range")),
    _A("clear_range_out", "Clear range out", "Go", ("Alt+O",), "", ("clip", "range")),
    _A("clear_range", "Clear the range", "Go", ("Alt+X",), "", ("clip", "range")),
    _A("marker", "Marker here; again: its note", "Go", ("M",), "marker", _CLIP, starts_group=True),
    _A("next_marker", "Next marker", "Go", ("Shift+M",), "", ("clip", "markers"), repeats=True),
    _A("previous_marker", "Previous marker", "Go", ("Alt+M",), "", ("clip", "markers"), repeats=True),
    _A("remove_marker", "Remove the marker here", "Go", (), "", ("clip", "marker")),
    _A("toggle_cut", "Shot cut here / no cut here", "Go", (), "cut", _CLIP),
)
OBJECT = (
    _A("new_object", "New object", "Object", ("N",), "plus", _CLIP),
    _A("suggest_objects", "Suggest objects on this frame", "Object", ("Shift+N",), "objects", _CLIP),
    _A("rename_object", "Rename", "Object", ("F2",), "", _OBJECT),
    _A("duplicate_object", "Duplicate", "Object", ("Ctrl+D",), "", _OBJECT),
    _A("freeze_object", "Freeze / unfreeze", "Object", ("Ctrl+L",), "lock", _OBJECT),
    _A("keep_off", "Keep off neighbours", "Object", (), "", _OBJECT, is_checkable=True),
    _A("ask_again", "Look again at prompted frames beside others", "Object", (), "", _OBJECT, short="Look again"),
    _A("finish_masks", "Finish masks …", "Object", (), "", _OBJECT),
    _A("delete_objects", "Delete the selected objects", "Object", ("Ctrl+Del", "Ctrl+Backspace"), "delete", _OBJECT),
    _A("delete_masks", "Delete the masks in the range", "Object", ("Shift+Del",), "", _OBJECT),
    _A("move_up", "Move up in the list", "Object", (), "", _OBJECT),
    _A("move_down", "Move down in the list", "Object", (), "", _OBJECT),
    _A("join", "Join", "Object", ("Ctrl+J",), "", ("clip", "two"), starts_group=True),
    _A("split", "Split here", "Object", ("Ctrl+B",), "", _OBJECT),
    _A("swap", "Swap from here", "Object", ("Ctrl+Shift+J",), "", ("clip", "two")),
    _A("categories", "Categories and attributes …", "Object", (), "", _CLIP),
    _A("overlaps", "Masks may overlap", "Object", (), "", _CLIP, is_checkable=True),
    _A("find_object", "Find an object", "Object", ("Ctrl+F",), "search", ("clip", "objects"), starts_group=True),
    _A("select_all", "Select all objects", "Object", ("Ctrl+A",), "", ("clip", "objects"), starts_group=True),
    _A("previous_object", "Previous object", "Object", ("Up",), "", ("clip", "objects"), repeats=True),
    _A("next_object", "Next object", "Object", ("Down",), "", ("clip", "objects"), repeats=True),
    _A("next_under", "Next object under the pointer", "Object", ("`",), "", ("clip", "objects")),
    _A("previous_under", "Previous object under the pointer", "Object", ("Shift+`", "~"), "", ("clip", "objects")),
    *(
        _A(f"select_{place}", f"Select object {place}", "Object", (str(place % 10),), "", ("clip", "objects"))
        for place in range(1, 11)
    ),
    *(
        _A(f"category_{place}", f"Give category {place}", "Object", (f"Alt+{place}",), "", ("clip", "object"))
        for place in range(1, 10)
    ),
)
PROPAGATE = (
    _A("propagate_forward", "Propagate forward", "Propagate", ("T",), "propagate-forward", _OBJECT, short="Propagate"),
    _A("propagate_backward", "Propagate backward", "Propagate", ("Shift+T",), "propagate-backward", _OBJECT),
    _A("propagate_both", "Propagate both ways", "Propagate", ("Ctrl+T",), "propagate-both", _OBJECT, short="Both ways"),
    _A("propagate_all", "Propagate all objects in the range", "Propagate", ("Ctrl+Shift+T",), "", ("clip", "objects")),
    _A(
        "pass_cut",
        "Propagate past the next cut",
        "Propagate",
        ("Alt+T",),
        "",
        ("clip", "object", "cuts"),
        short="Pass the cut",
    ),
    _A("propagate_draft", "Draft: every other frame, to find trouble", "Propagate", (), "", _OBJECT),
    _A("compute_forward", "Compute one frame forward, and step", "Propagate", ("F",), "", _OBJECT, starts_group=True),
    _A("compute_backward", "Compute one frame backward, and step", "Propagate", ("Shift+F",), "", _OBJECT),
    _A("repair", "Repair the span around this frame", "Propagate", ("R",), "", _OBJECT, short="Repair span"),
    _A("show_repair", "Show the repair plan only", "Propagate", ("Shift+R",), "", _OBJECT),
    _A(
        "show_doubt",
        "Go where the ends of the repair differ most",
        "Propagate",
        (),
        "",
        ("clip", "doubt"),
        short="Go there",
    ),
    _A("propagate_edit", "Propagate this edit", "Propagate", (), "", _MASK),
    _A("line_up", "Put this run in line", "Propagate", (), "", _OBJECT, starts_group=True),
    _A("line_up_all", "Put a run of all objects in line", "Propagate", (), "", ("clip", "objects")),
    _A("show_line", "Runs in line …", "Propagate"),
    _A("run_line", "Run what is in line", "Propagate", (), "", ("line",), short="Run the line"),
    _A("models", "Models …", "Propagate", (), "model", starts_group=True),
    _A("restart_model", "Start the model again", "Propagate", (), "", ("restart",)),
)
REVIEW = (
    _A("verify", "Verify here / take it back", "Review", ("C",), "check", _OBJECT, short="Verify"),
    _A("verify_frame", "Verify all objects on this frame", "Review", ("Shift+C",), "", ("clip", "objects")),
    _A(
        "verify_range",
        "Verify the selected objects in the range …",
        "Review",
        ("Ctrl+Return", "Ctrl+Enter"),
        "",
        _OBJECT,
    ),
    _A(
        "unverify_range",
        "Take verification back in the range …",
        "Review",
        (),
        "",
        _OBJECT,
        offered="Take verification back …",
    ),
    _A("next_suspicious", "Next entry of Look at next", "Review", ("S",), "", _CLIP, short="Next", starts_group=True),
    _A("previous_suspicious", "Previous entry of Look at next", "Review", ("Shift+S",), "", _CLIP),
    _A("dismiss", "Dismiss what is suspicious here", "Review", ("Alt+S",), "", _MASK),
    _A("compare_earlier", "Masks as before the last run", "Review", (), "", ("clip", "earlier"), shown_key="U"),
    _A("take_earlier", "Take the earlier mask here", "Review", ("Shift+U",), "", ("clip", "object", "earlier")),
    _A("fix_here", "Fix here", "Review", (), "point", _OBJECT),
    _A("absent_here", "Absent here / not absent", "Review", ("X",), "absent", _OBJECT, starts_group=True),
    _A("absent_range", "Absent in the range", "Review", ("Shift+X",), "", _OBJECT),
)
HELP = (
    _A("help", "Help for what has the focus", "Help", ("F1",), "info"),
    _A("key_sheet", "Keys", "Help", ("?",), "keyboard"),
    _A("about", "About Masklet Studio", "Help", ()),
)
ACTIONS = (*FILE, *EDIT, *VIEW, *GO, *OBJECT, *PROPAGATE, *REVIEW, *HELP)

HIDDEN_IN_MENUS = frozenset(
    {spec.name for spec in OBJECT if spec.name.startswith(("select_", "category_"))} - {"select_all"}
)
"""Actions that only keys and the action search reach; twenty lines of a menu would say the same thing."""
