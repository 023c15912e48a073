"""The menu of a lane: what can be done with the span, and what runs know and have replaced there."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.commands.review import exclude_from_runs, take_dismissal_back
from app.document.values import Cell
from app.inference.anchors import Anchor, anchors_of
from app.ui.canvas.words import span_words
from app.ui.desk import Desk
from app.ui.verbs.propagating import Propagating
from app.ui.verbs.versioning import Versioning

MOST_MEMORIES = 12
_HERE = ("verify", "absent_here", "dismiss", "take_earlier")
_SPAN = ("verify_range", "absent_range", "delete_masks")
_RUNS = ("repair", "propagate_forward", "propagate_both", "pass_cut")


class LaneMenu:
    """Made anew for every right click. Verbs of the menus are the same actions as everywhere."""

    def __init__(self, desk: Desk, propagating: Propagating, versioning: Versioning, window: QWidget) -> None:
        self._desk, self._propagating = desk, propagating
        self._versioning, self._window = versioning, window

    def menu_for(self, object_id: int) -> QMenu:
        """The menu of an object's lane, at the desk's frame."""
        desk, menu = self._desk, QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for title, names in (
            (f"Frame {desk.frame:,}", _HERE),
            (span_words(*desk.range).capitalize(), _SPAN),
            ("Runs", _RUNS),
        ):
            menu.addSeparator()
            menu.addAction(title).setEnabled(False)
            for name in names:
                action = desk.actions.get(name)
                if action is not None and (action.isEnabled() or name in _HERE[:2]):
                    menu.addAction(action)
        self._add_silent(menu, object_id)
        menu.addSeparator()
        self._versioning.fill_menu(menu.addMenu("Versions"), object_id)
        self._fill_memories(menu.addMenu("Runs learn from"), object_id)
        return menu

    def _add_silent(self, menu: QMenu, object_id: int) -> None:
        project, cell = self._desk.project, (object_id, self._desk.frame)
        if project is not None and cell in project.document.dismissed:
            menu.addAction("Suspect again here", lambda: take_dismissal_back(project, [cell]))

    def _fill_memories(self, menu: QMenu, object_id: int) -> None:
        """The frames that a person answers for, the nearest ones: a tick says that runs may learn from it."""
        document = self._desk.document
        if document is None:
            return
        excluded = document.excluded_of(object_id)
        known = [one for one in anchors_of(document, object_id) if one.is_visible or one.frame in excluded]
        near = sorted(known, key=lambda one: abs(one.frame - self._desk.frame))[:MOST_MEMORIES]
        plan = self._propagating.last_plan
        used = () if plan is None else plan.conditioning.get(object_id, ())
        for anchor in sorted(near, key=lambda one: one.frame):
            action = menu.addAction(_memory_words(anchor, anchor.frame in used))
            self._make_switch(action, (object_id, anchor.frame), anchor.frame not in excluded)
        menu.setEnabled(bool(near))

    def _make_switch(self, action: QAction, cell: Cell, is_on: bool) -> None:
        action.setCheckable(True)
        action.setChecked(is_on)
        action.triggered.connect(lambda is_used: self._exclude(cell, is_used))

    def _exclude(self, cell: Cell, is_used: bool) -> None:
        project = self._desk.project
        if project is not None:
            self._desk.attempt(lambda: exclude_from_runs(project, [cell], not is_used))


def _memory_words(anchor: Anchor, is_used: bool) -> str:
    words = f"Frame {anchor.frame:,}, {anchor.kind}"
    return f"{words}: the last run learned from it" if is_used else words
