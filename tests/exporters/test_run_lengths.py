"""Two readers of COCO run lengths, written apart, agree with pycocotools and with each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pycocotools.mask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from exporters import rle
from exporters.dataset import MaskRecord, StoredClip, Track
from exporters.errors import ExportError
from exporters.verification.run_lengths import area_and_box, check_runs, mask_of_runs, runs_from_text

any_mask = arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40)))


def special_masks() -> list[np.ndarray]:
    y, x = np.mgrid[:5, :7]
    shapes = [(1, 1), (1, 9), (9, 1), (5, 7)]
    return (
        [np.zeros(s, bool) for s in shapes] + [np.ones(s, bool) for s in shapes] + [(x + y) % 2 == 0, (x + y) % 2 == 1]
    )


def hold_both_readers_to(mask: np.ndarray) -> None:
    height, width = mask.shape
    code = rle.encode(mask)
    runs = runs_from_text(code["counts"])
    check_runs(runs, height, width)
    assert rle.runs(code).tolist() == runs
    assert np.array_equal(mask_of_runs(runs, height, width), mask)
    assert np.array_equal(rle.decode(code), mask)
    assert rle.from_runs(np.array(runs), height, width) == code
    area, box = area_and_box(runs, height)
    assert area == rle.area(code) == int(mask.sum())
    assert box == rle.box(code)
    if area:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        spans = [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1]
        assert box == [int(value) for value in spans]


@given(any_mask)
def test_any_mask_survives(mask: np.ndarray) -> None:
    hold_both_readers_to(mask)


@pytest.mark.parametrize("mask", special_masks(), ids=lambda mask: f"{mask.shape}, {int(mask.sum())} set")
def test_the_edges_of_the_format_survive(mask: np.ndarray) -> None:
    hold_both_readers_to(mask)


def test_the_worked_examples_of_the_format_are_read() -> None:
    assert (
        runs_from_text("5220003") == rle.runs({"size": [4, 5], "counts": "5220003"}).tolist() == [5, 2, 2, 2, 2, 2, 5]
    )
    assert runs_from_text("T51[18K2") == [164, 1, 43, 9, 38, 11]
    assert runs_from_text("PP3") == [3072]


def test_a_large_ragged_mask_is_read_alike() -> None:
    hold_both_readers_to(np.random.default_rng(1).random((300, 400)) < 0.3)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ({"size": [4, 5], "counts": "522"}, "do not add up"),
        ({"size": [4, 5], "counts": "522000o"}, "stop in the middle"),
        ({"size": [4, 5], "counts": "52é"}, "damaged"),
        ({"size": [4, 5], "counts": ""}, "not COCO run lengths"),
        ({"size": [4, 5], "counts": "P" * 30 + "0"}, "no picture needs"),
        ({"size": [5, 4], "counts": "5220003"}, "it is 4 x 5 pixels, the clip 5 x 4"),
        ({"size": [4, 5]}, "damaged"),
    ],
)
def test_a_damaged_mask_is_refused_with_its_place(code: dict[str, object], words: str) -> None:
    track = Track(3, "dog")
    clip = StoredClip("walk", 1, 4, 5, source_frames=(7,), times=(0.0,), tracks=(track,))
    with pytest.raises(ExportError, match=words) as caught:
        rle.check(clip, track, 0, MaskRecord(code))
    assert "dog on frame 7 of walk" in str(caught.value)


@given(st.text(alphabet=[chr(code) for code in range(48, 112)], max_size=30))
def test_garbage_is_refused_or_read_alike(text: str) -> None:
    def outcome(read: Callable[[], list[int]]) -> object:
        try:
            runs = read()
            return runs if min(runs) >= 0 else "refused"
        except (ValueError, ExportError):
            return "refused"

    plain = outcome(lambda: runs_from_text(text))
    quick = outcome(lambda: rle.runs({"size": [1, 1], "counts": text}).tolist())
    # Numbers beyond 35 bits are refused by the quick reader and not needed by any picture.
    assert plain == quick or (quick == "refused" and isinstance(plain, list) and max(plain) >= 2**34)


def test_masks_with_bytes_for_counts_are_taken() -> None:
    mask = np.eye(6, dtype=bool)
    code = pycocotools.mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    assert isinstance(code["counts"], bytes)
    assert np.array_equal(rle.decode(code), mask)
    assert rle.counts_text(code) == rle.encode(mask)["counts"]
