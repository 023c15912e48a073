import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.media.clip import ClipError, FrameSource, open_clip
from app.media.writer import Overlay, paint, write_overlay_video

RED = (255, 0, 0)


@pytest.fixture
def clip(make_clip: Callable[..., Path]) -> Iterator[FrameSource]:
    with open_clip(make_clip("odd_lossless.mkv", "-c:v ffv1 -pix_fmt bgr0", count=12, size=(121, 161))) as opened:
        yield opened


def half(clip: FrameSource) -> np.ndarray:
    mask = np.zeros((clip.height, clip.width), dtype=bool)
    mask[:, : clip.width // 2] = True
    return mask


def names_in(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def test_paint_tints_inside_the_mask_and_leaves_the_rest_alone(clip: FrameSource) -> None:
    picture = clip[3]
    painted = paint(picture, [Overlay(half(clip), RED)], opacity=0.5, outline=2)
    assert np.array_equal(painted[:, 84:], picture[:, 84:])
    assert np.array_equal(painted[20, 20], np.rint(picture[20, 20] * 0.5 + np.array(RED) * 0.5))
    assert tuple(painted[60, 79]) == RED
    assert picture[20, 20, 0] != painted[20, 20, 0]


def test_paint_with_no_opacity_and_no_outline_changes_nothing(clip: FrameSource) -> None:
    assert np.array_equal(paint(clip[0], [Overlay(half(clip), RED)], opacity=0.0, outline=0), clip[0])


def test_paint_outlines_the_rim_of_a_hole(clip: FrameSource) -> None:
    mask = np.ones((clip.height, clip.width), dtype=bool)
    mask[40:80, 60:100] = False
    painted = paint(clip[0], [Overlay(mask, RED)], opacity=0.0, outline=2)
    assert tuple(painted[60, 60]) == RED
    assert np.array_equal(painted[60, 80], clip[0][60, 80])


def test_paint_refuses_a_mask_of_another_size(clip: FrameSource) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        paint(clip[0], [Overlay(np.ones((5, 5), dtype=bool), RED)])


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_written_video_has_every_frame_in_order_with_its_overlay(
    suffix: str, clip: FrameSource, tmp_path: Path, number_in: Callable[[np.ndarray], int | None]
) -> None:
    target = tmp_path / f"overlay{suffix}"
    steps = list(write_overlay_video(target, clip, lambda frame: [Overlay(half(clip), (40, 40, 255))] * (frame > 5)))
    assert [step.done for step in steps] == list(range(1, 13))
    assert {step.total for step in steps} == {12}
    with open_clip(target) as written:
        assert (len(written), written.height, written.width) == (12, 122, 162)
        assert written.fps == pytest.approx(25)
        for frame in range(6):
            assert number_in(written[frame][:121, :161]) == frame
        plain, painted = written[2][60, 20].astype(int), written[8][60, 20].astype(int)
        assert abs(plain[2] - plain[0]) < 12
        assert painted[2] - painted[0] > 60
        assert np.abs(written[2][:121, :161].astype(int) - clip[2]).mean() < 4
    assert names_in(tmp_path) == [target.name]


def test_only_the_frames_asked_for_are_written(
    clip: FrameSource, tmp_path: Path, number_in: Callable[[np.ndarray], int | None]
) -> None:
    list(write_overlay_video(tmp_path / "part.mp4", clip, lambda frame: [], frames=[7, 8, 9]))
    with open_clip(tmp_path / "part.mp4") as written:
        assert [number_in(picture[:121, :161]) for picture in written] == [7, 8, 9]


def test_cancelling_leaves_nothing_behind(clip: FrameSource, tmp_path: Path) -> None:
    writing = write_overlay_video(tmp_path / "overlay.mp4", clip, lambda frame: [])
    next(writing)
    next(writing)
    writing.close()
    assert names_in(tmp_path) == []


def test_a_failing_overlay_leaves_nothing_behind(clip: FrameSource, tmp_path: Path) -> None:
    def overlays(frame: int) -> list[Overlay]:
        raise RuntimeError("no mask")

    with pytest.raises(RuntimeError, match="no mask"):
        list(write_overlay_video(tmp_path / "overlay.mp4", clip, overlays))
    assert names_in(tmp_path) == []


def test_an_existing_file_is_kept_unless_overwriting_is_asked_for(clip: FrameSource, tmp_path: Path) -> None:
    target = tmp_path / "overlay.mp4"
    target.write_bytes(b"mine")
    with pytest.raises(ClipError, match="exists already"):
        list(write_overlay_video(target, clip, lambda frame: []))
    assert target.read_bytes() == b"mine"
    list(write_overlay_video(target, clip, lambda frame: [], overwrite=True))
    with open_clip(target) as written:
        assert len(written) == 12


@pytest.mark.parametrize(
    ("name", "frames", "sentence"),
    [("overlay.txt", None, "end its name in"), ("no/overlay.mp4", None, "does not exist"), ("a.mp4", [], "no frames")],
)
def test_a_target_that_cannot_be_is_refused_in_a_sentence(
    name: str, frames: list[int] | None, sentence: str, clip: FrameSource, tmp_path: Path
) -> None:
    with pytest.raises(ClipError, match=sentence):
        list(write_overlay_video(tmp_path / name, clip, lambda frame: [], frames=frames))


def test_a_full_disk_is_told_and_leaves_nothing_behind(clip: FrameSource, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(ClipError, match="could not be written"):
            list(write_overlay_video(tmp_path / "overlay.mp4", clip, lambda frame: []))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert names_in(tmp_path) == []
