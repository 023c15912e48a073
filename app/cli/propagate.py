"""`masklet-studio propagate`: the same commands, plan, engine and exporters as the window, one after the other."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from app.cli.checks import Prepared, Request, check
from app.cli.errors import EXIT_INTERRUPTED, EXIT_OK, WorkFailed
from app.cli.overlay import write_overlay
from app.cli.progress import ProgressDisplay, StopRequest
from app.commands.export import export
from app.commands.masks import accept_masks, accept_prompt_mask
from app.commands.targets import counted
from app.document.neighbours import neighbour_points
from app.document.values import Cell, FrameMask, Origin
from app.errors import sentence_of
from app.inference.forecast import duration, forecast
from app.inference.inline_engine import InlineEngine
from app.inference.inputs import click_inputs, plan_inputs, run_results
from app.inference.plan import Plan, PlanError, make_plan
from exporters.report import Report

__all__ = ["Request", "propagate"]


class Stopped(Exception):
    """Ctrl-C: the work ended in order before it was complete."""


def propagate(request: Request) -> int:
    """Check a request, carry it out, and tell what came of it; gives the exit code."""
    prepared = check(request)
    work = _Work(prepared)
    try:
        with StopRequest() as stop:
            try:
                work.carry_out(stop)
            except Stopped as stopped:
                print(f"{stopped} {work.keep()}", file=sys.stderr)
                return EXIT_INTERRUPTED
    except KeyboardInterrupt:
        print(f"\nStopped at once. {work.keep()}", file=sys.stderr)
        return EXIT_INTERRUPTED
    except WorkFailed:
        raise
    except Exception as error:
        said = sentence_of(error)
        if said is None:
            raise
        raise WorkFailed(f"{said} {work.keep()}") from error
    finally:
        work.close()
    return EXIT_OK


class _Work:
    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._project = prepared.project
        self._engine = InlineEngine()
        self._finished: list[str] = []

    def carry_out(self, stop: StopRequest) -> None:
        """Answer the prompts, follow the objects, write the outputs. Raises Stopped after a Ctrl-C."""
        prepared = self._prepared
        info = self._engine.load(prepared.checkpoint.path, prepared.request.device)
        self._engine.open_clip(prepared.source.path)
        print(f"{info.title} on {info.device_label}", file=sys.stderr)
        for remark in prepared.source.remarks:
            print(remark, file=sys.stderr)
        self._answer_prompts(stop)
        plan = self._plan()
        if plan is not None:
            told = forecast(plan, info)
            print(f"{_capital(_what(plan))}, {told.words}", file=sys.stderr)
            passed = sum(len(stretch.lead_in) for stretch in plan.stretches)
            if passed:
                print(f"{counted(passed, 'frame')} before them run again, to remember what led there", file=sys.stderr)
            for note in plan.notes:
                print(_capital(note), file=sys.stderr)
            self._run(plan, stop)
        for wanted in prepared.exports:
            self._export(wanted.format_name, wanted.target, stop)
        if prepared.request.overlay is not None:
            self._write_overlay(prepared.request.overlay, stop)
        if self._project.path is not None:
            self._project.flush()
            print(f"The work is in {self._project.path}")

    def keep(self) -> str:
        """Put what is complete where it can be found again; gives a sentence about it."""
        count = len(self._project.document.masks)
        masks = f"{counted(count, 'mask')} {'is' if count == 1 else 'are'} kept in"
        said = f"Written so far: {', '.join(self._finished)}. " if self._finished else "No output was written. "
        if self._project.path is not None:
            self._project.flush()
            return f"{said}{masks} {self._project.path}; the same command goes on from there."
        if not count:
            return said.rstrip()
        path = _free_path(Path(f"{self._prepared.source.name}.masklet"))
        self._project.save_as(path)
        return f"{said}{masks} {path}; add --project {path} to the command to go on from there."

    def close(self) -> None:
        """Let go of engine, clip and project file."""
        self._engine.close()
        self._prepared.close()

    # The steps

    def _answer_prompts(self, stop: StopRequest) -> None:
        document = self._project.document
        cells = [cell for cell in document.prompts if self._lacks_answer(cell)]
        with ProgressDisplay("Answering", "prompts") as display:
            for done, cell in enumerate(cells, 1):
                prompt = document.prompts[cell]
                kept_off = neighbour_points(document, cell, prompt)
                inputs = click_inputs(cell, prompt, document.masks.get(cell), kept_off=kept_off)
                found = self._engine.prompt_frame(inputs, cell[1])
                mask = FrameMask(found.mask, found.iou, found.score, Origin.PROMPTED)
                accept_prompt_mask(self._project, cell, mask, document.revision(cell))
                display.show(done, len(cells))
                if found.mask.is_empty:
                    name = document.objects[cell[0]].name
                    display.say(
                        f"Nothing was found where {name} is prompted on frame {cell[1]}: try other points or a box."
                    )
                if stop.is_set:
                    raise Stopped(f"Stopped at prompt {done} of {len(cells)}.")

    def _lacks_answer(self, cell: Cell) -> bool:
        document = self._project.document
        mask = document.masks.get(cell)
        is_open = not document.objects[cell[0]].is_frozen and not document.is_verified(cell)
        return is_open and (mask is None or mask.is_computed)

    def _plan(self) -> Plan | None:
        """What is left to run; None where everything has masks already."""
        prepared, document = self._prepared, self._project.document
        try:
            return make_plan(
                document,
                list(document.objects),
                prepared.first,
                prepared.last,
                prepared.request.direction,
                only_missing=not prepared.request.again,
                stride=prepared.request.draft or 1,
            )
        except PlanError as error:
            if not error.is_complete:
                raise
            print("Every frame that can run has masks already.", file=sys.stderr)
            return None

    def _run(self, plan: Plan, stop: StopRequest) -> None:
        document = self._project.document
        transaction = self._project.history.begin(f"{plan.deed[0]} {plan.summary}")
        began, batch, written, damaged = time.monotonic(), None, 0, list[str]()
        try:
            with (
                ProgressDisplay(plan.deed[1]) as display,
                closing(self._engine.run(plan, plan_inputs(document, plan))) as run,
            ):
                for batch in run:
                    results = run_results(document, [batch], document.clock, is_draft=plan.is_draft)
                    written += accept_masks(self._project, transaction, results).accepted
                    display.show(batch.done, batch.total)
                    if batch.fault:
                        damaged.append(str(batch.frame))
                        if len(damaged) == 1:
                            display.say(batch.fault)
                    if stop.is_set and batch.done < batch.total:
                        raise Stopped(f"Stopped at frame {batch.done} of {batch.total}.")
        finally:
            transaction.commit()
        if len(damaged) > 1:
            print(f"So it is with {len(damaged)} frames: {', '.join(damaged)}.", file=sys.stderr)
        seconds = time.monotonic() - began
        if batch is not None:
            speed = f"{batch.total / seconds:.1f} frames/s" if seconds > 0 else ""
            print(f"{counted(written, 'mask')} in {duration(seconds)} ({speed})")

    def _export(self, format_name: str, target: Path, stop: StopRequest) -> None:
        prepared = self._prepared
        work = export(
            self._project,
            prepared.source,
            format_name,
            target,
            prepared.options[format_name],
            self._frames,
            overwrite=self._may_overwrite,
        )
        report: Report = _worked_off(work, target, "steps", stop)
        self._finished.append(str(target))
        read, counts = report.readback, report.counts
        print(
            f"{target}: {counted(counts['objects'], 'object')}, {counted(counts['masks_written'], 'mask')}, "
            f"read back {read.masks_identical:,} of {read.masks_compared:,} equal"
        )
        for warning in report.warnings:
            print(f"  {warning}")

    def _write_overlay(self, target: Path, stop: StopRequest) -> None:
        work = write_overlay(
            self._project,
            self._prepared.source,
            target,
            self._frames,
            color_by=self._prepared.request.color_by,
            overwrite=self._may_overwrite,
        )
        _worked_off(work, target, "frames", stop)
        self._finished.append(str(target))
        print(f"{target}: {counted(len(self._frames), 'frame')} with the masks drawn on")

    @property
    def _frames(self) -> range:
        return range(self._prepared.first, self._prepared.last + 1)

    @property
    def _may_overwrite(self) -> bool:
        return self._prepared.request.overwrite


def _worked_off(work: Generator[Any, None, Any], target: Path, unit: str, stop: StopRequest) -> Any:
    """Let work run to its end and give what it returns. Raises Stopped, with nothing left behind, after a Ctrl-C."""
    with ProgressDisplay(f"Writing {target.name}", unit) as display, closing(work):
        while True:
            try:
                progress = next(work)
            except StopIteration as end:
                return end.value
            display.show(progress.done, progress.total)
            if stop.is_set:
                raise Stopped(f"Stopped while writing {target}.")


def _what(plan: Plan) -> str:
    return f"a draft of {plan.summary}" if plan.is_draft else plan.summary


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _free_path(path: Path) -> Path:
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free
