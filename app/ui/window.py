"""The window: puts the parts together and wires them; nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.inference.engine import Engine
from app.inference.process_engine import ProcessEngine
from app.ui import theme
from app.ui.action_search import ActionSearch
from app.ui.action_table import SPEEDS
from app.ui.actions import Actions
from app.ui.availability import checks_of, states_of, words_of
from app.ui.canvas.view import CanvasView
from app.ui.clip_shelf import ClipShelf
from app.ui.coming_back import place_on, put_back
from app.ui.cut_finder import CutFinder
from app.ui.desk import Desk
from app.ui.drops import WEIGHT_SUFFIXES, DropHint, drop_words, dropped_path
from app.ui.keys import KeyWatch
from app.ui.models import Models
from app.ui.notices import NoticeStack
from app.ui.panels.objects_panel import ObjectsPanel
from app.ui.panels.queue_panel import QueuePanel
from app.ui.places import Place, Places
from app.ui.playback import Playback
from app.ui.projects import Projects
from app.ui.right_panel import RightPanel
from app.ui.shown_frame import ShownFrame
from app.ui.status_line import StatusLine
from app.ui.suspicions import Suspicions
from app.ui.timeline.view import TimelineView
from app.ui.tool_rail import ToolRail
from app.ui.top_bar import TopBar
from app.ui.verbs import Verbs
from app.ui.verbs.arranging import Arranging
from app.ui.verbs.clips import Clips
from app.ui.verbs.editing import Editing
from app.ui.verbs.filing import Filing
from app.ui.verbs.going import Going
from app.ui.verbs.lane_menu import LaneMenu
from app.ui.verbs.marking import Marking
from app.ui.verbs.mending import Mending
from app.ui.verbs.propagating import Propagating
from app.ui.verbs.reviewing import Reviewing
from app.ui.verbs.suggesting import Suggesting
from app.ui.verbs.versioning import Versioning
from app.ui.verbs.viewing import Viewing
from app.ui.welcome import Welcome

FOLDS_BELOW, SMALLEST = 1180, (900, 560)
LOW_WINDOW, LOW_TIMELINE = 760, 190
_TOOL_NAMES = {
    "select": "Select",
    "point": "Points",
    "box": "Box",
    "brush": "Brush",
    "eraser": "Eraser",
    "lasso": "Lasso",
}


class MainWindow(QMainWindow):
    """One clip's project on a desk. `close` stops every thread and the model's process."""

    def __init__(
        self,
        desk: Desk | None = None,
        places: Places | None = None,
        *,
        engine_factory: Callable[[], Engine] = ProcessEngine,
        project_folder: Path | None = None,
    ) -> None:
        super().__init__()
        self.desk = desk if desk is not None else Desk(self)
        self.places = places if places is not None else Places()
        self.models = Models(self.desk, self.places, self, engine_factory=engine_factory)
        self.projects = Projects(self.desk, self.places, self.models.make_tracking, self, folder=project_folder)
        self.suspicions = Suspicions(self.desk, self)
        self.cut_finder = CutFinder(self.desk, self)
        self.shelf = ClipShelf(self.desk, self.places, self.suspicions, self)
        self.canvas = CanvasView(self.desk)
        self.frames = ShownFrame(self.desk, self.canvas, self)
        self.loader = self.frames.loader
        self.playback = Playback(self.desk, self.frames.is_shown, self)
        self.keys = KeyWatch(self, self)
        self._make_verbs()
        self._make_parts()
        self._lay_out()
        self._wire()
        self._take_project()

    # --- making ---

    def _make_verbs(self) -> None:
        desk, canvas = self.desk, self.canvas
        self.editing = Editing(desk, canvas)
        self.propagating = Propagating(desk, canvas)
        self.viewing = Viewing(desk, canvas, self.places, self)
        self.filing = Filing(desk, self.projects, self.models, self.places, self)
        going = Going(desk, self.playback, self.keys, self.places, self)
        reviewing = Reviewing(desk, canvas, self.suspicions, self, self._is_in_queue)
        own: Verbs = {
            "find_action": lambda: self.search.open(),
            "find_object": lambda: self.objects_panel.start_finding(),
            "stop": self.stop,
            "finish": self._finish,
            "help": self._help,
            "delete": lambda: (reviewing.dismiss if self._is_in_queue() else self.editing.verbs()["delete"])(),
        }
        on_canvas = (Arranging(desk, canvas), Mending(desk, canvas), Suggesting(canvas))
        self.marking, self.versions = Marking(desk, self), Versioning(desk, canvas)
        self.clips = Clips(desk, self.projects, self.shelf, self)
        groups = (
            self.filing,
            self.editing,
            *on_canvas,
            self.viewing,
            going,
            self.marking,
            self.propagating,
            reviewing,
            self.versions,
            self.clips,
        )
        verbs = {name: verb for group in groups for name, verb in group.verbs().items()} | dict(own)
        self.all_actions = Actions(desk, verbs, self)
        self.filing.actions = self.all_actions
        going.show_settings()

    def _make_parts(self) -> None:
        desk, actions = self.desk, self.desk.actions
        self.top_bar, self.rail, self.status = TopBar(), ToolRail(desk), StatusLine(desk)
        self.welcome = Welcome(desk)
        self.all_actions.fill_menu_bar(self.top_bar.menus)
        self.objects_panel = ObjectsPanel(desk, self.suspicions)
        self.queue_panel = QueuePanel(desk, self.suspicions)
        self.queue_panel.set_actions([actions[name] for name in ("verify", "next_suspicious", "fix_here")])
        self.right = RightPanel(self.objects_panel, self.queue_panel)
        self.timeline = TimelineView(desk)
        transport = ("first_frame", "step_back", "play", "step_forward", "last_frame")
        runs = ("propagate_forward", "propagate_both")
        self.timeline.set_actions([actions[name] for name in transport], [actions[name] for name in runs])
        self.timeline.transport.add_speeds([actions[f"speed_{speed}"] for speed in SPEEDS])

    def _lay_out(self) -> None:
        self.picture = QStackedWidget()
        self.picture.addWidget(self.welcome)
        self.picture.addWidget(self.canvas)
        upper = QWidget()
        row = QHBoxLayout(upper)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self.picture, 1)
        row.addWidget(self.right)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(3)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(self.timeline)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self._timeline_height = theme.TIMELINE_HEIGHT
        self.splitter.splitterMoved.connect(self._note_timeline_height)
        self.body = QWidget()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top_bar)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.status)
        self.setCentralWidget(self.body)
        self.notices = NoticeStack(self.body)
        self.search = ActionSearch(self.all_actions, self.body)
        self.drop_hint = DropHint(self.body)
        self.viewing.areas = (self.rail, self.canvas, self.objects_panel, self.queue_panel, self.timeline)
        self.setAcceptDrops(True)
        self.setMinimumSize(*SMALLEST)
        self.resize(1440, 900)
        self.restoreGeometry(QByteArray.fromBase64(self.places.window.encode()))

    def _wire(self) -> None:
        desk, canvas = self.desk, self.canvas
        desk.project_changed.connect(self._take_project)
        desk.tool_changed.connect(self._show_tool)
        desk.notice.connect(self.notices.say)
        desk.done_in_bulk.connect(lambda said: self.notices.offer(said, desk.actions["undo"]))
        desk.offered.connect(lambda said, name: self.notices.offer(said, desk.actions[name]))
        desk.history_changed.connect(self.notices.withdraw_offer)
        for changed in (desk.selection_changed, desk.frame_changed, desk.history_changed, desk.range_changed):
            changed.connect(self._refresh_actions)
        desk.document_changed.connect(self._refresh_actions)
        desk.view_changed.connect(self.viewing.show_checks)
        desk.playing_changed.connect(self._show_playing)
        self.suspicions.changed.connect(self.timeline.set_suspicions)
        self.frames.arrived.connect(self._take_frame)
        self.frames.arrived.connect(self.viewing.follower.follow)
        canvas.hint_changed.connect(self._show_hint)
        canvas.steps_requested.connect(lambda steps: desk.set_frame(desk.frame + steps))
        canvas.menu_requested.connect(self._show_object_menu)
        self.rail.brush_size_chosen.connect(canvas.set_brush_size)
        self.projects.opened.connect(self._take_opened)
        self.projects.closing.connect(self._note_place)
        self.projects.closing.connect(self.shelf.note)
        self.projects.opening_changed.connect(self._show_opening)
        self.projects.clip_missing.connect(self.filing.find_missing_clip)
        self.projects.problem_changed.connect(self._show_saving)
        self.models.status_changed.connect(self.top_bar.model.show_status)
        self.models.status_changed.connect(self._refresh_actions)
        self.timeline.stop_requested.connect(self.propagating.stop)
        transport = self.timeline.transport
        desk.plan_changed.connect(lambda _: transport.show_waiting_plan(self.propagating.waiting_words))
        lane_menu = LaneMenu(desk, self.propagating, self.versions, self)
        self.timeline.lanes.menu_requested.connect(lambda at, one: lane_menu.menu_for(one).popup(at))
        self.timeline.ruler.menu_requested.connect(lambda at, frame: self.marking.menu_for(frame).popup(at))
        transport.plan_card.run_requested.connect(self._finish)
        transport.plan_card.drop_requested.connect(self.stop)
        transport.run_pointed_at.connect(lambda name: transport.show_plan_words(self.propagating.point_at(name)))
        self.top_bar.search_requested.connect(self.search.open)
        self.top_bar.models_requested.connect(self.filing.show_models)
        self.search.closed.connect(canvas.setFocus)
        self.welcome.recent_chosen.connect(lambda name: self.projects.open_project(Path(name)))
        self.viewing.hide_for_canvas = self._show_canvas_only
        self.all_actions.set_states(states_of(desk, canvas, self.places, self.editing, self.propagating))

    # --- the project on the desk ---

    def _take_project(self) -> None:
        is_open = self.desk.source is not None
        self.frames.take_project()
        self.picture.setCurrentWidget(self.canvas if is_open else self.welcome)
        for part in (self.rail, self.right, self.timeline):
            part.setVisible(is_open)
        self.welcome.show_recent(self.places.recent)
        self._show_names()
        self._show_tool(self.desk.tool)
        self._show_saving("")
        self.viewing.show_checks()
        self.all_actions.refresh()
        if is_open:
            self._listen_to_tracking()
            self.canvas.setFocus()
        else:
            self.welcome.offers["open_clip"].setFocus()
        self._fold()

    def _listen_to_tracking(self) -> None:
        tracking = self.desk.tracking
        if tracking is None:
            return
        tracking.candidates_ready.connect(self.canvas.show_candidates)
        tracking.candidates_ready.connect(self._refresh_actions)
        tracking.prompt_pending.connect(self.frames.show_pending)
        tracking.run_started.connect(self._refresh_actions)
        tracking.run_finished.connect(self._refresh_actions)

    def _show_names(self) -> None:
        source, path = self.desk.source, self.projects.path
        clip = "" if source is None else source.path.name
        project = "" if path is None else path.stem
        self.top_bar.show_names(clip, project)
        self.setWindowTitle(" — ".join(name for name in (clip, project, "Masklet Studio") if name))

    def _take_opened(self, note: str) -> None:
        """Back to where the person left off; then say where the work is kept."""
        project = self.desk.project
        self._show_names()
        if project is not None:
            put_back(Place.from_setting(project.recall("place")), self.desk, self.canvas)
            self._show_saving("" if project.store is None else project.store.problem)
        self.canvas.setFocus()
        self.desk.notice.emit(note, "info" if self.projects.is_kept else "warning")

    def _note_place(self) -> None:
        project = self.desk.project
        if project is not None and self.projects.is_kept:
            project.remember("place", place_on(self.desk, self.canvas).as_setting())

    def _show_opening(self, name: str) -> None:
        self.welcome.show_state(f"Opening {name} …" if name else "")
        if self.desk.source is not None and name:
            self.frames.wait_for(f"Opening {name} …")
        elif not name:
            self.frames.end_waiting()

    def _show_saving(self, problem: str) -> None:
        project = self.desk.project
        store = None if project is None else project.store
        if project is None:
            self.status.show_saving("")
        elif store is None or not self.projects.is_kept:
            self.status.show_saving("in memory only", is_alarming=True)
        elif problem:
            self.status.show_saving(f"{store.unsaved_steps} steps are not on disk yet", is_alarming=True)
            self.notices.say(problem, "error")
        else:
            self.status.show_saving("every step saved")

    # --- what the window shows of itself ---

    def _refresh_actions(self, _value: object = None) -> None:
        for name, words in words_of(self.desk, self.canvas).items():
            self.desk.actions[name].setText(words)
        for name, is_on in checks_of(self.desk).items():
            self.desk.actions[name].setChecked(is_on)
        self.all_actions.refresh()

    def _show_tool(self, tool: str) -> None:
        is_open = self.desk.source is not None
        self.status.show_tool(_TOOL_NAMES[tool] if is_open else "Ready")
        self._show_hint(self.canvas.hint())

    def _show_hint(self, hint: str) -> None:
        self.status.show_hint(hint if self.desk.source is not None else "")
        self.rail.show_brush_size(self.canvas.brush_size)

    def _take_frame(self) -> None:
        if self.desk.is_playing:
            self.canvas.notes.waiting.set_text(self.playback.words)
        self._refresh_actions()

    def _show_playing(self, is_playing: bool) -> None:
        self.all_actions.set_icon("play", "pause" if is_playing else "play")
        if not is_playing:
            self.canvas.notes.waiting.set_text("")

    def _show_object_menu(self, place: QPoint) -> None:
        under = self.canvas.objects_under_pointer()
        if under and self.desk.selected_object not in under:
            self.desk.select(under[0])
        if self.desk.selected_object is not None:
            self.objects_panel.menu_for(self.desk.selected_object).popup(place)

    def _show_canvas_only(self, is_alone: bool) -> None:
        is_open = self.desk.source is not None
        for part in (self.rail, self.right, self.timeline):
            part.setVisible(is_open and not is_alone)
        self.top_bar.setVisible(not is_alone)
        self.status.setVisible(not is_alone)

    def _fold(self) -> None:
        """A small window: the right panel becomes icons, the timeline keeps a lane and the transport."""
        self.right.set_room(self.width() >= FOLDS_BELOW)
        wanted = self._timeline_height
        if self.height() < LOW_WINDOW:
            wanted = min(wanted, LOW_TIMELINE)
        room = self.splitter.height()
        self.splitter.setSizes([max(room - wanted, 1), wanted])

    def _note_timeline_height(self) -> None:
        self._timeline_height = self.splitter.sizes()[1]

    # --- keys (see `KeyWatch`) and actions of the window itself ---

    def set_hand(self, is_hand: bool) -> bool:
        return self.canvas.set_hand(is_hand)

    def is_popup_key(self, key: int) -> bool:
        return self.canvas.candidates.is_key(key)

    def take_popup_key(self, key: int) -> bool:
        return self.canvas.candidates.take_key(key)

    def tap_space(self) -> None:
        self.playback.toggle()

    def show_masks(self, is_shown: bool) -> None:
        self.desk.set_view(masks=is_shown)

    def show_earlier(self, is_shown: bool) -> None:
        self.versions.compare(is_shown)

    def are_masks_shown(self) -> bool:
        return self.desk.are_masks_visible

    def trigger(self, keys: QKeySequence) -> bool:
        return self.all_actions.trigger_keys(keys)

    def focus_canvas(self) -> None:
        self.canvas.setFocus()

    def stop(self) -> None:
        """Esc: one thing, innermost first: pop-up, stroke or drag, shown plan, running job, selection."""
        if self.canvas.cancel():
            return
        if self.propagating.is_plan_waiting:
            self.desk.show_plan(None)
        elif not self.propagating.stop():
            self.desk.select(None)

    def _finish(self) -> None:
        if not self.canvas.finish():
            self.propagating.run_shown_plan()

    def _help(self) -> None:
        focused = self.focusWidget()
        areas = {"objects": self.objects_panel, "queue": self.queue_panel, "timeline": self.timeline}
        inside = [name for name, area in areas.items() if focused is not None and area.isAncestorOf(focused)]
        self.filing.show_help(inside[0] if inside else "picture")

    def _is_in_queue(self) -> bool:
        focused = self.focusWidget()
        return focused is not None and self.queue_panel.isAncestorOf(focused)

    # --- events ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        path = dropped_path(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.drop_hint.say(drop_words(path))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop_hint.hide()
        path = dropped_path(event.mimeData())
        if path is None:
            return
        event.acceptProposedAction()
        if path.suffix.lower() in WEIGHT_SUFFIXES:
            self.models.choose_file(path)
        else:
            self.projects.open_anything(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.projects.close(may_lose=self.filing.may_lose):
            event.ignore()
            return
        self.places.note_window(bytes(self.saveGeometry().toBase64().data()).decode())
        self.notices.clear()
        self.frames.close()
        super().closeEvent(event)
