"""Clicks of one project: asked for, answered, and their masks put into the document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.commands.masks import accept_prompt_mask
from app.document.document import Change
from app.document.history import Transaction
from app.document.neighbours import neighbour_points
from app.document.project import Project
from app.document.values import Cell, FrameMask, Origin, Point, Prompt
from app.inference.engine import CellResult, ObjectInputs
from app.inference.inputs import click_inputs
from app.jobs.click_memory import ClickMemory
from app.jobs.inference_thread import InferenceThread


@dataclass(frozen=True, slots=True)
class _Question:
    """What a cell's prompts mean, asked for the `number`-th time; `step` takes the answer where it was asked again."""

    number: int
    revision: int
    step: Transaction | None


class Clicks(QObject):
    """Lives on the document's thread. An answer is dropped when a person has changed its cell in the meantime."""

    candidates_ready = Signal(object, object)
    """A cell, and the `Candidate`s of its ambiguous click, best first."""
    pending = Signal(object, bool)
    """A cell, and whether the model is looking at it."""
    preview_ready = Signal(object, object)
    """A cell, and the `MaskCode` that the click under the pointer would give it. Nothing was recorded."""
    unchanged = Signal(object)
    """A cell whose prompts have been answered with the mask that it had already."""
    failed = Signal(str)
    """Why a click has no answer."""

    def __init__(self, project: Project, thread: InferenceThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project, self._thread = project, thread
        self._pending: dict[Cell, _Question] = {}
        """The newest question about each cell that waits for its answer; answers to older ones are dropped."""
        self._questions = 0
        self._memory = ClickMemory(project)
        self._asked: dict[Cell, int] = {}
        self._unanswered: set[Cell] = set()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._ask_for_unanswered)
        thread.cell_ready.connect(self._on_cell)
        thread.cell_failed.connect(self._on_no_cell)
        thread.preview_ready.connect(self._on_preview)
        project.document.changed.connect(self._on_document)

    def request(self, cell: Cell) -> None:
        """Ask for the mask that the cell's prompts mean; a cell without prompts is left alone."""
        prompt = self._project.document.prompts.get(cell)
        if prompt is not None:
            self._ask(cell, prompt)

    def ask_again(self, cells: Iterable[Cell], name: str) -> None:
        """Ask for the masks of prompts that stand; all answers together are one step to undo, called `name`."""
        prompts = self._project.document.prompts
        wanted = [(cell, prompts[cell]) for cell in cells if cell in prompts]
        if not wanted:
            return
        step = self._project.history.begin(name)
        for cell, prompt in wanted:
            self._ask(cell, prompt, step)

    def preview(self, cell: Cell, prompt: Prompt) -> None:
        """Ask what a prompt would give in place of the one that the cell has."""
        self._thread.preview(self._inputs(cell, prompt), cell[1])

    def preview_point(self, cell: Cell, point: Point) -> None:
        """Ask what another click on the cell would give."""
        earlier = self._project.document.prompts.get(cell, Prompt())
        self.preview(cell, replace(earlier, points=(*earlier.points, point), candidate=None))

    def is_pending(self, cell: Cell) -> bool:
        """Whether the model is looking at this cell because of a click."""
        return cell in self._pending

    def close(self) -> None:
        """Listen to the document no more."""
        self._project.document.changed.disconnect(self._on_document)
        self._later.stop()
        for question in self._pending.values():
            if question.step is not None:
                question.step.commit()

    @Slot(object, int)
    def _on_cell(self, result: CellResult, number: int) -> None:
        cell = (result.object_id, result.frame)
        question = self._pending.get(cell)
        if question is None or question.number != number:
            return
        mask = FrameMask(result.mask, result.iou, result.score, Origin.PROMPTED)
        before = self._project.document.masks.get(cell)
        is_accepted = accept_prompt_mask(self._project, cell, mask, question.revision, question.step)
        self._answered(cell)
        if is_accepted:
            self._memory.add_answer(cell)
        if is_accepted and question.step is None and before is not None and before.code == result.mask:
            self.unchanged.emit(cell)
        if is_accepted and result.candidates:
            self.candidates_ready.emit(cell, result.candidates)

    @Slot(object, int, str)
    def _on_no_cell(self, cell: Cell, number: int, said: str) -> None:
        question = self._pending.get(cell)
        if question is not None and question.number == number:
            self._answered(cell)
        if not self._thread.status.can_restart:
            self.failed.emit(said)

    @Slot(object)
    def _on_preview(self, result: CellResult) -> None:
        self.preview_ready.emit((result.object_id, result.frame), result.mask)

    def _ask(self, cell: Cell, prompt: Prompt, step: Transaction | None = None) -> None:
        self._memory.begin(cell)
        self._questions += 1
        before = self._pending.get(cell)
        self._pending[cell] = question = _Question(self._questions, self._project.document.revision(cell), step)
        self._asked[cell] = question.revision
        self._thread.prompt(self._inputs(cell, prompt), cell[1], question.number)
        if before is None:
            self.pending.emit(cell, True)
        else:
            self._end_step(before)

    def _answered(self, cell: Cell) -> None:
        """The model has looked, and nothing newer was asked about the cell."""
        question = self._pending.pop(cell)
        self.pending.emit(cell, False)
        self._end_step(question)

    def _end_step(self, question: _Question) -> None:
        """A question is over: so is the step of its answers, unless others belong to it that wait."""
        step = question.step
        if step is not None and all(other.step is not step for other in self._pending.values()):
            step.commit()

    def _inputs(self, cell: Cell, prompt: Prompt) -> ObjectInputs:
        choice = self._memory.choice(cell, prompt.points[0]) if prompt.points else None
        document = self._project.document
        base, kept_off = self._memory.base(cell), neighbour_points(document, cell, prompt)
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
                self._memory.set_choice(cell, prompt.points[0], prompt.candidate)
            elif len(prompt.points) == 1:
                self._memory.drop_choice(cell)

    def _ask_for_unanswered(self) -> None:
        """Ask for prompts that stand without their mask: a click that was undone before its answer came, and redone."""
        cells, self._unanswered = self._unanswered, set()
        asked = self._asked
        self._asked = {cell: question.revision for cell, question in self._pending.items()}
        document = self._project.document
        for cell in sorted(cells):
            mask = document.masks.get(cell)
            is_answered = mask is not None and not mask.is_computed
            is_asked = asked.get(cell) == document.revision(cell)
            if cell in document.prompts and not (is_answered or is_asked or document.is_verified(cell)):
                self.request(cell)
