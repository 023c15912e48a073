"""Automatic masks as a starting point: the real model suggests, the person picks, and what is picked is followed."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt

pytestmark = pytest.mark.timeout(600)
RIGHT = Qt.MouseButton.RightButton
GOOD = 0.6
"""The balls are found better than this (0.76 and 0.79 when it was written)."""


def test_suggested_objects_are_picked_added_followed_and_taken_back(at_balls: Any, balls: Any, overlap: Any) -> None:
    person = at_balls
    suggestions = person.window.canvas.suggestions
    opened = person.state

    def shown() -> list[int]:
        return list(suggestions.shown)

    # Shift+N: the panel counts, then both balls are among what stands out.
    person.key("Shift+N")
    person.wait(lambda: suggestions.is_choosing and not suggestions.is_searching)
    best = {}
    for which in ("red", "blue"):
        found = {place: overlap(suggestions.found[place].mask.to_array(), balls.mask(which, 0)) for place in shown()}
        best[which] = max(found, key=lambda place: found[place])
        assert found[best[which]] > GOOD, f"{which} is not suggested: {found[best[which]]:.2f}"

    # Esc: as if nothing had been.
    person.key("Esc")
    assert not suggestions.is_open and person.state == opened

    # Again, with the same answer; a click on each ball picks it or a part of it, right clicks go on to what lies
    # beneath; Enter adds both in one step.
    person.key("Shift+N")
    person.wait(lambda: suggestions.is_choosing and not suggestions.is_searching)
    for which, place in best.items():
        person.click(*balls.spot(which, 0))
        for _ in shown():
            if place not in suggestions.picked:
                person.click(*balls.spot(which, 0), button=RIGHT)
    assert suggestions.picked == set(best.values())
    person.key("Return")
    assert len(person.document.objects) == 2 and len(person.history.names[0]) == 1
    cells = sorted(person.document.masks)
    assert cells == sorted(person.document.prompts) == [(1, 0), (2, 0)]
    for which in best:
        assert max(overlap(person.mask(number, 0), balls.mask(which, 0)) for number in (1, 2)) > GOOD
    given = person.state["masks"]

    # T follows both from there; what was picked stays as it was.
    person.run("T")
    assert all((number, frame) in person.document.masks for number in (1, 2) for frame in range(balls.frame_count))
    assert {cell: person.state["masks"][cell] for cell in given} == given

    # Both are there already when the frame is searched again.
    person.key("Shift+N")
    person.wait(lambda: suggestions.is_choosing and not suggestions.is_searching)
    assert {one.there for one in suggestions.found if one.there} == {"object 1", "object 2"}
    person.key("Esc")

    # Undo takes the run back, then both objects at once.
    person.key("Ctrl+Z")
    person.key("Ctrl+Z")
    assert {**person.state, "next ids": opened["next ids"]} == opened
    person.key("Ctrl+Shift+Z")
    assert person.state["masks"] == given
    person.reopen()
