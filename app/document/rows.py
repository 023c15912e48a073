"""Between a document's values and the project file's rows, both ways."""

from __future__ import annotations

import json
import math
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.document.document import DocumentView
from app.document.masks import CountsSource, MaskCode
from app.document.places import found_clip, relative_to_project
from app.document.runs import MAX_PIXELS, canonical, decompress
from app.document.state import State
from app.document.values import Box, Category, Cell, Clip, FrameMask, Origin, Point, Prompt, Review, TrackedObject

PACK_FROM_BYTES = 1024

Placed = list[tuple[MaskCode, int]]
"""Codes whose counts were written, and under which key."""


@dataclass
class Batch:
    """What is to be written: the newest values, not the way there. `steps` counts the actions they came from."""

    clip: Clip | None = None
    next_ids: tuple[int, int] | None = None
    categories: tuple[Category, ...] | None = None
    objects: tuple[TrackedObject, ...] | None = None
    prompts: dict[Cell, Prompt | None] = field(default_factory=dict)
    masks: dict[Cell, FrameMask | None] = field(default_factory=dict)
    reviews: dict[Cell, Review | None] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    steps: int = 0

    def update(self, newer: Batch) -> None:
        """Take newer values in."""
        self.clip = newer.clip or self.clip
        self.next_ids = newer.next_ids or self.next_ids
        self.categories = self.categories if newer.categories is None else newer.categories
        self.objects = self.objects if newer.objects is None else newer.objects
        self.prompts |= newer.prompts
        self.masks |= newer.masks
        self.reviews |= newer.reviews
        self.settings |= newer.settings
        self.steps += newer.steps

    @classmethod
    def of_everything(cls, document: DocumentView) -> Batch:
        """A whole document."""
        return cls(
            document.clip,
            (document.next_object_id, document.next_category_id),
            tuple(document.categories.values()),
            tuple(document.objects.values()),
            dict(document.prompts),
            dict(document.masks),
            dict(document.reviews),
        )


def write_batch(
    connection: sqlite3.Connection, batch: Batch, source: CountsSource, project: Path, last_key: int | None = None
) -> Placed:
    """Write the values, inside the caller's transaction; gives the codes that lie in the file from its commit on.

    `source` stands for the file; a copy of it holds the same keys up to `last_key`.
    """
    placed: Placed = []
    if batch.clip is not None:
        _write_clip(connection, batch.clip, project)
    if batch.next_ids is not None:
        connection.execute("UPDATE project SET next_object_id = ?, next_category_id = ?", batch.next_ids)
    if batch.categories is not None:
        connection.execute("DELETE FROM category")
        rows = [(c.id, place, c.name, c.supercategory, c.color) for place, c in enumerate(batch.categories)]
        connection.executemany("INSERT INTO category VALUES (?, ?, ?, ?, ?)", rows)
    if batch.objects is not None:
        connection.execute("DELETE FROM object")
        things = [
            (o.id, place, o.name, o.category_id, o.color, o.is_visible, o.is_frozen, o.z_order)
            for place, o in enumerate(batch.objects)
        ]
        connection.executemany("INSERT INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?)", things)
    for table, values in (("prompt", batch.prompts), ("mask", batch.masks), ("review", batch.reviews)):
        gone = [_plain(cell) for cell, value in values.items() if value is None]
        connection.executemany(f"DELETE FROM {table} WHERE object_id = ? AND frame = ?", gone)
    keys = _Keys(connection, source, placed, last_key)
    prompts = [_prompt_row(cell, prompt, keys) for cell, prompt in batch.prompts.items() if prompt is not None]
    connection.executemany("INSERT OR REPLACE INTO prompt VALUES (?, ?, ?, ?, ?, ?)", prompts)
    masks = [_mask_row(cell, mask, keys) for cell, mask in batch.masks.items() if mask is not None]
    connection.executemany("INSERT OR REPLACE INTO mask VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", masks)
    reviews = [(*_plain(cell), review.value) for cell, review in batch.reviews.items() if review is not None]
    connection.executemany("INSERT OR REPLACE INTO review VALUES (?, ?, ?)", reviews)
    connection.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", batch.settings.items())
    return placed


