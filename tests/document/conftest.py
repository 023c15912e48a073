"""A small document to change, and masks to change it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.document.attribute_steps import SetAttribute, SetOverlaps, SetTag
from app.document.attributes import TRUNCATED, Attribute, AttributeKind, Stretch, Tag
from app.document.document import Document, DocumentView
from app.document.history import History
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetCategory, SetMasks, SetObject, SetOrder, SetPrompt, SetReviews
from app.document.values import Box, Category, Clip, Finish, FrameMask, Origin, Point, Prompt, Review, TrackedObject


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


@pytest.fixture
def everything() -> Callable[[DocumentView], tuple[Any, ...]]:
    """everything(document) is all that a document holds, to compare."""

    def look(document: DocumentView) -> tuple[Any, ...]:
        return (
            document.clip,
            list(document.objects.items()),
            list(document.categories.items()),
            dict(document.prompts),
            dict(document.masks),
            dict(document.reviews),
            document.next_object_id,
            document.next_category_id,
            list(document.attributes.items()),
            dict(document.tags),
            document.next_attribute_id,
            document.allows_overlaps,
        )

    return look


@pytest.fixture
def stored(tmp_path: Path, clip: Clip, square: Callable[..., FrameMask]) -> Iterator[Project]:
    """A project in a file with something of everything."""
    project = Project.create(tmp_path / "park.masklet", clip)
    with project.history.transaction("Fill") as transaction:
        transaction.apply(SetCategory(3, Category(3, "animal", "thing", "#ff0000")))
        for object_id, category_id in ((2, 3), (1, None), (7, 3)):
            transaction.apply(SetObject(object_id, TrackedObject(object_id, f"dog {object_id}", category_id, color=4)))
        points = (Point(1.25, 2.0625), Point(31.999, 0.1, is_positive=False))
        transaction.apply(SetPrompt((1, 5), Prompt(points, Box(1, 2, 3.5, 4), candidate=2)))
        transaction.apply(SetPrompt((2, 6), Prompt(mask=square(3, 4).code)))
        transaction.apply(SetMasks({(1, 5): square(1, 1, iou=0.91, score=3.25, origin=Origin.PROMPTED)}))
        transaction.apply(SetMasks({(1, 6): FrameMask(MaskCode.empty(24, 32), score=-4.0, origin=Origin.MANUAL)}))
        transaction.apply(SetMasks({(7, frame): square(frame, frame) for frame in range(15)}))
        transaction.apply(SetReviews({(7, 3): Review.VERIFIED, (1, 6): Review.VERIFIED}))
        transaction.apply(SetOrder((7, 1, 2)))
        transaction.apply(SetObject(1, TrackedObject(1, "dog 1", keeps_off=True, finish=Finish(9, grow=-2))))
        transaction.apply(SetAttribute(4, Attribute(4, "pose", AttributeKind.CHOICE, ("stands", "läuft"))))
        transaction.apply(SetAttribute(2, Attribute(2, "speed", AttributeKind.NUMBER)))
        transaction.apply(SetTag((7, 4), Tag("stands", (Stretch(3, 9, "läuft"),))))
        transaction.apply(SetTag((1, 2), Tag(1.5)))
        transaction.apply(SetTag((7, TRUNCATED), Tag(None, (Stretch(0, 2, True),))))
        transaction.apply(SetOverlaps(are_allowed=False))
    yield project
    if project.store is not None:
        project.store.abandon()


@pytest.fixture
def reopened() -> Callable[[Project], Project]:
    """reopened(project) is the project, closed and opened again."""

    def close_and_open(project: Project) -> Project:
        path = project.path
        assert path is not None
        project.close()
        return Project.open(path)

    return close_and_open
