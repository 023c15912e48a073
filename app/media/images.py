"""Folders of images, and single pictures, as clips."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from app.media.cache import FrameCache
from app.media.opencv import cv2
from app.media.source import DEFAULT_CACHE_BYTES, ClipError, OpenedClip, Picture, read_only

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp")
IMAGE_FPS = 24.0
"""The rate at which a folder of images plays: images do not say."""

_ROTATED_ORIENTATIONS = {5, 6, 7, 8}
_ORIENTATION_TAG = 0x0112
_BEHIND_TRANSPARENCY = (128, 128, 128)
# Samples of more than 8 bits.
_DEEP_MODES = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
_READING_ERRORS = (OSError, ValueError, SyntaxError, EOFError, MemoryError, KeyError, Image.DecompressionBombError)


@dataclass(frozen=True)
class ImageIndex:
    """All that was found out about the images when they were first opened. `level` is the value that is shown as
    white where samples have more than 8 bits; `pages` counts the pictures inside a single file."""

    files: tuple[Path, ...]
    pages: int
    height: int
    width: int
    level: float


class ImageSource(OpenedClip):
    """A folder of images of one size in natural order, or a single picture. See `FrameSource`."""

    def __init__(self, path: Path, *, cache_bytes: int = DEFAULT_CACHE_BYTES, index: ImageIndex | None = None) -> None:
        self.index = index or index_images(path)
        count = len(self.index.files) * self.index.pages
        super().__init__(
            path,
            height=self.index.height,
            width=self.index.width,
            times=tuple(frame / IMAGE_FPS for frame in range(count)),
            fps=IMAGE_FPS,
            cache_bytes=cache_bytes,
            frame_names=tuple(file.name for file in self.index.files for _ in range(self.index.pages)),
        )
        self._pictures: FrameCache[Picture] = FrameCache(cache_bytes)

    def cached(self, frame: int) -> bool:
        return frame in self._pictures

    @property
    def cached_bytes(self) -> int:
        return self._pictures.used

    def reopen(self, cache_bytes: int | None = None) -> "ImageSource":
        size = self.cache_bytes if cache_bytes is None else cache_bytes
        return ImageSource(self.path, cache_bytes=size, index=self.index)

    def _read(self, frame: int) -> Picture:
        picture = self._pictures.get(frame)
        if picture is None:
            picture = read_only(self._load(frame))
            self._pictures.put(frame, picture, picture.nbytes)
        return picture

    def _preview(self, frame: int) -> tuple[int, Picture]:
        return frame, self._read(frame)

    def _thumbnail(self, frame: int, height: int, width: int, exact: bool) -> Picture:
        picture = self._pictures.get(frame)
        if picture is None:
            picture = self._load(frame, draft_height=height)
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        return read_only(np.asarray(small, dtype=np.uint8))

    def _close(self) -> None:
        self._pictures.clear()

    def _load(self, frame: int, draft_height: int | None = None) -> Picture:
        file, page = self.index.files[frame // self.index.pages], frame % self.index.pages
        picture = _load_picture(file, page, self.index.level, draft_height)
        if draft_height is None and picture.shape[:2] != (self.height, self.width):
            raise ClipError(
                f"{file.name} in {file.parent} now has {picture.shape[1]} x {picture.shape[0]} pixels; when the clip "
                f"was opened it had {self.width} x {self.height}, so open the folder again."
            )
        return picture


def index_images(path: Path) -> ImageIndex:
    """Look at the head of every image. ClipError if there is none, one is unreadable, or sizes differ."""
    files = _image_files(path) if path.is_dir() else (path,)
    first = _look_at(files[0])
    for file in files[1:]:
        head = _look_at(file)
        if (head.height, head.width) != (first.height, first.width):
            raise ClipError(
                f"The images in {path} differ in size: {files[0].name} is {first.width} x {first.height} pixels, "
                f"{file.name} is {head.width} x {head.height}; a clip needs one size, so put the others elsewhere."
            )
    level = 255.0
    if first.is_deep:
        samples = {files[0], files[len(files) // 2], files[-1]}
        level = max(_white_level(file) for file in sorted(samples))
    return ImageIndex(files, first.pages if len(files) == 1 else 1, first.height, first.width, level)


def natural_order(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key for sorting names as people count: frame2 before frame10."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(1, int(part), "") if part.isdecimal() and part.isascii() else (0, 0, part) for part in parts], name


def _image_files(folder: Path) -> tuple[Path, ...]:
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.is_file()]
    except OSError as error:
        raise ClipError(f"The folder {folder} cannot be read ({error.strerror or error}).") from error
    files = [entry for entry in entries if entry.suffix.lower() in IMAGE_SUFFIXES]
    if not files:
        raise ClipError(
            f"The folder {folder} holds no images ({', '.join(suffix[1:] for suffix in IMAGE_SUFFIXES)}); "
            "choose the folder that contains them directly."
        )
    files.sort(key=lambda file: natural_order(file.name))
    stems: dict[str, Path] = {}
    for file in files:
        other = stems.setdefault(file.stem, file)
        if other is not file:
            raise ClipError(
                f"The folder {folder} holds {other.name} and {file.name}, so it is not clear which is the frame; "
                "put masks or second copies into another folder."
            )
    return tuple(files)


@dataclass(frozen=True)
class _Head:
    height: int
    width: int
    pages: int
    is_deep: bool


def _look_at(file: Path) -> _Head:
    try:
        with Image.open(file) as image:
            height, width = _upright_size(image)
            head = _Head(height, width, int(getattr(image, "n_frames", 1)), image.mode in _DEEP_MODES)
            for page in range(1, head.pages):
                image.seek(page)
                if _upright_size(image) != (height, width):
                    raise ClipError(
                        f"The pictures inside {file.name} in {file.parent} differ in size; a clip needs one size, "
                        "so save them as single files."
                    )
            return head
    except UnidentifiedImageError as error:
        deep = _read_with_opencv(file)
        if deep is None:
            raise _unreadable(file, error) from error
        return _Head(deep.shape[0], deep.shape[1], 1, deep.dtype != np.uint8)
    except _READING_ERRORS as error:
        raise _unreadable(file, error) from error


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """(height, width) with the orientation that the camera noted applied."""
    width, height = image.size
    if isinstance(image, TiffImageFile):
        # Some versions of Pillow give the size of a TIFF as stored, others as shown.
        width, height = int(image.tag_v2.get(256, width)), int(image.tag_v2.get(257, height))
    if image.getexif().get(_ORIENTATION_TAG) in _ROTATED_ORIENTATIONS:
        return width, height
    return height, width


def _load_picture(file: Path, page: int, level: float, draft_height: int | None) -> Picture:
    try:
        with Image.open(file) as image:
            if page:
                image.seek(page)
            if draft_height is not None:
                image.draft("RGB", (draft_height * image.width // image.height, draft_height))
            upright = ImageOps.exif_transpose(image)
            if upright.mode in _DEEP_MODES:
                return _to_rgb(np.asarray(upright), level)
            return np.array(_opaque(upright), dtype=np.uint8)
    except UnidentifiedImageError as error:
        deep = _read_with_opencv(file)
        if deep is None:
            raise _unreadable(file, error) from error
        return _to_rgb(deep, level)
    except _READING_ERRORS as error:
        raise _unreadable(file, error) from error


def _opaque(image: Image.Image) -> Image.Image:
    """RGB, with transparent parts laid over mid grey so that neither dark nor light things vanish in them."""
    if not (image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info):
        return image.convert("RGB")
    layer = image.convert("RGBA")
    behind = Image.new("RGBA", layer.size, (*_BEHIND_TRANSPARENCY, 255))
    return Image.alpha_composite(behind, layer).convert("RGB")


def _to_rgb(samples: NDArray[Any], level: float) -> Picture:
    """Grey or RGB samples of any depth to 8 bits, `level` becoming white."""
    if samples.dtype != np.uint8:
        scaled = np.nan_to_num(samples.astype(np.float32)) * (255.0 / level)
        samples = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    if samples.ndim == 2:
        samples = np.repeat(samples[:, :, None], 3, axis=2)
    return np.ascontiguousarray(samples[:, :, :3], dtype=np.uint8)


def _white_level(file: Path) -> float:
    """The value that full brightness has in a deep image: the end of the smallest range of whole bits that holds it.

    Cameras and microscopes store 10 or 12 bits in 16; taken as 16 such pictures would be nearly black.
    """
    try:
        with Image.open(file) as image:
            brightest = float(np.nan_to_num(np.asarray(image)).max())
    except UnidentifiedImageError:
        deep = _read_with_opencv(file)
        brightest = 0.0 if deep is None else float(np.nan_to_num(deep).max())
    except _READING_ERRORS as error:
        raise _unreadable(file, error) from error
    if brightest <= 1.0:
        return 1.0
    return float(2 ** max(8, int(np.ceil(np.log2(brightest + 1)))) - 1)


def _read_with_opencv(file: Path) -> NDArray[Any] | None:
    """Second reader, for kinds that Pillow does not know (several deep TIFFs); RGB or grey, or None."""
    try:
        data = np.fromfile(file, dtype=np.uint8)
        samples = cv2.imdecode(data, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR) if data.size else None
    except (OSError, cv2.error):
        return None
    return None if samples is None else np.asarray(samples[:, :, ::-1])


def _unreadable(file: Path, error: BaseException) -> ClipError:
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, UnidentifiedImageError):
        text = "its content is not that of an image"
    return ClipError(f"{file.name} in {file.parent} cannot be read as an image ({text}); remove it or copy it again.")
