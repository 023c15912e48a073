"""Shot cuts: found where one shot ends, not where the picture flashes, pans or moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.media.clip import open_clip
from app.media.cuts import CutDetector, CutSearch, find_cuts
from app.media.fades import FadeDetector
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


def calm(number: int, first: int, last: int) -> list[Picture]:
    """Frames of a shot in which the camera stands, a block goes by and every frame has noise of its own."""
    pictures = []
    for frame in range(first, last):
        noise = np.random.default_rng((number, frame)).integers(-4, 5, (HEIGHT, WIDTH, 3))
        picture = np.clip(scene(number)[:, :WIDTH] + noise, 0, 255).astype(np.uint8)
        picture[20:36, frame % 100 : frame % 100 + 16] = 30
        pictures.append(picture)
    return pictures


BLACK: list[Picture] = [np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 15


def mixed(one: list[Picture], other: list[Picture]) -> list[Picture]:
    """One shot turning into another of the same length, evenly."""
    shares = np.arange(1, len(one) + 1) / (len(one) + 1)
    return [
        np.round((1 - share) * a + share * b).astype(np.uint8) for a, b, share in zip(one, other, shares, strict=True)
    ]


@pytest.mark.parametrize("length", [8, 12, 20, 36])
def test_a_dissolve_has_one_cut_about_in_its_middle(length: int) -> None:
    way = mixed(calm(1, 30, 30 + length), calm(2, 0, length))
    found = cuts_in([*calm(1, 0, 30), *way, *calm(2, length, length + 40)])
    assert len(found) == 1 and abs(found[0] - (30 + length / 2)) <= 2 + length / 8


def test_two_dissolves_and_a_hard_cut_are_all_found() -> None:
    pictures = [*calm(1, 0, 30), *mixed(calm(1, 30, 45), calm(2, 0, 15)), *calm(2, 15, 45), *calm(3, 0, 30)]
    found = sorted(cuts_in([*pictures, *mixed(calm(3, 30, 45), calm(4, 0, 15)), *calm(4, 15, 45)]))
    assert len(found) == 3 and found[1] == 75
    assert abs(found[0] - 37) <= 3 and abs(found[2] - 112) <= 3


def test_a_fade_through_black_has_one_cut_where_the_new_shot_comes_up() -> None:
    out, back = mixed(calm(1, 20, 35), BLACK), mixed(BLACK, calm(2, 0, 15))
    found = cuts_in([*calm(1, 0, 20), *out, *BLACK, *back, *calm(2, 15, 45)])
    assert len(found) == 1 and 48 <= found[0] <= 55


def test_no_dissolve_goes_past_a_hard_cut_even_after_an_earlier_dissolve_was_told() -> None:
    """Frames 2 to 12 and 14 to 19 are dissolves, the second with a cut in it: no transition is seen through that."""
    first, second, third = (np.random.default_rng(number).uniform(0, 200, (18, 32, 3)) for number in (1, 2, 3))
    detector = FadeDetector()
    found: list[int] = []
    for frame in range(60):
        one, two = np.clip(((frame - 2) / 10, (frame - 14) / 5), 0.0, 1.0)
        picture = ((first * (1 - one) + second * one) * (1 - two) + third * two).astype(np.float32)
        if frame == 18:
            detector.break_off(16)
        found += detector.take(frame, picture)
    assert [*found, *detector.end()] == [8]


def test_fading_in_at_the_start_and_out_at_the_end_is_no_cut() -> None:
    assert cuts_in([*BLACK, *mixed(BLACK, calm(1, 0, 15)), *calm(1, 15, 45)]) == []
    assert cuts_in([*calm(1, 0, 30), *mixed(calm(1, 30, 45), BLACK), *BLACK]) == []


def test_light_that_changes_is_no_cut() -> None:
    shares = np.linspace(1, 0.3, 60)
    assert cuts_in([(one * share).astype(np.uint8) for one, share in zip(calm(1, 0, 60), shares, strict=True)]) == []


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
