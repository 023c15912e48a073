"""Masks are mended as asked, on one cell or many, and one undo takes it back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.errors import CommandError
from app.commands.mask_editing import (
    Mending,
    accept_mended,
    combine_masks,
    fill_holes,
    grow_masks,
    interpolate_around,
    interpolate_masks,
    mended,
    mending_work,
    nudge_masks,
    remove_specks,
    shrink_masks,
    smooth_masks,
)
from app.commands.mask_shapes import between, grown, moved, without_holes, without_specks
from app.commands.masks import accept_masks, replace_inside, set_mask
from app.commands.objects import set_object_frozen
from app.commands.prompts import add_point
from app.commands.review import mark_absent, verify_cells
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.values import Box, FrameMask, Origin

SquareCode = Callable[..., MaskCode]
CELL = (1, 3)


@pytest.fixture
def draw(project: Project) -> Callable[[np.ndarray], None]:
    """draw(pixels) makes them the mask of object 1 on frame 3."""
    return lambda pixels: set_mask(project, 1, 3, pixels)


def now(project: Project) -> np.ndarray:
    return project.document.masks[CELL].code.to_array()


def ring() -> np.ndarray:
    pixels = np.zeros((24, 32), bool)
    pixels[4:16, 4:16] = True
    pixels[6:8, 6:8] = False
    pixels[9:14, 9:14] = False
    return pixels


def test_holes_are_filled_up_to_a_size(project: Project, draw: Callable[[np.ndarray], None]) -> None:
    draw(ring())
    assert fill_holes(project, [CELL], max_area=4) == 1
    assert now(project).sum() == 144 - 25
    assert fill_holes(project, [CELL]) == 1
    assert now(project).sum() == 144
    assert fill_holes(project, [CELL]) == 0
    assert project.document.masks[CELL].origin is Origin.MANUAL
    assert project.history.undo() == "Fill holes, dog, frame 3"
    assert now(project).sum() == 144 - 25


def test_what_is_open_at_the_pictures_edge_is_no_hole(project: Project, draw: Callable[[np.ndarray], None]) -> None:
    pixels = np.ones((24, 32), bool)
    pixels[0:5, 10:15] = False
    pixels[12, 12] = False
    draw(pixels)
    fill_holes(project, [CELL])
    assert now(project).sum() == 24 * 32 - 25


def test_specks_go_and_the_largest_piece_stays(project: Project, draw: Callable[[np.ndarray], None]) -> None:
    pixels = np.zeros((24, 32), bool)
    pixels[2:4, 2:4], pixels[4, 4], pixels[10, 10], pixels[20:23, 20:22] = True, True, True, True
    draw(pixels)
    assert remove_specks(project, [CELL], 5) == 1
    assert now(project).sum() == 6
    assert remove_specks(project, [CELL], 1000) == 0


def test_growing_adds_a_disc_around_and_shrinking_takes_it_back(project: Project, draw: Callable[..., None]) -> None:
    pixels = np.zeros((24, 32), bool)
    pixels[8:16, 10:20] = True
    draw(pixels)
    grow_masks(project, [CELL], 3)
    assert project.document.masks[CELL].code.box == Box(7, 5, 23, 19)
    assert not now(project)[5, 7] and now(project)[5, 10]
    shrink_masks(project, [CELL], 3)
    assert np.array_equal(now(project), pixels)


def test_shrinking_takes_nothing_at_the_pictures_edge_and_never_all(
    project: Project, draw: Callable[[np.ndarray], None]
) -> None:
    pixels = np.zeros((24, 32), bool)
    pixels[0:10, 0:10] = True
    draw(pixels)
    shrink_masks(project, [CELL], 2)
    assert project.document.masks[CELL].code.box == Box(0, 0, 8, 8)
    assert shrink_masks(project, [CELL], 20) == 0


def test_smoothing_rounds_a_fringe_off(project: Project, draw: Callable[[np.ndarray], None]) -> None:
    pixels = np.zeros((24, 32), bool)
    pixels[8:18, 8:24] = True
    pixels[7, 8:24:2] = True
    draw(pixels)
    assert smooth_masks(project, [CELL], 2) == 1
    assert not now(project)[7].any() and now(project)[9:17, 10:22].all()


def test_a_nudge_moves_every_pixel_and_refuses_to_lose_the_mask(project: Project, square: SquareCode) -> None:
    set_mask(project, 1, 3, square(10, 10))
    nudge_masks(project, [CELL], -2, 5)
    assert project.document.masks[CELL].code == square(8, 15)
    with pytest.raises(CommandError, match="would leave the picture"):
        nudge_masks(project, [CELL], 100, 0)
    assert project.document.masks[CELL].code == square(8, 15)


def test_many_cells_are_one_step(project: Project, propagated: Callable[..., None]) -> None:
    propagated(1, range(10))
    assert grow_masks(project, [(1, frame) for frame in range(30)], 1) == 10
    assert project.history.undo() == "Grow, 10 masks, dog"
    assert all(mask.code.area == 36 for mask in project.document.masks.values())


def test_masks_are_combined_with_another_objects(project: Project, square: SquareCode) -> None:
    for frame in (1, 2, 3):
        set_mask(project, 1, frame, square(4, 4, side=8))
    for frame in (1, 2):
        set_mask(project, 2, frame, square(8, 4, side=8))
    areas = {"union": 96, "minus": 32, "intersect": 32}
    for how, area in areas.items():
        assert combine_masks(project, 1, 2, range(30), how) == 2
        assert [project.document.masks[(1, frame)].code.area for frame in (1, 2, 3)] == [area, area, 64]
        project.history.undo()
    with pytest.raises(CommandError, match="not by xor"):
        combine_masks(project, 1, 2, [1], "xor")


def test_interpolation_moves_steadily_and_spares_a_persons_cells(project: Project, square: SquareCode) -> None:
    set_mask(project, 1, 0, square(2, 4))
    set_mask(project, 1, 10, square(22, 14))
    set_mask(project, 1, 3, square(0, 0, side=2))
    verify_cells(project, [(1, 3)])
    add_point(project, 1, 4, 5, 5)
    assert interpolate_masks(project, 1, 0, 10) == 7
    masks = project.document.masks_of(1)
    assert masks[5].code == square(12, 9) and masks[1].code == square(4, 5)
    assert masks[3].code == square(0, 0, side=2) and 4 not in masks
    project.history.undo()
    assert set(masks) == {0, 3, 10}


def test_interpolation_needs_both_ends_and_a_frame_between(project: Project, square: SquareCode) -> None:
    set_mask(project, 1, 0, square(2, 4))
    with pytest.raises(CommandError, match="dog has no mask on frame 5"):
        interpolate_masks(project, 1, 0, 5)
    mark_absent(project, [(1, 5)])
    with pytest.raises(CommandError, match="dog has no mask on frame 5"):
        interpolate_masks(project, 1, 0, 5)
    set_mask(project, 1, 1, square(2, 4))
    with pytest.raises(CommandError, match="no frame between"):
        interpolate_masks(project, 1, 0, 1)


def test_interpolation_around_a_frame_runs_between_the_nearest_masks_of_a_person(
    project: Project, square: SquareCode
) -> None:
    for frame in (0, 2, 8, 10):
        set_mask(project, 1, frame, square(2 + 2 * frame, 4))
    with project.history.transaction("Run") as run:
        accept_masks(project, run, [((1, frame), FrameMask(square(0, 0)), 0) for frame in (4, 5)])
    assert interpolate_around(project, 1, 5) == 5
    masks = project.document.masks_of(1)
    assert masks[5].code == square(12, 4) and masks[5].origin is Origin.MANUAL
    assert sorted(masks) == [0, 2, 3, 4, 5, 6, 7, 8, 10]
    project.history.undo()
    verify_cells(project, [(1, 4)])
    assert interpolate_around(project, 1, 6) == 3
    assert masks[4].code == square(0, 0)


def test_interpolation_around_a_frame_says_which_side_is_missing(project: Project, square: SquareCode) -> None:
    set_mask(project, 1, 3, square(2, 4))
    with pytest.raises(CommandError, match="dog has no mask after frame 5"):
        interpolate_around(project, 1, 5)
    with pytest.raises(CommandError, match="dog has no mask before frame 1"):
        interpolate_around(project, 1, 1)
    with pytest.raises(CommandError, match="The mask on frame 3 is itself made by hand"):
        interpolate_around(project, 1, 3)


def test_a_frozen_object_is_not_mended(project: Project, square: SquareCode) -> None:
    set_mask(project, 1, 3, square(2, 4))
    set_object_frozen(project, 1, True)
    with pytest.raises(CommandError, match="dog is frozen"):
        grow_masks(project, [CELL], 1)


def test_sizes_out_of_reason_are_refused(project: Project) -> None:
    for deed in (grow_masks, shrink_masks, smooth_masks):
        with pytest.raises(CommandError, match="between 1 and 200 pixels; 0 does not"):
            deed(project, [CELL], 0)


small = st.integers(1, 9).flatmap(
    lambda height: st.lists(st.lists(st.booleans(), min_size=8, max_size=8), min_size=height, max_size=height)
)


@given(small, st.integers(1, 4))
def test_growing_holds_the_mask_and_shrinking_is_held_by_it(rows: list[list[bool]], distance: int) -> None:
    pixels = np.array(rows, bool)
    code = MaskCode.from_array(pixels)
    assert (grown(code, distance).to_array() >= pixels).all()
    assert (grown(code, -distance).to_array() <= pixels).all()
    assert (without_holes(code).to_array() >= pixels).all()
    assert (without_specks(code, distance).to_array() <= pixels).all()


@given(small, st.integers(-9, 9), st.integers(-9, 9))
def test_moving_is_shifting_each_pixel(rows: list[list[bool]], right: int, down: int) -> None:
    pixels = np.array(rows, bool)
    expected = np.zeros_like(pixels)
    for y, x in zip(*np.nonzero(pixels), strict=True):
        if 0 <= y + down < pixels.shape[0] and 0 <= x + right < pixels.shape[1]:
            expected[y + down, x + right] = True
    assert np.array_equal(moved(MaskCode.from_array(pixels), right, down).to_array(), expected)


@given(small)
def test_the_ends_of_an_interpolation_are_the_masks_themselves(rows: list[list[bool]]) -> None:
    code = MaskCode.from_array(np.array(rows, bool))
    other = MaskCode.from_array(np.ones((len(rows), 8), bool))
    assert between(code, other, 0.0) == code
    if not code.is_empty:
        assert between(code, other, 1.0) == other


def test_work_on_many_masks_gives_way_to_whoever_changed_them_meanwhile(
    project: Project, propagated: Callable[..., None], square: SquareCode
) -> None:
    propagated(1, range(4))
    before = {(1, frame): mask.code for frame, mask in project.document.masks_of(1).items()}
    work = mending_work(before, lambda cell, code: grown(code, 1) if cell[1] else code)
    steps = []
    with contextlib.suppress(StopIteration):
        while True:
            steps.append(next(work))
    assert steps == [1, 2, 3, 4]
    done = {cell: grown(code, 1) for cell, code in before.items() if cell[1]}
    set_mask(project, 1, 1, square(9, 9))
    verify_cells(project, [(1, 2)])
    assert accept_mended(project, "Grow", done, before) == (1, 2)
    assert project.document.masks[(1, 1)].code == square(9, 9)
    assert project.document.masks[(1, 2)].code == before[(1, 2)]
    assert project.document.masks[(1, 3)].code == done[(1, 3)]
    assert accept_mended(project, "Grow", {(1, 2): done[(1, 2)]}, before, even_verified=True) == (1, 0)


@pytest.mark.parametrize("how", list(Mending))
def test_a_mask_never_vanishes_by_mending(how: Mending, square: SquareCode) -> None:
    dot = square(5, 5, 1)
    assert not mended(dot, how, 9).is_empty
    assert mended(MaskCode.empty(24, 32), how, 9).is_empty


def test_only_what_lies_inside_the_box_is_replaced(project: Project, square: SquareCode) -> None:
    set_mask(project, 1, 3, square(3, 4))
    assert replace_inside(project, 1, 3, Box(5.2, 0, 20, 24), square(12, 4))
    mask = project.document.masks[CELL]
    # Left of the box as it was, two columns beside the side that the mask crosses, and the answer.
    assert mask.origin is Origin.MANUAL and mask.code == square(3, 4).minus(square(7, 4)).union(square(12, 4))
    assert not replace_inside(project, 1, 3, Box(5.2, 0, 20, 24), square(12, 4))
    assert project.history.undo() == "Segment inside the box, dog, frame 3"
    assert replace_inside(project, 2, 8, Box(0, 0, 6, 24), square(3, 4))
    assert project.document.masks[(2, 8)].code.area == 18
    with pytest.raises(CommandError, match="no frame 99"):
        replace_inside(project, 1, 99, Box(0, 0, 6, 24), square(3, 4))


def test_a_mask_that_ends_inside_the_box_is_replaced_whole(project: Project, square: SquareCode) -> None:
    set_mask(project, 1, 3, square(3, 4))
    assert replace_inside(project, 1, 3, Box(3, 4, 9, 10), square(5, 6, 2))
    assert project.document.masks[CELL].code == square(5, 6, 2)


def test_no_seam_is_left_where_the_mask_runs_on(project: Project) -> None:
    pixels = np.zeros((24, 32), bool)
    pixels[2:22, 2:30] = True
    set_mask(project, 1, 3, pixels)
    answer = np.zeros((24, 32), bool)
    answer[8:16, 11:21] = True
    replace_inside(project, 1, 3, Box(10, 7, 22, 17), MaskCode.from_array(answer))
    assert np.array_equal(project.document.masks[CELL].code.to_array(), pixels)
