"""How pictures and clips are varied and drawn where a recipe follows the paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_core.training.augmentation import CLIP_AUGMENTATION, Augmentation, Jitter, augmented
from sam2_core.training.clips import ClipSettings, draw_clip
from sam2_core.training.pictures import PictureSettings, draw_sample
from sam2_core.training.sources import DataError, open_library

_PLAIN = Augmentation(flip=0.0)


def _clip(frames: int = 3) -> tuple[list[np.ndarray], np.ndarray]:
    """A bright square on dark ground that never moves, 48 x 64, and its masks."""
    picture = np.full((48, 64, 3), 40, np.uint8)
    picture[10:30, 8:28] = (210, 120, 60)
    mask = np.zeros((48, 64), np.bool_)
    mask[10:30, 8:28] = True
    return [picture] * frames, np.stack([mask[None]] * frames)


def _is_bright(pictures: np.ndarray) -> np.ndarray:
    return pictures[..., 0] > 125


@pytest.mark.parametrize("seed", range(6))
def test_turned_and_slanted_frames_stay_alike_and_masks_go_along(seed: int) -> None:
    how = Augmentation(flip=0.5, degrees=25.0, shear=20.0)
    pictures, masks = augmented(*_clip(), how, 64, np.random.default_rng(seed))
    assert pictures.shape == (3, 64, 64, 3)
    assert masks.shape == (3, 1, 64, 64)
    assert (pictures == pictures[0]).all()
    assert (masks == masks[0]).all()
    both, either = _is_bright(pictures) & masks[:, 0], _is_bright(pictures) | masks[:, 0]
    assert both.sum() > 0.85 * either.sum()


def test_what_comes_in_from_outside_has_the_mean_colour() -> None:
    how = Augmentation(flip=0.0, degrees=25.0)
    seen = [augmented(*_clip(1), how, 64, np.random.default_rng(seed))[0][0, 0, 0].tolist() for seed in range(8)]
    assert [123, 116, 103] in seen


@pytest.mark.parametrize("seed", range(4))
def test_a_clip_is_not_turned_where_an_object_would_leave_its_first_frame(seed: int) -> None:
    pictures, masks = _clip(2)
    in_the_corner = np.zeros_like(masks)
    in_the_corner[0, 0, :3, :3] = in_the_corner[1, 0, 10:30, 8:28] = True
    how = Augmentation(flip=0.0, degrees=25.0)
    (turned, _), (kept, kept_masks) = (
        augmented(pictures, each, how, 48, np.random.default_rng(seed)) for each in (masks, in_the_corner)
    )
    plain, plain_masks = augmented(pictures, in_the_corner, _PLAIN, 48, np.random.default_rng(seed))
    assert not np.array_equal(turned, plain)
    assert np.array_equal(kept, plain)
    assert np.array_equal(kept_masks, plain_masks)


def test_colours_change_alike_on_all_frames_or_on_each_by_itself() -> None:
    strong = Jitter(brightness=0.5, contrast=0.3, saturation=0.3)
    together, _ = augmented(*_clip(), Augmentation(flip=0.0, jitter=strong), 64, np.random.default_rng(1))
    each, _ = augmented(*_clip(), Augmentation(flip=0.0, frame_jitter=strong), 64, np.random.default_rng(1))
    plain, _ = augmented(*_clip(), _PLAIN, 64, np.random.default_rng(1))
    assert (together == together[0]).all()
    assert not np.array_equal(together, plain)
    assert len({frame.tobytes() for frame in each}) == 3


def test_all_frames_of_some_clips_lose_their_colours() -> None:
    grey, _ = augmented(*_clip(), Augmentation(grey=1.0), 64, np.random.default_rng(0))
    assert (grey == grey[..., :1]).all()
    shares = [augmented(*_clip(1), Augmentation(grey=0.25), 16, np.random.default_rng(i))[0] for i in range(200)]
    assert 0.15 < np.mean([(picture == picture[..., :1]).all() for picture in shares]) < 0.35


@pytest.mark.parametrize("seed", range(5))
def test_a_mosaic_shows_the_clip_four_times_and_asks_for_one_of_them(seed: int) -> None:
    pictures, masks = augmented(*_clip(), Augmentation(flip=0.0, mosaic=1.0), 64, np.random.default_rng(seed))
    cells = [(slice(y, y + 32), slice(x, x + 32)) for y in (0, 32) for x in (0, 32)]
    assert all(_is_bright(pictures[0][cell]).sum() > 50 for cell in cells)
    asked = [cell for cell in cells if masks[:, 0][(slice(None), *cell)].any()]
    assert len(asked) == 1
    assert (masks == masks[0]).all()
    bright, mask = _is_bright(pictures[0][asked[0]]), masks[0, 0][asked[0]]
    assert (bright & mask).sum() > 0.85 * (bright | mask).sum()


def test_a_seed_gives_the_same_clip_again() -> None:
    one, again = (augmented(*_clip(), CLIP_AUGMENTATION, 64, np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(one[0], again[0])
    assert np.array_equal(one[1], again[1])


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Twelve frames, every second of them annotated; the second object is gone after frame 4. A video of two maps."""
    folder = tmp_path / "data" / "videos" / "made__long"
    folder.mkdir(parents=True)
    for number in range(12):
        picture = np.full((48, 64, 3), 20 * number, np.uint8)
        Image.fromarray(picture).save(folder / f"{number:05}.jpg", quality=95)
        index_map = np.zeros((48, 64), np.uint8)
        index_map[4:24, 4:24] = 1
        index_map[30:40, 30:50] = 2 if number <= 4 else 0
        if number % 2 == 0:
            Image.fromarray(index_map).save(folder / f"{number:05}.png")
    return tmp_path / "data"


