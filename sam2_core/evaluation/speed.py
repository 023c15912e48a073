"""Time of every part of a model on a device: a picture, a click, a tracked frame."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from sam2_core.evaluation.options import (
    add_model_arguments,
    add_output_arguments,
    check_counts,
    check_targets,
    describe_model,
    open_model,
    table_stream,
    write_json,
)
from sam2_core.evaluation.timing import seconds_of
from sam2_core.model.sam2 import Sam2Model
from sam2_core.video import VideoSession

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
    add_model_arguments(parser)
    parser.add_argument("--threads", type=int, metavar="N", help="threads on a processor (default: all)")
    parser.add_argument("--frames", type=int, metavar="N", default=12, help="frames to track (default: 12)")
    parser.add_argument("--objects", type=int, metavar="N", default=1, help="objects to track at once (default: 1)")
    add_output_arguments(parser, with_sheet=False)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print one line per part."""
    check_targets(arguments)
    check_counts(arguments, "threads", "frames", "objects", smallest=1)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    model = open_model(arguments)
    stream = table_stream(arguments)
    threads = torch.get_num_threads()
    about = describe_model(model, arguments.checkpoint)
    side = model.config.image_size
    print(f"{about['model']} on {about['device']}, {threads} threads, input {side} x {side}", file=stream)
    parts: dict[str, list[float]] = {}
    for what, seconds in _measure(model, arguments.frames, arguments.objects):
        parts[what] = seconds
        told = f"{1000 * float(np.median(seconds)):8.1f} ms  (least {1000 * min(seconds):.1f})"
        print(f"{what:32} {told}", file=stream, flush=True)
    content = {"command": "speed", **about, "threads": threads, "objects": arguments.objects, "seconds": parts}
    write_json(arguments.json, content)
    return 0


def _measure(model: Sam2Model, frames: int, objects: int) -> Iterator[tuple[str, list[float]]]:
    """What was done, and the seconds of each time it was done."""
    session = VideoSession(model, _Panning(frames + 5, (360, 640)))
    session.prepare_frame(1)
    yield "a picture", [seconds_of(partial(session.prepare_frame, frame), model.device) for frame in (2, 3, 4)]
    click = partial(session.add_points, 4, points=[[320, 180]], labels=[1])
    click(90)
    yield "a click, features ready", [seconds_of(partial(click, number), model.device) for number in (91, 92, 93)]
    session.reset()
    for number in range(objects):
        session.add_points(0, number, [[100 + 40 * number, 100]], [1])
    times: list[float] = []
    before = time.perf_counter()
    for _ in session.propagate(last=frames):
        now = time.perf_counter()
        times.append(now - before)
        before = now
    # The first frames have fewer memories to look at.
    yield f"a tracked frame, {objects} object(s)", times[min(8, len(times) - 1) :]
