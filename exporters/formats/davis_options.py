"""What can be chosen of a DAVIS export; writer and check both read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from exporters import options


@dataclass(frozen=True, slots=True)
class DavisOptions:
    """How a DAVIS export is made."""

    split: str = options.split()
    resolution: Literal["Full-Resolution", "480p"] = options.choice(
        "Full-Resolution",
        "480p",
        title="Resolution",
        note="480p shrinks frames and masks to 480 lines and may lose the smallest masks",
        words={"Full-Resolution": "That of the clip", "480p": "480 lines"},
    )
    late_objects: Literal["loose", "trim", "strict"] = options.choice(
        "loose",
        "trim",
        "strict",
        title="Objects that appear later",
        note="the official evaluation knows only objects of the first frame: loose keeps all the same, trim begins "
        "each clip where all objects are visible, strict leaves late objects out",
        words={"loose": "Keep them", "trim": "Begin where all are visible", "strict": "Leave them out"},
    )
    with_images: bool = options.with_images()
    jpeg_quality: int = options.jpeg_quality()

    def __post_init__(self) -> None:
        options.check_options(self)
