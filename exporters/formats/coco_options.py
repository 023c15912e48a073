"""What can be chosen of a COCO export; writer and check both read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from exporters import options


@dataclass(frozen=True, slots=True)
class CocoOptions:
    """How a COCO export is made."""

    split: str = options.split()
    with_images: bool = options.with_images()
    image_format: Literal["jpg", "png"] = options.choice(
        "jpg",
        "png",
        title="Pictures as",
        note="png is exact, many times larger and slower",
        words={"jpg": "JPEG", "png": "PNG, exact and large"},
    )
    jpeg_quality: int = options.jpeg_quality()
    segmentation: Literal["rle", "uncompressed", "polygons"] = options.choice(
        "rle",
        "uncompressed",
        "polygons",
        title="Masks as",
        note="rle is exact and small; uncompressed is the same as plain numbers; polygons join holes to the edge",
        words={
            "rle": "Run lengths, exact and small",
            "uncompressed": "Run lengths as plain numbers",
            "polygons": "Polygons, holes joined to the edge",
        },
    )
    track_ids: Literal["video", "global"] = options.choice(
        "video",
        "global",
        title="Track ids",
        note="video keeps an object's number; global makes it unique over all clips",
        words={"video": "As the objects are numbered", "global": "Unique over all clips"},
    )

    def __post_init__(self) -> None:
        options.check_options(self)
