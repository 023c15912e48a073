"""What gives an object its colour: itself, or its category."""

from __future__ import annotations

from app.commands.coloring import category_shade, shade_of
from app.commands.objects import (
    delete_category,
    new_category,
    set_category_color,
    set_object_category,
    set_object_color,
)
from app.document.project import Project


def test_objects_of_one_category_share_its_colour_and_keep_their_own(project: Project) -> None:
    animal, thing = new_category(project, "animal"), new_category(project, "thing")
    for object_id in (1, 2):
        set_object_category(project, object_id, thing.id)
    set_object_color(project, 2, 7)
    document = project.document
    assert shade_of(document, 1, "object") == 0 and shade_of(document, 2, "object") == 7
    assert shade_of(document, 1, "category") == shade_of(document, 2, "category") == category_shade(document, thing.id)
    assert category_shade(document, animal.id) != category_shade(document, thing.id)


def test_a_colour_that_a_person_gave_a_category_wins_and_order_changes_nothing(project: Project) -> None:
    first, second = new_category(project, "animal"), new_category(project, "thing")
    set_object_category(project, 1, second.id)
    before = shade_of(project.document, 1, "category")
    delete_category(project, first.id)
    assert shade_of(project.document, 1, "category") == before
    set_category_color(project, second.id, "#102030")
    assert shade_of(project.document, 1, "category") == "#102030"


def test_an_object_without_a_category_has_no_shade(project: Project) -> None:
    assert shade_of(project.document, 1, "category") is None
