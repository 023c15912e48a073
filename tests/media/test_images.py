"""Folders of images and single pictures as clips."""

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.media.clip import ClipError, open_clip
from app.media.images import natural_order

# What a camera must have stored so that undoing the orientation shows the picture upright.
STORED = {
    1: lambda picture: picture,
    2: np.fliplr,
    3: lambda picture: np.rot90(picture, 2),
    4: np.flipud,
    5: lambda picture: picture.transpose(1, 0, 2),
    6: lambda picture: np.rot90(picture, 1),
    7: lambda picture: np.rot90(picture, 2).transpose(1, 0, 2),
    8: lambda picture: np.rot90(picture, -1),
}


@pytest.fixture
def picture(numbered_picture: Callable[..., np.ndarray]) -> np.ndarray:
    return numbered_picture(77)


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "png", "tif", "tiff", "webp", "bmp", "JPG", "Png"])
def test_every_kind_of_image_is_a_frame(suffix: str, picture: np.ndarray, tmp_path: Path) -> None:
    for number in range(3):
        Image.fromarray(picture).save(tmp_path / f"{number}.{suffix}")
    with open_clip(tmp_path) as clip:
        assert (len(clip), clip.height, clip.width) == (3, 120, 160)
        assert np.abs(clip[2].astype(int) - picture).mean() < 3
        assert clip.frame_names == (f"0.{suffix}", f"1.{suffix}", f"2.{suffix}")


def test_frames_stand_in_the_order_in_which_people_count(
    tmp_path: Path, numbered_picture: Callable[..., np.ndarray], number_in: Callable[[np.ndarray], int | None]
) -> None:
    names = ["frame 9.png", "Frame 10.png", "frame 011.png", "frame 100.png", "z ü 1.png"]
    for number, name in enumerate(names):
        Image.fromarray(numbered_picture(number)).save(tmp_path / name)
    (tmp_path / ".hidden.png").write_bytes(b"no")
    (tmp_path / "notes.txt").write_text("not a frame")
    (tmp_path / "more.png").mkdir()
    with open_clip(tmp_path) as clip:
        assert clip.frame_names == tuple(names)
        assert [number_in(shown) for shown in clip] == list(range(5))


@given(st.lists(st.text("aB1029 .é²٣", max_size=6), unique=True, max_size=8))
def test_natural_order_does_not_depend_on_how_the_folder_is_listed(names: list[str]) -> None:
    backwards = names[::-1]
    assert sorted(names, key=natural_order) == sorted(backwards, key=natural_order)


