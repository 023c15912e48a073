"""The data sets of the paper are read as they are published."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pycocotools.mask
import pytest
from PIL import Image

from sam2_core.training.augmentation import Augmentation
from sam2_core.training.clips import ClipSettings, draw_clip
from sam2_core.training.pictures import PictureSettings, draw_sample, read_index_map
from sam2_core.training.sources import DataError, open_library


def _code(mask: np.ndarray) -> dict[str, object]:
    code = pycocotools.mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(side) for side in code["size"]], "counts": code["counts"].decode()}


def _square(y: int, x: int, side: int) -> np.ndarray:
    mask = np.zeros((60, 80), np.bool_)
    mask[y : y + side, x : x + side] = True
    return mask


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A picture with a whole and, named first, a part of it; masks without a picture."""
    folder = tmp_path / "sa1b" / "sa_000000"
    folder.mkdir(parents=True)
    Image.fromarray(np.full((60, 80, 3), 90, np.uint8)).save(folder / "sa_1.jpg")
    masks = [_square(10, 10, 10), _square(5, 5, 40)]
    annotations = [{"segmentation": _code(mask), "area": int(mask.sum()), "id": i} for i, mask in enumerate(masks)]
    text = json.dumps({"image": {"height": 60, "width": 80, "file_name": "sa_1.jpg"}, "annotations": annotations})
    (folder / "sa_1.json").write_text(text)
    (folder / "sa_2.json").write_text(text)
    return tmp_path / "sa1b"


def test_pictures_of_sa_1b_keep_parts_in_front_of_wholes(pictures: Path) -> None:
    library = open_library([pictures])
    (still,) = library.stills["sa1b"]
    index_map = read_index_map(still.index_map)
    assert np.array_equal(index_map == 2, _square(10, 10, 10))
    assert np.array_equal(index_map > 0, _square(5, 5, 40))
    sample = draw_sample(library, PictureSettings(size=64, objects=2, composite_share=0.0), np.random.default_rng(0))
    assert sample.masks.any(axis=(1, 2)).all()
    (pictures / "sa_000000" / "sa_1.json").write_text("{")
    with pytest.raises(DataError, match=r"sa_1\.json cannot be read as a file of masks"):
        read_index_map(still.index_map)


def test_the_papers_stills_ask_for_wholes_together_with_their_parts(pictures: Path) -> None:
    settings = PictureSettings(size=60, objects=2, composite_share=0.0, augmentation=Augmentation(flip=0.0))
    masks = draw_sample(open_library([pictures]), settings, np.random.default_rng(0)).masks
    part, whole = sorted(masks, key=lambda mask: mask.sum())
    assert (part & ~whole).sum() == 0, "nothing is cut out of the whole"
    assert whole.sum() == pytest.approx(40 * 40 * 60 / 80, rel=0.05)
    one = dataclasses.replace(settings, objects=1)
    drawn = [draw_sample(open_library([pictures]), one, np.random.default_rng(seed)).masks for seed in range(8)]
    assert {mask.shape[0] for mask in drawn} == {1}
    assert len({int(mask.sum()) for mask in drawn}) == 2, "any of them"


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """A video of nine frames whose first, fifth and ninth are annotated; the second object is on the first alone."""
    folder = tmp_path / "sav"
    frames = folder / "JPEGImages_24fps" / "sav_7"
    frames.mkdir(parents=True)
    for number in range(9):
        Image.fromarray(np.full((60, 80, 3), 20 * number, np.uint8)).save(frames / f"{number:05}.jpg")
    there = [_square(5, 5 + 10 * position, 20) for position in range(3)]
    other = [_square(40, 40, 15), np.zeros((60, 80), np.bool_), np.zeros((60, 80), np.bool_)]
    masklet = [[_code(one), _code(two)] for one, two in zip(there, other, strict=True)]
    content = {"video_id": "sav_7", "video_height": 60.0, "video_width": 80.0, "masklet": masklet}
    (folder / "sav_000").mkdir()
    (folder / "sav_000" / "sav_7_manual.json").write_text(json.dumps(content))
    return folder


def test_videos_of_sa_v_are_known_on_every_fourth_frame(videos: Path) -> None:
    library = open_library([videos])
    (video,) = library.videos.values()
    assert sorted(video.maps) == [0, 4, 8]
    assert len(video.frames) == 9
    assert set(np.unique(read_index_map(video.maps[0]))) == {0, 1, 2}
    assert set(np.unique(read_index_map(video.maps[8]))) == {0, 1}
    settings = ClipSettings(
        size=64, frames=3, objects=3, video_share=1.0, is_consecutive=True, reverse_share=0.0, smallest_area=1
    )
    clip = draw_clip(library, settings, np.random.default_rng(0))
    assert [round(float(frame.mean()) / 20) for frame in clip.pictures] == [0, 4, 8]
    assert clip.masks.any(axis=(2, 3)).sum() == 4


def test_masks_without_frames_are_refused_in_a_sentence(videos: Path, pictures: Path) -> None:
    for file in (videos / "JPEGImages_24fps" / "sav_7").iterdir():
        file.unlink()
    with pytest.raises(DataError, match="extract them at 24 fps"):
        open_library([videos])
    (pictures / "sa_000000" / "sa_1.jpg").unlink()
    with pytest.raises(DataError, match="none of the pictures"):
        open_library([pictures])
