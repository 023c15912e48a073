"""The bench that tools work at: what they see of the document, and the commands that their gestures end in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.commands import masks, objects, prompts
from app.commands.targets import editable_object
from app.document.masks import MaskCode
from app.document.neighbours import neighbour_points
from app.document.project import Project
from app.document.values import Box, Cell, FrameMask, Point, Prompt
from app.ui.canvas.label_map import LabelMap
from app.ui.canvas.preview import Preview
from app.ui.desk import Desk

_NOTHING = Prompt()
Mend = Callable[[Cell, MaskCode], MaskCode]
"""What a mending would make of a cell's mask."""


class CanvasBench(QObject):
    """One frame with the selected object on it. Every change goes through a command; a refusal becomes a notice."""

    stroke_changed = Signal()
    """Another mask is to be shown in place of the selected object's, or none any more."""
    edited = Signal()
    """A person's own pixels were written into the mask in view."""
    menu_requested = Signal()

    def __init__(self, desk: Desk, labels: Callable[[], LabelMap], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._labels = labels
        self.frame = 0
        """The frame that is on the screen, which a click is about; the desk's frame may be ahead of it."""
        self.stroke: np.ndarray | None = None
        self.preview = Preview(desk, self)
        self.clicked: Cell | None = None
        """The cell whose newest prompt is a point that was added; None after any other prompt."""
        self._kept_off: tuple[Cell, tuple[Point, ...]] | None = None
        desk.document_changed.connect(self._forget_neighbours)
        desk.project_changed.connect(self._forget_neighbours)
        self.only_inside = False
        """Whether a box asks for the mask inside it alone."""
        self._awaited: tuple[Cell, Box] | None = None
        self._mend: Mend | None = None
        self._mended: tuple[Cell, MaskCode, MaskCode] | None = None

    # --- what a tool sees ---

    @property
    def size(self) -> tuple[int, int]:
        document = self._desk.document
        return (1, 1) if document is None else (document.clip.height, document.clip.width)

    @property
    def cell(self) -> Cell | None:
        """The selected object on the shown frame."""
        selected = self._desk.selected_object
        return None if selected is None else (selected, self.frame)

    @property
    def prompt(self) -> Prompt:
        document, cell = self._desk.document, self.cell
        if document is None or cell is None:
            return _NOTHING
        return document.prompts.get(cell, _NOTHING)

    @property
    def kept_off(self) -> tuple[Point, ...]:
        """Points of neighbours that the model is told with the prompts in view; none unless the object keeps off."""
        document, cell = self._desk.document, self.cell
        if document is None or cell is None:
            return ()
        if self._kept_off is None or self._kept_off[0] != cell:
            self._kept_off = (cell, neighbour_points(document, cell, self.prompt))
        return self._kept_off[1]

    def _forget_neighbours(self, _change: object = None) -> None:
        self._kept_off = None

    def mask(self) -> np.ndarray | None:
        document, cell = self._desk.document, self.cell
        if document is None or cell is None or cell not in document.masks:
            return None
        return document.masks[cell].code.to_array()

    def consider_mending(self, mend: Mend | None) -> None:
        """Show the selected object's mask as this would leave it, on whatever frame is in view; None ends that."""
        self._mend, self._mended = mend, None
        self.stroke_changed.emit()

    @property
    def mended(self) -> tuple[MaskCode, MaskCode] | None:
        """The mask in view as it is, and as the mending that is considered would leave it."""
        document, cell = self._desk.document, self.cell
        mask = None if document is None or cell is None else document.masks.get(cell)
        if self._mend is None or cell is None or mask is None or mask.is_absent:
            return None
        if self._mended is None or self._mended[0] != cell or self._mended[1] is not mask.code:
            self._mended = (cell, mask.code, self._mend(cell, mask.code))
        return self._mended[1:]

    def objects_at(self, x: float, y: float) -> Sequence[int]:
        return self._labels().objects_at(x, y)

    @property
    def selected(self) -> Sequence[int]:
        return self._desk.selected_objects

    def select(self, object_id: int | None, *, extend: bool = False) -> None:
        self._desk.select(object_id, extend=extend)

    # --- what a gesture ends in ---

    def add_point(self, x: float, y: float, is_positive: bool) -> None:
        if self._prompt(
            lambda project, cell: prompts.add_point(project, *cell, x, y, is_positive), makes_object=is_positive
        ):
            self.clicked = self.cell

    def drag_point(self, index: int, x: float, y: float) -> None:
        """The dot is drawn by the tool's marks, the mask follows; the document changes when it is dropped."""
        cell, prompt = self.cell, self.prompt
        if cell is not None and index < len(prompt.points):
            points = list(prompt.points)
            points[index] = replace(points[index], x=x, y=y)
            self.preview.follow(cell, replace(prompt, points=tuple(points), candidate=None))

    def drop_point(self, index: int, x: float, y: float) -> None:
        self.preview.leave()
        if not self._prompt(lambda project, cell: prompts.move_point(project, *cell, index, x, y)):
            self.preview.stop()

    def release_point(self) -> None:
        """Nothing was changed on the way."""
        self.preview.stop()

    def consider_point(self, x: float, y: float, is_positive: bool) -> None:
        document, cell, prompt = self._desk.document, self.cell, self.prompt
        if document is None or (cell is None and not is_positive):
            return
        points = (*prompt.points, Point(x, y, is_positive))
        considered = cell if cell is not None else (document.next_object_id, self.frame)
        self.preview.consider(considered, replace(prompt, points=points, candidate=None))

    def stop_considering(self) -> None:
        self.preview.stop()

    def flip_point(self, index: int) -> None:
        self._prompt(lambda project, cell: prompts.flip_point(project, *cell, index))

    def delete_points(self, indices: Sequence[int]) -> None:
        def delete(project: Project, cell: Cell) -> None:
            with project.history.transaction("Delete points" if len(indices) > 1 else "Delete point"):
                for index in sorted(indices, reverse=True):
                    prompts.delete_point(project, *cell, index)

        self._prompt(delete)

    def take_back_prompt(self) -> None:
        """Points first, the latest first; then the box; then a painted mask."""
        prompt = self.prompt
        if prompt.points:
            self.delete_points([len(prompt.points) - 1])
        elif prompt.box is not None:
            self.set_box(None)
        elif prompt.mask is not None:
            self._prompt(lambda project, cell: prompts.clear_prompts(project, *cell))

    def set_box(self, box: Box | None) -> None:
        self._prompt(lambda project, cell: prompts.set_box(project, *cell, box), makes_object=box is not None)

    @property
    def awaited(self) -> Box | None:
        if self._awaited is None or self._awaited[0] != self.cell or not self.preview.is_asking_once:
            return None
        return self._awaited[1]

    def segment_inside(self, box: Box) -> None:
        """Points of the object inside the box count, too. Without a mask there is nothing to keep: the box is a prompt
        like any other."""
        project, cell = self._desk.project, self.cell
        if project is None or cell is None or cell not in project.document.masks or self._desk.tracking is None:
            self.set_box(box)
            return
        if self._desk.attempt(lambda: editable_object(project, cell[0])) is None:
            return
        inside = [point for point in self.prompt.points if box.x0 <= point.x < box.x1 and box.y0 <= point.y < box.y1]
        revision = project.document.revision(cell)

        def take(mask: MaskCode) -> None:
            self._awaited = None
            if project.document.revision(cell) == revision:
                is_other = self._desk.attempt(partial(masks.replace_inside, project, *cell, box, mask))
                if is_other:
                    self.edited.emit()
                elif is_other is False:
                    self._desk.notice.emit("The model sees the same inside the box.", "info")
            self.stroke_changed.emit()

        self._awaited = (cell, box)
        self.preview.ask_once(cell, Prompt(tuple(inside), box), take)

    def choose_candidate(self, place: int, mask: MaskCode, iou: float) -> None:
        """Take one of the answers to the last ambiguous click: its place from 0, best first, and its mask."""
        answer = FrameMask(mask, iou=iou)
        self._change(lambda project, cell: prompts.choose_candidate(project, *cell, place, answer))

    def show_stroke(self, mask: np.ndarray | None) -> None:
        self.stroke = mask
        self.stroke_changed.emit()

    def set_mask(self, mask: np.ndarray) -> None:
        self._edit(lambda project, cell: masks.set_mask(project, *cell, mask), makes_object=True)

    def paint(self, area: np.ndarray, *, erase: bool = False) -> None:
        self._edit(lambda project, cell: masks.paint_mask(project, *cell, area, erase=erase), makes_object=not erase)

    def open_menu(self) -> None:
        self.menu_requested.emit()

    # --- inside ---

    def _edit(self, change: Callable[[Project, Cell], object], *, makes_object: bool) -> None:
        document, cell = self._desk.document, self.cell
        before = None if document is None or cell is None else document.masks.get(cell)
        cell = self._change(change, makes_object=makes_object)
        if document is not None and cell is not None and document.masks.get(cell) is not before:
            self.edited.emit()

    def _prompt(self, change: Callable[[Project, Cell], object], *, makes_object: bool = False) -> bool:
        """Change the prompts of the cell, then ask the engine for its mask; whether it was asked."""
        self.clicked = None
        cell = self._change(change, makes_object=makes_object)
        document, tracking = self._desk.document, self._desk.tracking
        if cell is None or tracking is None or document is None or cell not in document.prompts:
            return False
        tracking.request_prompt(cell)
        return True

    def _change(self, change: Callable[[Project, Cell], object], *, makes_object: bool = False) -> Cell | None:
        """Run one command on the cell before the tools; with no object selected, on a new one in the same step."""
        project, cell = self._desk.project, self.cell
        if project is None:
            return None
        if cell is None and not makes_object:
            self._desk.notice.emit("Nothing is selected to take away from. Click with the left button to add.", "info")
            return None
        return self._desk.attempt(lambda: self._changed_cell(project, cell, change))

    def _changed_cell(self, project: Project, cell: Cell | None, change: Callable[[Project, Cell], object]) -> Cell:
        if cell is not None:
            change(project, cell)
            return cell
        with project.history.transaction("New object"):
            made = (objects.new_object(project, frame=self.frame).id, self.frame)
            change(project, made)
        self._desk.select(made[0])
        return made
