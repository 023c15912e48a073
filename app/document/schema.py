"""The project file's tables, what marks it as one, and how a connection to it is made."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from app.document.errors import ProjectError
from app.document.places import is_on_network

APPLICATION_ID = 0x4D534B4C  # "MSKL"
VERSION = 5
SUFFIX = ".masklet"
MAX_VALUE_BYTES = 1 << 28
BUSY_SECONDS = 5.0

MASK_TABLE = """(
    object_id INTEGER NOT NULL, frame INTEGER NOT NULL,
    counts_id INTEGER, area INTEGER NOT NULL,
    x0 INTEGER NOT NULL, y0 INTEGER NOT NULL, x1 INTEGER NOT NULL, y1 INTEGER NOT NULL,
    iou REAL, score REAL, origin TEXT NOT NULL, made_at REAL NOT NULL DEFAULT 0,
    agreement REAL NOT NULL DEFAULT 1,
    PRIMARY KEY (object_id, frame)
) STRICT, WITHOUT ROWID"""

VERSION_TABLES = f"""
CREATE TABLE version (
    id INTEGER PRIMARY KEY, run_number INTEGER NOT NULL, object_id INTEGER NOT NULL,
    run TEXT NOT NULL, moment REAL NOT NULL, bare TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    UNIQUE (run_number, object_id)
) STRICT;
CREATE TABLE version_mask {MASK_TABLE};
"""
"""Masks from before runs. An `object_id` of `version_mask` is the `id` of a version."""

SCHEMA = f"""
CREATE TABLE project (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    path TEXT NOT NULL, relative_path TEXT NOT NULL, name TEXT NOT NULL,
    frame_count INTEGER NOT NULL, height INTEGER NOT NULL, width INTEGER NOT NULL, fps REAL NOT NULL,
    next_object_id INTEGER NOT NULL, next_category_id INTEGER NOT NULL,
    next_attribute_id INTEGER NOT NULL DEFAULT 1, allows_overlaps INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE category (
    id INTEGER PRIMARY KEY, place INTEGER NOT NULL,
    name TEXT NOT NULL, supercategory TEXT NOT NULL, color TEXT NOT NULL
) STRICT;
CREATE TABLE object (
    id INTEGER PRIMARY KEY, place INTEGER NOT NULL,
    name TEXT NOT NULL, category_id INTEGER, color INTEGER NOT NULL,
    is_visible INTEGER NOT NULL, is_frozen INTEGER NOT NULL, z_order INTEGER NOT NULL,
    keeps_off INTEGER NOT NULL DEFAULT 0, finish TEXT NOT NULL DEFAULT '{{}}'
) STRICT;
CREATE TABLE attribute (
    id INTEGER PRIMARY KEY, place INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, choices TEXT NOT NULL
) STRICT;
CREATE TABLE tag (
    object_id INTEGER NOT NULL, attribute_id INTEGER NOT NULL, everywhere TEXT NOT NULL, stretches TEXT NOT NULL,
    PRIMARY KEY (object_id, attribute_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE counts (id INTEGER PRIMARY KEY AUTOINCREMENT, is_packed INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE prompt (
    object_id INTEGER NOT NULL, frame INTEGER NOT NULL,
    points TEXT NOT NULL, box TEXT, counts_id INTEGER, candidate INTEGER,
    PRIMARY KEY (object_id, frame)
) STRICT, WITHOUT ROWID;
CREATE TABLE mask {MASK_TABLE};
CREATE INDEX mask_by_frame ON mask (frame, object_id);
CREATE TABLE review (
    object_id INTEGER NOT NULL, frame INTEGER NOT NULL, review TEXT NOT NULL,
    PRIMARY KEY (object_id, frame)
) STRICT, WITHOUT ROWID;
{VERSION_TABLES}"""

Migration = Callable[[sqlite3.Connection], None]


def _to_version_2(connection: sqlite3.Connection) -> None:
    """Attributes, objects that keep off their neighbours, overlaps by order, and when each mask was made."""
    for statement in (
        "ALTER TABLE project ADD COLUMN next_attribute_id INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE project ADD COLUMN allows_overlaps INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE object ADD COLUMN keeps_off INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE mask ADD COLUMN made_at REAL NOT NULL DEFAULT 0",
        "CREATE TABLE attribute (id INTEGER PRIMARY KEY, place INTEGER NOT NULL, name TEXT NOT NULL,"
        " kind TEXT NOT NULL, choices TEXT NOT NULL) STRICT",
        "CREATE TABLE tag (object_id INTEGER NOT NULL, attribute_id INTEGER NOT NULL, everywhere TEXT NOT NULL,"
        " stretches TEXT NOT NULL, PRIMARY KEY (object_id, attribute_id)) STRICT, WITHOUT ROWID",
    ):
        connection.execute(statement)


def _to_version_3(connection: sqlite3.Connection) -> None:
    """How an object's masks are finished."""
    connection.execute("ALTER TABLE object ADD COLUMN finish TEXT NOT NULL DEFAULT '{}'")


def _to_version_4(connection: sqlite3.Connection) -> None:
    """How far runs from both ends agree on a mask; masks may be drafts."""
    connection.execute("ALTER TABLE mask ADD COLUMN agreement REAL NOT NULL DEFAULT 1")


def _to_version_5(connection: sqlite3.Connection) -> None:
    """What runs have replaced."""
    for statement in filter(str.strip, VERSION_TABLES.split(";")):
        connection.execute(statement)


MIGRATIONS: Mapping[int, Migration] = {1: _to_version_2, 2: _to_version_3, 3: _to_version_4, 4: _to_version_5}
"""From a version to the next one, each a function that changes the tables inside a transaction."""


def connect(path: Path, *, writing: bool) -> sqlite3.Connection:
    """A connection that trusts nothing in the file. Raises sqlite3.Error."""
    uri = f"{path.absolute().as_uri()}?mode={'rw' if writing else 'ro'}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    except BaseException:
        connection.close()
        raise
    return connection


def prepare_writing(connection: sqlite3.Connection, path: Path) -> None:
    """Commit quickly and survive the process's death: a write-ahead log, but not on a network drive."""
    if not is_on_network(path):
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode == "wal":
            connection.execute("PRAGMA synchronous = NORMAL")
            return
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")


def make_tables(connection: sqlite3.Connection) -> None:
    """Make an empty file a project file."""
    connection.executescript(
        f"BEGIN; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )


def check_file(connection: sqlite3.Connection, name: str) -> int:
    """The file's version; ProjectError unless it is a project file that this program can read."""
    try:
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise ProjectError(f"{name} cannot be read: {error}.") from None
        raise ProjectError(f"{name} is not a project of Masklet Studio. Choose a file that ends in {SUFFIX}.") from None
    if application_id != APPLICATION_ID or version < 1:
        raise ProjectError(f"{name} is not a project of Masklet Studio. Choose a file that ends in {SUFFIX}.")
    if version > VERSION:
        raise ProjectError(
            f"{name} was written by a newer Masklet Studio (file version {version}; this one reads up to {VERSION}). "
            "Update the program to open it."
        )
    return version


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring the tables from an older version to this one, all or nothing."""
    with transaction(connection):
        for number in range(version, VERSION):
            MIGRATIONS[number](connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All statements inside, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
