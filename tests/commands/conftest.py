"""A project with two objects on a small clip, and masks to give them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.commands.objects import new_object
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks
from app.document.values import Clip, FrameMask, Origin

HEIGHT, WIDTH, FRAMES = 24, 32, 30


@pytest.fixture
def project() -> Project:
    """Objects 1 (dog) and 2 (cat) without anything on their lanes, and an empty history."""
    document = Project.new(Clip("park.mp4", "park.mp4", FRAMES, HEIGHT, WIDTH, 25.0)).document
    for name in ("dog", "cat"):
        new_object(Project(document), name)
    return Project(document)


@pytest.fixture
def square() -> Callable[..., MaskCode]:
    """square(x, y, side=6) is the code of that square."""

    def make(x: int, y: int, side: int = 6) -> MaskCode:
        pixels = np.zeros((HEIGHT, WIDTH), bool)
        pixels[y : y + side, x : x + side] = True
        return MaskCode.from_array(pixels)

    return make


@pytest.fixture
def propagated(project: Project, square: Callable[..., MaskCode]) -> Callable[..., None]:
    """propagated(object_id, frames, x) gives an object masks as a run does."""

    def make(object_id: int, frames: range, x: int = 3) -> None:
        with project.history.transaction("Propagate") as transaction:
            mask = FrameMask(square(x, 4), 0.9, 5.0, Origin.PROPAGATED)
            transaction.apply(SetMasks({(object_id, frame): mask for frame in frames}))

    return make
