"""A copy with usable times of a video that has none, made by the bundled ffmpeg in the user's cache folder."""

import contextlib
import os
import subprocess
import uuid
from pathlib import Path

import imageio_ffmpeg
import platformdirs

from app.media.source import ClipError, clip_digest

_MAX_CACHE_BYTES = 8 * 1024**3


def wrapped_anew(path: Path) -> Path | None:
    """A Matroska file with the same packets and new times, or None if ffmpeg cannot make times for them."""
    return _copy(path, "wrapped", ["-c:v", "copy"])


def stored_anew(path: Path) -> Path | None:
    """A Matroska file with the same pictures at even times, encoded again without loss, or None if that fails too.

    Slow and large, but it always has times.
    """
    lossless = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-g", "12"]
    return _copy(path, "stored", ["-vf", "setpts=N/(FR*TB)", "-fps_mode", "passthrough", *lossless])


def _copy(path: Path, kind: str, how: list[str]) -> Path | None:
    """Made once per content and kind. ClipError if the folder cannot be written to."""
    folder = repair_folder()
    copy = folder / f"{clip_digest(path)}.{kind}.mkv"
    if copy.is_file():
        return copy
    working = folder / f"{uuid.uuid4().hex}.part.mkv"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not _run_ffmpeg(path, working, how):
            return None
        working.replace(copy)
    except OSError as error:
        raise ClipError(
            f"{path.name} needs a repaired copy, and that could not be written to {folder} "
            f"({error.strerror or error}); make room there and open it again."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            working.unlink(missing_ok=True)
    _forget_oldest(folder, keep=copy)
    return copy


def repair_folder() -> Path:
    """Where repaired copies are kept; deleting it costs only time."""
    return Path(platformdirs.user_cache_dir("masklet-studio", appauthor=False)) / "repaired"


def _run_ffmpeg(source: Path, target: Path, how: list[str]) -> bool:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", "-fflags", "+genpts"]
    command += ["-protocol_whitelist", "file", "-i", f"file:{source}", "-map", "0:V:0", *how, f"file:{target}"]
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0) if os.name == "nt" else 0
    finished = subprocess.run(command, capture_output=True, check=False, creationflags=flags)
    return finished.returncode == 0 and target.is_file()


def _forget_oldest(folder: Path, keep: Path) -> None:
    """Keep the folder below its limit in bytes."""
    copies = sorted(folder.glob("*.mkv"), key=lambda copy: copy.stat().st_mtime, reverse=True)
    total = 0
    for copy in copies:
        total += copy.stat().st_size
        if total > _MAX_CACHE_BYTES and copy != keep:
            with contextlib.suppress(OSError):
                copy.unlink()
