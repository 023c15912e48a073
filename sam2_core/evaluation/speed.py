"""Time of every part of a model on a device: a picture, a click, a tracked frame."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from sam2_core.device import choose_device
from sam2_core.evaluation.simulation import built_in_checkpoint

Frame = npt.NDArray[np.uint8]


class _Panning(Sequence[Frame]):
    """A clip without a file: a window that wanders over a picture of smooth noise."""

    def __init__(self, length: int, size: tuple[int, int]) -> None:
        noise = torch.rand((1, 3, 24, 24), generator=torch.Generator().manual_seed(0))
        large = torch.nn.functional.interpolate(noise, size=(size[0] + length, size[1] + length), mode="bicubic")
        self._stage = (large[0].clamp(0, 1) * 255).to(torch.uint8).permute(1, 2, 0).numpy()
        self._length = length
        self._size = size

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, frame):  # type: ignore[no-untyped-def]
        height, width = self._size
        return self._stage[frame : frame + height, frame : frame + width]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--checkpoint", type=Path, default=None, help="weight file; by default the built-in model")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=None, help="threads on a CPU; by default all")
    parser.add_argument("--frames", type=int, default=12, help="frames to track")
    parser.add_argument("--objects", type=int, default=1, help="objects to track at once")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print one line per part."""
    from sam2_core.checkpoint import load_model
    from sam2_core.video import VideoSession

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    device = choose_device(arguments.device)
    model = load_model(arguments.checkpoint or built_in_checkpoint(), device)
    clip = _Panning(arguments.frames + 3, (360, 640))
    session = VideoSession(model, clip)
    print(f"{model.config.name} on {device.label}, {torch.get_num_threads()} threads, input {model.config.image_size}")
    session.prepare_frame(1)
    _tell("a picture", *(_timed(partial(session.prepare_frame, frame)) for frame in (2, 3, 4)))
    click = partial(session.add_points, 4, points=[[320, 180]], labels=[1])
    click(90)
    _tell("a click, features ready", *(_timed(partial(click, number)) for number in (91, 92, 93)))
    session.reset()
    for number in range(arguments.objects):
        session.add_points(0, number, [[100 + 40 * number, 100]], [1])
    times: list[float] = []
    before = time.perf_counter()
    for _ in session.propagate():
        now = time.perf_counter()
        times.append(now - before)
        before = now
    # The first frames have fewer memories to look at.
    _tell(f"a tracked frame, {arguments.objects} object(s)", *times[min(8, len(times) - 1) :])
    return 0


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _tell(what: str, *seconds: float) -> None:
    print(f"{what:32} {1000 * float(np.median(seconds)):8.1f} ms  (least {1000 * min(seconds):.1f})", flush=True)
