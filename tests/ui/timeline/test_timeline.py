from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent
from pytestqt.qtbot import QtBot

from app.commands import masklets, masks, objects, review
from app.document.marks import SetCuts, SetMarker
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks, SetPrompt
from app.document.suspicion import Suspicion
from app.document.values import FrameMask, Origin, Point, Prompt
from app.inference.plan import make_plan
from app.jobs.reports import RunProgress
from app.ui import theme
from app.ui.desk import Desk
from app.ui.timeline import TimelineView
from app.ui.timeline.axis import TimeAxis
from app.ui.timeline.lane_cells import LaneCells, LaneState, runs
from app.ui.timeline.lane_painter import BAR_HEIGHT, BAR_TOP, paint_suspicions
from app.ui.timeline.lane_places import diamond_near
from app.ui.timeline.lane_rows import LANE_HEIGHT
from app.ui.timeline.ruler import HEADER_WIDTH
from app.ui.timeline.run_card import left_words
from app.ui.timeline.score_curve import ScoreCurve
from app.ui.timeline.spoken_lanes import spans_words
from app.ui.timeline.transport import time_words


def bar_color(view: TimelineView, frame: int, lane: int = 0) -> QColor:
    picture = view.lanes.grab().toImage()
    x = HEADER_WIDTH + round(view.axis.center_of(frame))
    return QColor(picture.pixelColor(x, lane * LANE_HEIGHT + BAR_TOP + BAR_HEIGHT // 2))


def test_states_follow_the_document(project: Project, mask_of: Callable[[int], FrameMask]) -> None:
    review.verify_cells(project, [(1, 3)])
    review.mark_absent(project, [(1, 5)])
    cells = LaneCells.of(project.document, 1)
    assert cells.states[3] == LaneState.VERIFIED
    assert cells.states[4] == LaneState.UNSEEN
    assert cells.states[5] == LaneState.ABSENT
    assert cells.states[20] == LaneState.UNKNOWN
    assert cells.prompts.nonzero()[0].tolist() == [0]
    assert cells.by_hand.nonzero()[0].tolist() == [5]
    assert np.isnan(cells.visibility[20]) and cells.visibility[4] > 0.9


def test_a_pixel_over_many_frames_shows_what_deserves_attention_most() -> None:
    cells = LaneCells(8)
    cells.states[:] = LaneState.VERIFIED
    cells.states[5] = LaneState.UNSEEN
    assert cells.columns(np.array([0, 4])).tolist() == [LaneState.VERIFIED, LaneState.UNSEEN]


def test_zoomed_out_states_come_in_the_order_of_what_is_to_do() -> None:
    order = [LaneState.VERIFIED, LaneState.ABSENT, LaneState.UNSEEN, LaneState.UNKNOWN, LaneState.STALE]
    for place, worst in enumerate(order):
        cells = LaneCells(5)
        cells.states[:] = [*order[: place + 1], *order[:1] * (4 - place)]
        assert cells.columns(np.array([0])).tolist() == [worst]


def test_masks_behind_a_correction_are_out_of_date_until_they_are_computed_anew(
    view: TimelineView, project: Project, mask_of: Callable[[int], FrameMask]
) -> None:
    def made(frames: range, moment: float, origin: Origin = Origin.PROPAGATED) -> None:
        cells = {(1, frame): replace(mask_of(frame), made_at=moment + frame / 100, origin=origin) for frame in frames}
        project.document.apply(SetMasks(cells))

    made(range(1), 1000, Origin.PROMPTED)
    made(range(1, 12), 2000)
    x, fresh = HEADER_WIDTH + view.axis.center_of(7), view.lanes.grab().toImage()
    made(range(6, 7), 3000, Origin.MANUAL)
    cells = view.lanes.cells_of(1)
    assert cells is not None and np.flatnonzero(cells.stale).tolist() == list(range(7, 12))
    assert set(cells.states[7:12]) == {LaneState.STALE} and cells.states[5] == LaneState.UNSEEN
    assert view.lanes.words_at(x, 8) == "dog, frame 7: out of date"
    assert view.lanes.grab().toImage() != fresh and "out of date 7–11" in spans_words(project.document, cells, 1)
    review.mark_absent(project, [(1, 9)])
    assert cells.states[9] == LaneState.ABSENT and cells.states[10] == LaneState.STALE
    made(range(7, 9), 4000)
    assert np.flatnonzero(cells.stale).tolist() == [10, 11]
    project.document.apply(SetCuts({10: True}))
    assert not cells.stale.any() and cells.states[10] == LaneState.UNSEEN, "another shot"


def test_the_end_of_an_object_has_a_cross_and_says_so(view: TimelineView, project: Project) -> None:
    cells = view.lanes.cells_of(1)
    assert cells is not None and cells.ends_at is None
    masklets.end_track(project, 1, 7)
    assert cells.ends_at == 8 and bar_color(view, 8) == QColor(theme.current().text_1)
    assert view.lanes.words_at(HEADER_WIDTH + view.axis.center_of(8), 8).startswith(
        "dog, frame 8: absent, verified; ends here; made by hand"
    )
    masklets.end_track(project, 1, 3)
    assert cells.ends_at == 4


def test_a_lane_tells_what_a_plan_is_still_to_compute_and_where_cuts_and_markers_are(
    view: TimelineView, desk: Desk, project: Project
) -> None:
    def words(frame: int) -> list[str]:
        return view.lanes.words_at(HEADER_WIDTH + view.axis.center_of(frame), 8).split(": ", 1)[1].split("; ")

    plan = make_plan(project.document, [1], 0, 23, "forward")
    desk.show_plan(plan)
    assert "will be computed" in words(15) and "will be computed" not in words(0)
    view.lanes.marks.take_start(plan)
    view.lanes.marks.take_progress(RunProgress(16, 23, 1.0, None, ((False, 16),)))
    assert "will be computed" in words(17) and "will be computed" not in words(16)
    desk.show_plan(None)
    project.document.apply(SetCuts({17: True}))
    project.document.apply(SetMarker(17, "door opens"))
    assert words(17) == ["not computed", "cut", "marker: door opens"]


@pytest.mark.parametrize(("is_reduced", "heads"), [(False, {False: 3}), (True, {False: 2})])
def test_where_motion_is_unwanted_the_head_of_a_run_steps_once_a_second(
    view: TimelineView, monkeypatch: pytest.MonkeyPatch, is_reduced: bool, heads: dict[bool, int]
) -> None:
    monkeypatch.setattr(theme, "is_motion_reduced", lambda: is_reduced)
    for frame in (2, 3):
        view.lanes.marks.take_progress(RunProgress(frame, 9, 1.0, None, ((False, frame),)))
    assert view.lanes.marks.heads == heads


def test_prompts_lie_on_top_of_what_dims_a_lane(view: TimelineView, desk: Desk, project: Project) -> None:
    desk.set_stride(2)
    project.document.apply(SetPrompt((1, 5), Prompt((Point(10, 20),))))
    assert bar_color(view, 5) == QColor("white")


def test_a_colour_that_the_lane_swallows_has_a_border(view: TimelineView, project: Project) -> None:
    objects.set_object_color(project, 1, theme.current().lane)
    picture = view.lanes.grab().toImage()
    x = HEADER_WIDTH + round(view.axis.center_of(4))
    assert picture.pixelColor(x, BAR_TOP) == QColor(theme.current().text_2)


def test_runs_are_stretches_of_equal_states() -> None:
    assert runs(np.array([2, 2, 5, 5, 5, 1], np.uint8)) == [(0, 2, 2), (2, 5, 5), (5, 6, 1)]
    assert runs(np.array([], np.uint8)) == []


def test_a_verified_frame_is_solid_and_an_unknown_one_is_not(view: TimelineView, desk: Desk, project: Project) -> None:
    review.verify_cells(project, [(1, 8)])
    assert bar_color(view, 8) == theme.current().object_color(0)
    assert bar_color(view, 20) != theme.current().object_color(0)


def test_new_masks_appear_on_the_lane(
    view: TimelineView, project: Project, mask_of: Callable[[int], FrameMask]
) -> None:
    before = bar_color(view, 18)
    project.document.apply(SetMasks({(1, 18): mask_of(18)}, by_person=False))
    assert bar_color(view, 18) != before


def test_a_click_on_a_lane_goes_there_and_selects(qtbot: QtBot, view: TimelineView, desk: Desk) -> None:
    place = QPoint(HEADER_WIDTH + round(view.axis.center_of(17)), LANE_HEIGHT + 10)
    qtbot.mouseClick(view.lanes, Qt.MouseButton.LeftButton, pos=place)
    assert desk.frame == 17
    assert desk.selected_object == 2


def test_a_click_on_a_name_selects_and_stays_on_the_frame(qtbot: QtBot, view: TimelineView, desk: Desk) -> None:
    desk.set_frame(4)
    qtbot.mouseClick(view.lanes, Qt.MouseButton.LeftButton, pos=QPoint(40, 10))
    assert (desk.frame, desk.selected_object) == (4, 1)


def test_dragging_on_the_ruler_scrubs(qtbot: QtBot, view: TimelineView, desk: Desk) -> None:
    def at(frame: int) -> QPoint:
        return QPoint(HEADER_WIDTH + round(view.axis.center_of(frame)), 8)

    qtbot.mousePress(view.ruler, Qt.MouseButton.LeftButton, pos=at(3))
    assert desk.frame == 3
    qtbot.mouseMove(view.ruler, at(9))
    qtbot.mouseRelease(view.ruler, Qt.MouseButton.LeftButton, pos=at(9))
    assert desk.frame in (3, 9)


def test_shift_on_the_ruler_sets_the_range(qtbot: QtBot, view: TimelineView, desk: Desk) -> None:
    place = QPoint(HEADER_WIDTH + round(view.axis.center_of(6)), 8)
    qtbot.mouseClick(view.ruler, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, place)
    assert desk.range == (6, 6)


def test_a_wheel_with_ctrl_zooms_at_the_pointer(view: TimelineView, qapp: object) -> None:
    place = QPointF(HEADER_WIDTH + 100, 10)
    under = view.axis.frame_at(100)
    wheel = QWheelEvent(
        place,
        view.ruler.mapToGlobal(place),
        QPoint(),
        QPoint(0, 480),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    view.ruler.wheelEvent(wheel)
    assert view.axis.scale > view.axis.smallest_scale
    assert view.axis.frame_at(100) == under


def test_the_plan_stands_on_the_lane_before_it_runs(view: TimelineView, desk: Desk, project: Project) -> None:
    before = view.lanes.grab().toImage()
    desk.show_plan(make_plan(project.document, [1], 0, 23, "forward"))
    assert view.lanes.grab().toImage() != before
    desk.show_plan(None)
    assert view.lanes.grab().toImage() == before


def test_a_lane_says_what_it_shows(view: TimelineView) -> None:
    x = HEADER_WIDTH + view.axis.center_of(0)
    assert view.lanes.words_at(x, 8) == "dog, frame 0: not looked at; 1 prompt"
    assert view.lanes.words_at(10, 8) == ""


def test_deleting_an_object_takes_its_lane_away(view: TimelineView, project: Project) -> None:
    objects.delete_objects(project, [1])
    assert view.lanes.top_of(1) is None
    assert view.lanes.top_of(2) == 0


def test_the_curve_stands_under_the_selected_lane(qtbot: QtBot, view: TimelineView, desk: Desk) -> None:
    desk.select(1)
    assert view.curve.isVisible()
    assert view.lanes.top_of(2) > LANE_HEIGHT
    desk.select(None)
    assert not view.curve.isVisible()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "00:00.00"), (5.867, "00:05.87"), (59.999, "01:00.00"), (3725.5, "1:02:05.50")]
)
def test_times_are_told_to_the_hundredth(seconds: float, words: str) -> None:
    assert time_words(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s left"), (10, "10 s left"), (600, "10 min left"), (9000, "2.5 h left")]
)
def test_remaining_time_is_told_as_a_person_would(seconds: float, words: str) -> None:
    assert left_words(seconds) == words


