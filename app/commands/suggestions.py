"""Objects out of masks that a model suggested and a person picked."""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.commands.errors import CommandError
from app.commands.masks import as_code
from app.commands.objects import new_object
from app.commands.targets import check_frame, counted
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks, SetPrompt
from app.document.values import FrameMask, Origin, Prompt, TrackedObject


def add_suggested_objects(
    project: Project, frame: int, suggestions: Sequence[tuple[MaskCode, float]]
) -> list[TrackedObject]:
    """A new object for each mask (with its quality, 0 to 1), which is its prompt and its mask on the frame.

    One step to undo. CommandError when a mask is empty or not as large as the picture; then nothing is changed.
    """
    check_frame(project, frame)
    codes = [(as_code(project, mask), quality) for mask, quality in suggestions]
    if any(code.is_empty for code, _ in codes):
        raise CommandError("One of the suggested masks is empty; an object needs at least one pixel.")
    added = []
    with project.history.transaction(f"Add {counted(len(codes), 'suggested object')}, frame {frame}") as transaction:
        # The largest one first, so that a part lies in front of what it is a part of.
        for code, quality in sorted(codes, key=lambda each: -each[0].area):
            thing = new_object(project, frame=frame)
            mask = FrameMask(code, iou=quality, origin=Origin.PROMPTED, made_at=time.time())
            transaction.apply(SetPrompt((thing.id, frame), Prompt(mask=code)))
            transaction.apply(SetMasks({(thing.id, frame): mask}))
            added.append(thing)
    return added
