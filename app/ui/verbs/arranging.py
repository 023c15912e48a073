"""Objects as a whole: made, named, given a category, joined, split, swapped, put away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt

from app.commands import masklets, masks, objects
from app.document.project import Project
from app.document.values import Cell, Origin, TrackedObject
from app.ui.canvas.view import CanvasView
from app.ui.canvas.words import counted, object_name, span_words
from app.ui.desk import Desk
from app.ui.dialogs.categories_dialog import CategoriesDialog
from app.ui.dialogs.finish_dialog import FinishDialog
from app.ui.verbs import Verbs


class Arranging:
    """The verbs of the Object menu; each is one step to undo."""

    def __init__(self, desk: Desk, canvas: CanvasView) -> None:
        self._desk, self._canvas = desk, canvas

    def verbs(self) -> Verbs:
        verbs: dict[str, Callable[[], object]] = {
            "new_object": self.new_object,
            "rename_object": self._rename,
            "duplicate_object": self._duplicate,
            "freeze_object": self._freeze,
            "keep_off": self._keep_off,
            "ask_again": self._ask_again,
            "delete_objects": self._delete_objects,
            "delete_masks": self._delete_masks,
            "move_up": lambda: self._move(-1),
            "move_down": lambda: self._move(1),
            "join": self._join,
            "split": self._split,
            "swap": self._swap,
            "overlaps": self._overlaps,
            "categories": lambda: self._show_dialog(CategoriesDialog),
            "finish_masks": lambda: self._show_dialog(FinishDialog),
        }
        return verbs | {f"category_{place}": partial(self._give_category, place) for place in range(1, 10)}

    def new_object(self) -> None:
        """A new object of the selected one's category, ready to be clicked."""
        project, selected = self._desk.project, self._desk.selected_object
        if project is None:
            return
        category = None if selected is None else project.document.objects[selected].category_id
        made = self._desk.attempt(lambda: objects.new_object(project, category_id=category, frame=self._desk.frame))
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
        self._turn(lambda thing: thing.is_frozen, objects.set_object_frozen, "Freeze", "Unfreeze")

    def _keep_off(self) -> None:
        on, off = "Keep off neighbours", "Do not keep off neighbours"
        self._turn(lambda thing: thing.keeps_off, objects.set_keeps_off, on, off)
        count = len(self._answered())
        if count:
            answers = f"{counted(count, 'prompted frame')} {'was' if count == 1 else 'were'} answered"
            self._desk.offered.emit(f"{answers} before that; the model can look at them again.", "ask_again")

    def _answered(self) -> list[Cell]:
        """Where the selected objects have masks that answer prompts, and other objects stand beside them."""
        document, chosen = self._desk.document, self._desk.selected_objects
        if document is None:
            return []
        return [
            (object_id, frame)
            for object_id in chosen
            for frame, mask in document.masks_of(object_id).items()
            if mask.origin is Origin.PROMPTED
            and (object_id, frame) in document.prompts
            and not document.is_verified((object_id, frame))
            and len(document.masks_at(frame)) > 1
        ]

    def _ask_again(self) -> None:
        tracking, cells = self._desk.tracking, self._answered()
        if tracking is not None and cells:
            tracking.ask_again(cells, f"Ask again, {counted(len(cells), 'prompted frame')}")
        else:
            self._desk.notice.emit("No prompted frame of the selected object has another object beside it.", "info")

    def _turn(
        self,
        is_on: Callable[[TrackedObject], bool],
        put: Callable[[Project, int, bool], object],
        on: str,
        off: str,
    ) -> None:
        """Give all selected objects what the one selected last has not, in one step; `on` and `off` name it."""
        project, chosen = self._desk.project, self._desk.selected_objects
        if project is None or not chosen:
            return
        wanted = not is_on(project.document.objects[chosen[-1]])
        with project.history.transaction(on if wanted else off):
            for object_id in chosen:
                put(project, object_id, wanted)

    def _show_dialog(self, kind: type[CategoriesDialog] | type[FinishDialog]) -> None:
        """One dialog of a kind, beside the work."""
        window = self._canvas.window()
        dialog = window.findChild(kind) or kind(self._desk, window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()
        dialog.activateWindow()

    def _overlaps(self) -> None:
        project = self._desk.project
        if project is not None:
            objects.allow_overlaps(project, not project.document.allows_overlaps)

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
            if count:
                self._desk.done_in_bulk.emit(f"Deleted {counted(count, 'mask')} on {span_words(first, last)}.")
            elif count == 0:
                who = (
                    "The selected objects have"
                    if len(chosen) > 1
                    else f"{object_name(project.document, chosen[0])} has"
                )
                self._desk.notice.emit(f"{who} no mask on {span_words(first, last)}.", "info")

    def _move(self, direction: int) -> None:
        """The selected objects one place up or down in the list, together; they stop at its end."""
        project, chosen = self._desk.project, self._desk.selected_objects
        if project is None:
            return
        order = list(project.document.objects)
        places = sorted((order.index(object_id) for object_id in chosen), reverse=direction > 0)
        if places and 0 <= places[0] + direction < len(order):
            for place in places:
                order.insert(place + direction, order.pop(place))
            self._desk.attempt(lambda: objects.reorder_objects(project, order))

    def _join(self) -> None:
        """The object that was selected first stays. Where both have a mask and they differ, the person chooses."""
        project, chosen = self._desk.project, self._desk.selected_objects
        if project is None or len(chosen) != 2:
            return
        first, second = chosen
        frames = masklets.conflicting_frames(project, first, second)
        if not frames:
            self._desk.attempt(lambda: masklets.join_masklets(project, first, second))
            return
        from app.ui.dialogs.join_dialog import JoinDialog

        dialog = JoinDialog(self._desk, first, second, frames, self._canvas.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(
            lambda: self._desk.attempt(lambda: masklets.join_masklets(project, first, second, dialog.conflict))
        )
        dialog.open()

    def _split(self) -> None:
        project, selected, frame = self._desk.project, self._desk.selected_object, self._canvas.shown_frame
        if project is not None and selected is not None:
            made = self._desk.attempt(lambda: masklets.split_masklet(project, selected, frame))
            if made is not None:
                self._desk.select(made.id)

    def _swap(self) -> None:
        """To the end of the shot: what two objects did behind the next cut is another story."""
        project, chosen, frame = self._desk.project, self._desk.selected_objects, self._canvas.shown_frame
        if project is not None and len(chosen) == 2:
            last = next((cut - 1 for cut in project.document.cuts if cut > frame), None)
            self._desk.attempt(lambda: masklets.swap_masklets(project, chosen[0], chosen[1], frame, last))

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
