"""Holds this implementation against a collection of reference numbers, case by case.

A case passes if no value lies further from the reference than the case's own tolerance allows. Module and image cases
are run by their own modules; each further kind of case is a module of its own that is imported when it is needed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sam2_core.errors import Sam2Error
from sam2_core.evaluation.parity_folder import Case, ParityError, ParityFolder

Runner = Callable[[ParityFolder, Case], Mapping[str, Any]]
"""Runs a case. Gives either arrays by the collection's names, or, under `VERDICTS`, differences it found itself."""

RUNNERS = {
    "module": ("sam2_core.evaluation.parity_module", "run_module_case"),
    "image": ("sam2_core.evaluation.parity_image", "run_image_case"),
    "video": ("sam2_core.evaluation.parity_video", "run_video_case"),
    "amg": ("sam2_core.evaluation.parity_amg", "run_amg_case"),
}
"""Kind of case to the module and function that runs it."""

_SCORES = ("iou", "score")
_POINTERS = ("ptr16", "ptr_norm", "obj_ptr")


@dataclass(frozen=True)
class Difference:
    """How far one array is from the reference.

    Attributes:
        array: its name.
        kind: `logits`, `scores`, `pointers`, `bits`, or `other`.
        largest: largest absolute difference; for bits, the share of unequal ones.
        ratio: difference over tolerance; at most 1 passes.
        note: what is wrong beyond a number: missing, wrong shape, not a number.
    """

    array: str
    kind: str
    largest: float
    ratio: float
    note: str = ""


@dataclass(frozen=True)
class CaseResult:
    """The outcome of one case; `seconds` is its time, `error` a sentence if it could not be run."""

    name: str
    differences: tuple[Difference, ...]
    seconds: float
    error: str = ""

    @property
    def worst(self) -> Difference | None:
        """The array that is worst for its tolerance."""
        return max(self.differences, key=lambda entry: entry.ratio, default=None)

    @property
    def passed(self) -> bool:
        """Whether everything is within tolerance, and there was anything to compare."""
        return not self.error and self.worst is not None and self.worst.ratio <= 1.0

    def largest(self, kind: str) -> float | None:
        """Largest difference among the arrays of a kind, None if there are none."""
        return max((entry.largest for entry in self.differences if entry.kind == kind), default=None)


def run_case(folder: ParityFolder, case: Case) -> CaseResult:
    """Run one case and compare it with its reference.

    Raises:
        ParityError: the collection is damaged, or holds a kind of case that is unknown here.
    """
    if case.kind not in RUNNERS:
        raise ParityError(f"The case {case.name} is of the unknown kind {case.kind!r}; leave it out with --case.")
    module, function = RUNNERS[case.kind]
    runner: Runner = getattr(importlib.import_module(module), function)
    start = time.perf_counter()
    try:
        with torch.inference_mode():
            computed = runner(folder, case)
            differences = tuple(_differences(case, computed))
    except Sam2Error as error:
        return CaseResult(case.name, (), time.perf_counter() - start, str(error))
    return CaseResult(case.name, differences, time.perf_counter() - start)


def _differences(case: Case, computed: Mapping[str, Any]) -> Iterator[Difference]:
    reference = case.arrays()
    for name, meta in case.description.get("arrays", {}).items():
        yield compare_array(name, meta, computed.get(name), reference.get(name))
    yield from computed.get(VERDICTS, ())


VERDICTS = "differences of its own"
"""Key under which a runner gives `Difference` values for what is not compared array by array."""


