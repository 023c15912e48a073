"""Masks that nobody has looked at since the project was opened: rows in memory, made into values when asked for."""

from __future__ import annotations

import itertools
import math
import sqlite3
import threading
import weakref
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from app.document.mask_numbers import ORIGINS, MaskNumbers
from app.document.masks import CountsSource, MaskCode
from app.document.schema import MASK_TABLE
from app.document.values import FrameMask, Origin

_COLUMNS = "frame, counts_id, area, x0, y0, x1, y1, iou, score, origin, made_at, agreement"
_ORIGINS = {origin.value: origin for origin in Origin}
# Comparisons, since SQLite takes a third longer for IN over a list.
_IS_SOUND = (
    f"frame >= 0 AND frame < :frames AND ({' OR '.join(f'origin = {name!r}' for name in _ORIGINS)})"
    " AND CASE WHEN counts_id IS NULL THEN area = 0 ELSE 0 <= x0 AND x0 < x1 AND x1 <= :width"
    " AND 0 <= y0 AND y0 < y1 AND y1 <= :height AND 0 < area AND area <= (x1 - x0) * (y1 - y0) END"
)
_numbers = itertools.count()


class RestingRows:
    """A table of masks in a project file as it was when it was opened, copied into memory in SQLite's own form.

    Two million masks take half a second and 0.1 GB like this; as values they take eight seconds and 0.9 GB. Since it is
    a copy, it does not matter what becomes of the file. Any thread may read.
    """

    def __init__(
        self, connection: sqlite3.Connection, source: CountsSource, height: int, width: int, table: str
    ) -> None:
        """Copy the table inside the connection's transaction; what was copied can be read when that is committed."""
        self._source = source
        self._height, self._width = height, width
        self._empty = MaskCode.empty(height, width)
        self._lock = threading.Lock()
        # Shared between this connection and the file's, which goes away; the number keeps it from all others.
        place = f"file:resting-masks-{next(_numbers)}?mode=memory&cache=shared"
        self._connection = sqlite3.connect(place, uri=True, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._connection.close)
        self._connection.execute(f"CREATE TABLE mask {MASK_TABLE}")
        connection.execute(f"ATTACH ? AS resting_{table}", (place,))
        # All columns of a table that is made alike: SQLite then copies records as they are.
        connection.execute(f"INSERT INTO resting_{table}.mask SELECT * FROM main.{table}")

    def mask(self, object_id: int, frame: int) -> FrameMask | None:
        """One mask, None where there is none."""
        with self._lock:
            found = self._connection.execute(
                f"SELECT {_COLUMNS} FROM mask WHERE object_id = ? AND frame = ?", (object_id, frame)
            ).fetchone()
        return None if found is None else self._made(found)

    def masks(self, object_id: int) -> dict[int, FrameMask]:
        """All masks of an object by frame, ascending."""
        with self._lock:
            found = self._connection.execute(
                f"SELECT {_COLUMNS} FROM mask WHERE object_id = ? ORDER BY frame", (object_id,)
            ).fetchall()
        return {row[0]: self._made(row) for row in found}

    def numbers(self, object_id: int) -> MaskNumbers:
        """All masks of an object in numbers."""
        origin = " ".join(f"WHEN {origin.value!r} THEN {place}" for place, origin in enumerate(ORIGINS))
        with self._lock:
            found = self._connection.execute(
                f"SELECT frame, area, x0, y0, x1, y1, iou, score, CASE origin {origin} END, agreement"
                " FROM mask WHERE object_id = ? ORDER BY frame",
                (object_id,),
            ).fetchall()
        return MaskNumbers(found)

    def _made(self, row: tuple[Any, ...]) -> FrameMask:
        _, key, area, x0, y0, x1, y1, iou, score, origin, made_at, agreement = row
        if key is None:
            code = self._empty
        else:
            code = MaskCode.resting(self._height, self._width, (area, x0, y0, x1, y1), self._source, key)
        iou = math.nan if iou is None else iou
        score = math.nan if score is None else score
        return FrameMask(code, iou, score, _ORIGINS[origin], made_at, agreement)


class RestingMasks(Mapping[int, FrameMask]):
    """One object's masks by frame, each made when it is first asked for and the same one from then on.

    They never change: a table that wants to change one copies them first. Any thread may read.
    """

    def __init__(self, rows: RestingRows, object_id: int, count: int) -> None:
        self._rows: RestingRows | None = rows
        self._object_id = object_id
        self._count = count
        self._lock = threading.Lock()
        self._found: dict[int, FrameMask] = {}
        """What was made so far; all of it once `_rows` is None."""

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, frame: int) -> FrameMask:
        rows = self._rows
        found = self._found.get(frame)
        if found is None and rows is not None:
            found = self._find(int(frame))
        if found is None:
            raise KeyError(frame)
        return found

    def __contains__(self, frame: object) -> bool:
        return self.get(frame) is not None  # type: ignore[call-overload]

    def __iter__(self) -> Iterator[int]:
        return iter(self._all())

    def keys(self) -> KeysView[int]:
        return self._all().keys()

    def items(self) -> ItemsView[int, FrameMask]:
        return self._all().items()

    def values(self) -> ValuesView[FrameMask]:
        return self._all().values()

    def numbers(self) -> MaskNumbers:
        """The same in numbers; no mask is made for it."""
        rows = self._rows
        return MaskNumbers.of(self._found) if rows is None else rows.numbers(self._object_id)

    def _find(self, frame: int) -> FrameMask | None:
        with self._lock:
            found = self._found.get(frame)
            if found is None and self._rows is not None:
                found = self._rows.mask(self._object_id, frame)
                if found is not None:
                    self._found[frame] = found
            return found

    def _all(self) -> dict[int, FrameMask]:
        with self._lock:
            if self._rows is not None:
                # What somebody holds already stays the one that it is; a new dict, since others may read the old one.
                self._found = self._rows.masks(self._object_id) | self._found
                self._rows = None
            return self._found


def rest_masks(
    connection: sqlite3.Connection,
    source: CountsSource,
    frames: int,
    height: int,
    width: int,
    *,
    table: str = "mask",
) -> dict[int, RestingMasks]:
    """All masks of a table by object, checked, but not made. The transaction must be committed before a look.

    Raises ValueError when a row contradicts itself or the clip (`frames` of `height` x `width` pixels).
    """
    rows = RestingRows(connection, source, height, width, table)
    resting = {}
    for object_id, count, unsound in connection.execute(
        f"SELECT object_id, count(*), min(CASE WHEN ({_IS_SOUND}) IS TRUE THEN NULL ELSE frame END)"
        f" FROM resting_{table}.mask GROUP BY object_id",
        {"frames": frames, "height": height, "width": width},
    ):
        if unsound is not None:
            raise ValueError(f"the mask on frame {unsound} of object {object_id} is impossible")
        resting[object_id] = RestingMasks(rows, object_id, count)
    return resting
