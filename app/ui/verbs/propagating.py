"""Runs: planned, shown before they start, started and stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.inference.plan import Direction, Plan, PlanError, make_plan
from app.jobs.reports import RunEnd
from app.ui.canvas.view import CanvasView
from app.ui.canvas.words import counted
from app.ui.desk import Desk
from app.ui.verbs import Verbs
from app.ui.verbs.passing_cuts import PassingCuts, cut_words
from app.ui.verbs.repairing import Repairing

DRAFT_STRIDE = 2
"""A draft computes every so many frames."""
_DIRECTIONS: dict[str, Direction] = {
    "propagate_forward": "forward",
    "propagate_backward": "backward",
    "propagate_both": "both",
}


class Propagating:
    """The verbs of the Propagate menu. The plan is made by the document's own rules; here is only what is asked for."""

    def __init__(self, desk: Desk, canvas: CanvasView) -> None:
        self._desk, self._canvas = desk, canvas
        self._stopped: dict[int, int] = {}
        """Objects of a run that was stopped, with the document's clock then: asked for again, it goes on from there."""
        self._running: Plan | None = None
        self._pointed: Plan | None = None
        self.last_plan: Plan | None = None
        """The plan of the newest run of this project, running or ended."""
        self._cuts = PassingCuts(desk, self.start)
        self.repairing = Repairing(desk, self.start, self.run_shown_plan, self.drop_plan)
        desk.project_changed.connect(self._take_project)

    def verbs(self) -> Verbs:
        return {
            "propagate_forward": lambda: self.run("forward"),
            "propagate_backward": lambda: self.run("backward"),
            "propagate_both": lambda: self.run("both"),
            "propagate_all": self._run_all,
            "compute_forward": lambda: self._compute_one(1),
            "compute_backward": lambda: self._compute_one(-1),
            "propagate_draft": self._draft,
            **self._cuts.verbs(),
            **self.repairing.verbs(),
            "restart_model": lambda: self._desk.tracking.restart() if self._desk.tracking is not None else None,
        }

    @property
    def can_restart(self) -> bool:
        """Whether the model has stopped."""
        tracking = self._desk.tracking
        return tracking is not None and tracking.status.can_restart

    def plan(self, direction: Direction) -> Plan | None:
        """The plan of a run of the selected objects from the frame in view, or a notice why there is none."""
        self._cuts.direction = direction
        return self._attempt(lambda: self._planned(direction))

    def _attempt(self, make: Callable[[], Plan | None]) -> Plan | None:
        """The plan, or a notice why there is none, with what can be done about that."""
        try:
            return make()
        except PlanError as error:
            if error.is_at_cut:
                self._desk.offered.emit(str(error), "pass_cut")
            elif error.is_complete:
                self._desk.offered.emit(str(error), "choose_range unverify_range")
            else:
                self._desk.notice.emit(str(error), "warning")
            return None

    def _planned(self, direction: Direction) -> Plan | None:
        first, last = self._desk.range
        here = self._desk.frame
        if direction == "forward":
            first = max(first, here) if here <= last else here
        elif direction == "backward":
            last = min(last, here) if here >= first else here
        return self._make(self._desk.selected_objects, first, max(last, first), direction, stops=direction != "both")

    def point_at(self, action: str) -> str:
        """The pointer rests on the button of an action that runs: its plan is shown on the lanes, and told in words.

        With "" it has left. Nothing is shown while a run is open or another plan waits for its Enter.
        """
        pointed, self._pointed = self._pointed, None
        if pointed is not None and self._desk.planned is pointed:
            self._desk.show_plan(None)
        direction = _DIRECTIONS.get(action)
        if direction is None or self._running is not None or self.is_plan_waiting:
            return ""
        try:
            plan = self._planned(direction)
        except PlanError:
            return "Nothing to propagate"
        if plan is None:
            return ""
        self._pointed = plan
        self._desk.show_plan(plan)
        frames = len({frame for _, frame in plan.cells})
        words = f"{counted(frames, 'frame')} × {counted(len(plan.object_ids), 'object')}"
        return f"{words}{self.forecast_words(plan)}{cut_words(plan)}"

    def run(self, direction: Direction) -> None:
        """Propagate the selected objects."""
        self.start(self.plan(direction))

    def start(self, plan: Plan | None) -> None:
        """Start a run; it takes the place of the one that is open."""
        tracking = self._desk.tracking
        if plan is None or tracking is None:
            return
        tracking.start_run(plan)
        for note in plan.notes:
            self._desk.notice.emit(note, "info")

    def run_shown_plan(self) -> bool:
        """Enter: run the plan that the lanes show; False if they show none."""
        if not self.is_plan_waiting:
            return False
        self.start(self._desk.planned)
        return True

    def drop_plan(self) -> None:
        """Esc: show no plan that waits; the lanes go on showing what the open run writes."""
        self._desk.show_plan(self._running)

    @property
    def is_plan_waiting(self) -> bool:
        """Whether the lanes show a plan that was asked for and is not running yet."""
        planned = self._desk.planned
        return planned is not None and planned is not self._running and planned is not self._pointed

    def stop(self) -> bool:
        """Esc: stop the run; False if none is open."""
        tracking = self._desk.tracking
        if tracking is None or not tracking.is_running:
            return False
        self._desk.run_stopping.emit()
        tracking.stop()
        return True

    def _make(
        self, object_ids: Sequence[int], first: int, last: int, direction: Direction, *, stops: bool = False
    ) -> Plan | None:
        document = self._desk.document
        if document is None:
            return None
        goes_on = bool(object_ids) and all(self._is_unfinished(object_id) for object_id in object_ids)
        return make_plan(
            document,
            object_ids,
            first,
            last,
            direction,
            stop_at_locks=stops and direction != "both",
            only_missing=goes_on and self._has_missing(object_ids, first, last),
        )

    def _run_all(self) -> None:
        ids = objects_of_a_run(self._desk)
        if ids:
            self.start(self._attempt(lambda: self._make(ids, *self._desk.range, "both")))

    def _draft(self) -> None:
        """A quick run over every other frame that has no mask, to see where trouble is."""
        document, ids = self._desk.document, self._desk.selected_objects
        if document is not None:
            window = self._desk.range
            self.start(self._attempt(lambda: make_plan(document, ids, *window, "both", stride=DRAFT_STRIDE)))

    def _compute_one(self, direction: int) -> None:
        target = self._desk.frame + direction
        if not 0 <= target < self._desk.frame_count:
            return
        way: Direction = "forward" if direction > 0 else "backward"
        plan = self._desk.attempt(lambda: self._make(self._desk.selected_objects, target, target, way))
        self.start(plan)
        if plan is not None:
            self._desk.set_frame(target)

    @property
    def waiting_words(self) -> str:
        """What the plan that waits for its Enter comes to, "" if none waits."""
        plan = self._desk.planned
        if plan is None or not self.is_plan_waiting:
            return ""
        return f"{plan.summary}{self.forecast_words(plan)}{cut_words(plan)}"

    def forecast_words(self, plan: Plan) -> str:
        """ ", about 50 s, 3.1 GB" where the model is known well enough to say so."""
        tracking = self._desk.tracking
        seen = None if tracking is None else tracking.forecast(plan)
        return "" if seen is None else f", {seen.words}"

    # --- a run that was stopped goes on ---

    def _take_project(self) -> None:
        self._stopped.clear()
        self._running = self._pointed = self.last_plan = None
        tracking = self._desk.tracking
        if tracking is not None:
            tracking.run_started.connect(self._take_start)
            tracking.run_finished.connect(self._take_end)

    def _take_start(self, plan: Plan) -> None:
        self._running = self.last_plan = plan
        self._desk.show_plan(plan)
        for object_id in plan.object_ids:
            self._stopped.pop(object_id, None)

    def _take_end(self, end: RunEnd) -> None:
        plan, self._running = self._running, None
        if self._desk.planned is plan:
            self._desk.show_plan(None)
        document = self._desk.document
        if document is None or plan is None:
            return
        dropped = f" {counted(end.dropped, 'late result')} dropped." if end.dropped else ""
        if end.is_taken_back:
            again = _way_on(plan, is_kept=False)
            self._desk.notice.emit(f"The run was taken back: nothing of it is kept. {again}", "info")
        elif end.error:
            kept = f"{counted(end.written, 'mask')} {'is' if end.written == 1 else 'are'} kept. " if end.written else ""
            self._desk.notice.emit(f"{end.error} {kept}{_way_on(plan)}", "error")
        elif end.cancelled:
            self._desk.notice.emit(f"Stopped at {end.done:,} of {end.total:,}. {_way_on(plan)}{dropped}", "info")
        elif end.joints:
            self.repairing.tell(end.joints, dropped)
        elif plan.is_draft:
            self._desk.notice.emit(
                f"Drafted {plan.summary}.{dropped} S goes through what looks wrong; T computes every frame.", "good"
            )
        elif plan.cuts:
            self._desk.offered.emit(f"Propagated {plan.summary}{cut_words(plan)}.{dropped}", "pass_cut")
        else:
            self._desk.notice.emit(f"Propagated {plan.summary}.{dropped}", "good")
        if (end.error or end.cancelled) and not end.is_taken_back:
            self._stopped.update(dict.fromkeys(plan.object_ids, document.clock))

    def _is_unfinished(self, object_id: int) -> bool:
        """Whether the object's last run was stopped, and nobody has changed the object since."""
        document, clock = self._desk.document, self._stopped.get(object_id)
        if document is None or clock is None or object_id not in document.objects:
            return False
        cells = document.cells_of(object_id)
        return not any(document.touched_since(cell, clock) for cell in cells)

    def _has_missing(self, object_ids: Sequence[int], first: int, last: int) -> bool:
        document = self._desk.document
        return document is not None and any(
            frame not in document.masks_of(object_id) for object_id in object_ids for frame in range(first, last + 1)
        )


def objects_of_a_run(desk: Desk) -> list[int]:
    """The ids of all objects but the frozen ones, and of the hidden ones only those that are selected; a notice tells
    that others were left out. Where all are frozen, all of them: the plan says so."""
    document, selected = desk.document, desk.selected_objects
    if document is None:
        return []
    free = [item for item in document.objects.values() if not item.is_frozen] or list(document.objects.values())
    ids = [item.id for item in free if item.is_visible or item.id in selected]
    if len(ids) < len(free):
        left_out = counted(len(free) - len(ids), "hidden object")
        desk.notice.emit(f"Without {left_out}: show them or select them to compute them too.", "info")
    return ids


def _way_on(plan: Plan, *, is_kept: bool = True) -> str:
    """What to press after a run that did not come to its end, or was taken back."""
    if plan.is_draft:
        return "T computes every frame."
    if plan.meetings:
        return "R starts it again."
    ways = {stretch.is_reverse for stretch in plan.stretches}
    key = "Ctrl+T" if len(ways) == 2 else "Shift+T" if ways == {True} else "T"
    return f"{key} {'goes on' if is_kept else 'starts it again'}."
