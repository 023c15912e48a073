"""Frames of unlabelled films, for backgrounds that really move."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sam2_core.training.sources import DataError

_WIDEST_STEP = 3


def read_film(path: Path, count: int, generator: np.random.Generator) -> list[npt.NDArray[np.uint8]]:
    """Frames that follow each other, every one, second or third; a film that is too short goes back and forth.

    Args:
        path: a film without cuts, a few seconds long (it is decoded from its beginning).
        count: frames wanted.
        generator: where start and step are drawn.

    Returns:
        uint8 RGB pictures H x W x 3.

    Raises:
        DataError: the file cannot be decoded.
    """
    import av

    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            length = max(stream.frames, 1)
            step = int(generator.integers(1, max(min(_WIDEST_STEP, length // count), 1) + 1))
            start = int(generator.integers(max(length - step * (count - 1), 1)))
            wanted = itertools.islice(container.decode(stream), start, start + step * (count - 1) + 1, step)
            pictures = [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in wanted]
    except (av.FFmpegError, IndexError) as error:
        raise DataError(f"{path} cannot be read as a film: {error}.") from error
    if not pictures:
        raise DataError(f"{path} holds no frames.")
    back_and_forth = itertools.cycle([*pictures, *pictures[-2:0:-1]])
    return list(itertools.islice(back_and_forth, count))
