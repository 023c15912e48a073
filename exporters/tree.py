"""The files of a data set while they are written: contents through Python's own file objects, every result checked."""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from exporters.errors import ExportError


class TextFile:
    """A text file that grows piece by piece: UTF-8, bare line feeds, and its SHA-256 on the way."""

    def __init__(self, file: IO[bytes], tree: StagedTree) -> None:
        self._file = file
        self._tree = tree
        self.digest = hashlib.sha256()

    def write(self, text: str) -> None:
        data = text.encode("utf-8")
        self.digest.update(data)
        self._tree.bytes += len(data)
        self._file.write(data)


class StagedTree:
    """A folder that becomes a data set.

    Paths are relative, with forward slashes, made of names that are already safe.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = 0
        self.bytes = 0
        self._made: set[PurePosixPath] = set()
        self._sums: IO[str] | None = None
        self._frames: IO[str] | None = None
        self._frame_rows: Any = None

    def open_lists(self, sums: Path, frame_map: Path) -> None:
        """Begin the two lists that grow with the tree and are published beside it."""
        self._sums = sums.open("w", encoding="utf-8", newline="\n")
        self._frames = frame_map.open("w", encoding="utf-8", newline="")
        self._frame_rows = csv.writer(self._frames)
        self._frame_rows.writerow(("exported_name", "source_frame", "pts_seconds"))

    def close_lists(self, *, quietly: bool = False) -> None:
        """Finish both lists; `quietly` when they will be thrown away."""
        for file in (self._sums, self._frames):
            if file is not None:
                with contextlib.suppress(OSError) if quietly else contextlib.nullcontext():
                    file.close()
        self._sums = self._frames = self._frame_rows = None

    def write(self, relative: str, data: bytes, *, is_index: bool = False) -> None:
        """Write a whole file. An index file is flushed to the disk at once; pictures are left to the system."""
        with self._path(relative).open("wb") as file:
            file.write(data)
            if is_index:
                _sync(file)
        self.bytes += len(data)
        self._count(relative, hashlib.sha256(data).hexdigest())

    @contextlib.contextmanager
    def text(self, relative: str) -> Iterator[TextFile]:
        """A text file to be written in pieces; flushed to the disk at the end."""
        with self._path(relative).open("wb") as file:
            text = TextFile(file, self)
            yield text
            _sync(file)
        self._count(relative, text.digest.hexdigest())

    def map_frame(self, exported_name: str, source_frame: int, seconds: float) -> None:
        """Note which source frame an exported one shows."""
        if self._frame_rows is not None:
            self._frame_rows.writerow((exported_name, source_frame, f"{seconds:.6f}"))

    def check_space(self, done: int, total: int) -> None:
        """Stop early when the rest, judged by what is written so far, cannot fit on the disk."""
        if done < 8 or done % 16:
            return
        needed = self.bytes / done * (total - done)
        free = shutil.disk_usage(self.root).free
        if needed > free:
            raise ExportError(
                f"The disk is too small: about {needed / 1e6:,.0f} MB are still to be written to "
                f"{self.root.parent.parent} and {free / 1e6:,.0f} MB are free. Free some space or export to "
                "another place; nothing was left behind."
            )

    def _path(self, relative: str) -> Path:
        inside = PurePosixPath(relative)
        if inside.parent not in self._made:
            (self.root / inside.parent).mkdir(parents=True, exist_ok=True)
            self._made.add(inside.parent)
        return self.root / inside

    def _count(self, relative: str, digest: str) -> None:
        self.files += 1
        if self._sums is not None:
            self._sums.write(f"{digest}  {relative}\n")


def sync_folder(folder: Path) -> None:
    """Ask the disk to remember the folder's names; systems that cannot are left alone."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that have no such notion
            raise
    finally:
        os.close(handle)


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