def _write_clip(connection: sqlite3.Connection, clip: Clip, project: Path) -> None:
    relative = relative_to_project(clip.path, project)
    values = (clip.path, relative, clip.name, clip.frame_count, clip.height, clip.width, clip.fps)
    connection.execute(
        "INSERT INTO project VALUES (1, ?, ?, ?, ?, ?, ?, ?, 1, 1) ON CONFLICT (id) DO UPDATE SET path = excluded.path,"
        " relative_path = excluded.relative_path, name = excluded.name, frame_count = excluded.frame_count,"
        " height = excluded.height, width = excluded.width, fps = excluded.fps",
        values,
    )


class _Keys:
    """Under which key a code's counts lie in the file; writes them when they do not yet."""

    def __init__(
        self, connection: sqlite3.Connection, source: CountsSource, placed: Placed, last_key: int | None
    ) -> None:
        self._connection = connection
        self._source = source
        self._placed = placed
        self._last_key = last_key
        self._new: dict[int, int] = {}

    def of(self, code: MaskCode) -> int | None:
        if code.is_empty:
            return None
        key = code.key_in(self._source)
        if key is None or (self._last_key is not None and key > self._last_key):
            key = self._new.get(id(code))
        if key is None:
            counts = code.counts
            packed = zlib.compress(counts, 1) if len(counts) >= PACK_FROM_BYTES else counts
            is_packed = len(packed) < len(counts)
            cursor = self._connection.execute(
                "INSERT INTO counts (is_packed, data) VALUES (?, ?)", (is_packed, packed if is_packed else counts)
            )
            assert cursor.lastrowid is not None
            key = self._new[id(code)] = cursor.lastrowid
            self._placed.append((code, key))
        return key


def _plain(cell: Cell) -> tuple[int, int]:
    """Numbers that SQLite knows; frames often come from numpy."""
    return int(cell[0]), int(cell[1])


def _prompt_row(cell: Cell, prompt: Prompt, keys: _Keys) -> tuple[Any, ...]:
    points = [[float(point.x), float(point.y), int(point.is_positive)] for point in prompt.points]
    box = prompt.box
    corners = None if box is None else json.dumps([float(box.x0), float(box.y0), float(box.x1), float(box.y1)])
    counts_id = None if prompt.mask is None else keys.of(prompt.mask)
    return *_plain(cell), json.dumps(points), corners, counts_id, prompt.candidate


def _mask_row(cell: Cell, mask: FrameMask, keys: _Keys) -> tuple[Any, ...]:
    measures = mask.code.measures
    return *_plain(cell), keys.of(mask.code), *measures, float(mask.iou), float(mask.score), mask.origin.value


# Reading


def read_counts(connection: sqlite3.Connection, key: int, height: int, width: int) -> bytes:
    """One mask's counts, checked; raises ValueError (MaskError, too) when they are not what they should be."""
    row = connection.execute("SELECT is_packed, data FROM counts WHERE id = ?", (key,)).fetchone()
    if row is None:
        raise ValueError(f"the mask number {key} is missing")
    counts: bytes = row[1]
    if row[0]:
        # Every run has a pixel of its own and few are long: text much longer than the picture is no mask.
        unpacking = zlib.decompressobj()
        try:
            counts = unpacking.decompress(row[1], 2 * height * width + 64)
        except zlib.error:
            raise ValueError(f"the mask number {key} cannot be unpacked") from None
        if not unpacking.eof:
            raise ValueError(f"the mask number {key} is longer than its picture")
    runs = decompress(counts, height * width)
    if canonical(runs) is not runs:
        raise ValueError(f"the mask number {key} has empty runs")
    return counts


