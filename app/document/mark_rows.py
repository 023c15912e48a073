"""Cuts, markers, exclusions and dismissed alarms as settings of the project file, both ways.

They are few and read whole, so each kind is one JSON text beside the tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from app.document.document import DocumentView
from app.document.state import State
from app.document.steps import Change

MARKS = CUTS, MARKERS, EXCLUDED, DISMISSED = tuple(
    f"document.{name}" for name in ["cuts", "markers", "excluded", "dismissed"]
)
EVERYTHING = Change(cuts=True, markers=True, excluded=True, dismissed=True)


def mark_settings(document: DocumentView, change: Change = EVERYTHING) -> dict[str, str]:
    """What a change touched of these, as the file holds it."""
    settings = {}
    if change.cuts:
        settings[CUTS] = json.dumps([int(frame) for frame in document.cuts])
    if change.markers:
        settings[MARKERS] = json.dumps([[int(frame), note] for frame, note in sorted(document.markers.items())])
    if change.excluded:
        settings[EXCLUDED] = json.dumps(sorted([int(cell[0]), int(cell[1])] for cell in document.excluded))
    if change.dismissed:
        said = sorted([int(cell[0]), int(cell[1]), sorted(signs)] for cell, signs in document.dismissed.items())
        settings[DISMISSED] = json.dumps(said)
    return settings


def read_marks(settings: Mapping[str, str], state: State) -> None:
    """Put them into a state whose clip and objects are known. ValueError or TypeError where they do not fit the clip.

    Words on the cells of an object that was deleted are left out.
    """
    state.cuts = tuple(sorted({int(frame) for frame in json.loads(settings.get(CUTS, "[]"))}))
    state.markers = {int(frame): str(note) for frame, note in json.loads(settings.get(MARKERS, "[]"))}
    if any(not 0 <= frame < state.clip.frame_count for frame in (*state.cuts, *state.markers)):
        raise ValueError("a cut or a marker lies outside the clip")
    for object_id, frame in json.loads(settings.get(EXCLUDED, "[]")):
        if object_id in state.objects:
            state.check_cell((object_id, frame))
            state.excluded.put((object_id, frame), True)
    for object_id, frame, signs in json.loads(settings.get(DISMISSED, "[]")):
        if object_id in state.objects:
            state.check_cell((object_id, frame))
            state.dismissed.put((object_id, frame), frozenset(str(sign) for sign in signs) or None)
