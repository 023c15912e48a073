"""What a data folder holds, by source, and which part of it is never trained on.

A data folder has the layout `train/{stills,cutouts,backgrounds,videos}/<source>/…` (or is the `train` folder itself).
A picture without labels in it is unknown, not empty, so nothing here invents negatives.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sam2_core.errors import Sam2Error


class DataError(Sam2Error):
    """A data folder is missing, empty or damaged."""


@dataclass(frozen=True)
class Still:
    """One picture with an index map: 0 is unknown or background, 1…n are objects."""

    source: str
    name: str
    image: Path
    index_map: Path


@dataclass(frozen=True)
class Cutout:
    """One object with transparency, as one picture or a short moving sequence.

    Attributes:
        frames: RGBA files in order.
        boxes: x, y, width, height of each frame in the canvas.
        canvas: width and height of the canvas that all frames share; None if there is one frame.
    """

    source: str
    name: str
    frames: tuple[Path, ...]
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    canvas: tuple[int, int] | None = None


@dataclass(frozen=True)
class Background:
    """An unlabelled photograph or clip."""

    source: str
    path: Path

    @property
    def is_clip(self) -> bool:
        """Whether this is a film and not a photograph."""
        return self.path.suffix == ".mp4"


@dataclass(frozen=True)
class LabelledVideo:
    """A clip in frames; `maps` holds the index maps of the frames that are annotated."""

    source: str
    frames: tuple[Path, ...]
    maps: Mapping[int, Path]


@dataclass(frozen=True)
class Library:
    """Everything usable of some data folders, each kind by source."""

    stills: Mapping[str, tuple[Still, ...]] = field(default_factory=dict)
    cutouts: Mapping[str, tuple[Cutout, ...]] = field(default_factory=dict)
    backgrounds: Mapping[str, tuple[Background, ...]] = field(default_factory=dict)
    videos: Mapping[str, LabelledVideo] = field(default_factory=dict)

    @property
    def sources(self) -> list[str]:
        """Names of all sources that training draws from, by kind, as they go on the card of a model."""
        photographs = [name for name, items in self.backgrounds.items() if not all(item.is_clip for item in items)]
        kinds = {"stills": self.stills, "cutouts": self.cutouts, "backgrounds": photographs, "videos": self.videos}
        return [f"{kind}/{source}" for kind, sources in kinds.items() for source in sorted(sources)]


HELD_OUT_STILL_SOURCES = frozenset(
    {"microcontrollers", "fingernails", "potholes", "breadboard_parts", "nanoshapes_tem"}
)
HELD_OUT_VIDEOS = frozenset({"pumavos__chair"})
_HELD_OUT_STILLS: dict[str, Callable[[str], bool]] = {
    "coco_cc": lambda name: name >= "0110",
    "dsb2018_nuclei": lambda name: name.endswith("9"),
    "building_facades": lambda name: name >= "0130",
    "openimages_animals": lambda name: name >= "0190",
}
_HELD_OUT_CLIPS: dict[str, Callable[[str], bool]] = {
    "clips_intel_sample_videos": lambda name: name in ("0007", "0013"),
    "clips_pexels": lambda name: name == "0000",
    "clips_flutter_cc0": lambda name: name == "0001",
    "clips_droid": lambda name: name >= "0090",
}


def _never(name: str) -> bool:
    return False


def is_held_out_still(source: str, name: str) -> bool:
    """Whether a still belongs to the part that is measured on and never trained on."""
    return source in HELD_OUT_STILL_SOURCES or _HELD_OUT_STILLS.get(source, _never)(name)


def open_library(folders: Sequence[Path], *, held_out: bool = False) -> Library:
    """Index data folders.

    Args:
        folders: one or more data folders.
        held_out: False gives what may be trained on, True gives exactly the rest.

    Raises:
        DataError: a folder is missing or nothing usable was found.
    """
    stills: dict[str, tuple[Still, ...]] = {}
    cutouts: dict[str, tuple[Cutout, ...]] = {}
    backgrounds: dict[str, tuple[Background, ...]] = {}
    videos: dict[str, LabelledVideo] = {}
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"There is no data folder {folder}; give the folder that holds train/stills.")
        root = folder / "train" if (folder / "train").is_dir() else folder
        for directory in _folders(root / "stills"):
            _keep(stills, directory.name, _stills(directory, held_out))
        for directory in _folders(root / "cutouts"):
            _keep(cutouts, directory.name, _cutouts(directory, root, held_out))
        for directory in _folders(root / "backgrounds"):
            _keep(backgrounds, directory.name, _backgrounds(directory, held_out))
        for directory in _folders(root / "videos"):
            if (directory.name in HELD_OUT_VIDEOS) == held_out:
                videos[directory.name] = read_video_folder(directory)
    library = Library(stills, cutouts, backgrounds, videos)
    if not library.sources:
        raise DataError(f"No stills, cut-outs or videos were found in {', '.join(map(str, folders))}.")
    return library


def read_video_folder(directory: Path) -> LabelledVideo:
    """A folder of 00000.jpg … with palette PNGs beside the annotated frames."""
    frames = tuple(sorted(directory.glob("*.jpg")))
    maps = {index: path.with_suffix(".png") for index, path in enumerate(frames) if path.with_suffix(".png").exists()}
    return LabelledVideo(directory.name, frames, maps)


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []


def _keep(kept: dict[str, Any], source: str, found: Sequence[Any]) -> None:
    if found:
        kept[source] = kept.get(source, ()) + tuple(found)


def _index(directory: Path) -> dict[str, Any]:
    path = directory / "index.json"
    try:
        index: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DataError(f"{path} is damaged: {error}.") from error
    return index


def _stills(directory: Path, held_out: bool) -> list[Still]:
    found: list[Still] = []
    for index_map in sorted(directory.glob("*.png")):
        image = index_map.with_suffix(".jpg")
        if image.exists() and is_held_out_still(directory.name, index_map.stem) == held_out:
            found.append(Still(directory.name, index_map.stem, image, index_map))
    return found


def _cutouts(directory: Path, root: Path, held_out: bool) -> list[Cutout]:
    items = _index(directory).get("items", [])
    still_names = _stills_by_coco_id(root / "stills" / directory.name)
    found: list[Cutout] = []
    for item in items:
        origin = str(item.get("from") or still_names.get(_coco_id(item), ""))
        is_held_out = is_held_out_still(directory.name, origin)
        if is_held_out != held_out:
            continue
        frames = item.get("frames")
        if frames:
            paths = tuple(directory / frame["file"] for frame in frames)
            boxes = tuple((b[0], b[1], b[2], b[3]) for b in (frame["box"] for frame in frames))
            width, height = item["canvas"]
            found.append(Cutout(directory.name, str(item["id"]), paths, boxes, (width, height)))
        else:
            file = str(item["file"]).removesuffix(".webp") + ".webp"
            found.append(Cutout(directory.name, file.removesuffix(".webp"), (directory / file,)))
    return [cutout for cutout in found if all(path.exists() for path in cutout.frames)]


def _coco_id(item: Mapping[str, Any]) -> str:
    words = str(item.get("name", "")).split()
    return words[1] if len(words) > 1 and words[0] == "coco" else ""


def _stills_by_coco_id(directory: Path) -> dict[str, str]:
    items = _index(directory).get("items", [])
    return {str(item["coco_id"]): str(item["file"]) for item in items if "coco_id" in item}


def _backgrounds(directory: Path, held_out: bool) -> list[Background]:
    rule = _HELD_OUT_CLIPS.get(directory.name, _never)
    paths = sorted([*directory.glob("*.jpg"), *directory.glob("*.mp4")])
    return [Background(directory.name, path) for path in paths if rule(path.stem) == held_out]
