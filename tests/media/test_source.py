"""What every opened clip promises: bounds, caching, threads, closing, previews and thumbnails."""

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.media.clip import ClipError, FrameSource, clip_digest, open_clip
from app.media.images import ImageSource
from app.media.video import VideoSource

X264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 12 -sc_threshold 0"


@pytest.fixture(params=["video", "images"])
def path(
    request: pytest.FixtureRequest,
    make_clip: Callable[..., Path],
    tmp_path: Path,
    numbered_picture: Callable[..., np.ndarray],
) -> Path:
    if request.param == "video":
        return make_clip("source.mp4", X264)
    from PIL import Image

    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(60):
        Image.fromarray(numbered_picture(number)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def clip(path: Path) -> Iterator[FrameSource]:
    with open_clip(path) as opened:
        yield opened


def test_a_clip_tells_its_numbers(clip: FrameSource, path: Path) -> None:
    assert clip.path == path
    assert clip.name == path.stem
    assert (len(clip), clip.frame_count, clip.height, clip.width) == (60, 60, 120, 160)
    assert len(clip.times) == 60
    assert clip.times[0] == 0.0
    assert clip.times[50] == pytest.approx(50 / clip.fps)


def test_pictures_are_rgb_bytes_that_nobody_can_change(clip: FrameSource) -> None:
    picture = clip[7]
    assert picture.dtype == np.uint8
    assert picture.shape == (120, 160, 3)
    with pytest.raises(ValueError, match="read-only"):
        picture[0, 0] = 0


@pytest.mark.parametrize("frame", [-1, 60, 10**9])
def test_a_number_outside_the_clip_is_an_index_error(clip: FrameSource, frame: int) -> None:
    with pytest.raises(IndexError, match="frames 0 to 59"):
        clip.read(frame)
    with pytest.raises(IndexError):
        clip.thumbnail(frame, 20)
    with pytest.raises(IndexError):
        clip.preview(frame)


def test_iterating_ends_after_the_last_frame(clip: FrameSource, number_in: Callable[[np.ndarray], int | None]) -> None:
    assert [number_in(picture) for picture in clip] == list(range(60))


@pytest.mark.parametrize("cache_bytes", [0, 1, 100_000, 500_000])
def test_the_cache_never_holds_more_than_it_may(path: Path, cache_bytes: int) -> None:
    with open_clip(path, cache_bytes=cache_bytes) as clip:
        order = [*range(60), *random.Random(5).sample(range(60), 60)]
        for frame in order:
            clip.read(frame)
            assert clip.cached_bytes <= cache_bytes


def test_a_frame_read_before_is_cached_and_the_same(clip: FrameSource) -> None:
    assert not clip.cached(20)
    first = clip[20]
    assert clip.cached(20)
    assert np.array_equal(clip[20], first)


def test_frames_passed_on_the_way_are_kept(make_clip: Callable[..., Path]) -> None:
    with open_clip(make_clip("source.mp4", X264)) as clip:
        clip.read(23)
        assert all(clip.cached(frame) for frame in range(12, 24))
        assert not any(clip.cached(frame) for frame in range(6, 12))


def test_threads_share_one_source(path: Path, number_in: Callable[[np.ndarray], int | None]) -> None:
    wrong: list[tuple[int, object]] = []
    with open_clip(path, cache_bytes=300_000) as clip:

        def read_some(seed: int) -> None:
            for frame in random.Random(seed).choices(range(60), k=40):
                try:
                    seen: object = number_in(clip[frame])
                except Exception as error:
                    seen = error
                if seen != frame:
                    wrong.append((frame, seen))

        threads = [threading.Thread(target=read_some, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_second_source_of_the_same_clip_reads_by_itself(
    clip: FrameSource, number_in: Callable[[np.ndarray], int | None]
) -> None:
    with clip.reopen(cache_bytes=0) as second:
        assert second.frame_count == 60
        clip.read(40)
        assert not second.cached(40)
        assert number_in(second[3]) == 3
    assert number_in(clip[41]) == 41


def test_opening_with_an_index_looks_at_nothing_again(
    path: Path, number_in: Callable[[np.ndarray], int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_clip(path) as first:
        assert isinstance(first, VideoSource | ImageSource)
        index = first.index

    def refuse(*arguments: object) -> None:
        raise AssertionError("indexed again")

    monkeypatch.setattr("app.media.video.index_video", refuse)
    monkeypatch.setattr("app.media.images.index_images", refuse)
    with open_clip(path, index=index) as again:
        assert number_in(again[33]) == 33


def test_closing_twice_is_harmless_and_reading_after_it_is_told(path: Path) -> None:
    clip = open_clip(path)
    clip.read(5)
    clip.close()
    clip.close()
    assert clip.cached_bytes == 0
    for read in (lambda: clip.read(5), lambda: clip.preview(5), lambda: clip.thumbnail(5, 20)):
        with pytest.raises(ClipError, match="has been closed"):
            read()


def test_opening_and_closing_leaves_no_files_and_threads_open(path: Path) -> None:
    process = psutil.Process()

    def open_read_close() -> None:
        with open_clip(path) as clip:
            clip.read(30)
            clip.thumbnail(50, 20)

    open_read_close()
    before = process.num_fds(), process.num_threads()
    for _ in range(20):
        open_read_close()
    assert (process.num_fds(), process.num_threads()) == before


def test_a_failed_opening_leaves_no_file_open(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("not a video\n" * 50)
    process = psutil.Process()
    before = process.num_fds()
    for _ in range(5):
        with pytest.raises(ClipError):
            open_clip(path)
    assert process.num_fds() == before


def test_preview_shows_the_key_frame_until_the_frame_itself_is_decoded(
    make_clip: Callable[..., Path], number_in: Callable[[np.ndarray], int | None]
) -> None:
    with open_clip(make_clip("source.mp4", X264)) as clip:
        shown, picture = clip.preview(20)
        assert (shown, number_in(picture)) == (12, 12)
        assert not clip.cached(13)
        clip.read(20)
        shown, picture = clip.preview(20)
        assert (shown, number_in(picture)) == (20, 20)


def test_preview_of_an_image_folder_is_the_frame_itself(
    tmp_path: Path, numbered_picture: Callable[..., np.ndarray], number_in: Callable[[np.ndarray], int | None]
) -> None:
    from PIL import Image

    for number in range(3):
        Image.fromarray(numbered_picture(number)).save(tmp_path / f"{number}.png")
    with open_clip(tmp_path) as clip:
        shown, picture = clip.preview(2)
        assert (shown, number_in(picture)) == (2, 2)


@pytest.mark.parametrize("name", ["strip.mp4", "strip.ts", "strip.webm", "strip.avi"])
def test_thumbnails_are_the_key_frame_or_exact_when_asked(
    name: str, make_clip: Callable[..., Path], number_in: Callable[[np.ndarray], int | None]
) -> None:
    codec = {".webm": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 12", ".avi": "-c:v mpeg4 -q:v 3 -g 12 -bf 2"}
    with open_clip(make_clip(name, codec.get(Path(name).suffix, X264))) as clip:
        for frame in (0, 5, 30, 59, 17):
            near, exact = clip.thumbnail(frame, 48), clip.thumbnail(frame, 48, exact=True)
            assert near.shape == exact.shape == (48, 64, 3)
            assert number_in(exact) == frame
            number = number_in(near)
            assert number is not None
            assert frame - 12 < number <= frame
        assert number_in(clip[31]) == 31


def test_a_thumbnail_of_no_height_is_refused(clip: FrameSource) -> None:
    with pytest.raises(ValueError, match="height"):
        clip.thumbnail(0, 0)


def test_digest_survives_moving_and_tells_contents_apart(path: Path, tmp_path: Path) -> None:
    with open_clip(path) as clip:
        digest = clip.digest
    moved = tmp_path / "elsewhere" / f"renamed{path.suffix}"
    moved.parent.mkdir()
    if path.is_dir():
        shutil.copytree(path, moved)
    else:
        shutil.copy(path, moved)
    assert clip_digest(moved) == digest
    changed = moved if moved.is_file() else moved / "0.png"
    changed.write_bytes(changed.read_bytes() + b"!")
    assert clip_digest(moved) != digest


def test_digest_of_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="could not be read"):
        clip_digest(tmp_path / "gone.mp4")
