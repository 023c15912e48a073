"""What `--data` may name: DAVIS trees, COCO files, cut-outs, lists of videos, and all of them together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pycocotools.mask
import pytest
from PIL import Image

from sam2_core.training.clips import ClipSettings, draw_clip
from sam2_core.training.coco_masks import mask_of
from sam2_core.training.library import LabelledVideo
from sam2_core.training.pictures import PictureSettings, draw_sample, read_index_map
from sam2_core.training.sources import DataError, open_library
from sam2_core.training.video_list import write

HEIGHT, WIDTH = 48, 64


def _picture(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    Image.fromarray(values).save(path)
    return path


def _index_map(path: Path, *boxes: tuple[int, int, int, int, int]) -> Path:
    """Boxes of number, x0, y0, x1, y1 in a palette picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.zeros((HEIGHT, WIDTH), np.uint8)
    for number, x0, y0, x1, y1 in boxes:
        values[y0:y1, x0:x1] = number
    image = Image.fromarray(values)
    image.putpalette([channel for number in range(256) for channel in (number, 0, 255 - number)])
    image.save(path)
    return path


@pytest.fixture
def davis(tmp_path: Path) -> Path:
    """Two videos of four frames, of which the second one is for validation; the last frame is not annotated."""
    root = tmp_path / "davis"
    for name in ("dog", "cat"):
        for frame in range(4):
            _picture(root / "JPEGImages" / "480p" / name / f"{frame:05d}.jpg", frame)
            if frame < 3:
                box = (2, 10 + frame, 8, 40 + frame, 36)
                _index_map(root / "Annotations" / "480p" / name / f"{frame:05d}.png", box, (255, 0, 0, 64, 3))
    lists = root / "ImageSets" / "2017"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("dog\n")
    (lists / "val.txt").write_text("cat\n")
    return root


def _coco(root: Path, **more: Any) -> Path:
    """One picture with a large object, a small one upon it in run lengths, and a crowd."""
    inner = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    inner[20:28, 24:32] = 1
    code = pycocotools.mask.encode(inner)
    code["counts"] = code["counts"].decode()
    runs = {"size": [HEIGHT, WIDTH], "counts": [0, HEIGHT * WIDTH]}
    annotations = [
        {"id": 1, "image_id": 7, "bbox": [8, 8, 40, 32], "segmentation": [[8, 8, 48, 8, 48, 40, 8, 40]]},
        {"id": 2, "image_id": 7, "bbox": [24, 20, 8, 8], "segmentation": code},
        {"id": 3, "image_id": 7, "bbox": [0, 0, WIDTH, HEIGHT], "segmentation": runs, "iscrowd": 1},
    ]
    images = [{"id": 7, "file_name": "one.jpg", "height": HEIGHT, "width": WIDTH}]
    _picture(root / "train" / "one.jpg")
    file = root / "annotations" / "instances_train.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [], **more}))
    return file


def test_a_davis_tree_gives_its_training_part_as_videos_and_stills(davis: Path) -> None:
    library = open_library([davis])
    assert list(library.videos) == ["dog"]
    assert sorted(library.videos["dog"].maps) == [0, 1, 2]
    assert len(library.videos["dog"].frames) == 4
    assert len(library.stills["davis"]) == 3
    assert library.sources == ["stills/davis", "videos/davis"]
    numbers = read_index_map(library.videos["dog"].maps[0])
    assert np.unique(numbers).tolist() == [0, 2], "255 marks what nobody judges"
    assert list(open_library([davis], held_out=True).videos) == ["cat"]


def test_a_davis_map_with_255_alone_holds_one_object(davis: Path) -> None:
    _index_map(davis / "Annotations" / "480p" / "dog" / "00000.png", (255, 10, 10, 30, 30))
    numbers = read_index_map(open_library([davis]).videos["dog"].maps[0])
    assert np.unique(numbers).tolist() == [0, 1]
    assert int((numbers == 1).sum()) == 400


def test_a_davis_tree_needs_no_level_of_resolutions(tmp_path: Path) -> None:
    _picture(tmp_path / "JPEGImages" / "bird" / "00000.jpg")
    _index_map(tmp_path / "Annotations" / "bird" / "00000.png", (1, 5, 5, 20, 20))
    assert list(open_library([tmp_path]).videos) == ["bird"]


def test_a_coco_file_gives_whole_masks_of_objects_upon_each_other(tmp_path: Path) -> None:
    file = _coco(tmp_path / "things")
    for named in (file, tmp_path / "things"):
        stills = open_library([named]).stills["things"]
        large, small = (read_index_map(still.index_map) > 0 for still in stills)
        assert int(large.sum()) == 40 * 32, "the small object cuts no hole into the one below"
        assert int(small.sum()) == 64
        assert small[20:28, 24:32].all()


def test_of_several_coco_files_the_validation_part_is_held_out(tmp_path: Path) -> None:
    file = _coco(tmp_path)
    (file.parent / "instances_val.json").write_text(file.read_text())
    assert len(open_library([tmp_path]).stills[tmp_path.name]) == 2
    _picture(tmp_path / "val" / "one.jpg")
    assert len(open_library([tmp_path], held_out=True).stills[tmp_path.name]) == 2


