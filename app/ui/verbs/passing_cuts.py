"""Shot cuts end every run; here is what goes on through the next one, and how a plan says that cuts end it."""

from __future__ import annotations

from collections.abc import Callable

from app.inference.plan import Direction, Plan, make_plan
from app.ui.desk import Desk
from app.ui.verbs import Verbs


class PassingCuts:
    """`start` runs a plan."""

    def __init__(self, desk: Desk, start: Callable[[Plan | None], None]) -> None:
        self._desk, self._start = desk, start
        self.direction: Direction = "forward"
        """Which way the last run was to go."""

    def verbs(self) -> Verbs:
        return {"pass_cut": self._pass_cut}

    def _pass_cut(self) -> None:
        """Go on through the next cut in the direction of the last run, to the one after it.

        Frames on this side of the cut that have their masks are not written again.
        """
        document, ids, here = self._desk.document, self._desk.selected_objects, self._desk.frame
        if document is None or not ids:
            return
        is_back = self.direction == "backward"
        ahead = [cut for cut in reversed(document.cuts) if cut <= here] if is_back else []
        ahead = ahead or [cut for cut in document.cuts if cut > here]
        if not ahead:
            self._desk.notice.emit("No shot cut lies ahead of this frame.", "info")
            return
        is_back = ahead[0] <= here
        masks = [document.masks_of(object_id) for object_id in ids]
        beyond = [cut for cut in ahead if any(cut - is_back not in held for held in masks)] or ahead
        passed = [cut for cut in ahead if (cut >= beyond[0] if is_back else cut <= beyond[0])]
        first, last = self._desk.range
        if not first <= beyond[0] - is_back <= last:
            self._desk.notice.emit(f"The cut before frame {beyond[0]:,} lies outside the range.", "warning")
            return
        near = range(beyond[0], here) if is_back else range(here + 1, beyond[0])
        goes_on = all(frame in held for held in masks for frame in near)
        if is_back:
            last = beyond[0] - 1 if goes_on else here
        else:
            first = beyond[0] if goes_on else here
        self._start(
            self._desk.attempt(
                lambda: make_plan(
                    document,
                    ids,
                    first,
                    last,
                    "backward" if is_back else "forward",
                    stop_at_locks=True,
                    passed_cuts=passed,
                )
            )
        )


def cut_words(plan: Plan) -> str:
    """ ", to the cut before frame 40" where cuts end a plan."""
    if not plan.cuts:
        return ""
    if len(plan.cuts) == 1:
        return f", to the cut before frame {plan.cuts[0]:,}"
    return f", to {len(plan.cuts):,} cuts"
