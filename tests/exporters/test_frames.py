"""Pictures keep their pixels and lose their stories."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from exporters.dataset import StoredClip
from exporters.errors import ExportError
from exporters.frames import encoded_frame, without_metadata
from exporters.verification.pictures import picture_size


def photo(size: tuple[int, int] = (48, 64), *, orientation: int | None = 1, **saving: object) -> bytes:
    """A JPEG with EXIF (who, where), a comment and bytes after its end."""
    pixels = np.random.default_rng(3).integers(0, 255, (*size, 3)).astype(np.uint8)
    exif = Image.Exif()
    exif[0x010F] = "SECRET maker"
    exif[0x9C9B] = b"SECRET title"
    exif.get_ifd(0x8825)[1] = "N"
    if orientation is not None:
        exif[0x0112] = orientation
    file = io.BytesIO()
    options = {"quality": 90, "exif": exif, "comment": b"SECRET comment"} | saving
    Image.fromarray(pixels).save(file, "JPEG", **options)  # type: ignore[arg-type]
    return file.getvalue() + b"SECRET trailer"


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


class JpegClip(StoredClip):
    """A clip that was a folder with one JPEG file."""

    data: bytes = photo()

    def jpeg(self, position: int) -> bytes | None:
        return self.data


@pytest.mark.parametrize("saving", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 2}])
def test_a_jpeg_file_keeps_its_coded_pixels_and_nothing_else(saving: dict[str, object]) -> None:
    original = photo(**saving)
    clean = without_metadata(original, 48, 64)
    assert clean is not None
    assert np.array_equal(pixels_of(clean), pixels_of(original))
    assert b"SECRET" in original and b"SECRET" not in clean and b"Exif" not in clean
    assert picture_size(clean) == (48, 64)


def test_a_colour_profile_stays_because_it_belongs_to_the_pixels() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    clean = without_metadata(photo(icc_profile=profile), 48, 64)
    assert clean is not None
    assert Image.open(io.BytesIO(clean)).info["icc_profile"] == profile


@pytest.mark.parametrize(
    "data",
    [
        photo(orientation=6),
        photo(orientation=3),
        photo((40, 64)),
        photo()[:200],
        photo()[:-40],
        b"",
        b"\xff\xd8",
        b"\x89PNG\r\n\x1a\n",
    ],
    ids=["on its side", "upside down", "another size", "cut early", "cut late", "empty", "only a start", "no JPEG"],
)
def test_a_jpeg_that_does_not_fit_is_coded_anew(data: bytes) -> None:
    assert without_metadata(data, 48, 64) is None


def test_grey_and_four_coloured_jpegs_are_coded_anew() -> None:
    for mode in ("L", "CMYK"):
        file = io.BytesIO()
        Image.new(mode, (64, 48)).save(file, "JPEG")
        assert without_metadata(file.getvalue(), 48, 64) is None


def test_frames_that_were_jpeg_files_are_copied_and_others_coded(make_clip: Callable[..., StoredClip]) -> None:
    plain = make_clip()
    clip = JpegClip("walk", 1, 48, 64, source_frames=(0,), times=(0.0,), pictures=lambda _: pixels_of(JpegClip.data))
    assert encoded_frame(clip, 0, "jpg", 10) == without_metadata(JpegClip.data, 48, 64)
    assert np.array_equal(pixels_of(encoded_frame(clip, 0, "png", 95)), pixels_of(JpegClip.data))
    assert pixels_of(encoded_frame(clip, 0, "jpg", 95, (24, 32))).shape == (24, 32, 3)
    coded = pixels_of(encoded_frame(plain, 4, "jpg", 95))
    assert np.abs(coded.astype(int) - plain.image(4)).mean() < 3  # red stays red


def test_png_frames_are_exact(make_clip: Callable[..., StoredClip]) -> None:
    clip = make_clip()
    assert np.array_equal(pixels_of(encoded_frame(clip, 5, "png", 95)), clip.image(5))


def test_a_picture_of_another_size_than_its_masks_is_refused(make_clip: Callable[..., StoredClip]) -> None:
    clip = make_clip(pictures=lambda _: np.zeros((50, 64, 3), np.uint8))
    with pytest.raises(ExportError, match="Frame 2 of walk is 64 x 50 pixels, but the masks were drawn on 64 x 48"):
        encoded_frame(clip, 2, "jpg", 95)


def test_a_picture_that_cannot_be_read_is_named(make_clip: Callable[..., StoredClip]) -> None:
    def missing(position: int) -> np.ndarray:
        raise FileNotFoundError(2, "No such file or directory", "walk.mp4")

    with pytest.raises(ExportError, match=r"Frame 3 of walk cannot be read: .*walk\.mp4"):
        encoded_frame(make_clip(pictures=missing), 3, "jpg", 95)


@pytest.mark.parametrize("cut", [1, 30, 5000])
def test_the_check_sees_pictures_that_end_early(make_clip: Callable[..., StoredClip], cut: int) -> None:
    clip = make_clip()
    for kind in ("jpg", "png"):
        whole = encoded_frame(clip, 0, kind, 95)
        assert picture_size(whole) == (48, 64)
        with pytest.raises(ValueError, match=r"early|neither"):
            picture_size(whole[: max(1, len(whole) - cut)])
