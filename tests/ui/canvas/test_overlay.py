"""The overlay: the label map agrees with naive compositing, and what the screen shows agrees with the label map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.document.masks import MaskCode
from app.ui.canvas.label_map import LabelMap, Layer, bounds
from app.ui.canvas.overlay import (
    FILL_HOVERED,
    FILL_OTHER,
    FILL_SELECTED,
    GHOST,
    Look,
    Window,
    parts_of,
    render,
    view_labels,
)

SIZE = (30, 40)
RED, BLUE = (250, 20, 20), (20, 20, 250)


def square(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def shown(*layers: Layer) -> LabelMap:
    labels = LabelMap(SIZE)
    labels.set_layers(layers)
    return labels


def pixel(picture: np.ndarray, x: int, y: int) -> tuple[int, int, int, int]:
    value = int(picture[y, x])
    return value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255


masks = st.lists(st.tuples(st.integers(0, 39), st.integers(0, 29), st.integers(0, 40), st.integers(0, 30)), max_size=6)


@given(st.lists(masks, min_size=1, max_size=3))
def test_the_label_map_is_naive_compositing_whatever_was_shown_before(steps: list[list[tuple[int, ...]]]) -> None:
    labels = LabelMap(SIZE)
    for boxes in steps:
        squares = [square(*box) for box in boxes]
        layers = [
            Layer(place, mask if place % 2 else MaskCode.from_array(mask), RED) for place, mask in enumerate(squares)
        ]
        labels.set_layers(layers)
        expected = np.zeros(SIZE, int)
        for place, mask in enumerate(squares, 1):
            expected[mask] = place
        assert (labels.labels == expected).all()


@pytest.mark.parametrize("place", range(8))
def test_a_mask_thinner_than_a_pixel_of_the_view_is_seen(place: int) -> None:
    upright, lying, speck = square(place, 4, place + 1, 28), square(12, place, 36, place + 1), square(30, 20, 31, 21)
    view = view_labels(shown(*(Layer(9, mask, RED) for mask in (upright, lying, speck))), Window(0, 0, 40, 30, 10, 8))
    counts = [int((view == label).sum()) for label in (1, 2, 3)]
    assert counts == [pytest.approx(24 / 30 * 8, abs=1), pytest.approx(6, abs=1), 1]


def test_a_thin_mask_behind_another_one_stays_behind_it() -> None:
    labels = shown(Layer(1, square(9, 4, 10, 28), RED), Layer(2, square(0, 0, 40, 30), BLUE))
    assert (view_labels(labels, Window(0, 0, 40, 30, 10, 8)) == 2).all()


def test_three_hundred_objects_keep_their_labels_apart() -> None:
    layers = [
        Layer(place, square(place % 40, place // 40, place % 40 + 1, place // 40 + 1), RED) for place in range(300)
    ]
    labels = shown(*layers)
    assert len(np.unique(labels.labels)) == 301
    labels.set_layers(layers[:2])
    assert len(np.unique(labels.labels)) == 3


@given(st.floats(-20, 30), st.floats(-20, 20), st.floats(1, 60), st.integers(1, 90), st.integers(1, 70))
def test_a_view_shows_the_pixel_under_each_of_its_own(
    x0: float, y0: float, span: float, width: int, height: int
) -> None:
    labels = LabelMap(SIZE)
    labels.labels[:] = np.random.default_rng(1).integers(0, 4, SIZE)
    window = Window(x0, y0, x0 + span, y0 + span * height / width, width, height)
    view = view_labels(labels, window)
    for row, column in ((0, 0), (height - 1, width - 1), (height // 2, width // 3)):
        x = x0 + (column + 0.5) * span / width
        y = y0 + (row + 0.5) * span / width
        inside = 0 <= x < 40 and 0 <= y < 30
        near_edge = min(abs(x - round(x)), abs(y - round(y))) < 1e-6
        if not near_edge:
            assert view[row, column] == (labels.labels[int(y), int(x)] if inside else 0)


def test_fills_are_45_percent_for_the_selected_object_and_25_for_others() -> None:
    labels = shown(Layer(1, square(2, 2, 18, 28), RED), Layer(2, square(22, 2, 38, 28), BLUE))
    picture = render(labels, Look(selected=2), Window(0, 0, 40, 30, 40, 30))
    assert pixel(picture, 10, 15)[0] == round(255 * FILL_OTHER)
    assert pixel(picture, 30, 15)[0] == round(255 * FILL_SELECTED)
    assert pixel(picture, 30, 15)[3] == round(250 * FILL_SELECTED)
    hovered = render(labels, Look(selected=2, hovered=1), Window(0, 0, 40, 30, 40, 30))
    assert pixel(hovered, 10, 15)[0] == round(255 * (FILL_OTHER + FILL_HOVERED))


def test_the_selected_object_has_a_dark_hairline_two_lines_of_colour_and_a_white_one() -> None:
    labels = shown(Layer(1, square(5, 5, 35, 25), RED))
    picture = render(labels, Look(selected=1), Window(0, 0, 40, 30, 40, 30))
    across = [pixel(picture, x, 15) for x in range(3, 10)]
    assert across[0] == (0, 0, 0, 0)
    assert across[1] == (153, 0, 0, 0)
    assert across[2] == across[3] == (255, *RED)
    assert across[4] == (255, 255, 255, 255)
    assert across[5][0] == round(255 * FILL_SELECTED)


@pytest.mark.parametrize("selected", [None, 1])
def test_an_object_whose_colour_came_before_has_a_dotted_outline(selected: int | None) -> None:
    area = square(5, 5, 35, 25)
    pictures = [
        render(shown(Layer(1, area, RED, is_dotted)), Look(selected=selected), Window(0, 0, 40, 30, 40, 30))
        for is_dotted in (False, True)
    ]
    plain, dotted = (picture == 0xFF000000 | RED[0] << 16 | RED[1] << 8 | RED[2] for picture in pictures)
    lines = 2 if selected else 1
    assert plain.sum() == sum(2 * (28 - 2 * line) + 2 * (20 - 2 * line) for line in range(lines))
    assert not (dotted & ~plain).any() and 0.4 < dotted.sum() / plain.sum() < 0.6
    for side in (dotted[5, 5:35], dotted[24, 5:35], dotted[5:25, 5], dotted[5:25, 34]):
        assert 6 <= np.abs(np.diff(side.astype(int))).sum() <= 12, "dots along every side"


def test_outlines_are_as_wide_at_any_zoom_and_follow_the_pixel_ratio() -> None:
    labels = shown(Layer(1, square(5, 5, 35, 25), RED))
    for width, ratio in ((40, 1), (400, 1), (800, 2)):
        picture = render(labels, Look(), Window(0, 0, 40, 30, width, width * 3 // 4), ratio)
        row = picture[width * 3 // 8]
        opaque = np.flatnonzero(row >> 24 == 255)
        assert len(opaque) == 2 * ratio


def test_an_object_that_runs_out_of_the_view_has_no_outline_at_the_rim() -> None:
    labels = shown(Layer(1, square(0, 0, 40, 30), RED))
    picture = render(labels, Look(selected=1), Window(10, 10, 20, 20, 50, 50))
    assert (picture >> 24 == round(255 * FILL_SELECTED)).all()


def test_objects_under_a_place_are_named_from_the_top_also_hidden_ones() -> None:
    labels = shown(Layer(7, MaskCode.from_array(square(0, 0, 20, 20)), RED), Layer(9, square(10, 10, 30, 30), BLUE))
    assert labels.objects_at(15.5, 15.5) == [9, 7]
    assert labels.objects_at(5, 5) == [7]
    assert labels.objects_at(-1, 5) == []
    assert labels.box_of(9) == (10, 10, 30, 30)
    assert labels.box_of(4) is None


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (3, 4, 17, 9), (39, 29, 40, 30)])
def test_bounds_are_right_and_bottom_exclusive(box: tuple[int, int, int, int]) -> None:
    assert bounds(square(*box)) == box
    assert bounds(square(0, 0, 0, 0)) == (0, 0, 0, 0)


WHOLE = Window(0, 0, 40, 30, 40, 30)


def test_outlines_alone_leave_the_picture_inside_a_mask_as_it_is() -> None:
    labels = shown(Layer(1, square(5, 5, 15, 25), RED), Layer(2, square(20, 5, 35, 25), BLUE))
    picture = render(labels, Look(selected=1, style="outline"), WHOLE)
    filled = render(labels, Look(selected=1), WHOLE)
    assert pixel(picture, 10, 15) == pixel(picture, 27, 15) == (0, 0, 0, 0)
    assert (picture[filled >> 24 == 255] == filled[filled >> 24 == 255]).all()


def test_cut_out_covers_all_of_the_frame_but_the_masks() -> None:
    labels = shown(Layer(1, square(5, 5, 15, 25), RED))
    picture = render(labels, Look(selected=1, style="cut-out"), Window(-2, 0, 38, 30, 40, 30))
    assert (picture[5:25, 7:17] == 0).all()
    assert (picture[:, :2] == 0).all(), "beside the frame there is nothing to cover"
    assert (picture[:, 2:7] >> 24 == 255).all()
    assert len(np.unique(picture)) == 3


def test_alpha_shows_masks_white_on_black() -> None:
    labels = shown(Layer(1, square(5, 5, 15, 25), RED), Layer(2, square(20, 5, 35, 25), BLUE))
    picture = render(labels, Look(selected=2, style="alpha"), WHOLE)
    expected = np.where(square(5, 5, 15, 25) | square(20, 5, 35, 25), 0xFFFFFFFF, 0xFF000000)
    assert (picture == expected).all()


@pytest.mark.parametrize("style", ["cut-out", "alpha"])
def test_without_a_mask_the_picture_is_seen_in_every_style(style: str) -> None:
    assert not render(shown(), Look(style=style), WHOLE).any()


def test_the_onion_skin_is_one_thin_line_for_the_frame_before_and_a_dotted_one_for_the_frame_after() -> None:
    before, after = shown(Layer(1, square(2, 2, 12, 28), RED)), shown(Layer(1, square(20, 2, 38, 28), BLUE))
    picture = render(shown(), Look(), WHOLE, ghosts=(before, after))
    line = [pixel(picture, x, 15) for x in range(1, 5)]
    assert line[0] == line[2] == line[3] == (0, 0, 0, 0)
    assert line[1] == (round(255 * GHOST), *(round(part * GHOST) for part in RED))
    assert (picture[3:27, 2] > 0).all()
    dots = picture[3:27, 20] > 0
    assert 8 <= dots.sum() <= 16


@given(st.lists(st.tuples(*[st.integers(0, 29)] * 4), max_size=4), st.sampled_from([20, 40, 57, 200]), st.booleans())
def test_parts_of_a_view_are_what_the_whole_view_shows(
    boxes: list[tuple[int, int, int, int]], width: int, has_ghost: bool
) -> None:
    layers = [
        Layer(place, square(min(a, c), min(b, d), max(a, c) + 1, max(b, d) + 1), RED if place % 2 else BLUE)
        for place, (a, b, c, d) in enumerate(boxes, 1)
    ]
    window = Window(-3.3, -1.2, 40.7, 30.1, width, width * 3 // 4)
    labels, ghosts = shown(*layers), (shown(Layer(9, square(2, 20, 9, 29), BLUE)), shown(*layers)) if has_ghost else ()
    for look in (Look(selected=1), Look(style="outline"), Look(style="cut-out")):
        whole = render(labels, look, window, 1.0, ghosts)
        pieced = np.zeros_like(whole)
        for part in parts_of(labels, look, window, 1.0, ghosts):
            pieced[part.top : part.bottom, part.left : part.right] = render(labels, look, window, 1.0, ghosts, part)
        assert (pieced == whole).all()


def test_small_masks_far_from_each_other_are_drawn_alone() -> None:
    labels = shown(Layer(1, square(0, 0, 2, 2), RED), Layer(2, square(30, 20, 34, 24), BLUE))
    parts = parts_of(labels, Look(), Window(0, 0, 40, 30, 400, 300))
    assert sum(part.area for part in parts) < 0.05 * 400 * 300
