"""Mending the selected object's mask on the frame in view: holes, specks, edges, place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from app.commands import mask_editing
from app.document.project import Project
from app.document.values import Cell
from app.ui.action_table import NUDGES, SMOOTH_RADIUS, SPECK_AREA
from app.ui.canvas.view import CanvasView
from app.ui.canvas.words import counted
from app.ui.desk import Desk
from app.ui.dialogs.mend_dialog import MendDialog
from app.ui.verbs import Verbs


class Mending:
    """Each verb is one step to undo; one that finds nothing to change says so."""

    def __init__(self, desk: Desk, canvas: CanvasView) -> None:
        self._desk, self._canvas = desk, canvas

    def verbs(self) -> Verbs:
        specks = f"The mask has no loose piece of {SPECK_AREA} px or less."
        return {
            "fill_holes": self._mend(lambda p, cell: mask_editing.fill_holes(p, [cell]), "The mask has no hole."),
            "remove_specks": self._mend(lambda p, cell: mask_editing.remove_specks(p, [cell], SPECK_AREA), specks),
            "grow_mask": self._mend(
                lambda p, cell: mask_editing.grow_masks(p, [cell], 1), "The mask fills the picture."
            ),
            "shrink_mask": self._mend(
                lambda p, cell: mask_editing.shrink_masks(p, [cell], 1), "The mask would vanish if it shrank further."
            ),
            "smooth_mask": self._mend(
                lambda p, cell: mask_editing.smooth_masks(p, [cell], SMOOTH_RADIUS), "The mask is smooth already."
            ),
            "interpolate": self._interpolate,
            "mend": self._show_dialog,
            **{name: partial(self._nudge, right, down) for name, (right, down, _) in NUDGES.items()},
        }

    def _mend(self, deed: Callable[[Project, Cell], int], nothing: str = "") -> Callable[[], None]:
        """A verb that runs the command on the cell in view; `nothing` is what it says when no pixel changed."""

        def verb() -> None:
            project, cell = self._desk.project, self._canvas.bench.cell
            if project is None or cell is None:
                return
            mask = project.document.masks.get(cell)
            if mask is None or mask.is_absent:
                self._desk.notice.emit("The object is absent on this frame; there is no mask to mend.", "info")
            elif self._desk.attempt(lambda: deed(project, cell)) == 0 and nothing:
                self._desk.notice.emit(nothing, "info")

        return verb

    def _show_dialog(self) -> None:
        window = self._canvas.window()
        dialog = window.findChild(MendDialog) or MendDialog(self._desk, self._canvas, window)
        dialog.show()
        dialog.activateWindow()

    def _nudge(self, right: int, down: int) -> None:
        self._mend(lambda project, cell: mask_editing.nudge_masks(project, [cell], right, down))()

    def _interpolate(self) -> None:
        project, cell = self._desk.project, self._canvas.bench.cell
        if project is None or cell is None:
            return
        count = self._desk.attempt(lambda: mask_editing.interpolate_around(project, *cell))
        if count is not None:
            self._desk.notice.emit(f"Interpolated {counted(count, 'mask')}.", "good" if count else "info")
