"""Joining two masklets that both have a mask on some frames: what shall stand there, seen on a few of them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.commands.coloring import Shade
from app.commands.masklets import Conflict
from app.document.values import FrameMask
from app.jobs.background import run_in_background
from app.media.opencv import cv2
from app.media.source import ClipError, FrameSource
from app.media.writer import Overlay, paint
from app.ui import theme
from app.ui.canvas.words import counted, object_name
from app.ui.desk import Desk
from app.ui.dialogs.question import decision_row

MOST = 4
PICTURE = QSize(150, 112)
MARGIN = 0.35
"""Around the two masks, as a share of their box."""
_READER_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Shared:
    """One shared frame: both masks, whole, and the part of the picture that the strip shows (x0, y0, x1, y1)."""

    frame: int
    one: FrameMask
    other: FrameMask
    place: tuple[int, int, int, int]


class JoinDialog(QDialog):
    """Asks; `conflict` is the answer once the dialog was accepted. The first object is the one that stays."""

    def __init__(
        self, desk: Desk, first: int, second: int, frames: Sequence[int], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        document = desk.document
        assert document is not None
        names = [object_name(document, object_id) for object_id in (first, second)]
        self._colors = [_rgb(desk.shade_of(object_id)) for object_id in (first, second)]
        self.setWindowTitle(f"Join {names[1]} to {names[0]}")
        masks = (document.masks_of(first), document.masks_of(second))
        self._shared = [_shared(frame, masks[0][frame], masks[1][frame]) for frame in _spread(frames)]
        self._pictures: dict[int, np.ndarray] = {}
        self._answers = QButtonGroup(self)
        masks_of = [f"The masks of {name}" for name in names]
        for place, text in enumerate(("Both together", *masks_of, "The newer mask of each frame")):
            self._answers.addButton(QRadioButton(text), place)
        self._answers.button(0).setChecked(True)
        self._answers.idClicked.connect(self._paint_strip)
        self._cells = [QLabel() for _ in self._shared]
        where = f"{counted(len(frames), 'frame')} ({_words(frames)})"
        self._lay_out(f"{names[0]} and {names[1]} have different masks on {where}. What shall stand there?")
        self._paint_strip()
        self._read(desk.source)

    def _lay_out(self, question: str) -> None:
        label = QLabel(question)
        label.setWordWrap(True)
        strip = QHBoxLayout()
        strip.setSpacing(8)
        for shared, cell in zip(self._shared, self._cells, strict=True):
            cell.setFixedSize(PICTURE)
            cell.setAlignment(Qt.AlignmentFlag.AlignCenter)
            cell.setAccessibleName(f"Frame {shared.frame} as it will be")
            under = QLabel(f"frame {shared.frame:,}")
            under.setProperty("role", "hint")
            under.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(cell)
            column.addWidget(under)
            strip.addLayout(column)
        strip.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(10)
        layout.addWidget(label)
        for button in self._answers.buttons():
            layout.addWidget(button)
        layout.addLayout(strip)
        hint = QLabel("Filled: what stands afterwards. Outlined only: what goes.")
        hint.setProperty("role", "hint")
        layout.addWidget(hint)
        layout.addLayout(decision_row(self, "Join"))

    @property
    def conflict(self) -> Conflict:
        """What is chosen."""
        return list(Conflict)[self._answers.checkedId()]

    def choose(self, conflict: Conflict) -> None:
        """Choose an answer, as a click on it does."""
        self._answers.button(list(Conflict).index(conflict)).click()

    def kept(self, place: int) -> tuple[bool, bool]:
        """Whether the first and the second mask stand on a frame of the strip."""
        shared, conflict = self._shared[place], self.conflict
        if conflict is Conflict.NEWEST:
            is_first = shared.one.made_at >= shared.other.made_at
            return is_first, not is_first
        return conflict is not Conflict.SECOND, conflict is not Conflict.FIRST

    # --- the strip ---

    def _read(self, source: FrameSource | None) -> None:
        if source is None:
            return
        frames = [shared.frame for shared in self._shared]
        job = run_in_background(lambda: _pictures(source, frames), "Reading frames")
        self.destroyed.connect(job.cancel)
        job.finished.connect(self._take_pictures)

    def _take_pictures(self, pictures: dict[int, np.ndarray]) -> None:
        self._pictures = pictures
        self._paint_strip()

    def _paint_strip(self) -> None:
        for place, (shared, cell) in enumerate(zip(self._shared, self._cells, strict=True)):
            x0, y0, x1, y1 = shared.place
            part = np.full((y1 - y0, x1 - x0, 3), 48, np.uint8)
            if shared.frame in self._pictures:
                part = self._pictures[shared.frame][y0:y1, x0:x1]
            scale = min(PICTURE.width() / part.shape[1], PICTURE.height() / part.shape[0])
            size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
            picture = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
            masks = [
                cv2.resize(mask.code.to_array()[y0:y1, x0:x1].view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
                for mask in (shared.one, shared.other)
            ]
            cell.setPixmap(self._painted(picture, [mask.view(bool) for mask in masks], self.kept(place)))

    def _painted(self, picture: np.ndarray, masks: list[np.ndarray], kept: tuple[bool, bool]) -> QPixmap:
        for mask, color, is_kept in zip(masks, self._colors, kept, strict=True):
            if not is_kept:
                picture = paint(picture, [Overlay(mask, color)], opacity=0.0, outline=1)
        result = np.zeros(picture.shape[:2], bool)
        for mask, is_kept in zip(masks, kept, strict=True):
            result |= mask & is_kept
        picture = np.ascontiguousarray(paint(picture, [Overlay(result, self._colors[0])], opacity=0.5, outline=1))
        height, width = picture.shape[:2]
        image = QImage(picture.data, width, height, picture.strides[0], QImage.Format.Format_RGB888)
        return QPixmap.fromImage(image.copy())


def _pictures(source: FrameSource, frames: Sequence[int]) -> Generator[int, None, dict[int, np.ndarray]]:
    """Reads frames with a decoder of its own; a frame that cannot be decoded is left out."""
    found = {}
    with source.reopen(_READER_BYTES) as own:
        for frame in frames:
            try:
                found[frame] = own.read(frame)
            except ClipError:
                continue
            yield frame
    return found


def _shared(frame: int, one: FrameMask, other: FrameMask) -> _Shared:
    boxes = [mask.code.measures[1:] for mask in (one, other)]
    x0, y0 = (min(box[side] for box in boxes) for side in (0, 1))
    x1, y1 = (max(box[side] for box in boxes) for side in (2, 3))
    right, down = round((x1 - x0) * MARGIN) + 4, round((y1 - y0) * MARGIN) + 4
    place = (
        max(0, x0 - right),
        max(0, y0 - down),
        min(one.code.width, x1 + right),
        min(one.code.height, y1 + down),
    )
    return _Shared(frame, one, other, place)


def _spread(frames: Sequence[int]) -> list[int]:
    """A few of the frames, from the first to the last."""
    if len(frames) <= MOST:
        return list(frames)
    return [frames[round(step * (len(frames) - 1) / (MOST - 1))] for step in range(MOST)]


def _words(frames: Sequence[int]) -> str:
    return f"{frames[0]:,}" if len(frames) == 1 else f"{frames[0]:,} to {frames[-1]:,}"


def _rgb(shade: Shade) -> tuple[int, int, int]:
    found = theme.picture_color(shade)
    return found.red(), found.green(), found.blue()
