"""Masks are mended with a look first: what the canvas shows is what Apply makes."""

from __future__ import annotations

import numpy as np
import pytest

from app.commands.mask_editing import Combination, Mending
from app.commands.masks import set_mask
from app.commands.objects import new_object, set_object_frozen
from app.commands.review import mark_absent, verify_cells
from app.ui.dialogs.mend_dialog import MendDialog
from app.ui.window import MainWindow


def holed(x: int) -> np.ndarray:
    """A square of 20 with a hole of 4 px, and a speck of 4 px far off."""
    mask = np.zeros((72, 96), bool)
    mask[20:40, x : x + 20] = True
    mask[28:30, x + 8 : x + 10] = False
    mask[60:62, 80:82] = True
    return mask


@pytest.fixture
def dialog(qtbot, opened: MainWindow) -> MendDialog:
    """dog on 0–5 (absent on 3, verified on 4), ball on 0–2; the dialog open for the dog on frame 0."""
    project = opened.desk.project
    new_object(project, "dog")
    new_object(project, "ball")
    for frame in range(6):
        set_mask(project, 1, frame, holed(10))
    for frame in range(3):
        set_mask(project, 2, frame, holed(20))
    mark_absent(project, [(1, 3)])
    verify_cells(project, [(1, 4)])
    opened.desk.select(1)
    opened.desk.actions["mend"].trigger()
    return opened.findChild(MendDialog)


def shown(window: MainWindow) -> int:
    """Pixels of the dog that the canvas shows."""
    layer = next(layer for layer in window.canvas.labels.layers if layer.object_id == 1)
    return layer.mask.area


def areas(window: MainWindow) -> list[int]:
    masks = window.desk.document.masks_of(1)
    return [masks[frame].code.area for frame in sorted(masks)]


def apply(qtbot, dialog: MendDialog) -> None:
    dialog.apply_button.click()
    qtbot.waitUntil(lambda: dialog._job is None)


@pytest.mark.parametrize(
    ("way", "size", "area"),
    [
        (Mending.FILL_HOLES, 3, 400),
        (Mending.FILL_HOLES, 4, 404),
        (Mending.REMOVE_SPECKS, 4, 396),
        (Mending.GROW, 2, None),
        (Mending.SHRINK, 1, None),
        (Mending.SMOOTH, 4, None),
    ],
)
def test_what_is_seen_first_is_what_is_made(
    qtbot, opened: MainWindow, dialog: MendDialog, way: Mending, size: int, area: int | None
) -> None:
    before = dict(opened.desk.document.masks)
    dialog.choose(way, size)
    seen = shown(opened)
    assert dict(opened.desk.document.masks) == before
    assert area is None or seen == area
    apply(qtbot, dialog)
    assert areas(opened)[0] == seen and areas(opened)[1:] == [400, 400, 0, 400, 400]
    opened.desk.actions["undo"].trigger()
    assert dict(opened.desk.document.masks) == before


def test_the_range_is_mended_in_one_step_but_for_what_is_verified(
    qtbot, opened: MainWindow, dialog: MendDialog
) -> None:
    opened.desk.set_range(1, 5)
    dialog.choose(Mending.FILL_HOLES, 10)
    dialog.range.click()
    assert dialog.range.text() == "all masks in 1–5 that are not verified"
    assert dialog.apply_button.text() == "Apply to 3 masks"
    apply(qtbot, dialog)
    assert areas(opened) == [400, 404, 404, 0, 400, 404]
    assert opened.notices.texts[-1] == "Fill holes: 3 masks changed."
    opened.desk.actions["undo"].trigger()
    assert areas(opened) == [400, 400, 400, 0, 400, 400]


@pytest.mark.parametrize(
    ("way", "area"), [(Combination.UNION, 600 - 4), (Combination.MINUS, 198), (Combination.INTERSECT, 202)]
)
def test_masks_are_combined_with_another_object(
    qtbot, opened: MainWindow, dialog: MendDialog, way: Combination, area: int
) -> None:
    dialog.choose(way)
    assert dialog.other.currentText() == "ball" and dialog.other.isVisible() and not dialog.size_box.isVisible()
    masks = opened.desk.document.masks
    truth = {
        Combination.UNION: holed(10) | holed(20),
        Combination.MINUS: holed(10) & ~holed(20),
        Combination.INTERSECT: holed(10) & holed(20),
    }[way]
    assert shown(opened) == truth.sum()
    dialog.range.click()
    apply(qtbot, dialog)
    assert all(np.array_equal(masks[(1, frame)].code.to_array(), truth) for frame in range(3))
    assert areas(opened)[4:] == [400, 400]


def test_it_says_what_would_happen_here_and_follows_frame_and_selection(
    qtbot, opened: MainWindow, dialog: MendDialog
) -> None:
    dialog.choose(Mending.FILL_HOLES, 10)
    assert dialog.effect.text() == "Here: 4 px more, 0 px less"
    dialog.choose(Mending.FILL_HOLES, 1)
    assert dialog.effect.text() == "Here nothing would change."
    opened.desk.set_frame(3)
    qtbot.waitUntil(lambda: dialog.effect.text() == "The object has no mask on this frame.")
    assert not dialog.apply_button.isEnabled()
    opened.desk.select(None)
    assert dialog.effect.text() == "Select an object first."
    opened.desk.select(2)
    assert dialog.other.currentText() == "dog"


def test_closing_shows_the_mask_as_it_is(qtbot, opened: MainWindow, dialog: MendDialog) -> None:
    dialog.choose(Mending.GROW, 3)
    assert shown(opened) > 400 and opened.canvas._overlay.ghosts
    dialog.close()
    assert shown(opened) == 400 and opened.canvas.bench.mended is None
    opened.desk.actions["mend"].trigger()
    assert len(opened.findChildren(MendDialog)) == 1 and shown(opened) > 400


def test_frozen_objects_are_refused_with_a_sentence(qtbot, opened: MainWindow, dialog: MendDialog) -> None:
    set_object_frozen(opened.desk.project, 1, True)
    dialog.choose(Mending.GROW, 3)
    apply(qtbot, dialog)
    assert opened.notices.texts[-1] == "dog is frozen. Take the padlock off to change it."
    assert areas(opened)[0] == 400


def test_a_verified_mask_in_view_can_be_mended_itself(qtbot, opened: MainWindow, dialog: MendDialog) -> None:
    opened.desk.set_frame(4)
    qtbot.waitUntil(opened.frames.is_shown)
    dialog.choose(Mending.FILL_HOLES, 4)
    apply(qtbot, dialog)
    assert areas(opened)[4] == 404
