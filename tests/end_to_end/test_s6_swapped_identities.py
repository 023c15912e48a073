"""S6 Swapped identities. The numbers are the story's own; `story_frame` turns them into frames of the drawn clip."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.commands.masklets import swap_masklets
from app.commands.masks import set_masks_by_hand
from app.document.steps import SetMasks
from app.document.values import FrameMask

pytestmark = [pytest.mark.timeout(1200), pytest.mark.slow]


def follow_truth(person: Any, swap: Any) -> None:
    """A model that lost the balls is helped: both lanes get the masks that a good one leaves, as computed ones."""
    balls = {1: "red", 2: "blue"}
    masks = {
        (object_id, frame): FrameMask(swap.code(which, frame), 0.9, 8.0)
        for object_id, which in balls.items()
        for frame in range(1, swap.frame_count)
    }
    with person.history.transaction("Masks of a good model") as transaction:
        transaction.apply(SetMasks(masks))


def test_s6_swapped_identities(person: Any, swap: Any, story_frame: Any, story_frame_after: Any, overlap: Any) -> None:
    person.open(swap.path)
    document, desk, window = person.document, person.desk, person.window
    crossing = story_frame_after(60)

    # 1 Points on both, Ctrl+A, T. If the model did not swap them, a command does; the queue then knows the crossing.
    person.point_at(*swap.center("red", 0), truth=swap.mask("red", 0))
    person.key("N")
    person.point_at(*swap.center("blue", 0), truth=swap.mask("blue", 0))
    person.key("Ctrl+A")
    assert set(desk.selected_objects) == {1, 2}
    person.run("T")
    assert all(sorted(document.masks_of(object_id)) == list(range(swap.frame_count)) for object_id in (1, 2))
    end = swap.frame_count - 1
    if overlap(person.mask(1, end), swap.mask("blue", end)) < 0.5:
        follow_truth(person, swap)
        swap_masklets(desk.project, 1, 2, crossing)
    person.qtbot.wait(1)
    person.wait(lambda: window.suspicions._job is None and not window.suspicions._rest.isActive())
    near = range(story_frame(56) - 1, crossing + 2)
    found = [entry for entry in window.suspicions.found if entry.cell[1] in near]
    telling = [entry for entry in found if "jumped" in entry.reason or "same place" in entry.reason]
    assert {entry.cell[0] for entry in telling} == {1, 2}, found

    # 2 S until it is near the crossing; select both in the list.
    for _ in window.suspicions.found:
        person.key("S")
        if desk.frame in near:
            break
    assert desk.frame in near
    person.go_to(crossing)
    rows = window.objects_panel.list
    for object_id, held in ((1, Qt.KeyboardModifier.NoModifier), (2, Qt.KeyboardModifier.ShiftModifier)):
        index = window.objects_panel._model.index(window.objects_panel._model.row_of(object_id))
        place = rows.visualRect(index).center()
        place.setX(60)
        person.qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, held, place)
    assert set(desk.selected_objects) == {1, 2}

    # 3 Ctrl+Shift+J: from here on everything changes lanes; before it nothing does; ids keep their lanes.
    window.canvas.setFocus()
    one, two, before = person.lane(1), person.lane(2), person.state
    person.key("Ctrl+Shift+J")
    for kind in ("masks", "prompts", "reviews"):
        for frame in range(swap.frame_count):
            here, there = (one, two) if frame < crossing else (two, one)
            assert person.lane(1)[kind].get(frame) == here[kind].get(frame)
            assert person.lane(2)[kind].get(frame) == there[kind].get(frame)
    assert list(document.objects) == [1, 2]
    swapped = person.state

    # 4 Undo gives exactly what was; redo what came.
    person.key("Ctrl+Z")
    assert person.state == before
    person.key("Ctrl+Shift+Z")
    assert person.state == swapped

    # 5 Split object 1 at 100, join the pieces again: equal to before the split.
    late = story_frame(100)
    desk.select(1)
    person.go_to(late)
    whole = person.lane(1)
    person.key("Ctrl+B")
    assert list(document.objects) == [1, 2, 3]
    assert sorted(document.masks_of(3)) == list(range(late, swap.frame_count))
    assert max(document.masks_of(1)) == late - 1
    desk.select(1)
    desk.select(3, extend=True)
    person.key("Ctrl+J")
    assert list(document.objects) == [1, 2]
    assert person.lane(1) == whole

    person.reopen()


def test_s6_splitting_and_joining_keeps_what_was_verified(at_balls: Any, balls: Any) -> None:
    person = at_balls
    person.key("N")
    codes = {(1, frame): balls.code("blue", frame) for frame in range(balls.frame_count)}
    set_masks_by_hand(person.desk.project, "Draw", codes)
    person.go_to(12)
    person.key("C")
    person.go_to(8)
    before = person.lane(1)
    person.key("Ctrl+B")
    assert (2, 12) in person.document.reviews
    person.desk.select(1)
    person.desk.select(2, extend=True)
    person.key("Ctrl+J")
    assert person.lane(1) == before
