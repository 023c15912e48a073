"""What is known of an object's masks in numbers, without making a value of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.document.values import FrameMask, Origin

ORIGINS = tuple(Origin)


class MaskNumbers:
    """All masks of an object, N of them, by frame, ascending. Where `area` is 0 the object is said to be absent.

    `frames` int64; `area` in pixels and `boxes` (N x 4: x0, y0, x1, y1), `iou`, `score` and
    `agreement` float64.
    """

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Rows of frame, area, x0, y0, x1, y1, iou, score, the origin's place in `ORIGINS`, agreement. None: none."""
        table = np.array(sorted(rows), np.float64).reshape(-1, 10)
        self.frames: NDArray[np.int64] = table[:, 0].astype(np.int64)
        self.area, self.boxes = table[:, 1], table[:, 2:6]
        self.iou, self.score = table[:, 6], table[:, 7]
        self._origin, self.agreement = table[:, 8], table[:, 9]

    @classmethod
    def of(cls, masks: Mapping[int, FrameMask]) -> MaskNumbers:
        """Of masks by frame."""
        return cls(
            (frame, *mask.code.measures, mask.iou, mask.score, ORIGINS.index(mask.origin), mask.agreement)
            for frame, mask in dict(masks.items()).items()
        )

    def made_by(self, *origins: Origin) -> NDArray[np.bool_]:
        """Which of the masks have one of these origins."""
        found: NDArray[np.bool_] = np.isin(self._origin, [ORIGINS.index(origin) for origin in origins])
        return found
