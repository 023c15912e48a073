"""What `--data` may name: DAVIS trees, data folders, sources of stills, clips; found here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from sam2_core.evaluation.davis_tree import davis_sequences, is_davis_tree
from sam2_core.evaluation.labelled import Clip, ClipFiles, LabelledPicture, open_index_map
from sam2_core.training.pictures import Item
from sam2_core.training.sources import HELD_OUT_VIDEOS, DataError, is_held_out_still

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
_WHAT_TO_GIVE = (
    "give a DAVIS tree, a folder of pictures with an index map (PNG) of the same name beside each, or a folder of such "
    "folders"
)


def find_clips(folders: Sequence[Path], split: str = "val") -> list[Clip]:
    """All clips of some folders.

    Args:
        folders: DAVIS trees, data folders (their held-out videos and validation clips), folders of clips, clips.
        split: which list of a DAVIS tree; `all` for every annotated sequence.

    Raises:
        DataError: a folder is missing, or holds no clip that begins with a mask and has another one later.
    """
    found: list[ClipFiles] = []
    for folder, name in _distinct({folder: folder.name for folder in _existing(folders)}).items():
        clips = _clips_in(folder, name, split)
        if not clips:
            raise DataError(
                f"There is no clip in {folder} with a mask on its first frame and on a later one; {_WHAT_TO_GIVE}."
            )
        found += clips
    return [Clip(files) for files in found]


def choose_clips(folders: Sequence[Path], split: str, count: int, frames: int) -> list[Clip]:
    """At most `count` clips, evenly spread, and of each the first `frames`; 0 for all.

    Raises:
        DataError: as `find_clips`, or so few frames leave nothing to compare.
    """
    clips = spread(find_clips(folders, split), count)
    if not frames:
        return clips
    shortened = [clip.shortened(frames) for clip in clips]
    for clip in shortened:
        if len(clip.annotated) < 2:
            raise DataError(f"The first {frames} frames of {clip.name} hold one mask alone; give more with --frames.")
    return shortened


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """At most `count` items, evenly spread; 0 for all."""
    if not count or len(items) <= count:
        return list(items)
    return [items[int(index)] for index in np.linspace(0, len(items) - 1, count)]


def find_stills(folders: Sequence[Path]) -> dict[str, list[LabelledPicture]]:
    """All stills of some folders by source: of data folders the held-out ones, of clips the first frame.

    Raises:
        DataError: a folder is missing, or holds no picture with a map beside it.
    """
    by_place: dict[Path, tuple[str, list[LabelledPicture]]] = {}
    for folder in _existing(folders):
        groups = _stills_in(folder)
        if not groups:
            hint = (
                "its stills all belong to the part that is trained on; name the folders of sources to use them all"
                if _is_data_folder(folder)
                else _WHAT_TO_GIVE
            )
            raise DataError(f"There is no labelled picture to ask about in {folder}; {hint}.")
        for place, source, stills in groups:
            by_place.setdefault(place, (source, []))[1].extend(stills)
    return {name: by_place[place][1] for place, name in _distinct({p: s for p, (s, _) in by_place.items()}).items()}


def _distinct(names: Mapping[Path, str]) -> dict[Path, str]:
    """Folders of one name are told apart by the folders that they lie in, as many as it takes."""
    told, depth = dict(names), 1
    while len(set(told.values())) < len(told):
        depth += 1
        count = list(told.values()).count
        told = {p: name if count(name) == 1 else "/".join(p.parts[-depth:]) for p, name in told.items()}
    return told


def _existing(folders: Sequence[Path]) -> list[Path]:
    """The folders as absolute paths, each once."""
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"There is no folder {folder}; {_WHAT_TO_GIVE}.")
    return list(dict.fromkeys(folder.resolve() for folder in folders))


def _is_data_folder(folder: Path) -> bool:
    return any((folder / part).is_dir() for part in ("train", "stills", "videos", "validation"))


def _train(folder: Path) -> Path:
    return folder / "train" if (folder / "train").is_dir() else folder


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []


def _clips_in(folder: Path, source: str, split: str) -> list[ClipFiles]:
    """Clips of a folder; `source` is where those come from whose names do not say so."""
    if is_davis_tree(folder):
        sequences = davis_sequences(folder, split)
        return _usable(_clip(source, name, images, maps, is_davis=True) for name, images, maps in sequences)
    if _is_data_folder(folder):
        held_out = [path for path in _folders(_train(folder) / "videos") if path.name in HELD_OUT_VIDEOS]
        places = [*held_out, *_folders(folder / "validation")]
    elif _pictures(folder):
        if (folder / "index.json").exists() and not (folder / "meta.json").exists():
            raise DataError(f"{folder} holds single pictures, not a clip; measure them with the command interactive.")
        return _usable([_clip(_source_of(folder, source), folder.name, folder, folder)])
    else:
        places = _folders(folder)
    return _usable(_clip(_source_of(place, source), place.name, place, place) for place in places)


def _source_of(place: Path, otherwise: str) -> str:
    """A clip's folder is called `<source>__<name>`, or its source is the folder it lies in."""
    source, mark, _ = place.name.partition("__")
    return source if mark and source else otherwise


def _clip(source: str, name: str, images: Path, maps: Path, *, is_davis: bool = False) -> ClipFiles:
    """A clip from the first frame on that is known to show an object; without maps if there is none."""
    frames = _pictures(images)
    found = {index: maps / f"{path.stem}.png" for index, path in enumerate(frames)}
    annotated = {index: path for index, path in found.items() if path.exists()}
    first = next((index for index, path in annotated.items() if open_index_map(path).any()), len(frames))
    shifted = {index - first: path for index, path in annotated.items() if index >= first}
    return ClipFiles(source, name, tuple(frames[first:]), shifted, is_davis)


def _usable(clips: Iterable[ClipFiles]) -> list[ClipFiles]:
    return [clip for clip in clips if len(clip.maps) > 1]


def _stills_in(folder: Path) -> list[tuple[Path, str, list[LabelledPicture]]]:
    """Place, source and stills of each source in a folder."""
    if is_davis_tree(folder):
        return [(folder, folder.name, [_first_frame(clip) for clip in _clips_in(folder, folder.name, "val")])]
    if _is_data_folder(folder):
        groups = [
            (place, [still for still in _pairs(place) if is_held_out_still(place.name, still.name)])
            for place in _folders(_train(folder) / "stills")
        ]
        if not (_train(folder) / "stills").is_dir():
            groups = [(Path(clip.name), [_first_frame(clip)]) for clip in _clips_in(folder, folder.name, "val")]
    else:
        groups = [(place, _stills_of(place)) for place in ([folder] if _pictures(folder) else _folders(folder))]
    return [(place, place.name, stills) for place, stills in groups if stills]


def _stills_of(place: Path) -> list[LabelledPicture]:
    """All pictures with a map; of a clip, told by its meta.json, the first, because its frames are nearly the same."""
    pairs = _pairs(place)
    return pairs[:1] if (place / "meta.json").exists() else pairs


def _pairs(place: Path) -> list[LabelledPicture]:
    pictures = [path for path in _pictures(place) if path.with_suffix(".png").exists()]
    return [LabelledPicture(place.name, path.stem, path, path.with_suffix(".png")) for path in pictures]


def _first_frame(clip: ClipFiles) -> LabelledPicture:
    return LabelledPicture(clip.source, clip.name, clip.frames[0], clip.maps[0])


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)
