"""Where a project file lies: on a network drive, beside its clip, and how a file is put there whole."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_NETWORK_TYPES = (
    *("9p", "afs", "ceph", "cifs", "davfs", "glusterfs", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"),
    *("fuse.davfs2", "fuse.glusterfs", "fuse.rclone", "fuse.sshfs"),
)


def is_on_network(path: Path) -> bool:
    """Whether the path lies on a drive that other machines share, as far as the system tells."""
    if sys.platform == "win32":
        return str(path.absolute()).startswith("\\\\")
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return mount_type(mounts, str(path.absolute())) in _NETWORK_TYPES


def mount_type(mounts: str, path: str) -> str:
    """The file system's type for an absolute path, from the text of /proc/self/mounts; empty if none fits."""
    longest, found = -1, ""
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        place = parts[1].replace("\\040", " ").rstrip("/")
        if (path == place or path.startswith(place + "/")) and len(place) >= longest:
            longest, found = len(place), parts[2]
    return found


def replace_whole(written: Path, target: Path) -> None:
    """Put a written file in the target's place: whoever opens the target finds the old file or the new one, whole,
    whatever happens in between. Raises OSError."""
    with written.open("rb+") as file:
        os.fsync(file.fileno())
    written.replace(target)
    if sys.platform != "win32":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # some file systems cannot, and need not
                os.fsync(folder)
        finally:
            os.close(folder)


def relative_to_project(clip: str, project: Path) -> str:
    """The clip's path seen from the project's folder, empty when there is no such way (another drive)."""
    try:
        return Path(os.path.relpath(clip, project.absolute().parent)).as_posix()
    except ValueError:
        return ""


def found_clip(clip: str, relative: str, project: Path) -> str:
    """Where the clip is now: where it was, or, when project and clip moved together, at the same way from here."""
    if relative and not Path(clip).exists():
        moved = project.absolute().parent / relative
        if moved.exists():
            return os.path.normpath(moved)
    return clip
