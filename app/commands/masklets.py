"""Whole masklets: ending, joining, splitting and swapping them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.commands.errors import CommandError
from app.commands.objects import clear_cells, new_object
from app.commands.review import mark_absent
from app.commands.targets import check_frame, editable_object
from app.document.history import Transaction
from app.document.project import Project
from app.document.steps import SetMasks, SetObject, SetPrompt, SetReviews
from app.document.values import Cell, FrameMask, Origin, Prompt, Review, TrackedObject


class Conflict(StrEnum):
    """What a joined masklet has on a frame where both have a mask."""

    UNION = "union"
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class _Lane:
    """Everything of one object on a stretch of frames."""

    masks: Mapping[int, FrameMask]
    prompts: Mapping[int, Prompt]
    reviews: Mapping[int, Review]

    @property
    def frames(self) -> set[int]:
        return self.masks.keys() | self.prompts.keys() | self.reviews.keys()


def end_track(project: Project, object_id: int, frame: int) -> None:
    """The object is seen on this frame for the last time: everything after it goes, and the next frame is verified as
    absent, so that no run crosses it."""
    thing = editable_object(project, object_id)
    check_frame(project, frame)
    later = [cell for cell in project.document.cells_of(object_id) if cell[1] > frame]
    with project.history.transaction(f"End {thing.name} after frame {frame}") as transaction:
        clear_cells(project, transaction, later)
        if frame + 1 < project.document.clip.frame_count:
            mark_absent(project, [(object_id, frame + 1)], verify=True)


def join_masklets(project: Project, first_id: int, second_id: int, conflict: Conflict = Conflict.UNION) -> None:
    """Make two masklets one: the second's masks, prompts and reviews go to the first, and the second object goes.

    On frames where both have a mask, `conflict` decides; a union is verified only where both were.
    """
    first, second = editable_object(project, first_id), editable_object(project, second_id)
    if first_id == second_id:
        raise CommandError("Joining needs two objects.")
    mine, theirs = _lane(project, first_id), _lane(project, second_id)
    joined = _joined(mine, theirs, conflict)
    with project.history.transaction(f"Join {second.name} to {first.name}") as transaction:
        clear_cells(project, transaction, project.document.cells_of(second_id))
        transaction.apply(SetObject(second_id, None))
        _write(project, transaction, first_id, mine.frames | theirs.frames, joined)


def split_masklet(project: Project, object_id: int, frame: int) -> TrackedObject:
    """From this frame on the masklet is another, new object of the same category; gives that object."""
    thing = editable_object(project, object_id)
    check_frame(project, frame)
    later = _lane(project, object_id, frame)
    if not later.frames:
        raise CommandError(f"{thing.name} has nothing from frame {frame} on to split off.")
    if not any(other < frame for _, other in project.document.cells_of(object_id)):
        raise CommandError(f"{thing.name} has nothing before frame {frame}; it is one piece already.")
    with project.history.transaction(f"Split {thing.name} at frame {frame}") as transaction:
        part = new_object(project, None if thing.category_id is not None else f"{thing.name} b", thing.category_id)
        clear_cells(project, transaction, [(object_id, other) for other in later.frames])
        _write(project, transaction, part.id, later.frames, later)
    return part


def swap_masklets(project: Project, first_id: int, second_id: int, frame: int, last: int | None = None) -> None:
    """From this frame on (to `last`, inclusive, or the end) each has the other's masks, prompts and reviews."""
    first, second = editable_object(project, first_id), editable_object(project, second_id)
    check_frame(project, frame)
    if first_id == second_id:
        raise CommandError("Swapping needs two objects.")
    mine, theirs = _lane(project, first_id, frame, last), _lane(project, second_id, frame, last)
    frames = mine.frames | theirs.frames
    if not frames:
        raise CommandError(f"{first.name} and {second.name} have nothing from frame {frame} on to swap.")
    with project.history.transaction(f"Swap {first.name} and {second.name} from frame {frame}") as transaction:
        _write(project, transaction, first_id, frames, theirs)
        _write(project, transaction, second_id, frames, mine)


def _lane(project: Project, object_id: int, first: int = 0, last: int | None = None) -> _Lane:
    document = project.document
    end = document.clip.frame_count if last is None else last + 1
    return _Lane(
        {frame: mask for frame, mask in document.masks_of(object_id).items() if first <= frame < end},
        {frame: prompt for frame, prompt in document.prompts_of(object_id).items() if first <= frame < end},
        {frame: review for frame, review in document.reviews_of(object_id).items() if first <= frame < end},
    )


def _joined(mine: _Lane, theirs: _Lane, conflict: Conflict) -> _Lane:
    both = mine.masks.keys() & theirs.masks.keys()
    winner, loser = (theirs, mine) if conflict is Conflict.SECOND else (mine, theirs)
    masks = {**loser.masks, **winner.masks}
    prompts = {**loser.prompts, **winner.prompts}
    reviews = {frame: review for frame, review in loser.reviews.items() if frame not in winner.masks}
    reviews.update(winner.reviews)
    if conflict is Conflict.UNION:
        for frame in both:
            masks[frame] = _united(mine.masks[frame], theirs.masks[frame])
            if frame not in mine.reviews or frame not in theirs.reviews:
                reviews.pop(frame, None)
    return _Lane(masks, prompts, reviews)


def _united(one: FrameMask, other: FrameMask) -> FrameMask:
    if one.is_absent or other.is_absent:
        return other if one.is_absent else one
    return FrameMask(
        one.code.union(other.code), min(one.iou, other.iou), min(one.score, other.score), origin=Origin.MANUAL
    )


def _write(project: Project, transaction: Transaction, object_id: int, frames: Iterable[int], lane: _Lane) -> None:
    """Make the object have what the lane has on these frames, and nothing else there."""
    document = project.document
    cells: list[Cell] = [(object_id, frame) for frame in sorted(frames)]
    for cell in cells:
        prompt = lane.prompts.get(cell[1])
        if document.prompts.get(cell) != prompt:
            transaction.apply(SetPrompt(cell, prompt))
    masks = {cell: lane.masks.get(cell[1]) for cell in cells}
    changed = {cell: mask for cell, mask in masks.items() if document.masks.get(cell) is not mask}
    if changed:
        transaction.apply(SetMasks(changed, by_person=True))
    reviews = {cell: lane.reviews.get(cell[1]) for cell in cells}
    spoken = {cell: review for cell, review in reviews.items() if document.reviews.get(cell) is not review}
    if spoken:
        transaction.apply(SetReviews(spoken))