def _settings(**changes: object) -> ClipSettings:
    values = {
        "size": 64,
        "frames": 3,
        "objects": 3,
        "video_share": 1.0,
        "smallest_area": 1,
        "is_consecutive": True,
        "augmentation": _PLAIN,
        **changes,
    }
    return ClipSettings(**values)  # type: ignore[arg-type]


def test_a_window_holds_annotated_frames_that_follow_one_another(video: Path) -> None:
    library = open_library([video])
    starts, is_backwards = set(), []
    for seed in range(40):
        clip = draw_clip(library, _settings(), np.random.default_rng(seed))
        shown = [round(float(frame.mean()) / 20) for frame in clip.pictures]
        step = shown[1] - shown[0]
        assert shown[2] - shown[1] == step
        assert abs(step) == 2
        is_backwards.append(step < 0)
        starts.add(min(shown))
        assert clip.masks[0].any(axis=(1, 2)).all()
        assert clip.masks.shape[1] == (2 if shown[0] <= 4 else 1)
    assert starts == {0, 2, 4, 6}
    assert 0.25 < np.mean(is_backwards) < 0.75


def test_an_object_that_leaves_has_an_empty_mask_and_stays_asked_for(video: Path) -> None:
    library = open_library([video])
    clips = [draw_clip(library, _settings(reverse_share=0.0), np.random.default_rng(seed)) for seed in range(20)]
    leaving = [clip for clip in clips if clip.masks.shape[1] == 2 and not clip.masks[-1].any(axis=(1, 2)).all()]
    assert leaving
    assert all(round(float(clip.pictures[0].mean()) / 20) < 10 for clip in clips)


def test_videos_with_too_few_annotated_frames_are_refused_in_a_sentence(video: Path) -> None:
    with pytest.raises(DataError, match="no video has more than 6 of them"):
        draw_clip(open_library([video]), _settings(frames=8), np.random.default_rng(0))


def test_sources_of_videos_are_drawn_by_weight(video: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "videos" / "made__long").rename(tmp_path / "data" / "videos" / "one")
    other = tmp_path / "data" / "videos" / "two"
    other.mkdir()
    for file in (tmp_path / "data" / "videos" / "one").iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    settings = _settings(frames=1, video_weights={"two": 9.0})
    library = open_library([video])
    drawn = [draw_clip(library, settings, np.random.default_rng(seed)).source for seed in range(100)]
    assert 75 < drawn.count("two") < 100


def test_a_whole_still_gives_every_object_once_but_what_fills_it(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "stills" / "many"
    folder.mkdir(parents=True)
    index_map = np.zeros((100, 100), np.uint8)
    for number in range(80):
        y, x = 10 * (number // 10), 10 * (number % 10)
        index_map[y : y + 6, x : x + 6] = number + 1
    Image.fromarray(index_map).save(folder / "0000.png")
    Image.fromarray(np.full((100, 100, 3), 90, np.uint8)).save(folder / "0000.jpg")
    settings = PictureSettings(size=96, objects=64, composite_share=0.0, augmentation=_PLAIN)
    library = open_library([tmp_path / "data"])
    masks = draw_sample(library, settings, np.random.default_rng(0)).masks
    assert masks.shape == (64, 96, 96)
    assert masks.any(axis=(1, 2)).all()
    assert masks.sum(axis=0).max() == 1, "no object comes twice"
    Image.fromarray(np.ones((100, 100), np.uint8)).save(folder / "0000.png")
    with pytest.raises(DataError, match="large enough"):
        draw_sample(library, settings, np.random.default_rng(0))
