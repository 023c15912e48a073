"""S1 First masklet. The numbers are the story's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.document.values import Origin
from app.ui.timeline.lane_cells import LaneState

pytestmark = pytest.mark.timeout(900)

ANIMAL = (440.0, 300.0)


def test_s1_first_masklet(person: Any, park: Path, is_full: bool) -> None:
    window = person.window

    # 1 Start with no project: three offers, "Ready", model and device on the chip.
    assert window.picture.currentWidget() is window.welcome
    assert len(window.welcome.offers) == 3
    assert window.status.tool.text() == "Ready"
    assert "Built-in model" in window.top_bar.model.text() and "processor" in window.top_bar.model.text()

    # 2 Try the bundled clip: frame 0, Points. (The first click makes the first object.)
    with person.qtbot.waitSignal(window.projects.opened, timeout=60000):
        person.press_button(window.welcome.offers["open_bundled"])
    person.take_over()
    document, desk = person.document, person.desk
    assert (desk.frame, desk.tool, desk.source.path) == (0, "point", park)
    last = document.clip.frame_count - 1
    if not is_full:
        last = 19
        person.go_to(last)
        person.key("O")
        person.go_to(0)

    # 3 Click on the animal: the dot at once, then the mask.
    person.click(*ANIMAL)
    (point,) = document.prompts[1, 0].points
    assert point.is_positive
    assert (point.x, point.y) == pytest.approx(ANIMAL, abs=2)
    assert list(document.objects) == [1] and desk.selected_object == 1
    person.wait_for_answer((1, 0))
    assert not document.masks[1, 0].is_absent
    candidates = window.canvas.candidates
    assert candidates.is_open, "one click may mean a thing, its part, or what it is part of"

    # 4 Press 1: that candidate is the mask; a diamond on the lane; not looked at.
    chosen = candidates._answers[0].mask
    person.key("1")
    assert not candidates.is_open
    assert document.masks[1, 0].code == chosen
    lane = window.timeline.lanes.cells_of(1)
    assert lane.prompts[0] and not lane.prompts[1:].any()
    assert lane.states[0] == LaneState.UNSEEN and not document.reviews

    # 5 Hover Propagate: the plan on the lane, and what it will take in words.
    button = next(child for child in window.timeline.transport.children() if _is_propagate(child))
    person.hover(button)
    assert desk.planned.cells == {(1, frame) for frame in range(1, last + 1)}
    words = window.timeline.transport._scope.text()
    assert words.startswith(f"{last} frames × 1 object, about ")
    person.unhover(button)
    assert desk.planned is None

    # 6 T: the lane fills from the left; the job line shows frames, speed, time left, and how to stop.
    names = len(person.history.names[0])
    card = window.timeline.transport.run_card
    person.key("T")
    assert card.isVisible() and desk.planned is person.plans[-1]
    person.wait(lambda: len(document.masks_of(1)) > 3)
    filled = sorted(document.masks_of(1))
    assert filled == list(range(len(filled)))
    assert f"of {last}" in card.words and "frames/s" in card.words and "left" in card.words
    assert "Esc" in next(
        child.toolTip() for child in card.children() if hasattr(child, "text") and child.text() == "Stop"
    )

    # 7 The end: every cell is not looked at, or absent; one entry in the history.
    end = person.wait_for_end()
    assert not end.cancelled and not card.isVisible()
    states = {int(state) for state in lane.states[: last + 1]}
    assert states <= {LaneState.UNSEEN, LaneState.ABSENT}
    assert len(person.history.names[0]) == names + 1
    assert person.history.undo_name.startswith("Propagate") and "object 1" in person.history.undo_name
    person.wait(lambda: window.suspicions._job is None and not window.suspicions._rest.isActive())
    assert window.queue_panel._model.rowCount() == len(window.suspicions.found)

    # 8 C: verified, solid on the lane, counted in the status line.
    person.go_to(1)
    person.key("C")
    assert document.is_verified((1, 1)) and lane.states[1] == LaneState.VERIFIED
    person.wait(lambda: window.status.review.text().startswith(f"1 of {last + 1} masks verified"))
    done = person.state

    # 9 Undo twice: not verified any more; then nothing propagated any more. Redo twice: as before.
    person.key("Ctrl+Z")
    assert not document.reviews and lane.states[1] == LaneState.UNSEEN
    person.key("Ctrl+Z")
    assert sorted(document.masks_of(1)) == [0] and (1, 0) in document.prompts
    assert document.masks[1, 0].origin is Origin.PROMPTED
    person.key("Ctrl+Shift+Z", times=2)
    assert person.state == done

    person.reopen()


def _is_propagate(child: Any) -> bool:
    return hasattr(child, "text") and child.text().startswith("Propagate ")
