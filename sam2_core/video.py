"""VideoSession: prompts on frames in, masks of every object on every frame out.

A session is a cache: dropped at any moment and given the same prompts again, it answers the same. It reads frames one
at a time and holds the features of a few of them, the answers to prompts, and what the next frame of a run may look at.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from sam2_core.device import device_of, memory_guard
from sam2_core.errors import PromptError
from sam2_core.frame_features import FrameFeatures
from sam2_core.frame_model import FrameModel
from sam2_core.memory_bank import PlainPolicy
from sam2_core.model.sam2 import HeadOutput, Sam2Model
from sam2_core.object_masks import Answer, FrameResult, ObjectMask, candidate_masks, object_masks
from sam2_core.prompt_replay import PromptReplay, answer_as_published
from sam2_core.prompts import FramePrompts, checked_box, checked_frame, checked_mask, checked_points
from sam2_core.sweep import FrameOutput
from sam2_core.video_run import run_frame
from sam2_core.video_state import ObjectState, PromptRecord, SessionSettings

__all__ = ["FrameResult", "ObjectMask", "SessionSettings", "VideoSession"]


class VideoSession:
    """Objects of one clip, followed by one model (section 4 of the paper).

    Every method may raise `PromptError`, a sentence about what was asked for; then nothing has changed. Prompts may be
    given and taken back, and objects come and go, at any time, also while runs are suspended; a run then goes on from
    what holds now. Objects never influence each other. Not to be used from two threads at once, but for `stop`.

    Args:
        model: in eval mode, on the device that computes.
        frames: uint8 RGB H x W x 3 pictures of one size, by 0-based index; read one at a time and not kept.
        settings: see `SessionSettings`.
        features: features to share with another session on the same model and frames.
    """

    def __init__(
        self,
        model: Sam2Model,
        frames: Sequence[NDArray[np.uint8]],
        settings: SessionSettings | None = None,
        *,
        features: FrameFeatures | None = None,
    ) -> None:
        self._settings = settings or SessionSettings()
        self._num_frames = len(frames)
        if self._num_frames == 0:
            raise PromptError("The clip has no frames: open another one.")
        self._policy = PlainPolicy.of(
            model.config,
            self._num_frames,
            max_conditioning=self._settings.max_conditioning_frames,
            stride=self._settings.memory_stride,
        )
        self._features = features or FrameFeatures(model, frames, self._settings.feature_frames)
        self._device = device_of(model)
        self._compute = FrameModel(model, self._features, self._policy, self._settings)
        self._replay = PromptReplay(self._compute)
        self._objects: dict[int, ObjectState] = {}
        self._stops = 0
        self._last_answer: tuple[ObjectState, int, FramePrompts, HeadOutput] | None = None

    @property
    def features(self) -> FrameFeatures:
        """The image features, to be shared with another session."""
        return self._features

    @property
    def object_ids(self) -> tuple[int, ...]:
        """The objects, in the order in which they were first prompted."""
        return tuple(self._objects)

    @property
    def held_bytes(self) -> int:
        """Bytes of everything that is kept on the device, image features included."""
        tensors = {id(t): t for s in self._objects.values() for output in s.outputs() for t in output.tensors()}
        return self._features.held_bytes + sum(t.numel() * t.element_size() for t in tensors.values())

    def prepare_frame(self, frame: int) -> None:
        """Compute and keep the features of a frame, so that a prompt there is answered at once."""
        with self._computing(f"preparing frame {frame}"):
            self._features.features(checked_frame(frame, self._num_frames))

    def add_points(
        self,
        frame: int,
        object_id: int,
        points: ArrayLike = (),
        labels: ArrayLike = (),
        box: ArrayLike | None = None,
        *,
        clear_old: bool = True,
        candidates: bool = False,
    ) -> ObjectMask:
        """Give clicks and a box for an object on a frame.

        The answer depends on the frame's prompts alone: they are answered one by one, each mending the mask before it.
        The first mends a mask given by `add_mask`, else the mask that a run has just made there; a box starts anew.

        Args:
            frame: 0-based index.
            object_id: a new one makes a new object.
            points: (N, 2) x, y in pixels.
            labels: (N,) 1 where the object is, 0 where it is not.
            box: x0, y0, x1, y1 in pixels.
            clear_old: these take the place of earlier points and of an earlier box; a given mask stays.
            candidates: hold on to the other answers of an ambiguous click, so that `candidates` need not compute.

        Returns:
            The object's mask on that frame, which conditions all others from now on.
        """
        frame, object_id = checked_frame(frame, self._num_frames), operator.index(object_id)
        clicks, frame_box = checked_points(points, labels), None if box is None else checked_box(box)
        if not clicks and frame_box is None:
            raise PromptError(f"No prompt was given for object {object_id} on frame {frame}: give a point or a box.")
        state = self._state(object_id)
        record = state.prompts.get(frame)
        old = FramePrompts() if record is None else record.given
        given = old.with_points(frame_box, clicks, clear_old=clear_old)
        with self._computing(f"answering prompts on frame {frame}"):
            if self._settings.as_published:
                if frame_box is not None and not clear_old:
                    raise PromptError("A box must come before all points: give it with clear_old.")
                return self._prompt_as_published(state, frame, replace(given, mask=None))
            found = None if record is not None else state.output_on(frame)
            answered, head = self._replay.answer(frame, given, record, None if found is None else found.low_res)
            if head is not None:
                self._last_answer = (state, frame, given, head) if candidates else None
            return self._accept(state, frame, answered)

    def add_mask(self, frame: int, object_id: int, mask: ArrayLike) -> ObjectMask:
        """Give an object's mask on a frame (H x W of the video, not zero is inside); an empty one says it is absent.

        It takes the place of all earlier prompts there. Points that are added later mend it.
        """
        frame, object_id = checked_frame(frame, self._num_frames), operator.index(object_id)
        state = self._state(object_id)
        given = FramePrompts(mask=checked_mask(mask, self._features.size))
        with self._computing(f"answering prompts on frame {frame}"):
            if self._settings.as_published:
                return self._prompt_as_published(state, frame, given)
            answered, _ = self._replay.answer(frame, given, state.prompts.get(frame))
            return self._accept(state, frame, answered)

    def candidates(self, frame: int, object_id: int) -> tuple[ObjectMask, ...]:
        """All answers to the last prompt of a frame, best first: three to an ambiguous click, else one."""
        state, record = self._record(frame, object_id)
        with self._computing(f"answering prompts on frame {frame}"):
            head = self._head(state, frame, record)
            if head is None:
                return self._masks([state.answer(frame, record.output)])
            return candidate_masks(object_id, head, self._features.size, self._settings.fill_hole_area)

    def choose_candidate(self, frame: int, object_id: int, index: int) -> ObjectMask:
        """Take number `index` of `candidates` as the frame's mask; points that are added later mend that one."""
        state, record = self._record(frame, object_id)
        with self._computing(f"answering prompts on frame {frame}"):
            head = self._head(state, frame, record)
            count = 1 if head is None else head.candidates.shape[1]
            if not 0 <= operator.index(index) < count:
                raise PromptError(f"There is no candidate {index} on frame {frame}: choose one of 0 to {count - 1}.")
            if head is not None:
                record = self._replay.choose(frame, record, index)
            return self._accept(state, frame, record)

    def clear_frame(self, frame: int, object_id: int) -> None:
        """Take back all prompts of an object on a frame; without any there, nothing happens."""
        self._known(object_id).clear_frame(checked_frame(frame, self._num_frames))
        self._last_answer = None

    def remove_object(self, object_id: int) -> None:
        """Forget an object; runs that are under way go on with the others."""
        del self._objects[self._known(object_id).object_id]
        self._last_answer = None

    def reset(self) -> None:
        """Forget all objects and end all runs; image features stay."""
        self._objects.clear()
        self._last_answer = None
        self.stop()

    def stop(self) -> None:
        """End every run that is under way, before its next object. May be called from another thread."""
        self._stops += 1

    def remembers(self, frame: int, object_id: int, *, reverse: bool = False) -> bool:
        """Whether a run that begins at `frame` goes on where an earlier one stood, exactly as if it had never stopped.

        If not, it looks at prompted frames alone. On a prompted frame that makes no difference, and the answer is True.
        """
        state = self._known(object_id)
        track = state.track(reverse=reverse)
        return frame in state.conditioning or track.goes_on_at(checked_frame(frame, self._num_frames), state.revision)

    def output(self, frame: int, object_id: int) -> FrameOutput | None:
        """The model's own numbers for an object on a frame, while they are held; for evaluation."""
        return self._known(object_id).output_on(checked_frame(frame, self._num_frames))

    def masks_on(self, frame: int) -> FrameResult:
        """What is held of all objects on a frame: answers to prompts, and results of a run that is near."""
        checked_frame(frame, self._num_frames)
        found = [(state, state.output_on(frame)) for state in self._objects.values()]
        with self._computing("showing masks"):
            return FrameResult(
                frame,
                self._masks(
                    [
                        state.answer(frame, held)
                        for state, held in found
                        if held is not None and held.low_res is not None
                    ]
                ),
            )

    def propagate(
        self,
        first: int | None = None,
        last: int | None = None,
        *,
        reverse: bool = False,
        object_ids: Sequence[int] | None = None,
    ) -> Iterator[FrameResult]:
        """Follow objects through frames `first` to `last`, both included; `reverse` runs down instead of up.

        An object is in the results from its first prompted frame in that direction on, and objects without prompts are
        left out. Prompted frames keep their answer. Closing the iterator ends the run and leaves the session usable.

        Args:
            first: by default the first prompted frame in that direction.
            last: by default the end of the clip in that direction.
            reverse: towards the start of the clip.
            object_ids: which objects; by default all, also those that come while the run is under way.
        """
        wanted = None if object_ids is None else frozenset(self._known(number).object_id for number in object_ids)
        starts: list[int] = []
        for state in self._wanted(wanted):
            state.commit()
            starts += state.conditioning
        if not starts:
            raise PromptError("There is nothing to follow: give a point, a box or a mask for an object first.")
        if first is None:
            first = max(starts) if reverse and not self._settings.as_published else min(starts)
        if last is None:
            last = 0 if reverse else self._num_frames - 1
        first, last = checked_frame(first, self._num_frames), checked_frame(last, self._num_frames)
        if (last > first) if reverse else (last < first):
            raise PromptError(f"Frame {last} comes before frame {first} in that direction: exchange the two.")
        frames = range(first, last - 1, -1) if reverse else range(first, last + 1)
        return self._run(frames, wanted, reverse, self._stops)

    def _run(self, frames: range, wanted: frozenset[int] | None, reverse: bool, stops: int) -> Iterator[FrameResult]:
        for frame in frames:
            if not any(state.conditioning or state.pending for state in self._wanted(wanted)):
                return
            # The context must not be open while the generator is suspended: it would leak into the caller's code.
            with self._computing(f"tracking frame {frame}"):
                states = self._wanted(wanted)
                answers = run_frame(self._compute, states, frame, lambda: self._stops != stops, reverse=reverse)
                result = None if answers is None else FrameResult(frame, self._masks(answers))
            if result is None:
                return
            yield result

    def _prompt_as_published(self, state: ObjectState, frame: int, given: FramePrompts) -> ObjectMask:
        output = answer_as_published(
            self._compute, state, frame, given, corrections_condition=self._settings.corrections_condition
        )
        self._objects[state.object_id] = state
        return self._masks([state.answer(frame, output)])[0]

    def _accept(self, state: ObjectState, frame: int, answered: PromptRecord) -> ObjectMask:
        before = state.prompts.get(frame)
        state.prompts[frame] = answered
        if before is None or before.output is not answered.output:
            state.set_conditioning(frame, answered.output)
        self._objects[state.object_id] = state
        return self._masks([state.answer(frame, answered.output)])[0]

    def _masks(self, answers: Sequence[Answer]) -> tuple[ObjectMask, ...]:
        return object_masks(answers, self._features.size, non_overlap=self._settings.non_overlap_masks)

    def _head(self, state: ObjectState, frame: int, record: PromptRecord) -> HeadOutput | None:
        """What the model says to the last prompt of a frame, before any choice; None if that is a mask."""
        if self._settings.as_published:
            raise PromptError("The published predictor has no candidates: use a session of the usual kind.")
        held = self._last_answer
        if held is not None and held[:3] == (state, frame, record.given):
            return held[3]
        return self._replay.last_answer(frame, record)

    def _state(self, object_id: int) -> ObjectState:
        """The object, or a new one that is not part of the session before a prompt of it was answered."""
        return self._objects.get(object_id) or ObjectState(object_id, self._policy, self._settings)

    def _known(self, object_id: int) -> ObjectState:
        state = self._objects.get(operator.index(object_id))
        if state is None:
            raise PromptError(f"There is no object {object_id}: prompt it first.")
        return state

    def _record(self, frame: int, object_id: int) -> tuple[ObjectState, PromptRecord]:
        state = self._known(object_id)
        record = state.prompts.get(checked_frame(frame, self._num_frames))
        if record is None:
            raise PromptError(f"Object {object_id} has no prompts on frame {frame}: click on it there first.")
        return state, record

    def _wanted(self, wanted: frozenset[int] | None) -> list[ObjectState]:
        return [state for number, state in self._objects.items() if wanted is None or number in wanted]

    @contextmanager
    def _computing(self, what: str) -> Iterator[None]:
        with memory_guard(what), torch.inference_mode(), self._device.autocast():
            yield
