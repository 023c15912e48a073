"""The only door to pixels: a video file, a folder of images or one picture, opened as a clip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.media.images import IMAGE_SUFFIXES, ImageIndex, ImageSource
from app.media.source import DEFAULT_CACHE_BYTES, ClipError, FrameSource, Picture, clip_digest

if TYPE_CHECKING:
    from app.media.video import VideoIndex

__all__ = [
    "DEFAULT_CACHE_BYTES",
    "IMAGE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "ClipError",
    "FrameSource",
    "ImageIndex",
    "Picture",
    "clip_digest",
    "open_clip",
]

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv")
"""For file dialogs. `open_clip` goes by content and opens whatever FFmpeg can read."""


def open_clip(
    path: str | Path,
    *,
    cache_bytes: int = DEFAULT_CACHE_BYTES,
    index: VideoIndex | ImageIndex | None = None,
) -> FrameSource:
    """Open a video file, a folder of images, or a single picture (a clip of one frame).

    Reads the times of all packets of a video, or the head of every image, once; pass the `index` of an earlier
    source of the same clip to skip that. Close the source when done. ClipError with a sentence if it cannot be
    opened.
    """
    place = Path(path)
    try:
        is_folder, is_file, exists = place.is_dir(), place.is_file(), place.exists()
        size = place.stat().st_size if is_file else 0
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ClipError(f"{path} cannot be looked at ({reason}); choose another file.") from error
    if not exists:
        raise ClipError(f"{place.name or path} is not in {place.parent.absolute()}; it may have been moved or renamed.")
    if not (is_folder or is_file):
        raise ClipError(f"{place} is neither a file nor a folder; choose a video file or a folder of images.")
    if is_file and size == 0:
        raise ClipError(f"{place.name} in {place.parent.absolute()} is empty (0 bytes); copy it again.")
    place = place.absolute()
    if is_folder or place.suffix.lower() in IMAGE_SUFFIXES:
        return ImageSource(place, cache_bytes=cache_bytes, index=index if isinstance(index, ImageIndex) else None)
    # PyAV takes long to import, and the window is on the screen before anything is opened.
    from app.media.video import VideoIndex, VideoSource

    return VideoSource(place, cache_bytes=cache_bytes, index=index if isinstance(index, VideoIndex) else None)
