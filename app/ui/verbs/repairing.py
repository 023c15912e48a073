"""Repair: the span around the playhead run from both ends, and the frame that is doubtful where they never agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from app.inference.plan import Plan, PlanError, make_plan, span_around
from app.ui.canvas.words import object_name, span_words
from app.ui.desk import Desk
from app.ui.verbs import Verbs

if TYPE_CHECKING:
    from app.document.document import Change, DocumentView
    from app.document.values import Cell
    from app.inference.engine import Joint


class Repairing:
    """`start` runs a plan; `run_shown` runs the one that waits on the lanes, and says whether one does; `drop` takes it
    away."""

    def __init__(
        self,
        desk: Desk,
        start: Callable[[Plan | None], None],
        run_shown: Callable[[], bool],
        drop: Callable[[], None],
    ) -> None:
        self._desk, self._start, self._run_shown, self._drop = desk, start, run_shown, drop
        self._waiting: tuple[Plan, Cell] | None = None
        """The plan that was shown last, and the place that it repairs."""
        self.doubt: Cell | None = None
        """Where the runs of the last repair differ most; None if they agreed."""
        desk.project_changed.connect(self._forget)
        desk.document_changed.connect(self._take_change)

    def verbs(self) -> Verbs:
        return {
            "repair": self._repair,
            "show_repair": self._show,
            "propagate_edit": lambda: self._start(self._plan()),
            "show_doubt": self._show_doubt,
        }

    def tell(self, joints: Sequence[Joint], dropped: str) -> None:
        """A repair has ended: say where its runs became one, or offer the frame on which they differ most."""
        document = self._desk.document
        if document is None:
            return
        first, last = min(joint.first for joint in joints), max(joint.last for joint in joints)
        what = f"{object_name(document, joints[0].object_id)}, {span_words(first, last)}"
        doubts = [joint for joint in joints if not joint.is_agreed]
        if not doubts:
            places = " and ".join(f"{joint.frame:,}" for joint in joints)
            word = "frames" if len(joints) > 1 else "frame"
            self._desk.notice.emit(f"Repaired {what}: both ends agree at {word} {places}.{dropped}", "good")
            return
        worst = min(doubts, key=lambda joint: joint.share)
        self.doubt = (worst.object_id, worst.worst)
        self._desk.offered.emit(
            f"{what}: the runs from both ends never agree, so they were joined at frame {worst.frame:,}, where they "
            f"differ least. On frame {worst.worst:,} they share {100 * worst.share:.0f} %: one click there, then R."
            f"{dropped}",
            "show_doubt",
        )

    def _forget(self) -> None:
        self.doubt = self._waiting = None

    def _plan(self) -> Plan | None:
        document, selected = self._desk.document, self._desk.selected_object
        if document is None or selected is None:
            return None
        return self._desk.attempt(lambda: _plan_around(document, (selected, self._desk.frame)))

    def _repair(self) -> None:
        """The first R shows what will be computed; Enter or R again runs it."""
        if not self._run_shown():
            self._show()

    def _show(self) -> None:
        plan, selected = self._plan(), self._desk.selected_object
        if plan is None or selected is None:
            self._drop()
            return
        self._waiting = plan, (selected, self._desk.frame)
        self._desk.show_plan(plan)

    def _take_change(self, change: Change) -> None:
        """A plan that waits goes with what the person does to its object meanwhile: what is shown is what would run."""
        document, tracking = self._desk.document, self._desk.tracking
        if self._waiting is None or document is None or tracking is None:
            return
        plan, cell = self._waiting
        if self._desk.planned is not plan or tracking.plan is plan:
            return
        if not change.cuts and cell[0] not in change.objects and all(one != cell[0] for one, _ in change.cells):
            return
        try:
            self._waiting = _plan_around(document, cell), cell
        except PlanError:
            self._drop()
        else:
            self._desk.show_plan(self._waiting[0])

    def _show_doubt(self) -> None:
        """Go where the two runs differ most, ready for a click."""
        document = self._desk.document
        if self.doubt is None or document is None or self.doubt[0] not in document.objects:
            return
        self._desk.select(self.doubt[0])
        self._desk.set_frame(self.doubt[1])
        self._desk.actions["fix_here"].trigger()


def _plan_around(document: DocumentView, cell: Cell) -> Plan:
    """The repair of the span around a frame of an object. Raises PlanError."""
    object_id, frame = cell
    return make_plan(document, [object_id], *span_around(document, object_id, frame), "repair")
