"""What `measure_ui.py` measures on, and the lines that it prints: a drawn clip, a clip of any length, figures."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PySide6.QtWidgets import QApplication

from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks, SetObject
from app.document.values import Clip, FrameMask, Origin, TrackedObject
from app.inference.engine import CellResult, EngineInfo, FrameBatch, ObjectInputs
from app.inference.plan import Plan

HEIGHT, WIDTH, OBJECTS = 1080, 1920, 10

Spent = list[float]
"""Milliseconds."""


class Span(float):
    """Milliseconds by the clock, and those of them that this process computed: on a busy machine far fewer."""

    computed: float


@dataclass(frozen=True)
class Row:
    """One line of the table; `aim` is what the project sets itself."""

    what: str
    spent: Spent
    aim: str = ""
    note: str = ""

    def line(self) -> str:
        found = sorted(self.spent)
        few = len(found) < 20
        computed = [span.computed for span in found if isinstance(span, Span)]
        cells = [
            f"{statistics.median(found):,.1f}",
            "" if few else f"{_share(found, 0.95):,.1f}",
            "" if few else f"{_share(found, 0.99):,.1f}",
            f"{found[-1]:,.1f}",
            f"{statistics.median(computed):,.1f}" if computed else "",
        ]
        return f"| {self.what} | {' | '.join(cells)} | {self.aim} | {len(found)} | {self.note} |"


def _share(found: Sequence[float], share: float) -> float:
    return found[min(len(found) - 1, int(share * len(found)))]


def timed(work: Callable[[], object]) -> Span:
    """How long this takes."""
    began, computed = time.perf_counter(), time.process_time()
    work()
    span = Span((time.perf_counter() - began) * 1000)
    span.computed = (time.process_time() - computed) * 1000
    return span


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Let the window live until something holds; RuntimeError when it takes too long."""
    app, deadline = QApplication.instance(), time.monotonic() + seconds
    assert app is not None
    while not condition():
        app.processEvents()
        if time.monotonic() > deadline:
            raise RuntimeError("the window did not get there in time")
        time.sleep(0.0005)


def center_of(number: int, frame: int) -> tuple[float, float]:
    """x, y of one of the ten discs."""
    x = 120 + (number * 190 + frame * (3 + number % 4)) % (WIDTH - 240)
    return x, 130 + 85.0 * number + 40 * np.sin(frame / 20 + number)


def disc(number: int, frame: int) -> MaskCode:
    """Pixels of one of the ten discs."""
    x, y = center_of(number, frame)
    rows, columns = np.ogrid[0:HEIGHT, 0:WIDTH]
    return MaskCode.from_array((columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= 60**2)


def draw_clip(path: Path, count: int) -> None:
    """Ten discs in ten colours on a noisy ground, as H.264 with a key frame a second."""
    ground = np.random.default_rng(1).integers(60, 120, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
    ground = ground.repeat(8, 0).repeat(8, 1)
    colors = np.random.default_rng(2).integers(120, 255, (OBJECTS, 3), dtype=np.uint8)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{WIDTH}x{HEIGHT}", "-r", "30", "-i", "-", "-c:v", "libx264", "-preset", "veryfast"]
    command += ["-g", "30", "-pix_fmt", "yuv420p", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for frame in range(count):
            picture = ground.copy()
            for number in range(OBJECTS):
                x, y = (int(value) for value in center_of(number, frame))
                picture[y - 45 : y + 45, x - 45 : x + 45] = colors[number]
            encoder.stdin.write(picture.tobytes())
        encoder.stdin.close()


def fill(project: Project, count: int) -> None:
    """Ten objects with a mask on every frame, the first one made by hand."""
    document = project.document
    for number in range(OBJECTS):
        document.apply(SetObject(number + 1, TrackedObject(number + 1, f"disc {number + 1}", color=number)))
    masks = {
        (number + 1, frame): FrameMask(disc(number, frame), 0.9, 5.0)
        for number in range(OBJECTS)
        for frame in range(count)
    }
    by_hand = {(n, 0): FrameMask(masks[n, 0].code, origin=Origin.MANUAL) for n in range(1, OBJECTS + 1)}
    document.apply(SetMasks(masks | by_hand))


class Blank:
    """Stands for a clip of any length whose frames nobody looks at."""

    def __init__(self, count: int) -> None:
        self.path, self.name = Path("blank.mp4"), "blank"
        self.frame_count, self.height, self.width, self.fps = count, 360, 640, 25.0
        self.times = [frame / 25 for frame in range(count)]
        self.frame_names = None
        self._picture = np.full((360, 640, 3), 90, np.uint8)

    def read(self, frame: int) -> np.ndarray:
        return self._picture

    def thumbnail(self, frame: int, height: int, *, exact: bool = False) -> np.ndarray:
        return self._picture[:: 360 // height, :: 360 // height]

    def cached(self, frame: int) -> bool:
        return True

    def reopen(self, cache_bytes: int | None = None) -> Blank:
        return self

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Blank:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def clip(self) -> Clip:
        return Clip(str(self.path), self.name, self.frame_count, self.height, self.width, self.fps)


class Quick:
    """Stands for a model on a fast graphics processor: it knows where the discs are, 30 frames a second."""

    RATE = 30.0
    is_alive = True

    def __init__(self, count: int) -> None:
        self._codes = {(n + 1, frame): disc(n, frame) for frame in range(count) for n in range(OBJECTS)}

    def load(self, checkpoint: Path, device: str = "auto") -> EngineInfo:
        return EngineInfo("quick", "Quick model", device, device, 1)

    def open_clip(self, path: Path) -> None:
        """It has seen the clip."""

    def prepare_frame(self, frame: int) -> None:
        """It has seen the frame."""

    def prompt_frame(self, inputs: ObjectInputs, frame: int) -> CellResult:
        return CellResult(inputs.object_id, frame, self._codes[1, frame], 0.9, 5.0)

    def run(self, plan: Plan, inputs: Sequence[ObjectInputs]) -> Generator[FrameBatch, None, None]:
        steps = list(plan.steps())
        for done, step in enumerate(steps, 1):
            time.sleep(1 / self.RATE)
            ids = [stretch.object_id for stretch in step.stretches if step.frame in stretch.frames]
            cells = tuple(CellResult(n, step.frame, self._codes[n, step.frame], 0.9, 5.0) for n in ids)
            yield FrameBatch(step.frame, cells, done, len(steps))

    def interrupt(self) -> None:
        """Nothing takes long."""

    def close(self) -> None:
        """Nothing is held."""
