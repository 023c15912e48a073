"""S4 Lost behind the pillar. The numbers are the story's own; `story_frame` turns them into drawn frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.document.masks import MaskCode
from app.document.steps import SetMasks
from app.document.values import FrameMask
from app.ui.panels.queue_panel import EntryRole
from app.ui.timeline.lane_cells import LaneState

pytestmark = [pytest.mark.timeout(1200), pytest.mark.slow]


def queue_is_current(person: Any) -> bool:
    suspicions = person.window.suspicions
    return suspicions._job is None and not suspicions._rest.isActive()


def wait_for_queue(person: Any) -> list[Any]:
    """Until *Look at next* has taken the last change in; gives its entries."""
    person.qtbot.wait(1)
    person.wait(lambda: queue_is_current(person))
    return list(person.window.suspicions.found)


def going_edges(person: Any) -> list[int]:
    """The frames that Ctrl+Right stops at, from the first one."""
    here = person.desk.frame
    person.key("Home")
    edges = [0]
    while True:
        person.key("Ctrl+Right")
        if person.desk.frame == edges[-1]:
            break
        edges.append(person.desk.frame)
    person.desk.set_frame(here)
    return edges


def plant_a_doubt(person: Any, frame: int) -> None:
    """A computed mask that is far too large, as a run that lost the ball leaves it."""
    clip = person.document.clip
    wrong = np.zeros((clip.height, clip.width), bool)
    wrong[40:330, 200:600] = True
    with person.history.transaction("A mask that went wrong") as transaction:
        transaction.apply(SetMasks({(1, frame): FrameMask(MaskCode.from_array(wrong), 0.6, 2.0)}))


def test_s4_lost_behind_the_pillar(at_balls: Any, balls: Any, story_frame: Any, story_frame_after: Any) -> None:
    person, last = at_balls, balls.frame_count - 1
    document, desk, window = person.document, person.desk, person.window
    hidden = range(story_frame_after(40), story_frame(47) + 1)
    back = hidden[-1] + 1

    # 1 Point on red at 0, T. (Whether the model's own doubt names the pillar is asked in `test_numbers.py`.)
    person.point_at(*balls.center("red", 0), truth=balls.mask("red", 0))
    person.run("T")
    if not wait_for_queue(person):
        plant_a_doubt(person, hidden[0])
    entries = wait_for_queue(person)
    assert entries

    # 2 S: the playhead goes there, the object is selected, zoom and place stay, the reason has a spoken name.
    desk.select(None)
    scale, center = window.canvas.view_scale, window.canvas.center
    person.key("S")
    person.wait_for_frame()
    assert (desk.selected_object, desk.frame) == entries[0].cell
    assert (window.canvas.view_scale, window.canvas.center) == (scale, center)
    queue = window.queue_panel.list
    spoken = queue.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == f"object 1, frame {desk.frame}: {entries[0].reason}"
    assert queue.currentIndex().data(EntryRole).reason

    # 3 I at 40, O at 47, Shift+X: absent there, empty on the lane with edges on both sides.
    person.go_to(hidden[0])
    person.key("I")
    person.go_to(hidden[-1])
    person.key("O")
    person.key("Shift+X")
    lane = window.timeline.lanes.cells_of(1)
    assert all(document.masks[1, frame].is_absent for frame in hidden)
    assert all(lane.states[frame] == LaneState.ABSENT for frame in hidden)
    assert not document.reviews
    person.key("Alt+X")
    person.go_to(hidden[0] - 1)
    if not document.masks[1, desk.frame].is_absent:
        assert desk.frame in going_edges(person)

    # 4 Click red on 48; T: 49 to the end is rewritten, 40 to 47 are still absent.
    person.go_to(back)
    person.point_at(*balls.spot("red", back), truth=balls.mask("red", back))
    absent = {frame: document.masks[1, frame] for frame in hidden}
    end = person.run("T")
    assert person.plans[-1].cells == {(1, frame) for frame in range(back + 1, last + 1)}
    assert end.written == last - back
    assert {frame: document.masks[1, frame] for frame in hidden} == absent

    # 5 C on 43: verified absent.
    person.go_to(story_frame(43))
    assert desk.frame in hidden
    person.key("C")
    assert document.is_verified((1, desk.frame))
    assert lane.states[desk.frame] == LaneState.ABSENT_VERIFIED

    # 6 S and C until nothing is left: no entry inside 40 to 47, and the status line counts.
    for _ in range(balls.frame_count + 1):
        entries = wait_for_queue(person)
        assert not [entry for entry in entries if entry.cell[1] in hidden]
        verified = len(document.reviews)
        window.notices.clear()
        person.key("S")
        if not entries:
            break
        person.wait_for_frame()
        assert (desk.selected_object, desk.frame) == entries[0].cell
        person.key("C")
        assert len(document.reviews) == verified + 1
        person.wait(lambda: all(entry.cell != (1, desk.frame) for entry in window.suspicions.found))
    assert "Nothing suspicious is left" in person.said
    person.wait(lambda: window.status.review.text().startswith(f"{len(document.reviews)} of {balls.frame_count} masks"))

    person.reopen()
