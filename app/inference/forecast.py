"""How long a plan will take, and how much memory: estimated beforehand, corrected by what is measured while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from app.inference.engine import EngineInfo
from app.inference.joining import AGREEING_FRAMES
from app.inference.plan import Plan

PER_FRAME_OF_MODEL = {"tiny": 292, "small": 360, "base_plus": 647, "large": 1823}
"""GFLOP of an official image encoder."""
PER_CELL_OFFICIAL = 620
"""GFLOP of memory attention with a full bank, memory encoder and decoder, for one object on one frame."""
GFLOP_PER_SECOND = {"cpu": 150, "mps": 2_000, "cuda": 100_000}
"""What a device makes of them; measured on two server cores, estimated for the others."""
BUILT_IN_SECONDS = {"cpu": (0.04, 0.11), "mps": (0.05, 0.03), "cuda": (0.01, 0.005)}
"""The built-in model: seconds for a frame, and for each object on it."""
FRAMEWORK_BYTES = 250_000_000
"""PyTorch and the interpreter."""
FRAMES_KEPT, MEMORIES_PER_OBJECT = 8, 24


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of a plan: seconds, bytes of memory in the process that computes, and whether a run was measured already."""

    seconds: float
    bytes: int
    is_measured: bool

    most_seconds: float = 0.0
    """Where it may take longer: spans that are run from both ends until they agree."""

    @property
    def words(self) -> str:
        """Such as "about 14 min, 3.1 GB", or "about 6 s (11 s at most), 0.7 GB"."""
        least, most = duration(self.seconds), duration(self.most_seconds)
        at_most = f" ({most} at most)" if self.most_seconds > self.seconds and most != least else ""
        return f"about {least}{at_most}, {self.bytes / 1e9:.1f} GB"


class Pace:
    """How fast a model really is on this device, as a factor on what was estimated."""

    def __init__(self, info: EngineInfo) -> None:
        self.info = info
        self._estimated = 0.0
        self._measured = 0.0

    @property
    def factor(self) -> float:
        """Measured over estimated time; 1 until something was measured."""
        return self._measured / self._estimated if self._estimated > 0 and self._measured > 0 else 1.0

    @property
    def is_measured(self) -> bool:
        """Whether anything was."""
        return self._measured > 0

    def note(self, frames: int, cells: int, seconds: float) -> None:
        """So many frames with so many objects on them took so long; what is long ago counts less and less."""
        per_frame, per_cell = seconds_of(self.info)
        self._estimated = 0.9 * self._estimated + frames * per_frame + cells * per_cell
        self._measured = 0.9 * self._measured + seconds


def forecast(plan: Plan, info: EngineInfo, pace: Pace | None = None) -> Forecast:
    """What a plan will take with this model on this device; `pace` carries what was measured so far."""
    frames, cells = amount(plan)
    own = not plan.is_draft or drafts_itself(info.model)
    per_frame, per_cell = seconds_of(info) if own else BUILT_IN_SECONDS[_kind(info.device)]
    factor = pace.factor if pace is not None and own else 1.0
    spared = sum(max(0, len(meeting.frames) - AGREEING_FRAMES) for meeting in plan.meetings)
    most = (frames * per_frame + cells * per_cell) * factor
    seconds = most - spared * (per_frame + per_cell) * factor
    is_measured = own and pace is not None and pace.is_measured
    return Forecast(seconds, _bytes(info, len(plan.object_ids)), is_measured, most)


def drafts_itself(model: str) -> bool:
    """Whether a model, by its short name, is quick enough for drafts; else the built-in one makes them."""
    return model.partition("_")[2] not in PER_FRAME_OF_MODEL


def amount(plan: Plan) -> tuple[int, int]:
    """Frames to look at, and objects to follow on them, lead-ins counted."""
    frames = cells = 0
    stride = plan.stride
    for is_reverse in (False, True):
        reaches = [
            (
                min(stretch.lead_in.start, stretch.frames[-1]) // stride,
                max(stretch.lead_in.start, stretch.frames[-1]) // stride + 1,
            )
            for stretch in plan.stretches
            if stretch.is_reverse == is_reverse
        ]
        cells += sum(stop - start for start, stop in reaches)
        end = -1
        for start, stop in sorted(reaches):
            frames += max(0, stop - max(start, end))
            end = max(end, stop)
    return frames, cells


def seconds_of(info: EngineInfo) -> tuple[float, float]:
    """Estimated seconds for a frame, and for each object on it."""
    device = _kind(info.device)
    size = info.model.partition("_")[2]
    if size in PER_FRAME_OF_MODEL:
        rate = GFLOP_PER_SECOND[device]
        return PER_FRAME_OF_MODEL[size] / rate, PER_CELL_OFFICIAL / rate
    return BUILT_IN_SECONDS[device]


def _kind(device: str) -> str:
    kind = device.partition(":")[0]
    return kind if kind in BUILT_IN_SECONDS else "cpu"


def duration(seconds: float) -> str:
    """In words with one or two numbers: "8 s", "14 min", "3 h 20 min"."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes // 60} h {minutes % 60} min"


def _bytes(info: EngineInfo, objects: int) -> int:
    is_official = info.model.partition("_")[2] in PER_FRAME_OF_MODEL
    frame, memory = (16_800_000, 530_000) if is_official else (5_000_000, 70_000)
    working = 1_200_000_000 if is_official else 200_000_000
    weights = info.parameters * 4
    return FRAMEWORK_BYTES + weights + working + FRAMES_KEPT * frame + objects * MEMORIES_PER_OBJECT * memory
