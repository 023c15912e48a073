"""Objects, masks, prompts and history: what the keys and menus change through commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from app.commands import masklets, masks, objects, prompts
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

    def verbs(self) -> Verbs:
        canvas = self._canvas
        verbs: dict[str, Callable[[], object]] = {
            "undo": lambda: self.go_through_history(is_undo=True),
            "redo": lambda: self.go_through_history(is_undo=False),
            "brush_smaller": lambda: canvas.change_brush(-1),
            "brush_bigger": lambda: canvas.change_brush(1),
            "next_candidate": canvas.next_candidate,
            "take_back_prompt": canvas.take_back,
            "clear_prompts": lambda: self._on_cell(lambda project, cell: prompts.clear_prompts(project, *cell)),
            "clear_object_prompts": self._clear_object_prompts,
            "clear_all_prompts": self._clear_all_prompts,
            "use_as_prompt": lambda: self._on_cell(self._use_as_prompt),
            "delete": self._delete,
            "copy_mask": lambda: self._on_cell(self._copy),
            "cut_mask": lambda: self._on_cell(self._cut),
            "paste_mask": lambda: self._on_cell(self._paste),
            "new_object": self.new_object,
            "rename_object": self._rename,
            "duplicate_object": self._duplicate,
            "freeze_object": self._freeze,
            "delete_objects": self._delete_objects,
            "delete_masks": self._delete_masks,
            "join": self._join,
            "split": self._split,
            "swap": self._swap,
            "select_all": self._select_all,
            "previous_object": lambda: self._step_object(-1),
            "next_object": lambda: self._step_object(1),
            "next_under": lambda: self._step_under(1),
            "previous_under": lambda: self._step_under(-1),
        }
        verbs |= {f"select_{place}": partial(self._select_place, place) for place in range(1, 11)}
        verbs |= {f"category_{place}": partial(self._give_category, place) for place in range(1, 10)}
        return verbs

    @property
    def has_copied(self) -> bool:
        """Whether there is a mask to paste."""
        return self._copied is not None

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
        if not self._canvas.delete_selected_prompts():
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

    # --- objects ---

    def new_object(self) -> None:
        """A new object of the selected one's category, ready to be clicked."""
        project, selected = self._desk.project, self._desk.selected_object
        if project is None:
            return
        category = None if selected is None else project.document.objects[selected].category_id
        made = self._desk.attempt(lambda: objects.new_object(project, category_id=category))
        if made is not None:
            self._desk.select(made.id)
            if self._desk.tool == "select":
                self._desk.set_tool("point")

    def _rename(self) -> None:
        if self._desk.selected_object is not None:
            self._desk.rename_requested.emit(self._desk.selected_object)

    def _duplicate(self) -> None:
        project, selected = self._desk.project, self._desk.selected_object
        if project is not None and selected is not None:
            copy = self._desk.attempt(lambda: objects.duplicate_object(project, selected))
            if copy is not None:
                self._desk.select(copy.id)

    def _freeze(self) -> None:
        project, chosen = self._desk.project, self._desk.selected_objects
        if project is None or not chosen:
            return
        is_frozen = not project.document.objects[chosen[-1]].is_frozen
        with project.history.transaction("Freeze" if is_frozen else "Unfreeze"):
            for object_id in chosen:
                objects.set_object_frozen(project, object_id, is_frozen)

    def _delete_objects(self) -> None:
        project, chosen = self._desk.project, self._desk.selected_objects
        if project is not None:
            names = [project.document.objects[object_id].name for object_id in chosen]
            what = names[0] if len(names) == 1 else f"{len(names)} objects"

            def delete() -> bool:
                objects.delete_objects(project, chosen)
                return True

            if self._desk.attempt(delete):
                self._desk.done_in_bulk.emit(f"Deleted {what}.")

    def _delete_masks(self) -> None:
        project, (first, last) = self._desk.project, self._desk.range
        if project is not None:
            chosen = self._desk.selected_objects
            count = self._desk.attempt(lambda: masks.delete_masks(project, chosen, first, last))
            if count is not None:
                self._desk.done_in_bulk.emit(f"Deleted {count:,} masks in {first}–{last}.")

    def _join(self) -> None:
        project, chosen = self._desk.project, self._desk.selected_objects
        if project is not None and len(chosen) == 2:
            self._desk.attempt(lambda: masklets.join_masklets(project, chosen[0], chosen[1]))

    def _split(self) -> None:
        project, selected, frame = self._desk.project, self._desk.selected_object, self._canvas.shown_frame
        if project is not None and selected is not None:
            made = self._desk.attempt(lambda: masklets.split_masklet(project, selected, frame))
            if made is not None:
                self._desk.select(made.id)

    def _swap(self) -> None:
        project, chosen, frame = self._desk.project, self._desk.selected_objects, self._canvas.shown_frame
        if project is not None and len(chosen) == 2:
            self._desk.attempt(lambda: masklets.swap_masklets(project, chosen[0], chosen[1], frame))

    def _give_category(self, place: int) -> None:
        project, chosen = self._desk.project, self._desk.selected_objects
        if project is None:
            return
        categories = list(project.document.categories)
        if place > len(categories):
            self._desk.notice.emit(f"There is no category {place}; there are {len(categories)}.", "info")
            return
        with project.history.transaction(f"Category {project.document.categories[categories[place - 1]].name}"):
            for object_id in chosen:
                objects.set_object_category(project, object_id, categories[place - 1])

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

    def _step_under(self, direction: int) -> None:
        under, selected = self._canvas.objects_under_pointer(), self._desk.selected_object
        if selected in under:
            self._desk.select(under[(under.index(selected) + direction) % len(under)])
        elif under:
            self._desk.select(under[0 if direction > 0 else -1])
