"""From the document to what an engine is told, and back: whatever a model's session knows comes through here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from app.document.document import Document, DocumentView
from app.document.masks import MaskCode
from app.document.neighbours import neighbour_points
from app.document.values import Cell, FrameMask, Origin, Point, Prompt
from app.inference.engine import FrameBatch, ObjectInputs, PromptInput
from app.inference.plan import Plan


def click_inputs(
    cell: Cell,
    prompt: Prompt,
    standing: FrameMask | None,
    *,
    base: MaskCode | None = None,
    choice: int | None = None,
    kept_off: tuple[Point, ...] = (),
) -> ObjectInputs:
    """What the engine needs to say what the prompts of one cell mean.

    `standing` is the cell's mask: prompts mend it, unless they made it themselves; then they mend `base`, the mask from
    before the first of them, where the caller remembers it. `choice` is the candidate that was taken after the first of
    several points. `kept_off` are points of neighbours, given after the person's own (see `neighbour_points`).
    """
    if standing is not None and standing.origin is not Origin.PROMPTED:
        base = standing.code
    mended = None if base is None or base.is_empty else _held(base)
    choice = choice if prompt.candidate is None else prompt.candidate
    given = replace(prompt, points=prompt.points + kept_off)
    return ObjectInputs(cell[0], prompts={cell[1]: PromptInput(given, base=mended, choice=choice)})


def plan_inputs(document: DocumentView, plan: Plan) -> list[ObjectInputs]:
    """What the engine needs to run a plan: of every object, its conditioning frames."""
    return [_conditions(document, object_id, plan.conditioning[object_id]) for object_id in plan.object_ids]


def run_results(
    document: Document, batches: Iterable[FrameBatch], began: int, *, is_draft: bool = False
) -> Iterator[tuple[Cell, FrameMask, int]]:
    """A run's results as the document takes them: cell, mask, and the cell's revision from when the run began.

    `began` is the document's clock at that moment; a cell that was touched since gets a revision that it never had.
    """
    origin = Origin.DRAFT if is_draft else Origin.PROPAGATED
    for batch in batches:
        for one in batch.cells:
            cell = (one.object_id, one.frame)
            revision = -1 if document.touched_since(cell, began) else document.revision(cell)
            yield cell, FrameMask(one.mask, one.iou, one.score, origin, agreement=one.agreement), revision


def _conditions(document: DocumentView, object_id: int, frames: Iterable[int]) -> ObjectInputs:
    prompts, masks = document.prompts_of(object_id), document.masks_of(object_id)
    given: dict[int, PromptInput] = {}
    right: dict[int, MaskCode] = {}
    for frame in frames:
        mask = masks.get(frame)
        code = None if mask is None else _held(mask.code)
        if frame in prompts and (mask is None or mask.origin is Origin.PROMPTED):
            prompt = prompts[frame]
            kept_off = neighbour_points(document, (object_id, frame), prompt) if code is None else ()
            whole = replace(prompt, points=prompt.points + kept_off)
            given[frame] = PromptInput(whole, accepted=code, choice=prompt.candidate)
        elif code is not None:
            right[frame] = code
    return ObjectInputs(object_id, given, right)


def _held(code: MaskCode | None) -> MaskCode | None:
    """The code with its counts in memory: one that rests in the project file is only read on the document's thread."""
    return None if code is None else MaskCode(code.height, code.width, code.counts, code.measures)
