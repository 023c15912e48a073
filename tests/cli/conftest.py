"""A small clip, prompts for it, and the program as a new user meets it: in an empty folder, with the built-in model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
FRAMES, HEIGHT, WIDTH = 8, 96, 128
LONG = 24


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """Eight pictures of a bright disc that goes right over a textured ground."""
    return make_clip(tmp_path_factory.mktemp("cli") / "walk", FRAMES)


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory) -> Path:
    """The same disc, to and fro for so long that a run can be stopped on its way."""
    return make_clip(tmp_path_factory.mktemp("cli") / "walk", LONG)


def make_clip(folder: Path, frames: int) -> Path:
    folder.mkdir()
    ground = np.random.default_rng(1).integers(40, 110, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    way = [*range(FRAMES), *range(FRAMES - 2, 0, -1)]
    for frame in range(frames):
        picture = ground.copy()
        picture[(rows - 48) ** 2 + (columns - 40 - 4 * way[frame % len(way)]) ** 2 < 400] = (245, 190, 50)
        Image.fromarray(picture).save(folder / f"{frame:05d}.png")
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder to work in, with a prompts file."""
    monkeypatch.chdir(tmp_path)
    write_prompts(tmp_path / "walk.json", [[40, 48, 1]])
    return tmp_path


def write_prompts(path: Path, points: list[list[float]], frame: int = 0) -> None:
    prompts = [{"frame": frame, "points": points, "box": [19, 27, 61, 69]}]
    path.write_text(json.dumps({"objects": [{"name": "disc", "category": "thing", "prompts": prompts}]}))


@pytest.fixture
def prompts_of():
    """Writes another prompts file: prompts_of(path, points)."""
    return write_prompts


@pytest.fixture
def started(here):
    """Starts the program as a process of its own: started("propagate", …) -> Popen, with its output in pipes."""
    processes = []

    def start(*words, **options):
        environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
        environment.pop("QT_QPA_PLATFORM", None)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), *map(str, words)], cwd=here, env=environment, **pipes
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
