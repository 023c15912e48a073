"""Masks, prompts, history and the selection: what keys and menus change on the frame in view."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from app.commands import masks, prompts
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.values import Cell
from app.ui.canvas.view import CanvasView
from app.ui.desk import Desk
from app.ui.verbs import Verbs


class Editing:
    """The verbs that change the document; each is one step to undo."""

    def __init__(self, desk: Desk, canvas: CanvasView) -> None:
        self._desk, self._canvas = desk, canvas
        self._copied: MaskCode | None = None
        desk.project_changed.connect(self._take_project)

    def verbs(self) -> Verbs:
        canvas = self._canvas
        verbs: dict[str, Callable[[], object]] = {
            "undo": lambda: self.go_through_history(is_undo=True),
            "redo": lambda: self.go_through_history(is_undo=False),
            "brush_smaller": lambda: canvas.change_brush(-1),
            "brush_bigger": lambda: canvas.change_brush(1),
            "only_inside": self._toggle_inside,
            "next_candidate": canvas.candidates.choose_next,
            "take_back_prompt": self._take_back,
            "clear_prompts": lambda: self._on_cell(lambda project, cell: prompts.clear_prompts(project, *cell)),
            "clear_object_prompts": self._clear_object_prompts,
            "clear_all_prompts": self._clear_all_prompts,
            "use_as_prompt": lambda: self._on_cell(self._use_as_prompt),
            "delete": self._delete,
            "copy_mask": lambda: self._on_cell(self._copy),
            "cut_mask": lambda: self._on_cell(self._cut),
            "paste_mask": lambda: self._on_cell(self._paste),
            "select_all": self._select_all,
            "previous_object": lambda: self._step_object(-1),
            "next_object": lambda: self._step_object(1),
            "next_under": lambda: self._step_under(1),
            "previous_under": lambda: self._step_under(-1),
        }
        verbs |= {f"select_{place}": partial(self._select_place, place) for place in range(1, 11)}
        return verbs

    @property
    def has_copied(self) -> bool:
        """Whether there is a mask to paste."""
        return self._copied is not None

    def _take_project(self) -> None:
        if self._desk.tracking is not None:
            self._desk.tracking.prompt_unchanged.connect(self._offer_another_way)

    def _offer_another_way(self, cell: Cell) -> None:
        """A click has changed nothing: say so, and what else would."""
        if cell == self._canvas.bench.clicked == self._canvas.bench.cell:
            more = " next_candidate" if self._desk.actions["next_candidate"].isEnabled() else ""
            words = "The mask did not change after your click. The model gives the same answer on this frame."
            self._desk.offered.emit(words, f"tool_brush{more}")

    # --- history ---

    def go_through_history(self, *, is_undo: bool) -> None:
        """Undo or redo one step; the view goes first to the frame that changes. A run that is taken back is stopped."""
        project = self._desk.project
        if project is None:
            return
        history = project.history
        cells = history.undo_cells if is_undo else history.redo_cells
        frames = {frame for _, frame in cells}
        if frames and self._desk.frame not in frames:
            self._desk.set_frame(min(frames, key=lambda frame: abs(frame - self._desk.frame)))
        name = history.undo() if is_undo else history.redo()
        if name:
            self._desk.notice.emit(f"{'Undone' if is_undo else 'Redone'}: {name}", "info")

    # --- the cell in view ---

    def _toggle_inside(self) -> None:
        """A switch of the box tool; turning it on takes that tool."""
        is_on = self._desk.actions["only_inside"].isChecked()
        self._canvas.bench.only_inside = is_on
        if is_on:
            self._desk.set_tool("box")
        self._canvas.refresh()

    def _on_cell(self, deed: Callable[[Project, Cell], object]) -> None:
        project, cell = self._desk.project, self._canvas.bench.cell
        if project is not None and cell is not None:
            self._desk.attempt(lambda: deed(project, cell))

    def _clear_object_prompts(self) -> None:
        project, chosen = self._desk.project, self._desk.selected_object
        if project is not None and chosen is not None:
            self._desk.attempt(lambda: prompts.clear_object_prompts(project, chosen))

    def _clear_all_prompts(self) -> None:
        project = self._desk.project
        if project is not None:
            self._desk.attempt(lambda: prompts.clear_all_prompts(project))

    def _use_as_prompt(self, project: Project, cell: Cell) -> None:
        prompts.set_mask_prompt(project, *cell, masks.copy_mask(project, *cell))
        if self._desk.tracking is not None:
            self._desk.tracking.request_prompt(cell)

    def _delete(self) -> None:
        """The selected prompts; else the object's mask on this frame."""
        if not self._canvas.tool.delete():
            self._on_cell(lambda project, cell: masks.delete_masks(project, [cell[0]], cell[1], cell[1]))

    def _copy(self, project: Project, cell: Cell) -> None:
        self._copied = masks.copy_mask(project, *cell)
        self._desk.notice.emit("Mask copied. Ctrl+V pastes it on any frame, at the same place.", "info")

    def _cut(self, project: Project, cell: Cell) -> None:
        self._copied = masks.copy_mask(project, *cell)
        masks.delete_masks(project, [cell[0]], cell[1], cell[1])

    def _paste(self, project: Project, cell: Cell) -> None:
        if self._copied is not None:
            masks.paste_mask(project, *cell, self._copied)

    # --- selection ---

    def _ids(self) -> list[int]:
        document = self._desk.document
        return [] if document is None else list(document.objects)

    def _select_all(self) -> None:
        self._desk.select_all(tuple(self._ids()))

    def _select_place(self, place: int) -> None:
        ids = self._ids()
        if place <= len(ids):
            self._desk.select(ids[place - 1])

    def _step_object(self, direction: int) -> None:
        ids, selected = self._ids(), self._desk.selected_object
        if selected in ids:
            self._desk.select(ids[(ids.index(selected) + direction) % len(ids)])
        elif ids:
            self._desk.select(ids[0 if direction > 0 else -1])

    def _take_back(self) -> None:
        """Backspace: the last corner of a polygon, else the last prompt of this frame."""
        if not self._canvas.tool.take_back():
            self._canvas.bench.take_back_prompt()
        self._canvas.after_tool()

    def _step_under(self, direction: int) -> None:
        under, selected = self._canvas.pointing.objects_under(), self._desk.selected_object
        if selected in under:
            self._desk.select(under[(under.index(selected) + direction) % len(under)])
        elif under:
            self._desk.select(under[0 if direction > 0 else -1])
