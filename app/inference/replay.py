"""The prompts of one frame, given to a session as a person gave them."""

from __future__ import annotations

from app.document.masks import MaskCode
from app.document.values import Box, Point
from app.inference.engine import PromptInput
from sam2_core.video import ObjectMask, VideoSession


def replay(session: VideoSession, object_id: int, frame: int, given: PromptInput, *, is_new: bool) -> ObjectMask:
    """Give a session the prompts of a cell, which must not be empty.

    With `is_new` false the session holds the same cell already, mended from the same mask and with the same choice;
    then only what has changed since is computed.
    """
    prompt, base = given.prompt, mended_mask(given)
    box = None if prompt.box is None else _corners(prompt.box)
    answer = None
    if base is not None and (is_new or not (prompt.points or box)):
        answer = session.add_mask(frame, object_id, base.to_array())
    if given.choice is not None and prompt.points:
        session.add_points(frame, object_id, *_clicks(prompt.points[:1]))
        answer = session.choose_candidate(frame, object_id, given.choice)
        if len(prompt.points) == 1 and box is None:
            return answer
    if prompt.points or box:
        answer = session.add_points(
            frame, object_id, *_clicks(prompt.points), box, candidates=given.is_ambiguous and base is None
        )
    assert answer is not None, "there was no prompt to answer"
    return answer


def mended_mask(given: PromptInput) -> MaskCode | None:
    """The mask that the points mend: the person's own; else what stood there, unless a box starts anew."""
    if given.prompt.mask is not None:
        return given.prompt.mask
    return given.base if given.prompt.box is None else None


def _clicks(points: tuple[Point, ...]) -> tuple[list[tuple[float, float]], list[int]]:
    return [(point.x, point.y) for point in points], [int(point.is_positive) for point in points]


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.x0, box.y0, box.x1, box.y1
