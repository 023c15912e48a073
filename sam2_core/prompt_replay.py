"""From the prompts of a frame to its answer: a function of the prompts, not of the way that led to them.

Prompts are answered one after the other, each mending the mask of those before, as when a person gives them. Taking one
back answers the remaining ones from the first on, so that nothing of it stays in the mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile

from torch import Tensor

from sam2_core.frame_model import FrameModel
from sam2_core.model.sam2 import HeadOutput
from sam2_core.prompts import FramePrompts, GivenBox, GivenMask
from sam2_core.sweep import FrameOutput
from sam2_core.video_state import ObjectState, PromptRecord


class PromptReplay:
    """Answers prompt lists.

    Args:
        compute: the model on this clip.
    """

    def __init__(self, compute: FrameModel) -> None:
        self._compute = compute

    def answer(
        self, frame: int, given: FramePrompts, before: PromptRecord | None, base: Tensor | None = None
    ) -> tuple[PromptRecord, HeadOutput | None]:
        """Answer all prompts of a frame.

        Args:
            frame: its number.
            given: at least one prompt.
            before: an earlier answer on this frame; what it has in common with `given` is not computed again.
            base: logits of a tracked mask, which the first prompts mend if there is no earlier answer.

        Returns:
            The answer, and what the model said to the last prompt if it was computed now (never for a mask).
        """
        if before is None:
            output, head = self._replay(frame, given, base, {})
            return PromptRecord(given, output, {}, base), head
        known, steps = before.given.steps, given.steps
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(known, steps, strict=False)))
        choices = {step: rank for step, rank in before.choices.items() if step < common}
        if common < len(known):
            output, head = self._replay(frame, given, before.base, choices)
        elif common < len(steps):
            output, head = self._replay(frame, given, before.base, choices, common, before.output)
        else:
            output, head = before.output, None
        return PromptRecord(given, output, choices, before.base), head

    def last_answer(self, frame: int, record: PromptRecord) -> HeadOutput | None:
        """What the model says to the last prompt of a record, before any choice; None if that is a mask."""
        if isinstance(record.given.steps[-1], GivenMask):
            return None
        return self._compute.answer(frame, record.given, self._earlier_than_last(frame, record), base=record.base)

    def choose(self, frame: int, record: PromptRecord, rank: int) -> PromptRecord:
        """The same prompts with candidate number `rank` of the last one taken, best first."""
        earlier = self._earlier_than_last(frame, record)
        output = self._compute.candidate(frame, record.given, earlier, rank, record.base)
        choices = {**record.choices, len(record.given.steps) - 1: rank}
        return PromptRecord(record.given, output, choices, record.base)

    def _replay(
        self,
        frame: int,
        given: FramePrompts,
        base: Tensor | None,
        choices: Mapping[int, int],
        start: int = 0,
        output: FrameOutput | None = None,
    ) -> tuple[FrameOutput, HeadOutput | None]:
        """Answer the steps from `start` on, one by one; `output` is the answer to those before."""
        head = None
        for step in range(start, len(given.steps)):
            part = given.upto(step + 1)
            last = part.steps[-1]
            if isinstance(last, GivenMask):
                output = self._compute.take_mask(frame, last)
                continue
            earlier = _mended(part, output, base)
            if step in choices:
                output = self._compute.candidate(frame, part, earlier, choices[step], base)
            else:
                head = self._compute.answer(frame, part, earlier, base=base)
                output = self._compute.output_of(head)
        assert output is not None, "there was no prompt to answer"
        return output, head

    def _earlier_than_last(self, frame: int, record: PromptRecord) -> Tensor | None:
        """The logits that the last prompt of a record mended."""
        count = len(record.given.steps) - 1
        output = None
        if count > 0 and not isinstance(record.given.steps[-1], GivenBox):
            output, _ = self._replay(frame, record.given.upto(count), record.base, record.choices)
        return _mended(record.given, output, record.base)


def _mended(given: FramePrompts, output: FrameOutput | None, base: Tensor | None) -> Tensor | None:
    """The logits that the last of these prompts mends; none for a box, which was only trained as a first prompt."""
    if isinstance(given.steps[-1], GivenBox):
        return None
    return base if output is None else output.low_res


def answer_as_published(
    compute: FrameModel, state: ObjectState, frame: int, given: FramePrompts, *, corrections_condition: bool
) -> FrameOutput:
    """Answer prompts as the original predictor does, and leave the answer pending until the next run.

    All points at once, mending whatever the frame had before, in the light of memories if a run has passed the frame.
    """
    is_initial = frame not in state.directions
    conditions = is_initial or corrections_condition
    if given.mask is not None:
        output = compute.take_mask(frame, given.mask)
    else:
        conditioned = None
        if not is_initial:
            conditioned = compute.condition(compute.look_back(state, frame, reverse=state.directions[frame]))
        earlier = state.earlier_logits(frame, conditions=conditions)
        output = compute.output_of(compute.answer(frame, given, earlier, conditioned))
    state.pending[frame] = (output, conditions)
    state.prompts[frame] = PromptRecord(given, output)
    return output
