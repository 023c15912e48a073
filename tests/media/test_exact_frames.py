"""Reading frame i gives the picture that decoding from the start gives i-th, in every order and container."""

import random
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from app.media.clip import open_clip

X264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -sc_threshold 0"
X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1"
UNEVEN = "-vf settb=1/90000,setpts='(N+2*floor(N/5)+0.3*mod(N,3))/25/TB' -fps_mode passthrough -enc_time_base 1:90000"

RECIPES = {
    "gop12.mp4": f"{X264} -g 12",
    "gop12.mov": f"{X264} -g 12",
    "gop12.m4v": f"{X264} -g 12",
    "gop12.mkv": f"{X264} -g 12",
    "pyramid.mp4": f"{X264} -g 250 -bf 5 -x264-params b-pyramid=normal:b-adapt=0:scenecut=0",
    "open_gop.mp4": f"{X264} -x264-params open-gop=1:keyint=10:scenecut=0:b-adapt=0:bframes=3",
    "open_gop.ts": f"{X264} -x264-params open-gop=1:keyint=10:scenecut=0:b-adapt=0:bframes=3",
    "intra_refresh.mp4": f"{X264} -x264-params intra-refresh=1:keyint=20:bframes=0",
    "offset.ts": f"{X264} -g 12 -output_ts_offset 1000",
    "program.mpg": "-c:v mpeg2video -g 12 -bf 2 -q:v 3 -f vob",
    "uneven.mp4": f"{X264} -g 12 {UNEVEN} -video_track_timescale 90000",
    "uneven.mkv": f"{X264} -g 12 {UNEVEN}",
    "hevc.mp4": f"{X265}:keyint=20:bframes=4 -pix_fmt yuv420p",
    "hevc_open_gop.mp4": f"{X265}:keyint=20:bframes=4:open-gop=1 -pix_fmt yuv420p",
    "hevc_10bit.mkv": f"{X265}:keyint=20 -pix_fmt yuv420p10le",
    "h264_10bit.mp4": "-c:v libx264 -preset veryfast -pix_fmt yuv420p10le -g 12",
    "vp9.webm": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 20 -b:v 200k",
    "vp9_hidden.webm": "-c:v libvpx-vp9 -deadline good -cpu-used 5 -g 30 -auto-alt-ref 6 -lag-in-frames 20 -b:v 200k",
    "vp8_hidden.webm": "-c:v libvpx -deadline good -cpu-used 5 -g 30 -auto-alt-ref 1 -lag-in-frames 16 -b:v 200k",
    "av1.mp4": "-c:v libsvtav1 -preset 12 -g 20 -svtav1-params lp=1",
    "av1.mkv": "-c:v libaom-av1 -cpu-used 8 -usage realtime -g 20",
    "mjpeg.avi": "-c:v mjpeg -q:v 4",
    "mpeg4.avi": "-c:v mpeg4 -q:v 4 -g 12 -bf 2",
    "wmv.wmv": "-c:v wmv2 -b:v 400k -g 12",
    "prores.mov": "-c:v prores_ks -profile:v 0",
    "animation.gif": "-vf fps=25",
    "ffv1.mkv": "-c:v ffv1",
    "raw.264": f"{X264} -g 12 -bf 0 -f h264",
    "raw_reordered.264": f"{X264} -g 12 -bf 3 -f h264",
    "raw.265": f"{X265}:keyint=20:bframes=3 -f hevc",
    "motion.mjpg": "-c:v mjpeg -q:v 4 -f mjpeg",
    "interlaced.ts": f"{X264} -flags +ildct+ilme -x264-params tff=1 -g 12",
    "fragmented.mp4": f"{X264} -g 12 -movflags frag_keyframe+empty_moov",
    "theora.ogv": "-c:v libtheora -q:v 7 -g 12",
    "flash.flv": "-c:v flv -q:v 4 -g 12",
}


