"""A document to plan on, built with the same steps as a person's work."""

import numpy as np
import pytest

from app.document.document import Document
from app.document.masks import MaskCode
from app.document.steps import SetMasks, SetObject, SetPrompt, SetReviews
from app.document.values import Clip, FrameMask, Origin, Point, Prompt, Review, TrackedObject


class Work:
    """A clip of 100 frames and short words for what a person does to it."""

    def __init__(self, frame_count: int = 100) -> None:
        self.document = Document(Clip("park.mp4", "park", frame_count, 24, 32, 25.0))
        square = np.zeros((24, 32), bool)
        square[4:12, 6:18] = True
        self.seen = MaskCode.from_array(square)
        self.absent = MaskCode.empty(24, 32)

    def add(self, object_id: int = 1, name: str = "red ball", *, is_frozen: bool = False) -> None:
        self.document.apply(SetObject(object_id, TrackedObject(object_id, name, is_frozen=is_frozen)))

    def click(self, *frames: int, object_id: int = 1) -> None:
        for frame in frames:
            self.document.apply(SetPrompt((object_id, frame), Prompt((Point(8.0, 8.0),))))

    def mask(self, frames, origin=Origin.PROPAGATED, *, object_id: int = 1, is_absent: bool = False) -> None:
        code = self.absent if is_absent else self.seen
        masks = {(object_id, frame): FrameMask(code, origin=origin) for frame in frames}
        self.document.apply(SetMasks(masks, by_person=origin is Origin.MANUAL))

    def verify(self, frames, *, object_id: int = 1) -> None:
        self.document.apply(SetReviews({(object_id, frame): Review.VERIFIED for frame in frames}))


@pytest.fixture
def work() -> Work:
    made = Work()
    made.add()
    return made


@pytest.fixture
def work_of() -> type[Work]:
    """For clips of another length: `work_of(frame_count)`."""
    return Work
