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


def repaired_copy(path: Path) -> Path:
    """The path of a Matroska file with the same pictures and with times; made once per content. ClipError if not.

    First the packets are only wrapped anew. Where that cannot give times (raw streams with reordered pictures),
    the pictures are stored again without loss.
    """
    folder = repair_folder()
    copy = folder / f"{clip_digest(path)}.mkv"
    if copy.is_file():
        return copy
    working = folder / f"{uuid.uuid4().hex}.part.mkv"
    as_is = ["-c:v", "copy"]
    stored_again = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-g", "12", "-fps_mode", "passthrough"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (_run_ffmpeg(path, working, as_is) or _run_ffmpeg(path, working, stored_again)):
            raise ClipError(
                f"{path.name} in {path.parent} does not say when its frames are shown and could not be repaired; "
                "convert it to MP4 with H.264 first."
            )
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
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-xerror", "-y", "-fflags", "+genpts"]
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
