"""A mask's code answers without decoding, and never changes."""

from __future__ import annotations

import numpy as np
import pytest

from app.document.masks import MaskCode, MaskError
from app.document.values import Box


def test_the_published_examples_come_out() -> None:
    mask = np.zeros((4, 5), bool)
    mask[1:3, 1:4] = True
    code = MaskCode.from_array(mask)
    assert code.to_rle() == {"size": [4, 5], "counts": "5220003"}
    assert (code.area, code.box) == (6, Box(1, 1, 4, 3))
    assert MaskCode.empty(48, 64).counts == b"PP3"
    runs = [164, 1, 43, 9, 38, 11]
    assert MaskCode.from_rle({"size": [19, 14], "counts": runs}).counts == b"T51[18K2"


def test_anything_but_zero_is_the_object() -> None:
    values = np.array([[0, 255], [3, 0]], np.uint8)
    assert MaskCode.from_array(values).to_array().tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (3, 4, 1), (7,)])
def test_an_array_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(MaskError, match="two dimensions"):
        MaskCode.from_array(np.zeros(shape, bool))


def test_an_empty_mask_has_no_box_and_agrees_with_another_empty_one() -> None:
    empty, full = MaskCode.empty(4, 5), MaskCode.from_array(np.ones((4, 5), bool))
    assert empty.is_empty and empty.box is None and empty.area == 0 and empty.crop().shape == (0, 0)
    assert empty.iou(MaskCode.empty(4, 5)) == 1.0 and empty.iou(full) == 0.0
    assert empty.union(full) is full and full.union(empty) is full and full.minus(empty) is full
    assert empty.complement() == full and full.complement() == empty


def test_masks_of_different_pictures_are_not_compared() -> None:
    with pytest.raises(MaskError, match="cannot be compared"):
        MaskCode.empty(4, 5).iou(MaskCode.empty(5, 4))
    assert MaskCode.empty(4, 5) != MaskCode.empty(5, 4)
    assert MaskCode.empty(4, 5) != "P0"


def test_a_code_cannot_be_changed() -> None:
    code = MaskCode.empty(4, 5)
    with pytest.raises(AttributeError):
        code.height = 3
    with pytest.raises(AttributeError):
        del code.width
    array = code.to_array()
    array[:] = True
    assert code.to_array().sum() == 0


class Shelf:
    """Counts kept elsewhere, and how often they were asked for."""

    def __init__(self, *kept: bytes) -> None:
        self.kept = kept
        self.asked = 0

    def read_counts(self, code: MaskCode, key: int) -> bytes:
        self.asked += 1
        return self.kept[key]


def test_a_resting_code_answers_most_questions_without_being_fetched() -> None:
    whole = MaskCode.from_array(np.eye(6, dtype=bool))
    shelf = Shelf(b"", whole.counts)
    code = MaskCode.resting(6, 6, whole.measures, shelf, 1)
    assert (code.area, code.box, code.is_empty, code.size) == (6, Box(0, 0, 6, 6), False, (6, 6))
    assert hash(code) == hash(whole) and code != MaskCode.from_array(np.eye(6, dtype=bool) | np.eye(6, k=1, dtype=bool))
    assert shelf.asked == 0
    assert code == whole and np.array_equal(code.to_array(), np.eye(6, dtype=bool))
    assert shelf.asked == 2
    code.hold(whole.counts)
    assert code == whole and shelf.asked == 2
    code.let_go()
    assert code.counts == whole.counts and shelf.asked == 3
    assert code.key_in(shelf) == 1 and code.key_in(Shelf()) is None


def test_a_code_that_lies_nowhere_else_is_not_let_go() -> None:
    code = MaskCode.empty(4, 5)
    code.let_go()
    assert code.counts == MaskCode.empty(4, 5).counts
