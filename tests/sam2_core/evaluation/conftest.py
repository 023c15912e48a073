"""Small labelled pictures and clips whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SIZE = (64, 96)


def shifted_map(shift: int) -> np.ndarray:
    """Object 1 moves by `shift` to the right, object 2 stays."""
    index_map = np.zeros(SIZE, np.uint8)
    index_map[10:40, 20 + shift : 50 + shift] = 1
    index_map[45:60, 60:80] = 2
    return index_map


@pytest.fixture
def write_pairs() -> Callable[..., Path]:
    """Write pictures into one folder and maps into the same or another one, None for a frame without a map."""

    def write(
        folder: Path, maps: Iterable[np.ndarray | int | None], *, beside: Path | None = None, digits: int = 5
    ) -> Path:
        beside = beside or folder
        for place in (folder, beside):
            place.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(0)
        texture = generator.integers(0, 256, (8, 12, 3), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
        for number, given in enumerate(maps):
            index_map = shifted_map(given) if isinstance(given, int) else given
            height, width = SIZE if index_map is None else index_map.shape
            picture = np.resize(np.roll(texture, 4 * number, axis=1), (height, width, 3))
            if index_map is not None:
                picture = np.where(index_map[..., None] == 1, np.array([230, 40, 40], np.uint8), picture)
                picture = np.where(index_map[..., None] == 2, np.array([40, 60, 230], np.uint8), picture)
                Image.fromarray(index_map).save(beside / f"{number:0{digits}}.png")
            Image.fromarray(picture).save(folder / f"{number:0{digits}}.jpg", quality=95)
        return folder

    return write


@pytest.fixture
def clips(tmp_path: Path, write_pairs: Callable[..., Path]) -> Path:
    """One clip in which object 1 jumps by 10 pixels and object 2 stays."""
    write_pairs(tmp_path / "clips" / "films__jump", [0, 10, 10])
    return tmp_path / "clips"
