from __future__ import annotations

import pytest

from app.ui.timeline.axis import LARGEST_SCALE, TimeAxis


@pytest.fixture
def axis(qapp: object) -> TimeAxis:
    axis = TimeAxis()
    axis.set_width(1000)
    axis.set_frame_count(500)
    return axis


def test_a_new_clip_is_shown_whole(axis: TimeAxis) -> None:
    assert axis.visible() == range(500)
    assert axis.x_of(0) == 0
    assert axis.x_of(500) == pytest.approx(1000)


@pytest.mark.parametrize("frame", [0, 1, 250, 499])
def test_the_middle_of_a_frame_belongs_to_it(axis: TimeAxis, frame: int) -> None:
    assert axis.frame_at(axis.center_of(frame)) == frame


def test_pixels_outside_the_clip_belong_to_its_ends(axis: TimeAxis) -> None:
    assert axis.frame_at(-50) == 0
    assert axis.frame_at(5000) == 499


def test_zoom_keeps_the_frame_under_the_pointer(axis: TimeAxis) -> None:
    under = axis.frame_at(300)
    axis.zoom(4, 300)
    assert axis.frame_at(300) == under
    assert len(axis.visible()) < 150


def test_zoom_ends_at_the_whole_clip_and_at_the_largest_frames(axis: TimeAxis) -> None:
    axis.zoom(1e6, 500)
    assert axis.scale == LARGEST_SCALE
    axis.zoom(1e-6, 500)
    assert axis.visible() == range(500)


def test_following_a_frame_brings_it_into_view(axis: TimeAxis) -> None:
    axis.zoom(10, 0)
    assert 400 not in axis.visible()
    axis.follow(400)
    assert 0 <= axis.center_of(400) <= axis.width


def test_a_view_of_the_whole_clip_stays_one_when_the_window_grows(axis: TimeAxis) -> None:
    axis.set_width(1600)
    assert axis.visible() == range(500)
    axis.zoom(3, 0)
    scale = axis.scale
    axis.set_width(900)
    assert axis.scale == scale
