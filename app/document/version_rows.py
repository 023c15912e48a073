"""Versions of masks in the project file: written, read, and kept within a bound.

Their run lengths lie in the same table as everybody else's, so a version costs little beyond its rows while its masks
are those that undo needs anyway; what it costs in the end is bounded when the file is tidied.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from app.document.masks import CountsSource
from app.document.resting import rest_masks
from app.document.state import State
from app.document.values import FrameMask
from app.document.versions import Version, VersionKey

MOST_BYTES = 64 << 20
"""What the run lengths of all versions may take in a file at rest; the oldest ones make room."""


def write_versions(
    connection: sqlite3.Connection,
    versions: Mapping[VersionKey, Version | None],
    mask_row: Callable[[int, int, FrameMask], tuple[Any, ...]],
) -> None:
    """Write new versions and delete those that are None, inside the caller's transaction.

    `mask_row` makes the row of a mask from the number that its table knows its owner by, the frame and the mask.
    """
    for (run_number, object_id), version in versions.items():
        owner = (run_number, object_id)
        found = connection.execute("SELECT id FROM version WHERE run_number = ? AND object_id = ?", owner).fetchone()
        if found is not None:
            _delete(connection, [found[0]])
        if version is None:
            continue
        cursor = connection.execute(
            "INSERT INTO version (run_number, object_id, run, moment, bare, first, last) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*owner, version.run, version.moment, json.dumps(list(_stretches(sorted(version.bare)))), *version.frames),
        )
        key = cursor.lastrowid
        assert key is not None
        for frame, mask in version.masks.items():
            row = mask_row(key, frame, mask)
            connection.execute(f"INSERT INTO version_mask VALUES ({', '.join('?' * len(row))})", row)


def read_versions(connection: sqlite3.Connection, source: CountsSource, state: State) -> list[Version]:
    """The versions of the objects that still exist; masks are made when somebody looks.

    The connection is inside a transaction, which must be committed before anybody does. Raises ValueError or TypeError
    when the rows contradict themselves or the clip.
    """
    clip = state.clip
    masks = rest_masks(connection, source, clip.frame_count, clip.height, clip.width, table="version_mask")
    versions = []
    for key, run_number, object_id, run, moment, bare, first, last in connection.execute(
        "SELECT id, run_number, object_id, run, moment, bare, first, last FROM version ORDER BY run_number"
    ):
        if not 0 <= first <= last < clip.frame_count:
            raise ValueError(f"a version of object {object_id} lies on frames {first} to {last}")
        frames = frozenset(frame for start, end in json.loads(bare) for frame in range(max(start, 0), end + 1))
        if any(frame > last for frame in frames):
            raise ValueError(f"a version of object {object_id} lies outside its frames")
        if object_id in state.objects:
            held: Mapping[int, FrameMask] = masks.get(key, {})
            versions.append(Version(run_number, object_id, run, moment, held, frames, (first, last)))
    return versions


def drop_old_versions(connection: sqlite3.Connection, most_bytes: int = MOST_BYTES) -> None:
    """Keep the newest versions that fit, and none of objects that are gone; inside the caller's transaction."""
    doomed = connection.execute(
        "WITH size AS (SELECT version.id, run_number, coalesce(sum(length(counts.data)), 0) AS bytes FROM version"
        " LEFT JOIN version_mask ON version_mask.object_id = version.id"
        " LEFT JOIN counts ON counts.id = version_mask.counts_id GROUP BY version.id),"
        " total AS (SELECT id, sum(bytes) OVER (ORDER BY run_number DESC, id DESC) AS bytes FROM size)"
        " SELECT id FROM total WHERE bytes > ?"
        " UNION SELECT id FROM version WHERE object_id NOT IN (SELECT id FROM object)",
        (most_bytes,),
    ).fetchall()
    _delete(connection, [row[0] for row in doomed])


def _delete(connection: sqlite3.Connection, keys: Iterable[int]) -> None:
    rows = [(key,) for key in keys]
    connection.executemany("DELETE FROM version_mask WHERE object_id = ?", rows)
    connection.executemany("DELETE FROM version WHERE id = ?", rows)


def _stretches(frames: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of every run of neighbouring numbers; the numbers ascend."""
    start = end = None
    for frame in frames:
        if start is None or end is None:
            start = end = frame
        elif frame == end + 1:
            end = frame
        else:
            yield start, end
            start = end = frame
    if start is not None and end is not None:
        yield start, end
