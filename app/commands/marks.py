"""What stands on the time axis: shot cuts, found or set by hand, and markers with a note."""

from __future__ import annotations

from collections.abc import Iterable

from app.commands.errors import CommandError
from app.commands.targets import check_frame
from app.document.marks import SetCuts, SetMarker
from app.document.project import Project


def note_found_cuts(project: Project, frames: Iterable[int]) -> None:
    """Take in cuts that a search has found. Nobody did that, so no undo takes it back; `remove_cut` does."""
    found = [frame for frame in frames if frame not in project.document.cuts]
    if found:
        project.history.note(SetCuts(dict.fromkeys(found, True)))


def add_cut(project: Project, frame: int) -> bool:
    """Say that a shot begins on this frame; False if that is known. CommandError for the clip's first frame."""
    check_frame(project, frame)
    if frame == 0:
        raise CommandError("The clip begins on frame 0; a cut can stand on any later frame.")
    if frame in project.document.cuts:
        return False
    with project.history.transaction(f"Cut, frame {frame}") as transaction:
        transaction.apply(SetCuts({frame: True}))
    return True


def remove_cut(project: Project, frame: int) -> bool:
    """Say that no shot begins on this frame; False if none does."""
    if frame not in project.document.cuts:
        return False
    with project.history.transaction(f"No cut, frame {frame}") as transaction:
        transaction.apply(SetCuts({frame: False}))
    return True


def set_marker(project: Project, frame: int, note: str) -> bool:
    """Put a marker on a frame, or give the one that is there another note; False if that would change nothing."""
    check_frame(project, frame)
    note = note.strip()
    if project.document.markers.get(frame) == note:
        return False
    verb = "Marker" if frame not in project.document.markers else "Note of the marker"
    with project.history.transaction(f"{verb}, frame {frame}") as transaction:
        transaction.apply(SetMarker(frame, note))
    return True


def remove_marker(project: Project, frame: int) -> bool:
    """Take the marker of a frame away; False if there is none."""
    if frame not in project.document.markers:
        return False
    with project.history.transaction(f"No marker, frame {frame}") as transaction:
        transaction.apply(SetMarker(frame, None))
    return True
