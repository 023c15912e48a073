"""Where a project says that masks do not overlap, the list's order decides, and nothing is computed again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.commands.export import dataset_of, export
from app.commands.masks import set_mask
from app.commands.objects import allow_overlaps, new_object, reorder_objects
from app.commands.review import mark_absent
from app.document.masks import MaskCode
from app.document.overlaps import resolved_masks
from app.document.project import Project
from exporters.registry import find_format

SquareCode = Callable[..., MaskCode]


@pytest.fixture
def overlapping(project: Project, square: SquareCode) -> Project:
    """dog (1) at 3, cat (2) at 6 and a fly (3) inside the cat, all on frame 5; back to front in this order."""
    new_object(project, "fly")
    set_mask(project, 1, 5, square(3, 4))
    set_mask(project, 2, 5, square(6, 4))
    set_mask(project, 3, 5, square(8, 6, 2))
    return project


def areas(project: Project) -> dict[int, int]:
    return {key: code.area for key, code in resolved_masks(project.document, 5).items()}


def test_overlaps_are_allowed_until_somebody_says_otherwise(overlapping: Project) -> None:
    assert areas(overlapping) == {1: 36, 2: 36, 3: 4}
    allow_overlaps(overlapping, False)
    assert areas(overlapping) == {1: 18, 2: 32, 3: 4}
    assert overlapping.history.undo() == "No overlaps"
    assert areas(overlapping) == {1: 36, 2: 36, 3: 4}


def test_another_order_resolves_them_anew_and_the_masks_stay_whole(overlapping: Project) -> None:
    allow_overlaps(overlapping, False)
    whole = dict(overlapping.document.masks)
    reorder_objects(overlapping, [3, 2, 1])
    assert areas(overlapping) == {3: 0, 2: 18, 1: 36}
    assert list(resolved_masks(overlapping.document, 5)) == [3, 2, 1]
    assert dict(overlapping.document.masks) == whole


def test_no_two_resolved_masks_share_a_pixel_and_none_is_lost(project: Project) -> None:
    rng = np.random.default_rng(3)
    for _ in range(3):
        new_object(project)
    for object_id in project.document.objects:
        set_mask(project, object_id, 0, rng.random((24, 32)) < 0.4)
    allow_overlaps(project, False)
    kept = [code.to_array() for code in resolved_masks(project.document, 0).values()]
    stored = [mask.code.to_array() for mask in project.document.masks_at(0).values()]
    assert np.array_equal(np.sum(kept, axis=0), np.any(stored, axis=0))


def test_exports_hold_the_resolved_masks_and_say_who_is_covered(overlapping: Project) -> None:
    allow_overlaps(overlapping, False)
    reorder_objects(overlapping, [3, 2, 1])
    mark_absent(overlapping, [(2, 6)])
    clip = dataset_of(overlapping, None).clips[0]
    found = {track.id: clip.mask(track.id, 5) for track in clip.tracks}
    assert {key: record.state for key, record in found.items()} == {1: "visible", 2: "visible", 3: "occluded"}
    assert clip.mask(2, 6).state == "absent" and clip.mask(1, 6) is None
    alone = dataset_of(overlapping, None, object_ids=[2]).clips[0]
    assert alone.mask(2, 5) == found[2]


def test_a_coco_file_of_it_has_no_overlap(overlapping: Project, tmp_path: Path) -> None:
    allow_overlaps(overlapping, False)
    options = find_format("coco").options(with_images=False)
    work = export(overlapping, None, "coco", tmp_path / "out", options)
    try:
        while True:
            next(work)
    except StopIteration as end:
        report = end.value
    assert report.verdict.startswith("pass")
    clip = find_format("coco").read(tmp_path / "out").clips[0]
    total = np.zeros((24, 32), int)
    for track in clip.tracks:
        record = clip.mask(track.id, 5)
        total += MaskCode.from_rle(record.rle).to_array()
    assert total.max() == 1 and total.sum() == 54
