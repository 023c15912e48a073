"""From a document's values to the project file's rows; `reading.py` goes the other way."""

from __future__ import annotations

import json
import sqlite3
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.document.attributes import Attribute, Tag, TagKey
from app.document.document import DocumentView
from app.document.mark_rows import mark_settings
from app.document.masks import CountsSource, MaskCode
from app.document.object_colors import color_to_number
from app.document.places import relative_to_project
from app.document.values import Category, Cell, Clip, Finish, FrameMask, Prompt, Review, TrackedObject
from app.document.version_rows import write_versions
from app.document.versions import Version, VersionKey

PACK_FROM_BYTES = 1024

Placed = list[tuple[MaskCode, int]]
"""Codes whose counts were written, and under which key."""


@dataclass
class Batch:
    """What is to be written: the newest values, not the way there. `steps` counts the actions they came from."""

    clip: Clip | None = None
    next_ids: tuple[int, int, int] | None = None
    categories: tuple[Category, ...] | None = None
    objects: tuple[TrackedObject, ...] | None = None
    attributes: tuple[Attribute, ...] | None = None
    allows_overlaps: bool | None = None
    tags: dict[TagKey, Tag | None] = field(default_factory=dict)
    prompts: dict[Cell, Prompt | None] = field(default_factory=dict)
    masks: dict[Cell, FrameMask | None] = field(default_factory=dict)
    reviews: dict[Cell, Review | None] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    versions: dict[VersionKey, Version | None] = field(default_factory=dict)
    steps: int = 0

    def update(self, newer: Batch) -> None:
        """Take newer values in."""
        self.clip = newer.clip or self.clip
        self.next_ids = newer.next_ids or self.next_ids
        self.categories = self.categories if newer.categories is None else newer.categories
        self.objects = self.objects if newer.objects is None else newer.objects
        self.attributes = self.attributes if newer.attributes is None else newer.attributes
        self.allows_overlaps = self.allows_overlaps if newer.allows_overlaps is None else newer.allows_overlaps
        self.tags |= newer.tags
        self.prompts |= newer.prompts
        self.masks |= newer.masks
        self.reviews |= newer.reviews
        self.settings |= newer.settings
        self.versions |= newer.versions
        self.steps += newer.steps

    @classmethod
    def of_everything(cls, document: DocumentView) -> Batch:
        """A whole document."""
        return cls(
            document.clip,
            next_ids_of(document),
            tuple(document.categories.values()),
            tuple(document.objects.values()),
            tuple(document.attributes.values()),
            document.allows_overlaps,
            dict(document.tags),
            dict(document.prompts),
            dict(document.masks),
            dict(document.reviews),
            settings=mark_settings(document),
        )


def next_ids_of(document: DocumentView) -> tuple[int, int, int]:
    """The ids that the next object, category and attribute get."""
    return document.next_object_id, document.next_category_id, document.next_attribute_id


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
        names = "next_object_id = ?, next_category_id = ?, next_attribute_id = ?"
        connection.execute(f"UPDATE project SET {names}", batch.next_ids)
    if batch.categories is not None:
        connection.execute("DELETE FROM category")
        rows = [(c.id, place, c.name, c.supercategory, c.color) for place, c in enumerate(batch.categories)]
        connection.executemany("INSERT INTO category VALUES (?, ?, ?, ?, ?)", rows)
    if batch.objects is not None:
        connection.execute("DELETE FROM object")
        things = [
            (o.id, place, o.name, o.category_id, color, o.is_visible, o.is_frozen, o.z_order, o.keeps_off, finish)
            for place, o in enumerate(batch.objects)
            for color, finish in (
                (color_to_number(o.color), "{}" if o.finish == Finish() else json.dumps(asdict(o.finish))),
            )
        ]
        connection.executemany("INSERT INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", things)
    _write_attributes(connection, batch)
    for table, values in (("prompt", batch.prompts), ("mask", batch.masks), ("review", batch.reviews)):
        gone = [_plain(cell) for cell, value in values.items() if value is None]
        connection.executemany(f"DELETE FROM {table} WHERE object_id = ? AND frame = ?", gone)
    keys = _Keys(connection, source, placed, last_key)
    prompts = [_prompt_row(cell, prompt, keys) for cell, prompt in batch.prompts.items() if prompt is not None]
    connection.executemany("INSERT OR REPLACE INTO prompt VALUES (?, ?, ?, ?, ?, ?)", prompts)
    masks = [_mask_row(cell, mask, keys) for cell, mask in batch.masks.items() if mask is not None]
    connection.executemany("INSERT OR REPLACE INTO mask VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", masks)
    reviews = [(*_plain(cell), review.value) for cell, review in batch.reviews.items() if review is not None]
    connection.executemany("INSERT OR REPLACE INTO review VALUES (?, ?, ?)", reviews)
    connection.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", batch.settings.items())
    write_versions(connection, batch.versions, lambda owner, frame, mask: _mask_row((owner, frame), mask, keys))
    return placed


def _write_attributes(connection: sqlite3.Connection, batch: Batch) -> None:
    if batch.allows_overlaps is not None:
        connection.execute("UPDATE project SET allows_overlaps = ?", (batch.allows_overlaps,))
    if batch.attributes is not None:
        connection.execute("DELETE FROM attribute")
        rows = [(a.id, place, a.name, a.kind.value, json.dumps(a.choices)) for place, a in enumerate(batch.attributes)]
        connection.executemany("INSERT INTO attribute VALUES (?, ?, ?, ?, ?)", rows)
    gone = [key for key, tag in batch.tags.items() if tag is None]
    connection.executemany("DELETE FROM tag WHERE object_id = ? AND attribute_id = ?", gone)
    said = [(*key, *_tag_texts(tag)) for key, tag in batch.tags.items() if tag is not None]
    connection.executemany("INSERT OR REPLACE INTO tag VALUES (?, ?, ?, ?)", said)


def _tag_texts(tag: Tag) -> tuple[str, str]:
    stretches = [[int(stretch.first), int(stretch.last), stretch.value] for stretch in tag.stretches]
    return json.dumps(tag.everywhere), json.dumps(stretches)


def _write_clip(connection: sqlite3.Connection, clip: Clip, project: Path) -> None:
    relative = relative_to_project(clip.path, project)
    values = (clip.path, relative, clip.name, clip.frame_count, clip.height, clip.width, clip.fps)
    connection.execute(
        "INSERT INTO project VALUES (1, ?, ?, ?, ?, ?, ?, ?, 1, 1, 1, 1)"
        " ON CONFLICT (id) DO UPDATE SET path = excluded.path,"
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
    scores = float(mask.iou), float(mask.score)
    made = mask.origin.value, mask.made_at, float(mask.agreement)
    return *_plain(cell), keys.of(mask.code), *measures, *scores, *made


def last_key(connection: sqlite3.Connection) -> int:
    """The highest key ever given to counts in this file."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'counts'").fetchone()
    return 0 if row is None else int(row[0])


def delete_unused_counts(connection: sqlite3.Connection) -> None:
    """Drop the run lengths that no mask, prompt or version refers to: what was undone, deleted or replaced."""
    connection.execute(
        "DELETE FROM counts WHERE id NOT IN (SELECT counts_id FROM mask WHERE counts_id IS NOT NULL"
        " UNION SELECT counts_id FROM prompt WHERE counts_id IS NOT NULL"
        " UNION SELECT counts_id FROM version_mask WHERE counts_id IS NOT NULL)"
    )
