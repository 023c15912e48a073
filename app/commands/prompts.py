"""Prompts: what a person shows the model on one cell. Each command is one step to undo."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.commands.errors import CommandError
from app.commands.targets import at, check_frame, check_inside, counted, editable_object
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks, SetPrompt, SetReviews
from app.document.values import Box, Cell, FrameMask, Origin, Point, Prompt

MIN_BOX_SIDE = 1.0


def add_point(project: Project, object_id: int, frame: int, x: float, y: float, is_positive: bool = True) -> None:
    """Add a click: this belongs to the object (positive) or does not. A chosen candidate is forgotten."""
    check_inside(project, x, y)
    point = Point(float(x), float(y), is_positive)
    verb = "Add point" if is_positive else "Add negative point"
    _change(project, (object_id, frame), verb, lambda old: replace(old, points=(*old.points, point), candidate=None))


def move_point(project: Project, object_id: int, frame: int, index: int, x: float, y: float) -> None:
    """Move one of the cell's points (0-based)."""
    check_inside(project, x, y)
    _change_point(project, (object_id, frame), index, "Move point", lambda old: replace(old, x=float(x), y=float(y)))


def flip_point(project: Project, object_id: int, frame: int, index: int) -> None:
    """Make a positive point negative, and the other way round."""
    _change_point(
        project, (object_id, frame), index, "Flip point", lambda old: replace(old, is_positive=not old.is_positive)
    )


def delete_point(project: Project, object_id: int, frame: int, index: int) -> None:
    """Take one point away. With the last prompt of a cell the mask that answered it goes too."""
    cell = (object_id, frame)
    _point(project, cell, index)

    def without(old: Prompt) -> Prompt:
        return replace(old, points=old.points[:index] + old.points[index + 1 :], candidate=None)

    _change(project, cell, "Delete point", without)


def set_box(project: Project, object_id: int, frame: int, box: Box | None) -> None:
    """Give the cell a box, or with None take it away. Its corners may come in any order; it is cut at the picture."""
    inside = None if box is None else checked_box(project, box)
    verb = "Delete box" if box is None else "Box"
    _change(project, (object_id, frame), verb, lambda old: replace(old, box=inside, candidate=None))


def set_mask_prompt(project: Project, object_id: int, frame: int, mask: NDArray[np.bool_] | MaskCode) -> None:
    """Show the model a mask (height x width) instead of points and box."""
    code = mask if isinstance(mask, MaskCode) else MaskCode.from_array(mask)
    clip = project.document.clip
    if code.size != (clip.height, clip.width):
        raise CommandError(
            f"The mask has {code.width} x {code.height} pixels; the picture has {clip.width} x {clip.height}."
        )
    if code.is_empty:
        raise CommandError("The mask is empty. A prompt needs at least one pixel of the object.")
    _change(project, (object_id, frame), "Mask prompt", lambda old: Prompt(mask=code))


def choose_candidate(project: Project, object_id: int, frame: int, candidate: int, mask: FrameMask) -> None:
    """Take one of the answers to an ambiguous click: its place among them (best first) and its mask."""
    cell = (object_id, frame)
    prompt = _prompt(project, cell)
    if candidate < 0:
        raise CommandError("A candidate is counted from 0.")
    with project.history.transaction(f"Candidate {candidate + 1}, {_named(project, cell)}") as transaction:
        _unverify(project, cell)
        transaction.apply(SetPrompt(cell, replace(prompt, candidate=candidate)))
        transaction.apply(SetMasks({cell: replace(mask, origin=Origin.PROMPTED, made_at=time.time())}))


def replace_prompt(project: Project, object_id: int, frame: int, prompt: Prompt) -> None:
    """Give the cell this prompt in place of all that it had."""
    for point in prompt.points:
        check_inside(project, point.x, point.y)
    checked = prompt if prompt.box is None else replace(prompt, box=checked_box(project, prompt.box))
    _change(project, (object_id, frame), "Prompt", lambda old: checked)


def clear_prompts(project: Project, object_id: int, frame: int) -> int:
    """Take all prompts of the cell away, and the mask that answered them unless it is verified; gives how many."""
    cell = (object_id, frame)
    prompt = project.document.prompts.get(cell)
    if prompt is None:
        return 0
    count = prompt_count(prompt)
    _change(project, cell, f"Clear {counted(count, 'prompt')}", lambda old: Prompt())
    return count


