"""Tracking: the model at work for one project. It asks, and puts the answers into the document."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.commands.masks import accept_masks, accept_prompt_mask
from app.document.document import Change
from app.document.history import Transaction
from app.document.neighbours import neighbour_points
from app.document.project import Project
from app.document.values import Cell, FrameMask, Origin, Point, Prompt
from app.inference.checkpoints import Checkpoint
from app.inference.engine import CellResult, Engine, FrameBatch, ObjectInputs, SuggestionStep
from app.inference.forecast import Forecast, Pace, forecast
from app.inference.inputs import click_inputs, plan_inputs, run_results
from app.inference.plan import Plan
from app.inference.process_engine import ProcessEngine
from app.jobs.click_memory import ClickMemory
from app.jobs.inference_thread import InferenceThread
from app.jobs.reports import EngineStatus, RunEnd, RunProgress
from app.jobs.versions import Versions

__all__ = ["EngineStatus", "RunEnd", "RunProgress", "Tracking"]

SPEED_SECONDS = 8.0
"""Speed is told over so long a time."""


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
        self._pending: dict[Cell, int] = {}
        self._clicks = ClickMemory(project)
        self.versions = Versions()
        """What the runs of this project have replaced."""
        self._run: _Run | None = None
        self._next_plan: Plan | None = None
        self._pace: Pace | None = None
        self._asked: dict[Cell, int] = {}
        self._unanswered: set[Cell] = set()
        self._search_number = 0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._ask_for_unanswered)
        self._thread = InferenceThread(self)
        self._thread.status_changed.connect(self._on_status)
        self._thread.cell_ready.connect(self._on_cell)
        self._thread.cell_failed.connect(self._on_no_cell)
        self._thread.preview_ready.connect(self._on_preview)
        self._thread.search_stepped.connect(self._on_search_step)
        self._thread.search_ended.connect(self._on_search_end)
        self._thread.batch_ready.connect(self._on_batches)
        self._thread.run_finished.connect(self._on_run_end)
        self._thread.set_clip(clip)
        project.document.changed.connect(self._on_document)
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

    # Clicks

    def request_prompt(self, cell: Cell) -> None:
        """Ask for the mask that the cell's prompts mean; a cell without prompts is left alone."""
        document = self._project.document
        prompt = document.prompts.get(cell)
        if prompt is None:
            return
        standing = document.masks.get(cell)
        if standing is None or standing.origin is not Origin.PROMPTED:
            self._clicks.set_base(cell, None if standing is None else standing.code)
        revision = document.revision(cell)
        is_new = cell not in self._pending
        self._pending[cell] = self._asked[cell] = revision
        self._thread.prompt(self._inputs(cell, prompt), cell[1], revision)
        if is_new:
            self.prompt_pending.emit(cell, True)

    def request_preview(self, cell: Cell, point: Point) -> None:
        """Ask what another click on the cell would give; `preview_ready` follows, unless a newer question comes."""
        earlier = self._project.document.prompts.get(cell, Prompt())
        self.request_preview_of(cell, replace(earlier, points=(*earlier.points, point), candidate=None))

    def request_preview_of(self, cell: Cell, prompt: Prompt) -> None:
        """The same for any prompt in place of the one that the cell has: one of its points is on its way."""
        self._thread.preview(self._inputs(cell, prompt), cell[1])

    def stop_preview(self) -> None:
        """The pointer is gone: no preview is wanted."""
        self._thread.stop_preview()

    def is_pending(self, cell: Cell) -> bool:
        """Whether the model is looking at this cell because of a click."""
        return cell in self._pending

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
        """Run a plan in one transaction that undo takes back whole; an open run is stopped first, its masks stay."""
        if self._run is not None:
            self._next_plan = plan
            self._thread.stop_run()
            return
        document = self._project.document
        transaction = self._project.history.begin(f"Propagate {plan.summary}")
        self._run = _Run(plan, transaction, document.clock)
        self._thread.run(plan, plan_inputs(document, plan))
        self.run_started.emit(plan)

    def stop(self) -> None:
        """Stop the open run within one frame; what is complete stays. `run_finished` follows."""
        self._next_plan = None
        self._thread.stop_run()

    def close(self) -> None:
        """Stop everything and end the engine; masks of an open run that are complete stay."""
        self._project.document.changed.disconnect(self._on_document)
        self._project.history.changed.disconnect(self._on_history)
        self._later.stop()
        self._thread.close()
        if self._run is not None:
            self._run.transaction.commit()
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

    @Slot(object, int)
    def _on_cell(self, result: CellResult, revision: int) -> None:
        cell = (result.object_id, result.frame)
        mask = FrameMask(result.mask, result.iou, result.score, Origin.PROMPTED)
        is_accepted = accept_prompt_mask(self._project, cell, mask, revision)
        self._answered(cell, revision)
        if is_accepted and result.candidates:
            self.candidates_ready.emit(cell, result.candidates)

    @Slot(object, int, str)
    def _on_no_cell(self, cell: Cell, revision: int, said: str) -> None:
        self._answered(cell, revision)
        if not self.status.can_restart:
            self.error.emit(said)

    @Slot(list)
    def _on_batches(self, batches: Sequence[FrameBatch]) -> None:
        run = self._run
        if run is None:
            return
        results = list(run_results(self._project.document, batches, run.began))
        report = accept_masks(self._project, run.transaction, results)
        run.written += report.accepted
        run.dropped += report.dropped
        progress, seconds = run.advance(batches[-1])
        if self._pace is not None:
            self._pace.note(len(batches), len(results), seconds)
        self.run_progress.emit(progress)
        for fault in (batch.fault for batch in batches if batch.fault):
            self.error.emit(fault)

    @Slot(object)
    def _on_run_end(self, end: RunEnd) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        run.transaction.commit()
        self.versions.keep(run.plan.summary, run.transaction.masks_before)
        self.run_finished.emit(replace(end, written=run.written, dropped=run.dropped))
        plan, self._next_plan = self._next_plan, None
        if plan is not None:
            self.start_run(plan)

    @Slot(int, object)
    def _on_search_step(self, number: int, step: SuggestionStep) -> None:
        if number == self._search_number:
            self.search_stepped.emit(step)

    @Slot(int, str)
    def _on_search_end(self, number: int, said: str) -> None:
        if number == self._search_number:
            self.search_ended.emit(said)

    @Slot(object)
    def _on_preview(self, result: CellResult) -> None:
        self.preview_ready.emit((result.object_id, result.frame), result.mask)

    # The document

    def _inputs(self, cell: Cell, prompt: Prompt) -> ObjectInputs:
        choice = self._clicks.choice(cell, prompt.points[0]) if prompt.points else None
        document = self._project.document
        base, kept_off = self._clicks.base(cell), neighbour_points(document, cell, prompt)
        return click_inputs(cell, prompt, document.masks.get(cell), base=base, choice=choice, kept_off=kept_off)

    def _on_document(self, change: Change) -> None:
        """Remember which candidate was taken: the next point mends it, while the prompt forgets the choice."""
        if not change.prompts:
            return
        self._unanswered |= change.cells
        self._later.start()
        prompts = self._project.document.prompts
        for cell in change.cells:
            prompt = prompts.get(cell)
            if prompt is None or not prompt.points:
                continue
            if prompt.candidate is not None:
                self._clicks.set_choice(cell, prompt.points[0], prompt.candidate)
            elif len(prompt.points) == 1:
                self._clicks.drop_choice(cell)

    def _ask_for_unanswered(self) -> None:
        """Ask for prompts that stand without their mask: a click that was undone before its answer came, and redone."""
        cells, self._unanswered = self._unanswered, set()
        asked, self._asked = self._asked, dict(self._pending)
        document = self._project.document
        for cell in sorted(cells):
            mask = document.masks.get(cell)
            is_answered = mask is not None and mask.origin is not Origin.PROPAGATED
            is_asked = asked.get(cell) == document.revision(cell)
            if cell in document.prompts and not (is_answered or is_asked or document.is_verified(cell)):
                self.request_prompt(cell)

    def _on_history(self) -> None:
        if self._run is not None and not self._run.transaction.is_open:
            self._thread.stop_run()

    def _answered(self, cell: Cell, revision: int) -> None:
        """The model has looked; a newer question about the same cell may still wait."""
        if self._pending.get(cell) == revision:
            del self._pending[cell]
            self.prompt_pending.emit(cell, False)


class _Run:
    """The open run: its transaction, the document's clock at its beginning, and how fast it is."""

    def __init__(self, plan: Plan, transaction: Transaction, began: int) -> None:
        self.plan = plan
        self.transaction = transaction
        self.began = began
        self.written = 0
        self.dropped = 0
        self._marks = deque([(time.monotonic(), 0)])

    def advance(self, batch: FrameBatch) -> tuple[RunProgress, float]:
        """How far the run is after this batch, and the seconds since the one before."""
        now = time.monotonic()
        seconds = now - self._marks[-1][0]
        self._marks.append((now, batch.done))
        while now - self._marks[1][0] > SPEED_SECONDS:
            self._marks.popleft()
        began, done_before = self._marks[0]
        fps = (batch.done - done_before) / max(now - began, 1e-6)
        left = (batch.total - batch.done) / fps if fps > 0 else None
        return RunProgress(batch.done, batch.total, fps, left), seconds
