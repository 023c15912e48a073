"""The engine itself: sessions of `sam2_core` over one clip, rebuilt from what it is told whenever that differs.

Two sessions share the frames' features. One answers clicks and holds one cell; the other runs plans and holds the
objects that it was told last, so that a run which stopped goes on where it stood. Both are caches: what they answer
depends on the given inputs alone.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from app.document.masks import MaskCode
from app.inference.checkpoints import checkpoint_at, find_checkpoint
from app.inference.drafting import Draft
from app.inference.engine import (
    Candidate,
    CellResult,
    EngineError,
    EngineInfo,
    FrameBatch,
    ObjectInputs,
    SuggestionStep,
)
from app.inference.faults import sentences
from app.inference.forecast import drafts_itself
from app.inference.joining import Joinings
from app.inference.plan import Plan, Stretch
from app.inference.replay import mended_mask, replay
from app.inference.suggesting import suggest
from app.media.clip import ClipError, FrameSource, open_clip
from sam2_core.checkpoint import describe_checkpoint, load_model
from sam2_core.device import choose_device, device_of, keep_freed_memory
from sam2_core.model.sam2 import Sam2Model
from sam2_core.video import ObjectMask, SessionSettings, VideoSession

OBJECTS_KEPT = 32
"""Objects of earlier runs that are remembered, so that their runs can go on without a lead-in."""
CONDITIONING_FRAMES_SEEN = 8
"""A frame looks at so many of the frames that condition its object, the nearest ones: more cost time for nothing."""
_SETTINGS = SessionSettings(max_conditioning_frames=CONDITIONING_FRAMES_SEEN)
DAMAGED_FRAMES_PASSED = 10
"""A run passes over frames that cannot be decoded; after so many in a row it ends."""

Sweep = tuple[int, bool, tuple[int, ...], tuple[int, ...]]
"""Frame, whether the sweep runs down, objects whose masks are wanted, and objects that only pass."""


class InlineEngine:
    """An `Engine` that computes on the calling thread; see there for the methods."""

    def __init__(self) -> None:
        self._model: Sam2Model | None = None
        self._source: FrameSource | None = None
        self._clicks: VideoSession | None = None
        self._tracks: VideoSession | None = None
        self._click: tuple[object, ...] = ()
        self._told: dict[int, ObjectInputs] = {}
        self._runs = 0
        self._searches = 0

    @property
    def is_alive(self) -> bool:
        """See `Engine`."""
        return True

    def load(self, checkpoint: Path, device: str = "auto") -> EngineInfo:
        """See `Engine`."""
        self._drop_sessions()
        self._model = None
        keep_freed_memory()
        with sentences("loading the model"):
            place = choose_device(device)
            content = describe_checkpoint(checkpoint)
            self._model = load_model(checkpoint, place)
        return EngineInfo(
            model=content.name,
            title=checkpoint_at(checkpoint).title,
            device=str(place.torch_device),
            device_label=place.label,
            parameters=content.parameters,
        )

    def open_clip(self, path: Path) -> None:
        """See `Engine`."""
        self._drop_sessions()
        self._close_source()
        with sentences("opening the clip"):
            self._source = open_clip(path)

    def prompt_frame(self, inputs: ObjectInputs, frame: int) -> CellResult:
        """See `Engine`."""
        given = inputs.prompts[frame]
        session, _ = self._sessions()
        # One cell at a time: what was told for another one, or from another mask, would only be in the way.
        click = (inputs.object_id, frame, mended_mask(given), given.choice)
        is_new = click != self._click
        self._click = ()
        if is_new:
            session.reset()
        others: tuple[ObjectMask, ...] = ()
        with sentences(f"answering the click on frame {frame}"):
            answer = replay(session, inputs.object_id, frame, given, is_new=is_new)
            if given.is_ambiguous and mended_mask(given) is None:
                others = session.candidates(frame, inputs.object_id)
        self._click = click
        candidates = tuple(Candidate(MaskCode.from_array(other.mask), other.iou) for other in others)
        return _result(answer, frame, candidates if len(candidates) > 1 else ())

    def prepare_frame(self, frame: int) -> None:
        """See `Engine`."""
        session, _ = self._sessions()
        with sentences(f"preparing frame {frame}"):
            session.prepare_frame(frame)

    def run(self, plan: Plan, inputs: Sequence[ObjectInputs]) -> Generator[FrameBatch, None, None]:
        """See `Engine`."""
        self._runs += 1
        mine = self._runs
        _, session = self._sessions()
        draft = self._draft(plan) if plan.is_draft else None
        untold = self._forget_changed(session, inputs) if draft is None else list(inputs)
        news = [(one, frame) for one in untold for frame in sorted({*one.prompts, *one.masks})]
        skipped = set() if draft else {one for one in plan.stretches if self._can_go_on(session, plan, one)}
        total = sum(1 for _ in _sweeps(plan, skipped))
        for one, frame in news:
            with sentences(f"looking at frame {frame}"):
                _tell(draft or session, one, frame)
            yield FrameBatch(frame, (), 0, total)
            if mine != self._runs:
                return
        self._told |= {} if draft else {one.object_id: one for one in untold}
        damaged = done = 0
        joinings = Joinings(plan)
        for frame, is_reverse, asked, passed in _sweeps(plan, skipped):
            wanted, fault = joinings.still_wanted(frame, asked), ""
            if not wanted and not passed:
                continue
            done += 1
            with sentences(f"following objects on frame {frame}"):
                try:
                    results = _track(draft or session, (frame, is_reverse, wanted, passed))
                    damaged = 0
                except ClipError as damage:
                    damaged += 1
                    if damaged > DAMAGED_FRAMES_PASSED:
                        raise
                    results, fault = (), str(damage)
            shown, joints = joinings.take(frame, wanted, results, is_reverse=is_reverse)
            yield FrameBatch(frame, shown, done, total - joinings.spared, fault, is_reverse, joints)
            if mine != self._runs:
                return

    def suggest(self, frame: int) -> Generator[SuggestionStep, None, None]:
        """See `Engine`."""
        self._searches += 1
        mine = self._searches
        self._sessions()  # says what is missing
        assert self._model is not None and self._source is not None
        with sentences(f"looking for objects on frame {frame}"):
            for step in suggest(self._model, self._source.read(frame)):
                yield step
                if mine != self._searches:
                    return

    def interrupt(self) -> None:
        """See `Engine`: the frame that is being computed ends at its next object."""
        for session in (self._clicks, self._tracks):
            if session is not None:
                session.stop()

    def close(self) -> None:
        """See `Engine`."""
        self._drop_sessions()
        self._model = None
        self._close_source()

    def _sessions(self) -> tuple[VideoSession, VideoSession]:
        """The session for clicks and the one for runs, made when first needed."""
        if self._model is None:
            raise EngineError("No model is loaded: choose one in the model list.")
        if self._source is None:
            raise EngineError("No clip is open for the model: open one first.")
        if self._clicks is None or self._tracks is None:
            frames = cast(Sequence[NDArray[np.uint8]], self._source)
            with sentences("opening the clip"):
                self._clicks = VideoSession(self._model, frames, _SETTINGS)
                self._tracks = VideoSession(self._model, frames, _SETTINGS, features=self._clicks.features)
        return self._clicks, self._tracks

    def _draft(self, plan: Plan) -> Draft:
        """What a draft runs on: the model itself, or the built-in one where that is quicker."""
        assert self._model is not None and self._source is not None
        model = self._model
        with sentences("beginning the draft"):
            if not drafts_itself(model.config.name):
                model = load_model(find_checkpoint("built-in").path, device_of(model))
            return Draft(model, self._source, plan, _SETTINGS)

    def _drop_sessions(self) -> None:
        """End the open run and search, and forget everything but model and clip."""
        self._runs += 1
        self._searches += 1
        self._clicks = self._tracks = None
        self._click = ()
        self._told = {}

    def _close_source(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _forget_changed(self, session: VideoSession, inputs: Sequence[ObjectInputs]) -> list[ObjectInputs]:
        """Take out of the session what is no longer so, and the oldest of what is not wanted; gives what it lacks."""
        untold = [one for one in inputs if self._told.get(one.object_id) != one]
        wanted = {one.object_id for one in inputs}
        others = [object_id for object_id in self._told if object_id not in wanted]
        leaving = {one.object_id for one in untold} | set(others[: max(0, len(others) - OBJECTS_KEPT)])
        for object_id in leaving & set(session.object_ids):
            session.remove_object(object_id)
        for object_id in leaving:
            self._told.pop(object_id, None)
        return untold

    def _can_go_on(self, session: VideoSession, plan: Plan, stretch: Stretch) -> bool:
        """Whether a stretch needs no lead-in, because the session stands exactly before it."""
        if not stretch.lead_in:
            return False
        rivals = [
            other
            for other in plan.stretches
            if other.object_id == stretch.object_id and other.is_reverse == stretch.is_reverse
        ]
        # Another stretch of the object would move the session's place in the meantime.
        return (
            rivals == [stretch]
            and stretch.object_id in self._told
            and session.remembers(stretch.frames[0], stretch.object_id, reverse=stretch.is_reverse)
        )


def _sweeps(plan: Plan, skipped: set[Stretch]) -> Iterator[Sweep]:
    """The steps that compute something; of the stretches in `skipped` the lead-in is remembered."""
    for step in plan.steps():
        wanted = {stretch.object_id for stretch in step.stretches if step.frame in stretch.frames}
        passed = {
            stretch.object_id
            for stretch in step.stretches
            if step.frame in stretch.lead_in and stretch not in skipped and stretch.object_id not in wanted
        }
        if wanted or passed:
            yield step.frame, step.is_reverse, tuple(sorted(wanted)), tuple(sorted(passed))


def _track(session: VideoSession | Draft, sweep: Sweep) -> tuple[CellResult, ...]:
    frame, is_reverse, wanted, passed = sweep
    if isinstance(session, Draft):
        drafted = session.track(frame, wanted + passed, is_reverse=is_reverse)
        return tuple(_result(one, frame) for one in drafted.objects if one.object_id in wanted)
    for found in session.propagate(frame, frame, reverse=is_reverse, object_ids=wanted + passed):
        return tuple(_result(one, frame) for one in found.objects if one.object_id in wanted)
    return ()


def _tell(told: VideoSession | Draft, inputs: ObjectInputs, frame: int) -> None:
    """Let one of its frames condition an object."""
    given, mask = inputs.prompts.get(frame), inputs.masks.get(frame)
    session, place = (told.session, told.place(frame)) if isinstance(told, Draft) else (told, frame)
    if given is not None:
        answer = replay(session, inputs.object_id, place, given, is_new=True)
        if given.accepted is None or MaskCode.from_array(answer.mask) == given.accepted:
            return
        # The person saw and kept another mask than these prompts give by themselves: what they saw is right.
        mask = given.accepted
    assert mask is not None, "a conditioning frame has prompts or a mask"
    session.add_mask(place, inputs.object_id, mask.to_array())


def _result(found: ObjectMask, frame: int, candidates: tuple[Candidate, ...] = ()) -> CellResult:
    mask = MaskCode.from_array(found.mask)
    return CellResult(found.object_id, frame, mask, float(found.iou), float(found.score), candidates)
