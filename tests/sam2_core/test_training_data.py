"""Training data: what is held out stays out, samples repeat exactly, and clips carry the truth of what they show."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sam2_core.training.clips import ClipSettings, draw_clip
from sam2_core.training.cutouts import Canvas, Patch
from sam2_core.training.films import read_film
from sam2_core.training.pictures import PictureSettings, draw_sample
from sam2_core.training.sources import DataError, is_held_out_still, open_library


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """A few small sources in the layout of a data folder, some of them held out in part or as a whole."""
    generator = np.random.default_rng(0)
    for source, names in {"coco_cc": ["0000", "0109", "0110", "0133"], "fingernails": ["0000"]}.items():
        folder = tmp_path / "train" / "stills" / source
        folder.mkdir(parents=True)
        items = []
        for number, name in enumerate(names):
            picture = generator.integers(0, 256, (60, 80, 3), dtype=np.uint8)
            index_map = np.zeros((60, 80), np.uint8)
            index_map[10:40, 10 + number : 50], index_map[42:58, 55:75] = 1, 2
            Image.fromarray(picture).save(folder / f"{name}.jpg")
            Image.fromarray(index_map).save(folder / f"{name}.png")
            items.append({"file": name, "coco_id": 100 + number})
        (folder / "index.json").write_text(json.dumps({"items": items}))
    folder = tmp_path / "train" / "cutouts" / "coco_cc"
    folder.mkdir(parents=True)
    cutouts = []
    for number in range(4):
        rgba = np.full((30, 40, 4), 255, np.uint8)
        rgba[..., :3] = (200, 40 * number, 30)
        rgba[:5, :, 3] = 0
        Image.fromarray(rgba).save(folder / f"000{number}.webp")
        cutouts.append({"file": f"000{number}.webp", "name": f"coco {100 + number} #1 CC BY 2.0"})
    (folder / "index.json").write_text(json.dumps({"items": cutouts}))
    return tmp_path


def test_held_out_stills_and_their_cutouts_are_never_yielded(data_folder: Path) -> None:
    library = open_library([data_folder])
    assert {still.name for still in library.stills["coco_cc"]} == {"0000", "0109"}
    assert set(library.stills) == {"coco_cc"}
    assert [cutout.name for cutout in library.cutouts["coco_cc"]] == ["0000", "0001"]
    held_out = open_library([data_folder], held_out=True)
    assert {still.name for still in held_out.stills["coco_cc"]} == {"0110", "0133"}
    assert set(held_out.stills) == {"coco_cc", "fingernails"}
    assert [cutout.name for cutout in held_out.cutouts["coco_cc"]] == ["0002", "0003"]


def test_the_rules_of_the_split() -> None:
    assert is_held_out_still("dsb2018_nuclei", "0039")
    assert not is_held_out_still("dsb2018_nuclei", "0038")
    assert is_held_out_still("building_facades", "0130")
    assert not is_held_out_still("openimages_animals", "0189")
    assert is_held_out_still("microcontrollers", "0000")
    assert not is_held_out_still("oxford_pets", "0299")


def test_a_sample_is_determined_by_its_generator(data_folder: Path) -> None:
    library = open_library([data_folder])
    settings = PictureSettings(size=64, objects=3, smallest_area=12)
    one, again = (draw_sample(library, settings, np.random.default_rng([1, 5])) for _ in range(2))
    assert np.array_equal(one.picture, again.picture)
    assert np.array_equal(one.masks, again.masks)
    assert one.picture.shape == (64, 64, 3)
    assert one.masks.shape == (3, 64, 64)
    assert one.masks.any(axis=(1, 2)).all()


def test_a_clip_begins_with_all_its_objects(data_folder: Path) -> None:
    library = open_library([data_folder])
    settings = ClipSettings(size=64, frames=4, objects=2, smallest_area=12)
    for seed in range(6):
        clip = draw_clip(library, settings, np.random.default_rng(seed))
        assert clip.pictures.shape == (4, 64, 64, 3)
        assert clip.masks.shape == (4, 2, 64, 64)
        assert clip.masks[0].any(axis=(1, 2)).all()
        again = draw_clip(library, settings, np.random.default_rng(seed))
        assert np.array_equal(clip.masks, again.masks)


def test_a_video_whose_masks_are_of_another_size_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "videos" / "made"
    folder.mkdir(parents=True)
    for number in range(2):
        Image.new("RGB", (80, 60)).save(folder / f"{number:05}.jpg")
        Image.fromarray(np.ones((30, 40), np.uint8)).save(folder / f"{number:05}.png")
    library = open_library([tmp_path])
    settings = ClipSettings(size=64, frames=2, objects=1, video_share=1.0)
    with pytest.raises(DataError, match=r"jpg is 80 x 60 pixels and its masks 40 x 30"):
        draw_clip(library, settings, np.random.default_rng(0))


def test_a_folder_without_data_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing that can be trained on; give a DAVIS tree"):
        open_library([tmp_path])
    with pytest.raises(DataError, match="no data folder"):
        open_library([tmp_path / "nothing"])


def test_what_is_pasted_covers_what_lies_under_it_and_brings_its_parts() -> None:
    def square(parts: int) -> Patch:
        return Patch(Image.new("RGBA", (8, 8), (255, 0, 0, 255)), Image.new("L", (8, 8), parts) if parts else None)

    canvas = Canvas(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), np.int32), np.zeros((16, 16), np.int32))
    canvas.paste(square(2), 2, 2, 1)
    assert (canvas.objects == 1).sum() == (canvas.parts == 2).sum() == 64
    canvas.paste(square(1), 6, 6, 2)
    assert (canvas.objects == 1).sum() == (canvas.parts == 2).sum() == 48
    assert (canvas.objects == 2).sum() == (canvas.parts == 3).sum() == 64
    canvas.paste(square(0), 12, 12, 3)
    assert (canvas.parts[canvas.objects == 3] == 0).all()
    assert (canvas.picture[canvas.objects > 0] == (255, 0, 0)).all()


def test_a_shadow_darkens_what_is_around_and_labels_nothing() -> None:
    canvas = Canvas(np.full((40, 40, 3), 200, np.uint8), np.zeros((40, 40), np.int32), np.zeros((40, 40), np.int32))
    canvas.cast_shadow(Patch(Image.new("RGBA", (12, 12), (0, 255, 0, 255))), 14, 14, np.random.default_rng(0))
    assert canvas.picture.min() < 180
    assert canvas.picture[0, 0].tolist() == [200, 200, 200]
    assert not canvas.objects.any()
    assert (canvas.picture <= 200).all()


def test_a_film_gives_frames_that_follow_each_other_and_turns_back_where_it_is_short(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 48
        for number in range(4):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 + 50 * number, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    pictures = read_film(path, 7, np.random.default_rng(0))
    shades = [round(float(picture.mean() - 40) / 50) for picture in pictures]
    assert shades == [0, 1, 2, 3, 2, 1, 0]
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(b"no film")
    with pytest.raises(DataError, match=r"damaged\.mp4 cannot be read as a film"):
        read_film(damaged, 3, np.random.default_rng(0))
