"""A project file copied whole while work goes on in it: written beside the target, then put in its place."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

from app.document.errors import ProjectError
from app.document.lock import is_running
from app.document.places import replace_whole
from app.document.rows import Batch, Placed, delete_unused_counts, last_key, write_batch
from app.document.schema import connect, make_tables, transaction
from app.document.shelf import Shelf
from app.document.version_rows import drop_old_versions

PAGES_AT_ONCE = 4096


def write_new(target: Path, batch: Batch, shelf: Shelf) -> Placed:
    """Make a project file of a whole document; gives the codes that lie in it. Raises ProjectError."""
    return _put_in_place(target, lambda copy: _fill(copy, batch, shelf, target))


def write_copy(source: Path, target: Path, agree: Callable[[sqlite3.Connection], Batch], shelf: Shelf) -> None:
    """Copy a file with what is not written in it yet, without what is only needed to undo.

    `agree` begins reading the source at a moment when it also knows what the source lacks, and gives that.
    Raises ProjectError.
    """

    def fill(copy: sqlite3.Connection) -> Placed:
        _copy_pages(source, copy, agree, shelf, target)
        with transaction(copy):
            drop_old_versions(copy)
            delete_unused_counts(copy)
        free, pages = (copy.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
        if free * 4 > pages:
            copy.execute("VACUUM")
        return []

    _put_in_place(target, fill)


def write_successor(source: Path, target: Path, agree: Callable[[sqlite3.Connection], Batch], shelf: Shelf) -> Placed:
    """Copy a file with all that it holds, so that the copy can take its place under a living document."""
    return _put_in_place(target, lambda copy: _copy_pages(source, copy, agree, shelf, target))


def back_up(connection: sqlite3.Connection, target: Path) -> None:
    """Copy an open file as it is. Raises ProjectError."""

    def fill(copy: sqlite3.Connection) -> Placed:
        connection.backup(copy, pages=PAGES_AT_ONCE)
        copy.execute("PRAGMA journal_mode = DELETE")
        return []

    _put_in_place(target, fill)


def _fill(copy: sqlite3.Connection, batch: Batch, shelf: Shelf, target: Path) -> Placed:
    make_tables(copy)
    with transaction(copy):
        return write_batch(copy, batch, shelf, target, last_key=0)


def _copy_pages(
    source: Path,
    copy: sqlite3.Connection,
    agree: Callable[[sqlite3.Connection], Batch],
    shelf: Shelf,
    target: Path,
) -> Placed:
    reader = connect(source, writing=False)
    try:
        missing = agree(reader)
        reader.backup(copy, pages=PAGES_AT_ONCE)
    finally:
        reader.close()
    copy.execute("PRAGMA journal_mode = DELETE")
    with transaction(copy):
        return write_batch(copy, missing, shelf, target, last_key(copy))


def _put_in_place(target: Path, fill: Callable[[sqlite3.Connection], Placed]) -> Placed:
    written = target.with_name(f"{target.name}.tmp-{os.getpid()}")
    try:
        if not target.parent.is_dir():
            raise ProjectError(f"{target} cannot be written: its folder {target.parent} does not exist.")
        _clean_up(target)
        copy = sqlite3.connect(written, isolation_level=None)
        try:
            copy.execute("PRAGMA synchronous = OFF")  # it is nobody's file until it is whole and synced
            placed = fill(copy)
        finally:
            copy.close()
        replace_whole(written, target)
    except (sqlite3.Error, OSError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ProjectError(f"{target} cannot be written: {reason}. What was there before is unchanged.") from None
    finally:
        with contextlib.suppress(OSError):
            _remove(written)
    return placed


def _clean_up(target: Path) -> None:
    """Remove what processes that were killed while writing here have left."""
    for left in target.parent.iterdir():
        found = re.fullmatch(re.escape(target.name) + r"\.tmp-(\d+)(-journal|-wal|-shm)?", left.name)
        if found and (int(found[1]) == os.getpid() or not is_running(int(found[1]))):
            left.unlink(missing_ok=True)


def _remove(written: Path) -> None:
    for ending in ("", "-journal", "-wal", "-shm"):
        written.with_name(written.name + ending).unlink(missing_ok=True)
