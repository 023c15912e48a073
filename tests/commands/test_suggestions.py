"""Suggested masks that become objects."""

import numpy as np
import pytest

from app.commands.errors import CommandError
from app.commands.masklets import Conflict, join_masklets
from app.commands.masks import set_mask
from app.commands.objects import new_object
from app.commands.suggestions import add_suggested_objects
from app.document.masks import MaskCode
from app.document.values import Origin


def test_each_mask_becomes_an_object_whose_prompt_and_mask_it_is(project, square):
    chosen = [(square(2, 2, 4), 0.7), (square(10, 5, 9), 0.9)]
    added = add_suggested_objects(project, 5, chosen)
    document = project.document
    # The larger one is further back.
    assert [document.masks[thing.id, 5].code for thing in added] == [square(10, 5, 9), square(2, 2, 4)]
    assert [document.prompts[thing.id, 5].mask for thing in added] == [square(10, 5, 9), square(2, 2, 4)]
    assert {document.masks[thing.id, 5].origin for thing in added} == {Origin.PROMPTED}
    assert [document.masks[thing.id, 5].iou for thing in added] == [0.9, 0.7]
    assert len({thing.color for thing in added}) == 2


def test_a_suggested_mask_is_newer_than_what_was_there_before_it(project, square):
    older = new_object(project, "by hand")
    set_mask(project, older.id, 5, square(2, 2))
    (suggested,) = add_suggested_objects(project, 5, [(square(12, 2), 0.8)])
    join_masklets(project, older.id, suggested.id, Conflict.NEWEST)
    assert project.document.masks[older.id, 5].code == square(12, 2)


def test_one_undo_takes_all_of_them_back_and_one_redo_brings_them_again(project, square):
    objects, steps = list(project.document.objects), len(project.history.names[0])
    added = add_suggested_objects(project, 5, [(square(2, 2), 0.7), (square(12, 2), 0.8), (square(20, 9), 0.9)])
    assert len(project.history.names[0]) == steps + 1
    assert project.history.undo() == "Add 3 suggested objects, frame 5"
    assert list(project.document.objects) == objects
    assert not project.document.masks and not project.document.prompts
    project.history.redo()
    assert list(project.document.objects) == [*objects, *(thing.id for thing in added)]


def test_a_mask_that_does_not_fit_changes_nothing(project, square):
    before = dict(project.document.objects)
    for wrong in (MaskCode.empty(24, 32), MaskCode.from_array(np.ones((3, 3), bool))):
        with pytest.raises(CommandError):
            add_suggested_objects(project, 5, [(square(2, 2), 0.7), (wrong, 0.7)])
    with pytest.raises(CommandError, match="There is no frame 99"):
        add_suggested_objects(project, 99, [(square(2, 2), 0.7)])
    assert project.document.objects == before and not project.history.can_undo
