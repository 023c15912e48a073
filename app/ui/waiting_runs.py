"""Runs that wait in line, of one clip or of many: a list that outlives the program."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.inference.plan import Direction
from app.ui.places import keep

DIRECTIONS: Mapping[str, Direction] = {"forward": "forward", "backward": "backward", "both": "both", "repair": "repair"}


@dataclass(frozen=True, slots=True)
class WaitingRun:
    """What was asked for. The plan is made when its turn comes, from what the project holds by then.

    `project` and `clip` are paths, `words` say what it is ("dog, both ways, frames 0–95"), `fault` why it could not be
    done when its turn came; such a run keeps its place and is left out until it is tried again. One that `has_begun`
    goes on where masks are missing, as a stopped run does.
    """

    project: str
    clip: str
    words: str
    object_ids: tuple[int, ...]
    first: int
    last: int
    direction: Direction = "both"
    stride: int = 1
    has_begun: bool = False
    fault: str = ""

    @classmethod
    def from_held(cls, held: Any) -> WaitingRun | None:
        """What the list's file holds; None where that is something else."""
        try:
            texts = {name: str(held[name]) for name in ("project", "clip", "words", "fault")}
            numbers = {name: int(held[name]) for name in ("first", "last", "stride")}
            ids = tuple(int(one) for one in held["object_ids"])
            way, has_begun = DIRECTIONS[held["direction"]], bool(held["has_begun"])
            return cls(object_ids=ids, direction=way, has_begun=has_begun, **texts, **numbers)  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def place(self) -> str:
        """Where it is to run: the project's name."""
        return Path(self.project).stem

    def is_same(self, other: WaitingRun) -> bool:
        """Whether both ask for the same, whatever became of it so far."""
        return replace(self, fault="", has_begun=other.has_begun) == replace(other, fault="")


class WaitingRuns(QObject):
    """The line, first come first; kept in a small file beside what the program remembers."""

    changed = Signal()

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._runs = self._read()

    @property
    def runs(self) -> Sequence[WaitingRun]:
        """The line from its head on."""
        return tuple(self._runs)

    def add(self, run: WaitingRun) -> bool:
        """Put a run at the end; False if it stands in line already."""
        if any(run.is_same(other) for other in self._runs):
            return False
        self._set([*self._runs, run])
        return True

    def remove(self, run: WaitingRun) -> None:
        """Take a run out of the line; one that is not there any more is left alone."""
        self._set([other for other in self._runs if not run.is_same(other)])

    def move(self, run: WaitingRun, steps: int) -> None:
        """Let a run change places, towards the head with negative steps, as far as the line goes."""
        place = self._runs.index(run)
        rest = [other for other in self._runs if other is not self._runs[place]]
        target = min(max(place + steps, 0), len(rest))
        self._set([*rest[:target], run, *rest[target:]])

    def note(self, run: WaitingRun, fault: str = "") -> None:
        """A run has begun, or could not be done, and why."""
        begun = replace(run, has_begun=run.has_begun or not fault, fault=fault)
        self._set([begun if run.is_same(other) else other for other in self._runs])

    def forget_faults(self) -> None:
        """Every run may be tried again."""
        self._set([replace(run, fault="") for run in self._runs])

    def _set(self, runs: list[WaitingRun]) -> None:
        self._runs = runs
        keep(self._path, [asdict(run) for run in runs])  # where it cannot be, the line lasts as long as the program
        self.changed.emit()

    def _read(self) -> list[WaitingRun]:
        try:
            held = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        found = [WaitingRun.from_held(one) for one in held] if isinstance(held, list) else []
        return [run for run in found if run is not None]
