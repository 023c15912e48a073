"""One picture of the worst cases: what was asked, what is true, what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from sam2_core.evaluation.metrics import Mask, boundary, dilate
from sam2_core.evaluation.simulation import Box, box_around
from sam2_core.training.pictures import Picture, read_picture

TRUTH, ANSWER, BOX = (255, 214, 10), (40, 140, 255), (255, 255, 255)
POSITIVE, NEGATIVE = (30, 200, 90), (235, 50, 60)
_PAPER, _INK, _DIM = (22, 24, 28), (240, 240, 240), (165, 170, 178)
_WIDTH, _HEIGHT, _CAPTION, _GAP, _HEAD = 300, 225, 42, 10, 62
_NEAREST = 0.15
"""At least this share of a picture's sides is shown, so that one can tell where in it a small object is."""
_LEGEND = "yellow line: truth    blue: answer    green +: click on the object    red -: click beside it    white: box"


@dataclass(frozen=True)
class Panel:
    """One picture of a case; masks and prompts may be missing.

    Attributes:
        picture: the file.
        truth, answer: bool H x W.
        points, labels: clicks in pixels; 1 for the object, 0 for anything else.
        box: x0, y0, x1, y1 in pixels.
        note: a few words to be written into the panel.
    """

    picture: Path
    truth: Mask | None = None
    answer: Mask | None = None
    points: Sequence[tuple[float, float]] = ()
    labels: Sequence[int] = ()
    box: Box | None = None
    note: str = ""


@dataclass(frozen=True)
class Case:
    """One thing that was asked: how good the answer is (0 to 1), what it was and how it was asked, in words."""

    iou: float
    name: str
    prompt: str
    panels: tuple[Panel, ...]


class WorstCases:
    """Keeps the worst of all cases it is given; of equally bad ones those that came first.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._cases: list[Case] = []

    def add(self, case: Case) -> None:
        """Keep a case if it is among the worst."""
        if len(self._cases) < self._count or case.iou < self._cases[-1].iou:
            self._cases = sorted([*self._cases, case], key=lambda kept: kept.iou)[: self._count]

    @property
    def cases(self) -> tuple[Case, ...]:
        """Worst first."""
        return tuple(self._cases)


def draw_sheet(title: str, cases: Sequence[Case], across: int = 1270) -> Image.Image:
    """A sheet about `across` pixels wide, a tile for each case in the order given."""
    panels = max((len(case.panels) for case in cases), default=1)
    tile = panels * _WIDTH + (panels - 1) * 2
    columns = max((across + _GAP) // (tile + _GAP), 1)
    rows = -(-len(cases) // columns)
    size = (columns * (tile + _GAP) + _GAP, _HEAD + rows * (_HEIGHT + _CAPTION + _GAP) + _GAP)
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    _write(draw, (_GAP, 10), title, 17, _INK, size[0] - 2 * _GAP)
    _write(draw, (_GAP, 36), _LEGEND, 13, _DIM, size[0] - 2 * _GAP)
    for place, case in enumerate(cases):
        x = _GAP + place % columns * (tile + _GAP)
        y = _HEAD + place // columns * (_HEIGHT + _CAPTION + _GAP)
        for number, panel in enumerate(case.panels):
            sheet.paste(draw_panel(panel), (x + number * (_WIDTH + 2), y))
        _write(draw, (x, y + _HEIGHT + 4), case.name, 13, _INK, tile)
        _write(draw, (x, y + _HEIGHT + 22), f"{case.prompt}: IoU {case.iou:.3f}", 13, _DIM, tile)
    return sheet


def draw_panel(panel: Panel) -> Image.Image:
    """The part of the picture where something was asked or answered, with everything drawn in."""
    picture = read_picture(panel.picture)
    view = _view(panel, picture)
    scale = min(_WIDTH / (view[2] - view[0]), _HEIGHT / (view[3] - view[1]))
    size = max(round(scale * (view[2] - view[0])), 1), max(round(scale * (view[3] - view[1])), 1)
    pixels = np.array(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR, box=view), np.float32)
    if panel.answer is not None:
        answer = _shown(panel.answer, size, view)
        pixels[answer] = 0.5 * pixels[answer] + 0.5 * np.array(ANSWER, np.float32)
    if panel.truth is not None:
        pixels[dilate(boundary(_shown(panel.truth, size, view)), 1)] = TRUTH
    shown = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    corner = (_WIDTH - size[0]) // 2, (_HEIGHT - size[1]) // 2
    shown.paste(Image.fromarray(pixels.astype(np.uint8)), corner)
    draw = ImageDraw.Draw(shown)
    origin = np.array(corner) - scale * np.array(view[:2])
    if panel.box is not None:
        draw.rectangle((scale * np.array(panel.box) + np.tile(origin, 2)).tolist(), outline=BOX, width=2)
    for number, (point, label) in enumerate(zip(panel.points, panel.labels, strict=True), 1):
        _draw_click(draw, scale * np.array(point) + origin, label, number)
    if panel.note:
        draw.rectangle((0, _HEIGHT - 18, _WIDTH, _HEIGHT), fill=_PAPER)
        _write(draw, (4, _HEIGHT - 17), panel.note, 12, _INK, _WIDTH - 8)
    return shown


def _view(panel: Panel, picture: Picture) -> Box:
    """x0, y0, x1, y1 in pixels, of the panel's proportions where the picture allows: all that matters, and a margin."""
    height, width = picture.shape[:2]
    boxes = [box_around(mask) for mask in (panel.truth, panel.answer) if mask is not None and mask.any()]
    boxes += [(x, y, x, y) for x, y in panel.points]
    boxes += [panel.box] if panel.box is not None else []
    if not boxes:
        return 0.0, 0.0, float(width), float(height)
    edges = np.array(boxes)
    low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
    # Half as much again around it.
    needed = np.maximum((high - low) * 1.5, _NEAREST * np.array([width, height]))
    side = max(needed[0] / _WIDTH, needed[1] / _HEIGHT)
    span = np.minimum(side * np.array([_WIDTH, _HEIGHT]), [width, height])
    begin = np.clip((low + high - span) / 2, 0, np.array([width, height]) - span)
    return float(begin[0]), float(begin[1]), float(begin[0] + span[0]), float(begin[1] + span[1])


def _shown(mask: Mask, size: tuple[int, int], view: Box) -> Mask:
    whole = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(whole.resize(size, Image.Resampling.BILINEAR, box=view)) > 127


def _draw_click(draw: ImageDraw.ImageDraw, place: npt.NDArray[np.float64], label: int, number: int) -> None:
    """A disk with + or -, and beside it which click it was."""
    x, y = float(place[0]), float(place[1])
    draw.ellipse((x - 7, y - 7, x + 7, y + 7), fill=POSITIVE if label else NEGATIVE, outline=BOX)
    draw.line((x - 4, y, x + 4, y), fill=BOX, width=2)
    if label:
        draw.line((x, y - 4, x, y + 4), fill=BOX, width=2)
    draw.text(
        (x + 8, y - 13), str(number), font=ImageFont.load_default(12), fill=BOX, stroke_width=2, stroke_fill=_PAPER
    )


def _write(
    draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, size: int, ink: tuple[int, int, int], room: int
) -> None:
    """One line, cut where the room ends."""
    font = ImageFont.load_default(size)
    if draw.textlength(text, font) > room:
        while text and draw.textlength(f"{text}…", font) > room:
            text = text[:-1]
        text = f"{text}…"
    draw.text(place, text, font=font, fill=ink)
