"""Pixels of masks that are kept: the same ones for the same mask, and never more than there is room for."""

from __future__ import annotations

import numpy as np

from app.commands.objects import set_object_visible
from app.document.masks import MaskCode
from app.ui.canvas.crops import Crops, crops
from app.ui.canvas.layers import masks_ahead
from app.ui.desk import Desk


def code_of(side: int) -> MaskCode:
    mask = np.zeros((48, 64), bool)
    mask[2 : 2 + side, 3 : 3 + side] = True
    return MaskCode.from_array(mask)


def test_a_mask_is_made_once_and_equal_masks_do_not_mix() -> None:
    held, small, large = Crops(), code_of(4), code_of(9)
    assert held.of(small).shape == (4, 4) and held.of(large).shape == (9, 9)
    assert held.of(small) is held.of(small)
    assert held.held_bytes == 4 * 4 + 9 * 9


def test_what_was_asked_for_last_stays_within_the_bound() -> None:
    held, codes = Crops(capacity=250), [code_of(10) for _ in range(3)]
    first, second = held.of(codes[0]), held.of(codes[1])
    assert held.of(codes[0]) is first
    held.of(codes[2])
    assert held.held_bytes == 200
    assert held.of(codes[0]) is first and held.of(codes[1]) is not second


def test_a_mask_beyond_the_bound_is_made_and_not_kept() -> None:
    held = Crops(capacity=50)
    assert held.of(code_of(10)).all()
    assert held.held_bytes == 0


def test_masks_of_a_coming_frame_are_made_ahead_and_hidden_ones_are_not(desk: Desk) -> None:
    project = desk.project
    assert project is not None
    code = project.document.masks[1, 7].code
    before = crops.held_bytes
    set_object_visible(project, 1, False)
    masks_ahead(desk, 7)()
    assert crops.held_bytes == before
    set_object_visible(project, 1, True)
    masks_ahead(desk, 7)()
    assert crops.held_bytes - before == crops.of(code).nbytes == 20 * 20
    assert masks_ahead(desk, 900)() is None
