"""Objects and categories: what a person can do to them, and that one undo takes it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.commands.coloring import next_colors
from app.commands.errors import CommandError
from app.commands.objects import (
    delete_category,
    delete_objects,
    duplicate_object,
    new_category,
    new_object,
    rename_category,
    rename_object,
    reorder_objects,
    set_category_color,
    set_object_category,
    set_object_color,
    set_object_frozen,
    set_object_visible,
    set_supercategory,
    show_all,
    show_only,
)
from app.commands.prompts import add_point
from app.commands.review import verify_cells
from app.document.project import Project
from app.document.steps import SetClip


def names(project: Project) -> list[str]:
    return [thing.name for thing in project.document.objects.values()]


def test_a_new_object_is_named_after_its_category_or_its_id(project: Project) -> None:
    dog = new_category(project, "dog")
    made = [new_object(project), new_object(project, category_id=dog.id), new_object(project, category_id=dog.id)]
    assert [(thing.id, thing.name, thing.category_id) for thing in made] == [
        (3, "object 3", None),
        (4, "dog 1", dog.id),
        (5, "dog 2", dog.id),
    ]
    rename_object(project, 4, "rex")
    assert new_object(project, category_id=dog.id).name == "dog 1"
    assert new_object(project, "  bird ").name == "bird"
    assert project.history.undo_name == "New object, bird"


def test_a_new_object_lies_in_front_in_a_colour_of_its_own(project: Project) -> None:
    made = [new_object(project) for _ in range(11)]
    things = list(project.document.objects.values())
    assert [thing.color for thing in things[:12]] == list(range(12)) and things[12].color == 12
    assert [thing.z_order for thing in things] == list(range(13))
    delete_objects(project, [made[0].id])
    assert new_object(project).color == 2


def test_from_the_thirteenth_on_colours_repeat_beginning_with_those_that_nothing_near_has(
    project: Project, propagated: Callable[..., None]
) -> None:
    for _ in range(10):
        new_object(project)
    propagated(1, range(30))
    propagated(2, range(5))
    for object_id in range(3, 13):
        propagated(object_id, range(20, 30))
    project.document.apply(SetClip(replace(project.document.clip, fps=1.0)))  # near is up to five frames away
    assert next_colors(project.document, 2, 0) == [14, 15], "the first two colours are near"
    assert next_colors(project.document, 2, 29) == [13, 12], "only the second is far away, then all are as near"
    assert next_colors(project.document, 14) == [*range(12, 24), 24, 25]


def test_a_person_may_give_an_object_any_colour(project: Project) -> None:
    set_object_color(project, 1, "#102030")
    assert project.document.objects[1].color == "#102030" and next_colors(project.document, 1) == [0]
    with pytest.raises(CommandError, match="red is not a colour; write it as #rrggbb"):
        set_object_color(project, 1, "red")


def test_an_id_is_given_once(project: Project) -> None:
    new_object(project)
    project.history.undo()
    assert new_object(project).id == 4
    delete_objects(project, [4])
    assert new_object(project).id == 5
    assert new_object(project, object_id=9).id == 9
    with pytest.raises(CommandError, match="The id 4 was given before; the next free one is 10"):
        new_object(project, object_id=4)


def test_an_object_is_renamed_coloured_hidden_and_frozen(project: Project) -> None:
    category = new_category(project, "animal")
    rename_object(project, 1, " rex ")
    set_object_category(project, 1, category.id)
    set_object_color(project, 1, 7)
    set_object_visible(project, 1, False)
    set_object_frozen(project, 1, True)
    thing = project.document.objects[1]
    assert (thing.name, thing.category_id, thing.color, thing.is_visible, thing.is_frozen) == (
        "rex",
        category.id,
        7,
        False,
        True,
    )
    assert project.history.names[0][1:] == [
        "Rename to rex, dog",
        "Category animal, rex",
        "Colour, rex",
        "Hide, rex",
        "Freeze, rex",
    ]
    set_object_frozen(project, 1, True)
    assert len(project.history.names[0]) == 6, "what is so already is no step"
    set_object_category(project, 1, None)
    assert project.history.undo_name == "Category none, rex"


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "needs a name"), (" \t", "needs a name"), ("a\nb", "one line of text"), ("x" * 201, "201 characters")],
)
def test_a_name_is_one_line_of_text(project: Project, name: str, words: str) -> None:
    for deed in (
        lambda: new_object(project, name),
        lambda: rename_object(project, 1, name),
        lambda: new_category(project, name),
    ):
        with pytest.raises(CommandError, match=words):
            deed()
    assert names(project) == ["dog", "cat"]


def test_what_is_not_there_is_said(project: Project) -> None:
    for deed in (
        lambda: rename_object(project, 9, "x"),
        lambda: delete_objects(project, [1, 9]),
        lambda: show_only(project, [9]),
    ):
        with pytest.raises(CommandError, match=r"There is no object 9\."):
            deed()
    with pytest.raises(CommandError, match=r"There is no category 4\."):
        set_object_category(project, 1, 4)
    with pytest.raises(CommandError, match="counted from 0"):
        set_object_color(project, 1, -1)
    assert names(project) == ["dog", "cat"]


def test_an_object_goes_with_its_cells_and_one_undo_brings_all_back(
    project: Project, propagated: Callable[..., None]
) -> None:
    propagated(1, range(20))
    add_point(project, 1, 25, 3, 3)
    verify_cells(project, [(1, 3)])
    document = project.document
    before = dict(document.masks), dict(document.prompts), dict(document.reviews), list(document.objects.items())
    delete_objects(project, [1, 1])
    assert names(project) == ["cat"] and not document.masks and not document.prompts and not document.reviews
    assert project.history.undo() == "Delete dog"
    assert before == (
        dict(document.masks),
        dict(document.prompts),
        dict(document.reviews),
        list(document.objects.items()),
    )
    delete_objects(project, [1, 2])
    assert project.history.undo_name == "Delete 2 objects"
    delete_objects(project, [])
    assert len(project.history.names[0]) == 4


def test_a_frozen_object_is_not_deleted(project: Project) -> None:
    set_object_frozen(project, 2, True)
    with pytest.raises(CommandError, match=r"cat is frozen\. Take the padlock off"):
        delete_objects(project, [1, 2])
    assert names(project) == ["dog", "cat"]


def test_the_order_of_objects_is_the_order_of_layers(project: Project) -> None:
    new_object(project, "ball")
    reorder_objects(project, [3, 1, 2])
    assert names(project) == ["ball", "dog", "cat"]
    assert [thing.z_order for thing in project.document.objects.values()] == [0, 1, 2]
    reorder_objects(project, [3, 1, 2])
    assert project.history.undo() == "Order of objects"
    assert names(project) == ["dog", "cat", "ball"]
    assert [thing.z_order for thing in project.document.objects.values()] == [0, 1, 2]
    with pytest.raises(CommandError, match="every object once"):
        reorder_objects(project, [1, 2])


def test_objects_are_shown_alone_and_together_again(project: Project) -> None:
    new_object(project)
    show_only(project, [2])
    assert [thing.is_visible for thing in project.document.objects.values()] == [False, True, False]
    assert project.history.undo_name == "Show only 1 object"
    show_all(project)
    assert all(thing.is_visible for thing in project.document.objects.values())
    project.history.undo()
    project.history.undo()
    assert all(thing.is_visible for thing in project.document.objects.values())


def test_a_duplicate_has_the_masks_prompts_and_reviews(project: Project, propagated: Callable[..., None]) -> None:
    propagated(1, range(5))
    add_point(project, 1, 7, 3, 3)
    verify_cells(project, [(1, 3)])
    copy = duplicate_object(project, 1)
    document = project.document
    assert copy.name == "dog copy"
    assert document.masks_of(copy.id) == document.masks_of(1) and document.prompts_of(copy.id) == document.prompts_of(1)
    assert document.is_verified((copy.id, 3))
    project.history.undo()
    assert names(project) == ["dog", "cat"] and len(document.masks) == 5


def test_categories_are_named_coloured_and_deleted_without_touching_masks(
    project: Project, propagated: Callable[..., None]
) -> None:
    animal, toy = new_category(project, "animal", " being ", "#FF0000"), new_category(project, "toy")
    assert (animal.id, animal.supercategory, animal.color, toy.id) == (1, "being", "#ff0000", 2)
    propagated(1, range(3))
    set_object_category(project, 1, animal.id)
    rename_category(project, animal.id, "beast")
    rename_category(project, animal.id, "beast")
    set_category_color(project, animal.id, "#00ff00")
    set_supercategory(project, animal.id, "life")
    changed = project.document.categories[1]
    assert (changed.name, changed.color, changed.supercategory) == ("beast", "#00ff00", "life")
    delete_category(project, animal.id)
    assert project.document.objects[1].category_id is None and list(project.document.categories) == [2]
    assert len(project.document.masks) == 3
    assert project.history.undo() == "Delete category beast"
    assert project.document.objects[1].category_id == 1 and list(project.document.categories) == [1, 2]


def test_a_category_has_a_name_of_its_own_and_a_real_colour(project: Project) -> None:
    animal, toy = new_category(project, "animal"), new_category(project, "toy")
    for deed in (lambda: new_category(project, " toy "), lambda: rename_category(project, animal.id, "toy")):
        with pytest.raises(CommandError, match="There is a category toy already"):
            deed()
    for color in ("red", "#12345", "#1234567", "#12345g"):
        with pytest.raises(CommandError, match="is not a colour"):
            set_category_color(project, toy.id, color)
