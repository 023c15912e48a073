"""Small clips whose pictures say which frame they are."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

WIDTH, HEIGHT = 160, 120
COLUMNS, ROWS = 4, 4


def draw_number(number: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A picture of sixteen grey blocks: the eight bits of `number`, then the same bits turned over."""
    bits = [number >> place & 1 for place in range(8)]
    blocks = np.array(bits + [1 - bit for bit in bits], dtype=np.uint8).reshape(ROWS, COLUMNS)
    rows = np.minimum(np.arange(height) * ROWS // height, ROWS - 1)
    columns = np.minimum(np.arange(width) * COLUMNS // width, COLUMNS - 1)
    grey = blocks[rows][:, columns] * 150 + 50
    return np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)


def see_number(picture: np.ndarray) -> int | None:
    """The number in a picture made by `draw_number`, or None if the picture is damaged."""
    height, width = picture.shape[:2]
    rows = (np.arange(ROWS) * 2 + 1) * height // (2 * ROWS)
    columns = (np.arange(COLUMNS) * 2 + 1) * width // (2 * COLUMNS)
    bits = (picture[rows][:, columns].mean(axis=2) > 125).astype(int).ravel()
    if np.any(bits[:8] == bits[8:]):
        return None
    return int(sum(int(bit) << place for place, bit in enumerate(bits[:8])))


@pytest.fixture(scope="session")
def number_in() -> Callable[[np.ndarray], int | None]:
    return see_number


@pytest.fixture(scope="session")
def numbered_picture() -> Callable[..., np.ndarray]:
    return draw_number


@pytest.fixture(scope="session")
def ffmpeg() -> Callable[..., None]:
    """Runs the bundled ffmpeg; `pictures` go in as raw RGB where the arguments say `-i -`."""

    def run(arguments: Sequence[str | Path], pictures: bytes | None = None) -> None:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
        finished = subprocess.run(command, input=pictures, capture_output=True, check=False)
        assert finished.returncode == 0, finished.stderr.decode(errors="replace")

    return run


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory, ffmpeg: Callable[..., None]) -> Callable[..., Path]:
    """make_clip(name, "-c:v libx264 …", count=60, size=(120, 160), rate=25) -> path; each name is made once."""
    folder = tmp_path_factory.mktemp("clips")
    made: dict[str, Path] = {}

    def make(
        name: str, arguments: str = "", count: int = 60, size: tuple[int, int] = (HEIGHT, WIDTH), rate: int | str = 25
    ) -> Path:
        if name not in made:
            path = folder / name
            pictures = b"".join(draw_number(number, *size).tobytes() for number in range(count))
            raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[1]}x{size[0]}", "-r", str(rate), "-i", "-"]
            ffmpeg([*raw, *arguments.split(), path], pictures)
            made[name] = path
        return made[name]

    return make


@pytest.fixture(autouse=True)
def _own_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