def compare_array(name: str, meta: Mapping[str, Any], computed: Any, reference: np.ndarray | None) -> Difference:
    """Compare one array with the stored reference, which may be thinned out (`step`) or packed bits."""
    kind = _kind_of(name, meta)
    if computed is None or reference is None:
        return Difference(name, kind, float("inf"), float("inf"), "missing")
    values = computed.detach().cpu().numpy() if isinstance(computed, torch.Tensor) else np.asarray(computed)
    if list(values.shape) != list(meta["shape"]):
        return Difference(name, kind, float("inf"), float("inf"), f"shape {values.shape} instead of {meta['shape']}")
    flat = values.reshape(-1)
    if meta.get("packed"):
        wanted = np.unpackbits(reference)[: flat.size].astype(bool)
        unequal = int((wanted != flat.astype(bool)).sum())
        return Difference(name, kind, unequal / max(flat.size, 1), _ratio(unequal, meta["tol_mismatch"]))
    thinned, wanted = flat[:: meta["step"]].astype(np.float64), reference.reshape(-1).astype(np.float64)
    has_value = ~np.isnan(wanted)
    distance = np.abs(thinned[has_value] - wanted[has_value])
    if not np.isfinite(distance).all():
        return Difference(name, kind, float("inf"), float("inf"), "not a number")
    largest = float(distance.max(initial=0.0))
    return Difference(name, kind, largest, _ratio(largest, meta["tol"]))


def _ratio(difference: float, tolerance: float) -> float:
    if difference == 0:
        return 0.0
    return difference / tolerance if tolerance > 0 else float("inf")


def _kind_of(name: str, meta: Mapping[str, Any]) -> str:
    if meta.get("packed"):
        return "bits"
    if name.endswith(_POINTERS):
        return "pointers"
    if name.endswith(_SCORES):
        return "scores"
    return "logits" if name.endswith(("low_res", "logits", "masks")) else "other"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-command's arguments."""
    parser.add_argument("folder", type=Path, help="folder of the case collection, or its 'cases' folder")
    parser.add_argument("--case", default="*", metavar="GLOB", help="only cases whose name matches, as 'm2*'")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured to a file")


def run(arguments: argparse.Namespace) -> int:
    """Run the cases and print a line for each: 0 if all pass, 1 if any does not, 2 for bad input."""
    try:
        folder = ParityFolder(arguments.folder)
        cases = folder.cases(arguments.case)
        if not cases:
            raise ParityError(f"No case in {folder.cases_path} matches {arguments.case!r}; look at the names there.")
        results = []
        print(f"{'case':<32} {'logits':>9} {'scores':>9} {'pointers':>9} {'pixels':>10} {'worst':>8}  result")
        for case in cases:
            results.append(run_case(folder, case))
            print(_line(results[-1]), flush=True)
        if arguments.json is not None:
            _write_json(arguments.json, results)
    except ParityError as error:
        print(error, file=sys.stderr)
        return 2
    passed = sum(result.passed for result in results)
    print(f"{passed} of {len(results)} cases within tolerance")
    return 0 if passed == len(results) else 1


def _line(result: CaseResult) -> str:
    if result.error:
        return f"{result.name:<32} FAIL  {result.error}"
    columns = [_figure(result.largest(kind)) for kind in ("logits", "scores", "pointers")]
    unequal = result.largest("bits")
    equal = "-" if unequal is None else f"{100 * (1 - unequal):.4f}%"
    worst = result.worst
    ratio, culprit = ("-", "") if worst is None else (f"{worst.ratio:.3f}", f"{worst.array} {worst.note}".strip())
    verdict = "pass" if result.passed else f"FAIL  {culprit}"
    return f"{result.name:<32} {' '.join(columns)} {equal:>10} {ratio:>8}  {verdict}"


def _figure(value: float | None) -> str:
    return f"{'-':>9}" if value is None else f"{value:>9.1e}"


def _plain(difference: Difference) -> dict[str, Any]:
    """For JSON, which has no infinity: null stands for "nothing to compare"."""
    values = asdict(difference)
    return {key: None if value in (float("inf"), float("-inf")) else value for key, value in values.items()}


def _write_json(path: Path, results: list[CaseResult]) -> None:
    content = [
        {**asdict(result), "passed": result.passed, "differences": [_plain(entry) for entry in result.differences]}
        for result in results
    ]
    try:
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    except OSError as error:
        raise ParityError(f"{path} could not be written ({error.strerror}); choose another file.") from error
