"""Review: a person's word on cells. Verified cells are locked against every run; false alarms are silent."""

from __future__ import annotations

import time
from collections.abc import Iterable

from app.commands.errors import CommandError
from app.commands.targets import about, editable_cells
from app.document.marks import SetDismissed, SetExcluded
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks, SetPrompt, SetReviews
from app.document.values import ABSENT_SCORE, Cell, FrameMask, Origin, Review


def verify_cells(project: Project, cells: Iterable[Cell]) -> int:
    """Say that the masks (or absences) of these cells are right; gives how many were not verified before.

    Cells that hold neither are left out; CommandError when there is nothing to verify at all.
    """
    document = project.document
    held = [cell for cell in editable_cells(project, cells) if cell in document.masks]
    if not held:
        raise CommandError("There is no mask to verify here. Propagate, draw one, or mark the object absent first.")
    fresh = [cell for cell in held if not document.is_verified(cell)]
    if fresh:
        with project.history.transaction(f"Verify {about(project, fresh, 'mask')}") as transaction:
            transaction.apply(SetReviews(dict.fromkeys(fresh, Review.VERIFIED)))
    return len(fresh)


def unverify(project: Project, cells: Iterable[Cell]) -> int:
    """Take verification back, which unlocks the cells; gives how many were verified."""
    document = project.document
    verified = [cell for cell in editable_cells(project, cells) if document.is_verified(cell)]
    if verified:
        with project.history.transaction(f"Unverify {about(project, verified, 'mask')}") as transaction:
            transaction.apply(SetReviews(dict.fromkeys(verified)))
    return len(verified)


def mark_absent(project: Project, cells: Iterable[Cell], *, verify: bool = False) -> int:
    """Say that the object is not visible on these cells; their prompts go. Gives how many cells changed.

    With `verify` the absences are verified at once, which locks them.
    """
    document = project.document
    found = editable_cells(project, cells)
    empty = MaskCode.empty(document.clip.height, document.clip.width)
    absent = FrameMask(empty, score=ABSENT_SCORE, origin=Origin.MANUAL, made_at=time.time())
    changed = [cell for cell in found if document.masks.get(cell) != absent or cell in document.prompts]
    unlocked = [cell for cell in found if verify and not document.is_verified(cell)]
    if changed or unlocked:
        with project.history.transaction(f"Absent, {about(project, changed or unlocked, 'frame')}") as transaction:
            for cell in changed:
                if cell in document.prompts:
                    transaction.apply(SetPrompt(cell, None))
            if changed:
                transaction.apply(SetMasks(dict.fromkeys(changed, absent), by_person=True))
            if unlocked:
                transaction.apply(SetReviews(dict.fromkeys(unlocked, Review.VERIFIED)))
    return len(changed)


def dismiss(project: Project, cells: Iterable[Cell], sign: str) -> int:
    """Call a sign of suspicion a false alarm on these cells: it is silent there, and nothing is verified by that.

    Gives on how many cells it had not been dismissed before.
    """
    document = project.document
    fresh = [cell for cell in sorted(set(cells)) if sign not in document.dismissed.get(cell, ())]
    if fresh:
        with project.history.transaction(f"Dismiss, {about(project, fresh, 'frame')}") as transaction:
            signs = {cell: document.dismissed.get(cell, frozenset()) | {sign} for cell in fresh}
            transaction.apply(SetDismissed(signs))
    return len(fresh)


def take_dismissal_back(project: Project, cells: Iterable[Cell]) -> int:
    """Let every sign of suspicion speak on these cells again; gives on how many one was silent."""
    silent = [cell for cell in sorted(set(cells)) if cell in project.document.dismissed]
    if silent:
        with project.history.transaction(f"Suspect again, {about(project, silent, 'frame')}") as transaction:
            transaction.apply(SetDismissed(dict.fromkeys(silent)))
    return len(silent)


def exclude_from_runs(project: Project, cells: Iterable[Cell], is_excluded: bool) -> int:
    """Keep these cells from conditioning runs, or let them again; gives how many changed.

    They stay what they are: no run writes a cell that a person answers for.
    """
    excluded = project.document.excluded
    changed = [cell for cell in editable_cells(project, cells) if (cell in excluded) != is_excluded]
    if changed:
        verb = "Do not learn from" if is_excluded else "Learn from"
        with project.history.transaction(f"{verb} {about(project, changed, 'frame')}") as transaction:
            transaction.apply(SetExcluded(dict.fromkeys(changed, is_excluded)))
    return len(changed)