def test_the_last_pixel_shows_nothing_of_what_is_out_of_view() -> None:
    cells = LaneCells(8)
    cells.states[:4] = LaneState.VERIFIED
    edges = np.array([0, 2])
    assert cells.columns(edges, 4).tolist() == [LaneState.VERIFIED, LaneState.VERIFIED]
    cells.by_hand[6] = True
    assert cells.columns_by_hand(edges, 4).tolist() == [0, 0]
    assert cells.columns_by_hand(edges, 8).tolist() == [0, 1]


def test_only_the_lane_that_has_changed_is_drawn_anew(view: TimelineView, project: Project) -> None:
    view.lanes.grab()
    kept = view.lanes._pictures.kept[2].cacheKey()
    before = view.lanes._pictures.kept[1].cacheKey()
    review.verify_cells(project, [(1, 8)])
    view.lanes.grab()
    assert view.lanes._pictures.kept[2].cacheKey() == kept
    assert view.lanes._pictures.kept[1].cacheKey() != before


def test_lanes_that_were_never_scrolled_to_are_not_looked_at_and_still_answer(
    qtbot: QtBot, view: TimelineView, project: Project, mask_of: Callable[[int], FrameMask]
) -> None:
    for _ in range(40):
        objects.new_object(project)
    last = max(project.document.objects)
    qtbot.waitUntil(lambda: bool(view.lanes._pictures.kept))
    assert last not in view.lanes._cells
    project.document.apply(SetMasks({(last, 3): mask_of(3)}))
    assert last not in view.lanes._cells
    cells = view.lanes.cells_of(last)
    assert cells is not None and cells.states[3] == LaneState.UNSEEN
    place = (view.lanes.top_of(last) or 0) + LANE_HEIGHT / 2
    assert "not looked at" in view.lanes.words_at(HEADER_WIDTH + view.axis.center_of(3), place)


