"""Finishing: masks are shown and exported better than they are stored, and never changed by it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.commands.errors import CommandError
from app.commands.export import dataset_of
from app.commands.finishing import final_masks, finished, set_finish
from app.commands.mask_shapes import to_the_edge
from app.commands.masks import set_mask
from app.commands.objects import allow_overlaps
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.values import Box, Finish

SquareCode = Callable[..., MaskCode]


def holed() -> np.ndarray:
    """A square of 10 with a hole of 1 px, two pixels from the left edge, and a speck of 1 px."""
    pixels = np.zeros((24, 32), bool)
    pixels[6:16, 2:12] = True
    pixels[10, 6] = False
    pixels[20, 28] = True
    return pixels


@pytest.mark.parametrize(
    ("finish", "area"),
    [
        (Finish(), 100),
        (Finish(fill_holes=1), 101),
        (Finish(remove_specks=1), 99),
        (Finish(fill_holes=5, remove_specks=5), 100),
        (Finish(fill_holes=5, remove_specks=5, close_edge=1), 100),
        (Finish(fill_holes=5, remove_specks=5, close_edge=2), 120),
        (Finish(fill_holes=5, remove_specks=5, grow=-1), 64),
        (Finish(fill_holes=5, remove_specks=5, grow=1), 140),
        (Finish(fill_holes=5, remove_specks=5, grow=1, is_on=False), 100),
    ],
)
def test_sizes_do_what_they_say(finish: Finish, area: int) -> None:
    code = MaskCode.from_array(holed())
    assert finished(code, finish).area == area
    assert code == MaskCode.from_array(holed())


def test_a_mask_never_vanishes_and_an_absence_stays(square: SquareCode) -> None:
    assert finished(square(5, 5, 2), Finish(grow=-9)) == square(5, 5, 2)
    assert finished(MaskCode.empty(24, 32), Finish(grow=3)).is_empty


def test_gaps_to_all_four_edges_are_closed_straight_outward() -> None:
    pixels = np.zeros((20, 30), bool)
    pixels[2:18, 2:28] = True
    pixels[8:10, 2:6] = False
    code = to_the_edge(MaskCode.from_array(pixels), 2)
    assert code.box == Box(0, 0, 30, 20)
    grown = code.to_array()
    assert not grown[8:10, :6].any() and grown[:2, 2:28].all()
    assert to_the_edge(MaskCode.from_array(pixels), 1) == MaskCode.from_array(pixels)
    assert to_the_edge(MaskCode.from_array(pixels), 500).area == 20 * 30


def test_exports_hold_the_finished_masks_and_the_project_the_old_ones(project: Project, square: SquareCode) -> None:
    set_mask(project, 1, 5, holed())
    set_mask(project, 2, 5, square(11, 6, 4))
    set_finish(project, [1], Finish(fill_holes=5, remove_specks=5, grow=1))
    assert project.history.undo_name == "Finish, dog"
    assert {key: code.area for key, code in final_masks(project.document, 5).items()} == {1: 140, 2: 16}
    record = dataset_of(project, None).clips[0].mask(1, 5)
    assert record is not None and MaskCode.from_rle(record.rle).area == 140
    allow_overlaps(project, False)
    record = dataset_of(project, None).clips[0].mask(1, 5)
    assert record is not None and MaskCode.from_rle(record.rle).area == 140 - 8
    assert project.document.masks[(1, 5)].code.area == 100
    project.history.undo()
    project.history.undo()
    assert project.document.objects[1].finish == Finish()


def test_sizes_have_bounds_and_nothing_new_is_no_step(project: Project) -> None:
    for finish in (Finish(fill_holes=-1), Finish(grow=-201), Finish(close_edge=201), Finish(smooth=-1)):
        with pytest.raises(CommandError, match="lies between 0 and"):
            set_finish(project, [1], finish)
    set_finish(project, [1, 2], Finish())
    assert not project.history.can_undo
    set_finish(project, [1, 2], Finish(smooth=2))
    assert project.history.undo() == "Finish, 2 objects"
