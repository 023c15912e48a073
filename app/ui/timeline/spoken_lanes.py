"""The lanes in words, for those who do not see them: "red ball: verified 0–39, absent 40–47, not looked at 48–119"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from app.ui.canvas.words import object_name
from app.ui.desk import Desk
from app.ui.timeline.lane_cells import LaneState, runs

if TYPE_CHECKING:
    from app.document.document import DocumentView
    from app.ui.timeline.lane_cells import LaneCells
    from app.ui.timeline.lanes import Lanes

REST_MS = 500
MOST_LANES, MOST_SPANS = 20, 40
_WORDS = {
    LaneState.VERIFIED: "verified",
    LaneState.ABSENT_VERIFIED: "verified absent",
    LaneState.ABSENT: "absent",
    LaneState.UNSEEN: "not looked at",
    LaneState.DRAFT: "draft",
    LaneState.UNKNOWN: "not computed",
    LaneState.STALE: "out of date",
}


class SpokenLanes(QTimer):
    """Keeps the description of the lanes: those of the selected objects, or the first ones if none is selected."""

    def __init__(self, desk: Desk, lanes: Lanes) -> None:
        super().__init__(lanes)
        self._desk, self._lanes = desk, lanes
        self.setSingleShot(True)
        self.setInterval(REST_MS)
        self.timeout.connect(self._describe)
        for signal in (desk.project_changed, desk.selection_changed, desk.document_changed):
            signal.connect(self._describe_soon)
        self._describe()

    def _describe_soon(self, _what: object = None) -> None:
        if not self.isActive():
            self.start()

    def _describe(self) -> None:
        document, words = self._desk.document, []
        if document is not None:
            chosen = self._desk.selected_objects or tuple(document.objects)[:MOST_LANES]
            for object_id in chosen[:MOST_LANES]:
                cells = self._lanes.cells_of(object_id)
                if cells is not None:
                    words.append(spans_words(document, cells, object_id))
        self._lanes.setAccessibleDescription("\n".join(words))


def spans_words(document: DocumentView, cells: LaneCells, object_id: int) -> str:
    """What stands on an object's lane, span by span."""
    spans = [
        f"{_WORDS[LaneState(state)]} {first:,}" + (f"–{stop - 1:,}" if stop - first > 1 else "")
        for first, stop, state in runs(cells.states)
    ]
    more = [f"and {len(spans) - MOST_SPANS:,} more spans"] if len(spans) > MOST_SPANS else []
    return f"{object_name(document, object_id)}: {', '.join([*spans[:MOST_SPANS], *more])}"
