"""What lies in a data folder, by source, and which part of it is never trained on.

What a folder is, is told by what lies in it: a data folder in our own layout,
`train/{stills,cutouts,backgrounds,videos}/<source>/…` (or the `train` folder itself); a DAVIS tree; a part of SA-1B or
SA-V; a COCO data set; a list of videos as the program writes it of its projects; or a folder of cut-outs. The last
three may also be named as files. Several of them make one library.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sam2_core.training import coco_layout, davis_layout, sa_layout, video_list
from sam2_core.training.library import Background as Background
from sam2_core.training.library import Cutout as Cutout
from sam2_core.training.library import DataError as DataError
from sam2_core.training.library import LabelledVideo as LabelledVideo
from sam2_core.training.library import Library as Library
from sam2_core.training.library import Still as Still

PROJECT_SUFFIX = ".masklet"
_OUR_FOLDERS = ("stills", "cutouts", "backgrounds", "videos")
_READABLE = (
    "a DAVIS tree (JPEGImages and Annotations), a part of SA-1B or SA-V, a COCO data set (its JSON file, or the folder "
    "with annotations and images), a folder of cut-outs (PNG or WebP with transparency), a project or an export of "
    "Masklet Studio, or a data folder with train/stills, train/cutouts or train/videos"
)

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
        folders: one or more data folders, or files that stand for one.
        held_out: False gives what may be trained on, True gives exactly the rest.

    Raises:
        DataError: a folder is missing or nothing usable was found.
    """
    parts = [read_source(folder, held_out=held_out) for folder in folders]
    library = Library(
        stills=_joined([part.stills for part in parts]),
        cutouts=_joined([part.cutouts for part in parts]),
        backgrounds=_joined([part.backgrounds for part in parts]),
        videos=_named_apart([part.videos for part in parts]),
    )
    if not library.sources:
        raise DataError(f"No stills, cut-outs or videos were found in {', '.join(map(str, folders))}.")
    return library


def read_source(path: Path, *, held_out: bool = False) -> Library:
    """What lies in one folder or file, whatever it is.

    Raises:
        DataError: it is missing, damaged, or nothing that can be read.
    """
    if not path.exists():
        raise DataError(f"There is no data folder {path}; give {_READABLE}.")
    if path.suffix == PROJECT_SUFFIX:
        raise DataError(
            f"{path} is a project; write it as a data folder with `masklet-studio finetune {path} --data-only FOLDER` "
            "first, and give that."
        )
    if video_list.is_list(path):
        return Library() if held_out else video_list.read(path)
    if coco_layout.is_coco(path):
        return coco_layout.read(path, held_out=held_out)
    if davis_layout.is_davis(path):
        return davis_layout.read(path, held_out=held_out)
    root = path / "train" if (path / "train").is_dir() else path
    if any((root / name).is_dir() for name in _OUR_FOLDERS):
        return _data_folder(root, held_out=held_out)
    if sa_layout.is_published(path):
        return sa_layout.read(path, held_out=held_out)
    cutouts = () if held_out else _plain_cutouts(path)
    if cutouts:
        return Library(cutouts={path.resolve().name: cutouts})
    if held_out and path.is_dir():
        return Library()
    raise DataError(f"{path} is nothing that can be trained on; give {_READABLE}.")


def _data_folder(root: Path, *, held_out: bool) -> Library:
    """A folder in our own layout."""
    stills: dict[str, tuple[Still, ...]] = {}
    cutouts: dict[str, tuple[Cutout, ...]] = {}
    backgrounds: dict[str, tuple[Background, ...]] = {}
    for directory in _folders(root / "stills"):
        _keep(stills, directory.name, _stills(directory, held_out))
    for directory in _folders(root / "cutouts"):
        _keep(cutouts, directory.name, _cutouts(directory, root, held_out))
    for directory in _folders(root / "backgrounds"):
        _keep(backgrounds, directory.name, _backgrounds(directory, held_out))
    videos = {
        directory.name: read_video_folder(directory)
        for directory in _folders(root / "videos")
        if (directory.name in HELD_OUT_VIDEOS) == held_out
    }
    return Library(stills, cutouts, backgrounds, videos)


def _joined(parts: Sequence[Mapping[str, tuple[Any, ...]]]) -> dict[str, tuple[Any, ...]]:
    """The items of several folders, those of one source together."""
    joined: dict[str, tuple[Any, ...]] = {}
    for part in parts:
        for source, items in part.items():
            _keep(joined, source, items)
    return joined


def _named_apart(parts: Sequence[Mapping[str, LabelledVideo]]) -> dict[str, LabelledVideo]:
    """The videos of several folders; of two with one name the later one gets a number."""
    named: dict[str, LabelledVideo] = {}
    for part in parts:
        for name, video in part.items():
            free, number = name, 2
            while free in named:
                free, number = f"{name} ({number})", number + 1
            named[free] = video
    return named


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
            parts = tuple(directory / frame["parts"] for frame in frames if "parts" in frame)
            known = parts if len(parts) == len(paths) and all(part.exists() for part in parts) else ()
            found.append(Cutout(directory.name, str(item["id"]), paths, boxes, (width, height), known))
        else:
            file = str(item["file"]).removesuffix(".webp") + ".webp"
            found.append(Cutout(directory.name, file.removesuffix(".webp"), (directory / file,)))
    return [cutout for cutout in found if all(path.exists() for path in cutout.frames)]


def _plain_cutouts(directory: Path) -> tuple[Cutout, ...]:
    """Pictures with transparency that simply lie in a folder; with an index.json, what that says."""
    if not directory.is_dir():
        return ()
    if _index(directory).get("items"):
        return tuple(_cutouts(directory, directory, held_out=False))
    paths = sorted(path for path in directory.iterdir() if path.suffix.lower() in (".png", ".webp"))
    source = directory.resolve().name
    return tuple(Cutout(source, path.stem, (path,)) for path in paths if _has_transparency(path))


def _has_transparency(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return "A" in image.getbands()
    except OSError as error:
        raise DataError(f"{path} cannot be read as a picture; remove it or get it anew.") from error


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