def numbers_from_the_start(path: Path, number_in: Callable[[np.ndarray], int | None]) -> list[int | None]:
    """What a plain loop over all frames shows, by nothing of ours."""
    with av.open(str(path)) as container:
        return [number_in(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


@pytest.mark.parametrize("name", RECIPES)
def test_random_access_gives_the_same_pictures_as_reading_from_the_start(
    name: str, make_clip: Callable[..., Path], number_in: Callable[[np.ndarray], int | None]
) -> None:
    path = make_clip(name, RECIPES[name])
    expected = numbers_from_the_start(path, number_in)
    assert expected == list(range(60))
    assert_exact(path, expected, number_in)


def assert_exact(path: Path, expected: list[int | None], number_in: Callable[[np.ndarray], int | None]) -> None:
    """In order, and then in any order with and without a cache, `path` shows the `expected` numbers."""
    with open_clip(path) as clip:
        in_order = list(clip)
    assert [number_in(picture) for picture in in_order] == expected
    last = len(expected) - 1
    order = [last, 0, 12, 11, 13, last - 1, 1, *random.Random(path.name).sample(range(last), 14)]
    for cache_bytes in (0, 1 << 24):
        with open_clip(path, cache_bytes=cache_bytes) as clip:
            for frame in order:
                assert np.array_equal(clip[frame], in_order[frame]), f"frame {frame}, cache of {cache_bytes} bytes"


def test_packed_pictures_in_avi_are_found_though_their_times_are_wrong(
    make_clip: Callable[..., Path], number_in: Callable[[np.ndarray], int | None]
) -> None:
    path = make_clip("packed.avi", "-c:v libxvid -q:v 4 -g 12 -bf 2")
    assert_exact(path, numbers_from_the_start(path, number_in), number_in)
    with open_clip(path) as clip:
        assert any("repaired copy" in remark for remark in clip.remarks)


@pytest.mark.parametrize("rate", [2500, 4000])
@pytest.mark.parametrize("name", ["crowded_bframes.mkv", "crowded.mkv", "crowded.webm"])
def test_frames_that_share_a_time_are_told_apart(
    name: str, rate: int, make_clip: Callable[..., Path], number_in: Callable[[np.ndarray], int | None]
) -> None:
    codec = {
        "crowded_bframes.mkv": f"{X264} -g 12 -bf 3",
        "crowded.mkv": f"{X264} -g 7 -bf 0",
        "crowded.webm": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 9",
    }
    path = make_clip(f"{rate}_{name}", codec[name], rate=rate)
    with open_clip(path) as clip:
        assert len(set(clip.times)) < 60
    assert_exact(path, list(range(60)), number_in)


def test_recordings_joined_end_to_end_keep_all_their_frames(
    make_clip: Callable[..., Path], tmp_path: Path, number_in: Callable[[np.ndarray], int | None]
) -> None:
    joined = tmp_path / "joined.ts"
    joined.write_bytes(make_clip("part.ts", f"{X264} -g 12").read_bytes() * 2)
    assert_exact(joined, [*range(60), *range(60)], number_in)


@pytest.mark.parametrize(("start", "length"), [(0.72, 9.0), (0.3, 1.0)])
def test_frames_before_an_edit_list_starts_are_not_counted(
    start: float,
    length: float,
    make_clip: Callable[..., Path],
    ffmpeg: Callable[..., None],
    tmp_path: Path,
    number_in: Callable[[np.ndarray], int | None],
) -> None:
    path = tmp_path / "edited.mp4"
    ffmpeg(["-ss", start, "-t", length, "-i", make_clip("plain.mp4", f"{X264} -g 12"), "-c", "copy", path])
    expected = numbers_from_the_start(path, number_in)
    assert expected[0] == round(start * 25)
    assert_exact(path, expected, number_in)


def test_times_of_a_varying_rate_are_those_of_the_file(make_clip: Callable[..., Path]) -> None:
    path = make_clip("uneven.mp4", RECIPES["uneven.mp4"])
    with open_clip(path) as clip:
        expected = [(n + 2 * (n // 5) + 0.3 * (n % 3)) / 25 for n in range(60)]
        assert clip.times == pytest.approx(expected, abs=1e-3)
        assert clip.fps == pytest.approx(59 / expected[-1], rel=1e-3)
        assert any("varies" in remark for remark in clip.remarks)


@pytest.mark.parametrize(("name", "rate"), [("ntsc.mp4", "30000/1001"), ("ntsc.mkv", "24000/1001")])
def test_the_rate_of_an_even_clip_is_given_exactly(name: str, rate: str, make_clip: Callable[..., Path]) -> None:
    with open_clip(make_clip(name, X264, rate=rate)) as clip:
        numerator, denominator = rate.split("/")
        assert clip.fps == pytest.approx(int(numerator) / int(denominator), rel=1e-9)
        assert clip.times[0] == 0.0
        assert clip.times[30] == pytest.approx(30 / clip.fps, abs=1e-3)
        assert not clip.remarks


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("odd.mkv", "-c:v libx264 -pix_fmt yuv444p -qp 4"),
        ("odd.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 12 -crf 10 -b:v 0"),
        ("odd.avi", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p"),
    ],
)
@pytest.mark.parametrize("size", [(93, 131), (120, 131), (93, 160)])
def test_odd_sizes_are_read_whole(
    name: str,
    codec: str,
    size: tuple[int, int],
    make_clip: Callable[..., Path],
    numbered_picture: Callable[..., np.ndarray],
) -> None:
    with open_clip(make_clip(f"{size[0]}x{size[1]}_{name}", codec, count=24, size=size)) as clip:
        assert clip[17].shape == (*size, 3)
        difference = np.abs(clip[17].astype(int) - numbered_picture(17, *size))
        assert difference.mean() < 3
        assert difference[-1].mean() < 6
        assert difference[:, -1].mean() < 6
