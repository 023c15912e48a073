"""Cuts and markers on the time axis."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.commands.errors import CommandError
from app.commands.marks import add_cut, note_found_cuts, remove_cut, remove_marker, set_marker
from app.commands.objects import new_object
from app.commands.review import dismiss, exclude_from_runs
from app.document.project import Project


def test_a_cut_is_added_and_removed_by_hand_and_undone(project: Project) -> None:
    assert add_cut(project, 12) and not add_cut(project, 12)
    assert add_cut(project, 5)
    assert project.document.cuts == (5, 12)
    assert remove_cut(project, 12) and not remove_cut(project, 12)
    assert project.history.undo() == "No cut, frame 12"
    assert project.document.cuts == (5, 12)
    project.history.undo()
    assert project.document.cuts == (12,)


def test_the_clip_does_not_begin_with_a_cut(project: Project) -> None:
    with pytest.raises(CommandError, match="any later frame"):
        add_cut(project, 0)
    with pytest.raises(CommandError, match="no frame 30"):
        add_cut(project, 30)


def test_undo_passes_over_cuts_that_were_found(project: Project) -> None:
    new_object(project, "bird")
    note_found_cuts(project, [7, 20])
    add_cut(project, 9)
    assert project.document.cuts == (7, 9, 20)
    assert project.history.undo() == "Cut, frame 9"
    assert (project.history.undo() or "").startswith("New object")
    assert project.document.cuts == (7, 20)


def test_markers_have_notes_that_can_be_changed_and_undone(project: Project) -> None:
    assert set_marker(project, 4, " ask Ann ") and not set_marker(project, 4, "ask Ann")
    assert set_marker(project, 4, "asked")
    assert project.history.undo() == "Note of the marker, frame 4"
    assert dict(project.document.markers) == {4: "ask Ann"}
    assert remove_marker(project, 4) and not remove_marker(project, 4)
    project.history.undo()
    assert dict(project.document.markers) == {4: "ask Ann"}
    with pytest.raises(CommandError, match="no frame 99"):
        set_marker(project, 99, "")


def test_cuts_and_markers_lie_in_the_project_file_and_in_its_copies(project: Project, tmp_path: Path) -> None:
    note_found_cuts(project, [7])
    project.save_as(tmp_path / "park.masklet")
    note_found_cuts(project, [20])
    set_marker(project, 4, "ask Ann")
    set_marker(project, 6, "")
    remove_marker(project, 6)
    dismiss(project, [(1, 3), (2, 5)], "area")
    exclude_from_runs(project, [(1, 8)], True)
    project.save_copy(tmp_path / "copy.masklet")
    project.close()
    for name in ("park", "copy"):
        again = Project.open(tmp_path / f"{name}.masklet")
        assert again.document.cuts == (7, 20)
        assert dict(again.document.markers) == {4: "ask Ann"}
        assert dict(again.document.dismissed) == {(1, 3): {"area"}, (2, 5): {"area"}}
        assert dict(again.document.excluded) == {(1, 8): True}
        again.close()