def test_where_many_masks_of_a_pixel_are_suspicious_the_worst_one_is_marked(qapp: object) -> None:
    axis = TimeAxis()
    axis.set_width(50)
    axis.set_frame_count(100)

    def depth(values: dict[int, float]) -> int:
        picture = QImage(50, 20, QImage.Format.Format_RGB32)
        picture.fill(0)
        painter = QPainter(picture)
        painter.translate(0, 8)
        paint_suspicions(painter, values, axis)
        painter.end()
        return sum(picture.pixelColor(20, y).red() > 100 for y in range(20))

    shallow, deep = depth({40: 0.3}), depth({40: 1.0})
    assert 0 < shallow < deep
    assert depth({40: 0.3, 41: 1.0}) == depth({41: 1.0, 40: 0.3}) == depth({41: 1.0})
    assert depth({40: 1.0, 90: 0.3}) == deep
    assert depth({}) == 0


def test_a_dip_of_one_frame_stands_in_the_curve_of_a_long_clip(qtbot: QtBot) -> None:
    axis = TimeAxis()
    axis.set_width(480)
    axis.set_frame_count(50_000)
    curve = ScoreCurve(axis)
    qtbot.addWidget(curve)
    cells = LaneCells(50_000)
    cells.visibility[:] = 1.0
    cells.visibility[33_333] = 0.1
    curve.show_cells(cells, QColor("#ffffff"))
    _, shown = curve._curve.getData()
    assert len(shown) <= 1001
    assert shown.min() == pytest.approx(0.1)


