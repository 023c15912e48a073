"""Tracking: the model at work for one project. It asks, and puts the answers into the document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.document.project import Project
from app.document.values import Cell, Point, Prompt
from app.inference.checkpoints import Checkpoint
from app.inference.engine import Engine, FrameBatch, SuggestionStep
from app.inference.forecast import Forecast, Pace, drafts_itself, forecast
from app.inference.inputs import plan_inputs
from app.inference.plan import Plan
from app.inference.process_engine import ProcessEngine
from app.jobs.clicks import Clicks
from app.jobs.inference_thread import InferenceThread
from app.jobs.open_run import OpenRun
from app.jobs.reports import EngineStatus, RunEnd, RunProgress

__all__ = ["EngineStatus", "RunEnd", "RunProgress", "Tracking"]


class Tracking(QObject):
    """Clicks and runs of one project. Lives on the document's thread; nothing here waits for the model.

    A late answer never wins: each carries the revision that its cell had when it was asked for, and is dropped when a
    person has changed the cell since.
    """

    status_changed = Signal(object)
    """An `EngineStatus`."""
    run_started = Signal(object)
    """The `Plan`."""
    run_progress = Signal(object)
    """A `RunProgress`, after the masks it counts are in the document."""
    run_finished = Signal(object)
    """A `RunEnd`; the transaction is closed."""
    candidates_ready = Signal(object, object)
    """A cell, and the `Candidate`s of its ambiguous click, best first."""
    prompt_pending = Signal(object, bool)
    """A cell, and whether the model is looking at it."""
    prompt_unchanged = Signal(object)
    """A cell whose prompts have been answered with the mask that it had already."""
    preview_ready = Signal(object, object)
    """A cell, and the `MaskCode` that the click under the pointer would give it. Nothing was recorded."""
    search_stepped = Signal(object)
    """A `SuggestionStep` of the search that was asked for last."""
    search_ended = Signal(str)
    """That search is complete, or cannot go on: then why. A search that was stopped is silent."""
    error = Signal(str)
    """A sentence about a click, a frame or the model; a run's own end is told by `run_finished`."""

    def __init__(
        self,
        project: Project,
        clip: Path,
        *,
        engine_factory: Callable[[], Engine] = ProcessEngine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._project = project
        self._engine_factory = engine_factory
        self._run: OpenRun | None = None
        self._next_plan: Plan | None = None
        self._pace: Pace | None = None
        self._search_number = 0
        self._thread = InferenceThread(self)
        self._thread.status_changed.connect(self._on_status)
        self._clicks = Clicks(project, self._thread, self)
        self._clicks.candidates_ready.connect(self.candidates_ready)
        self._clicks.pending.connect(self.prompt_pending)
        self._clicks.unchanged.connect(self.prompt_unchanged)
        self._clicks.preview_ready.connect(self.preview_ready)
        self._clicks.failed.connect(self.error)
        self._thread.search_stepped.connect(self._on_search_step)
        self._thread.search_ended.connect(self._on_search_end)
        self._thread.batch_ready.connect(self._on_batches)
        self._thread.run_finished.connect(self._on_run_end)
        self._thread.set_clip(clip)
        project.history.changed.connect(self._on_history)

    # The model

    @property
    def status(self) -> EngineStatus:
        """What the model chip shows."""
        return self._thread.status

    def use_model(self, checkpoint: Checkpoint, device: str = "auto") -> None:
        """Take a model, the first one or another; a run that is open is stopped, the work stays."""
        self._thread.start(self._engine_factory, checkpoint.path, device)

    def restart(self) -> None:
        """Start the model again after it stopped or failed."""
        self._thread.restart()

    def prepare(self, frame: int) -> None:
        """The playhead rests on this frame: make a click there quick."""
        self._thread.prepare(frame)

    def forecast(self, plan: Plan) -> Forecast | None:
        """Time and memory of a plan with the model in use; None until there is one."""
        return None if self._pace is None else forecast(plan, self._pace.info, self._pace)

    # Clicks and previews

    def request_prompt(self, cell: Cell) -> None:
        """Ask for the mask that the cell's prompts mean; a cell without prompts is left alone."""
        self._clicks.request(cell)

    def ask_again(self, cells: Iterable[Cell], name: str) -> None:
        """Ask for the masks of prompts that stand, as one step to undo: what else the model is told has changed."""
        self._clicks.ask_again(cells, name)

    def request_preview(self, cell: Cell, point: Point) -> None:
        """Ask what another click on the cell would give; `preview_ready` follows, unless a newer question comes."""
        self._clicks.preview_point(cell, point)

    def request_preview_of(self, cell: Cell, prompt: Prompt) -> None:
        """The same for any prompt in place of the one that the cell has: one of its points is on its way."""
        self._clicks.preview(cell, prompt)

    def stop_preview(self) -> None:
        """The pointer is gone: no preview is wanted."""
        self._thread.stop_preview()

    def is_pending(self, cell: Cell) -> bool:
        """Whether the model is looking at this cell because of a click."""
        return self._clicks.is_pending(cell)

    def search(self, frame: int) -> None:
        """Look for objects on a frame. Nothing is recorded; clicks go first, an open run waits meanwhile."""
        self._search_number += 1
        self._thread.search(self._search_number, frame)

    def stop_search(self) -> None:
        """Nobody looks at the suggestions any more: no further signal tells of them."""
        self._search_number += 1
        self._thread.stop_search()

    # Runs

    @property
    def is_running(self) -> bool:
        """Whether a run is open."""
        return self._run is not None

    @property
    def plan(self) -> Plan | None:
        """The plan of the open run."""
        return None if self._run is None else self._run.plan

    def start_run(self, plan: Plan) -> None:
        """Run a plan in one transaction that undo takes back whole; an open run is stopped first, its masks stay.

        A plan that waits for that is given up when one of its objects goes meanwhile.
        """
        if self._run is not None:
            self._next_plan = plan
            self._thread.stop_run()
            return
        document = self._project.document
        self._run = OpenRun(self._project, plan)
        self._thread.run(plan, plan_inputs(document, plan))
        self.run_started.emit(plan)

    def stop(self) -> None:
        """Stop the open run within one frame; what is complete stays. `run_finished` follows."""
        self._next_plan = None
        self._thread.stop_run()

    def close(self) -> None:
        """Stop everything and end the engine; masks of an open run that are complete stay."""
        self._project.history.changed.disconnect(self._on_history)
        self._clicks.close()
        self._thread.close()
        if self._run is not None:
            before = self._run.transaction.masks_before
            self._run.transaction.commit()
            self._project.keep_version(self._run.plan.summary, before)
            self._run = None

    # Answers

    @Slot(object)
    def _on_status(self, status: EngineStatus) -> None:
        if status.info is not None and (self._pace is None or self._pace.info != status.info):
            self._pace = Pace(status.info)
        self.status_changed.emit(status)
        # With a run open its end, which is about to come, says the same.
        if status.can_restart and self._run is None:
            self.error.emit(status.detail)

    @Slot(list)
    def _on_batches(self, batches: Sequence[FrameBatch]) -> None:
        run = self._run
        if run is None:
            return
        progress, masks, seconds = run.take(batches)
        if self._pace is not None and (not run.plan.is_draft or drafts_itself(self._pace.info.model)):
            self._pace.note(len(batches), masks, seconds)
        self.run_progress.emit(progress)
        for fault in (batch.fault for batch in batches if batch.fault):
            self.error.emit(fault)

    @Slot(object)
    def _on_run_end(self, end: RunEnd) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        before = run.transaction.masks_before
        told = run.end(end)
        self._project.keep_version(run.plan.summary, before)
        self.run_finished.emit(told)
        plan, self._next_plan = self._next_plan, None
        if plan is not None and self._project.document.objects.keys() >= set(plan.object_ids):
            self.start_run(plan)

    @Slot(int, object)
    def _on_search_step(self, number: int, step: SuggestionStep) -> None:
        if number == self._search_number:
            self.search_stepped.emit(step)

    @Slot(int, str)
    def _on_search_end(self, number: int, said: str) -> None:
        if number == self._search_number:
            self.search_ended.emit(said)

    def _on_history(self) -> None:
        if self._run is not None and not self._run.transaction.is_open:
            self._thread.stop_run()