def read_settings(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT key, value FROM setting"))


def read_state(connection: sqlite3.Connection, source: CountsSource, project: Path) -> State:
    """The document's state; masks come without their counts, which stay in the file until needed.

    Raises ValueError, KeyError or TypeError when the rows contradict themselves.
    """
    state = _read_frame(connection, project)
    for row in connection.execute("SELECT id, name, supercategory, color FROM category ORDER BY place"):
        state.categories[row[0]] = Category(*row)
    columns = "id, name, category_id, color, is_visible, is_frozen, z_order"
    for object_id, name, category_id, color, is_visible, is_frozen, z_order in connection.execute(
        f"SELECT {columns} FROM object ORDER BY place"
    ):
        state.objects[object_id] = TrackedObject(
            object_id, name, category_id, color, bool(is_visible), bool(is_frozen), z_order
        )
    if any(thing.category_id not in (None, *state.categories) for thing in state.objects.values()):
        raise ValueError("an object has a category that does not exist")
    state.next_object_id = max(state.next_object_id, *(key + 1 for key in state.objects), 1)
    state.next_category_id = max(state.next_category_id, *(key + 1 for key in state.categories), 1)
    for cell, mask in _read_masks(connection, source, state):
        state.masks.put(cell, mask)
    for cell, prompt in _read_prompts(connection, source, state):
        state.check_cell(cell)
        state.prompts.put(cell, prompt)
    for object_id, frame, review in connection.execute("SELECT object_id, frame, review FROM review"):
        state.check_cell((object_id, frame))
        state.reviews.put((object_id, frame), Review(review))
    return state


def _read_frame(connection: sqlite3.Connection, project: Path) -> State:
    row = connection.execute(
        "SELECT path, name, frame_count, height, width, fps, relative_path, next_object_id, next_category_id"
        " FROM project"
    ).fetchone()
    if row is None:
        raise ValueError("it names no clip")
    clip = Clip(*row[:6])
    if clip.height < 1 or clip.width < 1 or clip.height * clip.width > MAX_PIXELS or clip.frame_count < 1:
        raise ValueError(f"its clip has {clip.frame_count} frames of {clip.width} x {clip.height} pixels")
    clip = replace(clip, path=found_clip(clip.path, row[6], project))
    return State(clip, next_object_id=row[7], next_category_id=row[8])


def _read_masks(connection: sqlite3.Connection, source: CountsSource, state: State) -> Iterator[tuple[Cell, FrameMask]]:
    clip, height, width = state.clip, state.clip.height, state.clip.width
    origins = {origin.value: origin for origin in Origin}
    empty = MaskCode.empty(height, width)
    columns = "object_id, frame, counts_id, area, x0, y0, x1, y1, iou, score, origin"
    for object_id, frame, key, area, x0, y0, x1, y1, iou, score, origin in connection.execute(
        f"SELECT {columns} FROM mask"
    ):
        if object_id not in state.objects or not 0 <= frame < clip.frame_count or (key is None) != (area == 0):
            raise ValueError(f"a mask lies on frame {frame} of object {object_id}")
        if key is None:
            code = empty
        elif 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height and 0 < area <= (x1 - x0) * (y1 - y0):
            code = MaskCode.resting(height, width, (area, x0, y0, x1, y1), source, key)
        else:
            raise ValueError(f"the mask on frame {frame} of object {object_id} has an impossible box")
        yield (
            (object_id, frame),
            FrameMask(code, math.nan if iou is None else iou, math.nan if score is None else score, origins[origin]),
        )


def _read_prompts(connection: sqlite3.Connection, source: CountsSource, state: State) -> Iterator[tuple[Cell, Prompt]]:
    height, width = state.clip.height, state.clip.width
    rows = connection.execute("SELECT object_id, frame, points, box, counts_id, candidate FROM prompt").fetchall()
    for object_id, frame, points, box, key, candidate in rows:
        mask = None
        if key is not None:
            mask = MaskCode(height, width, read_counts(connection, key, height, width))
            mask.keep_in(source, key)
        yield (
            (object_id, frame),
            Prompt(
                tuple(Point(float(x), float(y), bool(is_positive)) for x, y, is_positive in json.loads(points)),
                None if box is None else Box(*(float(side) for side in json.loads(box))),
                mask,
                candidate,
            ),
        )


def last_key(connection: sqlite3.Connection) -> int:
    """The highest key ever given to counts in this file."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'counts'").fetchone()
    return 0 if row is None else int(row[0])


def delete_unused_counts(connection: sqlite3.Connection) -> None:
    """Drop the run lengths that no mask and no prompt refers to: what was undone, deleted or replaced."""
    connection.execute(
        "DELETE FROM counts WHERE id NOT IN (SELECT counts_id FROM mask WHERE counts_id IS NOT NULL"
        " UNION SELECT counts_id FROM prompt WHERE counts_id IS NOT NULL)"
    )
