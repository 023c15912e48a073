"""Masks from before runs: the newest five of an object, in the project file, within a bound, gone with their object."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks, SetObject
from app.document.store import ProjectError
from app.document.values import FrameMask, TrackedObject
from app.document.version_rows import drop_old_versions
from app.document.versions import Versions

Square = Callable[..., FrameMask]
Reopened = Callable[[Project], Project]


def run_over(project: Project, name: str, masks: dict[tuple[int, int], FrameMask | None]) -> None:
    """Write masks as a run does."""
    transaction = project.history.begin(name)
    transaction.apply(SetMasks(masks))
    before = transaction.masks_before
    transaction.commit()
    project.keep_version(name, before)


def same(one: Versions, other: Versions) -> bool:
    def told(versions: Versions) -> list[object]:
        return [(v.run_number, v.object_id, v.run, v.moment, dict(v.cells), v.frames) for v in versions.kept.values()]

    return told(one) == told(other)


def test_versions_come_back_with_the_project(stored: Project, reopened: Reopened, square: Square) -> None:
    run_over(stored, "first", {(2, frame): square(1, 1, agreement=0.5) for frame in range(10, 14)})
    run_over(stored, "second", {(2, frame): square(5, 5) for frame in range(12, 20)})
    run_over(stored, "third", {(1, 30): square(2, 2), (2, 12): None})
    kept = stored.versions
    again = reopened(stored)
    assert same(again.versions, kept)
    assert [version.run for version in again.versions.of(2)] == ["third", "second"], (
        "before the first there was nothing"
    )
    second = again.versions.of(2)[1]
    assert second.frames == (12, 19) and second.cells[2, 13] == square(1, 1, agreement=0.5)
    assert second.cells[2, 15] is None
    assert again.versions.before_last_run == {(1, 30): None, (2, 12): square(5, 5)}
    run_over(again, "fourth", {(2, 12): square(9, 9)})
    assert again.versions.before_last_run == {(2, 12): None}
    again.close()


def test_five_versions_of_an_object_are_kept_and_the_others_leave_the_file(
    stored: Project, reopened: Reopened, square: Square
) -> None:
    for number in range(8):
        run_over(stored, f"run {number}", {(2, 40): square(number, number), (1, 41 + number): square(0, 0)})
    again = reopened(stored)
    assert [version.run for version in again.versions.of(2)] == [f"run {number}" for number in (7, 6, 5, 4, 3)]
    assert again.versions.of(1) == [] and len(again.versions.kept) == 6, "of 1 only what the last run found"
    again.close()


def test_versions_of_an_object_that_is_gone_are_gone_when_the_project_is_opened_again(
    stored: Project, reopened: Reopened, square: Square
) -> None:
    with stored.history.transaction("New") as transaction:
        transaction.apply(SetObject(9, TrackedObject(9, "short-lived")))
    for _ in range(2):
        run_over(stored, "run", {(2, 50): square(1, 1), (9, 50): square(3, 3)})
    with stored.history.transaction("Delete") as transaction:
        transaction.apply(SetMasks({(9, 50): None}))
        transaction.apply(SetObject(9, None))
    again = reopened(stored)
    assert again.versions.of(9) == [] and again.versions.of(2) != []
    again.close()


def test_a_copy_and_a_new_place_take_the_versions_along(stored: Project, tmp_path: Path, square: Square) -> None:
    run_over(stored, "first", {(2, 40): square(1, 1)})
    run_over(stored, "second", {(2, 40): square(2, 2)})
    stored.save_copy(tmp_path / "copy.masklet")
    copy = Project.open(tmp_path / "copy.masklet")
    assert same(copy.versions, stored.versions)
    copy.close()
    stored.save_as(tmp_path / "elsewhere.masklet")
    run_over(stored, "third", {(2, 40): square(3, 3)})
    kept = stored.versions
    stored.close()
    moved = Project.open(tmp_path / "elsewhere.masklet")
    assert same(moved.versions, kept)
    moved.close()


def test_a_project_that_gets_its_first_place_takes_the_versions_along(
    project: Project, tmp_path: Path, square: Square
) -> None:
    run_over(project, "first", {(2, 40): square(1, 1)})
    run_over(project, "second", {(2, 40): square(2, 2)})
    project.save_as(tmp_path / "new.masklet")
    project.close()
    again = Project.open(tmp_path / "new.masklet")
    assert [version.run for version in again.versions.of(2)] == ["second"]
    assert again.versions.of(2)[0].cells == {(2, 40): square(1, 1)}
    again.close()


def test_a_file_at_rest_holds_no_more_bytes_of_versions_than_it_may(stored: Project, square: Square) -> None:
    assert stored.path is not None
    path = stored.path
    noise = np.random.default_rng(2).random((4, 24, 32)) < 0.5
    for number in range(4):
        run_over(stored, f"run {number}", {(2, 40): FrameMask(MaskCode.from_array(noise[number]))})
    stored.close()
    connection = sqlite3.connect(path, isolation_level=None)
    count = "SELECT count(*), count(DISTINCT run_number) FROM version"
    assert connection.execute(count).fetchone() == (3, 3), "the first run found nothing"
    drop_old_versions(connection, 900)
    kept = [row[0] for row in connection.execute("SELECT run FROM version ORDER BY run_number")]
    connection.close()
    assert 0 < len(kept) < 3 and kept == [f"run {number}" for number in range(1, 4)][-len(kept) :]
    again = Project.open(path)
    assert [version.run for version in again.versions.of(2)] == kept[::-1]
    again.close()


def test_a_version_that_contradicts_the_clip_makes_a_damaged_file(stored: Project, square: Square) -> None:
    assert stored.path is not None
    path = stored.path
    for _ in range(2):
        run_over(stored, "run", {(2, 40): square(1, 1)})
    stored.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE version SET last = 9999")
    connection.commit()
    connection.close()
    with pytest.raises(ProjectError, match=r"park\.masklet is damaged: a version of object 2 lies on frames"):
        Project.open(path)