def test_a_drag_along_a_lane_makes_a_span_and_the_playhead_stays(
    view: TimelineView, desk: Desk, mouse: Callable[..., None]
) -> None:
    x = {frame: HEADER_WIDTH + view.axis.center_of(frame) for frame in (4, 9, 2)}
    mouse(view.lanes, "press", x[4], 10)
    mouse(view.lanes, "move", x[4] + 3, 10)
    assert desk.range_in is None
    mouse(view.lanes, "move", x[9], 10)
    assert desk.range == (4, 9)
    mouse(view.lanes, "move", x[2], 10)
    mouse(view.lanes, "release", x[2], 10)
    assert desk.range == (2, 4) and desk.frame == 4 and desk.selected_object == 1
    mouse(view.lanes, "move", x[9], 10)
    assert desk.range == (2, 4)


def test_a_click_near_a_peak_of_the_curve_goes_to_the_most_suspicious_frame(
    view: TimelineView, desk: Desk, mouse: Callable[..., None]
) -> None:
    desk.select(1)
    found = [((1, 5), 0.4, "area × 2.0"), ((1, 6), 0.9, "area × 6.1"), ((1, 11), 0.5, "jumped 40 px in one frame")]
    view.set_suspicions([Suspicion(*entry) for entry in found])
    curve, lane = LANE_HEIGHT + 12, 10
    x = HEADER_WIDTH + view.axis.x_of(6) - 3
    for y, frame in ((curve, 6), (lane, 5)):
        mouse(view.lanes, "press", x, y)
        mouse(view.lanes, "release", x, y)
        assert desk.frame == frame
    assert view.lanes.words_at(x, curve).endswith("suspicious: area × 6.1")
    assert view.curve._peaks.isVisible() and view.curve._second.isVisible()
    times, values = view.curve._peaks.getData()
    assert np.nanmax(values) == pytest.approx(0.9) and times[np.nanargmax(values)] == 6.5
    assert np.isnan(values).sum() == 24 - 7, "three peaks, and the ground beside them"
    view.set_suspicions([])
    assert not view.curve._second.isVisible()


