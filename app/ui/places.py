"""What the program remembers between starts and between projects: recent projects, theme, model. Never the work."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

MOST_RECENT, MOST_CLIPS = 12, 200
_KINDS = {
    "recent": list,
    "clips": dict,
    "theme": str,
    "model": str,
    "device": str,
    "is_open": bool,
    "window": str,
    "jump": int,
    "color_by": str,
    "wheel_moves": bool,
    "progress": dict,
}
_FITTING: dict[type, tuple[type, ...]] = {int: (int,), float: (int, float), str: (str,), type(None): (int, type(None))}
"""What a value of a place may be, by the type of its default."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person left off in one project; it lies in the project file. `scale` 0 means the whole frame in view."""

    frame: int = 0
    selected: int | None = None
    tool: str = "point"
    range_in: int | None = None
    range_out: int | None = None
    scale: float = 0.0
    center_x: float = 0.0
    center_y: float = 0.0

    @classmethod
    def from_setting(cls, held: Any) -> Place:
        """A place from what a project file holds; what does not fit is left at its default."""
        if not isinstance(held, dict):
            return cls()
        return cls(
            **{
                field.name: held[field.name]
                for field in fields(cls)
                if field.name in held and isinstance(held[field.name], _FITTING[type(field.default)])
            }
        )

    def as_setting(self) -> dict[str, Any]:
        """The place as a project file holds it."""
        return asdict(self)


class Places:
    """Kept in a small file in the user's state folder; a file that cannot be read or written is done without."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path if path is not None else _default_path()
        self._held = self._read()
        self._last_seen = ("", False)

    @property
    def recent(self) -> list[Path]:
        """Projects that still exist, the last one first."""
        found = (Path(name) for name in self._held.get("recent", []) if isinstance(name, str))
        return [path for path in found if path.is_file()]

    @property
    def has_recent(self) -> bool:
        """Whether the last project still exists; the disk is asked once for each that becomes the last one."""
        names = self._held.get("recent", [])
        last = names[0] if names and isinstance(names[0], str) else ""
        if self._last_seen[0] != last:
            self._last_seen = last, bool(last) and Path(last).is_file()
        return self._last_seen[1]

    @property
    def left_open(self) -> Path | None:
        """The project that was open when the program ended."""
        recent = self.recent
        return recent[0] if recent and self._held.get("is_open") else None

    @property
    def theme(self) -> str:
        """Name of the chosen theme, "" to follow the desktop."""
        return str(self._held.get("theme", ""))

    @property
    def model(self) -> tuple[str, str]:
        """Path of the chosen checkpoint ("" for the built-in one) and the device."""
        return str(self._held.get("model", "")), str(self._held.get("device", "auto"))

    def choose_theme(self, name: str) -> None:
        """Remember a theme's name, "" for the desktop's."""
        self._hold(theme=name)

    def choose_model(self, checkpoint: str, device: str) -> None:
        """Remember which model to start with."""
        self._hold(model=checkpoint, device=device)

    @property
    def folder(self) -> Path:
        """Where the file lies; what belongs to it may lie beside it."""
        return self._path.parent

    @property
    def progress(self) -> dict[str, Any]:
        """What was noted about projects when they were closed, by the path of their file."""
        return dict(self._held.get("progress", {}))

    def note_progress(self, project: Path, progress: dict[str, Any]) -> None:
        """Remember how far a project is; what is no longer among the recent ones is forgotten."""
        known = {name: held for name, held in self.progress.items() if name in self._held.get("recent", [])}
        self._hold(progress=known | {str(project): progress})

    @property
    def jump(self) -> int:
        """Frames of a big step; 0 until one was chosen."""
        return int(self._held.get("jump", 0))

    def choose_jump(self, frames: int) -> None:
        """Remember how far a big step goes."""
        self._hold(jump=frames)

    @property
    def color_by(self) -> str:
        """What gives objects their colour: "object" or "category"."""
        return str(self._held.get("color_by", "object"))

    def choose_color_by(self, what: str) -> None:
        """Remember what gives objects their colour."""
        self._hold(color_by=what)

    @property
    def wheel_moves(self) -> bool:
        """Whether the wheel moves the picture, not zooms."""
        return bool(self._held.get("wheel_moves", False))

    def choose_wheel(self, moves: bool) -> None:
        """Remember what the wheel does."""
        self._hold(wheel_moves=moves)

    @property
    def window(self) -> str:
        """Where the window stood, as `QWidget.saveGeometry` in base 64; "" before the first time."""
        return str(self._held.get("window", ""))

    def note_window(self, geometry: str) -> None:
        """Remember where the window stands."""
        self._hold(window=geometry)

    def note_open(self, project: Path, clip: Path) -> None:
        """A project is open now, for this clip."""
        name, clips = str(project), dict(self._held.get("clips", {}))
        recent = [name, *(other for other in self._held.get("recent", []) if other != name)][:MOST_RECENT]
        clips.pop(str(clip), None)
        clips[str(clip)] = name
        while len(clips) > MOST_CLIPS:
            del clips[next(iter(clips))]
        self._hold(recent=recent, clips=clips, is_open=True)

    def note_closed(self) -> None:
        """The person closed the project: the next start is an empty window."""
        self._hold(is_open=False)

    def project_of(self, clip: Path) -> Path | None:
        """The project that this clip was worked on in last, if its file is still there."""
        name = self._held.get("clips", {}).get(str(clip))
        return Path(name) if isinstance(name, str) and Path(name).is_file() else None

    def _hold(self, **values: Any) -> None:
        self._held.update(values)
        self._write()

    def _read(self) -> dict[str, Any]:
        try:
            held = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(held, dict):
            return {}
        return {name: value for name, value in held.items() if isinstance(value, _KINDS.get(name, ()))}

    def _write(self) -> None:
        keep(self._path, self._held)  # where it cannot be, only convenience is lost: the next window is an empty one


def keep(path: Path, held: Any) -> None:
    """Write a small JSON file whole or not at all; where that cannot be done, what was there stays."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_suffix(".new")
        staged.write_text(json.dumps(held, indent=1), encoding="utf-8")
        staged.replace(path)


def _default_path() -> Path:
    from platformdirs import user_state_path

    return user_state_path("masklet-studio", appauthor=False) / "places.json"
