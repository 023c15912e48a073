"""What the jobs tell the window about the model and its runs."""

from __future__ import annotations

from dataclasses import dataclass

from app.inference.engine import EngineInfo, Joint


@dataclass(frozen=True)
class EngineStatus:
    """For the model chip. `state`: "off", "starting", "ready", "running", "stopped" (its process is gone) or "failed".

    `text` is one line; `detail` a sentence where something is wrong. `info` is None until a model is loaded.
    """

    state: str
    text: str
    detail: str = ""
    info: EngineInfo | None = None

    @property
    def can_restart(self) -> bool:
        """Whether `restart` may help."""
        return self.state in ("stopped", "failed")


@dataclass(frozen=True)
class RunEnd:
    """How a run ended: `done` of `total` steps; `written` masks, and `dropped` ones that came too late.

    `joints`: the spans that it ran from both ends, and where they became one. `is_taken_back`: it was undone while it
    ran, and nothing of it is kept.
    """

    done: int
    total: int
    cancelled: bool = False
    error: str | None = None
    written: int = 0
    dropped: int = 0
    joints: tuple[Joint, ...] = ()
    is_taken_back: bool = False


@dataclass(frozen=True)
class RunProgress:
    """How far a run is: `done` of `total` steps (frames of a sweep), steps per second, and what is left of it.

    `seconds_left` is None until there is something to judge by. `heads` are the frames that were computed last: whether
    of the sweep down, and the frame.
    """

    done: int
    total: int
    fps: float
    seconds_left: float | None
    heads: tuple[tuple[bool, int], ...] = ()