def test_a_click_beside_a_frame_with_prompts_stays_on_its_own_frame(view: TimelineView) -> None:
    edge = HEADER_WIDTH + view.axis.x_of(1)
    assert view.axis.scale == 20
    assert view.lanes.frame_at(edge + 2, 10) == 1, "the diamond of frame 0 ends six pixels before its edge"
    assert view.lanes.frame_at(edge - 2, 10) == 0


def test_where_many_frames_share_a_pixel_a_click_means_the_diamond_near_it() -> None:
    axis, cells = TimeAxis(), LaneCells(4800)
    axis.set_width(480)
    axis.set_frame_count(4800)
    cells.prompts[[1000, 1050]] = True
    assert [diamond_near(axis, cells, x) for x in (95, 102, 103, 110)] == [1000, 1000, 1050, 1050]
    assert diamond_near(axis, cells, 112) == 1120


def test_the_curve_of_a_draft_passes_the_frames_that_it_left_out(
    view: TimelineView, desk: Desk, project: Project, mask_of: Callable[[int], FrameMask]
) -> None:
    desk.select(1)
    drafted = {(1, frame): replace(mask_of(0), origin=Origin.DRAFT) for frame in range(14, 24, 3)}
    project.document.apply(SetMasks(drafted))
    times, values = view.curve._curve.getData()
    known = np.isfinite(values)
    assert times[known].tolist() == [*(frame + 0.5 for frame in range(12)), 14.5, 17.5, 20.5, 23.5]
    assert known.all(), "nothing lies between that would break the line"
    masks.delete_masks(project, [1], 5, 6)
    assert np.isnan(view.curve._curve.getData()[1]).sum() == 2, "what nobody computed does"


def test_zoomed_out_a_pixel_over_a_draft_shows_its_masks_and_what_a_run_lacks_shows_nothing() -> None:
    cells = LaneCells(24)
    cells.states[0:12:2] = LaneState.DRAFT
    cells.states[12:16:2] = LaneState.ABSENT
    cells.drafted[0:16:2] = True
    assert cells.left_out().nonzero()[0].tolist() == [1, 3, 5, 7, 9, 11, 13]
    pairs = np.arange(0, 24, 2)
    assert cells.columns(pairs).tolist() == [LaneState.DRAFT] * 6 + [LaneState.ABSENT] + [LaneState.UNKNOWN] * 5
    assert cells.columns(np.arange(3), 3).tolist() == [LaneState.DRAFT, LaneState.UNKNOWN, LaneState.DRAFT]


def test_a_drafted_absence_says_that_it_is_of_a_draft(view: TimelineView, project: Project) -> None:
    gone = FrameMask(MaskCode.empty(48, 64), origin=Origin.DRAFT)
    project.document.apply(SetMasks({(1, 18): gone}))
    x = HEADER_WIDTH + view.axis.center_of(18)
    assert view.lanes.words_at(x, 8) == "dog, frame 18: absent, not looked at; draft"


def test_zooming_by_key_leaves_the_playhead_where_it_is(view: TimelineView, desk: Desk) -> None:
    desk.set_frame(17)
    for how in ("in", "in", "out"):
        before, scale = view.axis.center_of(17), view.axis.scale
        desk.timeline_zoom_requested.emit(how)
        assert view.axis.scale != scale
        assert view.axis.center_of(17) == pytest.approx(before, abs=1)
    desk.timeline_zoom_requested.emit("fit")
    assert view.axis.scale == view.axis.smallest_scale and view.axis.visible() == range(24)
