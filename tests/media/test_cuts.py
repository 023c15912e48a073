"""Shot cuts: found where one shot ends, not where the picture flashes, pans or moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.media.clip import open_clip
from app.media.cuts import CutDetector, CutSearch, find_cuts
from app.media.source import ClipError, Picture

HEIGHT, WIDTH = 72, 128


def scene(number: int) -> np.ndarray:
    """A wide picture of patches, of another kind for each number, to look at through a window that moves."""
    patches = np.random.default_rng(number).integers(0, 255, (9, 64, 3)).astype(np.uint8)
    return np.repeat(np.repeat(patches, 8, axis=0), 8, axis=1)


def shot(number: int, count: int, speed: int = 1) -> list[Picture]:
    """A shot of so many frames; the window goes right by `speed` pixels a frame."""
    return [np.ascontiguousarray(scene(number)[:, speed * i : speed * i + WIDTH]) for i in range(count)]


def cuts_in(pictures: list[Picture]) -> list[int]:
    detector = CutDetector()
    found = [cut for frame, picture in enumerate(pictures) for cut in detector.take(frame, picture)]
    return found + detector.end()


def test_the_first_frame_of_every_shot_but_the_first_is_found() -> None:
    assert cuts_in([*shot(1, 20), *shot(2, 15), *shot(3, 30)]) == [20, 35]


def test_one_shot_has_no_cut_however_fast_the_camera_moves() -> None:
    assert cuts_in(shot(1, 40)) == []
    assert cuts_in(shot(1, 20, speed=16)) == []


def test_a_flash_is_no_cut() -> None:
    pictures = shot(1, 30)
    pictures[14] = np.full_like(pictures[14], 250)
    assert cuts_in(pictures) == []


def test_pictures_that_have_nothing_to_do_with_each_other_are_no_shots() -> None:
    assert cuts_in([shot(number, 1)[0] for number in range(30)]) == []


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_cut_near_the_end_is_found(length: int) -> None:
    assert cuts_in([*shot(1, 12), *shot(2, length)]) == [12]


def test_a_short_clip_has_no_cut() -> None:
    assert cuts_in([]) == [] and cuts_in(shot(1, 1)) == []


@pytest.fixture(scope="module")
def three_shots(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., None]) -> Path:
    path = tmp_path_factory.mktemp("cuts") / "three shots.mp4"
    pictures = b"".join(picture.tobytes() for number, n in ((1, 30), (2, 25), (3, 35)) for picture in shot(number, n))
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", "-"]
    ffmpeg([*raw, "-c:v", "libx264", "-pix_fmt", "yuv420p", path], pictures)
    return path


def searched(search: Iterator[CutSearch]) -> tuple[int, ...]:
    try:
        while True:
            next(search)
    except StopIteration as end:
        return tuple(end.value)


def test_a_video_is_searched_while_it_is_read_elsewhere(three_shots: Path) -> None:
    with open_clip(three_shots) as source:
        search = find_cuts(source)
        first = next(search)
        assert (first.done, first.total, first.found) == (1, 90, ())
        source.read(80)
        assert searched(search) == (30, 55)


def test_what_was_found_is_told_on_the_way_and_the_search_can_be_given_up(three_shots: Path) -> None:
    with open_clip(three_shots) as source:
        search = find_cuts(source)
        told = [next(search).found for _ in range(3)]
        assert told[-1] == (30,)
        search.close()
        assert source.read(0).shape == (HEIGHT, WIDTH, 3)


def test_a_search_goes_on_where_one_was_given_up(three_shots: Path) -> None:
    with open_clip(three_shots) as source:
        for start in (31, 32, 33, 34, 54, 55, 56):
            found = searched(find_cuts(source, start))
            assert 55 in found or start > 56, start
            assert set(found) <= {30, 55}
        assert searched(find_cuts(source, 80)) == ()


def test_a_clip_that_has_gone_ends_the_search_with_a_sentence(tmp_path: Path, three_shots: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(three_shots.read_bytes())
    with open_clip(copy) as source:
        copy.unlink()
        with pytest.raises(ClipError, match=r"copy\.mp4"):
            searched(find_cuts(source))
