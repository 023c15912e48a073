"""A repair with the real model: two locks, R, Enter; and what is offered where both ends never agree."""

from __future__ import annotations

from typing import Any

import pytest

from app.commands.masks import set_masks_by_hand
from app.commands.objects import new_object
from app.commands.review import verify_cells

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


def test_a_repair_is_joined_or_offers_the_frame_where_its_ends_differ_most(at_balls: Any, balls: Any) -> None:
    """The left lock is the red ball, the right one by mistake the blue one: no two runs can agree between them."""
    person, (low, high) = at_balls, (13, 19)
    project, document, desk = person.desk.project, person.document, person.desk
    new_object(project, "red")
    set_masks_by_hand(project, "Draw", {(1, low): balls.code("red", low), (1, high): balls.code("blue", high)})
    verify_cells(project, [(1, low), (1, high)])
    locks = {frame: document.masks[1, frame] for frame in (low, high)}
    person.go_to(16)
    desk.select(1)
    person.key("R")
    assert desk.planned.cells == {(1, frame) for frame in range(low + 1, high)}
    end = person.run("Return")
    (joint,) = end.joints
    assert (joint.first, joint.last) == (low + 1, high - 1) and not joint.is_agreed
    assert end.written == high - low - 1
    assert {frame: document.masks[1, frame] for frame in (low, high)} == locks

    # The frame where they differ most is offered, and it stands first in the queue.
    offer = person.window.notices._notices[-1].offer
    assert f"On frame {joint.worst} they share" in person.said
    person.press_button(offer)
    person.wait_for_frame()
    assert (desk.selected_object, desk.frame, desk.tool) == (1, joint.worst, "point")
    person.wait(lambda: bool(person.window.suspicions.found))
    assert person.window.suspicions.found[0].cell == (1, joint.worst)

    # The lock is put right; now both runs follow the red ball, and the seam tells that they agree.
    set_masks_by_hand(project, "Draw", {(1, high): balls.code("red", high)})
    verify_cells(project, [(1, high)])
    person.key("R")
    end = person.run("Return")
    (joint,) = end.joints
    assert joint.is_agreed, f"the runs share {joint.share:.2f} at worst"
    assert all(document.masks[1, frame].agreement == 1 for frame in range(low, high + 1))
    assert person.window.timeline.lanes.marks.joints_of(1) == [joint]

    # One step takes all of it back.
    repaired = person.lane(1)
    person.key("Ctrl+Z")
    assert person.lane(1) != repaired
    person.key("Ctrl+Shift+Z")
    assert person.lane(1) == repaired
    person.reopen()
