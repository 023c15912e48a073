"""Measure how fast clips open and read, beside OpenCV in the same run: `python tests/measure_media.py [--quick]`.

Prints a table in Markdown: milliseconds, and OpenCV's time over ours (above 1: ours is faster). Processor time counts
all threads and is hardly disturbed by other programs. No test, since times depend on the machine and what else it does.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.media.clip import open_clip
from app.media.opencv import cv2

X264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -sc_threshold 0"
CLIPS = {
    "1080p H.264, GOP 12": ("gop12.mp4", f"{X264} -g 12", 300, "1920x1080"),
    "1080p H.264, GOP 250": ("gop250.mp4", f"{X264} -g 250", 300, "1920x1080"),
    "1080p HEVC, GOP 60": ("hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params keyint=60:log-level=none", 180, ""),
    "4K H.264, GOP 12": ("4k.mp4", f"{X264} -g 12", 100, "3840x2160"),
    "360p H.264, GOP 24": ("small.mp4", f"{X264} -g 24", 300, "640x360"),
}
RANDOM_READS = 15


def milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def processor_milliseconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def make(folder: Path, name: str, arguments: str, count: int, size: str) -> Path:
    """A clip of moving shapes with film-like noise."""
    path = folder / name
    picture = f"testsrc2=size={size or '1920x1080'}:rate=30,noise=alls=6:allf=t"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", picture, "-frames:v", str(count)]
    subprocess.run([*command, *arguments.split(), str(path)], check=True)
    return path


class OpenCvClip:
    """The same readings by OpenCV."""

    def __init__(self, path: Path) -> None:
        self.video = cv2.VideoCapture(str(path))

    def read(self, frame: int) -> np.ndarray:
        self.video.set(cv2.CAP_PROP_POS_FRAMES, frame)
        return self.next()

    def next(self) -> np.ndarray:
        is_read, picture = self.video.read()
        assert is_read
        return np.asarray(picture[:, :, ::-1])


def measure(path: Path, count: int) -> tuple[list[float], list[float]]:
    """(ours, OpenCV's): opening; a frame in order, processor and wall; a random frame, median and worst."""
    order = random.Random(1).sample(range(count), RANDOM_READS)

    def open_ours() -> None:
        with open_clip(path) as clip:
            clip.read(0)

    def read_all(read: Callable[[int], object]) -> None:
        for frame in range(count):
            read(frame)

    ours = [statistics.median(milliseconds(open_ours) for _ in range(3))]
    theirs = [statistics.median(milliseconds(lambda: OpenCvClip(path).read(0)) for _ in range(3))]
    with open_clip(path, cache_bytes=0) as clip:
        ours.append(processor_milliseconds(lambda: read_all(clip.read)) / count)
        ours.append(milliseconds(lambda: read_all(clip.read)) / count)
        jumps = [milliseconds(lambda frame=frame: clip.read(frame)) for frame in order]
        ours += [statistics.median(jumps), max(jumps)]
    for clock in (processor_milliseconds, milliseconds):
        video = OpenCvClip(path)
        theirs.append(clock(lambda video=video: read_all(lambda frame: video.next())) / count)
    jumps = [milliseconds(lambda frame=frame: video.read(frame)) for frame in order]
    theirs += [statistics.median(jumps), max(jumps)]
    return ours, theirs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the small clip")
    names = ["360p H.264, GOP 24"] if parser.parse_args().quick else list(CLIPS)
    load = f"load {os.getloadavg()[0]:.1f}, " if hasattr(os, "getloadavg") else ""
    print(f"{load}{os.cpu_count()} cores; milliseconds ours / OpenCV (ratio)\n")
    print("| clip | open and frame 0 | next frame, processor | next frame | random frame, median | worst |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            file, arguments, count, size = CLIPS[name]
            path = make(Path(folder), file, arguments, count, size)
            ours, theirs = measure(path, count)
            cells = [f"{our:.1f} / {their:.1f} ({their / our:.1f})" for our, their in zip(ours, theirs, strict=True)]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
