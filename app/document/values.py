"""The values a person's work is made of: small, frozen, comparable, free to share between threads."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from app.document.geometry import Box as Box
from app.document.masks import MaskCode

Cell = tuple[int, int]
"""One object on one frame: (object id, 0-based frame)."""

ABSENT_SCORE = -10.0
"""Occlusion logit given to a mask that says "not visible here" when nobody computed one."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What is labelled: a video, a folder of pictures or one picture; sizes in pixels, fps in frames per second."""

    path: str
    name: str
    frame_count: int
    height: int
    width: int
    fps: float


@dataclass(frozen=True, slots=True)
class Category:
    """What kind of thing an object is; `color` is "#rrggbb" or empty for the palette's choice."""

    id: int
    name: str
    supercategory: str = ""
    color: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to an object's masks whenever they are shown or exported; the masks themselves stay as they are.

    In this order: holes of at most so many pixels are filled, pieces of at most so many removed, gaps of at most so
    many pixels to the picture's edge closed, corners finer than `smooth` pixels rounded, and the mask grown by `grow`
    pixels (shrunk, below 0). 0 everywhere does nothing, and so does a finish that is switched off.
    """

    fill_holes: int = 0
    remove_specks: int = 0
    close_edge: int = 0
    smooth: int = 0
    grow: int = 0
    is_on: bool = True

    @property
    def does_nothing(self) -> bool:
        """Whether masks come out as they go in."""
        return not self.is_on or not any((self.fill_holes, self.remove_specks, self.close_edge, self.smooth, self.grow))


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """One thing with one identity through the clip.

    `color` is a place in the object palette (0-based; from the thirteenth on its colours repeat, told apart by dots and
    rings), or "#rrggbb" where a person chose one; `z_order` is larger for what lies nearer.
    Nobody changes a frozen object: not a person, not a run. The model is told to leave out of an object that
    `keeps_off` what its neighbours are.
    """

    id: int
    name: str
    category_id: int | None = None
    color: int | str = 0
    is_visible: bool = True
    is_frozen: bool = False
    z_order: int = 0
    keeps_off: bool = False
    finish: Finish = Finish()


@dataclass(frozen=True, slots=True)
class Point:
    """A click in picture pixels; the centre of the first pixel is (0.5, 0.5)."""

    x: float
    y: float
    is_positive: bool = True


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything a person gave the model for one cell.

    `candidate` is the place (0-based, best first) of the answer that the person chose after an ambiguous click.
    """

    points: tuple[Point, ...] = ()
    box: Box | None = None
    mask: MaskCode | None = None
    candidate: int | None = None

    @property
    def is_empty(self) -> bool:
        """True when nothing is given: such a prompt is stored as no prompt at all."""
        return not self.points and self.box is None and self.mask is None


class Origin(StrEnum):
    """Who or what made a mask. A draft comes from a quick run over every n-th frame, until a full run replaces it."""

    PROMPTED = "prompted"
    PROPAGATED = "propagated"
    DRAFT = "draft"
    MANUAL = "manual"
    IMPORTED = "imported"


DRAFT_STEPS = 8
"""Two masks of a draft are at most so many frames apart; those in between it leaves out on purpose."""


@dataclass(frozen=True, slots=True)
class FrameMask:
    """An object's pixels on one frame; an empty code says that the object is absent there.

    `iou` is the model's own estimate of its mask (0 to 1), `score` its occlusion logit (above 0: present). `made_at` is
    when it was made, in seconds since 1970, 0 where nobody knows; masks that differ in nothing else are equal.
    `agreement` is told where runs from both ends of a span never agreed and differ most: how much of their masks they
    share there (IoU, 0 to 1); 1 everywhere else.
    """

    code: MaskCode
    iou: float = 1.0
    score: float = 10.0
    origin: Origin = Origin.PROPAGATED
    made_at: float = field(default=0.0, compare=False)
    agreement: float = 1.0

    @property
    def is_absent(self) -> bool:
        return self.code.is_empty

    @property
    def is_computed(self) -> bool:
        """Whether a run made it: nobody gave it, and the next run may write it again."""
        return self.origin in (Origin.PROPAGATED, Origin.DRAFT)


class Review(StrEnum):
    """What a person said about a cell; a cell nobody spoke about is unseen."""

    UNSEEN = "unseen"
    VERIFIED = "verified"
