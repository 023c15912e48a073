"""Masks of everything on a frame, to pick objects from. Nothing of it is in the document until the person adds it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QGraphicsScene

from app.commands.coloring import next_colors
from app.commands.suggestions import add_suggested_objects
from app.document.document import Change
from app.document.masks import MaskCode
from app.inference.engine import SuggestionStep
from app.jobs.reports import EngineStatus
from app.ui import theme
from app.ui.canvas.items import OverlayItem
from app.ui.canvas.label_map import Layer
from app.ui.canvas.layers import layer_in
from app.ui.canvas.overlay import Look
from app.ui.canvas.words import counted, object_name
from app.ui.desk import Desk

SAME_IOU = 0.8
"""A suggestion that overlaps the mask of an object by more than this is that object."""
LEAST_QUALITY, LEAST_SHARE = 0.5, 0.001
"""What is shown at first: quality 0 to 1, and pixels of the mask over pixels of the picture."""
_LINE, _THERE_LINE = (240, 244, 250), (150, 160, 172)


@dataclass(frozen=True, slots=True)
class Found:
    """One suggestion. `share` is its part of the picture, `there` the name of the object that it is already."""

    mask: MaskCode
    quality: float
    share: float
    there: str = ""


class Suggestions(QObject):
    """A search on one frame and the choice among what it found. It ends without a trace, or with objects added."""

    changed = Signal()
    """What is found, shown, picked or under the pointer is different now."""

    def __init__(self, desk: Desk, scene: QGraphicsScene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._outlines, self._fills = OverlayItem(), OverlayItem()
        for item in (self._outlines, self._fills):
            item.setVisible(False)
            scene.addItem(item)
        self.frame: int | None = None
        """The frame that is searched, None while nothing is suggested."""
        self.is_searching = False
        self.done = self.total = 0
        self.found: list[Found] = []
        self.picked: set[int] = set()
        """Places in `found`."""
        self.hovered: int | None = None
        self.least_quality, self.least_share = LEAST_QUALITY, LEAST_SHARE
        self._began = self._ended = 0.0
        self._shown: list[int] = []
        desk.project_changed.connect(self._take_project)
        desk.document_changed.connect(self._take_change)
        theme.on_change().changed.connect(self._draw)

    # --- what can be asked ---

    @property
    def is_open(self) -> bool:
        """Whether a search runs or its results are chosen from."""
        return self.frame is not None

    @property
    def is_choosing(self) -> bool:
        """Whether clicks pick: something was found."""
        return self.is_open and bool(self.found)

    @property
    def shown(self) -> list[int]:
        """Places in `found` that pass the filter, the largest first."""
        return self._shown

    @property
    def seconds(self) -> float:
        """How long the search has taken."""
        return (time.monotonic() if self.is_searching else self._ended) - self._began

    @property
    def seconds_left(self) -> float | None:
        """How long it will take, None until there is something to judge by."""
        return self.seconds * (self.total - self.done) / self.done if self.is_searching and self.done else None

    @property
    def waits_for_model(self) -> bool:
        """Whether the model has to be made ready first."""
        tracking = self._desk.tracking
        return self.is_searching and tracking is not None and tracking.status.state in ("off", "starting")

    def at(self, x: float, y: float) -> list[int]:
        """Places in `found` that cover a pixel of the frame, the smallest first."""
        return self._outlines.labels.objects_at(x, y)

    # --- what can be done ---

    def search(self, frame: int) -> None:
        """Look for objects on a frame; what was suggested before is dropped."""
        self.close()
        tracking = self._desk.tracking
        if tracking is None:
            return
        self.frame, self.is_searching, self._began = frame, True, time.monotonic()
        tracking.search(frame)
        self._draw()

    def close(self) -> None:
        """Leave without a trace."""
        if not self.is_open:
            return
        if self.is_searching and self._desk.tracking is not None:
            self._desk.tracking.stop_search()
        self.frame, self.is_searching, self.done, self.total = None, False, 0, 0
        self.found, self.picked, self.hovered = [], set(), None
        self.least_quality, self.least_share = LEAST_QUALITY, LEAST_SHARE
        self._draw()

    def set_filter(self, *, quality: float | None = None, share: float | None = None) -> None:
        """Show only what is at least this good and this large; what is no longer shown is no longer picked."""
        self.least_quality = self.least_quality if quality is None else quality
        self.least_share = self.least_share if share is None else share
        self._draw()

    def hover(self, x: float, y: float) -> None:
        """The pointer is on this pixel of the frame."""
        under = self.at(x, y)
        self._hover(under[0] if under else None)

    def leave(self) -> None:
        """The pointer is elsewhere."""
        self._hover(None)

    def pick(self, x: float, y: float, *, beneath: bool = False) -> None:
        """Pick what is under the pointer, or unpick it; `beneath` goes on to the next larger one below it."""
        under = [place for place in self.at(x, y) if not self.found[place].there]
        if not under:
            return
        place = under[0]
        if beneath:
            taken = [index for index, each in enumerate(under) if each in self.picked]
            self.picked -= set(under)
            place = under[(taken[0] + 1) % len(under)] if taken else under[min(1, len(under) - 1)]
        self.picked ^= {place}
        self.hovered = place
        self._draw()

    def pick_all(self) -> None:
        """Pick everything that is shown and is no object yet."""
        self.picked = {place for place in self._shown if not self.found[place].there}
        self._draw()

    def pick_none(self) -> None:
        """Unpick everything."""
        self.picked = set()
        self._draw()

    def add(self) -> bool:
        """Make an object of each mask that is picked, in one step; False if none is."""
        project, frame = self._desk.project, self.frame
        chosen = [(self.found[place].mask, self.found[place].quality) for place in sorted(self.picked)]
        if project is None or frame is None or not chosen:
            return False
        added = self._desk.attempt(lambda: add_suggested_objects(project, frame, chosen))
        if added is not None:
            self.close()
            self._desk.select_all(tuple(thing.id for thing in added))
            key = self._desk.actions["propagate_forward"].shortcut().toString() if self._desk.actions else "T"
            them = "it" if len(added) == 1 else "them"
            words = f"Added {counted(len(added), 'object')} on frame {frame}. {key} follows {them} through the clip."
            self._desk.notice.emit(words, "good")
        return True

    # --- inside ---

    def _take_project(self) -> None:
        self.close()
        document, tracking = self._desk.document, self._desk.tracking
        for item in (self._outlines, self._fills):
            item.set_size(*((1, 1) if document is None else (document.clip.height, document.clip.width)))
        if tracking is not None:
            tracking.search_stepped.connect(self._take_step)
            tracking.search_ended.connect(self._take_end)
            tracking.status_changed.connect(self._take_status)

    def _take_step(self, step: SuggestionStep) -> None:
        self.done, self.total = step.done, step.total
        for one in step.found:
            share = one.mask.area / (one.mask.height * one.mask.width)
            self.found.append(Found(one.mask, one.quality, share, self._object_like(one.mask)))
        self._draw()

    def _take_end(self, said: str) -> None:
        self.is_searching, self._ended = False, time.monotonic()
        if said:
            self.close()
            self._desk.notice.emit(said, "error")
            return
        if self.found and not self._passing():
            self.least_quality = 0.0
        self._draw()

    def _take_status(self, status: EngineStatus) -> None:
        """Another model: it looks at the frame anew."""
        if status.state == "starting" and self.is_searching and self.frame is not None:
            self.search(self.frame)

    def _take_change(self, change: Change) -> None:
        if self.is_choosing and (change.objects or any(cell[1] == self.frame for cell in change.cells)):
            self.found = [Found(one.mask, one.quality, one.share, self._object_like(one.mask)) for one in self.found]
            self._draw()

    def _object_like(self, mask: MaskCode) -> str:
        """The name of the object whose mask this is already, "" if there is none."""
        document, frame = self._desk.document, self.frame
        if document is None or frame is None:
            return ""
        for object_id, held in document.masks_at(frame).items():
            if held.code.iou(mask) > SAME_IOU:
                return object_name(document, object_id)
        return ""

    def _hover(self, place: int | None) -> None:
        if place != self.hovered:
            self.hovered = place
            self._draw_fills()

    def _passing(self) -> list[int]:
        places = [
            place
            for place, one in enumerate(self.found)
            if one.quality >= self.least_quality and one.share >= self.least_share
        ]
        return sorted(places, key=lambda place: -self.found[place].mask.area)

    def _draw(self) -> None:
        """The outlines of everything that passes the filter; smaller ones lie on top."""
        self._shown = self._passing()
        self.picked = {place for place in self.picked if place in self._shown and not self.found[place].there}
        if self.hovered not in self._shown:
            self.hovered = None
        layers = [
            Layer(place, self.found[place].mask, _THERE_LINE if self.found[place].there else _LINE)
            for place in self._shown
        ]
        self._outlines.set_look(Look(style="outline"))
        self._outlines.show_layers(layers)
        self._outlines.setVisible(bool(layers))
        self._draw_fills()

    def _draw_fills(self) -> None:
        """What is picked in a colour of its own, what is under the pointer in white."""
        document = self._desk.document
        colors = [] if document is None else next_colors(document, len(self.picked), self.frame)
        layers: list[Layer] = []
        for place in self._shown:
            if place in self.picked:
                layers.append(layer_in(colors.pop(0), place, self.found[place].mask))
            elif place == self.hovered:
                layers.append(Layer(place, self.found[place].mask, _LINE))
        self._fills.set_look(Look(hovered=self.hovered, strength=1.35))
        self._fills.show_layers(layers)
        self._fills.setVisible(bool(layers))
        self.changed.emit()
