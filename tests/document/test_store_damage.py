"""Files that are not what they should be: in use, read-only, foreign, damaged, of another version."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.document import schema
from app.document.attribute_steps import SetAttribute, SetOverlaps, SetTag
from app.document.document import DocumentView
from app.document.project import Project
from app.document.steps import SetMasks, SetObject, SetPrompt
from app.document.store import ProjectError, ProjectInUse
from app.document.values import Finish, FrameMask

Square = Callable[..., FrameMask]
Everything = Callable[[DocumentView], tuple[Any, ...]]
Reopened = Callable[[Project], Project]


def test_a_second_window_is_told_who_has_the_project(stored: Project) -> None:
    assert stored.path is not None
    with pytest.raises(ProjectInUse, match=rf"park.masklet is open elsewhere \(process {os.getpid()} on .*read-only"):
        Project.open(stored.path)
    looking = Project.open(stored.path, read_only=True)
    assert looking.store is not None and looking.store.is_read_only
    looking.close()


def test_a_read_only_project_keeps_steps_in_memory_until_a_copy_is_saved(
    stored: Project, square: Square, tmp_path: Path, everything: Everything
) -> None:
    assert stored.path is not None
    stored.flush()
    looking = Project.open(stored.path, read_only=True)
    told: list[str] = []
    assert looking.store is not None
    looking.store.problem_changed.connect(told.append)
    with looking.history.transaction("Paint") as transaction:
        transaction.apply(SetMasks({(1, 1): square(1, 1)}))
    with pytest.raises(ProjectError, match=r"read-only; 1 step is in memory only\. Save a copy"):
        looking.flush()
    assert told == [looking.store.problem] and looking.store.unsaved_steps == 1
    looking.save_copy(tmp_path / "copy.masklet")
    copy = Project.open(tmp_path / "copy.masklet")
    assert everything(copy.document) == everything(looking.document)
    copy.close()
    looking.save_as(tmp_path / "mine.masklet")
    assert looking.store.problem == "" and not looking.store.is_read_only
    looking.close()
    assert everything(stored.document) != everything(looking.document)


def test_a_lock_left_by_a_killed_process_is_taken_over(stored: Project) -> None:
    assert stored.path is not None
    path = stored.path
    stored.close()
    path.with_name("park.masklet.lock").write_text(json.dumps({"pid": 999_999_999, "host": "elsewhere"}))
    Project.open(path).close()


@pytest.mark.parametrize("content", [b"", b"no database at all, just text" * 100, b"SQLite format 3\0" + bytes(200)])
def test_a_foreign_file_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.masklet"
    path.write_bytes(content)
    with pytest.raises(ProjectError, match="is not a project of Masklet Studio"):
        Project.open(path)
    assert [left.name for left in tmp_path.iterdir()] == ["a.masklet"]


def test_a_missing_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="There is no project"):
        Project.open(tmp_path / "a.masklet")


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE mask SET frame = 60 WHERE frame = 3",
        "UPDATE mask SET object_id = 9 WHERE object_id = 1",
        "UPDATE mask SET x1 = 33 WHERE area > 0",
        "UPDATE mask SET area = 0 WHERE area > 0",
        "UPDATE mask SET origin = 'guessed'",
        "UPDATE prompt SET points = '[[1]]'",
        "UPDATE prompt SET box = '{'",
        "UPDATE review SET review = 'maybe'",
        "UPDATE review SET frame = -1 WHERE frame = 3",
        "UPDATE object SET category_id = 8 WHERE id = 2",
        "UPDATE project SET height = 1000000000",
        "DELETE FROM project",
        "DELETE FROM counts",
        "DROP TABLE review",
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(stored: Project, harm: str) -> None:
    assert stored.path is not None
    path = stored.path
    stored.close()
    connection = sqlite3.connect(path)
    connection.execute(harm)
    connection.commit()
    connection.close()
    with pytest.raises(ProjectError, match=r"park\.masklet (is damaged|cannot be read): "):
        Project.open(path)


@pytest.mark.parametrize(
    "data", [b"", b"~~~", b"0", b"PP3", b"\xff\xff", b"ooooooooooooooooooooooo0", b"1" * 2000], ids=range(7)
)
def test_a_damaged_mask_is_refused_when_it_is_read(stored: Project, data: bytes) -> None:
    assert stored.path is not None
    path = stored.path
    with stored.history.transaction("No mask prompt, it is read at once") as transaction:
        transaction.apply(SetPrompt((2, 6), None))
    stored.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE counts SET data = ?", (data,))
    connection.commit()
    connection.close()
    again = Project.open(path)
    with pytest.raises(ProjectError, match=r"A mask in park\.masklet cannot be read"):
        again.document.masks[(7, 3)].code.to_array()
    again.close()


def test_a_packed_mask_that_would_fill_the_memory_is_refused(stored: Project) -> None:
    import zlib

    assert stored.path is not None
    path = stored.path
    with stored.history.transaction("No mask prompt") as transaction:
        transaction.apply(SetPrompt((2, 6), None))
    stored.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE counts SET is_packed = 1, data = ?", (zlib.compress(b"1" * 50_000_000),))
    connection.commit()
    connection.close()
    again = Project.open(path)
    with pytest.raises(ProjectError, match="longer than its picture"):
        again.document.masks[(7, 3)].code.to_array()
    again.close()


def test_a_newer_file_asks_for_a_newer_program(stored: Project) -> None:
    assert stored.path is not None
    path = stored.path
    stored.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(
        ProjectError, match=rf"newer Masklet Studio \(file version 99; this one reads up to {schema.VERSION}\)"
    ):
        Project.open(path)


def _to_next(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE review ADD COLUMN reviewer TEXT")


def test_a_project_of_version_1_opens_with_nothing_said_of_its_objects(stored: Project, everything: Everything) -> None:
    assert stored.path is not None
    path = stored.path
    for key in list(stored.document.tags):
        stored.document.apply(SetTag(key, None))
    for key in list(stored.document.attributes):
        stored.document.apply(SetAttribute(key, None))
    stored.document.apply(SetOverlaps(are_allowed=True))
    stored.document.apply(SetObject(1, replace(stored.document.objects[1], keeps_off=False, finish=Finish())))
    before = everything(stored.document)
    stored.close()
    connection = sqlite3.connect(path)
    connection.executescript(
        "DROP TABLE attribute; DROP TABLE tag; ALTER TABLE project DROP COLUMN next_attribute_id;"
        "ALTER TABLE project DROP COLUMN allows_overlaps; ALTER TABLE object DROP COLUMN keeps_off;"
        "ALTER TABLE object DROP COLUMN finish; ALTER TABLE mask DROP COLUMN made_at;"
        "ALTER TABLE mask DROP COLUMN agreement; DROP TABLE version; DROP TABLE version_mask;"
        "PRAGMA user_version = 1"
    )
    connection.close()
    project = Project.open(path)
    assert everything(project.document) == (*before[:-2], 1, True)
    project.close()
    assert path.with_name("park.masklet.v1.bak").is_file()


def test_an_older_file_is_brought_up_to_date_and_kept_beside(
    stored: Project, monkeypatch: pytest.MonkeyPatch, everything: Everything
) -> None:
    assert stored.path is not None
    path, before = stored.path, everything(stored.document)
    stored.close()
    now = schema.VERSION
    monkeypatch.setattr(schema, "VERSION", now + 1)
    monkeypatch.setattr("app.document.store.VERSION", now + 1)
    monkeypatch.setattr(schema, "MIGRATIONS", {now: _to_next})
    with pytest.raises(ProjectError, match="older kind"):
        Project.open(path, read_only=True)
    project = Project.open(path)
    assert everything(project.document) == before
    project.close()
    versions = {}
    for name in ("park.masklet", f"park.masklet.v{now}.bak"):
        connection = sqlite3.connect(path.with_name(name))
        versions[name] = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.close()
    assert versions == {"park.masklet": now + 1, f"park.masklet.v{now}.bak": now}


def test_a_migration_that_fails_changes_nothing(
    stored: Project, monkeypatch: pytest.MonkeyPatch, everything: Everything
) -> None:
    assert stored.path is not None
    path, before = stored.path, everything(stored.document)
    stored.close()

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE mask")
        connection.execute("DROP TABLE mask")

    with monkeypatch.context() as patch:
        now = schema.VERSION
        patch.setattr(schema, "VERSION", now + 1)
        patch.setattr("app.document.store.VERSION", now + 1)
        patch.setattr(schema, "MIGRATIONS", {now: broken})
        with pytest.raises(ProjectError, match=r"park\.masklet cannot be read"):
            Project.open(path)
    project = Project.open(path)
    assert everything(project.document) == before
    project.close()
