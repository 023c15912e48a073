"""A small document to change, and masks to change it with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.document.document import Document
from app.document.history import History
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetObject
from app.document.values import Clip, FrameMask, TrackedObject


@pytest.fixture
def clip() -> Clip:
    return Clip(path="clips/park.mp4", name="park.mp4", frame_count=60, height=24, width=32, fps=25.0)


@pytest.fixture
def document(clip: Clip) -> Document:
    """Three objects, 1 to 3, and nothing on their lanes."""
    document = Document(clip)
    for object_id, name in ((1, "dog"), (2, "cat"), (3, "ball")):
        document.apply(SetObject(object_id, TrackedObject(object_id, name, color=object_id - 1, z_order=object_id - 1)))
    return document


@pytest.fixture
def project(document: Document) -> Project:
    return Project(document)


@pytest.fixture
def history(project: Project) -> History:
    return project.history


@pytest.fixture
def square() -> Callable[..., FrameMask]:
    """square(x, y, side=6) is a mask with that square in it."""

    def make(x: int, y: int, side: int = 6, **values: object) -> FrameMask:
        pixels = np.zeros((24, 32), bool)
        pixels[y : y + side, x : x + side] = True
        return FrameMask(MaskCode.from_array(pixels), **values)  # type: ignore[arg-type]

    return make
