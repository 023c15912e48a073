"""S5 A newcomer in mid-clip. The numbers are the story's own; `story_frame` turns them into drawn frames."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from app.commands.objects import new_category, set_object_category
from app.ui.timeline.lane_cells import LaneState

pytestmark = [pytest.mark.timeout(1200), pytest.mark.slow]


def test_s5_a_newcomer_in_mid_clip(at_balls: Any, balls: Any, story_frame: Any) -> None:
    person, window = at_balls, at_balls.window
    document, desk = person.document, person.desk
    everything = set(range(balls.frame_count))
    ball = new_category(desk.project, "ball")
    new_category(desk.project, "toy")

    # 1 Red to the end, then Ctrl+Enter: the question names the number; all solid.
    person.point_at(*balls.center("red", 0), truth=balls.mask("red", 0))
    set_object_category(desk.project, 1, ball.id)
    person.run("T")
    asked: list[str] = []

    def agree(box: QWidget) -> None:
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        verb = next(button for button in box.findChildren(QPushButton) if button.text().startswith("Verify"))
        asked.append(verb.text())
        person.press_button(verb)

    with person.dialog(agree):
        person.key("Ctrl+Return")
    count = balls.frame_count
    assert asked == [f"Verify {count} frames of object 1?", f"Verify {count}"]
    lane = window.timeline.lanes.cells_of(1)
    assert set(document.reviews_of(1)) == everything
    assert {int(state) for state in lane.states} <= {LaneState.VERIFIED, LaneState.ABSENT_VERIFIED}
    red = person.lane(1)

    # 2 N on 50: object 2, selected, of the same category; a click makes a diamond on its lane.
    here = story_frame(50)
    person.go_to(here)
    person.key("N")
    assert desk.selected_object == 2 and list(document.objects) == [1, 2]
    assert document.objects[2].category_id == ball.id
    person.point_at(*balls.center("blue", here), truth=balls.mask("blue", here))
    assert window.timeline.lanes.cells_of(2).prompts[here]

    # 3 Ctrl+T: lane 2 is filled, lane 1 was neither changed nor computed.
    computed: list[int] = []
    person.tracking._thread.batch_ready.connect(
        lambda batches: computed.extend(cell.object_id for batch in batches for cell in batch.cells)
    )
    person.run("Ctrl+T")
    assert set(document.masks_of(2)) == everything
    assert set(computed) == {2} and person.plans[-1].object_ids == (2,)
    assert person.lane(1) == red

    # 4 F2 and a name with letters that are keys elsewhere: only the name changes.
    before = person.state
    tool, frame = desk.tool, desk.frame
    person.key("F2")
    person.type("blue ball a d s")
    person.key("Return")
    person.wait(lambda: document.objects[2].name == "blue ball a d s")
    assert (desk.tool, desk.frame) == (tool, frame)
    assert {key: value for key, value in person.state.items() if key != "objects"} == {
        key: value for key, value in before.items() if key != "objects"
    }

    # 5 Alt+2: category 2. Ctrl+Delete: gone, with an offer to undo; Ctrl+Z: back with everything.
    window.canvas.setFocus()
    person.key("Alt+2")
    assert document.categories[document.objects[2].category_id].name == "toy"
    whole = person.state
    person.key("Ctrl+Del")
    assert list(document.objects) == [1] and not document.masks_of(2)
    (notice,) = [notice for notice in window.notices._notices if notice.offer is not None]
    assert notice.text == "Deleted blue ball a d s." and notice.timer.interval() == 10000
    person.key("Ctrl+Z")
    assert person.state == whole
    assert not [notice for notice in window.notices._notices if notice.offer is not None]
    person.key("Ctrl+Shift+Z")
    person.key("Ctrl+Z")

    # 6 N again: id 3, and never 2 twice.
    person.key("N")
    assert list(document.objects) == [1, 2, 3]
    person.key("Ctrl+Del")
    desk.select(2)
    person.key("Ctrl+Del")
    person.key("N")
    assert list(document.objects) == [1, 4]
    for _ in range(3):
        person.key("Ctrl+Z")
    assert document.objects[2].name == "blue ball a d s" and sorted(document.masks_of(2)) == sorted(everything)

    person.reopen()


def test_s5_the_offer_to_undo_takes_the_deletion_back(at_balls: Any) -> None:
    person = at_balls
    person.key("N")
    whole = person.state
    person.key("Ctrl+Del")
    (notice,) = [notice for notice in person.window.notices._notices if notice.offer is not None]
    person.qtbot.mouseClick(notice.offer, Qt.MouseButton.LeftButton)
    assert person.state == whole
