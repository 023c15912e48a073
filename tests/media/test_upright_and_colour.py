"""Pictures come upright and in the colours that were put in."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.media.clip import open_clip

LOSSLESS = "-c:v libx264 -qp 0 -preset ultrafast -pix_fmt yuv444p -g 12"


def as_ffmpeg_shows(path: Path, size: tuple[int, int], ffmpeg: Callable[..., None], folder: Path) -> np.ndarray:
    """Frame 0 as the ffmpeg program turns it."""
    raw = folder / "frame.raw"
    ffmpeg(["-i", path, "-frames:v", 1, "-f", "rawvideo", "-pix_fmt", "rgb24", raw])
    return np.fromfile(raw, dtype=np.uint8).reshape(*size, 3)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", ["", "-display_hflip", "-display_vflip"])
def test_rotation_and_mirroring_by_the_camera_are_undone(
    degrees: int,
    mirrored: str,
    make_clip: Callable[..., Path],
    ffmpeg: Callable[..., None],
    tmp_path: Path,
) -> None:
    plain = make_clip("upright.mp4", LOSSLESS, count=14)
    turned = tmp_path / "turned.mp4"
    ffmpeg(["-display_rotation", degrees, *mirrored.split(), "-i", plain, "-c", "copy", turned])
    size = (160, 120) if degrees % 180 else (120, 160)
    with open_clip(turned) as clip:
        assert (clip.height, clip.width) == size
        expected = as_ffmpeg_shows(turned, size, ffmpeg, tmp_path)
        assert np.abs(clip[0].astype(int) - expected).max() <= 3
        small = expected.reshape(size[0] // 4, 4, size[1] // 4, 4, 3).mean(axis=(1, 3))
        thumbnail = clip.thumbnail(0, size[0] // 4)
        assert thumbnail.shape == small.shape
        assert np.abs(thumbnail - small).mean() < 6


PATCHES = np.array([[230, 40, 40], [40, 200, 60], [50, 60, 220], [230, 210, 60], [250, 250, 250], [10, 10, 10]])


@pytest.fixture
def patches() -> np.ndarray:
    return np.repeat(np.repeat(PATCHES.reshape(2, 3, 3), 60, axis=0), 60, axis=1).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("bt709.mp4", "-vf scale=out_color_matrix=bt709:out_range=tv -colorspace bt709 -color_range tv"),
        ("bt601.mp4", "-vf scale=out_color_matrix=smpte170m:out_range=tv -colorspace smpte170m -color_range tv"),
        ("bt2020.mp4", "-vf scale=out_color_matrix=bt2020:out_range=tv -colorspace bt2020nc -color_range tv"),
        ("full.mp4", "-vf scale=out_color_matrix=bt709:out_range=pc -colorspace bt709 -color_range pc"),
        ("untold.mp4", "-vf scale=out_color_matrix=smpte170m:out_range=tv -colorspace unknown"),
    ],
)
@pytest.mark.parametrize("pixels", ["yuv444p", "yuv420p", "yuv444p10le"])
def test_matrix_and_range_of_the_stream_are_used(
    name: str, arguments: str, pixels: str, patches: np.ndarray, ffmpeg: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / name
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "180x120", "-i", "-"]
    ffmpeg([*raw, *arguments.split(), "-c:v", "libx264", "-qp", 4, "-pix_fmt", pixels, path], patches.tobytes())
    with open_clip(path) as clip:
        seen = clip[0][30::60, 30::60].reshape(-1, 3).astype(int)
    assert np.abs(seen - PATCHES).max() <= 6


def test_an_untold_matrix_is_that_of_the_size(patches: np.ndarray, ffmpeg: Callable[..., None], tmp_path: Path) -> None:
    path = tmp_path / "untold_hd.mp4"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "180x120", "-i", "-"]
    scale = "scale=1280:720:flags=neighbor:out_color_matrix=bt709:out_range=tv"
    ffmpeg([*raw, "-vf", scale, "-c:v", "libx264", "-qp", 4, "-pix_fmt", "yuv420p", path], patches.tobytes())
    with open_clip(path) as clip:
        seen = clip[0][180::360, 213::427].reshape(-1, 3).astype(int)
    assert np.abs(seen - PATCHES).max() <= 6


def test_full_range_jpeg_frames_keep_black_and_white(
    patches: np.ndarray, ffmpeg: Callable[..., None], tmp_path: Path
) -> None:
    path = tmp_path / "full.avi"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "180x120", "-i", "-"]
    ffmpeg([*raw, "-c:v", "mjpeg", "-q:v", 1, "-pix_fmt", "yuvj444p", path], patches.tobytes())
    with open_clip(path) as clip:
        seen = clip[0][30::60, 30::60].reshape(-1, 3).astype(int)
    assert np.abs(seen - PATCHES).max() <= 8


@pytest.mark.parametrize("pixels", ["bgr0", "gray", "bgra"])
def test_streams_without_colour_matrix_come_through_unchanged(
    pixels: str, ffmpeg: Callable[..., None], tmp_path: Path
) -> None:
    ramp = np.repeat(np.tile(np.arange(160, dtype=np.uint8), (120, 1))[:, :, None], 3, axis=2)
    path = tmp_path / "ramp.mkv"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x120", "-i", "-"]
    ffmpeg([*raw, "-c:v", "ffv1", "-pix_fmt", pixels, path], ramp.tobytes())
    with open_clip(path) as clip:
        assert np.abs(clip[0].astype(int) - ramp).max() <= 1


def test_a_size_that_changes_midway_is_brought_to_the_first(make_clip: Callable[..., Path], tmp_path: Path) -> None:
    x264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 12 -sc_threshold 0"
    small, large = make_clip("small.ts", x264, count=24), make_clip("large.ts", x264, count=24, size=(240, 320))
    path = tmp_path / "changing.ts"
    path.write_bytes(small.read_bytes() + large.read_bytes())
    with open_clip(path) as clip:
        assert {picture.shape for picture in clip} == {(120, 160, 3)}
        assert len(clip) == 48
