"""A data set grows in a folder beside its target and takes its place in one step, or leaves no trace.

<target>.partial-<id>/tree/      what becomes the target
<target>.partial-<id>/beside/    what becomes <target>.report.json and its like
<target>.partial-<id>/lock       held while the export lives; an export that died leaves it free
<target>.old-<id>                the earlier export, for the moment between two renames
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from exporters.errors import ExportError
from exporters.tree import StagedTree, sync_folder

LONGEST_NAME = 200
"""Bytes in the target's name, so that the names made from it stay valid."""

_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
_ID = r"[0-9a-f]{8}"


class Staging:
    """The staging folder of one export; a context manager that cleans up whatever happens.

    `contents` are the names that exports put at the top of a data set: only a folder that holds nothing else, and
    has its report beside it, is ever replaced.
    """

    def __init__(self, target: Path, *, overwrite: bool, contents: frozenset[str]) -> None:
        self.target = Path(os.path.realpath(target))
        self._overwrite = overwrite
        self._contents = contents
        self._id = secrets.token_hex(4)
        self.folder = self.target.parent / f"{self.target.name}.partial-{self._id}"
        self.tree = StagedTree(self.folder / "tree")
        self._beside = self.folder / "beside"
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Staging:
        self._refuse_bad_target()
        self._tidy_after_crashes()
        self._refuse_to_overwrite()
        try:
            self.folder.mkdir()
            self._lock = _locked(self.folder / "lock")
            self.tree.root.mkdir()
            self._beside.mkdir()
            self.tree.open_lists(self.beside("SHA256SUMS"), self.beside("frame_map.csv"))
        except BaseException:
            self._clean_up()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clean_up()

    def beside(self, ending: str) -> Path:
        """Where to write the file that will be published as `<target>.<ending>`."""
        return self._beside / f"{self.target.name}.{ending}"

    def publish(self) -> None:
        """Put the data set and the files beside it in their places, all or nothing."""
        self.tree.close_lists()
        sync_folder(self.tree.root)
        aside = self.folder / "aside"
        aside.mkdir()
        old = self.target.with_name(f"{self.target.name}.old-{self._id}")
        moves = [(self.tree.root, self.target, old)]
        for file in sorted(self._beside.iterdir()):
            moves.append((file, self.target.with_name(file.name), aside / file.name))
        _swap_in(moves)
        sync_folder(self.target.parent)
        shutil.rmtree(old, ignore_errors=True)

    def _refuse_bad_target(self) -> None:
        if not self.target.name or len(self.target.name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
            raise ExportError(f"{self.target} cannot be the name of a data set. Choose a folder with a shorter name.")
        parent = self.target.parent
        if not parent.is_dir():
            raise ExportError(f"The folder {parent} does not exist. Create it or export to another place.")

    def _refuse_to_overwrite(self) -> None:
        if not os.path.lexists(self.target):
            return
        if not self.target.is_dir():
            raise ExportError(f"{self.target} is a file, and a data set is a folder. Choose another name.")
        found = {entry.name for entry in self.target.iterdir()} - _LITTER
        if not found:
            return
        if not self._overwrite:
            raise ExportError(f"{self.target} exists already. Choose another folder or allow it to be replaced.")
        foreign = sorted(found - self._contents)
        if foreign:
            raise ExportError(
                f"{self.target} holds things that no export has written ({', '.join(foreign[:3])}), and replacing "
                "it would delete them. Choose another folder."
            )
        if not self.target.with_name(f"{self.target.name}.report.json").is_file():
            raise ExportError(
                f"{self.target} has no {self.target.name}.report.json beside it, so it may not be an earlier export. "
                "Choose another folder, or delete this one yourself."
            )

    def _tidy_after_crashes(self) -> None:
        """Remove what a killed export to the same target left, and put an earlier data set back that it had moved
        aside.
        """
        name = re.escape(self.target.name)
        for entry in sorted(self.target.parent.iterdir()):
            if re.fullmatch(rf"{name}\.partial-{_ID}", entry.name):
                if not _is_abandoned(entry / "lock"):
                    raise ExportError(
                        f"Another export to {self.target} is running. Wait for it or choose another folder."
                    )
                shutil.rmtree(entry, ignore_errors=True)
            elif re.fullmatch(rf"{name}\.old-{_ID}", entry.name) and entry.is_dir():
                if os.path.lexists(self.target):
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    _rename(entry, self.target)

    def _clean_up(self) -> None:
        self.tree.close_lists(quietly=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _swap_in(moves: Sequence[tuple[Path, Path, Path]]) -> None:
    """Rename every (staged, final, aside): what is at `final` goes aside first.

    On a failure every rename is taken back.
    """
    made: list[tuple[Path, Path]] = []

    def move(source: Path, destination: Path) -> None:
        _rename(source, destination)
        made.append((source, destination))

    try:
        for staged, final, aside in moves:
            if os.path.lexists(final):
                move(final, aside)
            move(staged, final)
    except OSError:
        for source, destination in reversed(made):
            _rename(destination, source)
        raise


def _rename(source: Path, destination: Path) -> None:
    """Rename; on Windows with patience, because virus scanners hold new files for a moment."""
    for pause in (0.1, 0.3, 0.6, 1.0):
        try:
            source.rename(destination)
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(pause)
    source.rename(destination)


def _locked(path: Path) -> IO[bytes]:
    """Create the lock file and hold it for as long as the process lives."""
    file = path.open("xb")
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    file.write(f"{os.getpid()} {time.strftime('%Y-%m-%dT%H:%M:%S')}\n".encode())
    file.flush()
    return file


def _is_abandoned(lock: Path) -> bool:
    """Whether nobody holds the lock file any more."""
    try:
        if sys.platform == "win32":
            lock.unlink()  # refused while another process has it open
            return True
        import fcntl

        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        # Between making the folder and its lock lies an instant; a folder without one for a minute is nobody's.
        return not lock.parent.is_dir() or time.time() - lock.parent.stat().st_mtime > 60
    except OSError:
        return False