def clear_object_prompts(project: Project, object_id: int) -> int:
    """Take the object's prompts away on every frame; gives how many."""
    thing = editable_object(project, object_id)
    prompts = dict(project.document.prompts_of(object_id))
    count = sum(prompt_count(prompt) for prompt in prompts.values())
    with project.history.transaction(f"Clear {counted(count, 'prompt')}, {thing.name}"):
        for frame in sorted(prompts):
            clear_prompts(project, object_id, frame)
    return count


def clear_all_prompts(project: Project) -> int:
    """Take every object's prompts away on every frame, but of frozen objects; gives how many."""
    document = project.document
    counts = {cell: prompt_count(prompt) for cell, prompt in document.prompts.items()}
    cells = sorted(cell for cell in counts if not document.objects[cell[0]].is_frozen)
    count = sum(counts[cell] for cell in cells)
    with project.history.transaction(f"Clear {counted(count, 'prompt')}"):
        for cell in cells:
            clear_prompts(project, *cell)
    return count


def prompt_count(prompt: Prompt) -> int:
    """How many things a person gave: each point, the box and the mask count one."""
    return len(prompt.points) + (prompt.box is not None) + (prompt.mask is not None)


def checked_box(project: Project, box: Box) -> Box:
    """The box with its corners in order, cut at the picture; CommandError when nothing is left of it."""
    clip = project.document.clip
    if not all(math.isfinite(side) for side in (box.x0, box.y0, box.x1, box.y1)):
        raise CommandError("A box has four numbers; one of these is none.")
    x0, x1 = sorted((max(0.0, min(clip.width, float(box.x0))), max(0.0, min(clip.width, float(box.x1)))))
    y0, y1 = sorted((max(0.0, min(clip.height, float(box.y0))), max(0.0, min(clip.height, float(box.y1)))))
    if not (x1 - x0 >= MIN_BOX_SIDE and y1 - y0 >= MIN_BOX_SIDE):
        raise CommandError("The box is less than a pixel wide or high inside the picture. Draw it around the object.")
    return Box(x0, y0, x1, y1)


def _change(project: Project, cell: Cell, verb: str, change: Callable[[Prompt], Prompt]) -> None:
    """Change a cell's prompt. The cell is no longer verified; without a prompt it loses the mask that answered it."""
    document = project.document
    editable_object(project, cell[0])
    check_frame(project, cell[1])
    old = document.prompts.get(cell, Prompt())
    new = change(old)
    if new == old:
        return
    with project.history.transaction(f"{verb}, {_named(project, cell)}") as transaction:
        mask = document.masks.get(cell)
        if new.is_empty and mask is not None and mask.origin is Origin.PROMPTED and not document.is_verified(cell):
            transaction.apply(SetMasks({cell: None}))
        if not new.is_empty:
            _unverify(project, cell)
        transaction.apply(SetPrompt(cell, new))


def _unverify(project: Project, cell: Cell) -> None:
    if cell in project.document.reviews:
        with project.history.transaction("Unverify") as transaction:
            transaction.apply(SetReviews({cell: None}))


def _change_point(project: Project, cell: Cell, index: int, verb: str, change: Callable[[Point], Point]) -> None:
    point = change(_point(project, cell, index))

    def changed(old: Prompt) -> Prompt:
        return replace(old, points=(*old.points[:index], point, *old.points[index + 1 :]), candidate=None)

    _change(project, cell, verb, changed)


def _point(project: Project, cell: Cell, index: int) -> Point:
    points = _prompt(project, cell).points
    if not 0 <= index < len(points):
        raise CommandError(f"{_named(project, cell)} has {counted(len(points), 'point')}; there is no point {index}.")
    return points[index]


def _prompt(project: Project, cell: Cell) -> Prompt:
    editable_object(project, cell[0])
    prompt = project.document.prompts.get(cell)
    if prompt is None:
        raise CommandError(f"{_named(project, cell)} has no prompt.")
    return prompt


def _named(project: Project, cell: Cell) -> str:
    return at(editable_object(project, cell[0]), cell[1])
