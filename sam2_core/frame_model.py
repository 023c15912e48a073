"""What a session asks of the model on one frame: answers to prompts, and masks that follow from memories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import Tensor

from sam2_core.frame_features import FrameFeatures
from sam2_core.memory_bank import MemoryPolicy, MemoryReader, MemoryTokens, Selection
from sam2_core.model.mask_decoder import shrink_logits, upsample_logits
from sam2_core.model.sam2 import HeadOutput, ImageFeatures, Sam2Model
from sam2_core.object_masks import ranking
from sam2_core.postprocess import fill_small_holes, keep_asked_parts
from sam2_core.prior import MatchedMask, MatchingPrior, blend
from sam2_core.prompts import FramePrompts, GivenMask
from sam2_core.sweep import FrameOutput
from sam2_core.video_state import ObjectState, SessionSettings
from sam2_core.zoom import Crop, crop_for

REFED_LOGIT = 32.0
"""Earlier mask logits are clamped to this before they go in as a mask prompt, as in training."""

_GPU_BATCH = 16


@dataclass(frozen=True)
class TrackedObject:
    """One object on a frame that is to be tracked: what it may look at, by frame."""

    state: ObjectState
    frame: int
    reverse: bool
    selection: Selection
    memories: Mapping[int, FrameOutput]


class FrameModel:
    """One model looking at one clip. It remembers nothing but image features.

    Args:
        model: in eval mode.
        features: of the clip's frames.
        policy: picks memories.
        settings: of the session.
    """

    def __init__(
        self, model: Sam2Model, features: FrameFeatures, policy: MemoryPolicy, settings: SessionSettings
    ) -> None:
        self._model = model
        self._features = features
        self._policy = policy
        self._settings = settings
        self._reader = MemoryReader(model)
        # What all objects share of the last frame that was looked at in the light of memories.
        self._begun: tuple[ImageFeatures, Tensor] | None = None
        self._prior = MatchingPrior(features, model.config.low_res) if model.config.matching_prior else None

    def take_mask(self, frame: int, mask: GivenMask) -> FrameOutput:
        """The answer to a mask prompt: that mask, with the object pointer that goes with it."""
        square = mask.to_model(self._model.config.image_size, self._model.device)
        head = self._model.mask_as_output(self._features.features(frame), square)
        return self._outputs(head, is_prompted=True)[0]

    def answer(
        self,
        frame: int,
        prompts: FramePrompts,
        earlier: Tensor | None,
        conditioned: Tensor | None = None,
        base: Tensor | None = None,
    ) -> HeadOutput:
        """The model's answer to the points and the box of a frame, all at once.

        Args:
            frame: its number.
            prompts: at least one point or a box; a mask is not looked at.
            earlier: (1, 1, S / 4, S / 4) logits that the prompts mend, or None.
            conditioned: (1, C, h, w) features in the light of memories; None where nothing is remembered.
            base: (1, 1, h, w) logits of the tracked mask that lay there before the first prompt, or None.
        """
        head = self._answer(frame, prompts, earlier, conditioned)
        config = self._model.config
        return self._asked_parts(head, prompts, base) if config.keeps_asked_parts else head

    def _answer(
        self, frame: int, prompts: FramePrompts, earlier: Tensor | None, conditioned: Tensor | None
    ) -> HeadOutput:
        crop = None if conditioned is not None else crop_for(prompts, self._features.size, self._model.config)
        if crop is not None:
            return self._answer_closer(frame, crop, prompts, earlier)
        config, image = self._model.config, self._features.features(frame)
        points, labels = prompts.to_model(self._features.size, config.image_size, self._model.device)
        return self._model.decode(
            self._model.without_memory(image.vision) if conditioned is None else conditioned,
            image,
            points,
            labels,
            self._refed(earlier),
            multimask=config.uses_multimask(prompts.point_count, is_initial=conditioned is None),
        )

    def _answer_closer(self, frame: int, crop: Crop, prompts: FramePrompts, earlier: Tensor | None) -> HeadOutput:
        """The answer found in a part of the frame, its masks on a grid of the model's full side."""
        model, config = self._model, self._model.config
        image = self._features.features_of(frame, crop)
        points, labels = crop.to_model(prompts, config.image_size, model.device)
        logits = None
        if earlier is not None:
            logits = crop.into(earlier, config.low_res).clamp(-REFED_LOGIT, REFED_LOGIT)
        multimask = config.uses_multimask(prompts.point_count, is_initial=True)
        head = model.decode(model.without_memory(image.vision), image, points, labels, logits, multimask=multimask)
        candidates = crop.onto_picture(head.candidates, config.image_size)
        chosen = crop.onto_picture(head.low_res, config.image_size)
        return replace(head, low_res=chosen, high_res=chosen, candidates=candidates)

    def _asked_parts(self, head: HeadOutput, prompts: FramePrompts, base: Tensor | None) -> HeadOutput:
        """An answer without the parts that neither clicks nor what lay beneath them asked for."""
        side, device = self._model.config.image_size, head.candidates.device
        size = (head.candidates.shape[-2], head.candidates.shape[-1])
        beneath = None if base is None else upsample_logits(base, size)[:, 0] > 0
        if prompts.mask is not None and prompts.box is None:
            given = upsample_logits(prompts.mask.to_model(side, device), size)[:, 0] > 0.5
            beneath = given if beneath is None else beneath | given
        points, labels = prompts.to_model(self._features.size, side, device)
        candidates = keep_asked_parts(head.candidates, points, labels, side, beneath)
        low_res = candidates[torch.arange(len(head.best), device=device), head.best][:, None]
        model_size = (side, side)
        return replace(head, candidates=candidates, low_res=low_res, high_res=upsample_logits(low_res, model_size))

    def output_of(self, head: HeadOutput) -> FrameOutput:
        """An answer to prompts, to be kept."""
        return self._outputs(head, is_prompted=True)[0]

    def candidate(
        self, frame: int, prompts: FramePrompts, earlier: Tensor | None, rank: int, base: Tensor | None = None
    ) -> FrameOutput:
        """The answer to the same prompts if candidate number `rank` of `ranking` is taken, with its own pointer."""
        head = self.answer(frame, prompts, earlier, base=base)
        index = ranking(head)[rank]
        if head.score.item() > 0 and head.candidates.shape[1] > 1:
            head = replace(head, pointer=self._pointer_of(frame, prompts, earlier, index))
        chosen = torch.full_like(head.best, index)
        return self.output_of(replace(head, best=chosen, low_res=head.candidates[:, index : index + 1]))

    def condition(self, job: TrackedObject) -> Tensor:
        """Features of a frame in the light of one object's memories."""
        return self._condition([job], self._features.features(job.frame))

    def look_back(self, state: ObjectState, frame: int, *, reverse: bool) -> TrackedObject:
        """What the policy lets an object look at on a frame; memories that are read for the first time are made."""
        recent = state.track(reverse=reverse).outputs
        selection = self._policy.select(frame, state.conditioning_frames(), recent, reverse=reverse)
        memories = {place: state.conditioning.get(place) or recent[place] for place in selection.frames}
        for place, _ in selection.maps:
            if memories[place].memory is None:
                self._remember(place, memories[place])
        return TrackedObject(state, frame, reverse, selection, memories)

    def track(self, jobs: Sequence[TrackedObject], is_stopped: Callable[[], bool]) -> list[FrameOutput] | None:
        """Follow objects onto one frame, from their memories alone.

        Args:
            jobs: all of the same frame.
            is_stopped: asked between objects (or batches of them).

        Returns:
            An answer for each job with its memory made, or None if it was stopped.
        """
        outputs: dict[int, FrameOutput] = {}
        for batch in self._batches(jobs):
            if is_stopped():
                return None
            for job, output in zip(batch, self._track_batch(batch), strict=True):
                outputs[id(job)] = output
        return [outputs[id(job)] for job in jobs]

    def _batches(self, jobs: Sequence[TrackedObject]) -> Iterator[list[TrackedObject]]:
        """Jobs that can go together: with as many memories and pointers as each other, and not too many."""

        def signature(job: TrackedObject) -> tuple[int, int]:
            return len(job.selection.maps), len(job.selection.pointers)

        # Batches leave a CPU's caches; a GPU is idle without them.
        default = 1 if self._model.device.type == "cpu" else _GPU_BATCH
        limit = self._settings.objects_per_batch or default
        for _, group in groupby(sorted(jobs, key=signature), key=signature):
            alike = list(group)
            for start in range(0, len(alike), limit):
                yield alike[start : start + limit]

    def _track_batch(self, batch: Sequence[TrackedObject]) -> list[FrameOutput]:
        image = self._features.features(batch[0].frame)
        try:
            head = self._decode_tracked(batch, image, self._condition(batch, image))
            memory = self._model.encode_memory(image.vision, head.high_res, head.score, is_prompted=False)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise
            middle = len(batch) // 2
            return self._track_batch(batch[:middle]) + self._track_batch(batch[middle:])
        outputs = self._outputs(head, is_prompted=False)
        for index, output in enumerate(outputs):
            output.memory = memory[index : index + 1].to(self._settings.memory_dtype, copy=True)
        return outputs

    def _condition(self, batch: Sequence[TrackedObject], image: ImageFeatures) -> Tensor:
        tokens = MemoryTokens.stack([self._reader.read(job.selection, job.memories) for job in batch])
        if self._begun is None or self._begun[0] is not image:
            self._begun = image, self._model.begin_conditioning(image.vision, image.position)
        return self._model.condition(
            image.vision, image.position, tokens.memory, tokens.position, tokens.pointer_tokens, begun=self._begun[1]
        )

    def _decode_tracked(self, batch: Sequence[TrackedObject], image: ImageFeatures, conditioned: Tensor) -> HeadOutput:
        """Masks of tracked frames. A second opinion joins here: as the mask prompt, and blended into the answer."""
        opinion = self._second_opinion(batch)
        multimask = self._model.config.uses_multimask(0, is_initial=False)
        if opinion is None:
            return self._model.decode(conditioned, image, None, None, None, multimask=multimask)
        head = self._model.decode(conditioned, image, None, None, opinion.logits, multimask=multimask)
        return blend(head, opinion, self._model.config.prior_share, self._model.no_obj_ptr)

    def _second_opinion(self, batch: Sequence[TrackedObject]) -> MatchedMask | None:
        """Masks matched by trunk features alone; the published models have none."""
        if self._prior is None:
            return None
        opinions = []
        for job in batch:
            masks = {place: job.memories[place].low_res for place, _ in job.selection.maps}
            held = {place: mask for place, mask in masks.items() if mask is not None}
            anchors = {place: mask for place, mask in held.items() if place in job.state.conditioning}
            recent = {place: mask for place, mask in held.items() if place not in anchors}
            opinions.append(self._prior.match(job.frame, anchors, recent))
        return MatchedMask.stack(opinions)

    def _remember(self, frame: int, output: FrameOutput) -> None:
        """Make the spatial memory of a prompted frame, from the mask as it is kept and shown."""
        assert output.low_res is not None
        side = self._model.config.image_size
        memory = self._model.encode_memory(
            self._features.features(frame).vision,
            upsample_logits(output.low_res, (side, side)),
            output.score,
            is_prompted=output.is_prompted,
        )
        output.memory = memory.to(self._settings.memory_dtype)

    def _pointer_of(self, frame: int, prompts: FramePrompts, earlier: Tensor | None, index: int) -> Tensor:
        """The object pointer that goes with one of three candidates of an object that is present."""
        model, image = self._model, self._features.features(frame)
        points, labels = prompts.to_model(self._features.size, model.config.image_size, model.device)
        raw = model.decode_raw(model.without_memory(image.vision), image, points, labels, self._refed(earlier))
        tokens = model.sam_mask_decoder.choose(raw, True).tokens
        pointer: Tensor = model.obj_ptr_proj(tokens[:, min(index, tokens.shape[1] - 1)])
        return pointer.float()

    def _refed(self, earlier: Tensor | None) -> Tensor | None:
        """Earlier logits as a mask prompt: bounded, and as coarse as the decoder's own."""
        if earlier is None:
            return None
        side = self._model.config.low_res
        coarse = earlier if earlier.shape[-1] == side else shrink_logits(earlier, side)
        return coarse.clamp(-REFED_LOGIT, REFED_LOGIT)

    def _outputs(self, head: HeadOutput, *, is_prompted: bool) -> list[FrameOutput]:
        """One answer per object of a batch, holes filled; the numbers come from the device in one go."""
        low_res = fill_small_holes(head.low_res, self._settings.fill_hole_area)
        ious = head.ious.gather(1, head.best[:, None])
        numbers = torch.cat([ious, head.score.float()], dim=1).tolist()
        # Copies, so that no object keeps the others' part of a batch alive.
        return [
            FrameOutput(
                low_res=low_res[row : row + 1].clone(),
                pointer=head.pointer[row : row + 1].clone(),
                ious=head.ious[row : row + 1].clone(),
                score=head.score[row : row + 1].clone(),
                iou=iou,
                presence=presence,
                is_prompted=is_prompted,
            )
            for row, (iou, presence) in enumerate(numbers)
        ]
