"""A draft: objects followed through every n-th frame alone, as if the clip had no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from app.inference.plan import Plan
from app.media.clip import FrameSource
from sam2_core.model.sam2 import Sam2Model
from sam2_core.video import FrameResult, ObjectMask, SessionSettings, VideoSession

Picture = NDArray[np.uint8]


class _SomeFrames(Sequence[Picture]):
    """Some frames of a clip, ascending, as a clip of their own."""

    def __init__(self, source: FrameSource, frames: Sequence[int]) -> None:
        self._source, self._frames = source, frames

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, place: int) -> Picture: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Picture]: ...

    def __getitem__(self, place: int | slice) -> Picture | Sequence[Picture]:
        if isinstance(place, slice):
            return _SomeFrames(self._source, self._frames[place])
        return self._source.read(self._frames[place])


class Draft:
    """A session on the frames that a draft computes and those that condition it; nothing else of the clip is read."""

    def __init__(self, model: Sam2Model, source: FrameSource, plan: Plan, settings: SessionSettings) -> None:
        computed = {frame for stretch in plan.stretches for frame in (*stretch.lead_in, *stretch.frames)}
        frames = sorted(computed.union(*plan.conditioning.values()))
        self.session = VideoSession(model, _SomeFrames(source, frames), settings)
        self._places = {frame: place for place, frame in enumerate(frames)}
        self._stride = plan.stride
        self._last: dict[tuple[int, bool], int] = {}
        """The frame that an object came to last, on the way up and on the way down."""

    def place(self, frame: int) -> int:
        """Where a frame of the clip is in the session."""
        return self._places[frame]

    def track(self, frame: int, object_ids: Sequence[int], *, is_reverse: bool) -> FrameResult:
        """The next frame of these objects; frames in between, which condition other objects, are passed."""
        found: list[ObjectMask] = []
        end, step = self._places[frame], -1 if is_reverse else 1
        for object_id in object_ids:
            before = self._last.get((object_id, is_reverse))
            goes_on = before is not None and abs(frame - before) == self._stride
            start = self._places[before] + step if goes_on and before is not None else end
            self._last[object_id, is_reverse] = frame
            for result in self.session.propagate(start, end, reverse=is_reverse, object_ids=[object_id]):
                if result.frame == end:
                    found += result.objects
        return FrameResult(frame, tuple(found))
