"""A repair: from both ends, seen on the lane, told when it ends; and drafts, which leave frames out."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.commands.masks import set_mask
from app.document.steps import SetMasks
from app.document.values import FrameMask, Origin
from app.inference.engine import Joint
from app.ui.timeline.lane_cells import LaneState
from app.ui.window import MainWindow


def do(window: MainWindow, name: str) -> None:
    window.desk.actions[name].trigger()


def picture_of_lane(window: MainWindow) -> Any:
    return window.timeline.lanes.grab().toImage()


def test_it_runs_from_both_ends_ends_in_a_seam_and_is_one_step_to_undo(qtbot: Any, painted: MainWindow) -> None:
    desk, marks = painted.desk, painted.timeline.lanes.marks
    document, tracking = desk.document, desk.tracking
    assert document is not None and tracking is not None and desk.project is not None
    heads: list[dict[bool, int]] = []
    marks.changed.connect(lambda _: heads.append(dict(marks.heads)))
    do(painted, "repair")
    assert desk.planned is not None and not tracking.is_running
    with qtbot.waitSignal(tracking.run_finished, timeout=20000) as ended:
        do(painted, "repair")
    end = ended.args[0]
    assert end.written == 9 and sorted(document.masks_of(1)) == list(range(2, 13))
    assert {True, False} in [set(seen) for seen in heads] and not marks.heads
    (joint,) = marks.joints_of(1)
    assert (joint.first, joint.last) == (3, 11) and joint in end.joints
    assert "dog, frames 3–11" in painted.notices.texts[-1]
    with_seam = picture_of_lane(painted)
    marks.forget()
    painted.timeline.lanes._repaint()
    assert picture_of_lane(painted) != with_seam
    marks.take_end(end)
    desk.project.history.undo()
    assert sorted(document.masks_of(1)) == [2, 12]
    assert not marks.joints_of(1), "what was joined is gone"


def test_where_the_ends_agree_is_told(painted: MainWindow) -> None:
    painted.propagating.repairing.tell([Joint(1, 3, 11, 7, True, 7, 1.0), Joint(1, 13, 20, 15, True, 15, 1.0)], "")
    assert painted.notices.texts[-1] == "Repaired dog, frames 3–20: both ends agree at frames 7 and 15."
    assert not painted.desk.actions["show_doubt"].isEnabled()


def test_where_they_never_agree_the_worst_frame_is_a_click_away_and_first_in_the_queue(
    qtbot: Any, painted: MainWindow, square: np.ndarray
) -> None:
    desk = painted.desk
    document = desk.document
    assert document is not None
    code = document.masks[1, 2].code
    masks = {(1, frame): FrameMask(code, agreement=0.12 if frame == 9 else 1.0) for frame in range(3, 12)}
    document.apply(SetMasks({**masks, (1, 4): FrameMask(code, iou=0.1, score=0.0)}))
    painted.propagating.repairing.tell([Joint(1, 3, 11, 5, False, 9, 0.12)], "")
    assert "never agree" in painted.notices.texts[-1] and "On frame 9 they share 12 %" in painted.notices.texts[-1]
    desk.select(None)
    do(painted, "tool_select")
    offer = painted.notices._notices[-1].offer
    assert offer is not None and offer.text() == "Go there"
    offer.click()
    assert (desk.selected_object, desk.frame, desk.tool) == (1, 9, "point")
    qtbot.waitUntil(lambda: bool(painted.suspicions.found), timeout=5000)
    first = painted.suspicions.found[0]
    assert first.cell == (1, 9) and first.reason == "runs from both ends share 12 %"
    set_mask(desk.project, 1, 9, square[::-1])
    qtbot.waitUntil(lambda: all(one.cell != (1, 9) for one in painted.suspicions.found), timeout=5000)


def test_a_draft_fills_every_other_frame_carries_a_d_and_gives_way_to_a_run(qtbot: Any, painted: MainWindow) -> None:
    desk = painted.desk
    document, tracking, lanes = desk.document, desk.tracking, painted.timeline.lanes
    assert document is not None and tracking is not None
    before = picture_of_lane(painted)
    with qtbot.waitSignal(tracking.run_finished, timeout=20000):
        do(painted, "propagate_draft")
    drafted = {frame for frame, mask in document.masks_of(1).items() if mask.origin is Origin.DRAFT}
    assert drafted == {0, 4, 6, 8, 10, 14}
    cells = lanes.cells_of(1)
    assert cells is not None
    shown = {frame for frame in range(16) if cells.states[frame] == LaneState.DRAFT}
    assert shown == {frame for frame in drafted if not document.masks[1, frame].is_absent}
    assert picture_of_lane(painted) != before
    assert "T computes every frame" in painted.notices.texts[-1]
    assert desk.project is not None and desk.project.history.undo_name is not None
    assert desk.project.history.undo_name.startswith("Draft 6 frames of dog")
    with qtbot.waitSignal(tracking.run_finished, timeout=20000):
        do(painted, "propagate_both")
    assert not [mask for mask in document.masks_of(1).values() if mask.origin is Origin.DRAFT]
    assert len(document.masks_of(1)) == 16
