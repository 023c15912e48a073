"""One frame of a run, for all objects that take part in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sam2_core.frame_model import FrameModel
from sam2_core.object_masks import Answer
from sam2_core.video_state import ObjectState


def run_frame(
    compute: FrameModel,
    states: Sequence[ObjectState],
    frame: int,
    is_stopped: Callable[[], bool],
    *,
    reverse: bool,
) -> list[Answer] | None:
    """Follow objects onto a frame; prompted frames keep their answer.

    Args:
        compute: the model on this clip.
        states: those that have not begun on this frame are left out.
        frame: its number.
        is_stopped: asked before each object.
        reverse: whether the run goes towards the start of the clip.

    Returns:
        What to show, or None if it was stopped; then nothing is kept of the frame.
    """
    begun: list[ObjectState] = []
    try:
        jobs = []
        for state in states:
            if is_stopped():
                return None
            state.commit()
            if state.has_begun(frame, reverse=reverse):
                begun.append(state)
                state.track(reverse=reverse).enter(frame, state.revision)
                if frame not in state.conditioning:
                    jobs.append(compute.look_back(state, frame, reverse=reverse))
        outputs = compute.track(jobs, is_stopped)
    except Exception:
        # A frame that cannot be read is passed over: the next one looks at those before it.
        for state in begun:
            state.passed(frame, None, reverse=reverse)
        raise
    if outputs is None:
        return None
    tracked = {job.state.object_id: output for job, output in zip(jobs, outputs, strict=True)}
    for state in begun:
        state.passed(frame, tracked.get(state.object_id), reverse=reverse)
    return [state.answer(frame, tracked.get(state.object_id) or state.conditioning[frame]) for state in begun]
