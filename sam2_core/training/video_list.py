"""A list of labelled videos in one JSON file, as the program writes it of its projects.

    videos.json   {"videos": [{"source": "walk", "name": "walk, dog", "frames": ["frames/00000.jpg", …],
                   "maps": {"0": "maps/1/00000.png", …}}]}

Paths are relative to the file. Each object is a video of its own, so that a frame on which one object is verified and
another is not says nothing about the other. A map without any pixel says that the object is absent; such frames are
listed under `absent`, because they are of no use as stills.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sam2_core.training.library import DataError, LabelledVideo, Library, Still

LIST_NAME = "videos.json"


def is_list(path: Path) -> bool:
    """Whether a path is such a file, or a folder with one."""
    return path.name == LIST_NAME or (path / LIST_NAME).is_file()


def read(path: Path) -> Library:
    """The videos of a list; their labelled frames serve as stills too.

    Raises:
        DataError: the list is damaged or names files that are not there.
    """
    file = path if path.is_file() else path / LIST_NAME
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        videos = {str(entry["name"]): _video(file.parent, entry) for entry in content["videos"]}
        absent = {str(entry["name"]): {int(frame) for frame in entry.get("absent", ())} for entry in content["videos"]}
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(f"{file} is damaged ({error}); write it anew.") from error
    for video in videos.values():
        missing = next((item for item in [*video.frames, *video.maps.values()] if not Path(str(item)).is_file()), None)
        if missing is not None:
            raise DataError(f"{file} names {missing}, which is not there; write the data folder anew.")
    stills: dict[str, list[Still]] = defaultdict(list)
    for still in frames_as_stills(videos, absent):
        stills[still.source].append(still)
    return Library(stills={source: tuple(items) for source, items in stills.items()}, videos=videos)


def _video(folder: Path, entry: dict[str, Any]) -> LabelledVideo:
    frames = tuple(folder / name for name in entry["frames"])
    return LabelledVideo(
        str(entry["source"]), frames, {int(frame): folder / name for frame, name in entry["maps"].items()}
    )


def frames_as_stills(
    videos: Mapping[str, LabelledVideo], absent: Mapping[str, Collection[int]] | None = None
) -> tuple[Still, ...]:
    """Every labelled frame of some videos as a still, but those on which the object is known to be absent."""
    return tuple(
        Still(video.source, f"{name} {frame}", video.frames[frame], index_map)
        for name, video in videos.items()
        for frame, index_map in sorted(video.maps.items())
        if frame not in (absent or {}).get(name, ())
    )


def write(folder: Path, videos: Mapping[str, LabelledVideo], absent: Mapping[str, Collection[int]]) -> None:
    """Write the list of videos whose files lie in `folder` already; `absent`: frames without the object, by name."""
    entries = [
        {
            "source": video.source,
            "name": name,
            "frames": [path.relative_to(folder).as_posix() for path in video.frames],
            "maps": {
                str(frame): path.relative_to(folder).as_posix()
                for frame, path in sorted(video.maps.items())
                if isinstance(path, Path)
            },
            "absent": sorted(absent.get(name, ())),
        }
        for name, video in videos.items()
    ]
    text = json.dumps({"videos": entries}, indent=1, ensure_ascii=False)
    (folder / LIST_NAME).write_text(text + "\n", encoding="utf-8")
