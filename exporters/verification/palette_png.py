"""Palette PNG files taken apart by hand: chunks, checksums, filters."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class PalettePicture:
    """`values` is uint8, height x width; `palette` holds three bytes per colour."""

    values: np.ndarray
    palette: bytes


def read_palette_png(data: bytes) -> PalettePicture:
    """An 8-bit palette PNG. ValueError if it is anything else, damaged, or has transparency."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("it is no PNG")
    chunks: dict[bytes, bytes] = {}
    place = 8
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        if int.from_bytes(data[place + 8 + length : place + 12 + length], "big") != zlib.crc32(kind + body):
            raise ValueError(f"its part {kind!r} is damaged")
        chunks[kind] = chunks.get(kind, b"") + body
        place += 12 + length
    if {b"IHDR", b"PLTE", b"IDAT", b"IEND"} - chunks.keys() or b"tRNS" in chunks:
        raise ValueError(f"it has the parts {sorted(chunks)}")
    header = chunks[b"IHDR"]
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    if header[8:] != bytes((8, 3, 0, 0, 0)):
        raise ValueError("it is not a picture of 8-bit palette values")
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8)
    if lines.size != height * (width + 1):
        raise ValueError("it has too few or too many pixels")
    lines = lines.reshape(height, width + 1)
    return PalettePicture(_unfiltered(lines[:, 0], lines[:, 1:]), chunks[b"PLTE"])


def _unfiltered(filters: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Undo the filter of every line: none, difference to the left, to above, to their mean, to Paeth's choice."""
    if not filters.any():
        return lines
    values = np.zeros((lines.shape[0] + 1, lines.shape[1]), dtype=np.uint8)
    for row, kind in enumerate(filters.tolist()):
        above, line = values[row], lines[row]
        if kind == 0:
            values[row + 1] = line
        elif kind == 1:
            values[row + 1] = np.cumsum(line, dtype=np.uint8)
        elif kind == 2:
            values[row + 1] = above + line
        elif kind in (3, 4):
            values[row + 1] = _predicted(kind, line.tolist(), above.tolist())
        else:
            raise ValueError("it has a line with an unknown filter")
    return values[1:]


def _predicted(kind: int, line: list[int], above: list[int]) -> list[int]:
    values: list[int] = []
    left = corner = 0
    for value, up in zip(line, above, strict=True):
        if kind == 3:
            guess = (left + up) // 2
        else:
            to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            guess = left if to_left <= min(to_up, to_corner) else up if to_up <= to_corner else corner
        left, corner = (value + guess) & 255, up
        values.append(left)
    return values
