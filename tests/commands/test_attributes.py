"""Saying things of objects, for the whole clip or for a stretch."""

from __future__ import annotations

import numpy as np
import pytest

from app.commands.attributes import (
    attribute_of,
    delete_attribute,
    move_attribute,
    new_attribute,
    rename_attribute,
    say,
    set_choices,
)
from app.commands.errors import CommandError
from app.commands.export import dataset_of
from app.commands.masks import set_mask
from app.commands.objects import delete_objects, duplicate_object
from app.document.attributes import CROWD, FLAGS, TRUNCATED, AttributeKind, Stretch, Tag
from app.document.project import Project


@pytest.fixture
def described(project: Project) -> Project:
    """Attributes 1 pose (stands, runs), 2 speed, 3 note, 4 wet."""
    new_attribute(project, "pose", AttributeKind.CHOICE, ("stands", "runs", "stands"))
    new_attribute(project, "speed", AttributeKind.NUMBER)
    new_attribute(project, "note", AttributeKind.TEXT, ("ignored",))
    new_attribute(project, "wet", AttributeKind.YES_NO)
    return project


def test_something_is_said_of_the_whole_clip_and_of_a_stretch(described: Project) -> None:
    assert say(described, [1, 2, 1], 1, "stands") == 2
    assert described.history.undo_name == "Pose, 2 objects"
    assert say(described, [1], 1, "runs", (9, 4)) == 1
    assert described.document.tags == {(1, 1): Tag("stands", (Stretch(4, 9, "runs"),)), (2, 1): Tag("stands")}
    assert say(described, [1], 1, "runs", (5, 6)) == 0
    say(described, [1], 1, None, (6, 20))
    assert described.document.tags_of(1)[1].stretches == (Stretch(4, 5, "runs"),)
    say(described, [1], 1, "runs")
    assert described.document.tags_of(1) == {1: Tag("runs")}
    say(described, [1], 1, None)
    assert described.document.tags_of(1) == {}
    for _ in range(3):
        described.history.undo()
    assert described.document.tags_of(1) == {1: Tag("stands", (Stretch(4, 9, "runs"),))}


def test_flags_are_there_from_the_start(project: Project) -> None:
    say(project, [1], CROWD, True)
    say(project, [1], TRUNCATED, True, (3, 3))
    assert project.document.tags_of(1) == {CROWD: Tag(True), TRUNCATED: Tag(None, (Stretch(3, 3, True),))}
    for deed in (lambda: rename_attribute(project, CROWD, "mass"), lambda: delete_attribute(project, CROWD)):
        with pytest.raises(CommandError, match="Crowd is a part of every project"):
            deed()
    assert [attribute_of(project, key).name for key in FLAGS] == ["crowd", "difficult", "truncated"]


def test_a_whole_number_is_a_number_and_text_keeps_its_words(described: Project) -> None:
    say(described, [1], 2, 3)
    say(described, [1], 3, "line 1\nline 2")
    assert described.document.tags_of(1) == {2: Tag(3.0), 3: Tag("line 1\nline 2")}
    assert type(described.document.tags_of(1)[2].everywhere) is float


@pytest.mark.parametrize(
    ("attribute_id", "value", "said"),
    [
        (1, "swims", "pose cannot be 'swims'. It is stands, runs"),
        (2, "fast", "speed cannot be 'fast'. It is a number"),
        (2, float("inf"), "speed cannot be inf"),
        (4, "yes", "wet cannot be 'yes'. It is a yes or no"),
        (3, "x" * 2001, "2001 characters"),
        (9, "x", "There is no attribute 9"),
    ],
)
def test_what_an_attribute_cannot_say_is_refused(
    described: Project, attribute_id: int, value: str | float, said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        say(described, [1], attribute_id, value)
    assert not described.document.tags


def test_attributes_are_named_ordered_and_changed(described: Project) -> None:
    rename_attribute(described, 1, "gait")
    move_attribute(described, 4, 0)
    assert [item.name for item in described.document.attributes.values()] == ["wet", "gait", "speed", "note"]
    say(described, [1], 1, "stands")
    say(described, [1], 1, "runs", (2, 3))
    set_choices(described, 1, ["runs", "stands", "jumps"])
    with pytest.raises(CommandError, match="dog is “runs” in gait"):
        set_choices(described, 1, ["stands"])
    for name in ("Wet", " truncated "):
        with pytest.raises(CommandError, match="already"):
            new_attribute(described, name, AttributeKind.TEXT)
    with pytest.raises(CommandError, match="needs something to choose from"):
        new_attribute(described, "empty", AttributeKind.CHOICE)


def test_deleting_an_attribute_takes_its_sayings_along_and_undo_brings_them_back(described: Project) -> None:
    say(described, [1, 2], 1, "runs")
    say(described, [1], 4, True)
    before = dict(described.document.tags)
    assert delete_attribute(described, 1) == 2
    assert described.document.tags == {(1, 4): Tag(True)} and 1 not in described.document.attributes
    described.history.undo()
    assert dict(described.document.tags) == before
    assert list(described.document.attributes) == [1, 2, 3, 4]


def test_what_is_said_goes_and_comes_back_with_its_object(described: Project) -> None:
    say(described, [1], 1, "runs")
    say(described, [1], CROWD, True)
    copy = duplicate_object(described, 1)
    assert described.document.tags_of(copy.id) == described.document.tags_of(1)
    delete_objects(described, [1])
    assert not described.document.tags_of(1)
    described.history.undo()
    assert described.document.tags_of(1) == {1: Tag("runs"), CROWD: Tag(True)}


def test_exports_say_it_by_name_and_only_where_it_holds(described: Project) -> None:
    pixels = np.ones((24, 32), bool)
    for frame in (3, 4):
        set_mask(described, 1, frame, pixels)
    say(described, [1], 1, "runs")
    say(described, [1], 4, False, (4, 4))
    say(described, [1], CROWD, True, (3, 3))
    say(described, [1], TRUNCATED, True)
    say(described, [1], TRUNCATED, False, (4, 4))
    clip = dataset_of(described, None).clips[0]
    first, second = clip.mask(1, 3), clip.mask(1, 4)
    assert first.is_crowd and first.said == {"pose": "runs", "truncated": True}
    assert not second.is_crowd and second.said == {"pose": "runs", "wet": False}
