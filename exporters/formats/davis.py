"""DAVIS 2017: one palette picture per frame, whose pixel values are object numbers.

JPEGImages/<resolution>/<clip>/00000.jpg      Annotations/<resolution>/<clip>/00000.png
ImageSets/2017/<split>.txt                    README.txt  LICENSE.txt
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from exporters.dataset import Dataset
from exporters.format import Format, Progress, Work, Written
from exporters.formats.davis_options import DavisOptions
from exporters.formats.davis_plan import ClipPlan, make_plan, painted
from exporters.formats.davis_reader import read
from exporters.frames import encoded_frame
from exporters.report import ExportedObject, Loss
from exporters.tree import StagedTree
from exporters.verification.davis import verify


def palette() -> bytes:
    """The 256 colours of DAVIS and Pascal VOC, three bytes each.

    The bits of a number are dealt out in turn to red, green and blue, which take them as their highest bits downwards.
    """
    colours = bytearray()
    for index in range(256):
        red = green = blue = 0
        rest = index
        for bit in range(7, -1, -1):
            red |= (rest & 1) << bit
            green |= (rest >> 1 & 1) << bit
            blue |= (rest >> 2 & 1) << bit
            rest >>= 3
        colours += bytes((red, green, blue))
    return bytes(colours)


def write(dataset: Dataset, tree: StagedTree, settings: DavisOptions) -> Work:
    """Write the data set, one frame in memory at a time. Yields Progress per frame; returns what was written."""
    written = Written()
    plans = make_plan(dataset, settings.resolution, settings.late_objects, written)
    written.plan = plans
    written.frames = total = sum(len(plan.positions) for plan in plans)
    colours, overlap, done = palette(), _Overlap(), 0
    written.objects = [_coloured(item, colours) for item in written.objects]
    for plan in plans:
        clip = plan.clip
        for index, position in enumerate(plan.positions):
            tree.write(
                f"Annotations/{settings.resolution}/{plan.folder}/{index:05d}.png",
                _png(_map(plan, position, overlap), colours),
            )
            if settings.with_images:
                picture = encoded_frame(clip, position, "jpg", settings.jpeg_quality, plan.size)
                tree.write(f"JPEGImages/{settings.resolution}/{plan.folder}/{index:05d}.jpg", picture)
            tree.map_frame(f"{plan.folder}/{index:05d}", clip.source_frames[position], clip.times[position])
            done += 1
            tree.check_space(done, total)
            yield Progress(done, total, f"Writing {clip.name}")
    names = "".join(f"{plan.folder}\n" for plan in plans)
    tree.write(f"ImageSets/2017/{settings.split}.txt", names.encode(), is_index=True)
    tree.write("README.txt", _readme(dataset, plans, settings).encode("utf-8", "backslashreplace"), is_index=True)
    tree.write("LICENSE.txt", _licence(dataset).encode("utf-8", "backslashreplace"), is_index=True)
    written.masks = overlap.written
    written.losses += overlap.losses(is_resampled=any(plan.is_resampled for plan in plans))
    return written


def _map(plan: ClipPlan, position: int, overlap: _Overlap) -> np.ndarray:
    """The numbers of one frame as they are written, uint8."""
    numbers, areas = painted(plan, position)
    if sum(areas.values()) == int(np.count_nonzero(numbers)):
        left = areas
    else:
        left = {number: int(np.count_nonzero(numbers == number)) for number in areas}
    if not plan.is_resampled:
        overlap.count(plan, position, areas, left, left)
        return numbers
    small = plan.shrunk(numbers)
    overlap.count(plan, position, areas, left, {number: int(np.count_nonzero(small == number)) for number in areas})
    return small


def _coloured(item: ExportedObject, colours: bytes) -> ExportedObject:
    number = item.exported_id
    return item if number is None else replace(item, color="#" + colours[3 * number : 3 * number + 3].hex())


def _png(numbers: np.ndarray, colours: bytes) -> bytes:
    """A palette PNG. All 256 colours, because with fewer Pillow packs the numbers into fewer bits."""
    picture = Image.fromarray(numbers)
    picture.putpalette(colours)
    file = io.BytesIO()
    # Run-length matching at level 1: as fast as any and the smallest of the fast ones on such pictures.
    picture.save(file, "PNG", compress_level=1, compress_type=3)
    return file.getvalue()


class _Overlap:
    """Counts what objects in front took from those behind, and what shrinking took."""

    def __init__(self) -> None:
        self.written = 0
        self._resolved = self._vanished = self._shrunk_away = 0
        self._pixels = self._vanished_pixels = 0
        self._worst: list[tuple[int, str, int, int]] = []

    def count(
        self, plan: ClipPlan, position: int, areas: dict[int, int], left: dict[int, int], final: dict[int, int]
    ) -> None:
        """`areas`: pixels of every number before, `left`: after overlaps were resolved, `final`: as written."""
        for number, area in areas.items():
            taken = area - left[number]
            if taken and left[number]:
                self._resolved += 1
                self._pixels += taken
            elif taken:
                self._vanished += 1
                self._vanished_pixels += taken
            if taken:
                place = (-taken, plan.clip.name, int(plan.clip.source_frames[position]), plan.track_of(number))
                self._worst = sorted([*self._worst, place])[:10]
            if final[number]:
                self.written += 1
            elif left[number]:
                self._shrunk_away += 1

    def losses(self, *, is_resampled: bool) -> list[Loss]:
        """The losses to declare."""
        worst = tuple({"clip": c, "frame": f, "object": o, "pixels": -p} for p, c, f, o in self._worst)
        found = []
        if self._resolved:
            note = "where objects overlap, the one in front keeps the pixels"
            found.append(Loss("overlap_resolved", masks=self._resolved, pixels=self._pixels, note=note, worst=worst))
        if self._vanished:
            note = "these masks lay wholly behind others"
            found.append(
                Loss("vanished_by_overlap", self._vanished, 0, self._vanished_pixels, self._vanished, note, worst)
            )
        if is_resampled:
            note = "masks were brought to 480 lines by taking the nearest pixel"
            found.append(Loss("resampled", masks=self.written, masks_dropped=self._shrunk_away, note=note))
        return found


def _readme(dataset: Dataset, plans: Sequence[ClipPlan], settings: DavisOptions) -> str:
    info = dataset.info
    lines = [
        _line(info.description or "Objects in video, in the layout of DAVIS 2017"),
        "",
        f"Annotations/{settings.resolution} holds palette pictures: a pixel's value is the number of the object it "
        "belongs to,",
        "0 is background. A number names one object within its clip.",
        "",
        *(
            f"{plan.folder}  {number}  {_line(track.name)}"
            for plan in plans
            for number, track in sorted((number, track) for track, number in plan.numbered())
        ),
        "",
        f"Made with {info.app} {info.app_version}".rstrip() + (f" on {info.date}" if info.date else "") + ".",
        *([f"Model: {_line(info.model)}"] if info.model else []),
        *([f"By: {_line(info.contributor)}"] if info.contributor else []),
        *([f"See: {_line(info.url)}"] if info.url else []),
        "The layout is that of DAVIS; the contents are not part of it. Public data sets have licences of their "
        "own, which hold",
        "for whatever they are merged with.",
    ]
    return "\n".join(lines) + "\n"


def _licence(dataset: Dataset) -> str:
    info = dataset.info
    if not info.licence_name:
        return "No licence was given for these pictures and masks. Ask whoever gave them to you.\n"
    return f"{_line(info.licence_name)}\n" + (f"{_line(info.licence_url)}\n" if info.licence_url else "")


def _line(text: str) -> str:
    return " ".join(text.split())


FORMAT = Format(
    name="davis",
    title="DAVIS 2017",
    summary="one palette picture per frame; read by nearly every tool for video object segmentation",
    loses="one owner per pixel, at most 254 objects per clip, no categories, no attributes, "
    "absent cannot be told from unknown",
    options=DavisOptions,
    contents=frozenset({"JPEGImages", "Annotations", "ImageSets", "README.txt", "LICENSE.txt"}),
    write=write,
    read=read,
    verify=verify,
)
