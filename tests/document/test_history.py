"""Undo and redo, while runs stay open beneath and answers come late."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.document.document import Change
from app.document.history import History, HistoryError
from app.document.steps import SetMasks, SetObject, SetPrompt, SetReviews
from app.document.values import FrameMask, Point, Prompt, Review, TrackedObject

Square = Callable[..., FrameMask]


def click(history: History, object_id: int, frame: int, name: str = "Click") -> None:
    with history.transaction(name) as transaction:
        transaction.apply(SetPrompt((object_id, frame), Prompt((Point(frame % 30, 3),))))


def test_undo_and_redo_go_by_name(history: History) -> None:
    assert (history.can_undo, history.can_redo, history.undo(), history.redo()) == (False, False, None, None)
    click(history, 1, 3, "First")
    click(history, 1, 4, "Second")
    assert (history.undo_name, history.redo_name) == ("Second", None)
    assert history.undo_cells == {(1, 4)} and history.redo_cells == set()
    assert history.undo() == "Second" and history.undo() == "First"
    assert not history.document.prompts
    assert history.redo_cells == {(1, 3)} and history.names == ([], ["First", "Second"])
    assert history.redo() == "First" and history.undo_name == "First" and history.redo_name == "Second"
    assert set(history.document.prompts) == {(1, 3)}


def test_a_new_action_forgets_what_was_undone(history: History) -> None:
    click(history, 1, 3)
    history.undo()
    click(history, 1, 4)
    assert history.redo() is None
    history.undo()
    history.begin("Propagate").commit()
    assert not history.can_redo


def test_an_action_that_changed_nothing_leaves_no_trace(history: History) -> None:
    told: list[None] = []
    history.changed.connect(lambda: told.append(None))
    with history.transaction("Nothing"):
        pass
    assert not history.can_undo and told == []


def test_an_exception_takes_the_whole_action_back(history: History, square: Square) -> None:
    with pytest.raises(RuntimeError, match="in the middle"), history.transaction("Half") as transaction:
        transaction.apply(SetMasks({(1, 3): square(1, 1)}))
        transaction.apply(SetPrompt((1, 3), Prompt((Point(1, 1),))))
        raise RuntimeError("in the middle")
    assert not history.document.masks and not history.document.prompts and not history.can_undo
    assert not transaction.is_open


def test_an_action_inside_another_is_a_part_of_it(history: History, square: Square) -> None:
    with history.transaction("Outer") as outer:
        outer.apply(SetMasks({(1, 3): square(1, 1)}))
        click(history, 1, 3)
        with pytest.raises(RuntimeError), history.transaction("Broken") as broken:
            broken.apply(SetMasks({(1, 3): None}))
            raise RuntimeError
        outer.apply(SetMasks({(1, 4): square(2, 2)}))
    assert history.names == (["Outer"], [])
    assert history.undo_cells == {(1, 3), (1, 4)}
    history.undo()
    assert not history.document.masks and not history.document.prompts
    history.redo()
    assert set(history.document.masks) == {(1, 3), (1, 4)}


def test_an_action_can_be_given_up_from_inside(history: History, square: Square) -> None:
    with history.transaction("Given up") as transaction:
        transaction.apply(SetMasks({(1, 3): square(1, 1)}))
        transaction.rollback()
        with pytest.raises(HistoryError, match="“Given up” is closed"):
            transaction.apply(SetMasks({(1, 4): square(1, 1)}))
    assert not history.document.masks and not history.can_undo


def test_history_does_not_move_while_something_is_being_done(history: History) -> None:
    click(history, 1, 3)
    with history.transaction("Busy"):
        for deed in (history.undo, history.redo, lambda: history.begin("Propagate")):
            with pytest.raises(HistoryError, match="Not while “Busy” is being done"):
                deed()


def test_listeners_are_told_once_for_each_action(history: History, square: Square) -> None:
    changes: list[Change] = []
    settled: list[bool] = []
    history.document.changed.connect(changes.append)
    history.settled.connect(settled.append)
    with history.transaction("Both") as transaction:
        transaction.apply(SetPrompt((1, 3), Prompt((Point(1, 1),))))
        transaction.apply(SetMasks({(1, 3): square(1, 1)}))
    history.undo()
    history.redo()
    assert changes == [Change(cells=frozenset({(1, 3)}), prompts=True, masks=True)] * 3 and settled == [True] * 3
    run = history.begin("Propagate")
    for frame in (5, 6):
        run.apply(SetMasks({(1, frame): square(1, 1)}))
    assert [change.cells for change in changes[3:]] == [{(1, 5)}, {(1, 6)}] and settled[3:] == [False, False]


def test_undo_takes_back_a_whole_propagation(history: History, square: Square) -> None:
    before = square(0, 0, side=3)
    history.document.apply(SetMasks({(1, 2): before}))
    run = history.begin("Propagate dog")
    for frame in range(50):
        run.apply(SetMasks({(object_id, frame): square(object_id, frame % 9) for object_id in (1, 2)}))
    run.apply(SetMasks({(1, 2): square(9, 9)}))
    run.commit()
    assert len(history.document.masks) == 100
    changes: list[Change] = []
    history.document.changed.connect(changes.append)
    assert history.undo() == "Propagate dog"
    assert dict(history.document.masks) == {(1, 2): before}
    assert len(changes) == 1 and len(changes[0].cells) == 100
    history.redo()
    assert len(history.document.masks) == 100 and history.document.masks[(1, 2)] == square(9, 9)


def test_clicks_during_a_run_are_undone_before_it(history: History, square: Square) -> None:
    run = history.begin("Propagate")
    run.apply(SetMasks({(1, 5): square(1, 1)}))
    click(history, 2, 5)
    run.apply(SetMasks({(1, 6): square(2, 2)}))
    assert history.undo() == "Click" and run.is_open
    run.apply(SetMasks({(1, 7): square(3, 3)}))
    assert history.redo() == "Click"
    history.undo()
    assert history.undo() == "Propagate" and not run.is_open
    assert not history.document.masks
    with pytest.raises(HistoryError, match="is closed"):
        run.apply(SetMasks({(1, 8): square(1, 1)}))
    run.commit()
    assert history.names == ([], ["Propagate", "Click"])
    history.redo()
    assert set(history.document.masks) == {(1, 5), (1, 6), (1, 7)}


def test_a_late_result_never_wins_over_a_person(history: History, square: Square) -> None:
    document, late = history.document, square(9, 9)
    run = history.begin("Propagate")
    run.apply(SetMasks({(1, 5): square(1, 1), (1, 6): square(1, 1)}))
    click(history, 1, 5)
    with history.transaction("Verify") as transaction:
        transaction.apply(SetReviews({(1, 6): Review.VERIFIED}))
    with history.transaction("Paint") as transaction:
        transaction.apply(SetMasks({(1, 7): square(2, 2)}, by_person=True))
    run.apply(SetMasks({(1, frame): late for frame in range(5, 9)}))
    assert run.dropped == 3
    assert [document.masks[(1, frame)] for frame in range(5, 9)] == [square(1, 1), square(1, 1), square(2, 2), late]
    for _ in range(3):
        history.undo()
    run.apply(SetMasks({(1, frame): late for frame in range(5, 8)}))
    assert run.dropped == 6, "what a person took back, a person has touched"


def test_a_run_never_writes_a_verified_cell(history: History, square: Square) -> None:
    history.document.apply(SetMasks({(1, 5): square(1, 1)}))
    history.document.apply(SetReviews({(1, 5): Review.VERIFIED}))
    run = history.begin("Propagate")
    run.apply(SetMasks({(1, 5): square(9, 9)}))
    assert run.dropped == 1 and history.document.masks[(1, 5)] == square(1, 1)
    run.commit()
    assert not history.can_undo


def test_a_run_leaves_objects_alone_that_are_gone_or_newer_than_itself(history: History, square: Square) -> None:
    run = history.begin("Propagate")
    with history.transaction("Delete") as transaction:
        transaction.apply(SetObject(3, None))
    with history.transaction("New") as transaction:
        transaction.apply(SetObject(4, TrackedObject(4, "bird")))
    run.apply(SetMasks({(object_id, 5): square(1, 1) for object_id in (1, 3, 4)}))
    assert run.dropped == 2 and set(history.document.masks) == {(1, 5)}


def test_a_deletion_is_not_redone_once_the_run_has_gone_on_with_the_object(history: History, square: Square) -> None:
    run = history.begin("Propagate")
    with history.transaction("Delete") as transaction:
        transaction.apply(SetObject(3, None))
    history.undo()
    run.apply(SetMasks({(1, 5): square(1, 1)}))
    assert history.can_redo
    run.apply(SetMasks({(3, 5): square(1, 1)}))
    assert history.redo() is None and set(history.document.masks) == {(1, 5), (3, 5)}


def test_two_open_runs_do_not_mix(history: History, square: Square) -> None:
    history.document.apply(SetMasks({(1, 5): square(0, 0)}))
    first, second = history.begin("First"), history.begin("Second")
    second.apply(SetMasks({(1, 5): square(2, 2)}))
    first.apply(SetMasks({(1, 5): square(1, 1), (1, 6): square(1, 1)}))
    assert first.dropped == 1
    assert history.undo() == "Second" and history.document.masks[(1, 5)] == square(0, 0)
    history.undo()
    assert dict(history.document.masks) == {(1, 5): square(0, 0)}


def test_a_run_is_dropped_from_beneath_and_what_was_done_since_stays(history: History, square: Square) -> None:
    run = history.begin("Propagate")
    run.apply(SetMasks({(1, 5): square(1, 1), (1, 6): square(1, 1)}))
    with history.transaction("Paint") as transaction:
        transaction.apply(SetMasks({(1, 5): square(4, 4)}, by_person=True))
    run.rollback()
    assert dict(history.document.masks) == {(1, 5): square(4, 4)}
    assert history.names == (["Paint"], [])
    history.undo()
    assert not history.document.masks


def test_an_answer_joins_its_click(history: History, square: Square) -> None:
    history.document.apply(SetMasks({(1, 5): square(0, 0)}))
    click(history, 1, 5, "Click here")
    click(history, 2, 9, "Click there")
    assert history.join((1, 5), SetMasks({(1, 5): square(7, 7)}))
    assert history.names == (["Click here", "Click there"], [])
    history.undo()
    assert history.document.masks[(1, 5)] == square(7, 7)
    history.undo()
    assert history.document.masks[(1, 5)] == square(0, 0) and not history.document.prompts
    history.redo()
    assert history.document.masks[(1, 5)] == square(7, 7) and set(history.document.prompts) == {(1, 5)}


def test_an_answer_finds_nothing_to_join_when_there_is_no_click_or_something_newer(
    history: History, square: Square
) -> None:
    answer = SetMasks({(1, 5): square(7, 7)})
    assert not history.join((1, 5), answer)
    click(history, 1, 5)
    with history.transaction("Paint") as transaction:
        transaction.apply(SetMasks({(1, 5): square(1, 1)}))
        assert not history.join((1, 5), answer)
    assert not history.join((1, 5), answer)
    history.undo()
    assert history.join((1, 5), answer)
    history.undo()
    assert not history.join((1, 5), answer)


def test_a_long_gesture_may_set_what_it_touched_itself(history: History, square: Square) -> None:
    drag = history.begin("Move point")
    for x in range(3):
        drag.apply(SetPrompt((1, 5), Prompt((Point(x, 1),))))
        drag.apply(SetMasks({(1, 5): square(x, 1)}))
    assert drag.dropped == 0 and history.document.masks[(1, 5)] == square(2, 1)
    click(history, 1, 5)
    drag.apply(SetPrompt((1, 5), Prompt((Point(9, 9),))))
    drag.apply(SetReviews({(1, 6): Review.VERIFIED}))
    assert drag.dropped == 1 and history.document.is_verified((1, 6))
    with pytest.raises(HistoryError, match="may only change cells"):
        drag.apply(SetObject(1, TrackedObject(1, "new name")))
    drag.commit()
    history.undo()
    assert history.undo() == "Move point"
    assert not history.document.prompts and not history.document.masks and not history.document.reviews


def test_an_open_run_that_found_nothing_yet_is_closed_by_undo(history: History) -> None:
    click(history, 1, 5)
    run = history.begin("Propagate")
    assert history.undo_name == "Propagate" and history.undo_cells == set()
    assert history.undo() == "Propagate" and not run.is_open
    assert not history.can_redo and history.undo_name == "Click"