def test_a_single_picture_is_a_clip_of_one_frame(picture: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    Image.fromarray(picture).save(path)
    with open_clip(path) as clip:
        assert (len(clip), clip.name, clip.frame_names) == (1, "one", ("one.png",))
        assert np.array_equal(clip[0], picture)
        assert clip.times == (0.0,)


def test_pages_of_one_file_are_frames(
    tmp_path: Path, numbered_picture: Callable[..., np.ndarray], number_in: Callable[[np.ndarray], int | None]
) -> None:
    pages = [Image.fromarray(numbered_picture(number)) for number in range(5)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    with open_clip(tmp_path / "stack.tif") as clip:
        assert [number_in(shown) for shown in clip] == list(range(5))
        assert number_in(clip[2]) == 2


def test_pages_of_different_sizes_are_refused(tmp_path: Path) -> None:
    pages = [Image.new("RGB", (30, 20)), Image.new("RGB", (20, 30))]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(ClipError, match="differ in size"):
        open_clip(tmp_path / "stack.tif")


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_exif_orientation_is_applied(orientation: int, suffix: str, picture: np.ndarray, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    Image.fromarray(np.ascontiguousarray(STORED[orientation](picture))).save(path, exif=exif, quality=95)
    with open_clip(path) as clip:
        assert (clip.height, clip.width) == (120, 160)
        assert np.abs(clip[0].astype(int) - picture).mean() < 3
        assert clip.thumbnail(0, 30).shape == (30, 40, 3)


def grey_ramp(levels: int, kind: type) -> np.ndarray:
    return np.tile(np.linspace(0, levels - 1, 160), (120, 1)).round().astype(kind)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_deep_grey_uses_the_whole_range_of_its_bits(bits: int, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"deep.{suffix}"
    cv2.imwrite(str(path), grey_ramp(2**bits, np.uint16))
    with open_clip(path) as clip:
        expected = np.linspace(0, 255, 160)
        assert np.abs(clip[0][60].astype(float) - expected[:, None]).max() <= 1


def test_deep_images_of_a_folder_share_one_range(tmp_path: Path) -> None:
    for number, top in enumerate((300, 1000, 4000)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((20, 30), top, np.uint16))
    with open_clip(tmp_path) as clip:
        assert [int(shown[0, 0, 0]) for shown in clip] == [round(top / 4095 * 255) for top in (300, 1000, 4000)]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_deep_colour_is_read(suffix: str, picture: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / f"deep_colour.{suffix}"
    cv2.imwrite(str(path), picture[:, :, ::-1].astype(np.uint16) * 257)
    with open_clip(path) as clip:
        assert np.abs(clip[0].astype(int) - picture).max() <= 1


def test_floating_point_images_of_0_to_1_are_read(tmp_path: Path) -> None:
    ramp = grey_ramp(256, np.float32) / 255
    ramp[0, 0] = np.nan
    Image.fromarray(ramp).save(tmp_path / "float.tif")
    with open_clip(tmp_path / "float.tif") as clip:
        assert np.abs(clip[0][60, :, 0].astype(float) - np.linspace(0, 255, 160)).max() <= 1
        assert clip[0][0, 0, 0] == 0


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB"])
def test_other_kinds_of_pixels_become_rgb(mode: str, picture: np.ndarray, tmp_path: Path) -> None:
    image = Image.fromarray(picture)
    if mode == "LAB":
        grey = np.full((120, 160, 1), 128, np.uint8)
        image = Image.fromarray(np.concatenate([picture[:, :, :1], grey, grey], axis=2), mode=None)
        image = Image.merge("LAB", image.split())
    else:
        image = image.convert(mode)
    path = tmp_path / "kind.tif"
    image.save(path)
    with open_clip(path) as clip:
        assert clip[0].shape == (120, 160, 3)
        likeness = np.corrcoef(clip[0].mean(axis=2).ravel(), picture.mean(axis=2).ravel())[0, 1]
        assert likeness > (0.5 if mode == "1" else 0.9)


def test_transparent_parts_are_laid_over_grey(tmp_path: Path) -> None:
    pixels = np.zeros((20, 30, 4), np.uint8)
    pixels[:, 10:] = (200, 20, 20, 255)
    pixels[:, 20:, 3] = 128
    Image.fromarray(pixels).save(tmp_path / "alpha.png")
    with open_clip(tmp_path / "alpha.png") as clip:
        assert clip[0][5, 5].tolist() == [128, 128, 128]
        assert clip[0][5, 15].tolist() == [200, 20, 20]
        assert clip[0][5, 25].tolist() == pytest.approx([164, 74, 74], abs=1)


def test_a_transparent_palette_is_laid_over_grey(tmp_path: Path) -> None:
    image = Image.fromarray(np.repeat([[0, 1]], 8, axis=0).astype(np.uint8), mode=None).convert("P")
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.save(tmp_path / "palette.png", transparency=0)
    with open_clip(tmp_path / "palette.png") as clip:
        assert clip[0][0].tolist() == [[128, 128, 128], [0, 0, 255]]


def test_images_of_different_sizes_are_refused_in_a_sentence_that_names_both(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "1.png")
    Image.new("RGB", (30, 21)).save(tmp_path / "2.png")
    with pytest.raises(ClipError, match=r"differ in size: 1\.png is 30 x 20 pixels, 2\.png is 30 x 21"):
        open_clip(tmp_path)


def test_sizes_are_compared_after_turning_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "1.jpg")
    Image.new("RGB", (20, 30)).save(tmp_path / "2.jpg", exif=exif)
    with open_clip(tmp_path) as clip:
        assert [shown.shape for shown in clip] == [(20, 30, 3)] * 2


def test_two_images_for_one_frame_are_refused(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20)).save(tmp_path / "00000.jpg")
    Image.new("L", (30, 20)).save(tmp_path / "00000.png")
    with pytest.raises(ClipError, match=r"00000\.jpg and 00000\.png"):
        open_clip(tmp_path)


@pytest.mark.parametrize("contents", [[], ["notes.txt"], ["sub/1.png"]])
def test_a_folder_without_images_is_told(contents: list[str], tmp_path: Path) -> None:
    for name in contents:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    with pytest.raises(ClipError, match="holds no images"):
        open_clip(tmp_path)


@pytest.mark.parametrize("content", [b"", b"this is text", b"\xff\xd8\xff\xe0 cut"])
def test_a_file_that_is_no_image_is_named(content: bytes, picture: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(picture).save(tmp_path / "1.jpg")
    (tmp_path / "2.jpg").write_bytes(content)
    with pytest.raises(ClipError, match=r"2\.jpg in .* cannot be read as an image"):
        open_clip(tmp_path)


def test_a_truncated_image_fails_alone(picture: np.ndarray, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    for name in ("1.jpg", "2.jpg", "3.jpg"):
        Image.fromarray(noise).save(tmp_path / name)
    whole = (tmp_path / "2.jpg").read_bytes()
    (tmp_path / "2.jpg").write_bytes(whole[: len(whole) // 2])
    with open_clip(tmp_path) as clip:
        assert len(clip) == 3
        clip.read(0)
        with pytest.raises(ClipError, match=r"2\.jpg"):
            clip.read(1)
        clip.read(2)


def test_an_image_that_disappears_or_changes_size_is_told(picture: np.ndarray, tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        Image.fromarray(picture).save(tmp_path / name)
    with open_clip(tmp_path) as clip:
        (tmp_path / "1.png").unlink()
        Image.fromarray(picture[:50]).save(tmp_path / "2.png")
        with pytest.raises(ClipError, match=r"1\.png .* cannot be read"):
            clip.read(0)
        with pytest.raises(ClipError, match="now has 160 x 50 pixels"):
            clip.read(1)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "bmp"])
def test_damaged_images_give_a_picture_or_a_sentence(suffix: str, picture: np.ndarray, tmp_path: Path) -> None:
    stored = io.BytesIO()
    Image.fromarray(picture).save(stored, format={"jpg": "jpeg", "tif": "tiff"}.get(suffix, suffix))
    random = np.random.default_rng(7)
    path = tmp_path / f"damaged.{suffix}"
    outcomes = set()
    for attempt in range(60):
        content = bytearray(stored.getvalue())
        for place in random.integers(0, len(content) if attempt % 2 else 200, 6):
            content[place % len(content)] = random.integers(256)
        path.write_bytes(content[: random.integers(1, len(content) + 1)] if attempt % 3 == 0 else content)
        try:
            with open_clip(path) as clip:
                assert clip[0].shape == (clip.height, clip.width, 3)
                outcomes.add("picture")
        except ClipError as error:
            assert path.name in str(error)
            outcomes.add("sentence")
    assert "sentence" in outcomes
