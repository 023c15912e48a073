"""Which memories a frame may look at, and the tensors that the memory attention gets for them.

A policy picks frames (pure, no tensors), a reader turns the picked frames into tokens.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from sam2_core.config import ModelConfig
from sam2_core.model.sam2 import Sam2Model


class Remembered(Protocol):
    """What is kept of one object on one frame: a spatial memory (1, Cm, h, w) and an object pointer (1, C)."""

    memory: Tensor | None
    pointer: Tensor


@dataclass(frozen=True)
class Selection:
    """The memories for one frame, in the order in which the memory attention gets them.

    Attributes:
        maps: (frame, row): spatial memories, with the row of `maskmem_tpos_enc` that says how old each is.
        pointers: (frame, distance): object pointers, with their distance in frames.
        pointer_span: the distance that counts as 1.0 in the pointers' position terms.
    """

    maps: tuple[tuple[int, int], ...]
    pointers: tuple[tuple[int, int], ...]
    pointer_span: int

    @property
    def frames(self) -> frozenset[int]:
        """Every frame that something is read from."""
        return frozenset(frame for frame, _ in self.maps + self.pointers)


class MemoryPolicy(Protocol):
    """Picks memories; all that a session knows about what a frame depends on."""

    @property
    def map_reach(self) -> int:
        """How many frames back, at most, the spatial memory of a frame without prompts is picked."""
        ...

    @property
    def pointer_reach(self) -> int:
        """How many frames back, at most, the pointer of a frame without prompts is picked."""
        ...

    def select(self, frame: int, conditioning: Sequence[int], recent: Collection[int], *, reverse: bool) -> Selection:
        """Memories for `frame`, out of conditioning frames (in the order they came) and frames tracked before it."""
        ...


@dataclass(frozen=True)
class PlainPolicy:
    """Every conditioning frame, the six frames before, and fifteen earlier pointers, as SAM 2 was published.

    Attributes:
        num_frames: length of the clip; a clip shorter than `pointers` counts distances in its own length.
        maps: spatial memories at most, one of them a conditioning frame's (`num_maskmem`).
        pointers: object pointers at most, not counting further conditioning frames (`max_obj_ptrs_in_encoder`).
        max_conditioning: conditioning frames attended at most, the nearest ones; None for all of them.
        stride: distance between recent memories; the newest is always the frame before.
        past_pointers_only: conditioning frames that are still to come lend their memory but not their pointer.
        signed: distances count in the direction of the run; else they are never negative.
    """

    num_frames: int
    maps: int = 7
    pointers: int = 16
    max_conditioning: int | None = None
    stride: int = 1
    past_pointers_only: bool = True
    signed: bool = True

    @staticmethod
    def of(
        config: ModelConfig, num_frames: int, *, max_conditioning: int | None = None, stride: int = 1
    ) -> PlainPolicy:
        """The policy that a model was made for."""
        return PlainPolicy(
            num_frames=num_frames,
            maps=config.num_maskmem,
            pointers=config.max_obj_ptrs_in_encoder,
            max_conditioning=max_conditioning,
            stride=stride,
            past_pointers_only=config.only_obj_ptrs_in_the_past_for_eval,
            signed=config.use_signed_tpos_enc_to_obj_ptrs,
        )

    @property
    def map_reach(self) -> int:
        """See `MemoryPolicy`."""
        return 1 if self.maps <= 2 else (self.maps - 2) * self.stride + 1

    @property
    def pointer_reach(self) -> int:
        """See `MemoryPolicy`."""
        return max(min(self.num_frames, self.pointers) - 1, 0)

    def select(self, frame: int, conditioning: Sequence[int], recent: Collection[int], *, reverse: bool) -> Selection:
        """See `MemoryPolicy`. Frames that hold nothing are skipped; nothing is padded."""
        picked = self._nearest_conditioning(frame, conditioning)
        others = set(conditioning).difference(picked)
        sign = -1 if reverse else 1

        maps = [(place, self.maps - 1) for place in picked]
        for back in range(self.maps - 1, 0, -1):
            place = self._recent_frame(frame, back, sign)
            if place in recent or place in others:
                maps.append((place, back - 1))

        pointers = []
        for place in picked:
            distance = (frame - place) * sign
            if distance >= 0 or not self.past_pointers_only:
                pointers.append((place, distance if self.signed else abs(distance)))
        for back in range(1, self.pointer_reach + 1):
            place = frame - back * sign
            if not 0 <= place < self.num_frames:
                break
            if place in recent or place in others:
                pointers.append((place, back))
        return Selection(tuple(maps), tuple(pointers), max(self.pointer_reach, 1))

    def _nearest_conditioning(self, frame: int, conditioning: Sequence[int]) -> list[int]:
        """All of them, or the last one before, the first one from `frame` on, and then the nearest others."""
        limit = self.max_conditioning
        if limit is None or len(conditioning) <= limit:
            return list(conditioning)
        before = [place for place in conditioning if place < frame]
        after = [place for place in conditioning if place >= frame]
        picked = ([max(before)] if before else []) + ([min(after)] if after else [])
        rest = sorted((place for place in conditioning if place not in picked), key=lambda place: abs(place - frame))
        return (picked + rest)[:limit]

    def _recent_frame(self, frame: int, back: int, sign: int) -> int:
        """The frame that is `back` memories behind, on the grid of the stride but for the nearest one."""
        if back == 1:
            return frame - sign
        # Floor division of the mirrored number rounds up, which is what a run towards the start needs.
        nearest = (frame * sign - 2) // self.stride * self.stride
        return (nearest - (back - 2) * self.stride) * sign


@dataclass(frozen=True)
class MemoryTokens:
    """Tokens for `Sam2Model.condition`: memory and position (L, B, Cm), of which the last are pointer tokens."""

    memory: Tensor
    position: Tensor
    pointer_tokens: int

    @staticmethod
    def stack(several: Sequence[MemoryTokens]) -> MemoryTokens:
        """Tokens of several objects side by side; all must have the same numbers of them."""
        if len(several) == 1:
            return several[0]
        return MemoryTokens(
            torch.cat([tokens.memory for tokens in several], dim=1),
            torch.cat([tokens.position for tokens in several], dim=1),
            several[0].pointer_tokens,
        )


class MemoryReader:
    """Turns selections into tokens (section 4 of the paper, memory bank).

    Args:
        model: whose learned ages are added.
        map_position: (1, Cm, h, w) position encoding of every spatial memory; the model's own if left out.
    """

    def __init__(self, model: Sam2Model, map_position: Tensor | None = None) -> None:
        self._model = model
        self._map_position = model.memory_position() if map_position is None else map_position
        self._placed: dict[int, Tensor] = {}

    def read(self, selection: Selection, entries: Mapping[int, Remembered]) -> MemoryTokens:
        """Tokens of one object.

        Args:
            selection: at least one frame.
            entries: what is kept of every selected frame; the frames of `maps` have their spatial memory.
        """
        memories, positions = [], []
        for frame, row in selection.maps:
            memory = entries[frame].memory
            assert memory is not None, f"the spatial memory of frame {frame} was given up too early"
            memories.append(_as_tokens(memory).float())
            positions.append(self._placed_map(row))
        pointer_tokens = 0
        if selection.pointers:
            width = self._model.config.memory_dim
            pointers = torch.cat([entries[frame].pointer for frame, _ in selection.pointers])
            tokens = pointers.float().reshape(-1, 1, width)
            ages = torch.tensor([distance for _, distance in selection.pointers], dtype=torch.float32)
            terms = self._model.pointer_position((ages / selection.pointer_span).to(pointers.device))
            memories.append(tokens)
            positions.append(terms.float().repeat_interleave(pointers.shape[1] // width, dim=0)[:, None])
            pointer_tokens = tokens.shape[0]
        return MemoryTokens(torch.cat(memories), torch.cat(positions), pointer_tokens)

    def _placed_map(self, row: int) -> Tensor:
        if row not in self._placed:
            age = self._model.maskmem_tpos_enc[row].reshape(1, 1, -1)
            self._placed[row] = (_as_tokens(self._map_position) + age).float()
        return self._placed[row]


def _as_tokens(grid: Tensor) -> Tensor:
    """(1, Cm, h, w) to (h * w, 1, Cm), row by row."""
    return grid.flatten(2).permute(2, 0, 1)
