"""S3 A correction sticks. The numbers are the story's own; `story_frame` turns them into frames of the drawn clip."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt

from app.commands.masks import set_masks_by_hand
from app.commands.objects import new_object
from app.document.values import Origin

pytestmark = [pytest.mark.timeout(1200), pytest.mark.slow]


def add_blue(person: Any, balls: Any) -> None:
    """A second lane that is complete: the blue ball, drawn on every frame."""
    project = person.desk.project
    blue = new_object(project, "blue")
    set_masks_by_hand(project, "Draw", {(blue.id, f): balls.code("blue", f) for f in range(balls.frame_count)})


def erase_a_third(person: Any, balls: Any, frame: int) -> None:
    """E, and one stroke down the left third of the red mask; a ball that the model lost is painted first."""
    if (1, frame) not in person.document.masks or person.document.masks[1, frame].is_absent:
        person.key("B")
        x, y = balls.center("red", frame)
        person.drag((x - 20, y), (x + 20, y))
    box = person.document.masks[1, frame].code.box
    person.key("E")
    person.window.canvas.set_brush_size(max(2, round(box.width / 3)))
    x = box.x0 + box.width / 6
    person.drag((x, box.y0 - 5), (x, (box.y0 + box.y1) / 2), (x, box.y1 + 5))


def test_s3_a_correction_sticks(at_balls: Any, balls: Any, story_frame: Any) -> None:
    person, last = at_balls, balls.frame_count - 1
    document, desk = person.document, person.desk
    at = story_frame

    # 1 Point on red at frame 0, Ctrl+T: every frame has its cell.
    person.point_at(*balls.center("red", 0), truth=balls.mask("red", 0))
    person.run("Ctrl+T")
    assert sorted(document.masks_of(1)) == list(range(balls.frame_count))
    add_blue(person, balls)
    blue = person.lane(2)

    # 2 Go to 70, erase a third: the cell is hand-made.
    middle = at(70)
    person.go_to(middle)
    before = person.mask(1, middle).sum()
    erase_a_third(person, balls, middle)
    assert document.masks[1, middle].origin is Origin.MANUAL
    assert before == 0 or 0 < person.mask(1, middle).sum() < before
    assert person.window.timeline.lanes.cells_of(1).by_hand[middle]

    # 3 T: cell 70 is exactly what was drawn; those after it are rewritten, those before it unchanged.
    mine = person.lane(1)["masks"][middle]
    earlier = {frame: mask for frame, mask in person.lane(1)["masks"].items() if frame < middle}
    end = person.run("T")
    assert person.plans[-1].cells == {(1, frame) for frame in range(middle + 1, last + 1)}
    assert end.written == last - middle and not end.dropped
    masks = person.lane(1)["masks"]
    assert masks[middle] == mine
    assert {frame: mask for frame, mask in masks.items() if frame < middle} == earlier

    # 4 Shift+T: the same on the other side, down to the next prompt.
    later = {frame: mask for frame, mask in masks.items() if frame > middle}
    end = person.run("Shift+T")
    assert person.plans[-1].cells == {(1, frame) for frame in range(1, middle)}
    assert end.written == middle - 1
    masks = person.lane(1)["masks"]
    assert masks[middle] == mine and masks[0] == earlier[0]
    assert {frame: mask for frame, mask in masks.items() if frame > middle} == later

    # 5 Two locks; a point between them, R, Enter: nothing outside is written, and the point keeps what was seen.
    low, high, between = at(30), at(90), at(60)
    for frame in (low, high):
        person.go_to(frame)
        person.key("C")
        assert document.is_verified((1, frame))
    person.go_to(between)
    person.key("Q")
    person.point_at(*balls.center("red", between), truth=balls.mask("red", between))
    seen = person.lane(1)["masks"][between]
    outside = {f: mask for f, mask in person.lane(1)["masks"].items() if not low < f < high or f in (middle, between)}
    person.key("R")
    assert desk.planned is not None and not person.tracking.is_running
    # The frame that was drawn by hand is a mark like a lock: a repair ends there.
    assert desk.planned.cells == {(1, frame) for frame in range(low + 1, middle) if frame != between}
    end = person.run("Return")
    assert end.written == len(person.plans[-1].cells)
    masks = person.lane(1)["masks"]
    assert masks[between] == seen
    assert {frame: masks[frame] for frame in outside} == outside

    # 6 The blue lane is unchanged in every cell.
    lanes = person.window.timeline.lanes
    person.qtbot.mouseClick(lanes, Qt.MouseButton.LeftButton, pos=_name_of(lanes, 2))
    assert desk.selected_object == 2
    assert person.lane(2) == blue

    person.reopen()


def _name_of(lanes: Any, object_id: int) -> QPoint:
    return QPoint(40, lanes.top_of(object_id) + 10)
