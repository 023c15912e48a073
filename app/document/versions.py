"""What runs have replaced: the last versions of each object's masks, to look at again and to take back."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.document.values import Cell, FrameMask

KEPT = 5
"""Versions of each object, the newest ones."""


@dataclass(frozen=True, slots=True)
class Version:
    """An object's masks from before a run, on the frames that the run wrote."""

    run_number: int
    """Runs are counted through the life of a project; each keeps one version per object that it wrote."""
    object_id: int
    run: str
    """What the run was called: "39 frames of red ball, forward"."""
    moment: float
    """When it ended, in seconds since 1970."""
    masks: Mapping[int, FrameMask]
    """By frame."""
    bare: frozenset[int]
    """Frames on which there was no mask."""
    frames: tuple[int, int]
    """First and last of all these frames."""

    @property
    def cells(self) -> Mapping[Cell, FrameMask | None]:
        """What every cell held; None where there was no mask."""
        held: dict[Cell, FrameMask | None] = {(self.object_id, frame): mask for frame, mask in self.masks.items()}
        held.update(((self.object_id, frame), None) for frame in self.bare)
        return MappingProxyType(held)


VersionKey = tuple[int, int]
"""The number of the run and the id of the object."""


class Versions:
    """The newest versions of every object, and what the very last run found, objects without any mask included.

    The masks are shared with the history, which needs them for undo anyway, and lie in the project file.
    """

    def __init__(self, kept: Iterable[Version] = ()) -> None:
        self._kept = {(one.run_number, one.object_id): one for one in sorted(kept, key=lambda one: one.run_number)}
        self._before: Mapping[Cell, FrameMask | None] | None = None

    @property
    def kept(self) -> Mapping[VersionKey, Version]:
        """All of them, those of the oldest run first."""
        return MappingProxyType(self._kept)

    @property
    def before_last_run(self) -> Mapping[Cell, FrameMask | None]:
        """What the cells that the last run wrote held before it; empty while there was none."""
        if self._before is None:
            last = self._last_run
            found = [version.cells for version in self._kept.values() if version.run_number == last]
            self._before = MappingProxyType({cell: mask for cells in found for cell, mask in cells.items()})
        return self._before

    def of(self, object_id: int) -> list[Version]:
        """The versions of an object, the newest first; those in which it had no mask at all are left out."""
        return [one for one in reversed(self._kept.values()) if one.object_id == object_id and one.masks]

    def keep(self, run: str, before: Mapping[Cell, FrameMask | None]) -> dict[VersionKey, Version | None]:
        """A run has ended; `before` is what its cells held. Gives what is new, and None for what had to make room."""
        if not before:
            return {}
        number, moment = self._last_run + 1, time.time()
        changed: dict[VersionKey, Version | None] = {}
        lanes: dict[int, dict[int, FrameMask | None]] = {}
        for (object_id, frame), mask in before.items():
            lanes.setdefault(object_id, {})[int(frame)] = mask
        for object_id, frames in lanes.items():
            masks = {frame: mask for frame, mask in frames.items() if mask is not None}
            ends = min(frames), max(frames)
            bare = frozenset(frames) - masks.keys()
            version = Version(number, object_id, run, moment, MappingProxyType(masks), bare, ends)
            changed[number, object_id] = self._kept[number, object_id] = version
        for key in self._outlived():
            del self._kept[key]
            changed[key] = None
        self._before = None
        return changed

    @property
    def _last_run(self) -> int:
        return next(reversed(self._kept), (0, 0))[0]

    def _outlived(self) -> list[VersionKey]:
        """What is too old, and what was only there because its run was the last one."""
        last, counts = self._last_run, dict[int, int]()
        gone = []
        for key, version in reversed(self._kept.items()):
            if version.masks:
                counts[version.object_id] = counts.get(version.object_id, 0) + 1
            if counts.get(version.object_id, 0) > KEPT or (not version.masks and version.run_number != last):
                gone.append(key)
        return gone
