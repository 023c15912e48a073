"""A person's word on cells: verified, absent, and on to the next suspicious one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from app.commands import masks, review
from app.document.values import Cell
from app.ui.canvas.view import CanvasView
from app.ui.canvas.words import counted, object_name, span_words
from app.ui.desk import Desk
from app.ui.suspicions import Suspicions
from app.ui.verbs import Verbs


class Reviewing:
    """`is_in_queue` says whether the keyboard is in *Look at next*, where verifying goes on to the next entry."""

    def __init__(
        self,
        desk: Desk,
        canvas: CanvasView,
        suspicions: Suspicions,
        window: QWidget,
        is_in_queue: Callable[[], bool],
    ) -> None:
        self._desk, self._canvas, self._suspicions = desk, canvas, suspicions
        self._window, self._is_in_queue = window, is_in_queue

    def verbs(self) -> Verbs:
        return {
            "verify": self._verify,
            "verify_frame": self._verify_frame,
            "verify_range": self._verify_range,
            "unverify_range": self._unverify_range,
            "next_suspicious": lambda: self._desk.queue_step_requested.emit(1),
            "previous_suspicious": lambda: self._desk.queue_step_requested.emit(-1),
            "dismiss": self.dismiss,
            "fix_here": self._fix_here,
            "absent_here": self._absent_here,
            "absent_range": self._absent_range,
        }

    def _chosen_here(self) -> list[Cell]:
        return [(object_id, self._canvas.shown_frame) for object_id in self._desk.selected_objects]

    def _verify(self) -> None:
        """Verify the selected objects here; if all of them are verified, take it back."""
        project, cells = self._desk.project, self._chosen_here()
        if project is None or not cells:
            return
        if all(project.document.is_verified(cell) for cell in cells):
            self._desk.attempt(lambda: review.unverify(project, cells))
        elif self._desk.attempt(lambda: review.verify_cells(project, cells)) is not None and self._is_in_queue():
            self._desk.queue_step_requested.emit(1)

    def _verify_frame(self) -> None:
        project, frame = self._desk.project, self._canvas.shown_frame
        if project is not None:
            cells = [(object_id, frame) for object_id in project.document.objects]
            self._desk.attempt(lambda: review.verify_cells(project, cells))

    def _verify_range(self) -> None:
        project, (first, last) = self._desk.project, self._desk.range
        if project is None:
            return
        document, chosen = project.document, self._desk.selected_objects
        cells = [
            (object_id, frame)
            for object_id in chosen
            for frame in document.masks_of(object_id)
            if first <= frame <= last and not document.is_verified((object_id, frame))
        ]
        if not cells:
            self._desk.notice.emit(f"Nothing on {span_words(first, last)} is left to verify.", "info")
            return
        who = object_name(document, chosen[0]) if len(chosen) == 1 else f"{len(chosen)} objects"
        if confirm(self._window, f"Verify {counted(len(cells), 'frame')} of {who}?", f"Verify {len(cells):,}"):
            self._desk.attempt(lambda: review.verify_cells(project, cells))

    def _unverify_range(self) -> None:
        project, (first, last) = self._desk.project, self._desk.range
        if project is None:
            return
        document, chosen = project.document, self._desk.selected_objects
        cells = [(one, frame) for one in chosen for frame in document.reviews_of(one) if first <= frame <= last]
        if not cells:
            self._desk.notice.emit(f"Nothing on {span_words(first, last)} is verified.", "info")
            return
        who = object_name(document, chosen[0]) if len(chosen) == 1 else f"{len(chosen)} objects"
        question = f"Take verification back from {counted(len(cells), 'frame')} of {who}?"
        if confirm(self._window, question, f"Take back {len(cells):,}"):
            self._desk.attempt(lambda: review.unverify(project, cells))

    def dismiss(self) -> None:
        """Alt+S: what is suspicious here is a false alarm, and so it is on the frames around that have it."""
        project, cells = self._desk.project, self._chosen_here()
        entry = self._suspicions.at(cells[-1]) if cells else None
        if project is None or entry is None:
            self._desk.notice.emit("Nothing makes this mask suspicious.", "info")
            return
        span = self._suspicions.span_of(entry)
        review.dismiss(project, span, entry.sign)
        where = span_words(span[0][1], span[-1][1])
        self._desk.done_in_bulk.emit(f"Dismissed on {where}: {entry.reason}.")
        order = self._suspicions.found
        place = order.index(entry)
        following = [other for other in (*order[place:], *order[:place]) if other.cell not in span]
        if following:
            self._desk.select(following[0].cell[0])
            self._desk.set_frame(following[0].cell[1])

    def _fix_here(self) -> None:
        self._desk.set_playing(False)
        self._desk.set_tool("point")
        self._canvas.setFocus()
        self._desk.fix_requested.emit()

    def _absent_here(self) -> None:
        """Mark the selected objects absent here; if they all are, forget that."""
        project, cells = self._desk.project, self._chosen_here()
        if project is None or not cells:
            return
        known = project.document.masks
        if all(cell in known and known[cell].is_absent for cell in cells):
            ids, frame = self._desk.selected_objects, self._canvas.shown_frame
            self._desk.attempt(lambda: masks.delete_masks(project, ids, frame, frame))
        else:
            self._desk.attempt(lambda: review.mark_absent(project, cells))

    def _absent_range(self) -> None:
        project, (first, last) = self._desk.project, self._desk.range
        if project is None:
            return
        chosen = self._desk.selected_objects
        who = object_name(project.document, chosen[0]) if len(chosen) == 1 else f"{len(chosen)} objects"
        is_set = self._desk.range_in is not None or self._desk.range_out is not None
        question = f"Mark {who} absent on all {counted(self._desk.frame_count, 'frame')} of the clip?"
        if is_set or confirm(self._window, question, "Mark absent"):
            cells = [(object_id, frame) for object_id in chosen for frame in range(first, last + 1)]
            self._desk.attempt(lambda: review.mark_absent(project, cells))


def confirm(parent: QWidget, question: str, verb: str) -> bool:
    """Ask before a deed; the verb names it and its number, Cancel is the default."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.NoIcon)
    box.setWindowTitle("Masklet Studio")
    box.setText(question)
    yes = QPushButton(verb)
    box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    is_confirmed = box.clickedButton() is yes
    box.deleteLater()
    return is_confirmed
