"""The list of categories: ordered, tidied, and carried to other projects without touching a mask."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.commands.attributes import new_attribute
from app.commands.categories import (
    delete_unused_categories,
    load_template,
    move_category,
    save_template,
    unused_categories,
)
from app.commands.errors import CommandError
from app.commands.objects import new_category, set_object_category
from app.document.attributes import AttributeKind
from app.document.project import Project
from app.document.values import Category, Clip


@pytest.fixture
def kinds(project: Project) -> Project:
    """cat, dog, bird in this order; object 1 is a dog."""
    for name in ("cat", "dog", "bird"):
        new_category(project, name, "animal", "#ff8000" if name == "dog" else "")
    set_object_category(project, 1, 2)
    return project


def names(project: Project) -> list[str]:
    return [category.name for category in project.document.categories.values()]


def other_project() -> Project:
    return Project.new(Clip("other.mp4", "other.mp4", 5, 10, 10, 25.0))


def test_categories_are_put_in_another_order_and_back(kinds: Project) -> None:
    move_category(kinds, 3, 0)
    assert names(kinds) == ["bird", "cat", "dog"]
    move_category(kinds, 3, 99)
    assert names(kinds) == ["cat", "dog", "bird"]
    move_category(kinds, 1, 1)
    assert names(kinds) == ["dog", "cat", "bird"]
    assert kinds.history.undo() == "Move category cat"
    assert names(kinds) == ["cat", "dog", "bird"]
    steps = len(kinds.history.names[0])
    move_category(kinds, 2, 1)
    assert len(kinds.history.names[0]) == steps


def test_only_categories_that_no_object_has_are_tidied_away(kinds: Project) -> None:
    assert unused_categories(kinds) == [1, 3]
    assert delete_unused_categories(kinds) == 2 and names(kinds) == ["dog"]
    assert delete_unused_categories(kinds) == 0
    assert kinds.history.undo() == "Delete 2 categories"
    assert names(kinds) == ["cat", "dog", "bird"]


def test_a_template_carries_categories_and_attributes_over(kinds: Project, tmp_path: Path) -> None:
    new_attribute(kinds, "pose", AttributeKind.CHOICE, ("liegt", "läuft"))
    path = tmp_path / "Tiere.json"
    save_template(kinds, path)
    target = other_project()
    report = load_template(target, path)
    assert report.added == ("cat", "dog", "bird", "pose") and report.changed == ()
    assert target.document.categories == kinds.document.categories
    assert target.document.attributes == kinds.document.attributes
    assert load_template(target, path).added == ()
    assert target.history.undo() == "Load template Tiere.json"
    assert not target.document.categories and not target.document.attributes


def test_loading_changes_parents_and_colours_but_no_object_and_no_mask(
    kinds: Project, propagated: Callable[..., None], tmp_path: Path
) -> None:
    propagated(1, range(4))
    masks = dict(kinds.document.masks)
    path = tmp_path / "t.json"
    said = [{"name": "dog", "supercategory": "pet", "color": "#00FF00"}, {"name": "cat"}, {"name": "fox"}]
    path.write_text(json.dumps({"categories": said}))
    report = load_template(kinds, path)
    assert (report.added, report.changed) == (("fox",), ("dog",))
    assert kinds.document.categories[2] == Category(2, "dog", "pet", "#00ff00")
    assert kinds.document.categories[1] == Category(1, "cat", "animal", "")
    assert names(kinds) == ["cat", "dog", "bird", "fox"]
    assert kinds.document.objects[1].category_id == 2 and dict(kinds.document.masks) == masks


@pytest.mark.parametrize(
    "said",
    [
        {"images": [], "annotations": [], "categories": [{"id": 7, "name": "boat", "supercategory": "vehicle"}]},
        [{"name": "boat", "supercategory": "vehicle"}],
    ],
)
def test_the_categories_of_a_coco_file_are_a_template_too(project: Project, said: Any, tmp_path: Path) -> None:
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(said))
    load_template(project, path)
    assert list(project.document.categories.values()) == [Category(1, "boat", "vehicle", "")]


def test_words_alone_are_categories(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text('["dog", "cat", "dog"]')
    assert load_template(project, path).added == ("dog", "cat")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "t.json is not JSON"),
        ("[" * 100_000, "t.json is not JSON"),
        ("12", "no list “categories”"),
        ("{}", "names no category"),
        ('{"categories": 3}', "“categories” is not a list"),
        ('{"categories": [{"name": "dog"}, {"id": 3}]}', "t.json, category 2: “name” is missing"),
        ('{"categories": [{"name": " "}]}', "category 1: A category needs a name"),
        ('{"categories": [{"name": "dog", "color": "red"}]}', "category 1: red is not a colour"),
        ('{"categories": [4]}', "category 1: “name” is missing"),
        ('{"attributes": [{"name": "pose", "kind": "taste"}]}', "attribute 1: the kind is one of text, choice"),
        ('{"attributes": [{"name": "pose", "kind": "choice", "choices": [1]}]}', "“choices” is not a list of words"),
        ('{"categories": ["dog"], "attributes": [{"name": "pose", "kind": "choice"}]}', "needs something to choose"),
    ],
)
def test_a_faulty_template_is_refused_whole(project: Project, text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        load_template(project, path)
    assert not project.document.categories and not project.document.attributes and not project.history.can_undo


def test_places_that_cannot_be_read_or_written_are_told(project: Project, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        load_template(project, tmp_path / "none.json")
    with pytest.raises(CommandError, match="cannot be written"):
        save_template(project, tmp_path / "no folder" / "t.json")
