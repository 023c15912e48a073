"""Copies and new places of a project: whole, tidy, never in another's stead unasked."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.document.document import DocumentView
from app.document.project import Project
from app.document.steps import SetMasks
from app.document.store import ProjectError
from app.document.values import Clip, FrameMask

Square = Callable[..., FrameMask]
Everything = Callable[[DocumentView], tuple[Any, ...]]
Reopened = Callable[[Project], Project]


def test_a_copy_holds_everything_and_is_one_tidy_file(
    stored: Project, tmp_path: Path, square: Square, everything: Everything
) -> None:
    with stored.history.transaction("Undone") as transaction:
        transaction.apply(SetMasks({(2, 40): square(9, 9, side=3)}))
    stored.history.undo()
    target = tmp_path / "copies" / "copy.masklet"
    target.parent.mkdir()
    target.write_text("what was here before")
    stored.save_copy(target)
    assert [path.name for path in target.parent.iterdir()] == ["copy.masklet"]
    copy = Project.open(target)
    assert everything(copy.document) == everything(stored.document)
    copy.close()


def test_a_copy_holds_steps_that_the_file_itself_cannot_take(
    stored: Project, tmp_path: Path, square: Square, everything: Everything
) -> None:
    stored.flush()
    assert stored.store is not None
    blocker = sqlite3.connect(stored.store.path)
    blocker.execute("BEGIN IMMEDIATE")
    stored.store._writer._connection.execute("PRAGMA busy_timeout = 1")  # type: ignore[union-attr]
    with stored.history.transaction("Late") as transaction:
        transaction.apply(SetMasks({(2, 41): square(9, 9, side=3)}))
    with pytest.raises(ProjectError, match="used by another program; 1 step is not saved yet"):
        stored.flush()
    assert stored.store.unsaved_steps == 1 and "1 step is not saved" in stored.store.problem
    stored.save_copy(tmp_path / "copy.masklet")
    copy = Project.open(tmp_path / "copy.masklet")
    assert everything(copy.document) == everything(stored.document)
    copy.close()
    blocker.close()
    stored.flush()
    assert stored.store.problem == "" and stored.store.unsaved_steps == 0


def test_saving_as_goes_on_in_the_new_file_with_its_history(
    stored: Project, tmp_path: Path, square: Square, everything: Everything, reopened: Reopened
) -> None:
    old, at_first = stored.path, everything(stored.document)
    with stored.history.transaction("Paint") as transaction:
        transaction.apply(SetMasks({(7, 3): square(9, 9, side=3)}, by_person=True))
    stored.save_as(tmp_path / "other.masklet")
    assert stored.path == tmp_path / "other.masklet"
    stored.history.undo()
    again = reopened(stored)
    assert everything(again.document) == at_first
    again.close()
    assert old is not None
    left = Project.open(old)
    assert left.document.masks[(7, 3)] == square(9, 9, side=3)
    left.close()


def test_a_project_in_memory_gets_a_file_later(
    project: Project, tmp_path: Path, square: Square, reopened: Reopened
) -> None:
    with project.history.transaction("Paint") as transaction:
        transaction.apply(SetMasks({(1, 1): square(1, 1)}))
    project.remember("frame", 1)
    project.save_copy(tmp_path / "copy.masklet")
    project.save_as(tmp_path / "a.masklet")
    with project.history.transaction("Paint") as transaction:
        transaction.apply(SetMasks({(1, 2): square(2, 2)}))
    again = reopened(project)
    assert set(again.document.masks) == {(1, 1), (1, 2)} and again.recall("frame") == 1
    again.close()
    copy = Project.open(tmp_path / "copy.masklet")
    assert set(copy.document.masks) == {(1, 1)} and copy.recall("frame") == 1
    copy.close()


def test_nothing_is_replaced_unasked(stored: Project, tmp_path: Path, clip: Clip) -> None:
    (tmp_path / "there.masklet").write_bytes(b"precious")
    for deed in (
        lambda: stored.save_as(tmp_path / "there.masklet"),
        lambda: stored.save_copy(tmp_path / "there.masklet", overwrite=False),
        lambda: Project.create(tmp_path / "there.masklet", clip),
    ):
        with pytest.raises(ProjectError, match="exists already"):
            deed()
    with pytest.raises(ProjectError, match="this project itself"):
        stored.save_copy(tmp_path / "park.masklet")
    with pytest.raises(ProjectError, match="does not exist"):
        stored.save_copy(tmp_path / "nowhere" / "a.masklet")
    assert (tmp_path / "there.masklet").read_bytes() == b"precious"
    Project.create(tmp_path / "there.masklet", clip, overwrite=True).close()


def test_what_a_killed_copy_left_is_cleaned_up(stored: Project, tmp_path: Path) -> None:
    mine, running = tmp_path / f"a.masklet.tmp-{os.getpid()}", tmp_path / f"a.masklet.tmp-{os.getppid()}"
    dead = [tmp_path / f"a.masklet.tmp-999999999{ending}" for ending in ("", "-journal", "-wal", "-shm")]
    for left in (mine, running, *dead):
        left.write_bytes(b"left")
    stored.save_copy(tmp_path / "a.masklet")
    assert not mine.exists() and running.exists() and not any(left.exists() for left in dead)


def test_the_clip_is_found_when_project_and_clip_moved_together(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "clips").mkdir(parents=True)
    (before / "clips" / "a.mp4").write_bytes(b"x")
    Project.create(before / "a.masklet", Clip(str(before / "clips" / "a.mp4"), "a.mp4", 5, 4, 4, 25.0)).close()
    before.rename(after)
    project = Project.open(after / "a.masklet")
    assert project.document.clip.path == str(after / "clips" / "a.mp4")
    project.close()
