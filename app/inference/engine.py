"""What an engine is: it answers clicks and runs plans. No torch here, so that the window may read this file.

Two engines exist. `InlineEngine` (`inline_engine.py`) computes where it is called: the command line and most tests use
it. `ProcessEngine` (`process_engine.py`) has the same methods and lets a worker process compute: the window uses it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from app.document.masks import MaskCode
from app.document.values import Prompt
from app.inference.plan import Plan


class EngineError(Exception):
    """The work cannot be done; the message says what, where and what now."""


class EngineStopped(EngineError):
    """The engine's process is gone. The engine can be used again after `load` and `open_clip`."""


@dataclass(frozen=True, slots=True)
class PromptInput:
    """What a person gave on one frame, and the masks around it that the document holds.

    `base` is the mask that stood on the frame before the person's first prompt: prompts mend it rather than start anew.
    `accepted` is the mask that the prompts led to; as a memory it outranks what the prompts would give now.
    `choice` is the candidate (best first) that the person took after the first point.
    """

    prompt: Prompt
    base: MaskCode | None = None
    accepted: MaskCode | None = None
    choice: int | None = None

    @property
    def is_ambiguous(self) -> bool:
        """Whether the prompts are a single click, which may mean a thing, its part, or what it is part of."""
        return len(self.prompt.points) == 1 and self.prompt.box is None and self.prompt.mask is None


@dataclass(frozen=True, slots=True)
class ObjectInputs:
    """All that the engine may know about an object: prompts by frame, and masks by frame that are right as they are.

    Masks are those verified, made by hand or brought along. No frame is in both; none of the masks is empty.
    """

    object_id: int
    prompts: Mapping[int, PromptInput] = field(default_factory=dict)
    masks: Mapping[int, MaskCode] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the answers to an ambiguous click; `iou` is the model's estimate, 0 to 1."""

    mask: MaskCode
    iou: float


@dataclass(frozen=True, slots=True)
class CellResult:
    """The mask of one object on one frame. `iou` is estimated, 0 to 1; `score` is a logit, above 0 where the object is.

    `candidates` is empty unless the mask answers a single click; then best first, and `mask` is the chosen or the best.
    `agreement` is that of `FrameMask`.
    """

    object_id: int
    frame: int
    mask: MaskCode
    iou: float
    score: float
    candidates: tuple[Candidate, ...] = ()
    agreement: float = 1.0


@dataclass(frozen=True, slots=True)
class Joint:
    """Where a span, frames `first` to `last`, that was run from both ends became one.

    The run up holds up to `frame`, the run down behind it. With `is_agreed` false the two never agreed; they differ
    most on `worst`, where they share `share` of their masks (IoU).
    """

    object_id: int
    first: int
    last: int
    frame: int
    is_agreed: bool
    worst: int
    share: float


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """All results of one frame of a run; none where the run only passes. `done` of `total` steps are complete.

    Before the first step come the frames that condition the run, with `done` 0. `total` may fall: a span that is run
    from both ends is done as soon as they agree. Then it is in `joints`, and `cells` may hold other frames' masks too.
    `fault` is a sentence where the frame cannot be decoded; the run goes on behind it.
    """

    frame: int
    cells: tuple[CellResult, ...]
    done: int
    total: int
    fault: str = ""
    is_reverse: bool = False
    joints: tuple[Joint, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mask on a frame that may be an object; `quality` is 0 to 1."""

    mask: MaskCode
    quality: float


@dataclass(frozen=True, slots=True)
class SuggestionStep:
    """How far the search for suggestions is; the last steps bring what was found, the best first."""

    done: int
    total: int
    found: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What computes: the model's short name and words for people, the device, the model's number of parameters."""

    model: str
    title: str
    device: str
    device_label: str
    parameters: int


class Engine(Protocol):
    """One model on one device, looking at one clip. Used from one thread at a time; every method may raise EngineError.

    A run is a generator: closing it stops the run within one frame. Between two of its frames every other method may be
    called, `suggest` too; the run goes on undisturbed. A new run, model or clip ends an open one.
    """

    @property
    def is_alive(self) -> bool:
        """Whether it can be used, as far as can be told without asking it anything."""
        ...

    def load(self, checkpoint: Path, device: str = "auto") -> EngineInfo:
        """Take another model or device; device is "auto", "cpu", "cuda" or "mps"."""
        ...

    def open_clip(self, path: Path) -> None:
        """Look at another clip: a video, a folder of pictures or a picture."""
        ...

    def prompt_frame(self, inputs: ObjectInputs, frame: int) -> CellResult:
        """The mask that the prompts of this frame mean."""
        ...

    def prepare_frame(self, frame: int) -> None:
        """Compute and keep what a click on this frame will need."""
        ...

    def run(self, plan: Plan, inputs: Sequence[ObjectInputs]) -> Generator[FrameBatch, None, None]:
        """Follow the objects of a plan; one batch a frame, in the plan's order."""
        ...

    def suggest(self, frame: int) -> Generator[SuggestionStep, None, None]:
        """Masks of everything on a frame. Closing it stops the search; a new search, model or clip ends an open one."""
        ...

    def interrupt(self) -> None:
        """From any thread: give up what is being computed and load no more, where that is possible. Then `close` it."""
        ...

    def close(self) -> None:
        """Give everything back; the engine may not be used again."""
        ...
