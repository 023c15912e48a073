"""A real clip, a real project and a desk that looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks, SetObject, SetPrompt
from app.document.values import Clip, FrameMask, Point, Prompt, TrackedObject
from app.media.clip import open_clip
from app.media.source import FrameSource
from app.ui.desk import Desk

FRAMES = 24
HEIGHT, WIDTH = 48, 64


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FrameSource]:
    """A folder of 24 pictures, opened as a clip: a light square that wanders over a dark ground."""
    folder = tmp_path / "wander"
    folder.mkdir()
    for frame in range(FRAMES):
        picture = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
        picture[10:30, frame : frame + 20] = (220, 180, 90)
        Image.fromarray(picture).save(folder / f"{frame:03d}.png")
    with open_clip(folder) as opened:
        yield opened


@pytest.fixture
def project(source: FrameSource) -> Project:
    """A project on the clip with two objects: "dog" with masks on 0–11, "ball" with none."""
    clip = Clip(str(source.path), source.name, source.frame_count, source.height, source.width, source.fps)
    project = Project.new(clip)
    document = project.document
    for object_id, name in ((1, "dog"), (2, "ball")):
        document.apply(SetObject(object_id, TrackedObject(object_id, name, None, object_id - 1)))
    document.apply(SetPrompt((1, 0), Prompt((Point(10, 20),))))
    document.apply(SetMasks({(1, frame): square(frame) for frame in range(12)}, by_person=False))
    return project


def square(frame: int) -> FrameMask:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[10:30, frame : frame + 20] = True
    return FrameMask(MaskCode.from_array(mask), iou=0.9, score=4.0)


@pytest.fixture
def mask_of() -> Callable[[int], FrameMask]:
    """The true mask of the square on a frame."""
    return square


@pytest.fixture
def desk(qapp: object, project: Project, source: FrameSource) -> Iterator[Desk]:
    """A desk that looks at the project; no model behind it."""
    desk = Desk()
    desk.show_project(project, source, None)
    yield desk
    desk.show_project(None)
