"""What the window looks at: project, frame, selection, tool, range, plan. Not undoable, not saved with the data."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from app.commands.coloring import ColorBy, Shade, mask_shade, next_colors, shade_of
from app.errors import sentence_of

if TYPE_CHECKING:
    from app.document.document import Change, Document
    from app.document.project import Project
    from app.document.values import Cell, FrameMask
    from app.inference.plan import Plan
    from app.jobs.tracking import Tracking
    from app.media.source import FrameSource

Result = TypeVar("Result")
TOOLS = ("select", "point", "box", "brush", "eraser", "lasso")
STRIDE_SETTING = "stride"
MASK_STYLES = ("fill", "outline", "cut-out", "alpha")


class Desk(QObject):
    """One window's attention. Every part of the window gets the desk, listens to it and changes it through its methods.

    Attributes to read: `project`, `source` (frames of the open clip), `tracking`, `actions` (every action of the window
    by name, for buttons that show one). All are None or empty while no project is open.
    """

    project_changed = Signal()
    """Another project is open, or none. Everything below has already been reset when this is sent."""
    document_changed = Signal(object)
    """A step was applied to the open document; carries its `Change`."""
    history_changed = Signal()
    """What can be undone or redone is different now."""
    frame_changed = Signal(int)
    selection_changed = Signal(object)
    """The primary selected object, or None."""
    tool_changed = Signal(str)
    playing_changed = Signal(bool)
    scrubbing_changed = Signal(bool)
    """The playhead is being dragged, or was let go."""
    range_changed = Signal()
    stride_changed = Signal()
    """The person works on other frames now: see `stride`."""
    plan_changed = Signal(object)
    """The plan that the lanes should show before it runs, or None."""
    view_changed = Signal()
    """Masks, prompts or the onion skin were hidden or shown, the masks' style changed, an object was soloed."""
    colors_changed = Signal()
    """Objects have other colours now: they are coloured by something else, or categories have changed and give them."""
    notice = Signal(str, str)
    """A sentence for the person, and its kind: "info", "good", "warning" or "error"."""
    queue_step_requested = Signal(int)
    """Go to the next (1) or previous (-1) entry of *Look at next*."""
    rename_requested = Signal(int)
    """Start editing the name of this object in the list."""
    timeline_zoom_requested = Signal(str)
    """"in", "out" or "fit"."""
    run_stopping = Signal()
    """The person stopped the run; it ends with the frame that is being computed."""
    done_in_bulk = Signal(str)
    """A sentence about a large deed that one undo takes back."""
    offered = Signal(str, str)
    """A sentence, and the names of one or two actions that go on from there, with a blank between them."""
    fix_requested = Signal()
    """*Fix here*: canvas gets the focus with the point tool."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project: Project | None = None
        self.source: FrameSource | None = None
        self.tracking: Tracking | None = None
        self.actions: dict[str, QAction] = {}
        self._frame = 0
        self._selected: tuple[int, ...] = ()
        self._tool = "point"
        self._is_playing = False
        self._is_scrubbing = False
        self._range_in: int | None = None
        self._range_out: int | None = None
        self._stride = 1
        self._planned: Plan | None = None
        self.are_masks_visible = True
        self.are_prompts_visible = True
        self.mask_style = "fill"
        """One of `MASK_STYLES`."""
        self.has_onion_skin = False
        """Whether outlines of the neighbouring frames' masks are shown."""
        self.color_by: ColorBy = "object"
        """What gives objects their colour; the same for every project."""
        self.solo_object: int | None = None
        self.earlier: Mapping[Cell, FrameMask | None] | None = None
        """Masks that the canvas shows instead of the document's, to compare; None while it shows things as they are."""

    # --- project ---

    def show_project(
        self, project: Project | None, source: FrameSource | None = None, tracking: Tracking | None = None
    ) -> None:
        """Look at another project (or none). The caller opens and closes project, source and tracking."""
        self.set_playing(False)
        if self.project is not None:
            self.project.document.changed.disconnect(self._on_document_changed)
            self.project.history.changed.disconnect(self._on_history_changed)
        self.project, self.source, self.tracking = project, source, tracking
        self._frame, self._selected, self._planned = 0, (), None
        self._range_in = self._range_out = None
        held = None if project is None else project.recall(STRIDE_SETTING)
        self._stride = held if isinstance(held, int) and held > 1 else 1
        self.solo_object, self.are_masks_visible, self.are_prompts_visible = None, True, True
        self.mask_style, self.has_onion_skin, self.earlier = "fill", False, None
        if project is not None:
            project.document.changed.connect(self._on_document_changed)
            project.history.changed.connect(self._on_history_changed)
        self.project_changed.emit()
        self.history_changed.emit()
        self.range_changed.emit()
        self.stride_changed.emit()
        self.plan_changed.emit(None)
        self.selection_changed.emit(None)
        self.view_changed.emit()
        self.frame_changed.emit(0)

    @property
    def document(self) -> Document | None:
        return None if self.project is None else self.project.document

    def _on_document_changed(self, change: Change) -> None:
        document = self.document
        if document is not None and any(object_id not in document.objects for object_id in self._selected):
            kept = tuple(object_id for object_id in self._selected if object_id in document.objects)
            self.select_all(kept)
        self.document_changed.emit(change)
        if self.color_by == "category" and (change.categories or change.objects):
            self.colors_changed.emit()

    def _on_history_changed(self) -> None:
        self.history_changed.emit()

    def attempt(self, deed: Callable[[], Result]) -> Result | None:
        """Do something; a refusal (an error that is a sentence) becomes a notice, and None comes back."""
        try:
            return deed()
        except Exception as error:
            sentence = sentence_of(error)
            if sentence is None:
                raise
            self.notice.emit(sentence, "warning")
            return None

    # --- time ---

    @property
    def frame_count(self) -> int:
        return 0 if self.source is None else self.source.frame_count

    @property
    def frame(self) -> int:
        """The frame in view, counted from 0."""
        return self._frame

    def set_frame(self, frame: int) -> None:
        """Go to a frame; numbers outside the clip are clamped."""
        frame = max(0, min(frame, self.frame_count - 1))
        if frame != self._frame:
            self._frame = frame
            self.frame_changed.emit(frame)

    def time_of(self, frame: int) -> float:
        """Presentation time of a frame in seconds; 0 while no clip is open."""
        return 0.0 if self.source is None else float(self.source.times[frame])

    @property
    def is_playing(self) -> bool:
        return self._is_playing

    def set_playing(self, is_playing: bool) -> None:
        """Start or stop playback at the frame in view. Without a clip nothing plays."""
        is_playing = is_playing and self.source is not None
        if is_playing != self._is_playing:
            self._is_playing = is_playing
            self.playing_changed.emit(is_playing)

    @property
    def is_scrubbing(self) -> bool:
        """Whether the playhead is being dragged: frames near the wanted ones will do until it rests."""
        return self._is_scrubbing

    def set_scrubbing(self, is_scrubbing: bool) -> None:
        """The person takes hold of the playhead, or lets it go."""
        if is_scrubbing != self._is_scrubbing:
            self._is_scrubbing = is_scrubbing
            self.scrubbing_changed.emit(is_scrubbing)

    @property
    def range_in(self) -> int | None:
        return self._range_in

    @property
    def range_out(self) -> int | None:
        return self._range_out

    @property
    def range(self) -> tuple[int, int]:
        """First and last frame of the range, both included; without in and out it is the whole clip."""
        first = 0 if self._range_in is None else self._range_in
        last = self.frame_count - 1 if self._range_out is None else self._range_out
        return first, last

    def set_range(self, first: int | None, last: int | None) -> None:
        """Set in and out (both included, None clears one). The end that crosses the other is cleared."""
        if first is not None and last is not None and first > last:
            if first != self._range_in:
                last = None
            else:
                first = None
        if (first, last) != (self._range_in, self._range_out):
            self._range_in, self._range_out = first, last
            self.range_changed.emit()

    @property
    def stride(self) -> int:
        """The person works on the frames that this number divides; runs compute the others too."""
        return self._stride

    def set_stride(self, stride: int) -> None:
        """Work on every so many-th frame from now on, in this project; 1 for all of them."""
        if stride != self._stride and self.project is not None:
            self._stride = stride
            self.project.remember(STRIDE_SETTING, stride)
            self.stride_changed.emit()

    def worked_frames(self, first: int, last: int) -> builtins.range:
        """The frames from first to last, both included, that the person works on."""
        return builtins.range(-(-first // self._stride) * self._stride, last + 1, self._stride)

    # --- objects, tool, plan, view ---

    @property
    def selected_object(self) -> int | None:
        """The object that clicks on the canvas speak to."""
        return self._selected[-1] if self._selected else None

    @property
    def selected_objects(self) -> tuple[int, ...]:
        """All selected objects; the last one is the primary."""
        return self._selected

    def select(self, object_id: int | None, *, extend: bool = False) -> None:
        """Select one object (or none). With `extend` it joins the selection, or leaves it if it was in it."""
        if object_id is None:
            self.select_all(())
        elif not extend:
            self.select_all((object_id,))
        elif object_id in self._selected:
            self.select_all(tuple(other for other in self._selected if other != object_id))
        else:
            self.select_all((*self._selected, object_id))

    def select_all(self, object_ids: tuple[int, ...]) -> None:
        """Select these objects, the last one as the primary; if one was shown alone, now it is the primary."""
        if object_ids != self._selected:
            self._selected = object_ids
            if self.solo_object is not None:
                self.set_solo(self.selected_object)
            self.selection_changed.emit(self.selected_object)

    @property
    def tool(self) -> str:
        """One of `TOOLS`."""
        return self._tool

    def set_tool(self, tool: str) -> None:
        """Take a tool by name; raises ValueError for a name that is not in `TOOLS`."""
        if tool not in TOOLS:
            raise ValueError(f"{tool!r} is not a tool; there are {', '.join(TOOLS)}.")
        if tool != self._tool:
            self._tool = tool
            self.tool_changed.emit(tool)

    @property
    def planned(self) -> Plan | None:
        return self._planned

    def show_plan(self, plan: Plan | None) -> None:
        """Let the lanes show what a run would write, or take that away again."""
        if plan is not self._planned:
            self._planned = plan
            self.plan_changed.emit(plan)

    def set_view(
        self,
        *,
        masks: bool | None = None,
        prompts: bool | None = None,
        style: str | None = None,
        onion_skin: bool | None = None,
        color_by: ColorBy | None = None,
    ) -> None:
        """Hide or show masks, prompts and onion skin, take one of `MASK_STYLES` and of `COLOR_BY`; None leaves one as
        it is."""
        if masks is not None:
            self.are_masks_visible = masks
        if prompts is not None:
            self.are_prompts_visible = prompts
        if style is not None:
            self.mask_style = style
        if onion_skin is not None:
            self.has_onion_skin = onion_skin
        if color_by is not None and color_by != self.color_by:
            self.color_by = color_by
            self.colors_changed.emit()
        self.view_changed.emit()

    def shade_of(self, object_id: int) -> Shade:
        """What an object of the open document is coloured in, for `Theme.object_color` and `picture_color`."""
        assert self.document is not None
        return shade_of(self.document, object_id, self.color_by)

    def mask_shade(self, object_id: int, mask: FrameMask) -> Shade:
        """What one of an object's masks is coloured in, as `shade_of`."""
        assert self.document is not None
        return mask_shade(self.document, object_id, mask, self.color_by)

    @property
    def working_shade(self) -> Shade:
        """What the selected object is coloured in; with none, the object that the next click would make."""
        if self.selected_object is not None:
            return self.shade_of(self.selected_object)
        if self.document is None or self.color_by == "category":
            return None  # a new object has no category yet
        return next_colors(self.document, 1, self._frame)[0]

    def show_earlier(self, cells: Mapping[Cell, FrameMask | None] | None) -> None:
        """Let the canvas show these masks (None: no mask) in place of the document's, or things as they are again."""
        if cells is not self.earlier:
            self.earlier = cells
            self.view_changed.emit()

    def set_solo(self, object_id: int | None) -> None:
        """Show only this object's masks, or all of them again."""
        if object_id != self.solo_object:
            self.solo_object = object_id
            self.view_changed.emit()
