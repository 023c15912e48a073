"""What a video session is set to, and what it remembers of each object."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from sam2_core.memory_bank import MemoryPolicy
from sam2_core.object_masks import Answer
from sam2_core.prompts import FramePrompts, GivenMask
from sam2_core.sweep import Archive, FrameOutput, Sweep, Track


@dataclass(frozen=True)
class SessionSettings:
    """How a session behaves. The defaults are what a labelling tool needs; `published()` is the original predictor.

    Attributes:
        as_published: follow the original predictor to the letter: prompts see memories and earlier answers, results of
            any earlier run are looked at, every object is followed from the first frame of a run, nothing is forgotten.
        corrections_condition: a frame that is prompted after it was tracked keeps its answer and conditions the others.
            Always so unless `as_published`.
        fill_hole_area: background parts of at most this many pixels of the S / 4 map are filled; 0 is off.
        non_overlap_masks: every pixel of a result belongs to one object at most.
        max_conditioning_frames: conditioning frames attended at most, the nearest ones; None for all.
        memory_stride: distance in frames between recent memories.
        memory_dtype: number type in which spatial memories are kept.
        feature_frames: number of frames whose image features are kept.
        objects_per_batch: objects computed together; None chooses for the device. Each is computed alone on a CPU.
    """

    as_published: bool = False
    corrections_condition: bool = True
    fill_hole_area: int = 8
    non_overlap_masks: bool = False
    max_conditioning_frames: int | None = None
    memory_stride: int = 1
    memory_dtype: torch.dtype = torch.bfloat16
    feature_frames: int = 8
    objects_per_batch: int | None = None

    def __post_init__(self) -> None:
        if not (self.as_published or self.corrections_condition):
            raise ValueError("corrections_condition can only be switched off together with as_published")
        if self.max_conditioning_frames is not None and self.max_conditioning_frames < 1:
            raise ValueError("max_conditioning_frames must be at least 1, or None for all of them")
        if self.memory_stride < 1 or self.feature_frames < 1 or (self.objects_per_batch or 1) < 1:
            raise ValueError("memory_stride, feature_frames and objects_per_batch must be at least 1")

    @staticmethod
    def published() -> SessionSettings:
        """The original predictor as its builder sets it up."""
        return SessionSettings(as_published=True, corrections_condition=False)


@dataclass
class PromptRecord:
    """The prompts of one frame and what they led to.

    Attributes:
        given: the prompts that `output` answers.
        output: the answer.
        choices: step of `given` -> rank of the candidate that a person chose there.
        base: logits of the tracked mask that the first prompt found on the frame, which the prompts mend.
    """

    given: FramePrompts
    output: FrameOutput
    choices: dict[int, int] = field(default_factory=dict)
    base: Tensor | None = None


class ObjectState:
    """All that is remembered of one object. Objects share nothing.

    Args:
        object_id: its number.
        policy: says what sweeps may forget.
        settings: of the session.
    """

    def __init__(self, object_id: int, policy: MemoryPolicy, settings: SessionSettings) -> None:
        self.object_id = object_id
        self.prompts: dict[int, PromptRecord] = {}
        self.conditioning: dict[int, FrameOutput] = {}
        self.revision = 0
        """Counts changes of the conditioning frames; results made under another revision are outdated."""
        self.pending: dict[int, tuple[FrameOutput, bool]] = {}
        """Answers that the next run commits, and whether they will condition (as published only)."""
        self.directions: dict[int, bool] = {}
        """Frames that a run has passed, and whether it ran backwards (as published only)."""
        self._as_published = settings.as_published
        if settings.as_published:
            archive = Archive()
            self._tracks: tuple[Track, Track] = (archive, archive)
        else:
            self._tracks = (Sweep(policy, reverse=False), Sweep(policy, reverse=True))

    def track(self, *, reverse: bool) -> Track:
        """Results on frames without prompts, of runs in one direction."""
        return self._tracks[reverse]

    def conditioning_frames(self) -> list[int]:
        """Frames that condition all others: in the order they came as published, else by number."""
        return list(self.conditioning) if self._as_published else sorted(self.conditioning)

    def has_begun(self, frame: int, *, reverse: bool) -> bool:
        """Whether a run that comes to `frame` has met a conditioning frame of this object, or met one before."""
        if not self.conditioning:
            return False
        return self._as_published or (frame <= max(self.conditioning) if reverse else frame >= min(self.conditioning))

    def answer(self, frame: int, output: FrameOutput) -> Answer:
        """What to show of the object on a frame: a mask that a person gave and did not mend is shown as it is."""
        record = self.prompts.get(frame)
        is_given = record is not None and record.output is output and not self._as_published
        steps = record.given.steps if record is not None and is_given else ()
        given = steps[0] if len(steps) == 1 and isinstance(steps[0], GivenMask) else None
        return Answer(self.object_id, output, given)

    def passed(self, frame: int, output: FrameOutput | None, *, reverse: bool) -> None:
        """A run has done a frame; `output` is None where the frame conditions."""
        self.track(reverse=reverse).leave(frame, output)
        if self._as_published:
            self.directions[frame] = reverse

    def output_on(self, frame: int) -> FrameOutput | None:
        """The newest answer on a frame, if it is still held."""
        if frame in self.pending:
            return self.pending[frame][0]
        if frame in self.conditioning:
            return self.conditioning[frame]
        return self._tracks[0].outputs.get(frame) or self._tracks[1].outputs.get(frame)

    def earlier_logits(self, frame: int, *, conditions: bool) -> Tensor | None:
        """Mask logits that a new prompt goes on from, as published: newest answer of its kind, or a committed one."""
        if frame in self.pending and self.pending[frame][1] == conditions:
            return self.pending[frame][0].low_res
        found = self.conditioning.get(frame) or self._tracks[0].outputs.get(frame)
        return None if found is None else found.low_res

    def set_conditioning(self, frame: int, output: FrameOutput) -> None:
        """A prompted frame conditions the others from now on; what was tracked under other prompts is outdated."""
        self.conditioning[frame] = output
        self.revision += 1

    def commit(self) -> None:
        """Let pending answers take effect (as published); a conditioning frame is never a tracked one as well."""
        for frame, (output, conditions) in self.pending.items():
            (self.conditioning if conditions else self._tracks[0].outputs)[frame] = output
        self.pending.clear()
        for frame in self.conditioning:
            self._tracks[0].outputs.pop(frame, None)

    def clear_frame(self, frame: int) -> None:
        """Forget the prompts of a frame; as published their answer stays behind as an ordinary memory."""
        self.prompts.pop(frame, None)
        self.pending.pop(frame, None)
        output = self.conditioning.pop(frame, None)
        if output is None:
            return
        if self._as_published:
            self._tracks[0].outputs[frame] = output
            self.directions.pop(frame, None)
        else:
            self.revision += 1

    def outputs(self) -> list[FrameOutput]:
        """Every answer that is held, each once."""
        held = [output for output, _ in self.pending.values()]
        held += [record.output for record in self.prompts.values()]
        for outputs in (self.conditioning, self._tracks[0].outputs, self._tracks[1].outputs):
            held += outputs.values()
        return list({id(output): output for output in held}.values())
