"""Run lengths against pycocotools and against plain pixels, whatever the mask."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco

from app.document.masks import MaskCode, MaskError
from app.document.runs import canonical, check_runs, compress, decompress


@st.composite
def pixels(draw: st.DrawFn, height: int | None = None, width: int | None = None) -> NDArray[np.bool_]:
    """Masks from empty to full: noise, blocks, stripes, single pixels."""
    rows = height or draw(st.integers(1, 12))
    columns = width or draw(st.integers(1, 12))
    share = draw(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]))
    mask = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).random((rows, columns)) < share
    if draw(st.booleans()):
        y, x = draw(st.integers(0, rows - 1)), draw(st.integers(0, columns - 1))
        mask[y:, x : x + draw(st.integers(1, columns))] = draw(st.booleans())
    return mask


pairs = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(lambda size: st.tuples(pixels(*size), pixels(*size)))


@given(pixels())
def test_the_text_is_the_one_that_pycocotools_writes(mask: NDArray[np.bool_]) -> None:
    expected = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    code = MaskCode.from_array(mask)
    assert code.counts == expected["counts"]
    assert code.area == mask.sum() == coco.area(expected)
    if code.box is not None:
        assert [code.box.x0, code.box.y0, code.box.width, code.box.height] == list(coco.toBbox(expected))


@given(pixels())
def test_pixels_come_back_and_reading_measures_alike(mask: NDArray[np.bool_]) -> None:
    code = MaskCode.from_array(mask)
    assert np.array_equal(code.to_array(), mask)
    read = MaskCode.from_rle(code.to_rle())
    assert read == code and hash(read) == hash(code) and read.measures == code.measures
    fresh = MaskCode(code.height, code.width, code.counts)
    assert fresh.measures == code.measures and np.array_equal(fresh.crop(), read.crop())
    sent = pickle.loads(pickle.dumps(code))
    assert sent == code and sent.counts == code.counts


@given(pairs)
def test_combining_codes_is_combining_pixels(masks: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> None:
    one, two = masks
    first, second = MaskCode.from_array(one), MaskCode.from_array(two)
    for code, expected in (
        (first.union(second), one | two),
        (first.intersection(second), one & two),
        (first.minus(second), one & ~two),
        (first.complement(), ~one),
    ):
        assert np.array_equal(code.to_array(), expected)
        assert code == MaskCode.from_array(expected)
    shared, united = int((one & two).sum()), int((one | two).sum())
    assert first.intersection_area(second) == shared
    assert first.iou(second) == pytest.approx(shared / united if united else 1.0)
    assert (first == second) == np.array_equal(one, two)


@given(pixels(), st.data())
def test_runs_with_empty_ones_between_are_read_as_the_same_mask(mask: NDArray[np.bool_], data: st.DataObject) -> None:
    code = MaskCode.from_array(mask)
    runs = decompress(code.counts, mask.size).tolist()
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(runs)))
        if place < len(runs):
            part = data.draw(st.integers(0, runs[place]))
            runs[place : place + 1] = [part, 0, runs[place] - part]
        else:
            runs += [0, 0]
    assert MaskCode.from_rle({"size": list(mask.shape), "counts": runs}) == code
    again = canonical(np.array(runs, np.int64))
    assert again.tolist() == decompress(code.counts, mask.size).tolist()


@given(st.lists(st.integers(0, 2**27), min_size=1, max_size=40))
def test_any_runs_survive_the_text(runs: list[int]) -> None:
    numbers = np.array(runs, np.int64)
    total = int(numbers.sum())
    assert decompress(compress(numbers), total).tolist() == runs
    check_runs(numbers, total)


@given(st.binary(max_size=30), st.integers(1, 50), st.integers(1, 50))
def test_any_bytes_are_a_whole_mask_or_are_refused(counts: bytes, height: int, width: int) -> None:
    try:
        code = MaskCode.from_rle({"size": [height, width], "counts": counts})
    except MaskError as error:
        assert str(error).endswith(".")
        return
    assert code.to_array().shape == (height, width) and code.to_array().sum() == code.area
    assert np.array_equal(coco.decode(code.to_rle()), code.to_array())


REFUSED: list[Any] = [
    {"size": [4, 5]},
    {"counts": "5220003"},
    {"size": [4], "counts": "5220003"},
    {"size": [4, "x"], "counts": "5220003"},
    {"size": [4, 6], "counts": "5220003"},
    {"size": [0, 5], "counts": "0"},
    {"size": [1 << 20, 1 << 20], "counts": "0"},
    {"size": [4, 5], "counts": ""},
    {"size": [4, 5], "counts": "5220003 "},
    {"size": [4, 5], "counts": "522000ä"},
    {"size": [4, 5], "counts": "522000P"},
    {"size": [4, 5], "counts": "oooooooo1"},
    {"size": [4, 5], "counts": [5, 2, 13, 1]},
    {"size": [4, 5], "counts": [-1, 21]},
    {"size": [4, 5], "counts": [10.0, 10.0]},
    {"size": [4, 5], "counts": [True, 19]},
    {"size": [4, 5], "counts": []},
    {"size": [4, 5], "counts": None},
    {"size": [4, 5], "counts": [2**80]},
]


@pytest.mark.parametrize("rle", REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_mask_is_refused_in_a_sentence(rle: Any) -> None:
    with pytest.raises(MaskError) as caught:
        MaskCode.from_rle(rle)
    assert str(caught.value).endswith((".", "}."))
