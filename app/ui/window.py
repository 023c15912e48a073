"""The window: puts the parts together and wires them; nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow

from app.inference.engine import Engine
from app.inference.process_engine import ProcessEngine
from app.ui.action_search import ActionSearch
from app.ui.action_table import SPEEDS
from app.ui.actions import Actions
from app.ui.availability import Availability, states_of
from app.ui.canvas.view import CanvasView
from app.ui.clip_shelf import ClipShelf
from app.ui.cut_finder import CutFinder
from app.ui.desk import Desk
from app.ui.drops import WEIGHT_SUFFIXES, DropHint
from app.ui.keys import KeyWatch
from app.ui.layout import WindowLayout
from app.ui.models import Models
from app.ui.notices import NoticeStack
from app.ui.panels.objects_panel import ObjectsPanel
from app.ui.panels.queue_panel import QueuePanel
from app.ui.places import Places
from app.ui.playback import Playback
from app.ui.projects import Projects
from app.ui.right_panel import RightPanel
from app.ui.shown_frame import ShownFrame
from app.ui.shown_project import ShownProject
from app.ui.status_line import StatusLine
from app.ui.suspicions import Suspicions
from app.ui.timeline.view import TimelineView
from app.ui.tool_rail import ToolRail
from app.ui.top_bar import TopBar
from app.ui.verbs import Verbs
from app.ui.verbs.groups import VerbGroups
from app.ui.verbs.lane_menu import LaneMenu
from app.ui.welcome import Welcome
from app.ui.window_keys import WindowKeys

SMALLEST = (900, 560)


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
        held = WindowKeys(
            self.desk,
            self.canvas,
            self.playback,
            compare=lambda is_on: self.versions.compare(is_on),
            is_action=lambda keys: self.all_actions.has_keys(keys),
            trigger=lambda keys, is_repeat: self.all_actions.trigger_keys(keys, is_repeat=is_repeat),
        )
        self.keys = KeyWatch(self, held)
        self._make_verbs()
        self._make_parts()
        self._lay_out()
        self._wire()
        self._take_project()

    # --- making ---

    def _make_verbs(self) -> None:
        groups = VerbGroups(
            self.desk,
            self.canvas,
            self,
            places=self.places,
            projects=self.projects,
            models=self.models,
            shelf=self.shelf,
            suspicions=self.suspicions,
            playback=self.playback,
            keys=self.keys,
        )
        self.editing, self.propagating, self.answering = groups.editing, groups.propagating, groups.answering
        self.viewing, self.filing, self.clips = groups.viewing, groups.filing, groups.clips
        self.marking, self.versions, self.lining_up = groups.marking, groups.versions, groups.lining_up
        in_parts: Verbs = {
            "find_action": lambda: self.search.open(),
            "find_object": lambda: self.objects_panel.start_finding(),
        }
        self.all_actions = Actions(self.desk, {**groups.verbs(), **in_parts}, self)
        self.availability = Availability(self.desk, self.canvas, self.all_actions, self)
        self.filing.actions = self.all_actions
        groups.going.show_settings()

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
        self._layout = WindowLayout(
            top_bar=self.top_bar,
            rail=self.rail,
            welcome=self.welcome,
            canvas=self.canvas,
            right=self.right,
            timeline=self.timeline,
            status=self.status,
        )
        self.picture, body = self._layout.picture, self._layout.body
        self.setCentralWidget(body)
        self.notices = NoticeStack(body)
        self.shown_project = ShownProject(
            self.desk,
            self.projects,
            self.canvas,
            window=self,
            top_bar=self.top_bar,
            status=self.status,
            notices=self.notices,
        )
        self.search = ActionSearch(self.all_actions, body)
        self.drop_hint = DropHint(body)
        self.viewing.areas = (self.rail, self.canvas, self.objects_panel, self.queue_panel, self.timeline)
        self.answering.areas = {"objects": self.objects_panel, "queue": self.queue_panel, "timeline": self.timeline}
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
        desk.offered.connect(
            lambda said, names: self.notices.offer(said, *(desk.actions[name] for name in names.split()))
        )
        desk.history_changed.connect(self.notices.withdraw_offer)
        for changed in (desk.selection_changed, desk.frame_changed, desk.history_changed, desk.range_changed):
            changed.connect(self.availability.refresh)
        desk.document_changed.connect(self.availability.refresh)
        desk.view_changed.connect(self.viewing.show_checks)
        desk.playing_changed.connect(self._show_playing)
        self.suspicions.changed.connect(self.timeline.set_suspicions)
        self.frames.arrived.connect(self._take_frame)
        self.frames.arrived.connect(self.viewing.follower.follow)
        self.frames.arrived.connect(self.viewing.take_frame)
        self.timeline.lanes.zoom_requested.connect(self.viewing.zoom_there)
        canvas.hint_changed.connect(self._show_hint)
        canvas.steps_requested.connect(lambda steps: desk.set_frame(desk.frame + steps))
        canvas.menu_requested.connect(self._show_object_menu)
        self.rail.brush_size_chosen.connect(canvas.set_brush_size)
        self.projects.closing.connect(self.shelf.note)
        self.projects.opening_changed.connect(self._show_opening)
        self.projects.clip_missing.connect(self.filing.find_missing_clip)
        self.models.status_changed.connect(self.top_bar.model.show_status)
        self.models.status_changed.connect(self.availability.refresh)
        self.timeline.stop_requested.connect(self.propagating.stop)
        transport = self.timeline.transport
        desk.plan_changed.connect(lambda _: transport.show_waiting_plan(self.propagating.waiting_words))
        lane_menu = LaneMenu(desk, self.propagating, self.versions, self)
        self.timeline.lanes.menu_requested.connect(lambda at, one: lane_menu.menu_for(one).popup(at))
        self.timeline.ruler.menu_requested.connect(lambda at, frame: self.marking.menu_for(frame).popup(at))
        transport.plan_card.run_requested.connect(self.answering.finish)
        transport.plan_card.drop_requested.connect(self.answering.stop)
        transport.run_pointed_at.connect(lambda name: transport.show_plan_words(self.propagating.point_at(name)))
        self.top_bar.search_requested.connect(self.search.open)
        self.top_bar.models_requested.connect(self.filing.show_models)
        self.search.closed.connect(canvas.setFocus)
        self.welcome.recent_chosen.connect(lambda name: self.projects.open_project(Path(name)))
        self.viewing.hide_for_canvas = self._layout.show_canvas_only
        states = states_of(desk, canvas, self.places, self.editing, self.propagating)
        self.all_actions.set_states({**states, "line": lambda: self.lining_up.can_run})
        self.lining_up.changed.connect(self.all_actions.refresh)
        self.lining_up.changed.connect(lambda: transport.show_line(self.lining_up.words))
        transport.line_requested.connect(self.lining_up.show)
        transport.show_line(self.lining_up.words)

    # --- the project on the desk ---

    def _take_project(self) -> None:
        is_open = self.desk.source is not None
        self.frames.take_project()
        self._layout.show_project(is_open)
        self.welcome.show_recent(self.places.recent)
        self.shown_project.refresh()
        self._show_tool(self.desk.tool)
        self.viewing.show_checks()
        self.availability.refresh()
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
        tracking.candidates_ready.connect(self.availability.refresh)
        tracking.prompt_pending.connect(self.frames.show_pending)
        tracking.run_started.connect(self.availability.refresh)
        tracking.run_finished.connect(self.availability.refresh)

    def _show_opening(self, name: str) -> None:
        self.welcome.show_state(f"Opening {name} …" if name else "")
        if self.desk.source is not None and name:
            self.frames.wait_for(f"Opening {name} …")
        elif not name:
            self.frames.end_waiting()

    # --- what the window shows of itself ---

    def _show_tool(self, _tool: str) -> None:
        self._show_hint(self.canvas.hint())

    def _show_hint(self, hint: str) -> None:
        self.status.show_tool(hint)
        self.rail.show_brush_size(self.canvas.brush_size)

    def _take_frame(self) -> None:
        if self.desk.is_playing:
            self.frames.say(self.playback.words)
        self.availability.refresh()

    def _show_playing(self, is_playing: bool) -> None:
        self.all_actions.set_icon("play", "pause" if is_playing else "play")
        if not is_playing:
            self.frames.say("")

    def _show_object_menu(self, place: QPoint) -> None:
        if self.desk.selected_object is not None:
            self.objects_panel.menu_for(self.desk.selected_object).popup(place)

    def _fold(self) -> None:
        self._layout.fold(self.width(), self.height())

    def stop(self) -> None:
        """What Esc does."""
        self.answering.stop()

    # --- events ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.drop_hint.take_enter(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        path = self.drop_hint.take_drop(event)
        if path is not None and path.suffix.lower() in WEIGHT_SUFFIXES:
            self.models.choose_file(path)
        elif path is not None:
            self.projects.open_anything(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.projects.close(may_lose=self.filing.may_lose):
            event.ignore()
            return
        self.places.note_window(bytes(self.saveGeometry().toBase64().data()).decode())
        self.notices.clear()
        self.lining_up.panel.close()
        self.models.close()
        self.frames.close()
        super().closeEvent(event)
