"""How long the canvas takes to paint: prints figures, asserts nothing. `python tests/measure_canvas.py [masks]`

Each figure is the processor time of this process in milliseconds, the median of many, on a view of 1600 x 900. "frame"
is a step to another frame with other masks, "zoom" another view on the same ones, "hover" another object under the
pointer, "stroke" one move of the brush, "repaint" the same again.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks, SetObject, SetPrompt
from app.document.values import Clip, FrameMask, Point, Prompt, TrackedObject
from app.media.opencv import cv2
from app.ui import theme
from app.ui.canvas import CanvasView
from app.ui.desk import Desk
from app.ui.frame_loader import prepare
from app.ui.loaded_frame import LoadedFrame
from app.ui.tools.tool import Button, Pointer

ROUNDS = 25
FRAMES = 2


class Pictures:
    """Stands for a clip's file: the desk asks only for numbers, the frames are handed to the canvas below."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width, self.frame_count, self.fps = height, width, FRAMES, 25.0
        self.times = [frame / 25 for frame in range(FRAMES)]


def blob(rng: np.random.Generator, height: int, width: int) -> MaskCode:
    """A ragged shape that covers about a fortieth of the picture."""
    mask = np.zeros((height, width), np.uint8)
    center = np.array([rng.integers(0, width), rng.integers(0, height)])
    angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    reach = height * (0.14 + 0.03 * rng.standard_normal(90).cumsum() / 5)
    corners = center + np.stack([np.cos(angles) * reach, np.sin(angles) * reach], axis=1)
    cv2.fillPoly(mask, [corners.astype(np.int32)], 1)
    return MaskCode.from_array(mask.astype(bool))


def make_desk(height: int, width: int, count: int) -> Desk:
    project = Project.new(Clip("clip.mp4", "clip", FRAMES, height, width, 25.0))
    rng = np.random.default_rng(2)
    masks = {}
    for object_id in range(1, count + 1):
        project.document.apply(SetObject(object_id, TrackedObject(object_id, f"object {object_id}", color=object_id)))
        project.document.apply(SetPrompt((object_id, 0), Prompt((Point(width / 2, height / 2), Point(40, 40, False)))))
        masks |= {(object_id, frame): FrameMask(blob(rng, height, width)) for frame in range(FRAMES)}
    project.document.apply(SetMasks(masks))
    desk = Desk()
    desk.show_project(project, Pictures(height, width), None)  # type: ignore[arg-type]
    desk.select(1)
    return desk


def median_ms(act: Callable[[int], None]) -> float:
    """Middle processor time of `act` over many rounds, painted to the end."""
    spent = []
    for turn in range(ROUNDS + 3):
        began = time.process_time()
        act(turn)
        QApplication.processEvents()
        spent.append((time.process_time() - began) * 1000)
    return sorted(spent[3:])[ROUNDS // 2]


def measure(height: int, width: int, count: int) -> dict[str, float]:
    desk = make_desk(height, width, count)
    canvas = CanvasView(desk)
    canvas.resize(1600, 900)
    canvas.show()
    canvas._take_project()
    rng = np.random.default_rng(1)
    frames: list[LoadedFrame] = [
        prepare(frame, rng.integers(0, 255, (height, width, 3), dtype=np.uint8)) for frame in range(FRAMES)
    ]
    canvas.show_frame(0, frames[0])
    fit = canvas.view_scale
    figures = {
        "frame": median_ms(lambda turn: canvas.show_frame(turn % FRAMES, frames[turn % FRAMES])),
        "zoom": median_ms(lambda turn: canvas.look_at(fit * (1.1 + turn / 50), QPointF(width / 2, height / 2))),
        "hover": median_ms(lambda turn: _hover(canvas, turn)),
        "repaint": median_ms(lambda turn: canvas.viewport().update()),
    }
    desk.set_tool("brush")
    canvas.tool.press(Pointer(200, 200, Button.LEFT))
    figures["stroke"] = median_ms(lambda turn: canvas.tool.move(Pointer(200 + 9 * turn, 200 + 5 * turn, Button.LEFT)))
    canvas.tool.cancel()
    canvas.hide()
    canvas.deleteLater()
    return figures


def _hover(canvas: CanvasView, turn: int) -> None:
    canvas.pointing.hovered_object = 2 + turn % 3
    canvas.refresh_look()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    app = QApplication(sys.argv[:1])
    theme.apply(app, theme.DARK)
    print(f"{count} masks, view 1600 x 900, {app.platformName()}, processor ms")
    print(f"{'':>12}" + "".join(f"{name:>10}" for name in ("frame", "zoom", "hover", "repaint", "stroke")))
    for name, height, width in (("720p", 720, 1280), ("1080p", 1080, 1920), ("4K", 2160, 3840)):
        figures = measure(height, width, count)
        row = "".join(f"{figures[key]:10.1f}" for key in ("frame", "zoom", "hover", "repaint", "stroke"))
        print(f"{name:>12}{row}")


if __name__ == "__main__":
    main()
