"""Changes of what stands beside the masks: shot cuts and markers on the time axis, and a person's word on single cells.

`SetExcluded`: the cell conditions no run. `SetDismissed`: these signs of suspicion are silent there.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.document.state import DocumentError, State
from app.document.steps import Change, Step
from app.document.values import Cell


@dataclass(frozen=True, slots=True)
class SetCuts(Step):
    """Whether a shot begins on each of these frames; the clip's first frame is no cut."""

    cuts: Mapping[int, bool]
    kind: ClassVar[str] = "cut"

    @property
    def written(self) -> Collection[Hashable]:
        return self.cuts.keys()

    def apply(self, state: State) -> tuple[Step, Change]:
        outside = [frame for frame in self.cuts if not 0 < frame < state.clip.frame_count]
        if outside:
            raise DocumentError(f"A cut lies on a frame from 1 to {state.clip.frame_count - 1}, not on {outside[0]}.")
        before = {frame: frame in state.cuts for frame in self.cuts}
        gone = {frame for frame, is_cut in self.cuts.items() if not is_cut}
        here = {frame for frame, is_cut in self.cuts.items() if is_cut}
        state.cuts = tuple(sorted((set(state.cuts) - gone) | here))
        return SetCuts(before), Change(cuts=True)


@dataclass(frozen=True, slots=True)
class SetMarker(Step):
    """A marker with its note (which may be empty) on a frame; None takes it away."""

    frame: int
    note: str | None
    kind: ClassVar[str] = "marker"

    @property
    def written(self) -> Collection[Hashable]:
        return (self.frame,)

    def apply(self, state: State) -> tuple[Step, Change]:
        if not 0 <= self.frame < state.clip.frame_count:
            raise DocumentError(f"There is no frame {self.frame} for a marker.")
        before = state.markers.pop(self.frame, None)
        if self.note is not None:
            state.markers[self.frame] = self.note
        return SetMarker(self.frame, before), Change(markers=True)


@dataclass(frozen=True, slots=True)
class SetExcluded(Step):
    """Whether cells are kept from conditioning runs; None and False are the same."""

    cells: Mapping[Cell, bool | None]
    kind: ClassVar[str] = "excluded"

    @property
    def written(self) -> Collection[Hashable]:
        return self.cells.keys()

    def apply(self, state: State) -> tuple[Step, Change]:
        for cell, is_excluded in self.cells.items():
            if is_excluded:
                state.check_cell(cell)
        before = {cell: state.excluded.put(cell, True if value else None) for cell, value in self.cells.items()}
        return SetExcluded(before), Change(cells=frozenset(before), excluded=True)


@dataclass(frozen=True, slots=True)
class SetDismissed(Step):
    """Which signs of suspicion a person has called false alarms on cells; None and no sign are the same."""

    cells: Mapping[Cell, frozenset[str] | None]
    kind: ClassVar[str] = "dismissed"

    @property
    def written(self) -> Collection[Hashable]:
        return self.cells.keys()

    def apply(self, state: State) -> tuple[Step, Change]:
        for cell, signs in self.cells.items():
            if signs:
                state.check_cell(cell)
        before = {cell: state.dismissed.put(cell, signs or None) for cell, signs in self.cells.items()}
        return SetDismissed(before), Change(cells=frozenset(before), dismissed=True)
