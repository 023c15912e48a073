"""Run as a program: reads every clip named on the command line, and prints what came of each as a line of JSON.

A process of its own, with bounded memory, so that a crash or a runaway in a decoder is a finding and not the end of
the tests.
"""

import contextlib
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import av
from conftest import see_number

from app.media.clip import ClipError, open_clip
from app.media.pixels import PictureMaker
from app.media.video import VideoSource

MEMORY_BYTES = 4 << 30
READS = 12
# PyAV raises IndexError at the end of a file in which a stream turned up midway.
READING_ERRORS = (av.error.FFmpegError, IndexError)


def numbers_by_time(path: Path, size: tuple[int, int]) -> dict[int, int | None]:
    """What decoding the file from the start shows at each time, by a plain loop and nothing of ours.

    Pictures that the decoder had to patch up are left out: what is put in depends on where decoding began.
    """
    numbers: dict[int, int | None] = {}
    maker = PictureMaker()
    with av.open(str(path), metadata_errors="replace") as container, contextlib.suppress(*READING_ERRORS):
        for packet in container.demux(video=0):
            with contextlib.suppress(*READING_ERRORS):
                for frame in packet.decode():
                    is_whole = not frame.is_corrupt and frame.pts is not None and frame.pts not in numbers
                    numbers[frame.pts] = see_number(maker.picture(frame, *size)) if is_whole else None
    return numbers


def read_in_any_order(path: Path, seed: int) -> dict[str, Any]:
    """Frame, number seen and number expected of some frames; or the sentence of the refusal."""
    result: dict[str, Any] = {"name": path.name, "sentence": "", "seen": [], "refused": 0}
    started = time.monotonic()
    try:
        with open_clip(path) as clip:
            assert isinstance(clip, VideoSource)
            order = random.Random(seed).choices(range(len(clip)), k=READS)
            for frame in [*order, len(clip) - 1, 0]:
                try:
                    seen = see_number(clip[frame])
                except ClipError:
                    result["refused"] += 1
                else:
                    result["seen"].append([frame, seen, int(clip.index.frames.pts[frame])])
            result["frames"] = len(clip)
            is_original = clip.index.file == path
    except ClipError as error:
        result["sentence"] = str(error)
    result["seconds"] = time.monotonic() - started
    if result["seen"]:
        expected = numbers_by_time(path, (clip.height, clip.width)) if is_original else {}
        result["seen"] = [[frame, seen, expected.get(pts)] for frame, seen, pts in result["seen"]]
    return result


def main() -> None:
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for seed, name in enumerate(sys.argv[1:]):
        print(json.dumps(read_in_any_order(Path(name), seed)), flush=True)


if __name__ == "__main__":
    main()