def test_a_coco_file_with_tracks_gives_videos_and_knows_absent_from_unknown(tmp_path: Path) -> None:
    images = [
        {"id": n, "file_name": f"{n}.jpg", "height": HEIGHT, "width": WIDTH, "video_id": 1, "frame_id": n, **more}
        for n, more in enumerate([{}, {}, {"exhaustive": True}, {"exhaustive": False}, {"exhaustive": True}])
    ]
    box = [[8, 8, 48, 8, 48, 40, 8, 40]]
    annotations = [
        {"id": n, "image_id": n, "bbox": [8, 8, 40, 32], "segmentation": box, "track_id": 5} for n in range(2)
    ]
    annotations += [{**annotations[0], "id": 4, "image_id": 4, "iscrowd": 1}]
    file = _coco(tmp_path, images=images, annotations=annotations, videos=[{"id": 1, "name": "walk"}])
    for image in images:
        _picture(tmp_path / "train" / str(image["file_name"]))
    video = open_library([file]).videos[f"{tmp_path.name}/walk, 5"]
    assert len(video.frames) == 5
    areas = {frame: int((read_index_map(source) > 0).sum()) for frame, source in video.maps.items()}
    assert areas == {0: 40 * 32, 1: 40 * 32, 2: 0}, "in a crowd it is not absent"


@pytest.mark.parametrize("seed", range(3))
def test_run_lengths_are_read_as_pycocotools_wrote_them(seed: int) -> None:
    mask = np.random.default_rng(seed).random((37, 53)) < (0.02, 0.5, 0.98)[seed]
    code = pycocotools.mask.encode(np.asfortranarray(mask, np.uint8))
    assert np.array_equal(mask_of(code, (37, 53)), mask)


@pytest.mark.parametrize("counts", ["", "~", "0", [5, 5], [-1, 37 * 53 + 1]])
def test_damaged_run_lengths_are_refused(counts: Any) -> None:
    with pytest.raises(ValueError, match=r"runs|counts"):
        mask_of({"size": [37, 53], "counts": counts}, (37, 53))


def test_pictures_with_transparency_are_cutouts(tmp_path: Path) -> None:
    folder = tmp_path / "props"
    folder.mkdir()
    Image.new("RGBA", (20, 10), (255, 0, 0, 255)).save(folder / "ball.png")
    Image.new("RGB", (20, 10)).save(folder / "notes.png")
    assert [item.name for item in open_library([folder]).cutouts["props"]] == ["ball"]


def test_a_list_of_videos_is_read_as_it_was_written(tmp_path: Path) -> None:
    frames = tuple(_picture(tmp_path / "frames" / f"{n}.jpg", n) for n in range(3))
    maps = {n: _index_map(tmp_path / "maps" / f"{n}.png", (1, 4, 4, 40, 40)) for n in (0, 2)}
    write(tmp_path, {"walk, dog": LabelledVideo("walk", frames, maps)}, {"walk, dog": [2]})
    library = open_library([tmp_path])
    assert library.videos == {"walk, dog": LabelledVideo("walk", frames, maps)}
    assert [still.image for still in library.stills["walk"]] == [frames[0]], "where it is absent there is no still"
    maps[2].unlink()
    with pytest.raises(DataError, match=r"2\.png, which is not there"):
        open_library([tmp_path])


def test_several_folders_of_all_kinds_make_one_library_that_samples_come_from(davis: Path, tmp_path: Path) -> None:
    _coco(tmp_path / "things")
    (tmp_path / "props").mkdir()
    Image.new("RGBA", (20, 10), (255, 0, 0, 255)).save(tmp_path / "props" / "ball.png")
    library = open_library([davis, tmp_path / "things", tmp_path / "props", davis])
    assert sorted(library.videos) == ["dog", "dog (2)"]
    settings = PictureSettings(size=64, objects=2, smallest_area=12, composite_share=0.3)
    drawn = {draw_sample(library, settings, np.random.default_rng(seed)).source for seed in range(30)}
    assert drawn == {"davis", "things", "composite"}
    clips = ClipSettings(size=64, frames=3, objects=1, smallest_area=12, video_share=0.5)
    assert {draw_clip(library, clips, np.random.default_rng(seed)).source for seed in range(12)} == {"davis", "moving"}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("JPEGImages/a/0.jpg", "no Annotations"),
        ("annotations/instances_train.json", "is damaged"),
        ("videos.json", "is damaged"),
        ("notes.txt", "nothing that can be trained on; give a DAVIS tree"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(tmp_path: Path, made: str, said: str) -> None:
    path = tmp_path / "data" / made
    path.parent.mkdir(parents=True)
    path.write_text("nothing")
    with pytest.raises(DataError, match=said):
        open_library([tmp_path / "data"])


def test_a_coco_file_without_its_pictures_is_refused(tmp_path: Path) -> None:
    file = _coco(tmp_path)
    (tmp_path / "train" / "one.jpg").unlink()
    with pytest.raises(DataError, match="None of the pictures"):
        open_library([file])


def test_a_damaged_picture_is_passed_over_until_nothing_is_left(davis: Path) -> None:
    library = open_library([davis])
    settings = PictureSettings(size=64, objects=1, smallest_area=12)
    clips = ClipSettings(size=64, frames=2, objects=1, smallest_area=12, video_share=1.0)
    frames = library.videos["dog"].frames
    frames[0].write_bytes(b"no picture")
    for seed in range(8):
        assert draw_sample(library, settings, np.random.default_rng(seed)).masks.any()
        assert draw_clip(library, clips, np.random.default_rng(seed)).masks.any()
    for frame in frames:
        frame.write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"in 50 tries.*jpg cannot be read as a picture"):
        draw_sample(library, settings, np.random.default_rng(0))
