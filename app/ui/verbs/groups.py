"""All groups of verbs, made once and in the order in which they need each other."""

from __future__ import annotations

from PySide6.QtWidgets import QMainWindow

from app.ui.canvas.view import CanvasView
from app.ui.clip_shelf import ClipShelf
from app.ui.desk import Desk
from app.ui.keys import KeyWatch
from app.ui.models import Models
from app.ui.places import Places
from app.ui.playback import Playback
from app.ui.projects import Projects
from app.ui.suspicions import Suspicions
from app.ui.verbs import Verbs
from app.ui.verbs.answering import Answering
from app.ui.verbs.arranging import Arranging
from app.ui.verbs.clips import Clips
from app.ui.verbs.editing import Editing
from app.ui.verbs.filing import Filing
from app.ui.verbs.going import Going
from app.ui.verbs.lining_up import LiningUp
from app.ui.verbs.marking import Marking
from app.ui.verbs.mending import Mending
from app.ui.verbs.propagating import Propagating
from app.ui.verbs.reviewing import Reviewing
from app.ui.verbs.suggesting import Suggesting
from app.ui.verbs.versioning import Versioning
from app.ui.verbs.viewing import Viewing
from app.ui.waiting_runs import WaitingRuns


class VerbGroups:
    """Those that the window speaks to have a name; the others are only heard of through `verbs`."""

    def __init__(
        self,
        desk: Desk,
        canvas: CanvasView,
        window: QMainWindow,
        *,
        places: Places,
        projects: Projects,
        models: Models,
        shelf: ClipShelf,
        suspicions: Suspicions,
        playback: Playback,
        keys: KeyWatch,
    ) -> None:
        self.editing = Editing(desk, canvas)
        self.propagating = Propagating(desk, canvas)
        self.viewing = Viewing(desk, canvas, places, window)
        self.filing = Filing(desk, projects, models, places, window)
        self.going = Going(desk, playback, keys, places, window)
        self.marking = Marking(desk, window)
        self.versions = Versioning(desk, canvas)
        self.clips = Clips(desk, projects, shelf, window)
        self.lining_up = LiningUp(desk, projects, WaitingRuns(places.folder / "line.json"), window)
        self.answering = Answering(desk, canvas, self.propagating, window)
        reviewing = Reviewing(desk, canvas, suspicions, window, self.answering.is_in_queue)
        self.answering.show_help = self.filing.show_help
        self.answering.delete_in_queue = reviewing.dismiss
        self.answering.delete_on_canvas = self.editing.verbs()["delete"]
        self._on_canvas = (self.editing, Arranging(desk, canvas), Mending(desk, canvas), Suggesting(desk, canvas))
        self._on_work = (self.marking, self.propagating, reviewing, self.versions, self.clips, self.lining_up)

    def verbs(self) -> Verbs:
        """What every action does, by its name. What is named twice, is answered where the person is."""
        groups = (self.filing, *self._on_canvas, self.viewing, self.going, *self._on_work, self.answering)
        return {name: verb for group in groups for name, verb in group.verbs().items()}
