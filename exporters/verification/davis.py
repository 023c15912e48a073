"""The check of a DAVIS export: every picture is taken apart by hand and every object compared with its mask."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from exporters.dataset import Dataset
from exporters.format import Check, Progress, Written
from exporters.report import Readback
from exporters.verification.comparison import Comparison
from exporters.verification.palette_png import read_palette_png
from exporters.verification.pictures import picture_size
from exporters.verification.run_lengths import check_runs, runs_from_text, text_of

if TYPE_CHECKING:
    from exporters.formats.davis_options import DavisOptions
    from exporters.formats.davis_plan import ClipPlan


def verify(dataset: Dataset, root: Path, options: DavisOptions, written: Written) -> Check:
    """Read an export back. Yields Progress; returns the Readback."""
    check = _DavisCheck(dataset, root, options, written.plan)
    return (yield from check.run())


class _DavisCheck:
    def __init__(self, dataset: Dataset, root: Path, options: DavisOptions, plans: list[ClipPlan]) -> None:
        self._dataset = dataset
        self._root = root
        self._options = options
        self._plans = plans
        self._comparison = Comparison("own PNG reader")
        self._palette = _palette()

    def run(self) -> Generator[Progress, None, Readback]:
        total = sum(len(plan.positions) for plan in self._plans)
        done = 0
        self._check_lists()
        for plan in self._plans:
            self._check_numbers(plan)
            self._check_folder("Annotations", plan, ".png", is_there=True)
            self._check_folder("JPEGImages", plan, ".jpg", is_there=self._options.with_images)
            for index, position in enumerate(plan.positions):
                self._check_frame(plan, index, position)
                done += 1
                yield Progress(done, total, "Reading back")
        return self._comparison.result()

    def _check_lists(self) -> None:
        names = (self._root / "ImageSets" / "2017" / f"{self._options.split}.txt").read_bytes()
        folders = [plan.folder for plan in self._plans]
        if names != "".join(f"{name}\n" for name in folders).encode("utf-8") or len(set(folders)) != len(folders):
            self._comparison.error("the list of clips in ImageSets is not right")
        for kind in ("Annotations", "JPEGImages"):
            folder = self._root / kind / self._options.resolution
            found = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
            if found != (sorted(folders) if kind == "Annotations" or self._options.with_images else []):
                self._comparison.error(f"{kind} holds the clips {found}")

    def _check_numbers(self, plan: ClipPlan) -> None:
        numbers = sorted(plan.numbers.values())
        if numbers != list(range(1, len(numbers) + 1)) or len(numbers) > 254:
            self._comparison.error(f"the objects of {plan.folder} have the numbers {numbers}")

    def _check_folder(self, kind: str, plan: ClipPlan, suffix: str, *, is_there: bool) -> None:
        folder = self._root / kind / self._options.resolution / plan.folder
        found = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
        if found != ([f"{index:05d}{suffix}" for index in range(len(plan.positions))] if is_there else []):
            self._comparison.error(f"{folder.name} below {kind} does not hold one file per frame")

    def _check_frame(self, plan: ClipPlan, index: int, position: int) -> None:
        inside = Path(self._options.resolution) / plan.folder
        try:
            mask = (self._root / "Annotations" / inside / f"{index:05d}.png").read_bytes()
            picture = read_palette_png(mask)
            size = plan.size
            if self._options.with_images:
                size = picture_size((self._root / "JPEGImages" / inside / f"{index:05d}.jpg").read_bytes())
        except (OSError, ValueError) as error:
            self._comparison.error(f"frame {index} of {plan.folder} cannot be read: {error}")
            return
        if size != plan.size or picture.values.shape != plan.size:
            self._comparison.error(
                f"frame {index} of {plan.folder} does not have {plan.size[1]} x {plan.size[0]} pixels"
            )
            return
        if picture.palette != self._palette:
            self._comparison.error(f"frame {index} of {plan.folder} has other colours than those of DAVIS")
        self._compare(plan, index, position, picture.values)

    def _compare(self, plan: ClipPlan, index: int, position: int, found: np.ndarray) -> None:
        expected = _sampled(self._expected(plan, position), plan.size)
        present = [number for number in plan.numbers.values() if (expected == number).any()]
        if index == 0 and self._options.late_objects != "loose" and len(present) != len(plan.numbers):
            self._comparison.error(f"the first frame of {plan.folder} does not show all of its objects")
        if np.array_equal(expected, found):
            self._comparison.equal(len(present))
            return
        if found.max() > len(plan.numbers):
            self._comparison.error(
                f"frame {index} of {plan.folder} has the value {found.max()}, which is nobody's number"
            )
        frame = plan.clip.source_frames[position]
        for track_id, number in plan.numbers.items():
            if number in present:
                self._comparison.masks(
                    expected == number, found == number, clip=plan.clip.name, track_id=track_id, frame=frame
                )
            elif (found == number).any():
                self._comparison.error(f"object {track_id} is on frame {frame} of {plan.clip.name}, and should not be")

    def _expected(self, plan: ClipPlan, position: int) -> np.ndarray:
        """Who owns every pixel: asked from the front, each object takes what is still free."""
        clip = plan.clip
        owner = np.zeros(clip.height * clip.width, dtype=np.uint8)  # column by column, as the runs go
        for track in sorted(clip.tracks, key=lambda track: (track.z_order, track.id), reverse=True):
            record = clip.mask(track.id, position)
            if record is None or record.rle is None or track.id not in plan.numbers:
                continue
            runs = runs_from_text(text_of(record))
            check_runs(runs, clip.height, clip.width)
            inner = np.array(runs[1:], dtype=np.int64)
            part = owner[runs[0] : runs[0] + int(inner.sum())]
            is_mine = np.repeat(np.arange(len(inner)) % 2 == 0, inner)
            np.copyto(part, np.uint8(plan.numbers[track.id]), where=is_mine & (part == 0))
        return np.ascontiguousarray(owner.reshape(clip.width, clip.height).T)


def _sampled(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The value under the centre of every pixel of a grid of another size."""
    if values.shape == size:
        return values
    rows, columns = (
        [int((index + 0.5) * old / new) for index in range(new)] for old, new in zip(values.shape, size, strict=True)
    )
    return values[np.ix_(rows, columns)]


def _palette() -> bytes:
    """Bits 0, 3, 6 of a number are the highest bits of red, downwards; 1, 4, 7 those of green; 2, 5 those of blue."""
    numbers = np.arange(256)[:, None]
    channels = np.arange(3)[None, :]
    colours = sum(((numbers >> (channels + 3 * step)) & 1) << (7 - step) for step in range(3))
    return np.asarray(colours, dtype=np.uint8).tobytes()
