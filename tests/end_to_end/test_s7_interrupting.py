"""S7 Interrupting. The clip is twice as long; `story_frame` turns the story's numbers into frames of the drawn clip."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

pytestmark = [pytest.mark.timeout(1200), pytest.mark.slow]


def test_s7_interrupting(person: Any, balls_twice: Any, story_frame: Any) -> None:
    balls = balls_twice
    person.open(balls.path)
    document, desk, window, tracking = person.document, person.desk, person.window, person.tracking
    card = window.timeline.transport.run_card

    # 1 While it runs: stepping, playing, zoom and H work; the playhead is not pulled along.
    person.point_at(*balls.center("red", 0), truth=balls.mask("red", 0))
    person.key("T")
    person.wait(lambda: len(document.masks_of(1)) > 2)
    person.key("Home")
    person.key("Right", times=2)
    person.key("Left")
    person.wait_for_frame()
    assert desk.frame == 1 and 1 in document.masks_of(1)
    assert window.canvas.labels.box_of(1) is not None or document.masks[1, 1].is_absent
    person.key("H")
    assert not desk.are_masks_visible
    person.key("H")
    assert desk.are_masks_visible
    scale = window.canvas.view_scale
    person.key("Ctrl+=")
    assert window.canvas.view_scale > scale
    person.key("Shift+Z")
    person.key("Space")
    assert desk.is_playing
    person.key("Space")
    assert not desk.is_playing
    person.go_to(1)
    filled = len(document.masks_of(1))
    person.wait(lambda: len(document.masks_of(1)) > filled)
    assert desk.frame == 1 and tracking.is_running

    # 2 While it runs: a click on another thing is answered before the next ten frames; the job line says so.
    said: list[str] = []
    tracking.prompt_pending.connect(lambda cell, is_pending: said.append(card.words))
    person.key("N")
    done = len(document.masks_of(1))
    person.click(*balls.center("blue", 1))
    assert tracking.is_pending((2, 1)) and "paused for your click" in card.words
    person.wait_for_answer((2, 1))
    assert len(document.masks_of(1)) - done < 10
    window.canvas.candidates.hide()
    assert tracking.is_running and "paused" not in card.words
    filled = len(document.masks_of(1))
    person.wait(lambda: len(document.masks_of(1)) > filled)
    blue = person.lane(2)

    # 3 Esc: "Stopping", then stopped; what is finished stays, the rest is unknown; no dialog.
    person.key("Esc")
    assert card.words == "Stopping"
    assert person.wait_for_end().cancelled
    assert QApplication.activeModalWidget() is None and not card.isVisible()
    kept = person.lane(1)["masks"]
    assert sorted(kept) == list(range(len(kept))) and len(kept) < balls.frame_count

    # 4 T again: only what is missing. (The range keeps this short.)
    end = min(len(kept) + 7, balls.frame_count - 1)
    person.go_to(end)
    person.key("O")
    person.go_to(0)
    desk.select(1)
    person.key("T")
    assert {frame for _, frame in person.plans[-1].cells} == set(range(len(kept), end + 1))

    # 5 While it runs: Ctrl+Z stops the run and takes it back as one step; the second object stays.
    person.wait(lambda: len(document.masks_of(1)) > len(kept))
    person.key("Ctrl+Z")
    assert QApplication.activeModalWidget() is None
    assert person.lane(1)["masks"] == kept and person.lane(2) == blue
    person.wait(lambda: not tracking.is_running)
    assert person.lane(1)["masks"] == kept

    # 6 A cell that is verified ahead of the running head is passed without writing.
    person.run("T")
    assert len(document.masks_of(1)) == end + 1
    person.key("T")
    person.wait(lambda: card.words.startswith(("1 of", "2 of", "3 of", "4 of")))
    person.go_to(end - 1)
    locked = document.masks[1, end - 1]
    person.key("C")
    assert document.is_verified((1, end - 1)) and tracking.is_running
    last = person.wait_for_end()
    assert document.masks[1, end - 1] == locked and document.is_verified((1, end - 1))
    assert last.dropped == 1 and "1 late result dropped" in person.said

    person.reopen()
