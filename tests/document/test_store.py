"""What a person did is in the project file: all of it, bit for bit, and at once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.document.attribute_steps import SetTag
from app.document.document import DocumentView
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.shelf import Shelf
from app.document.steps import SetMasks, SetObject, SetPrompt, SetReviews
from app.document.store import ProjectError, ProjectStore
from app.document.values import Clip, FrameMask, Point, Prompt, TrackedObject

Square = Callable[..., FrameMask]
Everything = Callable[[DocumentView], tuple[Any, ...]]
Reopened = Callable[[Project], Project]


def test_everything_comes_back_as_it_was(stored: Project, everything: Everything, reopened: Reopened) -> None:
    stored.remember("frame", 12)
    stored.remember("view", {"zoom": 1.5})
    before = everything(stored.document)
    again = reopened(stored)
    assert everything(again.document) == before
    assert again.recall("frame") == 12 and again.recall("view") == {"zoom": 1.5} and again.recall("none", 3) == 3
    again.close()


def test_colours_of_the_palette_and_a_persons_own_come_back(stored: Project, reopened: Reopened) -> None:
    for object_id, color in ((1, "#000000"), (2, "#fe01ff"), (3, 40)):
        stored.document.apply(SetObject(object_id, TrackedObject(object_id, "thing", color=color)))
    again = reopened(stored)
    assert [again.document.objects[key].color for key in (1, 2, 3)] == ["#000000", "#fe01ff", 40]
    again.close()


def test_masks_come_back_bit_for_bit(tmp_path: Path, reopened: Reopened) -> None:
    rng = np.random.default_rng(5)
    project = Project.create(tmp_path / "noise.masklet", Clip("a", "a", 30, 90, 70, 25.0))
    project.document.apply(SetObject(1, TrackedObject(1, "noise")))
    arrays = {frame: rng.random((90, 70)) < frame / 29 for frame in range(30)}
    for frame, array in arrays.items():
        project.document.apply(SetMasks({(1, frame): FrameMask(MaskCode.from_array(array))}))
    codes = {frame: mask.code.counts for frame, mask in project.document.masks_of(1).items()}
    assert any(len(counts) > 1024 for counts in codes.values())
    again = reopened(project)
    for frame, array in arrays.items():
        code = again.document.masks_of(1)[frame].code
        assert np.array_equal(code.to_array(), array)
        assert code.counts == codes[frame]
    again.close()


def test_a_step_is_in_the_file_without_saving(stored: Project, square: Square, everything: Everything) -> None:
    with stored.history.transaction("Click") as transaction:
        transaction.apply(SetMasks({(1, 20): square(2, 2)}))
    stored.flush()
    assert stored.path is not None
    looking = Project.open(stored.path, read_only=True)
    assert everything(looking.document) == everything(stored.document)
    looking.close()


def test_undo_redo_and_late_answers_reach_the_file(
    stored: Project, square: Square, everything: Everything, reopened: Reopened
) -> None:
    history = stored.history
    with history.transaction("Click") as transaction:
        transaction.apply(SetPrompt((2, 9), Prompt((Point(3, 3),))))
    assert history.join((2, 9), SetMasks({(2, 9): square(2, 2)}))
    history.undo()
    history.undo()
    history.redo()
    history.redo()
    run = history.begin("Propagate")
    for frame in range(30, 40):
        run.apply(SetMasks({(2, frame): square(4, 4)}))
    before = everything(stored.document)
    again = reopened(stored)
    assert everything(again.document) == before
    again.close()


def test_deleting_an_object_and_its_cells_reaches_the_file(
    stored: Project, everything: Everything, reopened: Reopened
) -> None:
    with stored.history.transaction("Delete") as transaction:
        transaction.apply(SetReviews({(7, 3): None}))
        transaction.apply(SetMasks(dict.fromkeys((7, frame) for frame in range(15))))
        for attribute_id in list(stored.document.tags_of(7)):
            transaction.apply(SetTag((7, attribute_id), None))
        transaction.apply(SetObject(7, None))
    before = everything(stored.document)
    again = reopened(stored)
    assert everything(again.document) == before
    assert again.document.next_object_id == 8
    again.close()


def test_a_closed_project_is_one_file(stored: Project, tmp_path: Path) -> None:
    stored.flush()
    assert (tmp_path / "park.masklet.lock").exists()
    stored.close()
    assert [path.name for path in tmp_path.iterdir()] == ["park.masklet"]


def test_what_only_undo_needed_is_gone_after_closing(stored: Project, square: Square) -> None:
    assert stored.path is not None
    with stored.history.transaction("Paint") as transaction:
        transaction.apply(SetMasks({(2, frame): square(frame // 3, 7) for frame in range(60)}, by_person=True))
    stored.flush()
    stored.history.undo()
    path = stored.path
    stored.close()
    connection = sqlite3.connect(path)
    masks = connection.execute("SELECT count(*) FROM counts").fetchone()[0]
    connection.close()
    assert masks == 17


def test_masks_rest_in_the_file_until_needed_and_memory_stays_bounded(
    stored: Project, square: Square, monkeypatch: pytest.MonkeyPatch, everything: Everything
) -> None:
    stored.flush()
    assert stored.path is not None
    path, before = stored.path, everything(stored.document)
    stored.close()
    monkeypatch.setattr(Shelf.__init__, "__defaults__", (100,))
    again = Project.open(path)
    assert again.store is not None
    shelf = again.store._shelf
    prompts_bytes = shelf.held_bytes
    assert prompts_bytes == 0
    assert sum(mask.code.area for mask in again.document.masks.values()) > 0
    assert shelf.held_bytes == 0
    assert everything(again.document) == before
    assert 0 < shelf.held_bytes <= 100
    with again.history.transaction("Many") as transaction:
        transaction.apply(SetMasks({(2, frame): square(frame % 20, 3, side=4) for frame in range(50)}))
    again.flush()
    assert shelf.held_bytes <= 100
    assert all(mask.code.to_array().sum() == 16 for frame, mask in again.document.masks_of(2).items() if frame < 50)
    again.close()


def test_a_mask_can_be_read_by_many_threads(stored: Project, reopened: Reopened) -> None:
    again = reopened(stored)
    snapshot, sums = again.document.snapshot(), []

    def read() -> None:
        sums.append(sum(int(mask.code.to_array().sum()) for mask in snapshot.masks.values()))

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [sum(mask.code.area for mask in snapshot.masks.values())] * 6
    again.close()
    assert sum(int(mask.code.to_array().sum()) for mask in snapshot.masks.values()) == sums[0]


def test_scores_that_are_no_numbers_come_back(stored: Project, square: Square, reopened: Reopened) -> None:
    odd = square(1, 1, iou=np.float32("nan"), score=float("-inf"))
    with stored.history.transaction("Odd") as transaction:
        transaction.apply(SetMasks({(1, np.int64(8)): odd}))  # type: ignore[dict-item]
    again = reopened(stored)
    mask = again.document.masks[(1, 8)]
    assert np.isnan(mask.iou) and mask.score == float("-inf")
    again.close()


def test_a_listener_that_fails_does_not_end_the_writing(
    stored: Project, square: Square, caplog: pytest.LogCaptureFixture, reopened: Reopened
) -> None:
    assert stored.store is not None

    def fail(problem: str) -> None:
        raise RuntimeError("a listener's bug")

    stored.store.problem_changed.connect(fail)
    stored.flush()
    writer = stored.store._writer
    assert writer._connection is not None
    writer._connection.execute("PRAGMA query_only = ON")
    with stored.history.transaction("Paint") as transaction:
        transaction.apply(SetMasks({(1, 1): square(1, 1)}))
    with pytest.raises(ProjectError, match="cannot be written there any more"):
        stored.flush()
    with pytest.raises(ProjectError):
        stored.close()
    writer._connection.execute("PRAGMA query_only = OFF")
    stored.flush()
    assert "A listener failed" in caplog.text
    again = reopened(stored)
    assert (1, 1) in again.document.masks
    again.close()


def test_a_project_that_was_never_attached_closes(tmp_path: Path, clip: Clip) -> None:
    store, document = ProjectStore.open(_closed(tmp_path / "a.masklet", clip))
    store.set_setting("frame", 3)
    store.close()
    store, document = ProjectStore.open(tmp_path / "a.masklet")
    assert store.settings == {"frame": 3} and document.clip == clip
    store.close()


def _closed(path: Path, clip: Clip) -> Path:
    Project.create(path, clip).close()
    return path
