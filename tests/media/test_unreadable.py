"""What cannot be read is told in one sentence: what is wrong, where, what now."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.media.clip import ClipError, open_clip

X264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -sc_threshold 0 -g 12"


def sentence_of(path: Path | str) -> str:
    with pytest.raises(ClipError) as caught:
        open_clip(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert not re.search(r"Traceback|Errno|0x|<class", sentence)
    return sentence


def test_a_missing_file(tmp_path: Path) -> None:
    assert f"gone.mp4 is not in {tmp_path}" in sentence_of(tmp_path / "gone.mp4")
    assert "moved or renamed" in sentence_of(str(tmp_path / "gone.mp4"))


@pytest.mark.parametrize("path", ["https://example.org/clip.mp4", "", "\0", "x" * 5000])
def test_something_that_is_no_path(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sentence_of(path)


@pytest.mark.parametrize("name", ["empty.mp4", "empty.png"])
def test_an_empty_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    assert f"{name} in {tmp_path} is empty" in sentence_of(tmp_path / name)


@pytest.mark.parametrize("name", ["notes.mp4", "notes.txt", "notes.mkv", "notes.nfo", "notes.ts", "notes.m3u8"])
def test_text_with_a_video_s_name(name: str, tmp_path: Path) -> None:
    text = "#EXTM3U\n#EXTINF:1,\nhttp://localhost/part.ts\n" if name.endswith("m3u8") else "Dear diary,\n" * 300
    (tmp_path / name).write_text(text)
    assert name in sentence_of(tmp_path / name)


def test_a_playlist_opens_nothing_that_it_names(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    part = make_clip("part.ts", X264)
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\n{part}\n#EXT-X-ENDLIST\n")
    sentence_of(playlist)
    concat = tmp_path / "list.ffconcat"
    concat.write_text(f"ffconcat version 1.0\nfile '{part}'\n")
    sentence_of(concat)


def test_random_bytes(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(3).bytes(50_000))
    assert "noise.mp4" in sentence_of(tmp_path / "noise.mp4")


@pytest.mark.parametrize("name", ["sound.mp4", "sound.mkv", "sound.wav", "sound.mp3"])
def test_sound_alone(name: str, ffmpeg: Callable[..., None], tmp_path: Path) -> None:
    ffmpeg(["-f", "lavfi", "-i", "sine=duration=1", tmp_path / name])
    assert "sound but no pictures" in sentence_of(tmp_path / name)


def test_the_cover_of_a_song_is_no_clip(
    ffmpeg: Callable[..., None], make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    cover = make_clip("cover.png", "-frames:v 1", count=1)
    song = tmp_path / "song.mp3"
    ffmpeg(["-f", "lavfi", "-i", "sine=duration=1", "-i", cover, "-map", 0, "-map", 1, "-c:v", "copy", song])
    assert "sound but no pictures" in sentence_of(song)


def test_sound_beside_the_pictures_does_no_harm(
    ffmpeg: Callable[..., None],
    make_clip: Callable[..., Path],
    tmp_path: Path,
    number_in: Callable[[np.ndarray], int | None],
) -> None:
    path = tmp_path / "both.mkv"
    both = ["-f", "lavfi", "-i", "sine=duration=3", "-i", make_clip("plain.mp4", X264), "-c:v", "copy"]
    ffmpeg([*both, "-metadata", "title=\udcff", path])
    with open_clip(path) as clip:
        assert [number_in(clip[frame]) for frame in (59, 3, 30)] == [59, 3, 30]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".ts"])
def test_a_clip_without_frames(suffix: str, ffmpeg: Callable[..., None], tmp_path: Path) -> None:
    path = tmp_path / f"none{suffix}"
    empty = ["-f", "lavfi", "-i", "color=size=64x48:rate=25", "-t", "0", "-c:v", "mpeg4"]
    ffmpeg([*empty, path])
    assert path.name in sentence_of(path)


def test_a_film_cut_off_before_its_table_of_contents(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    whole = make_clip("plain.mp4", X264).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    assert "copy it again" in sentence_of(tmp_path / "cut.mp4")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may read everything")
def test_a_file_that_may_not_be_read(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    path = tmp_path / "secret.mp4"
    path.write_bytes(make_clip("plain.mp4", X264).read_bytes())
    path.chmod(0)
    assert "secret.mp4" in sentence_of(path)


def test_a_device_is_no_clip() -> None:
    assert "neither a file nor a folder" in sentence_of("/dev/null")


@pytest.mark.parametrize("name", ["take:2.mp4", "100%d.mp4", "ü ä 漢字 'q'.mp4", "-y.mp4", "#1?.mp4"])
def test_unusual_names_are_files_like_any_other(
    name: str, make_clip: Callable[..., Path], tmp_path: Path, number_in: Callable[[np.ndarray], int | None]
) -> None:
    path = tmp_path / name
    path.write_bytes(make_clip("plain.mp4", X264).read_bytes())
    with open_clip(path) as clip:
        assert number_in(clip[42]) == 42


def test_a_relative_path_stays_readable_when_the_working_folder_changes(
    make_clip: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number_in: Callable[[np.ndarray], int | None],
) -> None:
    (tmp_path / "here.mp4").write_bytes(make_clip("plain.mp4", X264).read_bytes())
    monkeypatch.chdir(tmp_path)
    with open_clip("here.mp4") as clip:
        monkeypatch.chdir("/")
        with clip.reopen() as again:
            assert number_in(again[10]) == 10


def test_a_fast_start_film_cut_short_keeps_the_numbers_of_what_is_left(
    make_clip: Callable[..., Path], tmp_path: Path, number_in: Callable[[np.ndarray], int | None]
) -> None:
    whole = make_clip("fast.mp4", f"{X264} -movflags +faststart").read_bytes()
    path = tmp_path / "short.mp4"
    path.write_bytes(whole[: len(whole) * 6 // 10])
    with open_clip(path) as clip:
        assert 10 < len(clip) < 60
        readable = 0
        for frame in reversed(range(len(clip))):
            try:
                assert number_in(clip[frame]) == frame
                readable += 1
            except ClipError as error:
                assert f"Frame {frame} of short.mp4 is damaged" in str(error)
        assert readable >= len(clip) - 3


def test_a_frame_that_cannot_be_decoded_leaves_the_others_their_numbers(
    make_clip: Callable[..., Path], tmp_path: Path, number_in: Callable[[np.ndarray], int | None]
) -> None:
    content = bytearray(make_clip("pictures.avi", "-c:v mjpeg -q:v 4").read_bytes())
    starts = [match.start() for match in re.finditer(rb"00dc....\xff\xd8", content, re.DOTALL)]
    for frame in (0, 20, 21, 59):
        content[starts[frame] + 8 : starts[frame] + 200] = bytes(192)
    path = tmp_path / "holes.avi"
    path.write_bytes(content)
    with open_clip(path) as clip:
        assert len(clip) == 60
        for frame in (21, 22, 0, 20, 58, 59, 19, 21, 1):
            if frame in (0, 20, 21, 59):
                with pytest.raises(ClipError, match=f"Frame {frame} of holes.avi is damaged"):
                    clip.read(frame)
            else:
                assert number_in(clip[frame]) == frame
        with pytest.raises(ClipError, match="Frame 20"):
            clip.thumbnail(20, 48)


def test_a_file_that_vanishes_while_open_is_told(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    path = tmp_path / "brief.mp4"
    path.write_bytes(make_clip("plain.mp4", X264).read_bytes())
    with open_clip(path) as clip:
        clip.read(0)
        path.unlink()
        with pytest.raises(ClipError, match=r"brief\.mp4"):
            clip.reopen()
