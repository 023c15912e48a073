"""Whole masklets: ending, joining, splitting and swapping them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from app.commands.errors import CommandError
from app.commands.objects import clear_cells, new_object, remove_object
from app.commands.review import mark_absent
from app.commands.targets import check_frame, editable_object
from app.document.attribute_steps import SetTag
from app.document.attributes import Tag
from app.document.history import Transaction
from app.document.project import Project
from app.document.steps import SetMasks, SetPrompt, SetReviews
from app.document.values import Cell, FrameMask, Origin, Prompt, Review, TrackedObject

V = TypeVar("V")


class Conflict(StrEnum):
    """What a joined masklet has on a frame where both have a mask."""

    UNION = "union"
    FIRST = "first"
    SECOND = "second"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class _Lane:
    """Everything of one object on a stretch of frames."""

    masks: Mapping[int, FrameMask]
    prompts: Mapping[int, Prompt]
    reviews: Mapping[int, Review]
    tags: Mapping[int, Tag] = field(default_factory=dict)

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


def conflicting_frames(project: Project, first_id: int, second_id: int) -> list[int]:
    """Frames on which two objects have different masks, ascending: there joining them has to choose."""
    mine, theirs = project.document.masks_of(first_id), project.document.masks_of(second_id)
    both = sorted(mine.keys() & theirs.keys())
    return [
        frame
        for frame in both
        if not (mine[frame].is_absent or theirs[frame].is_absent or mine[frame].code == theirs[frame].code)
    ]


def join_masklets(project: Project, first_id: int, second_id: int, conflict: Conflict = Conflict.UNION) -> None:
    """Make two masklets one: the second's masks, prompts and reviews go to the first, and the second object goes.

    On frames where both have a mask, `conflict` decides; a union is verified only where both were. An absence gives way
    to a mask. Attributes are the first's; the second's are kept where the first has none.
    """
    first, second = editable_object(project, first_id), editable_object(project, second_id)
    if first_id == second_id:
        raise CommandError("Joining needs two objects.")
    mine, theirs = _lane(project, first_id), _lane(project, second_id)
    joined = _joined(mine, theirs, conflict)
    new_tags = {key: tag for key, tag in project.document.tags_of(second_id).items() if key not in mine.tags}
    with project.history.transaction(f"Join {second.name} to {first.name}") as transaction:
        clear_cells(project, transaction, project.document.cells_of(second_id))
        remove_object(project, transaction, second_id)
        _write(project, transaction, first_id, mine.frames | theirs.frames, joined)
        for attribute_id, tag in new_tags.items():
            transaction.apply(SetTag((first_id, attribute_id), tag))


def split_masklet(project: Project, object_id: int, frame: int) -> TrackedObject:
    """From this frame on the masklet is another, new object of the same category and with the same attributes; gives
    that object."""
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
        for attribute_id, tag in later.tags.items():
            transaction.apply(SetTag((part.id, attribute_id), tag))
    return part


def swap_masklets(project: Project, first_id: int, second_id: int, frame: int, last: int | None = None) -> None:
    """From this frame on (to `last`, inclusive, or the end) each has the other's masks, prompts and reviews, and what
    attributes say of single stretches; what they say of the whole clip stays."""
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
        end = project.document.clip.frame_count - 1 if last is None else last
        for attribute_id in sorted(mine.tags.keys() | theirs.tags.keys()):
            one, other = mine.tags.get(attribute_id, Tag()), theirs.tags.get(attribute_id, Tag())
            for object_id, own, foreign in ((first_id, one, other), (second_id, other, one)):
                transaction.apply(SetTag((object_id, attribute_id), _with_stretches(own, foreign, frame, end)))


def _with_stretches(own: Tag, foreign: Tag, first: int, last: int) -> Tag:
    """A tag that says on frames first to last what the other one says only there."""
    own = own.said(None, first, last)
    for stretch in foreign.part(first, last):
        own = own.said(stretch.value, stretch.first, stretch.last)
    return own


def _lane(project: Project, object_id: int, first: int = 0, last: int | None = None) -> _Lane:
    document = project.document
    end = document.clip.frame_count if last is None else last + 1
    return _Lane(
        {frame: mask for frame, mask in document.masks_of(object_id).items() if first <= frame < end},
        {frame: prompt for frame, prompt in document.prompts_of(object_id).items() if first <= frame < end},
        {frame: review for frame, review in document.reviews_of(object_id).items() if first <= frame < end},
        dict(document.tags_of(object_id)),
    )


def _joined(mine: _Lane, theirs: _Lane, conflict: Conflict) -> _Lane:
    """Both lanes as one, frame by frame."""
    masks, reviews = {**mine.masks, **theirs.masks}, {**mine.reviews, **theirs.reviews}
    prompts = {**theirs.prompts, **mine.prompts}
    for frame in mine.masks.keys() & theirs.masks.keys():
        one, other = mine.masks[frame], theirs.masks[frame]
        is_whole = one.is_absent == other.is_absent
        if conflict is Conflict.UNION and is_whole and not one.is_absent:
            masks[frame] = _united(one, other)
            _choose(reviews, frame, mine.reviews.get(frame) and theirs.reviews.get(frame))
            continue
        wins = _wins(one, other, conflict)
        masks[frame] = one if wins else other
        _choose(reviews, frame, (mine if wins else theirs).reviews.get(frame))
        _choose(prompts, frame, (mine if wins else theirs).prompts.get(frame))
    return _Lane(masks, prompts, reviews)


def _wins(one: FrameMask, other: FrameMask, conflict: Conflict) -> bool:
    """Whether the first mask stands. An absence never wins over a mask."""
    if one.is_absent != other.is_absent:
        return other.is_absent
    if conflict is Conflict.NEWEST:
        return one.made_at >= other.made_at
    return conflict is not Conflict.SECOND


def _choose(values: dict[int, V], frame: int, value: V | None) -> None:
    if value is None:
        values.pop(frame, None)
    else:
        values[frame] = value


def _united(one: FrameMask, other: FrameMask) -> FrameMask:
    return FrameMask(
        one.code.union(other.code),
        min(one.iou, other.iou),
        min(one.score, other.score),
        Origin.MANUAL,
        max(one.made_at, other.made_at),
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
