"""The canvas: frame, masks, prompts, zoom. Events go to the active tool; what comes back is drawn here."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.document.document import Change
from app.document.values import Prompt
from app.ui import theme
from app.ui.canvas.bench import CanvasBench
from app.ui.canvas.candidates import CandidatesPopup
from app.ui.canvas.foreground import draw_foreground, draw_grid, draw_tags, draw_words
from app.ui.canvas.items import FrameItem, OverlayItem, reduced_size
from app.ui.canvas.key_pointer import KeyPointer
from app.ui.canvas.label_map import LabelMap
from app.ui.canvas.notes import CornerNotes
from app.ui.canvas.offer import EditOffer
from app.ui.canvas.pointing import CanvasParts, Pointing
from app.ui.canvas.shown_masks import ShownMasks
from app.ui.canvas.suggestions import Suggestions
from app.ui.canvas.suggestions_panel import HINT, SuggestionsPanel
from app.ui.canvas.words import frame_words
from app.ui.canvas.zoom import ZoomView
from app.ui.desk import Desk
from app.ui.loaded_frame import LoadedFrame
from app.ui.tools import BrushSize, make_tools
from app.ui.tools.tool import Tool


class CanvasView(ZoomView):
    """One clip's picture with its masks, the prompts on it, and the tool in the person's hand."""

    hint_changed = Signal(str)
    """What the mouse does now."""
    steps_requested = Signal(int)
    """Ctrl and the wheel: so many frames on or back."""
    menu_requested = Signal(QPoint)
    """The context menu, at a place of the screen."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._frame_item, self._overlay = FrameItem(), OverlayItem()
        self._scene.addItem(self._frame_item)
        self._scene.addItem(self._overlay)
        self.bench = CanvasBench(desk, lambda: self._overlay.labels, self)
        self._masks = ShownMasks(desk, self.bench, self._overlay)
        self._brush = BrushSize()
        self.tools = make_tools(self.bench, self._brush)
        self.notes = CornerNotes(self.viewport())
        self.candidates = CandidatesPopup(self.viewport())
        self._answered = Prompt()
        """The prompts that the candidates answer, whichever was chosen."""
        self.edit_offer = EditOffer(desk, self.viewport())
        self.suggestions = Suggestions(desk, self._scene, self)
        self.suggestions_panel = SuggestionsPanel(self.suggestions, self.viewport())
        parts = CanvasParts(
            self.bench,
            self.notes,
            self.candidates,
            self.suggestions,
            tool=lambda: self.tool,
            labels=lambda: self.labels,
            after_tool=self.after_tool,
            refresh_look=self.refresh_look,
            step=self.steps_requested.emit,
        )
        self.pointing = Pointing(self, parts, desk)
        self.key_pointer = KeyPointer(self, self.pointing, desk)
        self._set_up_view()
        self._listen()

    def _set_up_view(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setAcceptDrops(False)  # the window takes drops anywhere
        self.setAccessibleName("Picture")

    def _listen(self) -> None:
        desk = self._desk
        desk.project_changed.connect(self._take_project)
        desk.selection_changed.connect(self._take_selection)
        desk.document_changed.connect(self._take_change)
        desk.view_changed.connect(self.refresh)
        desk.colors_changed.connect(self.refresh)
        desk.tool_changed.connect(self._take_tool)
        self.bench.stroke_changed.connect(self.refresh)
        self.bench.preview.changed.connect(self.refresh)
        self.bench.edited.connect(lambda: self.edit_offer.take_edit(self.bench.cell))
        self.bench.menu_requested.connect(self._open_menu)
        self.candidates.chosen.connect(self.bench.choose_candidate)
        self.suggestions.changed.connect(self._take_suggestions)
        self.view_moved.connect(self._arrange_notes)
        self.key_pointer.changed.connect(self.after_tool)
        theme.on_change().changed.connect(self.viewport().update)

    # --- what is shown ---

    @property
    def tool(self) -> Tool:
        """The active tool."""
        return self.tools[self._desk.tool]

    @property
    def labels(self) -> LabelMap:
        """The masks that are on the screen."""
        return self._overlay.labels

    @property
    def shown_frame(self) -> int:
        """The frame whose picture is on the screen."""
        return self.bench.frame

    def show_frame(self, frame: int, loaded: LoadedFrame | None) -> None:
        """Show a frame's picture (None: it cannot be decoded) with its masks and prompts."""
        if frame != self.bench.frame:
            self.tool.forget()
            self.candidates.forget()
            if self.suggestions.frame != frame:
                self.suggestions.close()
            self.bench.preview.stop()
            self.edit_offer.take_edit(None)
        self.bench.frame = frame
        self._frame_item.show_frame(loaded)
        self.refresh()

    def reduced_size(self) -> tuple[int, int] | None:
        """Height and width in device pixels in which frames are seen, where that is smaller than they are."""
        ratio = self.devicePixelRatioF()
        return reduced_size(self.bench.size, self.view_scale * ratio, self.viewport().size() * ratio)

    def refresh(self, _change: object = None) -> None:
        """Masks, prompts or what is visible of them have changed."""
        self._masks.refresh()
        self.pointing.look_again()
        self._refresh_words()
        self.viewport().update()

    def _take_change(self, change: Change) -> None:
        """Draw again what is in view; a run on other frames costs nothing here."""
        reach = 1 if self._desk.has_onion_skin else 0
        is_near = any(abs(cell[1] - self.bench.frame) <= reach for cell in change.cells)
        if is_near or change.objects or change.overlaps or change.clip:
            self.tool.mind_points()
            if replace(self.bench.prompt, candidate=None) != self._answered:
                self.candidates.forget()
            self.refresh()

    def change_strength(self, steps: int) -> None:
        """Masks fainter (-1) or stronger (1)."""
        self._masks.change_strength(steps)
        self.refresh_look()

    def refresh_look(self) -> None:
        """What stands out among the masks is another, or how strongly they are drawn."""
        self._masks.refresh_look(self.pointing.hovered_object)

    def _refresh_words(self) -> None:
        note, words = frame_words(self._desk.document, self._desk.selected_object, self.bench.frame)
        if self.suggestions.is_choosing and self._desk.selected_object is None:
            note = ""
        self.notes.done.set_text(note)
        self.edit_offer.refresh(self.bench.cell)
        self.setAccessibleDescription(words)
        self.hint_changed.emit(self.hint())
        self._arrange_notes()

    def _take_project(self) -> None:
        height, width = self.bench.size
        self.tool.forget()
        self.candidates.forget()
        self.edit_offer.take_edit(None)
        self.bench.stroke, self.pointing.hovered_object, self.pointing.hovered_point = None, None, None
        self.bench.frame = 0
        self._frame_item.set_size(height, width)
        self._overlay.set_size(height, width)
        self.fit()
        self.refresh()

    def _take_selection(self, _object_id: object) -> None:
        self.tool.forget()
        self.candidates.forget()
        self.bench.preview.stop()
        self.refresh()

    def _take_tool(self, name: str) -> None:
        for tool in self.tools.values():
            tool.forget()
        self.pointing.take_tool()
        self.suggestions.close()
        self.show_cursor()
        self.refresh()

    def _take_suggestions(self) -> None:
        self.suggestions_panel.refresh()
        self.show_cursor()
        self._refresh_words()
        self.viewport().update()

    # --- zoom ---

    def picture_size(self) -> tuple[int, int]:
        return self.bench.size

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        if self._desk.source is not None:
            super().zoom(factor, at)

    def zoom_to_object(self, object_id: int) -> bool:
        """Fill the view with an object's mask; False if it has none on this frame."""
        box = self.labels.box_of(object_id)
        if box is None:
            return False
        self.show_box(*box)
        return True

    def _arrange_notes(self) -> None:
        percent = f"{self.view_scale * 100:.0f} %"
        zoom = f"Fit · {percent}" if self.is_fitted else percent
        self.notes.zoom.set_text(zoom if self._desk.source is not None else "")
        self.notes.arrange(self.picture_rect())
        self.edit_offer.arrange(self.picture_rect())
        self.suggestions_panel.arrange()

    # --- drawing ---

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.fillRect(rect, QColor(theme.current().ground))

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if self._desk.source is None:
            return
        pointing = self.pointing
        draw_grid(painter, self)
        if pointing.held is None:  # whoever draws sees what is above the mask, too
            note = self.notes.done
            avoid = QRectF(note.geometry()) if note.isVisible() else QRectF()
            draw_tags(painter, self, self._desk, self.labels, pointing.hovered_object, avoid)
        draw_foreground(painter, self, self._desk, self.bench, self.tool, pointing.hovered_point)
        if pointing.rest is not None:
            draw_words(painter, self, self.suggestions_panel.hovered_words(), pointing.rest)
        self.key_pointer.draw(painter)

    # --- events ---

    def hint(self) -> str:
        """What the mouse does now, or the keys in its place."""
        if self.key_pointer.is_on:
            return self.key_pointer.hint()
        return HINT if self.suggestions.is_choosing else self.tool.hint()

    def tool_cursor(self) -> Qt.CursorShape:
        if self.suggestions.is_choosing:
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.ArrowCursor if self._desk.tool == "select" else Qt.CursorShape.CrossCursor

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pointing.press(event, is_double=False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.pointing.press(event, is_double=True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointing.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.pointing.release(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointing.leave()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.pointing.turn(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        self.pointing.take_shift(event, is_down=True)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        super().keyReleaseEvent(event)
        self.pointing.take_shift(event, is_down=False)

    def after_tool(self) -> None:
        """The tool has done something: what it says and draws may be another."""
        self.hint_changed.emit(self.hint())
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu key; the mouse's right button belongs to the tools."""
        event.accept()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            seen = self.picture_rect().intersected(QRectF(self.viewport().rect()))
            self.menu_requested.emit(self.viewport().mapToGlobal(seen.center().toPoint()))

    def _open_menu(self) -> None:
        """The menu of what was pressed on, which is selected unless it lies under the selected object."""
        press = self.pointing.last_press
        at = self.to_frame(QPointF(press))
        under = self.labels.objects_at(at.x(), at.y())
        if under and self._desk.selected_object not in under:
            self._desk.select(under[0])
        self.menu_requested.emit(self.viewport().mapToGlobal(press))

    # --- candidates and keys that speak to the tool ---

    def show_candidates(self, cell: tuple[int, int], answers: tuple[object, ...]) -> None:
        """Open the choice where the last click was, if its cell is still the one in view."""
        document = self._desk.document
        if document is None or cell != self.bench.cell or cell[0] not in document.objects:
            return
        self._answered = replace(self.bench.prompt, candidate=None)
        color = theme.picture_color(self._desk.shade_of(cell[0]))
        self.candidates.open_at(self.pointing.last_press, answers, color, self.bench.prompt.candidate or 0)  # type: ignore[arg-type]

    def cancel(self) -> bool:
        """Esc: pop-up first, then suggestions, what the tool is doing, the key pointer; True if there was something."""
        if self.candidates.is_open:
            self.candidates.hide()
            return True
        if self.suggestions.is_open:
            self.suggestions.close()
            return True
        done = self.tool.cancel() or self.key_pointer.leave()
        self.after_tool()
        return done

    def finish(self) -> bool:
        """Enter: suggestions that are picked, else what is pending in the tool; True if there was something."""
        if self.suggestions.is_choosing:
            self.suggestions.add()
            return True
        done = self.tool.finish()
        self.after_tool()
        return done

    @property
    def brush_size(self) -> int:
        """Diameter of brush and eraser in frame pixels."""
        return self._brush.diameter

    def set_brush_size(self, diameter: int) -> None:
        """Take a diameter in frame pixels."""
        self._brush.diameter = diameter
        self.after_tool()

    def change_brush(self, steps: int) -> None:
        """Brush smaller or bigger, whichever tool is active."""
        self._brush.change(steps)
        self.after_tool()
