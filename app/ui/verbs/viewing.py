"""What is seen and how: tools, masks and prompts shown or hidden, zoom, theme, areas of the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from app.commands.coloring import COLOR_BY, ColorBy
from app.ui import theme
from app.ui.canvas.following import ObjectFollower
from app.ui.canvas.view import CanvasView
from app.ui.desk import MASK_STYLES, TOOLS, Desk
from app.ui.places import Places
from app.ui.verbs import Verbs

ZOOM_STEP = 1.25
View = tuple[bool, float, QPointF]
"""Whether the whole frame is fitted in, the scale, and what is in the middle."""


class Viewing:
    """Changes nothing but the look of the window."""

    def __init__(self, desk: Desk, canvas: CanvasView, places: Places, window: QMainWindow) -> None:
        self._desk, self._canvas, self._places, self._window = desk, canvas, places, window
        self.follower = ObjectFollower(desk, canvas, window)
        canvas.key_pointer.changed.connect(self.show_checks)
        canvas.wheel_moves = places.wheel_moves
        self._before_zoom: View | None = None
        self._zoomed: View | None = None
        """Where the view was brought, and (below) to which object on which frame."""
        self._zoomed_to: tuple[int | None, int] | None = None
        self._awaited: tuple[int | None, int] | None = None
        """The object and the frame to zoom to once that frame is on the screen."""
        self.areas: Sequence[QWidget] = ()
        self.hide_for_canvas: Callable[[bool], None] = lambda is_alone: None
        desk.set_view(color_by=next((by for by in COLOR_BY if by == places.color_by), "object"))

    def verbs(self) -> Verbs:
        desk, canvas = self._desk, self._canvas
        tools = {f"tool_{tool}": partial(desk.set_tool, tool) for tool in TOOLS}
        return {
            **tools,
            "hide_masks": lambda: desk.set_view(masks=not desk.are_masks_visible),
            "solo": self._solo,
            "show_prompts": lambda: desk.set_view(prompts=not desk.are_prompts_visible),
            "onion_skin": lambda: desk.set_view(onion_skin=not desk.has_onion_skin),
            "mask_style": self._next_style,
            "color_by_object": lambda: self._color_by("object"),
            "color_by_category": lambda: self._color_by("category"),
            "color_by_origin": lambda: self._color_by("origin"),
            "masks_fainter": lambda: canvas.change_strength(-1),
            "masks_stronger": lambda: canvas.change_strength(1),
            "zoom_object": self._zoom_object,
            "follow_object": self._follow_object,
            "zoom_in": lambda: canvas.zoom(ZOOM_STEP),
            "zoom_out": lambda: canvas.zoom(1 / ZOOM_STEP),
            "zoom_fit": canvas.fit,
            "zoom_full": lambda: canvas.zoom(1 / canvas.view_scale / canvas.devicePixelRatioF()),
            "timeline_zoom_in": lambda: desk.timeline_zoom_requested.emit("in"),
            "timeline_zoom_out": lambda: desk.timeline_zoom_requested.emit("out"),
            "timeline_zoom_fit": lambda: desk.timeline_zoom_requested.emit("fit"),
            "key_pointer": canvas.key_pointer.toggle,
            "wheel_moves": lambda: self._use_wheel(not canvas.wheel_moves),
            "canvas_only": self._canvas_only,
            "full_screen": self._full_screen,
            "next_area": lambda: self._step_area(1),
            "previous_area": lambda: self._step_area(-1),
            "theme_dark": lambda: self.use_theme("dark"),
            "theme_light": lambda: self.use_theme("light"),
            "theme_system": lambda: self.use_theme(""),
        }

    def show_checks(self) -> None:
        """Tick what is on, in menus and on buttons."""
        actions, desk = self._desk.actions, self._desk
        actions["hide_masks"].setChecked(not desk.are_masks_visible)
        actions["show_prompts"].setChecked(desk.are_prompts_visible)
        actions["onion_skin"].setChecked(desk.has_onion_skin)
        actions[f"color_by_{desk.color_by}"].setChecked(True)
        actions["solo"].setChecked(desk.solo_object is not None)
        actions["follow_object"].setChecked(self.follower.is_on)
        actions["wheel_moves"].setChecked(self._canvas.wheel_moves)
        actions["key_pointer"].setChecked(self._canvas.key_pointer.is_on)
        actions["full_screen"].setChecked(self._window.isFullScreen())
        actions[f"theme_{self._places.theme or 'system'}"].setChecked(True)

    def use_theme(self, name: str) -> None:
        """Dark, light, or "" for what the desktop asks for."""
        self._places.choose_theme(name)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, theme.THEMES.get(name) or theme.system_theme())
        self.show_checks()

    def _use_wheel(self, moves: bool) -> None:
        self._places.choose_wheel(moves)
        self._canvas.wheel_moves = moves
        self.show_checks()

    def _next_style(self) -> None:
        """Fill, outline, cut-out, alpha, and again from the start."""
        desk = self._desk
        style = MASK_STYLES[(MASK_STYLES.index(desk.mask_style) + 1) % len(MASK_STYLES)]
        desk.set_view(style=style)
        desk.notice.emit(f"Mask style: {style}.", "info")

    def _color_by(self, what: ColorBy) -> None:
        self._places.choose_color_by(what)
        self._desk.set_view(color_by=what)

    def _solo(self) -> None:
        selected = self._desk.selected_object
        self._desk.set_solo(None if self._desk.solo_object is not None else selected)

    def _zoom_object(self) -> None:
        """To the selected object; a second time, on the same frame, back to where the view was."""
        canvas, selected = self._canvas, self._desk.selected_object
        before = self._before_zoom if self._view == self._zoomed else None  # a hand has moved the view since
        if before is not None and (selected, canvas.shown_frame) == self._zoomed_to:
            self._before_zoom = None
            if before[0]:
                canvas.fit()
            else:
                canvas.look_at(before[1], before[2])
        else:
            self._zoom_to(selected)

    def _zoom_to(self, selected: int | None) -> None:
        canvas, view = self._canvas, self._view
        before = self._before_zoom if view == self._zoomed else None
        if selected is not None and canvas.zoom_to_object(selected):
            self._before_zoom, self._zoomed = before or view, self._view
            self._zoomed_to = (selected, canvas.shown_frame)

    def zoom_there(self) -> None:
        """To the selected object on the desk's frame, as soon as that is on the screen."""
        self._awaited = (self._desk.selected_object, self._desk.frame)
        self.take_frame()

    def take_frame(self) -> None:
        """Another frame is on the screen."""
        if self._awaited is not None and self._canvas.shown_frame == self._desk.frame:
            awaited, self._awaited = self._awaited, None
            if awaited == (self._desk.selected_object, self._desk.frame):
                self._zoom_to(awaited[0])

    @property
    def _view(self) -> View:
        return self._canvas.is_fitted, self._canvas.view_scale, self._canvas.center

    def _follow_object(self) -> None:
        self.follower.switch(not self.follower.is_on)
        self.show_checks()

    def _canvas_only(self) -> None:
        self.hide_for_canvas(self._desk.actions["canvas_only"].isChecked())

    def _full_screen(self) -> None:
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()
        self.show_checks()

    def _step_area(self, direction: int) -> None:
        """Move the focus to the next area of the window that is seen."""
        areas = [area for area in self.areas if area.isVisible()]
        if not areas:
            return
        focused = self._window.focusWidget()
        here = (
            next((place for place, area in enumerate(areas) if focused is area or area.isAncestorOf(focused)), None)
            if focused
            else None
        )
        place = 0 if here is None else (here + direction) % len(areas)
        area = areas[place]
        first = area.focusProxy() or area
        if first.isVisible() and first.focusPolicy():
            first.setFocus()
        else:
            inner = area.nextInFocusChain()
            while inner is not None and inner is not area and area.isAncestorOf(inner):
                if inner.focusPolicy() and inner.isVisible() and inner.isEnabled():
                    inner.setFocus()
                    return
                inner = inner.nextInFocusChain()
