"""Prompts of a file into a project that may know some of them already, so that the same command can go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.commands.masks import delete_masks
from app.commands.prompts_file import ObjectPrompts, apply_prompts, load_prompts
from app.document.document import DocumentView
from app.document.project import Project


def take_prompts(project: Project, path: Path) -> None:
    """Read a prompts file and give the project what it lacks of it; call it inside a transaction.

    An object of the project is taken for one of the file's if the ids, else the names agree; without a name, if its
    prompts do. Where prompts have changed, the masks that followed from the earlier ones go.
    Raises PromptsError or CommandError.
    """
    document = project.document
    before = dict(document.prompts)
    apply_prompts(project, _recognised(document, load_prompts(path, document.clip)))
    changed = {cell for cell, prompt in document.prompts.items() if before.get(cell) != prompt}
    for object_id in {cell[0] for cell in changed}:
        for frame, mask in dict(document.masks_of(object_id)).items():
            is_outdated = mask.is_computed or (object_id, frame) in changed
            if is_outdated and not document.is_verified((object_id, frame)):
                delete_masks(project, [object_id], frame, frame)


def _recognised(document: DocumentView, wanted: Sequence[ObjectPrompts]) -> list[ObjectPrompts]:
    free = set(document.objects) - {one.id for one in wanted}
    recognised = []
    for one in wanted:
        object_id = one.id if one.id is not None else _match(document, one, free)
        free.discard(-1 if object_id is None else object_id)
        recognised.append(replace(one, id=object_id))
    return recognised


def _match(document: DocumentView, wanted: ObjectPrompts, free: set[int]) -> int | None:
    alike = [number for number in sorted(free) if wanted.name in (None, document.objects[number].name)]
    for number in alike:
        prompts = document.prompts_of(number)
        if all(prompts.get(frame) == prompt for frame, prompt in wanted.prompts.items()):
            return number
    return alike[0] if wanted.name is not None and alike else None
