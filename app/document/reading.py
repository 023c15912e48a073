"""From the project file's rows to a document's values, checked; `rows.py` goes the other way."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from app.document.attributes import FLAGS, Attribute, AttributeKind, Stretch, Tag
from app.document.masks import CountsSource, MaskCode
from app.document.object_colors import color_from_number
from app.document.places import found_clip
from app.document.resting import rest_masks
from app.document.runs import MAX_PIXELS, canonical, decompress
from app.document.state import State
from app.document.values import (
    Box,
    Category,
    Cell,
    Clip,
    Finish,
    Point,
    Prompt,
    Review,
    TrackedObject,
)


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
    """The document's state; masks are made when somebody looks, their counts stay in the file until needed.

    The connection is inside a transaction, which must be committed before anybody looks at a mask.

    Raises ValueError, KeyError or TypeError when the rows contradict themselves.
    """
    state = _read_frame(connection, project)
    for row in connection.execute("SELECT id, name, supercategory, color FROM category ORDER BY place"):
        state.categories[row[0]] = Category(*row)
    columns = "id, name, category_id, color, is_visible, is_frozen, z_order, keeps_off, finish"
    for key, name, category_id, color, is_visible, is_frozen, z_order, keeps_off, finish in connection.execute(
        f"SELECT {columns} FROM object ORDER BY place"
    ):
        state.objects[key] = TrackedObject(
            key,
            name,
            category_id,
            color_from_number(color),
            bool(is_visible),
            bool(is_frozen),
            z_order,
            bool(keeps_off),
            _finish(finish),
        )
    if any(thing.category_id not in (None, *state.categories) for thing in state.objects.values()):
        raise ValueError("an object has a category that does not exist")
    _read_attributes(connection, state)
    state.next_object_id = max(state.next_object_id, *(key + 1 for key in state.objects), 1)
    state.next_category_id = max(state.next_category_id, *(key + 1 for key in state.categories), 1)
    state.next_attribute_id = max(state.next_attribute_id, *(key + 1 for key in state.attributes), 1)
    _rest_masks(connection, source, state)
    for cell, prompt in _read_prompts(connection, source, state):
        state.check_cell(cell)
        state.prompts.put(cell, prompt)
    for object_id, frame, review in connection.execute("SELECT object_id, frame, review FROM review"):
        state.check_cell((object_id, frame))
        state.reviews.put((object_id, frame), Review(review))
    return state


def _read_frame(connection: sqlite3.Connection, project: Path) -> State:
    row = connection.execute(
        "SELECT path, name, frame_count, height, width, fps, relative_path, next_object_id, next_category_id,"
        " next_attribute_id, allows_overlaps FROM project"
    ).fetchone()
    if row is None:
        raise ValueError("it names no clip")
    clip = Clip(*row[:6])
    if clip.height < 1 or clip.width < 1 or clip.height * clip.width > MAX_PIXELS or clip.frame_count < 1:
        raise ValueError(f"its clip has {clip.frame_count} frames of {clip.width} x {clip.height} pixels")
    clip = replace(clip, path=found_clip(clip.path, row[6], project))
    return State(
        clip,
        next_object_id=row[7],
        next_category_id=row[8],
        next_attribute_id=row[9],
        allows_overlaps=bool(row[10]),
    )


def _finish(text: str) -> Finish:
    said = json.loads(text)
    is_on = said.pop("is_on", True)
    sizes = {str(name): int(size) for name, size in said.items()}
    return Finish(**sizes, is_on=bool(is_on))


def _read_attributes(connection: sqlite3.Connection, state: State) -> None:
    for key, name, kind, choices in connection.execute("SELECT id, name, kind, choices FROM attribute ORDER BY place"):
        state.attributes[key] = Attribute(key, name, AttributeKind(kind), tuple(json.loads(choices)))
    for object_id, key, everywhere, stretches in connection.execute("SELECT * FROM tag").fetchall():
        tag = Tag(json.loads(everywhere), tuple(Stretch(*stretch) for stretch in json.loads(stretches)))
        attribute = state.attributes.get(key) or FLAGS.get(key)
        values = [one for one in (tag.everywhere, *(stretch.value for stretch in tag.stretches)) if one is not None]
        if object_id not in state.objects or attribute is None or not all(map(attribute.fits, values)):
            raise ValueError(f"the attribute {key} of object {object_id} has an impossible value")
        state.tags.put((object_id, key), tag)


def _rest_masks(connection: sqlite3.Connection, source: CountsSource, state: State) -> None:
    clip = state.clip
    for object_id, masks in rest_masks(connection, source, clip.frame_count, clip.height, clip.width).items():
        if object_id not in state.objects:
            raise ValueError(f"masks lie on object {object_id}, which does not exist")
        state.masks.rest(object_id, masks)


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
